// SPDX-License-Identifier: Apache-2.0
#include "guard/calibrate/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "guard/apply/python_function.h"
#include "guard/apply/wire_forms.h"
#include "guard/rules/json.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

Value metric_query(std::string_view id, std::string_view statistic, const std::string& check) {
  return Value::structure(
      {{"Id", id},
       {"MetricStat",
        Value::structure(
            {{"Metric", Value::structure({{"Namespace", AlarmPlan::metric_namespace},
                                          {"MetricName", AlarmPlan::metric},
                                          {"Dimensions", Value::list({Value::structure(
                                                             {{"Name", AlarmPlan::dimension},
                                                              {"Value", check}})})}})},
             {"Period", AlarmPlan::period_s},
             {"Stat", statistic}})}});
}

Texts scratch_tags(const std::string& run) { return {{"sitelatch:calibrate", run}}; }

std::string may_publish(const std::vector<std::string>& topics) {
  std::vector<Right> rights{{"Log", {"logs:CreateLogStream", "logs:PutLogEvents"}, {"*"}, ""}};
  if (!topics.empty()) rights.push_back({"Tell", {"sns:Publish"}, topics, ""});
  return policy_document(rights);
}

constexpr std::string_view lambda_may_assume =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
    R"("Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";

}  // namespace

Bench::Bench(Context& context, const CalibrationPlan& plan, const CalibrationOptions& options)
    : context_(context),
      plan_(plan),
      options_(options),
      home_(control_region(plan.caller.partition)) {}

client::Aws& Bench::another() {
  if (!another_ && options_.another_client) another_ = options_.another_client();
  return another_ ? *another_ : context_.aws;
}

Instant Bench::now() {
  const auto ours = Instant{context_.clock.now().time_since_epoch()} + context_.aws.clock_offset();
  newest_ = std::max(newest_, ours);
  return newest_;
}

std::string Bench::name(std::string_view what) const {
  return fmt::format("{}{}-{}", calibration_prefix, plan_.run, what);
}

Result<Value, Error> Bench::ask(const Call& call, Value input) {
  auto reply = context_.aws.call(call.service, call.operation, std::move(input), call.region);
  if (!reply) return failure(error_of(reply.error(), call.doing));
  return std::move(*reply);
}

Result<std::string, Error> Bench::make_check(std::string_view what) {
  auto config = plan_.site_config;
  config.set("Disabled", false);
  config.set("Inverted", false);
  return make_check(what, std::move(config));
}

Result<std::string, Error> Bench::make_check(std::string_view what, Value config) {
  const auto reference = name(what);
  made_.push_back({Scratch::Kind::check, "", "", reference});
  const auto place = made_.size() - 1;
  const auto made =
      ask({"route53", "CreateHealthCheck", {}, "make a scratch health check"},
          Value::structure({{"CallerReference", reference}, {"HealthCheckConfig", config}}));
  if (!made) return failure(made.error());
  auto id = (*made)["HealthCheck"]["Id"].string_or("");
  made_[place].name = id;
  // For people who look at the console; nothing depends on it.
  (void)context_.aws.call(
      "route53", "ChangeTagsForResource",
      Value::structure({{"ResourceType", "healthcheck"},
                        {"ResourceId", id},
                        {"AddTags", tag_list({{"Name", "sitelatch calibrate, removed at its end"},
                                              {"sitelatch:calibrate", plan_.run}})}}));
  return id;
}

Step Bench::change_check(const std::string& id, Value members) {
  members.set("HealthCheckId", id);
  const auto changed =
      ask({"route53", "UpdateHealthCheck", {}, "change a scratch health check"}, members);
  if (!changed) return failure(changed.error());
  return Done{};
}

int Bench::own_port() const {
  const auto& config = plan_.site_config;
  return static_cast<int>(
      config["Port"].integer_or(config["Type"].string_or("").starts_with("HTTPS") ? 443 : 80));
}

Result<std::string, Error> Bench::make_alarm(std::string_view what, const std::string& check_id) {
  auto alarm = name(what);
  note({Scratch::Kind::alarm, alarm, home_});
  const auto made = ask(
      {"cloudwatch", "PutMetricAlarm", home_, "make a scratch alarm"},
      Value::structure(
          {{"AlarmName", alarm},
           {"AlarmDescription", "sitelatch calibrate, removed at its end"},
           {"ActionsEnabled", false},
           {"Namespace", AlarmPlan::metric_namespace},
           {"MetricName", AlarmPlan::metric},
           {"Dimensions",
            Value::list({Value::structure({{"Name", AlarmPlan::dimension}, {"Value", check_id}})})},
           {"Statistic", AlarmPlan::statistic},
           {"ComparisonOperator", AlarmPlan::comparison},
           {"Threshold", AlarmPlan::threshold},
           {"TreatMissingData", AlarmPlan::missing_data},
           {"Period", AlarmPlan::period_s},
           {"EvaluationPeriods", AlarmPlan::evaluation_periods},
           {"Tags", tag_list(scratch_tags(plan_.run))}}));
  if (!made) return failure(made.error());
  return alarm;
}

