// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/relay.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace guard::testing;

namespace {
constexpr auto milli = [](int n) { return std::chrono::milliseconds{n}; };

// A character a server: P, B, or - for silence. Each answers `begin` after the beginning.
Look answers(std::string_view text, Duration begin = {}) {
  Look out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    SentinelAnswer answer{{"ns-" + std::to_string(i + 1), 53}, begin, {}, {}};
    if (text[i] == 'P') answer.side = Side::primary;
    if (text[i] == 'B') answer.side = Side::backup;
    if (text[i] == '-') answer.problem = "no answer";
    out.push_back(answer);
  }
  return out;
}
// A look a second.
Sighting weighed(const std::vector<std::string>& texts) {
  std::vector<Look> looks;
  for (const auto& text : texts) looks.push_back(answers(text, milli(1000) * looks.size()));
  return weigh(looks);
}
using Sees = Sighting::Kind;

RelaySettings relay() {
  return {"/relay/0123456789abcdef",
          "_sentinel.client.example.test",
          "primary",
          "backup",
          {{"ns-1.example.net", 53}, {"192.0.2.1", 5353}, {"2001:db8::1", 53}, {"::1", 54}}};
}
std::string relay_problem(std::string_view name, std::string_view value) {
  auto environment = relay_environment(relay());
  environment[std::string{name}] = value;
  const auto read = read_relay(environment);
  return read ? "" : read.error().text;
}

// Backup was seen, in whatever state the guard is.
Verdict relayed(const Situation& s, std::optional<std::uint64_t> came_back_in = {}, int now = 60) {
  return on_relay(s, {"the sentinel says Backup", came_back_in, false}, at(now));
}
Situation released() {
  auto s = armed();
  s.record.release = {3, at(0), at(-600)};
  s.record.latch_note = LatchNote{2, at(-900), LatchedBy::alarm, false, ""};
  return s;
}
}  // namespace

TEST_CASE("name servers are names and addresses, with a port where one stands") {
  CHECK(parse_name_server("ns-1.example.net") == NameServer{"ns-1.example.net", 53});
  CHECK(parse_name_server("192.0.2.1:5353") == NameServer{"192.0.2.1", 5353});
  CHECK(parse_name_server("2001:db8::1") == NameServer{"2001:db8::1", 53});
  CHECK(parse_name_server("[2001:db8::1]") == NameServer{"2001:db8::1", 53});
  CHECK(parse_name_server("[2001:db8::1]:54") == NameServer{"2001:db8::1", 54});
  for (const auto* text : {"", ":53", "a:", "a:0", "a:65536", "a:x", "[::1", "[::1]53", "[]:53",
                           "a b", "a/b", "a\n", "\xff"})
    CHECK_MESSAGE(!parse_name_server(text), text);
}

TEST_CASE("the relay's variables come back as they were made") {
  const auto read = read_relay(relay_environment(relay()));
  REQUIRE(read);
  CHECK(*read == relay());
  const auto none = read_relay({});
  REQUIRE(none);
  CHECK_FALSE(*none);
}

TEST_CASE("what is wrong with a relay's variables is said by its name") {
  for (const auto name :
       {env::sentinel, env::sentinel_primary, env::sentinel_secondary, env::name_servers})
    CHECK(relay_problem(name, "").find(name) != std::string::npos);
  for (const auto* path :
       {"relay", "/", "/short", "/relay/0123456789ab?def", "/relay/0123456789 ab"})
    CHECK(relay_problem(env::relay_path, path).find("SITELATCH_RELAY_PATH") == 0);
  CHECK(relay_problem(env::sentinel_secondary, "primary").find("no answer tells") !=
        std::string::npos);
  CHECK(relay_problem(env::sentinel_primary, std::string(256, 'x')).find("255") !=
        std::string::npos);
  CHECK(relay_problem(env::name_servers, "a b:c").find("'b:c'") != std::string::npos);
  std::string many;
  for (int i = 0; i < 17; ++i) many += "a ";
  CHECK(relay_problem(env::name_servers, many).find("1 to 16") != std::string::npos);
  CHECK(relay_problem(env::name_servers, " a,b:54 ,").empty());
}

