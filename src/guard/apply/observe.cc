// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/observe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "guard/apply/reading.h"
#include "guard/rules/json.h"
#include "guard/rules/kms.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

std::string last_part(std::string_view arn, char separator) {
  return std::string{arn.substr(arn.rfind(separator) + 1)};
}

std::string region_of(std::string_view arn) {
  const auto parts = split(arn, ':');
  return parts.size() > 3 ? std::string{parts[3]} : std::string{};
}

// An alarm that became OK before its first datapoint is OK by data all the same when the metric of
// the last minutes holds nothing but health.
bool healthy_data(const std::optional<std::vector<StatusMinute>>& minutes, Instant now) {
  if (!minutes || !verdict(*minutes, now)) return false;
  return !last_failure(*minutes, minutes->back().begins - std::chrono::minutes{5});
}

bool probes_fail(const Check& check, const std::vector<CheckerSnapshot>& checkers) {
  return !check.disabled && healthy_by(check, checkers) == false;
}

class Observer {
 public:
  Observer(client::Aws& aws, const Query& look, Instant now)
      : reading_(aws), aws_(aws), look_(look) {
    snapshot_.now = now;
    if (look.despite_silence) reading_.go_on_despite_silence();
  }

  client::Outcome<Snapshot> run() {
    start();
    snapshot_.clock_offset = aws_.clock_offset();
    snapshot_.now += snapshot_.clock_offset;
    if (!reading_.fatal()) look_at_check();
    look_at_alarm();
    look_at_alarm_topic();
    find_function();
    look_at_function();
    look_at_role();
    look_at_notify_topic();
    look_at_schedule();
    look_at_log_groups();
    settle_settings();
    if (look_.records) look_at_records();
    if (look_.deliveries) look_at_deliveries();
    judge_alarm_data();
    if (reading_.fatal()) return failure(*reading_.fatal());
    snapshot_.blind = reading_.blind();
    note_unseen();
    return std::move(snapshot_);
  }

 private:
  Settings& settings() { return snapshot_.settings; }
  Observed& observed() { return snapshot_.observed; }
  const std::string& id() const { return look_.health_check_id; }

  void start() {
    settings().health_check_id = id();
    settings().names = ours_ = default_names(id());
    guides_ = guide_names(id());
    const auto caller = read_caller(aws_);
    if (!caller) return reading_.stop(caller.error());
    settings().account = caller->account;
    settings().partition = caller->partition;
    snapshot_.caller_arn = caller->arn;
    home_ = std::string{control_region(caller->partition)};
    settings().function_region = look_.function_region.empty() ? home_ : look_.function_region;
    if (look_.function_region.empty()) reading_.guess(home_);
  }

  void look_at_check() {
    const auto check = read_check(aws_, id());
    if (!check) return reading_.note("health check " + id(), check.error());
    if (!*check) return;
    observed().check = (*check)->check;
    snapshot_.check_config = (*check)->config;
    snapshot_.linked_service = (*check)->linked_service;
    take_health(
        reading_.health(*observed().check, home_, snapshot_.now,
                        look_.probes ? Reading::Probes::shown : Reading::Probes::if_needed));
  }
  void take_health(Reading::Health health) {
    observed().healthy = health.healthy;
    observed().status_minutes = std::move(health.minutes);
    observed().probes_fail = probes_fail(*observed().check, health.checkers);
    snapshot_.checkers = std::move(health.checkers);
    snapshot_.now = health.now;
  }

