// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/config_steps.h"

#include <algorithm>

#include "base/text.h"
#include "guard/rules/config_notify.h"

namespace sitelatch::guard {
namespace {

bool attached_to_hold(const ConfigObserved& observed) {
  return observed.records && observed.records->on_hold > 0;
}

std::vector<std::string> wrong_with_hold(const ConfigPlan& plan, const ConfigObserved& o) {
  std::vector<std::string> out;
  for (const auto& problem : problems_of(plan, o))
    if (problem.name.starts_with("hold-") && problem.name != "hold-gone")
      out.push_back(problem.why);
  return out;
}

std::vector<std::string> wrong_with_alarm(const ConfigPlan& plan, const ConfigObserved& o) {
  if (!o.alarm) return {"it is not there"};
  if (!o.combined) return {};
  (void)plan;
  return deviations(rule_of(*o.alarm), o.combined->id);
}

bool records_are_as_planned(const ConfigObserved& o) {
  return o.records && o.records->attached() && o.records->secondary_checks.empty() &&
         o.records->target_health.empty();
}

// Datapoints of C that nobody has seen yet.
constexpr int most_on_the_way = 6;

// H may be unhealthy by it, whatever its own metric, which comes later, still says.
bool zero_in_window(const ConfigObserved& o) {
  if (!o.combined_minutes) return false;
  const auto& all = *o.combined_minutes;
  const auto newest =
      all.size() > good_minutes_asked ? all.end() - good_minutes_asked : all.begin();
  return std::any_of(newest, all.end(), [](const auto& minute) { return minute.any_unhealthy; });
}

std::string unhealthy_words(const ConfigObserved& o) {
  if (!o.endpoint_health.now) return "it is not known whether Route 53 finds Primary healthy";
  return *o.endpoint_health.now ? "the last probes of Primary by Route 53's checkers failed"
                                : "Route 53 finds Primary unhealthy";
}

constexpr auto told_by = "alarms that tell people: Backup serves; Primary fails";

void add_telling(const ConfigPlan& plan, const ConfigObserved& o, const std::string& wanted,
                 std::vector<ConfigWork>& work) {
  const auto& people = o.people;
  const auto topic = "topic " + plan.notify_topic;
  if (people.unseen) return;
  if (!people.topic && !people.any() && !wanted.empty())
    work.push_back({ConfigStep::notify_topic, topic, "it is not there"});
  else if (const auto wrong = wrong_with_topic(plan, o); !wrong.empty())
    work.push_back({ConfigStep::notify_topic, topic, join(wrong, ", ")});
  const bool subscribed = std::any_of(people.subscriptions.begin(), people.subscriptions.end(),
                                      [&](const auto& one) { return one.endpoint == wanted; });
  if (!wanted.empty() && !subscribed)
    work.push_back({ConfigStep::subscribe, "subscription of " + wanted,
                    "who is told confirms it by a link in a mail"});
}

std::string alarms_to_put(const ConfigPlan& plan, const ConfigObserved& o,
                          const std::string& wanted) {
  if (o.people.unseen) return {};
  if (!o.people.any() && !wanted.empty()) return "they are not there";
  return join(wrong_with_people_alarms(plan, o), ", ");
}

}  // namespace

std::string_view to_string(ConfigStep step) {
  switch (step) {
    case ConfigStep::make_combined:
    case ConfigStep::make_hold:
    case ConfigStep::audit_group:
    case ConfigStep::subscribe:
      return "create";
    case ConfigStep::put_alarm:
    case ConfigStep::notify_topic:
    case ConfigStep::notify_alarms:
      return "put";
    case ConfigStep::mend_hold:
    case ConfigStep::open_window:
    case ConfigStep::close:
      return "change";
    case ConfigStep::tag:
      return "tag";
    case ConfigStep::wait:
      return "wait";
    case ConfigStep::attach:
      return "records";
  }
  return "";
}

std::vector<ConfigWork> config_work(const ConfigPlan& plan, const ConfigObserved& o,
                                    const ConfigThere& there, Instant now) {
  std::vector<ConfigWork> work;
  const auto add = [&work](ConfigStep step, std::string what, std::string why) {
    work.push_back({step, std::move(what), std::move(why)});
  };
  const bool attached = attached_to_hold(o);
  if (!o.combined)
    add(ConfigStep::make_combined, "calculated check of Primary's endpoint (C)", "it is not there");
  if (const auto wrong = wrong_with_alarm(plan, o); !wrong.empty())
    add(ConfigStep::put_alarm, "alarm " + plan.alarm + " (fifteen good minutes of C)",
        join(wrong, ", "));
  if (!o.hold)
    add(ConfigStep::make_hold, "hold check on that alarm, Inverted (H)", "it is not there");
  else if (const auto wrong = wrong_with_hold(plan, o); !wrong.empty())
    add(ConfigStep::mend_hold, "hold check " + o.hold->id, join(wrong, "; "));
  if (!there.tagged)
    add(ConfigStep::tag, "tags of the checks and the alarm", "by them commands find the guard");
  if (!there.audit_group)
    add(ConfigStep::audit_group, "log group " + plan.audit_group,
        "it says who tripped, who switched back, and why");
  add_telling(plan, o, there.notify, work);
  const bool closed = is_closed(plan, o);
  const auto alarms = alarms_to_put(plan, o, there.notify);
  if (attached && !alarms.empty()) add(ConfigStep::notify_alarms, told_by, alarms);
  if (attached) {
    if (!closed) add(ConfigStep::close, "C asks for both, endpoint and hold", "it does not now");
  } else if (!closed || (hold_is_healthy(plan, o, now) != true && !(o.hold && o.hold->tripped()))) {
    if (o.combined && !window_is_open(plan, o))
      add(ConfigStep::open_window, "C asks for the endpoint alone while no record follows the hold",
          "so that fifteen good minutes make the hold healthy");
    if (!window_is_open(plan, o) || hold_is_healthy(plan, o, now) != true)
      add(ConfigStep::wait, "for fifteen good minutes of Primary (about eighteen minutes in all)",
          "a new hold check is unhealthy until then");
    add(ConfigStep::close, "C asks for both, endpoint and hold",
        "from then on a failover is the latch");
  }
  if (!records_are_as_planned(o))
    add(ConfigStep::attach, "the PRIMARY records follow the hold check",
        attached ? "not all of them are as they should be"
                 : "they follow the endpoint's check now");
  if (!attached && !alarms.empty()) add(ConfigStep::notify_alarms, told_by, alarms);
  return work;
}

std::vector<Refusal> against_config(const ConfigPlan& plan, const ConfigObserved& o) {
  std::vector<Refusal> out;
  const auto add = [&out](std::string why) { out.push_back({"", std::move(why)}); };
  if (!o.unseen.empty()) {
    add(o.unseen);
    return out;
  }
  if (!o.endpoint) {
    add("there is no health check " + plan.endpoint);
    return out;
  }
  const auto& e = *o.endpoint;
  if (!e.type.starts_with("HTTP") && e.type != "TCP")
    add("health check " + plan.endpoint + " is of type " + e.type +
        ": the form config is built on an endpoint's check (HTTP, HTTPS or TCP)");
  if (latched(e) || is_latch_path(e.path.value_or("")))
    add("health check " + plan.endpoint + " is latched (" + describe(e) +
        "): switch back first (sitelatch switch-back " + plan.endpoint + ")");
  else if (e.disabled || e.inverted)
    add("health check " + plan.endpoint + " is " + (e.disabled ? "Disabled" : "Inverted") +
        ": it does not say whether Primary answers");
  const bool attached = attached_to_hold(o);
  if (attached && (!o.combined || !o.hold))
    add("the records follow the form, and its " +
        std::string{!o.hold ? "hold check" : "calculated check"} +
        " is gone: what would be made anew knows nothing of a latch. Give the records back to the "
        "endpoint's check when Primary may serve (sitelatch destroy " +
        plan.endpoint + " --change-records --restore), then deploy again");
  if (attached && is_releasing(plan, o) && o.hold->tags.contains(std::string{tag::switch_back}))
    add("a switch back is under way: sitelatch switch-back " + plan.endpoint +
        " goes on with it and finishes it");
  // Of a new check nobody knows yet; the fifteen minutes will tell.
  if (!attached && !is_closed(plan, o) && endpoint_is_healthy(o) == false)
    add(unhealthy_words(o) + ", and the hold needs fifteen good minutes of it");
  return out;
}

std::vector<Refusal> against_attaching(const ConfigPlan& plan, const ConfigObserved& o,
                                       Instant now) {
  std::vector<Refusal> out;
  const auto add = [&out](std::string why) { out.push_back({"", std::move(why)}); };
  if (!o.records) {
    add("the hosted zones' records cannot be seen");
    return out;
  }
  if (o.records->on_endpoint + o.records->on_hold == 0)
    add("no PRIMARY failover record uses health check " + plan.endpoint);
  if (!is_closed(plan, o)) add("the calculated check does not ask for both yet");
  if (o.hold && o.hold->tripped())
    add("the hold is tripped: sitelatch switch-back " + plan.endpoint + " first");
  else if (o.records->on_hold == 0 && hold_is_healthy(plan, o, now) != true)
    add("the hold is not seen healthy: the records would hand over to Backup");
  if (o.records->on_hold > 0) return out;  // what is left to do moves no answer of theirs
  if (endpoint_is_healthy(o) != true) add(unhealthy_words(o));
  if (o.dns_primary != true)
    add("the zone's name servers do not all answer Primary, or were not all heard");
  return out;
}

Result<std::optional<HoldChange>, std::vector<Refusal>> trip_config(const ConfigObserved& o) {
  if (!o.hold)
    return failure(
        std::vector<Refusal>{{"", o.unseen.empty() ? "the hold check is gone" : o.unseen}});
  HoldChange change;
  if (!o.hold->disabled) change.disabled = true;
  if (!o.hold->inverted) change.inverted = true;
  if (!change.disabled && !change.inverted) return std::optional<HoldChange>{};
  return std::optional{change};
}

std::vector<Refusal> against_release(const ConfigPlan& plan, const ConfigObserved& o,
                                     const ConfigRelease& wish, Instant now) {
  std::vector<Refusal> out;
  const auto add = [&](std::string name, std::string why) {
    if (name.empty() || !wish.force.contains(name))
      out.push_back({std::move(name), std::move(why)});
  };
  if (!o.unseen.empty()) {
    add("", o.unseen);
    return out;
  }
  if (!o.combined || !o.hold || !o.endpoint) {
    add("", "not all of the guard is there: sitelatch status " + plan.endpoint);
    return out;
  }
  if (!o.records)
    add("", "the hosted zones' records cannot be seen: nobody knows what follows the hold");
  else if (o.records->on_hold == 0)
    add("", "no record follows the hold, so it holds nothing: sitelatch deploy " + plan.endpoint +
                " --form config goes on with what is left to do");
  for (const auto& problem : problems_of(plan, o))
    if (problem.breaks &&
        (problem.name.starts_with("hold-") || problem.name == "combined-children" ||
         problem.name == "combined-changed"))
      add("", problem.why + " (" + problem.mend + ", first)");
  const bool under_way = is_releasing(plan, o);
  const bool noted = o.hold->tags.contains(std::string{tag::switch_back});
  const auto held = hold_is_healthy(plan, o, now);
  if (!under_way && !o.hold->tripped() && !noted && held == true)
    add("", "nothing is latched: Primary serves");
  if (!under_way && !o.hold->tripped() && !held)
    add("", "whether the hold is healthy is not known");
  if (wish.expected_version && *wish.expected_version != o.hold->version)
    add("", "the hold check has version " + std::to_string(o.hold->version) + ", not " +
                std::to_string(*wish.expected_version) + ": somebody has changed it since");
  if (under_way) return out;  // allowed before; what fails now only spoils the fifteen minutes
  if (endpoint_is_healthy(o) != true) add("primary", unhealthy_words(o));
  if (wish.primary_answers == false)
    add("primary", "Primary's own path does not answer 2xx or 3xx from here");
  if (wish.checks_passed == false) add("checks", "a --check command did not pass");
  return out;
}

bool seen_the_same(const ConfigObserved& shown, const ConfigObserved& now) {
  return shown.hold && now.hold && shown.hold->version == now.hold->version && shown.combined &&
         now.combined && shown.combined->version == now.combined->version;
}

bool may_be_opened(const ConfigPlan& plan, const ConfigObserved& o, Instant now) {
  return !is_releasing(plan, o) && hold_is_healthy(plan, o, now) != true && o.dns_primary != true;
}

ReleaseStep next_of_release(const ConfigPlan& plan, const ConfigObserved& o, Instant opened,
                            Instant now, MayOpen may_open) {
  const bool healthy = hold_is_healthy(plan, o, now) == true;
  if (is_closed(plan, o) && !o.hold->tripped() && healthy) return ReleaseStep::done;
  if (!is_releasing(plan, o))
    return may_open == MayOpen::yes ? ReleaseStep::open : ReleaseStep::closed_by_others;
  const auto seen = o.combined_minutes ? good_minutes(*o.combined_minutes, opened, now) : 0;
  if (o.hold->tripped())
    return seen >= good_minutes_asked ? ReleaseStep::let_go : ReleaseStep::wait;
  // DNS is ahead of the metric by a minute or two, and until C asks for both nothing fails over.
  const bool dns_says_so = o.dns_primary == true && seen >= good_minutes_asked - 1;
  return healthy || dns_says_so ? ReleaseStep::close : ReleaseStep::wait;
}

HoldStep next_of_holding(const ConfigPlan& plan, const ConfigObserved& o, Instant now) {
  if (!o.hold) return HoldStep::done;
  const bool serves = o.dns_primary.value_or(hold_is_healthy(plan, o, now) == true);
  const auto seen = o.combined_minutes ? good_minutes(*o.combined_minutes, {}, now) : 0;
  // Also where others have closed it just now.
  if (!serves && !o.hold->tripped() && seen + most_on_the_way >= good_minutes_asked)
    return HoldStep::trip;
  return is_releasing(plan, o) ? HoldStep::close : HoldStep::done;
}

std::vector<Refusal> against_removal(const ConfigPlan& plan, const ConfigObserved& o,
                                     bool change_records, Unhold unhold, Instant now) {
  std::vector<Refusal> out;
  const auto add = [&out](std::string why) { out.push_back({"", std::move(why)}); };
  if (!o.unseen.empty()) {
    add(o.unseen);
    return out;
  }
  if (!o.records) {
    add("the hosted zones' records cannot be seen: one may follow the hold check");
    return out;
  }
  if (o.records->on_hold == 0) return out;
  if (!o.endpoint) {
    add("records follow the hold, and the endpoint's health check " + plan.endpoint +
        " is gone: give the PRIMARY records another check first");
    return out;
  }
  if (!change_records)
    add("PRIMARY records follow the hold check: --change-records gives them back to the endpoint's "
        "check " +
        plan.endpoint);
  if (unhold == Unhold::restore) return out;
  if (hold_is_healthy(plan, o, now) != true)
    add("the hold is latched, tripped or not to be seen, and with the records on the endpoint's "
        "check "
        "Primary serves as soon as it is healthy: switch back first (sitelatch switch-back " +
        plan.endpoint + "), or say --restore");
  else if (o.dns_primary == false || zero_in_window(o))
    add("Primary failed in the last minutes, and the hold is latched by that or will be, though "
        "its "
        "metric does not say so yet: look again in a few minutes (sitelatch status " +
        plan.endpoint + "), or say --restore");
  else if (endpoint_is_healthy(o) != true)
    add(unhealthy_words(o) +
        ": on the endpoint's check DNS would fail over, and back, with no latch; "
        "wait, or say --restore");
  return out;
}

}  // namespace sitelatch::guard
