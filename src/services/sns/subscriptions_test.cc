// SPDX-License-Identifier: Apache-2.0
#include "services/sns/subscriptions.h"

#include <doctest/doctest.h>

#include "ports/sim/world.h"

using namespace sitelatch;
using namespace sitelatch::sns;
using namespace std::chrono_literals;
using State = Subscription::State;

namespace {

const std::string ops = "arn:aws:sns:us-east-1:000000000000:ops";
const std::string ops_2 = "arn:aws:sns:us-east-1:000000000000:ops-2";

// Pending since now, with its name as token and in its endpoint.
Subscription pending_subscription(const ports::sim::World& world, const std::string& topic_arn,
                                  const std::string& name) {
  Subscription s;
  s.arn = topic_arn + ":" + name;
  s.topic_arn = topic_arn;
  s.protocol = "http";
  s.endpoint = "http://" + name + "/";
  s.token = name;
  s.token_made = world.timers.now();
  return s;
}

Subscription with_state(Subscription s, State state) {
  s.state = state;
  return s;
}

std::size_t size_of(const Subscriptions& subscriptions, const std::string& topic_arn) {
  std::size_t size = 0;
  subscriptions.visit_topic(topic_arn, [&](const Subscription&) { ++size; });
  return size;
}

}  // namespace

TEST_CASE("a subscription is found by what it has now, also after a restart") {
  ports::sim::World world;
  Subscriptions before{world.journal, world.timers};
  CHECK(before.empty());
  auto s = before.save(pending_subscription(world, ops, "a"));
  s.state = State::deactivated;
  s.token = "another";
  CHECK(before.save(s).token == "another");
  const Subscriptions after{world.journal, world.timers};
  for (const auto* subscriptions : {&std::as_const(before), &after}) {
    CHECK_FALSE(subscriptions->empty());
    CHECK(subscriptions->find_by_token("a") == nullptr);
    REQUIRE(subscriptions->find_by_token("another") != nullptr);
    CHECK(subscriptions->find_by_token("another") == subscriptions->find(s.arn));
    CHECK(subscriptions->find_same(pending_subscription(world, ops, "a")) ==
          subscriptions->find(s.arn));
    CHECK(subscriptions->find_same(pending_subscription(world, ops_2, "a")) == nullptr);
    CHECK(subscriptions->find(s.arn)->state == State::deactivated);
  }
}

TEST_CASE("what is forgotten is in no index and not in the journal, its neighbours are") {
  ports::sim::World world;
  Subscriptions subscriptions{world.journal, world.timers};
  for (const auto& topic : {ops, ops_2})
    for (const char* name : {"a", "b"}) {
      auto s = pending_subscription(world, topic, name);
      s.token += topic;
      subscriptions.save(std::move(s));
    }
  subscriptions.forget_topic(ops);
  subscriptions.forget_topic(ops);
  CHECK(size_of(subscriptions, ops) == 0);
  CHECK(size_of(subscriptions, ops_2) == 2);
  CHECK(subscriptions.find_by_token("a" + ops) == nullptr);
  CHECK(subscriptions.find_same(pending_subscription(world, ops, "a")) == nullptr);
  CHECK(subscriptions.find_same(pending_subscription(world, ops_2, "a")) != nullptr);
  CHECK(size_of({world.journal, world.timers}, ops) == 0);
  CHECK(size_of({world.journal, world.timers}, ops_2) == 2);
}

TEST_CASE(
    "two days after the token, only the confirmed are there; the token that counts is the "
    "last") {
  ports::sim::World world;
  Subscriptions subscriptions{world.journal, world.timers};
  const auto confirmed = subscriptions.save(pending_subscription(world, ops, "confirmed"));
  const auto left = subscriptions.save(pending_subscription(world, ops, "left"));
  subscriptions.save(pending_subscription(world, ops, "pending"));
  world.advance(24h);
  subscriptions.save(with_state(confirmed, State::confirmed));
  auto leaving = with_state(left, State::deactivated);
  leaving.token_made = world.timers.now();
  subscriptions.save(leaving);
  world.advance(24h - 1ms);
  CHECK(size_of(subscriptions, ops) == 3);
  world.advance(1ms);
  CHECK(size_of(subscriptions, ops) == 2);
  CHECK(subscriptions.find_by_token("pending") == nullptr);
  world.advance(24h);
  CHECK(size_of(subscriptions, ops) == 1);
  world.advance(1000h);
  CHECK(subscriptions.find_by_token("confirmed") != nullptr);
}

TEST_CASE("what ran out while the engine was down is forgotten at the start") {
  ports::sim::World world;
  {
    Subscriptions subscriptions{world.journal, world.timers};
    subscriptions.save(pending_subscription(world, ops, "a"));
    world.settle();
  }
  world.advance(49h);
  const Subscriptions subscriptions{world.journal, world.timers};
  world.settle();
  CHECK(subscriptions.empty());
}
