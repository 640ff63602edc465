// SPDX-License-Identifier: Apache-2.0
// What the forms consist of, and what of a text is a reference.
#include "guard/rules/code.h"

#include <algorithm>
#include <set>

#include "guard/rules/engine_form.h"
#include "guard/rules/json.h"

namespace sitelatch::guard::code {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The record's present is no part of the code; its tags begin as those of a new guard.
Texts new_record_tags(Texts tags) {
  for (const auto key :
       {tag::maintenance, tag::maintenance_reason, tag::latched, tag::notified, tag::release})
    tags.erase(std::string{key});
  const auto fresh = record_tags(guard::Record{});
  tags.insert(fresh.begin(), fresh.end());
  return tags;
}

Texts new_record_environment(Texts environment) {
  const auto name = std::string{env::release};
  if (const auto found = environment.find(name); found != environment.end())
    found->second = record_environment(guard::Record{}).at(name);
  return environment;
}

template <class Observed, class Planned>
Texts tags_of(const std::optional<Observed>& there, const Planned& plan) {
  return there ? there->tags : plan.tags;
}

// At most 64 characters, as CallerReferences are.
std::string export_reference(const std::string& id) { return "sl-x-" + id; }

// Labels that several of a kind share get numbers: people, people_2.
std::string numbered(const std::string& label, std::size_t index) {
  return index == 0 ? label : label + "_" + std::to_string(index + 1);
}

class GuideCode {
 public:
  GuideCode(const Plan& plan, const Observed& observed, Guard& out)
      : plan_(plan), o_(observed), out_(out) {}

  void add() {
    add_notify_topic();
    add_log_groups();
    add_role("function");
    if (plan_.has_schedule || o_.schedule) add_schedule();
    add_alarm_topic();
    add_function();
    add_subscription();
    add_alarm();
    add_alarm_topic_policy();
  }
  // Of the relay's plan: what is a relay's, and the variables that others choose.
  void add_relay() {
    add_log_group("relay", plan_.function_group, o_.function_group);
    add_role("relay");
    auto one = function("relay");
    if (!o_.function) one.reserved_concurrency = plan_.function.reserved_concurrency;
    one.held_variables.push_back(env::relay_path);
    one.held_variables.push_back(env::name_servers);
    part(std::move(one));
    if (o_.function) add_invocation("relay");
  }

 private:
  template <class P>
  void part(P one) {
    out_.parts.emplace_back(std::move(one));
  }

  Topic topic(std::string label, const TopicPlan& plan, const std::optional<ObservedTopic>& there) {
    Topic one;
    one.label = std::move(label);
    one.name = plan.name;
    one.arn = plan.arn;
    one.region = plan.region;
    one.kms_key = there ? there->kms_key : plan.kms_key;
    one.tags = tags_of(there, plan);
    one.there = there.has_value();
    if (there) one.display_name = there->display_name;
    return one;
  }

  void add_notify_topic() {
    auto one = topic("notify", plan_.notify_topic, o_.notify_topic);
    one.tags = new_record_tags(std::move(one.tags));
    one.held_tags = record_tag_keys();
    part(std::move(one));
    std::size_t index = 0;
    for (const auto& person : o_.notify_subscriptions)
      part(Subscription{numbered("people", index++), plan_.notify_topic.arn,
                        plan_.notify_topic.region, person.protocol, person.endpoint,
                        person.filter_policy, person.pending ? "" : person.arn, person.pending});
    if (plan_.notify_subscription && o_.notify_subscriptions.empty())
      part(Subscription{"people", plan_.notify_topic.arn, plan_.notify_topic.region,
                        plan_.notify_subscription->protocol, plan_.notify_subscription->endpoint,
                        "", "", false});
  }

  template <class Planned, class Observed>
  void add_log_group(std::string label, const Planned& plan, const Observed& there) {
    part(LogGroup{std::move(label), plan.name, plan.arn, plan.region,
                  there ? there->retention_days.value_or(0) : plan.retention_days,
                  tags_of(there, plan), there.has_value()});
  }
  void add_log_groups() {
    add_log_group("audit", plan_.audit_group, o_.audit_group);
    add_log_group("function", plan_.function_group, o_.function_group);
  }