  void look_at_alarm() {
    const auto names = Value::list({ours_.alarm, guides_.alarm});
    const auto reply = reading_.ask("the alarm", "cloudwatch", "DescribeAlarms",
                                    Value::structure({{"AlarmNames", names}}), home_);
    if (!reply) return;
    std::vector<ObservedAlarm> alarms;
    for (const auto& wire : (*reply)["MetricAlarms"].items()) alarms.push_back(alarm_from(wire));
    std::stable_sort(alarms.begin(), alarms.end(),
                     [&](const auto& a, const auto&) { return a.name == ours_.alarm; });
    if (alarms.empty()) return;
    auto& alarm = observed().alarm.emplace(alarms.front());
    snapshot_.other_alarms.assign(alarms.begin() + 1, alarms.end());
    settings().names.alarm = alarm.name;
    alarm.tags = reading_.tags("cloudwatch", "ResourceARN", alarm.arn, home_);
    auto mutes = reading_.mutes(alarm.name, home_);
    alarm.mutes = std::move(mutes.rules);
    alarm.mutes_unseen = std::move(mutes.unseen);
  }

  std::string topic_arn(const std::string& region, const std::string& name) const {
    return fmt::format("arn:{}:sns:{}:{}:{}", snapshot_.settings.partition, region,
                       snapshot_.settings.account, name);
  }

  // By the alarm's actions first; a topic of another name is somebody else's.
  void look_at_alarm_topic() {
    std::vector<std::string> candidates = {topic_arn(home_, ours_.alarm_topic),
                                           topic_arn(home_, guides_.alarm_topic)};
    const auto acted_on = [&](const std::string& arn) {
      const auto& alarm = observed().alarm;
      return alarm && std::find(alarm->alarm_actions.begin(), alarm->alarm_actions.end(), arn) !=
                          alarm->alarm_actions.end();
    };
    std::stable_partition(candidates.begin(), candidates.end(), acted_on);
    for (const auto& arn : candidates) {
      observed().alarm_topic = reading_.topic(arn, home_);
      if (!observed().alarm_topic) continue;
      settings().names.alarm_topic = last_part(arn, ':');
      const auto& tags = observed().alarm_topic->tags;
      if (const auto region = tags.find(std::string{function_region_tag}); region != tags.end()) {
        region_is_told_ = true;
        if (look_.function_region.empty()) settings().function_region = region->second;
      }
      observed().alarm_subscriptions = reading_.subscriptions(arn, home_);
      for (auto& subscription : observed().alarm_subscriptions)
        if (subscription.protocol == "lambda" && !subscription.pending)
          subscription.filter_policy = reading_.filter_policy(subscription.arn, home_);
      return;
    }
  }

  bool by_our_names(std::string_view function) const {
    return function == ours_.function || function == guides_.function;
  }

  // By the topic's subscriptions; else by name, where it was told or where functions usually are.
  void find_function() {
    for (const auto& subscription : observed().alarm_subscriptions)
      if (subscription.protocol == "lambda" &&
          by_our_names(last_part(subscription.endpoint, ':')) &&
          try_function(region_of(subscription.endpoint), last_part(subscription.endpoint, ':')))
        return;
    const auto denied = reading_.denials();
    for (const auto& name : {ours_.function, guides_.function})
      if (try_function(settings().function_region, name)) return;
    region_answers_ = reading_.denials() == denied;
    find_role();
    if (observed().role && look_.other_regions && settings().partition == "aws" && !region_is_told_)
      search_regions();
  }

  // A role whose function nobody has named: in which region it is, no resource tells. Where the
  // organisation closes a region, every call in it is denied, and there is no function there; only
  // if no region at all answers has nobody looked.
  void search_regions() {
    std::optional<client::Error> denial;
    bool answered = region_answers_;
    for (const auto region : default_regions()) {
      if (region == settings().function_region) continue;
      for (const auto& name : {ours_.function, guides_.function}) {
        if (reading_.fatal()) return;
        denial.reset();
        observed().function = reading_.search_function(name, region, denial);
        if (observed().function) return settle_function(std::string{region}, name);
        answered = answered || !denial;
      }
    }
    if (!answered && denial)
      reading_.note("function " + ours_.function + " in any region", *denial);
  }

  bool try_function(const std::string& region, const std::string& name) {
    if (region.empty() || observed().function) return false;
    observed().function = reading_.function(name, region);
    if (!observed().function) return false;
    settle_function(region, name);
    return true;
  }
  void settle_function(const std::string& region, const std::string& name) {
    settings().function_region = region;
    settings().names.function = name;
  }

