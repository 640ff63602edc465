// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "guard/apply/config_observe.h"
#include "guard/apply/drill_scratch.h"
#include "guard/apply/find_form.h"
#include "guard/apply/hardened_observe.h"
#include "guard/apply/reading.h"
#include "guard/apply/safety_ground.h"

namespace sitelatch::guard {
namespace {

using aws::Value;
using Kind = Observation::Kind;

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

std::string last_part(const std::string& arn) { return arn.substr(arn.rfind(':') + 1); }

// An alarm that watches a health check.
struct Watcher {
  std::string name, check_id;
  std::vector<std::string> actions;
  bool actions_enabled = true;
};

class Examination {
 public:
  Examination(Context& context, const SafetyDesk& safety)
      : context_(context), safety_(safety), records_(context.aws) {}

  Result<Diagnosis, Error> run() {
    const auto caller = read_caller(context_.aws);
    if (!caller) return failure(error_of(caller.error(), "find out who asks"));
    region_ = std::string{control_region(caller->partition)};
    const auto checks = context_.aws.call_all("route53", "ListHealthChecks");
    if (!checks) return failure(error_of(checks.error(), "list the health checks"));
    for (const auto& wire : (*checks)["HealthChecks"].items()) {
      checks_.emplace(wire["Id"].string_or(""), wire);
      if (auto endpoint = endpoint_of_clock(wire["CallerReference"].string_or("")))
        clocks_.insert(std::move(*endpoint));
    }
    out_.checks = static_cast<int>(checks_.size());
    read_alarms();
    read_primaries();
    const auto guards = guarded_checks(context_.aws);
    if (!guards) see_not("the guards", guards.error());
    for (const auto& id : guards ? *guards : std::vector<std::string>{})
      if (checks_.contains(id)) guarded_.insert(id);
    out_.guards = static_cast<int>(guarded_.size());
    for (const auto& [id, wire] : checks_) examine(id, wire);
    find_orphans();
    return std::move(out_);
  }

 private:
  void add(Kind kind, std::string name, std::string subject, std::string why, std::string mend = {},
           Value change = {}) {
    out_.observations.push_back({kind, std::move(name), std::move(subject), std::move(why),
                                 std::move(mend), std::move(change)});
  }
  void see_not(std::string_view what, const client::Error& error) {
    out_.blind.push_back(client::explain(error, fmt::format("see {}", what)));
  }

  void read_alarms() {
    const auto alarms =
        context_.aws.call_all("cloudwatch", "DescribeAlarms", Value::structure(), region_);
    if (!alarms) return see_not("the alarms in " + region_, alarms.error());
    for (const auto& wire : (*alarms)["MetricAlarms"].items()) {
      if (wire["Namespace"].string_or("") != "AWS/Route53") continue;
      Watcher watcher{wire["AlarmName"].string_or(""), "", wire["AlarmActions"].strings(),
                      wire["ActionsEnabled"].boolean_or(true)};
      for (const auto& dimension : wire["Dimensions"].items())
        if (dimension["Name"].string_or("") == "HealthCheckId")
          watcher.check_id = dimension["Value"].string_or("");
      if (wire["MetricName"].string_or("") == "HealthCheckStatus" && watcher.check_id.empty())
        add(Kind::problem, "alarm-dimension", "alarm " + watcher.name,
            "it watches HealthCheckStatus of no health check in particular (no dimension "
            "HealthCheckId)",
            "give it the dimension, or delete it");
      const auto comparison = wire["ComparisonOperator"].string_or("");
      if (wire["MetricName"].string_or("") == "HealthCheckStatus" &&
          comparison.starts_with("Greater") && !is_of_config(watcher.check_id))
        add(Kind::problem, "alarm-comparison", "alarm " + watcher.name,
            fmt::format("it goes to ALARM when the check is healthy ({}): HealthCheckStatus is 1 "
                        "for healthy",
                        comparison),
            "use LessThanThreshold 1");
      watchers_.push_back(std::move(watcher));
    }
  }