  void add_role(const std::string& label) {
    const auto& plan = plan_.role;
    const auto& there = o_.role;
    part(Role{label, plan.name, there ? there->arn : plan.arn, plan.path,
              there ? there->description : "Sitelatch: what the function of one guard may do",
              plan.permissions_boundary, there ? there->trust : plan.trust,
              there ? there->role_id : "", tags_of(there, plan), there.has_value()});
    std::size_t index = 0;
    if (!there)
      part(RolePolicy{label, plan.name, plan.policy_name, plan.policy, false});
    else
      for (const auto& [name, document] : there->inline_policies)
        part(RolePolicy{numbered(label, index++), plan.name, name, document, true});
    index = 0;
    for (const auto& arn : there ? there->managed_policies : plan.managed_policies)
      part(AttachedPolicy{numbered(label, index++), plan.name, arn, there.has_value()});
  }

  void add_schedule() {
    const auto& plan = plan_.schedule;
    const auto& there = o_.schedule;
    part(Schedule{
        "every_minute", plan.name, plan.arn, plan.region,
        there ? there->description : "Sitelatch: latches what the alarm's chain has missed",
        there ? there->expression : plan.expression, tags_of(there, plan), there.has_value()});
  }

  void add_alarm_topic() { part(topic("alarm", plan_.alarm_topic, o_.alarm_topic)); }

  Function function(std::string label) {
    const auto& plan = plan_.function;
    const auto& there = o_.function;
    Function one;
    one.label = std::move(label);
    one.name = plan.name;
    one.arn = plan.arn;
    one.region = plan.region;
    one.description =
        there ? there->description : "Sitelatch: keeps a failed Primary site out of DNS";
    one.runtime = there ? there->runtime : plan.runtime;
    one.handler = there ? there->handler : plan.handler;
    one.role_arn = there ? there->role_arn : plan.role_arn;
    one.architecture = there ? there->architecture : plan.architecture;
    one.timeout_s = there ? there->timeout_s : plan.timeout_s;
    one.memory_mb = there ? there->memory_mb : plan.memory_mb;
    one.reserved_concurrency = there ? there->reserved_concurrency : std::nullopt;
    one.environment = new_record_environment(there ? there->environment : plan.environment);
    one.tags = tags_of(there, plan);
    one.there = there.has_value();
    if (one.environment.contains(std::string{env::release})) one.held_variables = {env::release};
    if (there) {
      one.layers = there->layers;
      one.subnets = there->subnets;
      one.security_groups = there->security_groups;
    }
    return one;
  }

  void add_function() {
    part(function("guard"));
    add_invocation("guard");
    if (o_.function)
      add_permissions_there();
    else
      add_planned_permissions();
    if (plan_.has_schedule || o_.schedule) add_target();
  }

  // Only a planned guard's native function gets one that is not there: nothing sends a relay
  // events.
  void add_invocation(const std::string& label) {
    const auto& plan = plan_.function;
    const auto& there = o_.function;
    Invocation one{label,        plan.name,        plan.region, plan.failure_destination,
                   plan.retries, plan.event_age_s, false};
    if (there) {
      const bool has = !there->failure_destination.empty() || there->retries || there->event_age_s;
      if (!has && (plan.kind == FunctionKind::python || label == "relay")) return;
      if (has) {
        one.failure_destination = there->failure_destination;
        one.retries = there->retries;
        one.event_age_s = there->event_age_s;
        one.there = true;
      }
    }
    part(std::move(one));
  }

  void add_permissions_there() {
    std::size_t others = 0;
    for (const auto& p : o_.function->permissions) {
      const auto label = p.source_arn == plan_.alarm_topic.arn ? std::string{"alarm_topic"}
                         : p.source_arn == plan_.schedule.arn  ? std::string{"every_minute"}
                                                               : numbered("other", others++);
      part(Permission{label, plan_.function.name, plan_.function.region, p.statement_id, p.action,
                      p.principal, p.source_arn, p.source_account, true});
    }
  }
  void add_planned_permissions() {
    const auto planned = [this](const char* label, const PermissionPlan& p) {
      part(Permission{label, plan_.function.name, plan_.function.region, p.statement_id,
                      "lambda:InvokeFunction", p.principal, p.source_arn, p.source_account, false});
    };
    planned("alarm_topic", plan_.sns_permission);
    if (plan_.has_schedule) planned("every_minute", plan_.events_permission);
  }

  void add_target() {
    const auto& plan = plan_.schedule;
    if (!o_.schedule || o_.schedule->targets.empty())
      return part(ScheduleTarget{"every_minute", plan.name, plan.region, plan.target_id,
                                 plan.target_arn, false});
    std::size_t index = 0;
    for (const auto& [id, arn] : o_.schedule->targets)
      part(
          ScheduleTarget{numbered("every_minute", index++), plan.name, plan.region, id, arn, true});
  }