  void look_at_function() {
    if (!observed().function) return;
    auto& function = *observed().function;
    settings().function =
        function.runtime.starts_with("python") ? FunctionKind::python : FunctionKind::native;
    reading_.invocation(function, settings().function_region);
    for (const auto& permission : function.permissions)
      if (permission.principal.starts_with("sns.") && observed().alarm_topic &&
          permission.source_arn == observed().alarm_topic->arn)
        settings().names.sns_statement = permission.statement_id;
  }

  void find_role() {
    if (observed().role) return;
    for (const auto& name : {ours_.role, guides_.role}) {
      observed().role = reading_.role(name);
      if (!observed().role) continue;
      settings().names.role = name;
      return;
    }
  }

  // The function's own, where it is by our names: one of another name is somebody else's.
  void look_at_role() {
    if (observed().role) return;
    const auto used =
        observed().function ? last_part(observed().function->role_arn, '/') : std::string{};
    if (used == guides_.role) std::swap(ours_.role, guides_.role);
    find_role();
  }

  void look_at_notify_topic() {
    const auto& region = settings().function_region;
    const auto arn = topic_arn(region, settings().names.notify_topic);
    observed().notify_topic = reading_.topic(arn, region);
    if (observed().notify_topic)
      observed().notify_subscriptions = reading_.subscriptions(arn, region);
  }

  void look_at_schedule() {
    observed().schedule = reading_.schedule(settings().names.rule, settings().function_region);
  }

  void look_at_log_groups() {
    const auto& region = settings().function_region;
    observed().audit_group = reading_.log_group(settings().names.audit_group, region);
    observed().function_group =
        reading_.log_group("/aws/lambda/" + settings().names.function, region);
  }

  void settle_settings() {
    auto& s = settings();
    s.record = record_of(observed());
    s.latch = s.record.latch.value_or(LatchKind::path);
    for (const auto* topic : {&observed().alarm_topic, &observed().notify_topic})
      if (*topic && parse_key_arn((*topic)->kms_key) &&
          std::find(s.kms_keys.begin(), s.kms_keys.end(), (*topic)->kms_key) == s.kms_keys.end())
        s.kms_keys.push_back((*topic)->kms_key);
    if (observed().role) {
      s.role_path = observed().role->path;
      s.permissions_boundary = observed().role->permissions_boundary;
    }
    settle_tags();
    if (observed().function)
      if (const auto name = observed().function->environment.find("SITELATCH_DNS_NAME");
          name != observed().function->environment.end())
        s.dns_name = name->second;
    if (!observed().notify_subscriptions.empty())
      s.notify_endpoint = observed().notify_subscriptions.front().endpoint;
  }

  // What deploy was told of tags and holes stands on the topics.
  void settle_tags() {
    auto& s = settings();
    if (observed().notify_topic) {
      const auto& tags = observed().notify_topic->tags;
      if (const auto holes = tags.find(std::string{tag::accepted_holes}); holes != tags.end())
        s.accepted_holes = read_holes(holes->second);
    }
    if (!observed().alarm_topic) return;
    const auto& tags = observed().alarm_topic->tags;
    const auto keys = tags.find(std::string{tag::tag_keys});
    if (keys == tags.end()) return;
    for (const auto key : split(keys->second, ' '))
      if (const auto found = tags.find(std::string{key}); found != tags.end())
        s.extra_tags.insert(*found);
  }

  void look_at_records() {
    auto records =
        look_.all_records ? look_.all_records->using_check(id()) : read_records(aws_, id());
    if (!records) return reading_.note("the hosted zones' records", records.error());
    snapshot_.records = std::move(*records);
  }

  void look_at_deliveries() {
    if (observed().function || observed().alarm_topic)
      observed().deliveries =
          reading_.deliveries({settings().names, settings().function_region, home_}, snapshot_.now);
  }

