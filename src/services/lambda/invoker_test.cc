// SPDX-License-Identifier: Apache-2.0
// Which version an invocation runs, and whether there is room for it.
#include "services/lambda/invoker.h"

#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

TEST_CASE(
    "a qualifier names the version that runs: none, a number, an alias, one that weighs all") {
  PartsWorld w;
  auto& f = w.make("f");
  for (int i = 0; i < 2; ++i) w.functions().publish(f, std::nullopt);
  f.aliases["live"] = {"live", "1", "", "", {}};
  f.aliases["moved"] = {"moved", "1", "", "", {{"2", 1.0}}};
  f.aliases["unmoved"] = {"unmoved", "1", "", "", {{"2", 0.0}}};
  const auto number = [&](const std::string& qualifier) {
    const auto* version = w.parts->invoker.runnable_version(f, qualifier);
    return version ? version->number : "none";
  };
  CHECK(number("") == "$LATEST");
  CHECK(number("$LATEST") == "$LATEST");
  CHECK(number("2") == "2");
  CHECK(number("live") == "1");
  CHECK(number("moved") == "2");
  CHECK(number("unmoved") == "1");
  CHECK(number("3") == "none");
  CHECK(number("other") == "none");
  f.previous = f.latest;
  CHECK(w.parts->invoker.runnable_version(f, "") == &*f.previous);
  CHECK(number("2") == "2");
}

TEST_CASE("a reservation is room for its own function only, be it used or not") {
  PartsWorld w;
  auto& reserved = w.make("reserved");
  const auto& shared = w.make("shared");
  reserved.reserved_concurrency = 999;
  w.functions().save(reserved);
  auto& invoker = w.parts->invoker;
  CHECK(invoker.has_room_for(shared));
  std::vector<std::function<void(ports::InvocationOutcome)>> running;
  w.world.functions.run = [&](const auto&, const auto&, const auto& done) {
    running.push_back(done);
  };
  const auto start = [&](const Function& function) {
    invoker.start(function, "", function.latest, {"id", "{}", ""}, [](const auto&) {});
    w.world.settle();
  };
  start(reserved);
  CHECK(invoker.has_room_for(shared));
  start(shared);
  REQUIRE(running.size() == 2);
  CHECK_FALSE(invoker.has_room_for(shared));
  CHECK(invoker.has_room_for(reserved));
  running[1](ports::sim::success_outcome());
  CHECK(invoker.has_room_for(shared));
}

}  // namespace sitelatch::lambda::test
