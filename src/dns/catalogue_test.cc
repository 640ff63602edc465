// SPDX-License-Identifier: Apache-2.0
// The view against a naive model: random steps of changes, every name asked after each, old views
// unchanged.
#include "dns/catalogue.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <map>
#include <random>
#include <set>

#include "dns/name.h"
#include "dns/testing.h"
#include "dns/type.h"

using namespace sitelatch::dns;
using namespace sitelatch::dns::testing;

namespace {

std::string wire(const std::string& text) { return name_from_text(text).value(); }

// What exists, as a plain map; answers as RFC 1034 and RFC 4592 say, without delegations or
// aliases.
struct Model {
  std::map<std::string, std::uint32_t> ttls;  // of the TXT sets, by wire name

  bool exists(const std::string& name) const {
    for (const auto& [held, ttl] : ttls) {
      if (is_within(held, name)) return true;
    }
    return false;
  }
  std::string ask(const std::string& name) const {
    if (exists(name)) return ttls.contains(name) ? std::to_string(ttls.at(name)) : "NODATA";
    std::string encloser(parent_name(name));
    while (!exists(encloser)) encloser = std::string(parent_name(encloser));
    const std::string wildcard = "\1*" + encloser;
    if (!exists(wildcard)) return "NXDOMAIN";
    return ttls.contains(wildcard) ? std::to_string(ttls.at(wildcard)) : "NODATA";
  }
};

std::string seen(const View& view, const std::string& name) {
  const std::string text = ask_text(view, name_to_text(name), "TXT");
  if (text.find("NXDOMAIN") == 0) return "NXDOMAIN";
  const std::size_t at = text.find("answer ");
  if (at == std::string::npos) return "NODATA";
  const std::size_t ttl = text.find(' ', at + 7) + 1;
  return text.substr(ttl, text.find(' ', ttl) - ttl);
}

std::vector<std::string> small_names() {
  std::vector<std::string> names;
  for (const char* a : {"a", "b", "*"}) {
    names.push_back(wire(std::string(a) + ".z"));
    for (const char* b : {"a", "b", "*"}) {
      names.push_back(wire(std::string(b) + "." + a + ".z"));
      for (const char* c : {"a", "*"})
        names.push_back(wire(std::string(c) + "." + b + "." + a + ".z"));
    }
  }
  return names;
}

}  // namespace

TEST_CASE(
    "random changes: every answer is the naive model's, and views taken before stay as they were") {
  const auto names = small_names();
  std::mt19937 random(3);
  Model model;
  auto view = view_of("z 900 SOA a. b. 1 2 3 4 5\nz 60 NS a.\n");
  model.ttls[wire("z")] = 0;
  view = view->with({{wire("z"), wire("z"), type::txt, Choices{{1, {0, {std::string(1, '\0')}}}}}});
  for (int step = 0; step < 150; ++step) {
    const auto old_view = view;
    const Model old_model = model;
    std::vector<NodeChange> changes;
    for (unsigned i = 0; i < 1 + random() % 3; ++i) {
      const std::string& name = names[random() % names.size()];
      const auto ttl = static_cast<std::uint32_t>(random() % 1000);
      if (random() % 2 == 0) {
        changes.push_back({wire("z"), name, type::txt, std::nullopt});
        model.ttls.erase(name);
      } else {
        changes.push_back(
            {wire("z"), name, type::txt, Choices{{1, {ttl, {std::string(1, '\0')}}}}});
        model.ttls[name] = ttl;
      }
    }
    view = view->with(changes);
    for (const std::string& name : names) {
      CHECK(seen(*view, name) == model.ask(name));
      CHECK(seen(*old_view, name) == old_model.ask(name));
    }
  }
}

TEST_CASE("cuts come and go") {
  auto view = view_of("z 900 SOA a. b. 1 2 3 4 5\nz 60 NS a.\nx.c.z 60 A 192.0.2.1\n");
  const std::string before = ask_text(*view, "x.c.z", "A");
  view = view->with(zone_changes("z 60 NS a.\nc.z 60 NS n.c.z\n"));
  CHECK(ask_text(*view, "x.c.z", "A") == "NOERROR\nauthority c.z. 60 NS n.c.z.\n");
  view = view->with({{wire("z"), wire("c.z"), type::ns, std::nullopt}});
  CHECK(ask_text(*view, "x.c.z", "A") == before);
}

TEST_CASE("a zone is gone with its last node; a zone without SOA cannot deny") {
  auto view = View::empty()->with(
      {{wire("z"), wire("a.z"), type::txt, Choices{{1, {5, {std::string(1, '\0')}}}}}});
  CHECK(ask_text(*view, "b.z", "TXT") == "SERVFAIL\n");
  view = view->with({{wire("z"), wire("a.z"), type::txt, std::nullopt}});
  CHECK(ask_text(*view, "a.z", "TXT") == "REFUSED\n");
  CHECK(Catalogue::of(*view).zone_count() == 0);
}

namespace {
// All hash alike in their first 60 bits and many wholly, as hostile names might.
struct Colliding {
  std::string text;
  std::uint64_t hash() const { return text[0] == 'x' ? 7 : 7U | std::uint64_t{1} << 62; }
  std::string_view name() const { return text; }
  mutable std::atomic<std::uint32_t> refs{1};
  explicit Colliding(std::string t) : text(std::move(t)) {}
  static void destroy(const Colliding* leaf) { delete leaf; }
};
}  // namespace

TEST_CASE("names whose hashes collide are still told apart") {
  std::set<std::string> held;
  Trie<Colliding> trie;
  std::mt19937 random(5);
  for (int step = 0; step < 3000; ++step) {
    const std::string name = (random() % 2 ? "x" : "y") + std::to_string(random() % 60);
    const Trie<Colliding> snapshot(trie);
    const bool had = held.contains(name);
    const Colliding leaf(name);
    if (random() % 2) {
      trie.put(Ref<const Colliding>(new Colliding(name)));
      held.insert(name);
    } else {
      trie.erase(leaf.hash(), name);
      held.erase(name);
    }
    CHECK((snapshot.find(leaf.hash(), name) != nullptr) == had);
    CHECK((trie.find(leaf.hash(), name) != nullptr) == held.contains(name));
    CHECK(trie.size() == held.size());
  }
  std::set<std::string> visited;
  trie.each([&](const Colliding& leaf) { visited.insert(leaf.text); });
  CHECK(visited == held);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a record takes under 200 bytes beyond its text") {
  constexpr int count = 50000;
  std::vector<NodeChange> changes;
  std::size_t text = 0;
  for (int i = 0; i < count; ++i) {
    const std::string name = wire("host-" + std::to_string(i) + ".example.com");
    text += name.size() + 4;
    changes.push_back({wire("example.com"), name, type::a,
                       Choices{{1, {60, {std::string(4, static_cast<char>(i))}}}}});
  }
  const std::size_t before = mallinfo2().uordblks;
  const auto view = View::empty()->with(changes);
  const std::size_t taken = mallinfo2().uordblks - before - text;
  MESSAGE("bytes a record beyond its text: " << taken / count);
  CHECK(taken / count < 200);
}
#endif
