// SPDX-License-Identifier: Apache-2.0
// A whole guard on a scratch check, whose function is asked to test itself.
#include <fmt/format.h>

#include "guard/apply/self_testing.h"
#include "guard/calibrate/figures.h"
#include "guard/calibrate/trials.h"

namespace sitelatch::guard::trials {
namespace {

using aws::Value;
using namespace std::chrono_literals;

// With all its rights it passes; without two of them it names exactly these as denied, although
// what it asks for could not be done anyway: AWS authorises before it looks closer.
class FunctionTestsItself final : public Trial {
 public:
  explicit FunctionTestsItself(Bench& bench) : bench_(bench) {}

  std::vector<Stage> stages() override {
    return {{"a scratch guard",
             [this]() -> Step {
               const auto check = bench_.make_check("guard");
               if (!check) return failure(check.error());
               auto made = bench_.make_guard(*check);
               if (!made) return failure(made.error());
               plan_ = std::move(*made);
               begun_ = bench_.now();
               return Done{};
             },
             {}},
            {"its function passes its self-test",
             {},
             [this]() -> Result<bool, Error> {
               const auto test = ask();
               if (!test) return failure(test.error());
               passed_ = test->passed;
               with_rights_ = test->sentence;
               if (passed_) passed_after_ = bench_.now() - begun_;
               return passed_;
             },
             5min,
             10s,
             true},
            {"it names the rights that were taken away",
             [this]() -> Step { return passed_ ? take_two_rights_away() : Step{Done{}}; },
             [this]() -> Result<bool, Error> {
               if (!passed_) return true;
               const auto test = ask();
               if (!test) return failure(test.error());
               without_ = test->sentence;
               named_ = denied("route53:UpdateHealthCheck") && denied("sns:Publish");
               return named_;
             },
             5min, 10s, true}};
  }
  Conclusion judge() override {
    auto measured = Value::structure(
        {{"with_all_rights", with_rights_}, {"passed_after_s", seconds_of(passed_after_)}});
    if (!passed_) return {Settled::refuted, "the self-test failed: " + with_rights_, measured};
    measured.set("without_two", without_);
    return {named_ ? Settled::confirmed : Settled::refuted,
            named_ ? "it passed, and named both rights that were taken away"
                   : "it passed; without the rights to change the check and to publish it said: " +
                         without_,
            measured};
  }

 private:
  Result<SelfTest, Error> ask() {
    auto test = run_self_test(bench_.aws(), plan_->function);
    if (!test) return failure(error_of(test.error(), "run the self-test of the scratch function"));
    return std::move(*test);
  }
  Step take_two_rights_away() {
    auto rights = function_rights(*plan_);
    std::erase_if(rights, [](const Right& right) {
      return right.sid == "LatchCheck" || right.sid == "Tell";
    });
    const auto put = bench_.ask({"iam", "PutRolePolicy", {}, "take rights from the scratch role"},
                                Value::structure({{"RoleName", plan_->role.name},
                                                  {"PolicyName", plan_->role.policy_name},
                                                  {"PolicyDocument", policy_document(rights)}}));
    if (!put) return failure(put.error());
    return Done{};
  }
  // "sns:Publish (AuthorizationError ...)", in whatever words the service has.
  bool denied(const std::string& right) const {
    const auto at = without_.find(right + " (");
    if (at == std::string::npos) return false;
    const auto detail = without_.substr(at, without_.find("; ", at) - at);
    return detail.find("AccessDenied") != std::string::npos ||
           detail.find("AuthorizationError") != std::string::npos;
  }

  Bench& bench_;
  std::optional<Plan> plan_;
  Instant begun_{};
  bool passed_ = false, named_ = false;
  Duration passed_after_{};
  std::string with_rights_, without_;
};

}  // namespace

std::unique_ptr<Trial> self_test(Bench& bench) {
  return std::make_unique<FunctionTestsItself>(bench);
}

}  // namespace sitelatch::guard::trials