  void add_subscription() {
    const auto& plan = plan_.function_subscription;
    std::size_t index = 0;
    for (const auto& one : o_.alarm_subscriptions)
      part(Subscription{numbered("function", index++), plan.topic_arn, plan.region, one.protocol,
                        one.endpoint, one.filter_policy, one.pending ? "" : one.arn, one.pending});
    if (index == 0)
      part(Subscription{"function", plan.topic_arn, plan.region, plan.protocol, plan.endpoint, "",
                        "", false});
  }

  void add_alarm() {
    const auto& plan = plan_.alarm;
    Alarm one;
    one.label = "primary_unhealthy";
    one.name = plan.name;
    one.arn = plan.arn;
    one.region = plan.region;
    one.tags = tags_of(o_.alarm, plan);
    if (const auto& there = o_.alarm) {
      one = alarm_there(std::move(one), *there);
    } else {
      one.description = plan.description;
      one.metric_namespace = AlarmPlan::metric_namespace;
      one.metric = AlarmPlan::metric;
      one.statistic = AlarmPlan::statistic;
      one.comparison = AlarmPlan::comparison;
      one.missing_data = AlarmPlan::missing_data;
      one.dimensions = {{std::string{AlarmPlan::dimension}, plan.health_check_id}};
      one.threshold = AlarmPlan::threshold;
      one.period_s = AlarmPlan::period_s;
      one.evaluation_periods = AlarmPlan::evaluation_periods;
      one.actions = {plan.topic_arn};
    }
    part(std::move(one));
  }

  void add_alarm_topic_policy() {
    const auto& plan = plan_.alarm_topic;
    const auto& there = o_.alarm_topic;
    const auto& document = there ? there->policy : plan.policy;
    if (!document.empty())
      part(TopicPolicy{"alarm", plan.arn, plan.region, document, there.has_value()});
  }

 public:
  static Alarm alarm_there(Alarm one, const ObservedAlarm& there) {
    one.description = there.description;
    one.metric_namespace = there.metric_namespace;
    one.metric = there.metric;
    one.statistic = there.statistic;
    one.comparison = there.comparison;
    one.missing_data = there.missing_data;
    one.dimensions = there.dimensions;
    one.threshold = there.threshold;
    one.period_s = there.period_s;
    one.evaluation_periods = there.evaluation_periods;
    one.datapoints_to_alarm = there.datapoints_to_alarm;
    one.actions = there.alarm_actions;
    one.ok_actions = there.ok_actions;
    one.insufficient_data_actions = there.insufficient_data_actions;
    one.there = true;
    return one;
  }

 private:
  const Plan& plan_;
  const Observed& o_;
  Guard& out_;
};

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

Guard begun(Form form, std::string account, std::string region, const HealthCheck& check) {
  Guard out;
  out.form = form;
  out.health_check_id = check.id;
  out.account = std::move(account);
  out.region = std::move(region);
  return out;
}

// Of the endpoint's check: what leads to the form's other pieces is theirs to write.
Texts without_form_tags(Texts tags) {
  for (const auto key : {tag::form, tag::combined_check, tag::hold_check, tag::clock_check,
                         resume_tag::latched, resume_tag::cause})
    tags.erase(std::string{key});
  return tags;
}

}  // namespace

bool Guard::has_function() const {
  return std::any_of(parts.begin(), parts.end(),
                     [](const Part& one) { return std::holds_alternative<Function>(one); });
}
bool Guard::has_records() const {
  return std::any_of(parts.begin(), parts.end(),
                     [](const Part& one) { return std::holds_alternative<Record>(one); });
}

std::string called(const HealthCheck& check) {
  return check.id.empty() ? "(health check " + check.label + ")" : check.id;
}

std::vector<std::string> regions_of(const Guard& guard) {
  std::set<std::string> others;
  for (const auto& part : guard.parts)
    std::visit(
        [&](const auto& one) {
          if constexpr (requires { one.region; })
            if (one.region != guard.region) others.insert(one.region);
        },
        part);
  std::vector<std::string> out = {guard.region};
  out.insert(out.end(), others.begin(), others.end());
  return out;
}

