// SPDX-License-Identifier: Apache-2.0
// The whole gateway with every handler behind it. An input is a story: calls generated from the
// models by the input's own bytes, recipes varied, bodies as the input spells them, time going on,
// crashes. Whatever comes: one answer each, never a fault of ours, and after a crash everything is
// as it was.
#include <chrono>

#include "house.h"
#include "target.h"

using namespace sitelatch;
using fuzz::House;
using fuzz::Input;

namespace {

constexpr int most_steps = 24;

struct Handled {
  const aws::ServiceModel* model;
  const aws::Operation* operation;
};

// Every operation that a service handles, by service and name: the same in every run.
const std::vector<Handled>& handled(House& house) {
  static const auto all = [&house] {
    std::vector<Handled> out;
    for (const auto& [service, names] : house.cloud().gateway().handled())
      for (const auto& name : names) {
        const auto& model = aws::service_model(service);
        out.push_back({&model, model.operation(name)});
      }
    return out;
  }();
  return all;
}

House::As caller_from(Input& input) {
  static constexpr House::As callers[] = {House::As::root, House::As::user, House::As::session,
                                          House::As::nobody};
  return callers[input.choice(4)];
}

aws::Protocol protocol_from(const aws::ServiceModel& model, Input& input) {
  return model.protocols[input.choice(model.protocols.size())];
}

// Operation, protocol, caller, whether the body is damaged; how many bytes draw the members.
void generated(House& house, Input& input) {
  const auto& all = handled(house);
  const auto [model, operation] = all[input.number() % all.size()];
  const auto protocol = protocol_from(*model, input);
  const auto caller = caller_from(input);
  const bool damage = input.choice(4) == 3;
  house.inputs().draw_from(input.some(input.byte()));
  const auto value = house.inputs().make(*model, *operation);
  if (!damage) return (void)house.call(*model, *operation, protocol, value, caller);
  auto request = aws::encode_request(*model, *operation, protocol, value);
  request.body = house.inputs().damaged(std::move(request.body));
  house.learn(*model, *operation, protocol, house.serve(std::move(request), *model, caller));
}

// A recipe as it stands: what makes things.
void recipe(House& house, Input& input) {
  const auto& recipes = test::recipes();
  const auto& chosen = recipes[input.byte() % recipes.size()];
  const auto& model = aws::service_model(chosen.service);
  (void)house.call(model, *model.operation(chosen.operation), protocol_from(model, input),
                   house.inputs().follow(model, chosen), caller_from(input));
}

// The members of one call as JSON, in the input's own words: dictionaries and seeds speak here.
void spelled(House& house, Input& input) {
  const auto& all = handled(house);
  const auto [model, operation] = all[input.number() % all.size()];
  const auto protocol = protocol_from(*model, input);
  const auto caller = caller_from(input);
  auto request = aws::encode_request(*model, *operation, protocol, aws::Value::structure());
  if (auto target = input.text(); !target.empty()) request.target = "/" + target;
  request.body = input.text();
  house.learn(*model, *operation, protocol, house.serve(std::move(request), *model, caller));
}

void crash(House& house) {
  const auto before = house.picture();
  house.crash();
  fuzz::require(house.picture() == before, "after a crash everything is as it was acknowledged");
}

}  // namespace

FUZZ_TARGET(handlers) {
  House house;
  Duration left = std::chrono::minutes{30};  // of all advances: probes cost
  for (int step = 0; step < most_steps && !input.empty(); ++step) {
    switch (input.choice(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        generated(house, input);
        break;
      case 4:
        recipe(house, input);
        break;
      case 5:
        spelled(house, input);
        break;
      case 6: {
        const auto by = std::min<Duration>(left, std::chrono::seconds{4 * input.byte()});
        left -= by;
        house.world().advance(by);
        break;
      }
      default:
        crash(house);
    }
  }
}
