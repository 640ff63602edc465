// SPDX-License-Identifier: Apache-2.0
// What comes over the control socket, and the plan that the sandbox's warden reads. Input: which,
// bytes.
#include "engine/control.h"

#include "aws/wire/value.h"
#include "fixture.h"
#include "net/functions/sandbox.h"
#include "target.h"

using namespace sitelatch;

namespace {

void plan(const std::string& bytes) {
  const auto plan = net::parse_sandbox_plan(bytes);
  if (!plan) return;
  const auto again = net::parse_sandbox_plan(net::serialise(*plan));
  fuzz::require(again && net::serialise(*again) == net::serialise(*plan), "a plan comes back");
}

void request(const std::string& line) {
  fuzz::Fixture fixture;
  auto journal = store::SqliteJournal::in_memory();
  engine::Loop loop{*journal, fixture.world().wall, engine::ClockKind::manual, 1};
  std::size_t answers = 0;
  realism::Realism realism;
  const engine::Reset reset = [] { return Result<Done>{Done{}}; };
  engine::handle_control(loop, fixture.cloud(), realism, reset, line, [&](std::string answer) {
    ++answers;
    fuzz::require(aws::from_json(answer).has_value(), "an answer is JSON");
  });
  journal->commit();
  // An advance answers when the loop has run.
  fuzz::require(answers <= 1, "one request, one answer");
}

}  // namespace

FUZZ_TARGET(control) {
  const auto which = input.choice(2);
  const auto bytes = input.rest();
  if (which == 0) return plan(bytes);
  request(bytes);
}
