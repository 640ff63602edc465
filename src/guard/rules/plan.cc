// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/plan.h"

#include <algorithm>

#include "base/text.h"
#include "guard/rules/json.h"
#include "guard/rules/kms.h"

namespace sitelatch::guard {
namespace {
bool all_of(std::string_view text, bool (*allowed)(char)) {
  return std::all_of(text.begin(), text.end(), allowed);
}

bool valid_account(std::string_view account) {
  return account.size() == 12 && all_of(account, [](char c) { return c >= '0' && c <= '9'; });
}
bool valid_region(std::string_view region) {
  return !region.empty() && region.size() <= 32 && all_of(region, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}
// What pagers and chats show that take CloudWatch's own message (docs/notices.md).
std::string alarm_description(const Settings& s) {
  return "Sitelatch: Route 53 finds Primary of " +
         (s.dns_name.empty() ? "health check " + s.health_check_id : s.dns_name) +
         " unhealthy. DNS names Backup, and the function latches Primary out of it. Who serves: "
         "sitelatch status " +
         s.health_check_id +
         ". Backup serves until a person switches back: sitelatch switch-back " +
         s.health_check_id + " --reason \"...\"";
}

std::string arn(const Settings& s, std::string_view service, std::string_view region,
                std::string_view rest) {
  return "arn:" + s.partition + ":" + std::string{service} + ":" + std::string{region} + ":" +
         s.account + ":" + std::string{rest};
}

void fill(std::string& name, const std::string& with) {
  if (name.empty()) name = with;
}
Names filled(Names names, std::string_view id) {
  const auto usual = default_names(id);
  fill(names.alarm, usual.alarm);
  fill(names.alarm_topic, usual.alarm_topic);
  fill(names.notify_topic, usual.notify_topic);
  fill(names.function, usual.function);
  fill(names.role, usual.role);
  fill(names.role_policy, usual.role_policy);
  fill(names.rule, usual.rule);
  fill(names.audit_group, usual.audit_group);
  fill(names.sns_statement, usual.sns_statement);
  fill(names.events_statement, usual.events_statement);
  return names;
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const auto& text : texts) quoted.push_back(json_text(text));
  return json_array(quoted);
}

std::string trust_document() {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
         R"("Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
}

Result<Done> check_settings(const Settings& s) {
  if (!valid_health_check_id(s.health_check_id))
    return failure(Problem{"'" + s.health_check_id + "' is not the id of a health check"});
  if (!valid_account(s.account))
    return failure(Problem{"'" + s.account + "' is not an account id"});
  if (!valid_region(s.function_region))
    return failure(Problem{"'" + s.function_region + "' is not a region"});
  if (s.record.original_path && is_latch_path(*s.record.original_path))
    return failure(Problem{"the path " + *s.record.original_path +
                           " means 'latched'; it cannot be what a release restores"});
  if (!s.notify_endpoint.empty() && !subscription_protocol(s.notify_endpoint))
    return failure(
        Problem{"'" + s.notify_endpoint +
                "' is neither a mail address, nor a URL, nor the ARN of a queue or function"});
  return Done{};
}

void plan_topics(Plan& plan, const Texts& tags) {
  const auto& s = plan.settings;
  const auto home = std::string{control_region(s.partition)};
  // Where the function is: its on-failure destination must be in its region.
  plan.notify_topic = {s.names.notify_topic,
                       arn(s, "sns", s.function_region, s.names.notify_topic),
                       s.function_region,
                       key_in(s.kms_keys, s.function_region),
                       "",
                       tags};
  for (const auto& [key, value] : record_tags(s.record)) plan.notify_topic.tags[key] = value;
  if (!s.accepted_holes.empty())
    plan.notify_topic.tags[std::string{tag::accepted_holes}] = holes_text(s.accepted_holes);
  plan.alarm_topic = {s.names.alarm_topic,
                      arn(s, "sns", home, s.names.alarm_topic),
                      home,
                      key_in(s.kms_keys, home),
                      "",
                      tags};
  if (!s.extra_tags.empty()) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : s.extra_tags) keys.push_back(key);
    plan.alarm_topic.tags[std::string{tag::tag_keys}] = join(keys, " ");
  }
  plan.alarm = {s.names.alarm,
                arn(s, "cloudwatch", home, "alarm:" + s.names.alarm),
                home,
                alarm_description(s),
                plan.alarm_topic.arn,
                s.health_check_id,
                tags};
  plan.alarm_topic.policy = only_alarms_may_publish("AlarmMayPublish", plan.alarm_topic.arn,
                                                    {plan.alarm.arn}, plan.settings.account);
  if (const auto protocol = subscription_protocol(s.notify_endpoint))
    plan.notify_subscription = {plan.notify_topic.arn, s.function_region, *protocol,
                                s.notify_endpoint};
}

