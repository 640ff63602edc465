// SPDX-License-Identifier: Apache-2.0
#include "guard/calibrate/scratch.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/destroy.h"

namespace sitelatch::guard {
namespace {

using aws::Value;
using Kind = Scratch::Kind;

constexpr int removal_tries = 3;
constexpr auto between_removals = std::chrono::seconds{5};

Step gone(client::Aws& aws, std::string_view service, std::string_view operation, Value input,
          const Scratch& scratch) {
  const auto reply = aws.call(service, operation, std::move(input), scratch.region);
  if (!reply && !client::is_absent(reply.error()))
    return failure(error_of(reply.error(), "remove " + describe(scratch)));
  return Done{};
}

Step remove_role(client::Aws& aws, const Scratch& role) {
  const auto named = Value::structure({{"RoleName", role.name}});
  const auto policies = aws.call_all("iam", "ListRolePolicies", named);
  if (!policies) {
    if (client::is_absent(policies.error())) return Done{};
    return failure(error_of(policies.error(), "remove " + describe(role)));
  }
  for (const auto& policy : (*policies)["PolicyNames"].strings()) {
    auto input = named;
    input.set("PolicyName", policy);
    if (const auto removed = gone(aws, "iam", "DeleteRolePolicy", input, role); !removed)
      return removed;
  }
  return gone(aws, "iam", "DeleteRole", named, role);
}

// Of a check whose answer got lost only its reference is known.
Step remove_check(client::Aws& aws, const Scratch& check) {
  std::vector<std::string> ids;
  if (!check.name.empty()) {
    ids.push_back(check.name);
  } else {
    const auto all = aws.call_all("route53", "ListHealthChecks");
    if (!all) return failure(error_of(all.error(), "find " + describe(check)));
    for (const auto& wire : (*all)["HealthChecks"].items())
      if (wire["CallerReference"].string_or("") == check.reference)
        ids.push_back(wire["Id"].string_or(""));
  }
  for (const auto& id : ids) {
    const auto removed =
        gone(aws, "route53", "DeleteHealthCheck", Value::structure({{"HealthCheckId", id}}), check);
    if (!removed) return removed;
  }
  return Done{};
}

// Its check is deleted next, so a latch on it needs no releasing.
Step remove_guard(Context& context, const Scratch& guard) {
  const auto plan = plan_removal(context, {guard.name, Latch::keep, true});
  if (!plan) return failure(plan.error());
  return carry_out(context, *plan);
}

// Nothing: it is gone.
std::optional<std::string> remove_patiently(Context& context, const Scratch& scratch) {
  std::string why;
  for (int attempt = 1; attempt <= removal_tries; ++attempt) {
    if (attempt > 1) context.clock.sleep(between_removals);
    const auto removed = remove(context, scratch);
    if (removed) return std::nullopt;
    why = removed.error().text;
    if (removed.error().kind == Error::Kind::refused) break;
  }
  return why;
}

class Search {
 public:
  explicit Search(client::Aws& aws) : aws_(aws) {}

  void everywhere(const std::string& home, const std::vector<std::string>& regions) {
    checks();
    alarms(home);
    for (const auto& region : regions) in(region, region != home);
    roles();
    std::stable_sort(out_.found.begin(), out_.found.end(), [](const auto& a, const auto& b) {
      return static_cast<int>(a.kind) < static_cast<int>(b.kind);
    });
  }
  Remains take() { return std::move(out_); }
  const std::optional<client::Error>& fatal() const { return fatal_; }

 private:
  // Each item of a list, or a note of why it cannot be seen. A region that an organisation denies
  // holds nothing of ours.
  template <class Visit>
  void each(std::string_view service, std::string_view operation, Value input,
            const std::string& region, std::string_view list, bool may_be_denied,
            const Visit& visit) {
    if (fatal_) return;
    const auto reply = aws_.call_all(service, operation, std::move(input), region);
    if (!reply) {
      if (!client::is_denied(reply.error())) {
        fatal_ = reply.error();
      } else if (!may_be_denied) {
        out_.blind.push_back(
            client::explain(reply.error(), "look for what an earlier calibration left"));
      }
      return;
    }
    for (const auto& item : (*reply)[list].items()) visit(item);
  }
  void add(Kind kind, const std::string& name, const std::string& region) {
    out_.found.push_back({kind, name, region, {}});
  }
  static bool ours(std::string_view name) { return name.starts_with(calibration_prefix); }

