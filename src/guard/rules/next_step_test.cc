// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/next_step.h"

#include <doctest/doctest.h>

namespace sitelatch::guard {
namespace {

NextStep of(State state, std::vector<Link> links = {}, std::optional<bool> answers = {}) {
  Assessment assessment;
  assessment.state = state;
  assessment.links = std::move(links);
  return next_step(assessment, "client.example.test", answers);
}

TEST_CASE("next step: the command for each state that asks for one") {
  CHECK(of(State::armed).command.empty());
  CHECK(of(State::armed).words == "Nothing to do.");
  CHECK(of(State::not_deployed).command == "sitelatch deploy client.example.test --plan");
  CHECK(of(State::partial).command == "sitelatch deploy client.example.test");
  CHECK(of(State::maintenance).command == "sitelatch arm client.example.test --reason \"...\"");
  CHECK(of(State::tripped).command == "sitelatch switch-back client.example.test --reason \"...\"");
  CHECK(of(State::unlatched_but_unhealthy).command ==
        "sitelatch trip client.example.test --reason \"...\"");
  CHECK(of(State::unknown).command == "sitelatch doctor");
}

TEST_CASE("next step: a Primary that does not answer is mended before anything is released") {
  CHECK(of(State::tripped, {}, false).words.starts_with("Mend Primary first"));
  CHECK(of(State::tripped, {}, true).words.starts_with("Synchronise the sites"));
  CHECK(of(State::switched_over, {}, false).words.starts_with("Mend Primary first"));
}

TEST_CASE("next step: an armed guard with a broken link is not nothing to do") {
  const Link sound{Link::Health::ok, "alarm", "", ""};
  const Link broken{Link::Health::broken, "subscription", "gone", "sitelatch deploy X"};
  const auto step = of(State::armed, {sound, broken});
  CHECK(step.words.find("\"subscription\"") != std::string::npos);
  CHECK(step.command == "sitelatch deploy X");
  const Link by_hand{Link::Health::broken, "people", "nobody", "confirm the subscription"};
  CHECK(of(State::armed, {by_hand}).command.empty());
  CHECK(of(State::armed, {by_hand}).words.ends_with("confirm the subscription."));
}

}  // namespace
}  // namespace sitelatch::guard