Result<std::string, Error> Bench::make_topic(std::string_view what, const std::string& region) {
  // A topic called sitelatch-ID would read as a guard's; one that ends so does not (observe.cc).
  const auto topic = name(what) + "-notify";
  auto arn = fmt::format("arn:{}:sns:{}:{}:{}", plan_.caller.partition, region,
                         plan_.caller.account, topic);
  note({Scratch::Kind::topic, arn, region});
  const auto made =
      ask({"sns", "CreateTopic", region, "make a scratch topic"},
          Value::structure({{"Name", topic}, {"Tags", tag_list(scratch_tags(plan_.run))}}));
  if (!made) return failure(made.error());
  return arn;
}

Result<std::string, Error> Bench::make_role(std::string_view what,
                                            const std::vector<std::string>& topics) {
  const auto role = name(what);
  note({Scratch::Kind::role, role, ""});
  const auto made = ask({"iam", "CreateRole", {}, "make a scratch role"},
                        Value::structure({{"RoleName", role},
                                          {"AssumeRolePolicyDocument", lambda_may_assume},
                                          {"Description", "sitelatch calibrate"},
                                          {"Tags", tag_list(scratch_tags(plan_.run))}}));
  if (!made) return failure(made.error());
  const auto put = ask({"iam", "PutRolePolicy", {}, "write the policy of a scratch role"},
                       Value::structure({{"RoleName", role},
                                         {"PolicyName", "sitelatch-calibrate"},
                                         {"PolicyDocument", may_publish(topics)}}));
  if (!put) return failure(put.error());
  return (*made)["Role"]["Arn"].string_or("");
}

client::Outcome<Value> Bench::try_to_make_function(std::string_view what, const std::string& role,
                                                   const std::string& region,
                                                   const Program& program) {
  const Scratch scratch{Scratch::Kind::function, name(what), region};
  if (std::find(made_.begin(), made_.end(), scratch) == made_.end()) {
    note(scratch);
    note({Scratch::Kind::log_group, "/aws/lambda/" + scratch.name, region});
  }
  const bool native = program.python.empty();
  auto input = Value::structure(
      {{"FunctionName", scratch.name},
       {"Description", "sitelatch calibrate, removed at its end"},
       {"Runtime", native ? "provided.al2023" : "python3.11"},
       {"Handler", native ? "bootstrap" : "lambda.handler"},
       {"Role", role},
       {"Timeout", program.timeout_s},
       {"Code", Value::structure({{"ZipFile", native ? options_.codes.native.zip
                                                     : python_zip(program.python)}})},
       {"Tags", text_map(scratch_tags(plan_.run))}});
  if (const auto& architecture = options_.codes.native.architecture;
      native && !architecture.empty())
    input.set("Architectures", Value::list({architecture}));
  return context_.aws.call("lambda", "CreateFunction", input, region);
}

Result<Plan, Error> Bench::make_guard(const std::string& check_id) {
  note({Scratch::Kind::guard, check_id, ""});
  guard::DeployOptions request;
  request.health_check_id = check_id;
  request.function = FunctionKind::native;
  request.reserve_concurrency = false;
  Deployment deployment({context_, std::chrono::minutes{10}}, request, options_.codes);
  auto plan = deployment.plan_resources();
  if (!plan) return failure(plan.error());
  const auto built = deployment.build(*plan);
  if (!built) return failure(built.error());
  return std::move(plan->plan);
}

Result<std::vector<CheckerSnapshot>, Error> Bench::checkers(const std::string& id) {
  auto reports = read_checkers(context_.aws, id);
  if (!reports) return failure(error_of(reports.error(), "read what the checkers say"));
  for (const auto& report : *reports)
    if (report.at) told(*report.at);
  return std::move(*reports);
}

Result<std::optional<bool>, Error> Bench::healthy(const std::string& id) {
  const auto reports = checkers(id);
  if (!reports) return failure(reports.error());
  return healthy_by(Check{}, *reports);
}

Result<std::vector<Bench::Minute>, Error> Bench::minutes(const std::string& id,
                                                         const std::string& region, Instant from) {
  const auto reply =
      ask({"cloudwatch", "GetMetricData", region, "read HealthCheckStatus"},
          Value::structure(
              {{"MetricDataQueries", Value::list({metric_query("lowest", "Minimum", id),
                                                  metric_query("highest", "Maximum", id),
                                                  metric_query("samples", "SampleCount", id)})},
               {"StartTime", from},
               {"EndTime", now() + std::chrono::minutes{1}}}));
  if (!reply) return failure(reply.error());
  std::map<Instant, Minute> found;
  for (const auto& result : (*reply)["MetricDataResults"].items()) {
    const auto query = result["Id"].string_or("");
    const auto& times = result["Timestamps"].items();
    const auto& values = result["Values"].items();
    for (std::size_t i = 0; i < std::min(times.size(), values.size()); ++i) {
      if (!times[i].is_timestamp()) continue;
      auto& minute = found[times[i].timestamp()];
      minute.begins = times[i].timestamp();
      (query == "lowest"    ? minute.lowest
       : query == "highest" ? minute.highest
                            : minute.samples) = values[i].number_or(0);
    }
  }
  std::vector<Minute> out;
  for (const auto& [begins, minute] : found) out.push_back(minute);
  return out;
}

std::vector<std::string> Bench::remove_everything() {
  return remove_all(context_, {made_.rbegin(), made_.rend()});
}

}  // namespace sitelatch::guard
