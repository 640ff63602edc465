// SPDX-License-Identifier: Apache-2.0
// The whole gateway with every handler behind it. An input is a story: calls generated from the
// models by the input's own bytes, recipes varied, bodies as the input spells them, time going on,
// crashes. Whatever comes: one answer each, never a fault of ours, and after a crash everything is
// as it was.
#include <chrono>

#include "fixture.h"
#include "target.h"

using namespace sitelatch;
using fuzz::Fixture;
using fuzz::Input;

namespace {

constexpr int most_steps = 24;

struct Handled {
  const aws::ServiceModel* model;
  const aws::Operation* operation;
};

// Every operation that a service handles, by service and name: the same in every run.
const std::vector<Handled>& handled(Fixture& fixture) {
  static const auto all = [&fixture] {
    std::vector<Handled> out;
    for (const auto& [service, names] : fixture.cloud().gateway().handled())
      for (const auto& name : names) {
        const auto& model = aws::service_model(service);
        out.push_back({&model, model.operation(name)});
      }
    return out;
  }();
  return all;
}

Fixture::As caller_from(Input& input) {
  static constexpr Fixture::As callers[] = {Fixture::As::root, Fixture::As::user,
                                            Fixture::As::session, Fixture::As::nobody};
  return callers[input.choice(4)];
}

aws::Protocol protocol_from(const aws::ServiceModel& model, Input& input) {
  return model.protocols[input.choice(model.protocols.size())];
}

// Operation, protocol, caller, whether the body is damaged; how many bytes draw the members.
void generated(Fixture& fixture, Input& input) {
  const auto& all = handled(fixture);
  const auto [model, operation] = all[input.number() % all.size()];
  const auto protocol = protocol_from(*model, input);
  const auto caller = caller_from(input);
  const bool damage = input.choice(4) == 3;
  fixture.inputs().draw_from(input.some(input.byte()));
  const auto value = fixture.inputs().make(*model, *operation);
  if (!damage) return (void)fixture.call(*model, *operation, protocol, value, caller);
  auto request = aws::encode_request(*model, *operation, protocol, value);
  request.body = fixture.inputs().damaged(std::move(request.body));
  fixture.learn(*model, *operation, protocol, fixture.serve(std::move(request), *model, caller));
}

// A recipe as it stands: what makes things.
void recipe(Fixture& fixture, Input& input) {
  const auto& recipes = test::recipes();
  const auto& chosen = recipes[input.byte() % recipes.size()];
  const auto& model = aws::service_model(chosen.service);
  (void)fixture.call(model, *model.operation(chosen.operation), protocol_from(model, input),
                     fixture.inputs().follow(model, chosen), caller_from(input));
}

// The members of one call as JSON, in the input's own words: dictionaries and seeds speak here.
void spelled(Fixture& fixture, Input& input) {
  const auto& all = handled(fixture);
  const auto [model, operation] = all[input.number() % all.size()];
  const auto protocol = protocol_from(*model, input);
  const auto caller = caller_from(input);
  auto request = aws::encode_request(*model, *operation, protocol, aws::Value::structure());
  if (auto target = input.text(); !target.empty()) request.target = "/" + target;
  request.body = input.text();
  fixture.learn(*model, *operation, protocol, fixture.serve(std::move(request), *model, caller));
}

void crash(Fixture& fixture) {
  const auto before = fixture.picture();
  fixture.crash();
  fuzz::require(fixture.picture() == before, "after a crash everything is as it was acknowledged");
}

}  // namespace

FUZZ_TARGET(handlers) {
  Fixture fixture;
  Duration left = std::chrono::minutes{30};  // of all advances: probes cost
  for (int step = 0; step < most_steps && !input.empty(); ++step) {
    switch (input.choice(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        generated(fixture, input);
        break;
      case 4:
        recipe(fixture, input);
        break;
      case 5:
        spelled(fixture, input);
        break;
      case 6: {
        const auto by = std::min<Duration>(left, std::chrono::seconds{4 * input.byte()});
        left -= by;
        fixture.world().advance(by);
        break;
      }
      default:
        crash(fixture);
    }
  }
}