  std::optional<ConfigReference> config_reference_of(const std::string& id) const {
    const auto found = checks_.find(id);
    return found == checks_.end()
               ? std::nullopt
               : config_reference(found->second["CallerReference"].string_or(""));
  }
  bool is_of_config(const std::string& id) const { return config_reference_of(id).has_value(); }

  // Of the form config, by either of its checks; once.
  void examine_config(const std::string& endpoint) {
    if (!config_endpoints_.insert(endpoint).second) return;
    const auto check = checks_.find(endpoint);
    if (check != checks_.end() &&
        !drilled_check(check->second["CallerReference"].string_or("")).empty())
      return;  // a drill's: told by its scratch check
    ++out_.guards;
    ConfigLook how;
    how.all_records = &records_;
    how.probes = false;
    const auto seen = look_at_config(context_, endpoint, how);
    if (!seen) return out_.blind.push_back(seen.error().text);
    for (const auto& unseen : seen->blind) out_.blind.push_back(guard::describe(unseen));
    const auto& assessed = seen->assessment;
    const bool well = assessed.phase == Phase::serving;
    add(well ? Kind::sound : Kind::problem, "state", endpoint,
        fmt::format("form config, {}: {}", to_string(assessed.phase), assessed.sentence),
        assessed.next);
    for (const auto& problem : assessed.problems)
      add(Kind::problem, problem.name, endpoint, problem.why, problem.mend);
    say_how_safe(endpoint, safety_ground(*seen));
  }

  bool is_of_engine(const std::string& id) {
    const auto found = find_form(context_.aws, id);
    return found && found->form == Form::engine;
  }

  // Under the engine's manual resume.
  void examine_engine(const std::string& id) {
    ++out_.guards;
    const auto seen = look_at_engine(context_, id, &records_);
    if (!seen) return out_.blind.push_back(seen.error().text);
    for (const auto& unseen : seen->blind) out_.blind.push_back(guard::describe(unseen));
    const auto& assessed = seen->assessment;
    add(assessed.phase == Phase::serving ? Kind::sound : Kind::problem, "state", id,
        fmt::format("form engine, {}: {}", to_string(assessed.phase), assessed.sentence),
        assessed.next);
    for (const auto& problem : assessed.problems)
      add(Kind::problem, problem.name, id, problem.why, problem.mend);
    say_how_safe(id, safety_ground(*seen));
  }

  void read_primaries() {
    const auto zones = context_.aws.call_all("route53", "ListHostedZones");
    if (!zones) return see_not("the hosted zones", zones.error());
    for (const auto& zone : (*zones)["HostedZones"].items()) {
      const auto id = zone["Id"].string_or("");
      const auto records =
          context_.aws.call_all("route53", "ListResourceRecordSets",
                                Value::structure({{"HostedZoneId", id.substr(id.rfind('/') + 1)}}));
      if (!records) {
        see_not("the records of zone " + id, records.error());
        continue;
      }
      for (const auto& record : (*records)["ResourceRecordSets"].items()) judge_record(record, id);
    }
  }

  void judge_record(const Value& record, const std::string& zone) {
    if (record["Failover"].string_or("") != "PRIMARY") return;
    const auto check = record["HealthCheckId"].string_or("");
    const auto name = record["Name"].string_or("") + " " + record["Type"].string_or("");
    if (!check.empty()) {
      if (checks_.contains(check))
        primaries_.insert(check);
      else
        add(Kind::problem, "check-gone", name + " in zone " + zone,
            fmt::format("its PRIMARY record uses health check {}, which does not exist: what DNS "
                        "does is not predictable",
                        check),
            "give the record a health check that exists");
    } else if (record["AliasTarget"]["EvaluateTargetHealth"].boolean_or(false)) {
      add(Kind::problem, "target-health", name + " in zone " + zone,
          "its PRIMARY record fails over by its target's health alone: no alarm sees it, nothing "
          "can latch it, and it comes back by itself",
          "give the PRIMARY record a health check, and deploy a guard on it");
    } else {
      add(Kind::note, "no-check", name + " in zone " + zone,
          "its PRIMARY record has no health check: it never fails over");
    }
  }

