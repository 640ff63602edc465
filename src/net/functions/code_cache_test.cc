// SPDX-License-Identifier: Apache-2.0
#include "net/functions/code_cache.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/functions/test_zip.h"
#include "net/io/system_ports.h"

namespace {

using namespace sitelatch;
using namespace std::chrono_literals;
using net::CodeCache;
using Answer = Result<CodeCache::Use, CodeCache::Refusal>;
using Fault = CodeCache::Refusal::Fault;

// A cache on a loop of its own, which the test waits for: nothing happens on it in between.
struct CacheWorld {
  explicit CacheWorld(CodeCache::Options options = {}) {
    options.directory = root;
    cache.emplace(std::move(options), loop, *workers, entropy);
    thread = std::thread([this] { loop.run(); });
  }
  ~CacheWorld() {
    loop.stop();
    thread.join();
    workers.reset();
    std::filesystem::remove_all(root);
  }
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    loop.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::vector<std::future<Answer>> ask(const std::vector<CodeCache::Package>& packages) {
    std::vector<std::future<Answer>> answers;
    on_loop([&] {
      for (const auto& package : packages) {
        auto answer = std::make_shared<std::promise<Answer>>();
        answers.push_back(answer->get_future());
        cache->get(package, [answer](Answer code) { answer->set_value(std::move(code)); });
      }
      waiting = cache->waiting();
    });
    return answers;
  }
  Answer get(const CodeCache::Package& package) { return ask({package}).front().get(); }
  CodeCache::Package package(const std::string& key) {
    const auto zip = test::make_zip({{"name", key, 0644}});
    return {key, std::make_shared<const std::string>(zip), {}, [this] { ++unpacked; }};
  }
  void reap(Duration from_now) {
    on_loop([&] { cache->reap(CodeCache::Clock::now() + from_now); });
    std::promise<void> removed;  // of two workers one does all heavy work, in order
    workers->order(net::Workers::Weight::heavy, [&] { removed.set_value(); });
    removed.get_future().wait();
  }
  std::ptrdiff_t directories() const {
    return std::distance(std::filesystem::directory_iterator(root),
                         std::filesystem::directory_iterator());
  }

  std::string root = [] {
    std::string name = "/tmp/code-cache-test-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    return name;
  }();
  net::SystemEntropy entropy;
  net::FunctionHostLoop loop;
  std::optional<CodeCache> cache;
  std::optional<net::Workers> workers{2};
  std::thread thread;
  std::atomic<int> unpacked = 0;
  std::size_t waiting = 0;  // after the last ask
};

bool has(const CodeCache::Use& code) { return std::filesystem::exists(code.directory() + "/name"); }

}  // namespace

TEST_CASE("a code is unpacked once, for those who ask meanwhile and for those who ask later") {
  CacheWorld world;
  auto answers = world.ask({world.package("a"), world.package("a"), world.package("b")});
  CHECK(world.waiting == 3);
  const auto first = answers[0].get(), second = answers[1].get(), other = answers[2].get();
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  REQUIRE(other.has_value());
  CHECK(has(*first));
  CHECK(second->directory() == first->directory());
  CHECK(other->directory() != first->directory());
  CHECK(first->group() == ::getegid());
  auto later = world.ask({world.package("a")});
  CHECK(world.waiting == 0);
  CHECK(later[0].wait_for(0s) == std::future_status::ready);
  CHECK(later[0].get()->directory() == first->directory());
  CHECK(world.unpacked == 2);
}

TEST_CASE("a code that cannot be unpacked is refused to all who wait, and tried again") {
  CacheWorld world;
  const CodeCache::Package bad{"a", std::make_shared<const std::string>("no zip"), {}, {}};
  auto answers = world.ask({bad, bad});
  for (auto& answer : answers) {
    const auto refused = answer.get();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().fault == Fault::code);
    CHECK_FALSE(refused.error().text.empty());
  }
  world.reap(0s);
  CHECK(world.directories() == 0);
  CHECK(world.get(world.package("a")).has_value());
}

TEST_CASE("what the machine lacks is no fault of the code") {
  SUBCASE("while it is unpacked") {
    CacheWorld world;
    auto package = world.package("a");
    package.also = [] { throw std::system_error(ENOSPC, std::generic_category()); };
    const auto refused = world.get(package);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().fault == Fault::machine);
    CHECK(refused.error().text == "No space left on device");
  }
  SUBCASE("no group is left: said at once, and nothing was begun") {
    CodeCache::Options options;
    options.draw_group = []() -> Result<gid_t> { return problem("none is left"); };
    CacheWorld world(options);
    auto answers = world.ask({world.package("a")});
    REQUIRE(answers[0].wait_for(0s) == std::future_status::ready);
    const auto refused = answers[0].get();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().fault == Fault::machine);
    CHECK(refused.error().text == "none is left");
    CHECK(world.directories() == 0);
  }
}

TEST_CASE("a group is drawn for each code, and known as long as the code is") {
  CodeCache::Options options;
  int drawn = 0;
  options.draw_group = [&drawn]() -> Result<gid_t> {
    ++drawn;
    return ::getegid();
  };
  CacheWorld world(options);
  CHECK_FALSE(world.cache->has_group(::getegid()));
  REQUIRE(world.get(world.package("a")).has_value());
  REQUIRE(world.get(world.package("a")).has_value());
  CHECK(drawn == 1);
  CHECK(world.cache->has_group(::getegid()));
  world.reap(11min);
  CHECK_FALSE(world.cache->has_group(::getegid()));
}

TEST_CASE("a code in use stays; unused, it goes after the idle limit, and is unpacked anew") {
  CacheWorld world;
  std::optional<Answer> code = world.get(world.package("a"));
  REQUIRE(code->has_value());
  const auto directory = (*code)->directory();
  world.reap(11min);
  CHECK(has(**code));
  code.reset();
  world.reap(9min);
  CHECK(world.directories() == 1);
  world.reap(11min);
  CHECK(world.directories() == 0);
  const auto anew = world.get(world.package("a"));
  REQUIRE(anew.has_value());
  CHECK(has(*anew));
  CHECK(anew->directory() != directory);
  CHECK(world.unpacked == 2);
}

TEST_CASE("of more unused codes than are kept, those go that were unused for longest") {
  CodeCache::Options options;
  options.most_unused = 1;
  CacheWorld world(options);
  std::map<std::string, std::optional<Answer>> codes;
  std::map<std::string, std::string> directories;
  for (const std::string key : {"a", "b", "c", "used"}) {
    codes[key].emplace(world.get(world.package(key)));
    directories[key] = (*codes[key])->directory();
  }
  for (const auto* key : {"b", "c", "a"}) codes[key].reset();
  world.reap(0s);
  CHECK(world.directories() == 2);
  CHECK(std::filesystem::exists(directories["a"]));
  CHECK(std::filesystem::exists(directories["used"]));
}
