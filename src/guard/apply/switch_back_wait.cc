// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/switch_back_wait.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/wait.h"
#include "guard/apply/reading.h"

namespace sitelatch::guard {
namespace {

class Watch {
 public:
  Watch(Context& context, const View& released)
      : context_(context), released_(released), as_of_(released.snapshot.now) {}

  Followed run(Duration window) {
    client::Backoff backoff;
    backoff.every = std::chrono::milliseconds{400};
    backoff.growth = 1.25;
    backoff.longest = std::chrono::seconds{5};
    backoff.at_most = window_ = window;
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
    if (!healthy_now((*check)->check)) return fell_again_;
    return alarm_follows() && dns_follows();
  }

  // By the metric: an older minute that shows it unhealthy is another of AWS's servers speaking.
  bool healthy_now(const Check& check) {
    Reading reading(context_.aws);
    const auto health =
        reading.health(check, released_.plan.alarm.region, as_of_, Reading::Probes::if_needed);
    if (reading.fatal())
      return waits_for(client::explain(*reading.fatal(), "read HealthCheckStatus"));
    if (!reading.blind().empty()) return waits_for(describe(reading.blind().front()));
    const auto newest =
        health.minutes && !health.minutes->empty() ? health.minutes->back().begins : Instant{};
    if (healthy_ && newest < healthy_as_of_) return true;
    as_of_ = std::max(as_of_, health.now);
    // A minute that began before the release says how it was then. Where the latch stood for
    // moments only, such a 1 is followed by the latched path's 0, which is no new failure.
    const bool since_release =
        healthy_as_of_ == Instant{} || healthy_as_of_ >= released_.snapshot.now;
    fell_again_ = healthy_ && since_release && health.healthy == false;
    healthy_ = health.healthy.value_or(healthy_);
    if (!healthy_) {
      if (!fell_again_) waits_for("the health check is healthy", "10s to 2m30s");
      return false;
    }
    healthy_as_of_ = newest;
    return true;
  }

  bool alarm_follows() {
    if (!released_.snapshot.observed.alarm)
      return true;  // a guard without an alarm: status says what that means
    const auto& name = released_.snapshot.observed.alarm->name;
    const auto alarm = read_alarm(context_.aws, released_.plan.alarm.region, name);
    if (!alarm) return waits_for(client::explain(alarm.error(), "read the alarm"));
    if (!*alarm) return waits_for("the alarm is there");
    if ((*alarm)->snapshot.state != AlarmState::ok)
      return waits_for("the alarm is OK", "2 to 5m after the release");
    if (!(*alarm)->snapshot.actions_enabled)
      return waits_for("the alarm's actions are on (arm the guard)");
    return true;
  }

  // Where nobody can be asked there is nothing to wait for; the report says that it was not
  // confirmed. Where the two sites cannot be told apart there is none either.
  bool dns_follows() {
    const auto& records = released_.snapshot.records;
    if (!records) {
      out_.unconfirmed = "the hosted zones' records cannot be seen";
      return true;
    }
    out_.dns = ask_serving(context_.aws, *records, context_.dns_server, context_.ask_dns);
    for (const auto& answer : out_.dns) {
      if (answer.not_asked) out_.unconfirmed = answer.name + ": " + answer.problem;
      if (answer.serving == Serving::unknown && !answer.not_asked)
        return waits_for(fmt::format("DNS says who serves {} ({})", answer.name, answer.problem));
      if (answer.serving == Serving::backup || answer.serving == Serving::neither)
        return waits_for(fmt::format("DNS answers {} with Primary", answer.name));
    }
    return true;
  }

  // `usually`: as docs/guard.md reckons it, minute by minute.
  bool waits_for(const std::string& what, const std::string& usually = {}) {
    waiting_.until({what, usually, window_});
    out_.missing = what;
    return false;
  }

  Context& context_;
  const View& released_;
  Followed out_;
  Waiting waiting_{context_};
  Duration window_{};
  bool healthy_ = false, latched_ = false, fell_again_ = false;
  Instant healthy_as_of_{};  // the minute that last showed it
  Instant as_of_;            // by AWS's clock
};

}  // namespace

Followed wait_for_primary(Context& context, const View& released, Duration window) {
  return Watch(context, released).run(window);
}

}  // namespace sitelatch::guard