  void examine(const std::string& id, const Value& wire) {
    const auto& config = wire["HealthCheckConfig"];
    const auto reference = wire["CallerReference"].string_or("");
    if (reference.starts_with(calibration_prefix))
      return add(Kind::problem, "calibration-remains", id,
                 "a scratch health check of a calibration; if none is running, it was cut off",
                 "sitelatch calibrate --only stale-version removes it first");
    const auto scratch = drilled_check(reference);
    if (!scratch.empty())
      return add(
          Kind::problem, "drill-remains", id,
          fmt::format(
              "a scratch health check of a drill of {}; if no drill is running, it was cut off",
              scratch),
          "sitelatch drill " + scratch + " removes it first");
    if (const auto config_form = config_reference(reference))
      return examine_config(config_form->endpoint);
    if (const auto endpoint = endpoint_of_clock(reference);
        endpoint && !checks_.contains(*endpoint))
      return add(
          Kind::problem, "orphan", id,
          fmt::format("the clock of a relay of health check {}, which does not exist", *endpoint),
          remains(*endpoint));
    const bool frozen =
        config["Disabled"].boolean_or(false) && !config["Inverted"].boolean_or(false);
    const bool interesting = guarded_.contains(id) || primaries_.contains(id);
    if (!interesting) {
      if (frozen)
        add(Kind::note, "disabled-healthy", id,
            "the health check is Disabled: it counts as healthy whatever happens (no PRIMARY "
            "record uses it)");
      return;
    }
    if (!guarded_.contains(id) && is_of_engine(id)) return examine_engine(id);
    auto how = context_.all_but_dns();
    how.all_records = &records_;
    how.probes = false;
    auto shown = view(context_.aws, context_.clock, id, how);
    if (!shown) return out_.blind.push_back(shown.error().text);
    if (has_sentinel(shown->snapshot) || clocks_.contains(id))
      if (const auto added = add_hardened(context_, *shown); !added)
        out_.blind.push_back(added.error().text);
    for (const auto& unseen : shown->snapshot.blind) out_.blind.push_back(guard::describe(unseen));
    if (!shown->snapshot.observed.check) return;  // deleted meanwhile
    examine_guard(*shown);
    const auto record = record_of(shown->snapshot.observed);
    if (frozen && !record.in_maintenance(shown->now))
      add(Kind::problem, "disabled-healthy", id,
          "the health check is Disabled: Route 53 counts it as healthy, and never fails over from "
          "this Primary",
          fmt::format("aws route53 update-health-check --health-check-id {} --no-disabled; to send "
                      "the traffic to Backup: sitelatch trip {} --planned",
                      id, id));
    look_at_keys(*shown);
    for (const auto& finding : preflight(shown->plan, shown->snapshot, context_.ask_site)) {
      if (finding.kind == Finding::Kind::sound || finding.name == "check-disabled") continue;
      const bool accepted = finding.kind == Finding::Kind::accepted;
      add(accepted ? Kind::note : Kind::problem, finding.name, id,
          finding.why + (accepted ? " (accepted)" : ""), finding.mend, finding.change);
    }
    find_failed_actions(*shown);
    find_other_writers(*shown);
  }

  void look_at_keys(View& shown) {
    for (const auto& key : shown.plan.settings.kms_keys)
      if (auto seen = read_key(context_.aws, key)) shown.snapshot.keys.push_back(std::move(*seen));
  }