LogGroupPlan log_group(const Settings& s, const std::string& name, int days, const Texts& tags) {
  return {name, arn(s, "logs", s.function_region, "log-group:" + name), s.function_region, days,
          tags};
}

void plan_function(Plan& plan, const Texts& tags) {
  const auto& s = plan.settings;
  const bool native = s.function == FunctionKind::native;
  plan.audit_group = log_group(s, s.names.audit_group, audit_retention_days, tags);
  plan.function_group = log_group(s, "/aws/lambda/" + s.names.function, s.log_retention_days, tags);
  plan.role = {s.names.role,
               arn(s, "iam", "", "role" + s.role_path + s.names.role),
               s.role_path,
               trust_document(),
               s.permissions_boundary,
               s.names.role_policy,
               "",
               {},
               tags};

  auto& f = plan.function;
  f.name = s.names.function;
  f.arn = arn(s, "lambda", s.function_region, "function:" + f.name);
  f.region = s.function_region;
  f.kind = s.function;
  f.runtime = native ? "provided.al2023" : "python3.11";
  f.handler = native ? "bootstrap" : "lambda.handler";
  f.role_arn = plan.role.arn;
  f.sha256 = native ? s.function_sha256 : "";
  f.architecture = native ? s.function_architecture : "";
  f.tags = tags;
  f.failure_destination = plan.notify_topic.arn;
  plan.sns_permission = {s.names.sns_statement, "sns.amazonaws.com", plan.alarm_topic.arn, ""};

  plan.schedule = {s.names.rule,
                   arn(s, "events", s.function_region, "rule/" + s.names.rule),
                   s.function_region,
                   "rate(1 minute)",
                   "function",
                   f.arn,
                   tags};
  plan.events_permission = {s.names.events_statement, "events.amazonaws.com", plan.schedule.arn,
                            ""};
  plan.has_schedule = native;
  plan.function_subscription = {plan.alarm_topic.arn, plan.alarm_topic.region, "lambda", f.arn};
  // The guide's Python reads none of it, but the record lives here whatever the function is.
  f.environment = function_environment(
      {s.health_check_id, plan.alarm.arn, plan.alarm_topic.arn, plan.notify_topic.arn,
       native ? plan.schedule.arn : "", plan.audit_group.name, s.dns_name},
      s.record);
  if (native) f.environment.insert(s.endpoint_variables.begin(), s.endpoint_variables.end());
}
}  // namespace

std::string_view to_string(FunctionKind kind) {
  return kind == FunctionKind::native ? "native" : "python";
}

std::optional<FunctionKind> function_kind(std::string_view text) {
  if (text == "native") return FunctionKind::native;
  if (text == "python") return FunctionKind::python;
  return std::nullopt;
}