HealthCheck health_check(std::string label, std::string id, const aws::Value& config) {
  const auto number = [&config](const char* name) {
    return static_cast<int>(config[name].integer_or(0));
  };
  HealthCheck one;
  one.label = std::move(label);
  one.id = std::move(id);
  one.type = config["Type"].string_or("");
  one.address = config["IPAddress"].string_or("");
  one.name = config["FullyQualifiedDomainName"].string_or("");
  one.path = config["ResourcePath"].string_or("");
  one.search = config["SearchString"].string_or("");
  one.insufficient_data = config["InsufficientDataHealthStatus"].string_or("");
  one.port = number("Port");
  one.interval_s = number("RequestInterval");
  one.failure_threshold = number("FailureThreshold");
  one.health_threshold = number("HealthThreshold");
  one.measures_latency = config["MeasureLatency"].boolean_or(false);
  one.inverted = config["Inverted"].boolean_or(false);
  one.disabled = config["Disabled"].boolean_or(false);
  if (config.has("EnableSNI")) one.sni = config["EnableSNI"].boolean_or(false);
  one.regions = sorted(config["Regions"].strings());
  one.children = sorted(config["ChildHealthChecks"].strings());
  one.alarm_name = config["AlarmIdentifier"]["Name"].string_or("");
  one.alarm_region = config["AlarmIdentifier"]["Region"].string_or("");
  return one;
}

Guard guide(const Plan& plan, const Observed& observed, HealthCheck check) {
  auto out = begun(Form::guide, plan.settings.account,
                   std::string{control_region(plan.settings.partition)}, check);
  check.reference = export_reference(check.id);
  // A latch, or a maintenance, is not what the next guard begins with.
  if (observed.check && latched(*observed.check)) {
    if (const auto own = record_of(observed).path_to_restore(); own && !check.path.empty())
      check.path = *own;
  }
  check.disabled = check.inverted = false;
  check.held = {Held::path, Held::disabled, Held::inverted};
  out.parts.emplace_back(std::move(check));
  GuideCode(plan, observed, out).add();
  return out;
}

namespace {

// Both halves of a pair under one name, as deploy writes them.
Record sentinel(const HardenedPlan& plan, const HardenedObserved& there, bool primary) {
  const auto& says = primary ? plan.settings.primary : plan.settings.secondary;
  Record one;
  one.label = primary ? "sentinel_primary" : "sentinel_secondary";
  one.zone_id = plan.zone_id;
  one.zone_name = plan.zone_name;
  one.name = plan.settings.sentinel;
  one.type = "TXT";
  one.set_identifier = primary ? "primary" : "secondary";
  one.failover = primary ? "PRIMARY" : "SECONDARY";
  if (primary) one.health_check_id = plan.endpoint;
  one.ttl_s = sentinel_ttl_s;
  one.values = {"\"" + says + "\""};
  one.of_guard = true;
  one.there = there.sentinel_there;
  return one;
}

// Everybody may ask the URL, by two statements (fact lambda-49).
void add_url(const HardenedObserved& there, const FunctionPlan& plan, Guard& out) {
  const auto& function = there.relay.function;
  const auto statements = function ? function->permissions : std::vector<ObservedPermission>{};
  out.parts.emplace_back(
      FunctionUrl{"relay", plan.name, plan.arn, plan.region, there.url, !there.url.empty()});
  const auto add = [&](const char* label, std::string_view statement, const char* action) {
    out.parts.emplace_back(Permission{label, plan.name, plan.region, std::string{statement}, action,
                                      "*", "", "", lets_everybody_ask(statements, statement),
                                      statement == url_statement,
                                      statement == url_invoke_statement});
  };
  add("relay_url", url_statement, "lambda:InvokeFunctionUrl");
  add("relay_url_invoke", url_invoke_statement, "lambda:InvokeFunction");
  for (const auto& one : statements)
    if (one.statement_id != url_statement && one.statement_id != url_invoke_statement)
      out.left_out.push_back("Not in this code: the statement " + json_text(one.statement_id) +
                             " of the relay's policy, which is not of this form.");
}

}  // namespace

Guard hardened(const Plan& plan, const Observed& observed, const HardenedPlan& relay,
               const HardenedObserved& there, HealthCheck check, std::optional<HealthCheck> clock) {
  check.tags = without_form_tags(std::move(check.tags));
  auto out = guide(plan, observed, std::move(check));
  out.form = Form::hardened;
  std::get<HealthCheck>(out.parts.front()).held.push_back(Held::tags);
  auto planned = relay.relay;
  auto& variables = planned.function.environment;
  // Of a relay that is not there: printers write what makes one in its stead.
  if (relay.settings.path.empty()) variables[std::string{env::relay_path}] = "/new-relay-path";
  const auto variable = [&](std::string_view name) {
    const auto& all = there.relay.function ? there.relay.function->environment : variables;
    const auto found = all.find(std::string{name});
    return found == all.end() ? std::string{} : found->second;
  };
  out.relay = Relay{variable(env::relay_path), variable(env::name_servers), relay.zone_id};
  for (const bool primary : {true, false}) out.parts.emplace_back(sentinel(relay, there, primary));
  GuideCode(planned, there.relay, out).add_relay();
  add_url(there, planned.function, out);
  if (!clock) {
    clock.emplace();
    clock->interval_s = clock_interval_s;
    clock->failure_threshold = clock_threshold;
    clock->tags = tags_of_clock(relay.endpoint);
  }
  clock->label = "relay_clock";
  clock->asks_relay = true;
  clock->reference = clock_reference(relay.endpoint, 1);
  out.parts.emplace_back(std::move(*clock));
  return out;
}

