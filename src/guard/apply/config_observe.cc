// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/config_observe.h"

#include <algorithm>

#include "base/text.h"
#include "guard/apply/drill_scratch.h"
#include "guard/apply/find_check.h"
#include "guard/apply/form_records.h"
#include "guard/apply/reading.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

constexpr auto window_back = std::chrono::minutes{25};

AlarmRule copied_rule(const Value& wire) {
  AlarmRule rule;
  rule.metric_namespace = wire["Namespace"].string_or("");
  rule.metric = wire["MetricName"].string_or("");
  rule.statistic = wire["Statistic"].string_or("");
  rule.comparison = wire["ComparisonOperator"].string_or("");
  for (const auto& dimension : wire["Dimensions"].items())
    rule.dimensions.emplace_back(dimension["Name"].string_or(""), dimension["Value"].string_or(""));
  rule.threshold = wire["Threshold"].number_or(0);
  rule.period_s = static_cast<int>(wire["Period"].integer_or(0));
  rule.periods = static_cast<int>(wire["EvaluationPeriods"].integer_or(0));
  return rule;
}

CombinedCheck combined_from(const Value& wire) {
  const auto& config = wire["HealthCheckConfig"];
  CombinedCheck out;
  out.id = wire["Id"].string_or("");
  out.version = static_cast<std::uint64_t>(wire["HealthCheckVersion"].integer_or(0));
  out.children = config["ChildHealthChecks"].strings();
  out.threshold = static_cast<int>(config["HealthThreshold"].integer_or(0));
  out.disabled = config["Disabled"].boolean_or(false);
  out.inverted = config["Inverted"].boolean_or(false);
  return out;
}

HoldCheck hold_from(const Value& wire) {
  const auto& config = wire["HealthCheckConfig"];
  HoldCheck out;
  out.id = wire["Id"].string_or("");
  out.version = static_cast<std::uint64_t>(wire["HealthCheckVersion"].integer_or(0));
  out.alarm_region = config["AlarmIdentifier"]["Region"].string_or("");
  out.alarm_name = config["AlarmIdentifier"]["Name"].string_or("");
  out.insufficient_data = config["InsufficientDataHealthStatus"].string_or("");
  out.disabled = config["Disabled"].boolean_or(false);
  out.inverted = config["Inverted"].boolean_or(false);
  if (wire.has("CloudWatchAlarmConfiguration"))
    out.copy = copied_rule(wire["CloudWatchAlarmConfiguration"]);
  return out;
}

std::string tag_or_nothing(const Texts& tags, std::string_view key) {
  const auto found = tags.find(std::string{key});
  return found == tags.end() ? std::string{} : found->second;
}

bool holds_tags(const Texts& there, const Texts& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
    const auto found = there.find(one.first);
    return found != there.end() && found->second == one.second;
  });
}

class ConfigReading {
 public:
  ConfigReading(Context& context, const std::string& endpoint, const ConfigLook& how)
      : context_(context), reading_(context.aws), how_(how) {
    reading_.go_on_despite_silence();
    out_.plan.endpoint = endpoint;
  }

  Result<ConfigView, Error> run() {
    const auto caller = read_caller(context_.aws);
    if (!caller)
      return failure(
          error_of(caller.error(), "look at the guard of health check " + out_.plan.endpoint));
    out_.plan = plan_config(out_.plan.endpoint, caller->partition, caller->account);
    out_.caller_arn = caller->arn;
    out_.now = Instant{context_.clock.now().time_since_epoch()} + context_.aws.clock_offset();
    look_at_endpoint();
    look_at_checks();
    look_at_alarms();
    look_at_audit_group();
    out_.there.tagged = is_tagged();
    o().people.unseen = true;
    if (how_.records) look_at_records();
    if (how_.records) look_at_people();
    if (reading_.fatal())
      return failure(
          error_of(*reading_.fatal(), "look at the guard of health check " + out_.plan.endpoint));
    out_.blind = reading_.blind();
    say_what_is_unseen();
    out_.assessment = assess_config(out_.plan, out_.observed, out_.now);
    return std::move(out_);
  }

 private:
  ConfigObserved& o() { return out_.observed; }
  const ConfigPlan& plan() const { return out_.plan; }

  void look_at_endpoint() {
    const auto& id = out_.plan.endpoint;
    const auto check = read_check(context_.aws, id);
    if (!check) return decisive("health check " + id, check.error());
    if (!*check) return;
    o().endpoint = (*check)->check;
    out_.endpoint_config = (*check)->config;
    const auto health =
        reading_.health(*o().endpoint, out_.plan.region, out_.now,
                        how_.probes ? Reading::Probes::shown : Reading::Probes::if_needed);
    o().endpoint_health.now = health.healthy;
    o().endpoint_health.minutes = health.minutes;
    o().endpoint_health.probes_fail =
        !o().endpoint->disabled && healthy_by(*o().endpoint, health.checkers) == false;
    out_.checkers = health.checkers;
    out_.now = std::max(out_.now, health.now);
    out_.endpoint_tags = tags_of_check(id);
  }