bool valid_health_check_id(std::string_view id) {
  return !id.empty() && id.size() <= 48 && all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Names default_names(std::string_view id) {
  const auto name = "sitelatch-" + std::string{id};
  return {name,
          name,
          name + "-notify",
          name,
          name,
          "sitelatch-guard",
          name,
          "/sitelatch/" + std::string{id}};
}

std::string only_alarms_may_publish(std::string_view sid, const std::string& topic_arn,
                                    const std::vector<std::string>& alarm_arns,
                                    const std::string& account) {
  std::vector<std::string> quoted;
  for (const auto& arn : alarm_arns) quoted.push_back(json_text(arn));
  // One is no list: as deploy has always put it, so that what stands is no drift.
  const auto sources = quoted.size() == 1 ? quoted.front() : json_array(quoted);
  const auto condition =
      JsonObject{}
          .raw("ArnEquals", JsonObject{}.raw("aws:SourceArn", sources).text())
          .raw("StringEquals", JsonObject{}.add("aws:SourceAccount", account).text())
          .text();
  const auto statement = JsonObject{}
                             .add("Sid", sid)
                             .add("Effect", "Allow")
                             .raw("Principal", R"({"Service":"cloudwatch.amazonaws.com"})")
                             .add("Action", "sns:Publish")
                             .add("Resource", topic_arn)
                             .raw("Condition", condition)
                             .text();
  return JsonObject{}
      .add("Version", "2012-10-17")
      .add("Id", "sitelatch")
      .raw("Statement", json_array({statement}))
      .text();
}

Names guide_names(std::string_view id) {
  auto names = default_names(id);
  names.alarm = names.alarm_topic = names.function = names.role = std::string{id};
  names.sns_statement = "function-with-sns";
  return names;
}

std::optional<std::string> subscription_protocol(std::string_view endpoint) {
  if (endpoint.starts_with("https://") && endpoint.size() > 8) return "https";
  if (endpoint.starts_with("http://") && endpoint.size() > 7) return "http";
  if (endpoint.starts_with("arn:") && endpoint.find(":lambda:") != endpoint.npos) return "lambda";
  if (endpoint.starts_with("arn:") && endpoint.find(":sqs:") != endpoint.npos) return "sqs";
  const auto at = endpoint.find('@');
  if (at != endpoint.npos && at > 0 && at + 1 < endpoint.size() &&
      endpoint.find(' ') == endpoint.npos)
    return "email";
  return std::nullopt;
}

Result<Plan> make_plan(Settings settings) {
  const auto checked = check_settings(settings);
  if (!checked) return failure(checked.error());
  Plan plan;
  settings.names = filled(std::move(settings.names), settings.health_check_id);
  settings.record.latch = settings.latch;
  plan.settings = std::move(settings);
  const auto& s = plan.settings;
  plan.health_check_arn = "arn:" + s.partition + ":route53:::healthcheck/" + s.health_check_id;
  auto tags = s.extra_tags;
  tags[std::string{tag::guard}] = tags[std::string{tag::health_check}] = s.health_check_id;
  plan_topics(plan, tags);
  plan_function(plan, tags);
  plan.role.policy = policy_document(function_rights(plan));
  return plan;
}

Result<Done> check_role_wishes(std::string_view path, std::string_view boundary) {
  const bool path_fits = path.size() <= 512 && path.starts_with('/') && path.ends_with('/') &&
                         all_of(path, [](char c) { return c > ' ' && c <= '~'; });
  if (!path.empty() && !path_fits)
    return problem("'" + std::string{path} +
                   "' is not the path of a role: it begins and ends with a slash (/guards/)");
  const auto parts = split(boundary, ':');
  const bool is_policy = parts.size() == 6 && parts[0] == "arn" && parts[2] == "iam" &&
                         parts[5].starts_with("policy/");
  if (!boundary.empty() && !is_policy)
    return problem("'" + std::string{boundary} +
                   "' is not the ARN of a policy (arn:aws:iam::ACCOUNT:policy/NAME)");
  return Done{};
}

Result<Done> check_extra_tags(const Texts& tags) {
  constexpr std::size_t most_tags = 40;  // of 50, less the guard's own
  if (tags.size() > most_tags)
    return problem("a resource takes 50 tags, some of which are the guard's: at most " +
                   std::to_string(most_tags) + " more");
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"_.:/=+-@"}.find(c) != std::string_view::npos;
  };
  std::size_t keys = 0;
  for (const auto& [key, value] : tags) {
    keys += key.size() + 1;
    const auto small = lower(key);
    if (key.empty() || key.size() > 128 || !std::all_of(key.begin(), key.end(), plain))
      return problem("'" + key +
                     "' is not the key of a tag that every service of the guard takes: letters, "
                     "digits and _.:/=+-@, at most 128");
    if (small.starts_with("aws:") || small.starts_with("sitelatch:") ||
        small == lower(tag::health_check))
      return problem("the tag " + key + " is not free to choose: AWS's own begin with aws:, the " +
                     "guard's with sitelatch:");
    if (value.size() > 256 ||
        !std::all_of(value.begin(), value.end(), [&](char c) { return c == ' ' || plain(c); }))
      return problem("'" + value +
                     "' is not the value of a tag that every service of the guard takes: letters, "
                     "digits, blanks and _.:/=+-@, at most 256");
  }
  if (keys > 256) return problem("the keys of the tags are too long together: at most 256");
  return Done{};
}

