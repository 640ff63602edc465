// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/switch_back_wait.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/wait.h"

namespace sitelatch::guard {
namespace {

class Watch {
 public:
  Watch(Context& context, const View& released) : context_(context), released_(released) {}

  Followed run(Duration window) {
    client::Backoff backoff;
    backoff.every = std::chrono::milliseconds{400};
    backoff.growth = 1.25;
    backoff.longest = std::chrono::seconds{5};
    backoff.at_most = window;
    const auto all = client::wait_until(context_.clock, backoff, [this] { return look(); });
    if (latched_) {
      out_.end = Followed::End::latched;
    } else if (fell_again_) {
      out_.end = Followed::End::fell_again;
    } else if (all) {
      out_.end = Followed::End::all;
    } else {
      out_.end = healthy_ ? Followed::End::healthy_only : Followed::End::unhealthy;
    }
    return out_;
  }

 private:
  // Each step is asked for only when the one before holds; all of them hold when it returns true.
  // True also where the waiting has no sense any more.
  bool look() {
    const auto check = read_check(context_.aws, released_.id());
    if (!check) return waits_for(client::explain(check.error(), "read the health check"));
    if (!*check) return waits_for("the health check is gone");
    if (latched((*check)->check)) {
      latched_ = true;
      out_.missing = describe((*check)->check);
      return true;
    }
    const auto checkers = read_checkers(context_.aws, released_.id());
    if (!checkers)
      return waits_for(client::explain(checkers.error(), "read the checkers' reports"));
    if (!healthy_now((*check)->check, *checkers)) {
      if (fell_again_) return true;
      return waits_for("the health check is healthy");
    }
    return alarm_follows() && dns_follows();
  }

  // Reports that are older than those which showed it healthy are another of AWS's servers
  // speaking.
  bool healthy_now(const Check& check, const std::vector<CheckerSnapshot>& checkers) {
    const auto healthy = healthy_by(check, checkers);
    Instant newest{};
    for (const auto& checker : checkers)
      if (checker.at) newest = std::max(newest, *checker.at);
    if (healthy_ && newest < healthy_as_of_) return true;
    fell_again_ = healthy_ && healthy == false;
    healthy_ = healthy.value_or(healthy_);
    if (healthy_) healthy_as_of_ = newest;
    return healthy_;
  }

  bool alarm_follows() {
    if (!released_.snapshot.observed.alarm)
      return true;  // a guard without an alarm: status says what that means
    const auto& name = released_.snapshot.observed.alarm->name;
    const auto alarm = read_alarm(context_.aws, released_.plan.alarm.region, name);
    if (!alarm) return waits_for(client::explain(alarm.error(), "read the alarm"));
    if (!*alarm) return waits_for("the alarm is there");
    if ((*alarm)->snapshot.state != AlarmState::ok) return waits_for("the alarm is OK");
    if (!(*alarm)->snapshot.actions_enabled)
      return waits_for("the alarm's actions are on (arm the guard)");
    return true;
  }

  bool dns_follows() {
    const auto& records = released_.snapshot.records;
    if (!records) return true;
    out_.dns = ask_serving(context_.aws, *records, context_.dns_server, context_.ask_dns);
    for (const auto& answer : out_.dns) {
      // Where the two sites cannot be told apart there is nothing to wait for; the report shows it.
      const bool undecided = answer.serving == Serving::both || answer.serving == Serving::unknown;
      if (answer.serving != Serving::primary && !undecided)
        return waits_for(fmt::format("DNS answers {} with Primary", answer.name));
    }
    return true;
  }

  bool waits_for(const std::string& what) {
    if (what != out_.missing) context_.progress("Waiting until " + what + " ...");
    out_.missing = what;
    return false;
  }

  Context& context_;
  const View& released_;
  Followed out_;
  bool healthy_ = false, latched_ = false, fell_again_ = false;
  Instant healthy_as_of_{};
};

}  // namespace

Followed wait_for_primary(Context& context, const View& released, Duration window) {
  return Watch(context, released).run(window);
}

}  // namespace sitelatch::guard