  Texts tags_of_check(const std::string& id) {
    const auto reply =
        reading_.ask("the tags of health check " + id, "route53", "ListTagsForResource",
                     Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", id}}));
    return reply ? tags_from((*reply)["ResourceTagSet"]["Tags"]) : Texts{};
  }

  void look_at_checks() {
    auto combined = tag_or_nothing(out_.endpoint_tags, tag::combined_check);
    auto hold = tag_or_nothing(out_.endpoint_tags, tag::hold_check);
    take(combined, hold);
    if ((o().combined && o().hold) || !how_.search || !o().unseen.empty()) return;
    const auto found = find_config_checks(context_.aws, out_.plan.endpoint);
    if (!found) return decisive("the account's health checks", found.error());
    take(o().combined ? "" : found->combined, o().hold ? "" : found->hold);
  }

  void take(const std::string& combined, const std::string& hold) {
    if (const auto wire = check_wire(combined)) {
      o().combined = combined_from(*wire);
      o().combined->tags = tags_of_check(combined);
      o().combined_minutes =
          reading_.status_minutes(combined, out_.plan.region, out_.now, window_back);
      take_time(o().combined_minutes);
    }
    if (const auto wire = check_wire(hold)) {
      o().hold = hold_from(*wire);
      o().hold->tags = tags_of_check(hold);
      o().hold_minutes = reading_.status_minutes(hold, out_.plan.region, out_.now, window_back);
      take_time(o().hold_minutes);
    }
  }
  void take_time(const std::optional<std::vector<StatusMinute>>& minutes) {
    if (minutes && !minutes->empty()) out_.now = std::max(out_.now, minutes->back().begins);
  }

  std::optional<Value> check_wire(const std::string& id) {
    if (id.empty()) return std::nullopt;
    const auto reply =
        context_.aws.call("route53", "GetHealthCheck", Value::structure({{"HealthCheckId", id}}));
    if (reply) return (*reply)["HealthCheck"];
    if (!client::is_absent(reply.error())) decisive("health check " + id, reply.error());
    return std::nullopt;
  }

  // Its own and, by the beginning of their names, those that tell people.
  void look_at_alarms() {
    const auto alarms =
        context_.aws.call_all("cloudwatch", "DescribeAlarms",
                              Value::structure({{"AlarmNamePrefix", plan().alarm}}), plan().region);
    if (!alarms) return decisive("alarm " + plan().alarm, alarms.error());
    for (const auto& wire : (*alarms)["MetricAlarms"].items()) {
      auto alarm = alarm_from(wire);
      if (alarm.name == plan().latched_alarm)
        o().people.latched = std::move(alarm);
      else if (alarm.name == plan().failing_alarm)
        o().people.failing = std::move(alarm);
      else if (alarm.name == plan().alarm)
        o().alarm = std::move(alarm);
    }
    if (o().alarm)
      o().alarm->tags =
          reading_.tags("cloudwatch", "ResourceARN", o().alarm->arn, out_.plan.region);
    if (o().alarm && !o().combined && how_.search) take_watched(rule_of(*o().alarm));
  }
  // What code has made (rules/code.h) has other CallerReferences; its alarm watches C.
  void take_watched(const AlarmRule& rule) {
    if (rule.dimensions.size() != 1) return;
    const auto wire = check_wire(rule.dimensions.front().second);
    if (!wire || (*wire)["HealthCheckConfig"]["Type"].string_or("") != "CALCULATED") return;
    const auto children = (*wire)["HealthCheckConfig"]["ChildHealthChecks"].strings();
    if (std::find(children.begin(), children.end(), out_.plan.endpoint) != children.end())
      take(rule.dimensions.front().second, "");
  }

  void look_at_people() {
    auto& people = o().people;
    const auto before = reading_.blind().size();
    const auto& arn = plan().notify_arn;
    const auto topic = reading_.ask("topic " + arn, "sns", "GetTopicAttributes",
                                    Value::structure({{"TopicArn", arn}}), plan().region);
    if (topic) {
      people.topic = ObservedTopic{arn, "", (*topic)["Attributes"]["Policy"].string_or(""), {}};
      people.subscriptions = reading_.subscriptions(arn, plan().region);
    }
    if (out_.records) people.site = primary_name(*out_.records);
    people.unseen = reading_.blind().size() > before;
    if (people.topic)
      people.failed_deliveries =
          reading_.failed_deliveries(plan().notify_topic, plan().region, out_.now);
  }

  void look_at_audit_group() {
    const auto before = reading_.blind().size();
    const auto group = reading_.log_group(out_.plan.audit_group, out_.plan.region);
    out_.there.audit_group = group || reading_.blind().size() > before;
  }

  // Of what is there; what is not there yet is tagged when it is made.
  bool is_tagged() {
    if (!o().combined || !o().hold || !o().alarm) return false;
    return holds_tags(out_.endpoint_tags,
                      {{std::string{tag::form}, std::string{to_string(Form::config)}},
                       {std::string{tag::combined_check}, o().combined->id},
                       {std::string{tag::hold_check}, o().hold->id}}) &&
           holds_tags(o().combined->tags, tags_of_config(out_.plan, "combined")) &&
           holds_tags(o().hold->tags, tags_of_config(out_.plan, "hold")) &&
           holds_tags(o().alarm->tags, tags_of_config(out_.plan, "alarm"));
  }

  void look_at_records() {
    AllRecords own(context_.aws);
    auto& all = how_.all_records ? *how_.all_records : own;
    const auto of_endpoint = all.using_check(out_.plan.endpoint);
    if (!of_endpoint) return reading_.note("the hosted zones' records", of_endpoint.error());
    const auto hold = o().hold ? o().hold->id : tag_or_nothing(out_.endpoint_tags, tag::hold_check);
    auto joined = *of_endpoint;
    if (!hold.empty()) {
      const auto of_hold = all.using_check(hold);
      if (!of_hold) return reading_.note("the hosted zones' records", of_hold.error());
      joined = joined_records(*of_endpoint, *of_hold);
    }
    o().records = standing_of(joined, out_.plan.endpoint, hold);
    out_.records = std::move(joined);
    if (!how_.dns) return;
    out_.dns = ask_serving(context_.aws, *out_.records, context_.dns_server, context_.ask_dns);
    o().dns_primary = primary_serves(out_.dns);
  }

  // Without it nothing is decided.
  void decisive(const std::string& what, const client::Error& error) {
    reading_.note(what, error);
    if (o().unseen.empty()) o().unseen = describe(ReadFailure{what, error});
  }
  void say_what_is_unseen() {
    if (!o().unseen.empty()) return;
    for (const auto& blind : out_.blind)
      if (blind.why.operation == "GetMetricData") {
        o().unseen = describe(blind);
        return;
      }
  }

  Context& context_;
  Reading reading_;
  const ConfigLook& how_;
  ConfigView out_;
};

// Of a hold check, whoever made it: the endpoint of the alarm that it follows.
std::optional<std::string> endpoint_of_hold(const Value& check) {
  return endpoint_of_config_alarm(
      check["HealthCheckConfig"]["AlarmIdentifier"]["Name"].string_or(""));
}

}  // namespace