  // An alarm that became OK before the first datapoint keeps that reason for good: then the metric
  // itself is asked.
  void judge_alarm_data() {
    auto& alarm = observed().alarm;
    if (!alarm || alarm->snapshot.from_data || alarm->snapshot.state != AlarmState::ok) return;
    alarm->snapshot.from_data = healthy_data(observed().status_minutes, snapshot_.now);
  }

  // Which of the guard's resources what may not be seen speaks of.
  void note_unseen() {
    for (const auto& blind : snapshot_.blind) {
      if (blind.why.operation == "GetHealthCheck")
        observed().check_unseen = describe(blind);
      else
        for (const auto resource : resources_of(blind))
          observed().unseen.emplace(resource, describe(blind));
    }
    // A second name was tried after one that was denied, and has it.
    const auto seen = [this](Resource resource, bool there) {
      if (there) observed().unseen.erase(resource);
    };
    seen(Resource::alarm_topic, observed().alarm_topic.has_value());
    seen(Resource::function, observed().function.has_value());
    seen(Resource::role, observed().role.has_value());
  }
  std::vector<Resource> resources_of(const ReadFailure& blind) const {
    const auto& operation = blind.why.operation;
    const bool notify = blind.what.find(snapshot_.settings.names.notify_topic) != std::string::npos;
    if (operation == "DescribeAlarms") return {Resource::alarm};
    if (operation == "GetTopicAttributes")
      return {notify ? Resource::notify_topic : Resource::alarm_topic};
    if (operation == "ListTagsForResource" && blind.why.service == "sns" && notify)
      return {Resource::notify_topic};  // its tags are the record
    if (operation == "ListSubscriptionsByTopic")
      return {notify ? Resource::notify_subscription : Resource::subscription};
    if (operation == "GetSubscriptionAttributes") return {Resource::subscription};
    if (operation == "GetFunction") return {Resource::function};
    if (operation == "GetPolicy" && blind.why.service == "lambda")
      return {Resource::sns_permission, Resource::events_permission};
    if (operation == "GetFunctionEventInvokeConfig") return {Resource::failure_destination};
    if (operation == "GetRole") return {Resource::role};
    if (operation == "ListRolePolicies" || operation == "GetRolePolicy" ||
        operation == "ListAttachedRolePolicies")
      return {Resource::role_policy};
    if (operation == "DescribeRule") return {Resource::schedule};
    if (operation == "ListTargetsByRule") return {Resource::schedule_target};
    if (operation == "DescribeLogGroups")
      return {blind.what.find(snapshot_.settings.names.audit_group) != std::string::npos
                  ? Resource::audit_group
                  : Resource::function_group};
    return {};
  }

  Reading reading_;
  client::Aws& aws_;
  const Query& look_;
  Snapshot snapshot_;
  Names ours_, guides_;
  std::string home_;
  bool region_is_told_ = false;  // by a tag of the alarm's topic
  bool region_answers_ = false;  // functions may be looked for in the region of the settings
};

}  // namespace

client::Outcome<Snapshot> observe(client::Aws& aws, const Query& look, Instant now) {
  return Observer(aws, look, now).run();
}