Texts function_environment(const Arrangement& a, const Record& record) {
  auto texts = record_environment(record);
  texts["SITELATCH_HEALTH_CHECK_ID"] = a.health_check_id;
  texts["SITELATCH_ALARM_ARN"] = a.alarm_arn;
  texts["SITELATCH_ALARM_TOPIC_ARN"] = a.alarm_topic_arn;
  texts["SITELATCH_NOTIFY_TOPIC_ARN"] = a.notify_topic_arn;
  if (!a.rule_arn.empty()) texts["SITELATCH_RULE_ARN"] = a.rule_arn;
  if (!a.audit_group.empty()) texts["SITELATCH_AUDIT_GROUP"] = a.audit_group;
  if (!a.dns_name.empty()) texts["SITELATCH_DNS_NAME"] = a.dns_name;
  return texts;
}

std::vector<Right> function_rights(const Plan& plan) {
  const auto& topic = plan.notify_topic.arn;
  const bool native = plan.settings.function == FunctionKind::native;
  std::vector<Right> rights;
  if (native)
    rights.push_back({"ReadCheck", {"route53:GetHealthCheck"}, {plan.health_check_arn}, ""});
  rights.push_back({"LatchCheck", {"route53:UpdateHealthCheck"}, {plan.health_check_arn}, ""});
  if (native) {
    std::vector<std::string> keys;
    for (const auto key : function_tag_keys()) keys.emplace_back(key);
    const auto only_its_own = JsonObject{}
                                  .raw("ForAllValues:StringEquals",
                                       JsonObject{}.raw("aws:TagKeys", quoted_list(keys)).text())
                                  .text();
    rights.push_back({"ReadAlarm", {"cloudwatch:DescribeAlarms"}, {plan.alarm.arn}, ""});
    // CloudWatch knows no narrower resource for it (fact guard-18).
    rights.push_back({"ReadStatus", {"cloudwatch:GetMetricStatistics"}, {"*"}, ""});
    rights.push_back({"ReadRecord", {"sns:ListTagsForResource"}, {topic}, ""});
    rights.push_back({"WriteRecord", {"sns:TagResource"}, {topic}, only_its_own});
  }
  rights.push_back({"Tell",
                    {"sns:Publish"},
                    {topic},
                    ""});  // the function's word, and its on-failure destination
  rights.push_back(
      {"Log", {"logs:CreateLogStream", "logs:PutLogEvents"}, {plan.function_group.arn + ":*"}, ""});
  if (native)
    rights.push_back({"Audit",
                      {"logs:CreateLogStream", "logs:PutLogEvents"},
                      {plan.audit_group.arn + ":*"},
                      ""});
  if (!plan.notify_topic.kms_key.empty())
    rights.push_back(
        {"UseKey", {"kms:GenerateDataKey", "kms:Decrypt"}, {plan.notify_topic.kms_key}, ""});
  return rights;
}

}  // namespace sitelatch::guard
