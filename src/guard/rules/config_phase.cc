// SPDX-License-Identifier: Apache-2.0
// Which phase a guard of the form `config` is in, in words that are right at three in the morning.
#include <algorithm>

#include "base/text.h"
#include "guard/rules/config_form.h"

namespace sitelatch::guard {
namespace {

std::string health_words(const ConfigObserved& observed) {
  const auto healthy = endpoint_is_healthy(observed);
  if (!healthy) return "Whether Primary is healthy now is not known.";
  if (*healthy) return "Primary is healthy now.";
  return observed.endpoint_health.now == true
             ? "Route 53's checkers have just begun to fail at Primary."
             : "Primary is NOT healthy now.";
}

std::string minutes_words(int count) {
  return std::to_string(count) + " of " + std::to_string(good_minutes_asked) + " good minutes seen";
}

std::string switch_back_command(const ConfigPlan& plan) {
  return "sitelatch switch-back " + plan.endpoint + " --reason \"...\"";
}

class Assessing {
 public:
  Assessing(const ConfigPlan& plan, const ConfigObserved& observed, Instant now)
      : plan_(plan), o_(observed), now_(now) {}

  ConfigAssessment run() {
    out_.problems = problems_of(plan_, o_);
    if (o_.combined_minutes) out_.good_minutes = good_minutes(*o_.combined_minutes, {}, now_);
    judge();
    return std::move(out_);
  }

 private:
  void is(Phase phase, std::string sentence, std::string next = {}) {
    out_.phase = phase;
    out_.sentence = std::move(sentence);
    out_.next = std::move(next);
  }

  void judge() {
    if (!o_.unseen.empty())
      return is(Phase::unknown, o_.unseen, "get the rights that are missing, or try again");
    if (!o_.is_deployed())
      return is(Phase::not_deployed, "nothing of the form config is there",
                "sitelatch deploy " + plan_.endpoint + " --form config --plan");
    if (o_.hold && o_.hold->tripped()) return tripped();
    if (o_.hold && is_releasing(plan_, o_) && o_.hold->tags.contains(std::string{tag::switch_back}))
      return switching_back();
    const auto worst = std::find_if(out_.problems.begin(), out_.problems.end(),
                                    [](const ConfigProblem& problem) { return problem.breaks; });
    const bool attached = o_.records && o_.records->on_hold > 0;
    if (!attached && o_.records) return unattached(worst);
    if (worst != out_.problems.end())
      return is(Phase::drifted, worst->why + ". " + health_words(o_), worst->mend);
    by_hold();
  }

  void tripped() {
    const auto note = o_.hold->tags.find(std::string{tag::tripped});
    const auto who =
        note == o_.hold->tags.end() ? std::string{} : " (" + from_tag_text(note->second) + ")";
    if (is_releasing(plan_, o_))
      return is(Phase::switching_back,
                "tripped by hand" + who +
                    ", and a switch back is under way: " + minutes_words(out_.good_minutes) +
                    ". Backup serves until then. " + health_words(o_),
                switch_back_command(plan_) + " goes on with it");
    is(Phase::tripped,
       "tripped by hand" + who +
           ": the hold is Disabled and Inverted, and Backup serves until "
           "somebody switches back. " +
           health_words(o_),
       release_advice());
  }

  void switching_back() {
    if (hold_is_healthy(plan_, o_, now_).value_or(false))
      return is(Phase::drifted,
                "fifteen good minutes were seen and Primary serves again, but the calculated check "
                "is still content with one of two: NOTHING FAILS OVER until the switch back is "
                "finished. " +
                    health_words(o_),
                switch_back_command(plan_) + ", now: it finishes at once");
    is(Phase::switching_back,
       "a switch back is under way: " + minutes_words(out_.good_minutes) +
           ". Backup serves until then. " + health_words(o_),
       switch_back_command(plan_) +
           " goes on with it; left alone, Primary serves after the "
           "fifteen minutes, and then nothing fails over until it is finished");
  }