  // Whether CloudWatch may publish shows in the alarm's history alone: its state changes all the
  // same.
  void find_failed_actions(const View& shown) {
    const auto& alarm = shown.snapshot.observed.alarm;
    if (!alarm) return;
    Reading reading(context_.aws);
    const auto failed = reading.failed_actions(alarm->name, region_);
    for (const auto& unseen : reading.blind()) out_.blind.push_back(guard::describe(unseen));
    if (!failed.empty())
      add(Kind::problem, "alarm-action", "alarm " + alarm->name,
          fmt::format("its last action{} failed ({}): {}", failed.size() == 1 ? "" : "s",
                      failed.size(), failed.front()),
          "let cloudwatch.amazonaws.com publish to the topic (sitelatch deploy writes the topic's "
          "policy), and let it use the topic's key: its key policy needs kms:Decrypt and "
          "kms:GenerateDataKey* for cloudwatch.amazonaws.com");
  }

  void examine_guard(const View& shown) {
    const auto& observed = shown.snapshot.observed;
    const auto& id = shown.id();
    if (!guarded_.contains(id)) {
      add(Kind::problem, "no-guard", id,
          "a PRIMARY record uses it and nothing latches: a Primary that fails and comes back "
          "serves at once, in sync or not",
          "sitelatch deploy " + id + " --plan");
      return;
    }
    const bool ours =
        observed.alarm_topic && observed.alarm_topic->tags.contains(std::string{tag::guard});
    if (!ours)
      add(Kind::note, "hand-made", id, "its guard was made by hand or by the guide's scripts",
          "sitelatch deploy " + id + " --plan shows how it would be adopted");
    const auto& state = shown.assessment;
    add(state.state == State::armed && state.sound() ? Kind::sound
        : state.state == State::armed                ? Kind::note
                                                     : Kind::problem,
        "state", id, fmt::format("{}: {}", to_string(state.state), state.sentence),
        state.state == State::armed ? "" : "sitelatch status " + id);
    for (const auto& link : state.links)
      if ((link.health == Link::Health::broken || link.health == Link::Health::off) &&
          link.name != "health-check")
        add(link.health == Link::Health::off ? Kind::note : Kind::problem, "link-" + link.name, id,
            link.why, link.mend);
    say_how_safe(id, safety_ground(shown));
  }

  // Alarms on the same check whose actions run something, and functions on the guard's topic that
  // are not the guard's.
  void find_other_writers(const View& shown) {
    const auto& observed = shown.snapshot.observed;
    for (const auto& watcher : watchers_) {
      if (watcher.check_id != shown.id() ||
          (observed.alarm && watcher.name == observed.alarm->name))
        continue;
      for (const auto& action : watcher.actions) {
        if (observed.alarm_topic && action == observed.alarm_topic->arn) continue;
        if (runs_a_function(action))
          add(Kind::problem, "other-writer", shown.id(),
              fmt::format("alarm {} on the same check also runs {}: two that write to one check "
                          "undo each other's work",
                          watcher.name, last_part(action)),
              "find out what it does; take its action from the alarm if it changes the health "
              "check");
      }
    }
    for (const auto& subscription : observed.alarm_subscriptions)
      if (subscription.protocol == "lambda" &&
          (!observed.function || subscription.endpoint != observed.function->arn))
        add(Kind::problem, "other-writer", shown.id(),
            fmt::format("the alarm's topic also runs {}", last_part(subscription.endpoint)),
            "unsubscribe it if it changes the health check");
  }

  bool runs_a_function(const std::string& action) {
    if (action.find(":lambda:") != std::string::npos) return true;
    if (action.find(":sns:") == std::string::npos) return false;
    const auto subscriptions = context_.aws.call_all(
        "sns", "ListSubscriptionsByTopic", Value::structure({{"TopicArn", action}}), region_);
    if (!subscriptions) return false;
    const auto& all = (*subscriptions)["Subscriptions"].items();
    return std::any_of(all.begin(), all.end(),
                       [](const auto& s) { return s["Protocol"].string_or("") == "lambda"; });
  }