  void checks() {
    each("route53", "ListHealthChecks", Value::structure(), {}, "HealthChecks", false,
         [this](const Value& wire) {
           const auto reference = wire["CallerReference"].string_or("");
           if (!ours(reference)) return;
           add(Kind::guard, wire["Id"].string_or(""), {});
           out_.found.push_back({Kind::check, wire["Id"].string_or(""), {}, reference});
         });
  }
  void alarms(const std::string& home) {
    each("cloudwatch", "DescribeAlarms",
         Value::structure({{"AlarmNamePrefix", calibration_prefix}}), home, "MetricAlarms", false,
         [&](const Value& wire) { add(Kind::alarm, wire["AlarmName"].string_or(""), home); });
  }
  void in(const std::string& region, bool may_be_denied) {
    each("sns", "ListTopics", Value::structure(), region, "Topics", may_be_denied,
         [&](const Value& wire) {
           const auto arn = wire["TopicArn"].string_or("");
           if (ours(std::string_view{arn}.substr(arn.rfind(':') + 1)))
             add(Kind::topic, arn, region);
         });
    each("lambda", "ListFunctions", Value::structure(), region, "Functions", may_be_denied,
         [&](const Value& wire) {
           const auto name = wire["FunctionName"].string_or("");
           if (ours(name)) add(Kind::function, name, region);
         });
    each("logs", "DescribeLogGroups",
         Value::structure(
             {{"logGroupNamePrefix", "/aws/lambda/" + std::string{calibration_prefix}}}),
         region, "logGroups", may_be_denied, [&](const Value& wire) {
           add(Kind::log_group, wire["logGroupName"].string_or(""), region);
         });
  }
  void roles() {
    each("iam", "ListRoles", Value::structure(), {}, "Roles", false, [this](const Value& wire) {
      const auto name = wire["RoleName"].string_or("");
      if (ours(name)) add(Kind::role, name, {});
    });
  }

  client::Aws& aws_;
  Remains out_;
  std::optional<client::Error> fatal_;
};

}  // namespace

std::string describe(const Scratch& scratch) {
  const auto in = scratch.region.empty() ? "" : " in " + scratch.region;
  switch (scratch.kind) {
    case Kind::role:
      return "role " + scratch.name;
    case Kind::function:
      return "function " + scratch.name + in;
    case Kind::log_group:
      return "log group " + scratch.name + in;
    case Kind::topic:
      return "topic " + scratch.name;
    case Kind::alarm:
      return "alarm " + scratch.name + in;
    case Kind::guard:
      return "the guard of scratch health check " + scratch.name;
    case Kind::check:
      return "scratch health check " + (scratch.name.empty() ? scratch.reference : scratch.name);
  }
  return {};
}

std::string removal_by_hand(const Scratch& scratch) {
  const auto in = scratch.region.empty() ? "" : " --region " + scratch.region;
  switch (scratch.kind) {
    case Kind::role:
      return "aws iam delete-role --role-name " + scratch.name;
    case Kind::function:
      return "aws lambda delete-function --function-name " + scratch.name + in;
    case Kind::log_group:
      return "aws logs delete-log-group --log-group-name " + scratch.name + in;
    case Kind::topic:
      return "aws sns delete-topic --topic-arn " + scratch.name + in;
    case Kind::alarm:
      return "aws cloudwatch delete-alarms --alarm-names " + scratch.name + in;
    case Kind::guard:
      return "sitelatch destroy " + scratch.name + " --keep-latched --logs";
    case Kind::check:
      return scratch.name.empty()
                 ? "the next sitelatch calibrate finds it"
                 : "aws route53 delete-health-check --health-check-id " + scratch.name;
  }
  return {};
}

Step remove(Context& context, const Scratch& scratch) {
  auto& aws = context.aws;
  switch (scratch.kind) {
    case Kind::role:
      return remove_role(aws, scratch);
    case Kind::function:
      return gone(aws, "lambda", "DeleteFunction",
                  Value::structure({{"FunctionName", scratch.name}}), scratch);
    case Kind::log_group:
      return gone(aws, "logs", "DeleteLogGroup", Value::structure({{"logGroupName", scratch.name}}),
                  scratch);
    case Kind::topic:
      return gone(aws, "sns", "DeleteTopic", Value::structure({{"TopicArn", scratch.name}}),
                  scratch);
    case Kind::alarm:
      return gone(aws, "cloudwatch", "DeleteAlarms",
                  Value::structure({{"AlarmNames", Value::list({scratch.name})}}), scratch);
    case Kind::guard:
      return remove_guard(context, scratch);
    case Kind::check:
      return remove_check(aws, scratch);
  }
  return Done{};
}

std::vector<std::string> remove_all(Context& context, std::vector<Scratch> all) {
  std::stable_partition(all.begin(), all.end(),
                        [](const Scratch& one) { return one.kind == Kind::guard; });
  std::vector<std::string> left, guarded;
  for (const auto& scratch : all) {
    if (scratch.kind == Kind::check &&
        std::find(guarded.begin(), guarded.end(), scratch.name) != guarded.end())
      continue;
    const auto why = remove_patiently(context, scratch);
    if (!why) continue;
    if (scratch.kind == Kind::guard) guarded.push_back(scratch.name);
    left.push_back(
        fmt::format("{}: {} By hand: {}", describe(scratch), *why, removal_by_hand(scratch)));
  }
  return left;
}

Result<Remains, Error> find_remains(Context& context, const std::string& home,
                                    const std::vector<std::string>& regions) {
  Search search(context.aws);
  search.everywhere(home, regions);
  if (search.fatal())
    return failure(error_of(*search.fatal(), "look for what an earlier calibration left"));
  return search.take();
}

}  // namespace sitelatch::guard
