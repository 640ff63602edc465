// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/switch_back_wait.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/wait.h"

namespace sitelatch::guard {
namespace {

class Watch {
 public:
  Watch(Desk& desk, const View& released) : desk_(desk), released_(released) {}

  Followed run(Duration window) {
    client::Patience patience;
    patience.every = std::chrono::milliseconds{400};
    patience.growth = 1.25;
    patience.longest = std::chrono::seconds{5};
    patience.at_most = window;
    const auto all = client::wait_until(desk_.clock, patience, [this] { return look(); });
    if (latched_) {
      out_.end = Followed::End::latched;
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
    const auto check = read_check(desk_.aws, released_.id());
    if (!check) return waits_for(client::explain(check.error(), "read the health check"));
    if (!*check) return waits_for("the health check is gone");
    if (latched((*check)->check)) {
      latched_ = true;
      out_.missing = describe_check((*check)->check);
      return true;
    }
    const auto checkers = read_checkers(desk_.aws, released_.id());
    if (!checkers)
      return waits_for(client::explain(checkers.error(), "read the checkers' reports"));
    healthy_ = healthy_by((*check)->check, *checkers).value_or(false);
    if (!healthy_) return waits_for("the health check is healthy");
    return alarm_follows() && dns_follows();
  }

  bool alarm_follows() {
    if (!released_.seen.observed.alarm)
      return true;  // a guard without an alarm: status says what that means
    const auto& name = released_.seen.observed.alarm->name;
    const auto alarm = read_alarm(desk_.aws, released_.plan.alarm.region, name);
    if (!alarm) return waits_for(client::explain(alarm.error(), "read the alarm"));
    if (!*alarm) return waits_for("the alarm is there");
    if ((*alarm)->seen.state != AlarmState::ok) return waits_for("the alarm is OK");
    if (!(*alarm)->seen.actions_enabled)
      return waits_for("the alarm's actions are on (arm the guard)");
    return true;
  }

  bool dns_follows() {
    const auto& records = released_.seen.records;
    if (!records) return true;
    out_.dns = ask_serving(desk_.aws, *records, desk_.dns_server);
    for (const auto& answer : out_.dns) {
      // Where the two sites cannot be told apart there is nothing to wait for; the report shows it.
      const bool undecided = answer.serving == Serving::both || answer.serving == Serving::unknown;
      if (answer.serving != Serving::primary && !undecided)
        return waits_for(fmt::format("DNS answers {} with Primary", answer.name));
    }
    return true;
  }

  bool waits_for(const std::string& what) {
    if (what != out_.missing) desk_.progress("Waiting until " + what + " ...");
    out_.missing = what;
    return false;
  }

  Desk& desk_;
  const View& released_;
  Followed out_;
  bool healthy_ = false, latched_ = false;
};

}  // namespace

Followed wait_for_primary(Desk& desk, const View& released, Duration window) {
  return Watch(desk, released).run(window);
}

}  // namespace sitelatch::guard