std::string ConfigView::last_drill() const {
  return from_tag_text(tag_or_nothing(endpoint_tags, tag::last_drill));
}

Result<ConfigView, Error> look_at_config(Context& context, const std::string& endpoint,
                                         const ConfigLook& how) {
  if (!valid_health_check_id(endpoint)) return failure(not_an_id(endpoint));
  return ConfigReading(context, endpoint, how).run();
}

client::Outcome<ConfigChecks> find_config_checks(client::Aws& aws, const std::string& endpoint) {
  const auto checks = aws.call_all("route53", "ListHealthChecks");
  if (!checks) return failure(checks.error());
  ConfigChecks out;
  for (const auto& check : (*checks)["HealthChecks"].items()) {
    const auto reference = config_reference(check["CallerReference"].string_or(""));
    if (reference && reference->endpoint == endpoint)
      (reference->hold ? out.hold : out.combined) = check["Id"].string_or("");
    else if (!reference && out.hold.empty() && endpoint_of_hold(check) == endpoint)
      out.hold = check["Id"].string_or("");
  }
  return out;
}

client::Outcome<std::vector<std::string>> config_guards(client::Aws& aws) {
  const auto checks = aws.call_all("route53", "ListHealthChecks");
  if (!checks) return failure(checks.error());
  std::vector<std::string> out, scratch;  // a drill's guard is none of the account's
  for (const auto& check : (*checks)["HealthChecks"].items())
    if (!drilled_check(check["CallerReference"].string_or("")).empty())
      scratch.push_back(check["Id"].string_or(""));
  for (const auto& check : (*checks)["HealthChecks"].items()) {
    const auto reference = config_reference(check["CallerReference"].string_or(""));
    const auto endpoint = reference ? std::optional{reference->endpoint} : endpoint_of_hold(check);
    if (!endpoint || std::find(scratch.begin(), scratch.end(), *endpoint) != scratch.end())
      continue;
    if (std::find(out.begin(), out.end(), *endpoint) == out.end()) out.push_back(*endpoint);
  }
  return out;
}

}  // namespace sitelatch::guard
