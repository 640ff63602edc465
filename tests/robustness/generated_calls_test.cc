// SPDX-License-Identifier: Apache-2.0
// Every operation that the engine handles, thousands of times with inputs made from the models:
// each is answered with a result or an error of AWS's, nothing aborts, and at any moment the engine
// can die and find everything again. A failing seed is printed; SITELATCH_SEED and SITELATCH_CALLS
// repeat and lengthen a run.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

#include "answers.h"
#include "base/log.h"
#include "fixture.h"

namespace sitelatch::test {
namespace {
using aws::Value;
using namespace std::chrono_literals;

// Making comes more often than unmaking, so that there is something to meet.
std::vector<Target> targets(const engine::Cloud& cloud) {
  std::vector<Target> out;
  for (const auto& [service, names] : cloud.gateway().handled())
    for (const auto& name : names) {
      const auto& model = aws::service_model(service);
      const auto* operation = model.operation(name);
      const auto shown = std::string{service} + " " + std::string{name};
      INFO(shown);
      REQUIRE(operation != nullptr);
      CHECK_FALSE(
          operation->known_only);  // the gateway could not decode what the service says it handles
      const bool makes = name.starts_with("Create") || name.starts_with("Put") ||
                         name.starts_with("Change") || name.starts_with("Add");
      const bool unmakes = name.starts_with("Delete") || name.starts_with("Remove");
      for (int i = 0; i < (makes ? 6 : unmakes ? 1 : 2); ++i) out.push_back({&model, operation});
    }
  return out;
}

// For a person's eyes: strings may hold anything.
std::string input_text(const Value& input) {
  return printable(aws::to_json(input)).substr(0, 1500);
}

void run_seed(std::uint64_t seed, std::size_t calls) {
  Fixture fixture{seed};
  const auto all = targets(fixture.cloud());
  std::map<std::string, std::size_t> succeeded;
  for (const auto& recipe : recipes()) {
    const Target target{&aws::service_model(recipe.service),
                        aws::service_model(recipe.service).operation(recipe.operation)};
    const auto input = fixture.inputs().follow(*target.model, recipe);
    const auto answered = fixture.call(*target.model, *target.operation,
                                       target.model->protocols.front(), input, false);
    INFO("recipe: ", std::string{recipe.service}, " ", std::string{recipe.operation}, ": ",
         answered.http.body);
    CHECK(answered.outcome.has_value());
    if (answered.outcome) fixture.inputs().learn(*answered.outcome);
    fixture.inputs().learn(input);
  }
  for (std::size_t i = 0; i < calls; ++i) {
    const auto& target = all[fixture.inputs().below(all.size())];
    const auto protocol =
        target.model->protocols[fixture.inputs().below(target.model->protocols.size())];
    const auto input = fixture.inputs().make(*target.model, *target.operation);
    const bool damage = fixture.inputs().one_in(8);
    const auto what =
        fmt::format("seed {} call {}: {} {} by {}{}", seed, i, target.model->name,
                    target.operation->name, aws::to_string(protocol), damage ? ", damaged" : "");
    INFO(what);
    if (std::getenv("SITELATCH_TRACE")) MESSAGE(what, " ", input_text(input));
    const auto answered = fixture.call(*target.model, *target.operation, protocol, input, damage,
                                       fixture.inputs().one_in(10) ? "us-east-1" : "eu-west-1");
    check_answer(target, answered);
    if (answered.outcome) {
      ++succeeded[target.operation->name];
      fixture.inputs().learn(*answered.outcome);
      fixture.inputs().learn(input);
    }
    if (fixture.inputs().one_in(20))
      fixture.world().advance(std::chrono::seconds{fixture.inputs().below(900)});
    if (fixture.inputs().one_in(100)) {
      const auto before = fixture.picture();
      fixture.crash();
      const auto after = fixture.picture();
      for (std::size_t n = 0; n < after.size(); ++n) CHECK(after[n] == before[n]);
    }
  }
  MESSAGE("seed ", seed, ": ", succeeded.size(), " operations succeeded at least once");
  if (std::getenv("SITELATCH_NEVER"))
    for (const auto& target : all)
      if (!succeeded.contains(target.operation->name))
        MESSAGE("never succeeded: ", target.model->name, " ", target.operation->name);
  CHECK(succeeded.size() * 3 > 50);
}

}  // namespace

TEST_CASE(
    "generated calls: each is answered as AWS would, none aborts, and everything is found again") {
  set_log_level(LogLevel::error);
  const auto first = number_from("SITELATCH_SEED", 1);
  const auto seeds = std::getenv("SITELATCH_SEED") ? number_from("SITELATCH_SEEDS", 1) : 3;
  for (std::size_t seed = first; seed < first + seeds; ++seed)
    run_seed(seed, number_from("SITELATCH_CALLS", 1500));
}

}  // namespace sitelatch::test