TEST_CASE("a secret is compared whole") {
  CHECK(same_secret("/abc", "/abc"));
  for (const auto* other : {"", "/ab", "/abcd", "/abd", "/ABC"})
    CHECK_FALSE(same_secret("/abc", other));
}

TEST_CASE("a side is exactly one text, exactly as configured") {
  CHECK(side_of({"primary"}, relay()) == Side::primary);
  CHECK(side_of({"backup"}, relay()) == Side::backup);
  for (const auto& texts : std::vector<std::vector<std::string>>{
           {}, {"Backup"}, {"backup "}, {""}, {"backup", "backup"}, {"primary", "backup"}})
    CHECK_FALSE(side_of(texts, relay()));
}

TEST_CASE("two Backups a second apart latch; one does not, and silence says nothing") {
  struct Row {
    std::vector<std::string> looks;
    Sees sees;
  };
  for (const auto& row : std::vector<Row>{
           {{"PPPP"}, Sees::nothing},
           {{"P---"}, Sees::nothing},
           {{"----"}, Sees::blind},
           {{"BBBB"}, Sees::look_again},  // four at once are one look
           {{"PPBP"}, Sees::look_again},
           {{"BBBB", "BBBB"}, Sees::latch},
           {{"B---", "---B"}, Sees::latch},    // by two servers
           {{"BPPP", "BPPP"}, Sees::latch},    // the others are behind
           {{"BPPP", "PPPP"}, Sees::nothing},  // a stray one
           {{"BPPP", "-PPP"}, Sees::nothing},
           {{"BPPP", "----"}, Sees::look_again},
           {{"BPPP", "----", "PBPP"}, Sees::latch},
           {{"BPPP", "----", "----"}, Sees::look_again},
           {{"BPPP", "----", "----", "----"}, Sees::blind},
           {{"BPPP", "----", "----", "P---"}, Sees::nothing},
       }) {
    CAPTURE(row.looks);
    CHECK(weighed(row.looks).kind == row.sees);
  }
  CHECK(weigh({}).kind == Sees::blind);
  // The times of the answers count, not the looks.
  CHECK(weigh({answers("B", milli(0)), answers("B", milli(999))}).kind == Sees::look_again);
  CHECK(weigh({answers("B", milli(0)), answers("B", milli(1000))}).kind == Sees::latch);
  CHECK(weigh({answers("B", milli(0)), answers("B", milli(1002))}).why ==
        "the sentinel says Backup by ns-1, and by ns-1 1.002 s later");
  CHECK(weighed({"-P"}).kind == Sees::nothing);
  CHECK(weighed({"--"}).why == "no name server tells who serves: ns-1: no answer, ns-2: no answer");
}

TEST_CASE("every sequence of looks at two servers, against a naive reference") {
  const std::string sides = "PB-";
  int latches = 0, seen = 0;
  std::vector<std::string> looks;
  const std::function<void()> explore = [&] {
    if (!looks.empty()) {
      ++seen;
      std::set<std::size_t> backups;
      std::string all;
      for (std::size_t i = 0; i < looks.size(); ++i) {
        all += looks[i];
        if (looks[i].find('B') != std::string::npos) backups.insert(i);
      }
      const auto kind = weighed(looks).kind;
      CAPTURE(looks);
      CHECK((kind == Sees::latch) == (backups.size() >= 2));
      if (all.find_first_of("PB") == std::string::npos) CHECK(kind == Sees::blind);
      if (backups.empty() && all.find('P') != std::string::npos) CHECK(kind == Sees::nothing);
      if (looks.size() == most_looks) CHECK(kind != Sees::look_again);
      if (kind == Sees::latch) ++latches;
    }
    if (looks.size() == most_looks) return;
    for (const char a : sides)
      for (const char b : sides) {
        looks.push_back({a, b});
        explore();
        looks.pop_back();
      }
  };
  explore();
  CHECK(seen == 9 + 81 + 729 + 6561);
  CHECK(latches > 4000);
}