  void unattached(const std::vector<ConfigProblem>::const_iterator worst) {
    const auto deploy = "sitelatch deploy " + plan_.endpoint + " --form config";
    if (worst != out_.problems.end())
      return is(Phase::starting, "not finished: " + worst->why + ". No record follows the hold yet",
                deploy);
    if (is_closed(plan_, o_) && hold_is_healthy(plan_, o_, now_) == true)
      return is(Phase::not_attached,
                "all is there and well, but no PRIMARY record follows the hold: there is NO latch "
                "yet",
                deploy + " --change-records");
    is(Phase::starting,
       "not finished: the hold needs fifteen good minutes of Primary before records may follow "
       "it, " +
           minutes_words(out_.good_minutes) + ". " + health_words(o_),
       deploy);
  }

  void by_hold() {
    const auto hold = hold_is_healthy(plan_, o_, now_);
    if (!hold)
      return is(Phase::unknown,
                "HealthCheckStatus of the hold check cannot be seen, so that nobody knows whether "
                "it is latched. " +
                    health_words(o_),
                "ask DNS who serves; look again in a minute or two");
    if (*hold) return serving();
    const auto since = o_.hold_minutes ? unhealthy_since(*o_.hold_minutes) : std::nullopt;
    out_.since = since;
    if (o_.dns_primary == true)
      return is(
          Phase::drifted,
          "the hold is unhealthy, and DNS answers Primary all the same: the records do not go "
          "by the hold alone, or the metric is minutes behind. " +
              health_words(o_),
          "look again in two minutes; then look at the records");
    const bool begun = o_.hold->tags.contains(std::string{tag::switch_back});
    is(Phase::latched,
       std::string{"latched: Primary failed, and Backup serves until somebody switches back. "} +
           (begun ? "A switch back was begun and given up. " : "") + health_words(o_),
       release_advice());
  }

  void serving() {
    const bool zero = o_.combined_minutes && !o_.combined_minutes->empty() &&
                      o_.combined_minutes->back().any_unhealthy;
    if (o_.dns_primary == false)
      return is(Phase::failing_over,
                "DNS answers Backup: Primary has failed, and the metrics have yet to show it. The "
                "latch came with it. " +
                    health_words(o_),
                "look again in two minutes");
    if (zero || endpoint_is_healthy(o_) == false)
      return is(Phase::failing_over,
                "Primary is failing, and DNS names it still: the hold follows a minute or three "
                "after the first bad minute. An outage that is over before leaves no mark and no "
                "failover. " +
                    health_words(o_),
                "look again in two minutes; to fail over at once: sitelatch trip " +
                    plan_.endpoint + " --reason \"...\"");
    const bool left = o_.hold->tags.contains(std::string{tag::switch_back});
    is(Phase::serving,
       std::string{"Primary serves, and its failover is the latch"} +
           (left ? "; the last switch back has still to be noted as finished" : ""),
       left ? switch_back_command(plan_) : "");
  }

  std::string release_advice() const {
    return endpoint_is_healthy(o_) == true
               ? "synchronise the sites, then " + switch_back_command(plan_) +
                     " (it takes about eighteen minutes)"
               : "mend Primary first; then " + switch_back_command(plan_);
  }

  const ConfigPlan& plan_;
  const ConfigObserved& o_;
  const Instant now_;
  ConfigAssessment out_;
};

}  // namespace

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::not_deployed:
      return "not-deployed";
    case Phase::starting:
      return "starting";
    case Phase::not_attached:
      return "not-attached";
    case Phase::serving:
      return "serving";
    case Phase::failing_over:
      return "failing-over";
    case Phase::latched:
      return "latched";
    case Phase::tripped:
      return "tripped";
    case Phase::switching_back:
      return "switching-back";
    case Phase::drifted:
      return "drifted";
    case Phase::unknown:
      return "unknown";
  }
  return "";
}

int exit_code(Phase phase) {
  switch (phase) {
    case Phase::serving:
      return exit_code(State::armed);
    case Phase::not_deployed:
      return exit_code(State::not_deployed);
    case Phase::starting:
    case Phase::not_attached:
      return exit_code(State::partial);
    case Phase::latched:
    case Phase::tripped:
      return exit_code(State::tripped);
    case Phase::failing_over:
      return exit_code(State::failing_over);
    case Phase::switching_back:
      return exit_code(State::switching_back);
    case Phase::drifted:
      return exit_code(State::drifted);
    case Phase::unknown:
      return exit_code(State::unknown);
  }
  return exit_code(State::unknown);
}

ConfigAssessment assess_config(const ConfigPlan& plan, const ConfigObserved& observed,
                               Instant now) {
  return Assessing(plan, observed, now).run();
}

}  // namespace sitelatch::guard