  void find_orphans() {
    for (const auto& watcher : watchers_)
      if (!watcher.check_id.empty() && !checks_.contains(watcher.check_id))
        add(Kind::problem, "orphan", "alarm " + watcher.name,
            fmt::format("it watches health check {}, which does not exist", watcher.check_id),
            remains(watcher.check_id));
    list("sns", "ListTopics", "Topics", "TopicArn", "topic");
    list("lambda", "ListFunctions", "Functions", "FunctionName", "function");
    list("events", "ListRules", "Rules", "Name", "rule");
    list("logs", "DescribeLogGroups", "logGroups", "logGroupName", "log group");
    list("iam", "ListRoles", "Roles", "RoleName", "role");
  }
  std::string remains(const std::string& id) const {
    return "sitelatch destroy " + id + " --keep-latched --plan shows what is left of its guard";
  }

  void list(std::string_view service, std::string_view operation, std::string_view list,
            std::string_view member, std::string_view what) {
    const auto found = context_.aws.call_all(service, operation, Value::structure(),
                                             service == "iam" ? std::string{} : region_);
    if (!found) return see_not(fmt::format("the {}s", what), found.error());
    for (const auto& wire : (*found)[list].items()) {
      const auto name = last_part(wire[member].string_or(""));
      const auto id = id_in_name(name);
      if (!id.empty() && !checks_.contains(id))
        add(Kind::problem, "orphan", fmt::format("{} {}", what, name),
            fmt::format("it belongs to health check {}, which does not exist", id), remains(id));
    }
  }

  // A leak by construction is no fault of anybody's, and a form may be chosen with it: a note.
  void say_how_safe(const std::string& id, const std::optional<SafetyGround>& ground) {
    if (!safety_.reckon || !ground) return;
    auto wish = safety_.wish;
    wish.health_check_id = id;
    const auto safety = weigh_safety(*ground, wish, safety_.reckon);
    auto why =
        leak_sentence(safety) + " " + failover_sentence(safety) + " " + price_sentence(safety);
    if (safety.year) why += " " + year_sentence(*safety.year);
    if (!safety.beside.empty()) why += " Not in these figures: " + join(safety.beside, "; ") + ".";
    std::vector<std::string> mends;
    for (const auto& alternative : safety.alternatives)
      mends.push_back(sentence_of(safety, alternative));
    add(safety.figures.leaks() || !safety.beside.empty() ? Kind::note : Kind::sound,
        "unsafe-seconds", id,
        fmt::format("{} {} The same figures: {}", why, safety_basis,
                    replay_command(safety.question)),
        join(mends, "; or "));
  }

  Context& context_;
  const SafetyDesk& safety_;
  AllRecords records_;
  std::string region_;
  std::map<std::string, Value> checks_;
  std::vector<Watcher> watchers_;
  std::set<std::string> primaries_, guarded_, config_endpoints_;
  std::set<std::string> clocks_;  // endpoints that a relay's clock names
  Diagnosis out_;
};

}  // namespace

std::string id_in_name(std::string_view name) {
  for (const std::string_view prefix : {"/aws/lambda/", "/sitelatch/"})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  if (name.starts_with("sitelatch-")) name.remove_prefix(10);
  const auto id = name.substr(0, 36);
  const auto rest = name.size() > 36 ? name.substr(36) : std::string_view{};
  const bool ours = rest.empty() || rest == "-notify" || rest == "-relay";
  return is_uuid(id) && ours ? std::string{id} : std::string{};
}

std::string_view to_string(Kind kind) {
  return kind == Kind::sound ? "ok" : kind == Kind::note ? "note" : "problem";
}

Result<Diagnosis, Error> diagnose(Context& context, const SafetyDesk& safety) {
  return Examination(context, safety).run();
}

}  // namespace sitelatch::guard