TEST_CASE("the memory of a release, against a naive reference: every seven steps of ten seconds") {
  // What happened in each step; digits: Backup was confirmed in that release's window.
  const std::vector<std::string> kinds = {"PPP", "PPB", "-PP", "---", "P--", "1", "2"};
  long seen = 0, back = 0;
  std::vector<std::string> history;
  const auto reference = [&]() -> std::optional<std::uint64_t> {
    std::optional<std::uint64_t> waiting, came;
    std::set<std::size_t> said;  // servers, since the last Backup
    std::optional<std::size_t> whole;
    for (std::size_t i = 0; i < history.size(); ++i) {
      const auto& step = history[i];
      if (step.size() == 1) {
        if (waiting != std::uint64_t(step[0] - '0')) {
          said.clear();
          whole.reset();
        }
        waiting = step[0] - '0';
      } else if (step.find('B') != std::string::npos) {
        said.clear();
        whole.reset();
      } else if (waiting && waiting != came && step != "---") {
        for (std::size_t server = 0; server < 3; ++server)
          if (step[server] == 'P') said.insert(server);
        if (said.size() == 3 && !whole) whole = i;
        if (whole && i - *whole >= 2) came = waiting;
      }
    }
    return came;
  };
  const std::function<void(const RelayMemory&)> explore = [&](const RelayMemory& memory) {
    const auto expected = reference();
    if (memory.came_back_in() != expected) {
      CAPTURE(history);
      CHECK(memory.came_back_in() == expected);
    }
    ++seen;
    if (expected) ++back;
    if (history.size() == 7) return;
    const auto now = at(10 * static_cast<int>(history.size()));
    for (const auto& kind : kinds) {
      auto next = memory;
      if (kind.size() == 1)
        next.met_release(static_cast<std::uint64_t>(kind[0] - '0'));
      else
        next.saw(answers(kind), now);
      history.push_back(kind);
      explore(next);
      history.pop_back();
    }
  };
  explore(RelayMemory{});
  CHECK(seen > 900'000);
  CHECK(back > 1'000);
}

TEST_CASE("what was decided is let be for ten seconds, unless a server says Primary") {
  RelayMemory memory;
  CHECK_FALSE(memory.rests(at(0)));
  memory.decided(at(0));
  CHECK(memory.rests(at(9)));
  CHECK_FALSE(memory.rests(at(10)));
  CHECK_FALSE(memory.rests(at(-1)));  // a clock put back
  memory.saw(answers("BBB"), at(1));
  memory.saw(answers("---"), at(1));
  CHECK(memory.rests(at(2)));
  memory.saw(answers("BBP"), at(2));
  CHECK_FALSE(memory.rests(at(2)));
}

TEST_CASE("a Backup that was confirmed latches under the version, noted as the relay's") {
  const auto latch = relayed(armed());
  REQUIRE(latch.kind == Verdict::Kind::latch);
  CHECK(latch.tell);
  CHECK(latch.change->expected_version == 1);
  CHECK(latched(apply(latch.change->check, armed().check)));
  CHECK(latch.change->record.latch_note->by == LatchedBy::relay);
  auto s = armed();
  carry_out(*latch.change, s);
  CHECK(read_record({}, record_tags(s.record)).latch_note->by == LatchedBy::relay);
  // The alarm comes minutes later, and finds the latch as it should be.
  const auto alarm = on_alarm(s, {at(180)}, at(181));
  CHECK(alarm.kind == Verdict::Kind::already_latched);
  CHECK_FALSE(alarm.change);
  CHECK_FALSE(alarm.tell);
}

TEST_CASE("what is latched the relay leaves to the schedule, noted or not") {
  auto s = armed();
  s.check.path = "/lb-check-failed-over";
  CHECK(relayed(s).kind == Verdict::Kind::already_latched);
  CHECK_FALSE(relayed(s).change);
  CHECK_FALSE(relayed(s).tell);
  CHECK(on_tick(s, at(60)).tell);
  s.check.path = "/lb-check-switched-over";
  CHECK(relayed(s).kind == Verdict::Kind::kept_planned);
  CHECK_FALSE(relayed(s).change);
  // But a latch that somebody undid is latched again, armed or not.
  auto undone = armed();
  undone.record.latch_note = LatchNote{0, at(-60), LatchedBy::alarm, false, ""};
  undone.alarm->actions_enabled = false;
  CHECK(relayed(undone).kind == Verdict::Kind::latch_again);
}

TEST_CASE("the relay respects arming and maintenance") {
  auto s = armed();
  s.alarm->actions_enabled = false;
  CHECK(relayed(s).kind == Verdict::Kind::nothing_to_do);
  CHECK_FALSE(relayed(s).change);
  s.alarm.reset();
  CHECK(relayed(s).kind == Verdict::Kind::nothing_to_do);                    // there is none
  CHECK(on_relay(s, {"x", {}, true}, at(60)).kind == Verdict::Kind::latch);  // not to be seen
  auto frozen = armed();
  frozen.record.maintenance = Maintenance{at(0), at(3600), Keep::primary, "x"};
  frozen.check.disabled = true;
  CHECK(relayed(frozen).kind == Verdict::Kind::in_maintenance);
  CHECK(relayed(frozen, {}, 3600).kind == Verdict::Kind::latch);
  frozen.check.disabled = false;  // somebody has unfrozen it: DNS has moved
  CHECK(relayed(frozen).kind == Verdict::Kind::latch);
}

TEST_CASE("after a switch back Backup is no news until Primary has been seen, or the window ends") {
  auto s = released();
  CHECK(relayed(s).kind == Verdict::Kind::older_evidence);
  CHECK_FALSE(relayed(s).change);
  CHECK(relayed(s, 2).kind == Verdict::Kind::older_evidence);  // of the release before
  CHECK(relayed(s, 3).kind == Verdict::Kind::latch);
  CHECK(relayed(s, {}, 599).kind == Verdict::Kind::older_evidence);
  CHECK(relayed(s, {}, 600).kind == Verdict::Kind::latch);
  s.health.minutes = status_minutes("0x1", at(0));
  CHECK(relayed(s).kind == Verdict::Kind::older_evidence);
  s.health.minutes = status_minutes("0x10", at(0));
  CHECK(relayed(s).kind == Verdict::Kind::latch);
  // Minutes of before the release say nothing of it.
  s.health.minutes = status_minutes("0x10", at(-600));
  CHECK(relayed(s).kind == Verdict::Kind::older_evidence);
}

TEST_CASE("HealthCheckStatus is asked for in a release's window, where nothing else tells") {
  const auto needs = [](const Situation& s, std::optional<std::uint64_t> came_back_in, int now) {
    return needs_status_minutes(s, {"x", came_back_in, false}, at(now));
  };
  auto s = released();
  CHECK(needs(s, {}, 60));
  CHECK(needs(s, 2, 60));
  CHECK_FALSE(needs(s, 3, 60));
  CHECK_FALSE(needs(s, {}, 600));
  CHECK_FALSE(needs(armed(), {}, 60));
  s.check.path = "/lb-check-failed-over";
  CHECK_FALSE(needs(s, {}, 60));
}

TEST_CASE("a request of the function's URL is known by its form") {
  const auto event = parse_event(
      R"({"version":"2.0","routeKey":"$default","rawPath":"/a/b","rawQueryString":"x=1",)"
      R"("headers":{"host":"x"},"requestContext":{"http":{"method":"GET","path":"/a/b",)"
      R"("protocol":"HTTP/1.1"},"timeEpoch":1795348860000},"isBase64Encoded":false})");
  CHECK(event.kind == Event::Kind::url);
  CHECK(event.method == "GET");
  CHECK(event.path == "/a/b");
  CHECK(event.time == at(60));
  CHECK(decision_time(at(0), event) == at(60));
  for (const auto* other :
       {R"({"version":"1.0","requestContext":{"http":{"method":"GET"}},"rawPath":"/a"})",
        R"({"version":"2.0","requestContext":{"http":"GET"},"rawPath":"/a"})",
        R"({"version":"2.0","rawPath":"/a"})", R"({"version":2,"requestContext":[]})"})
    CHECK(parse_event(other).kind == Event::Kind::unknown);
  for (const auto* odd :
       {R"({"version":"2.0","requestContext":{"http":{}}})",
        R"({"version":"2.0","requestContext":{"http":{"method":[]},"timeEpoch":-5},"rawPath":{}})",
        R"({"version":"2.0","requestContext":{"http":{},"timeEpoch":"x"}})"}) {
    const auto read = parse_event(odd);
    CHECK(read.kind == Event::Kind::url);
    CHECK(read.path.empty());
    CHECK_FALSE(read.time);
  }
}