client::Outcome<Done> refresh(client::Aws& aws, Snapshot& snapshot) {
  const auto& id = snapshot.settings.health_check_id;
  const auto check = read_check(aws, id);
  if (!check) return failure(check.error());
  if (!*check) {
    snapshot.observed.check.reset();
    return Done{};
  }
  snapshot.clock_offset = aws.clock_offset();
  snapshot.observed.check = (*check)->check;
  snapshot.check_config = (*check)->config;
  snapshot.linked_service = (*check)->linked_service;
  const std::string home{control_region(snapshot.settings.partition)};
  Reading reading(aws);
  auto health = reading.health((*check)->check, home, snapshot.now, Reading::Probes::if_needed);
  if (reading.fatal()) return failure(*reading.fatal());
  if (!reading.blind().empty()) return failure(reading.blind().front().why);
  auto& observed = snapshot.observed;
  observed.healthy = health.healthy;
  observed.status_minutes = std::move(health.minutes);
  observed.probes_fail = probes_fail((*check)->check, health.checkers);
  if (!health.checkers.empty()) snapshot.checkers = std::move(health.checkers);
  snapshot.now = std::max(snapshot.now, health.now);
  auto alarm = read_alarm(aws, home, snapshot.settings.names.alarm);
  if (!alarm) return failure(alarm.error());
  if (*alarm && observed.alarm) {
    (*alarm)->tags = observed.alarm->tags;
    (*alarm)->mutes = observed.alarm->mutes;
    (*alarm)->mutes_unseen = observed.alarm->mutes_unseen;
  }
  observed.alarm = std::move(*alarm);
  if (observed.alarm && observed.alarm->snapshot.state == AlarmState::ok &&
      !observed.alarm->snapshot.from_data)
    observed.alarm->snapshot.from_data = healthy_data(observed.status_minutes, snapshot.now);
  return Done{};
}

client::Outcome<std::optional<bool>> read_verdict(client::Aws& aws, const Check& check,
                                                  std::string_view partition, Instant now) {
  Reading reading(aws);
  const auto health =
      reading.health(check, control_region(partition), now, Reading::Probes::if_needed);
  if (reading.fatal()) return failure(*reading.fatal());
  if (!reading.blind().empty()) return failure(reading.blind().front().why);
  return health.healthy;
}

std::string primary_name(const RecordsSnapshot& records) {
  for (const auto& user : records.users)
    if (user.failover == "PRIMARY")
      return user.name.ends_with('.') ? user.name.substr(0, user.name.size() - 1) : user.name;
  return {};
}

const ReadFailure* first_silence(const std::vector<ReadFailure>& blind) {
  const auto found = std::find_if(blind.begin(), blind.end(),
                                  [](const ReadFailure& one) { return is_silence(one.why); });
  return found == blind.end() ? nullptr : &*found;
}

std::string describe(const ReadFailure& blind) {
  return "cannot see " + blind.what + ": " + client::explain(blind.why);
}

client::Outcome<std::optional<ObservedAlarm>> read_alarm(client::Aws& aws, std::string_view region,
                                                         std::string_view name) {
  const auto reply = aws.call("cloudwatch", "DescribeAlarms",
                              Value::structure({{"AlarmNames", Value::list({name})}}), region);
  if (!reply) return failure(reply.error());
  const auto& alarms = (*reply)["MetricAlarms"].items();
  if (alarms.empty()) return std::optional<ObservedAlarm>{};
  return std::optional{alarm_from(alarms.front())};
}

client::Outcome<std::vector<std::string>> guarded_checks(client::Aws& aws) {
  const auto caller = read_caller(aws);
  if (!caller) return failure(caller.error());
  const auto alarms = aws.call_all("cloudwatch", "DescribeAlarms", Value::structure(),
                                   control_region(caller->partition));
  if (!alarms) return failure(alarms.error());
  std::vector<std::string> ids;
  for (const auto& wire : (*alarms)["MetricAlarms"].items()) {
    const auto alarm = alarm_from(wire);
    if (alarm.metric != "HealthCheckStatus" || alarm.dimensions.empty()) continue;
    const auto& id = alarm.dimensions.front().second;
    const bool ours = alarm.name == default_names(id).alarm || alarm.name == guide_names(id).alarm;
    if (ours && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  const auto topics =
      aws.call_all("sns", "ListTopics", Value::structure(), control_region(caller->partition));
  if (!topics) return failure(topics.error());
  constexpr std::string_view prefix = "sitelatch-";
  for (const auto& topic : (*topics)["Topics"].items()) {
    const auto name = last_part(topic["TopicArn"].string_or(""), ':');
    if (!name.starts_with(prefix) || name.ends_with("-notify")) continue;
    const auto id = name.substr(prefix.size());
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

}  // namespace sitelatch::guard