Guard config(const ConfigPlan& plan, const ConfigObserved& observed, const ConfigThere& there,
             std::string account, HealthCheck check) {
  auto out = begun(Form::config, std::move(account), plan.region, check);
  const auto endpoint = check.id;
  check.reference = export_reference(endpoint);
  check.tags = without_form_tags(std::move(check.tags));
  check.held = {Held::tags};
  out.parts.emplace_back(std::move(check));

  out.parts.emplace_back(LogGroup{"audit", plan.audit_group, "", plan.region, audit_retention_days,
                                  tags_of_config(plan, "audit"), there.audit_group});

  HealthCheck combined;
  combined.label = "combined";
  combined.type = "CALCULATED";
  combined.children = {endpoint};
  combined.health_threshold = 1;
  combined.tags = tags_of_config(plan, "combined");
  combined.reference = to_string(ConfigReference{endpoint, false, 1});
  combined.held = {Held::children};
  if (observed.combined) combined.id = observed.combined->id;
  const auto rule = good_minutes_rule(called(combined));
  out.parts.emplace_back(std::move(combined));

  Alarm alarm;
  alarm.label = "good_minutes";
  alarm.name = plan.alarm;
  alarm.region = plan.region;
  alarm.description = config_alarm_description(endpoint);
  alarm.metric_namespace = rule.metric_namespace;
  alarm.metric = rule.metric;
  alarm.statistic = rule.statistic;
  alarm.comparison = rule.comparison;
  alarm.missing_data = config_alarm_missing_data;
  alarm.dimensions = rule.dimensions;
  alarm.threshold = rule.threshold;
  alarm.period_s = rule.period_s;
  alarm.evaluation_periods = rule.periods;
  alarm.tags = tags_of_config(plan, "alarm");
  if (observed.alarm) alarm = GuideCode::alarm_there(std::move(alarm), *observed.alarm);
  alarm.acts = false;
  out.parts.emplace_back(std::move(alarm));

  HealthCheck hold;
  hold.label = "hold";
  hold.type = "CLOUDWATCH_METRIC";
  hold.alarm_name = plan.alarm;
  hold.alarm_region = plan.region;
  hold.insufficient_data = "LastKnownStatus";
  hold.inverted = true;
  hold.tags = tags_of_config(plan, "hold");
  hold.reference = to_string(ConfigReference{endpoint, true, 1});
  hold.held = {Held::disabled, Held::tags};
  if (observed.hold) hold.id = observed.hold->id;
  out.parts.emplace_back(std::move(hold));
  return out;
}

Guard engine(std::string account, std::string region, HealthCheck check) {
  auto out = begun(Form::engine, std::move(account), std::move(region), check);
  check.reference = export_reference(check.id);
  check.tags = without_form_tags(std::move(check.tags));
  check.tags[std::string{resume_tag::armed}] = "true";
  check.held = {Held::tags};
  out.parts.emplace_back(std::move(check));
  return out;
}

void References::add(std::string text, std::string expression) {
  if (text.empty()) return;
  const auto at = std::find_if(known_.begin(), known_.end(),
                               [&](const auto& one) { return one.first.size() < text.size(); });
  known_.emplace(at, std::move(text), std::move(expression));
}

std::vector<Piece> References::pieces(std::string_view text) const {
  std::vector<Piece> out;
  const auto literal = [&out](char c) {
    if (out.empty() || !out.back().reference.empty()) out.push_back({});
    out.back().text += c;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto fits = [&](const auto& one) {
      const auto end = at + one.first.size();
      return text.substr(at).starts_with(one.first) &&
             (at == 0 || !is_word(text[at - 1]) || !is_word(text[at])) &&
             (end == text.size() || !is_word(text[end]) || !is_word(text[end - 1]));
    };
    const auto found = std::find_if(known_.begin(), known_.end(), fits);
    if (found == known_.end()) {
      literal(text[at++]);
      continue;
    }
    out.push_back({"", found->second});
    at += found->first.size();
  }
  return out;
}

}  // namespace sitelatch::guard::code
