// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/next_step.h"

#include <algorithm>

namespace sitelatch::guard {
namespace {

const Link* first_broken(const Assessment& assessment) {
  const auto& links = assessment.links;
  const auto found = std::find_if(links.begin(), links.end(), [](const Link& link) {
    return link.health == Link::Health::broken;
  });
  return found == links.end() ? nullptr : &*found;
}

// What mends a link is a command where it begins like one.
NextStep mended(std::string words, const Link& link) {
  if (link.mend.starts_with("sitelatch ")) return {std::move(words), link.mend};
  return {words + (link.mend.empty() ? "" : " " + link.mend + "."), ""};
}

class Advice {
 public:
  Advice(const Assessment& assessment, std::string_view id) : assessment_(assessment), id_(id) {}

  NextStep armed() const {
    if (const auto* broken = first_broken(assessment_))
      return mended("The guard is armed, but its link \"" + broken->name + "\" needs attention.",
                    *broken);
    return {"Nothing to do.", ""};
  }
  NextStep drifted() const {
    if (const auto* broken = first_broken(assessment_); broken && !broken->mend.empty())
      return mended("Put right what was changed: " + broken->name + ".", *broken);
    return {"Let deploy put right what was changed.", with("deploy", " --plan")};
  }
  NextStep latched(std::optional<bool> primary_answers) const {
    const auto command = with("switch-back", reason);
    if (primary_answers == false)
      return {
          "Mend Primary first; it does not answer from here. Then synchronise the sites and "
          "switch back. Backup serves until then.",
          command};
    return {"Synchronise the sites, then switch back. Backup serves until then.", command};
  }
  std::string with(std::string_view verb, std::string_view rest = {}) const {
    return "sitelatch " + std::string{verb} + " " + id_ + std::string{rest};
  }

  static constexpr std::string_view reason = " --reason \"...\"";

 private:
  const Assessment& assessment_;
  const std::string id_;
};

}  // namespace

NextStep next_step(const Assessment& assessment, std::string_view id,
                   std::optional<bool> primary_answers) {
  const Advice advice(assessment, id);
  switch (assessment.state) {
    case State::armed:
      return advice.armed();
    case State::not_deployed:
      return {"Deploy a guard: nothing keeps a failed Primary out of DNS.",
              advice.with("deploy", " --plan")};
    case State::partial:
      return {"Finish the guard: deploy makes what is missing.", advice.with("deploy")};
    case State::maintenance:
      return {"When the work is done, arm the guard again.", advice.with("arm", Advice::reason)};
    case State::tripped:
    case State::switched_over:
      return advice.latched(primary_answers);
    case State::unlatched_but_unhealthy:
      return {"Latch Primary now: nothing else will, and if it comes back it serves old data.",
              advice.with("trip", Advice::reason)};
    case State::latched_without_guard:
      return {"Deploy a guard: without one the latch lasts until the next edit.",
              advice.with("deploy", " --plan")};
    case State::drifted:
      return advice.drifted();
    case State::failing_over:
      return {"Nothing to do: the latch follows. To latch at once:",
              advice.with("trip", Advice::reason)};
    case State::switching_back:
      return {"Nothing to do: Primary serves as soon as Route 53 finds it healthy.", ""};
    case State::unknown:
      return {"Get the rights that are missing, or look again when AWS answers.",
              "sitelatch doctor"};
  }
  return {};
}

}  // namespace sitelatch::guard
