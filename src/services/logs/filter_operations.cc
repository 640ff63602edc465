// SPDX-License-Identifier: Apache-2.0
// Metric and subscription filters.
#include <fmt/format.h>

#include <cmath>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "base/text.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::size_t most_metric_filters = 100;  // of a group (quotas)
constexpr std::size_t most_subscriptions = 2;
constexpr std::size_t most_with_regexes = 5;
constexpr std::size_t most_dimensions = 3;
constexpr std::int64_t filters_page = 50;

auto limit_exceeded() { return aws::refuse("LimitExceededException", "Resource limit exceeded."); }
auto bad_transformation(std::string_view why) {
  return invalid_parameter(fmt::format("Invalid metric transformation: {}", why));
}

// Of all filters of the group but the one that is replaced.
bool too_many_regexes(const GroupFilters* filters, const FilterPattern& pattern,
                      bool replaces_one_with_regexes) {
  const auto present = filters ? filters->with_regexes() : 0;
  return pattern.regexes() > 0 &&
         present - (replaces_one_with_regexes ? 1 : 0) >= most_with_regexes;
}

bool selects(const FilterPattern& pattern, const std::string& text) {
  return text.starts_with('$') && pattern.can_select(text);
}

aws::Outcome<Done> judge_transformation(const MetricFilter& filter) {
  if (filter.metric.empty() || filter.name_space.empty())
    return bad_transformation("metric name and namespace must not be empty");
  const auto constant = parse_double(filter.value);
  if (constant ? !std::isfinite(*constant) : !selects(filter.pattern, filter.value))
    return bad_transformation(
        fmt::format("metric value {} must be a valid number or selector", filter.value));
  if (filter.default_value && !std::isfinite(*filter.default_value))
    return bad_transformation("default value must be a number");
  if (filter.dimensions.empty()) return Done{};
  if (filter.default_value)
    return bad_transformation("dimensions and default value are mutually exclusive properties");
  if (filter.pattern.kind() == FilterPattern::Kind::terms)
    return invalid_parameter("The specified filter pattern does not support dimensions");
  if (filter.dimensions.size() > most_dimensions)
    return bad_transformation("a maximum of 3 dimensions is allowed");
  for (const auto& [name, selector] : filter.dimensions) {
    if (name.empty()) return bad_transformation("dimension name must not be empty");
    if (!selects(filter.pattern, selector))
      return bad_transformation("dimension value must be valid selector");
  }
  return Done{};
}

// What is stored and then not acted upon would be a pretence.
aws::Outcome<Done> judge_extras(const Value& input, std::initializer_list<const char*> extras) {
  for (const auto* extra : extras)
    if (input.has(extra)) return invalid_parameter(fmt::format("{} is not supported here.", extra));
  return Done{};
}

// Groups of other classes have no filters.
aws::Outcome<Done> judge_class(const Group& group) {
  if (group.log_class == "STANDARD") return Done{};
  return aws::refuse("InvalidOperationException",
                     fmt::format("This operation is not supported for log groups of the class {}.",
                                 group.log_class));
}

struct Named {
  std::string_view member;
  Value items, token;
};
Value answer(const Named& page) {
  return Value::structure({{page.member, page.items}, {"nextToken", page.token}});
}

}  // namespace

aws::Outcome<> Logs::put_metric_filter(const aws::Call& call) {
  const auto& input = call.input;
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  if (auto judged = judge_class(**group); !judged) return failure(judged.error());
  auto pattern = FilterPattern::parse(input["filterPattern"].string());
  if (!pattern) return invalid_parameter(pattern.error().text);
  if (auto extras = judge_extras(input, {"fieldSelectionCriteria", "emitSystemFieldDimensions"});
      !extras)
    return failure(extras.error());
  MetricFilter filter;
  filter.name = input["filterName"].string();
  filter.text = input["filterPattern"].string();
  filter.pattern = std::move(*pattern);
  const auto& transformation = input["metricTransformations"].items().front();
  filter.metric = transformation["metricName"].string();
  filter.name_space = transformation["metricNamespace"].string();
  filter.value = transformation["metricValue"].string();
  if (transformation.has("defaultValue"))
    filter.default_value = transformation["defaultValue"].number();
  filter.unit = transformation["unit"].string_or("");
  for (const auto& [name, selector] : transformation["dimensions"].members())
    filter.dimensions.emplace_back(name, selector.string());
  filter.on_transformed = input["applyOnTransformedLogs"].boolean_or(false);
  if (auto judged = judge_transformation(filter); !judged) return failure(judged.error());
  const auto* filters = filters_.of(call.region, (*group)->name);
  const MetricFilter* present = nullptr;
  if (filters)
    if (const auto found = filters->metrics.find(filter.name); found != filters->metrics.end())
      present = &found->second;
  if ((filters && !present && filters->metrics.size() >= most_metric_filters) ||
      too_many_regexes(filters, filter.pattern, present && present->pattern.regexes() > 0))
    return limit_exceeded();
  filter.created_ms = present ? present->created_ms : unix_ms(call.now);
  filters_.put(call.region, (*group)->name, std::move(filter));
  return Value::structure();
}

aws::Outcome<> Logs::describe_metric_filters(const aws::Call& call) {
  const auto& input = call.input;
  if (input.has("metricName") != input.has("metricNamespace"))
    return invalid_parameter(
        input.has("metricName")
            ? "If you include the metricName parameter in your request, you must also include the "
              "metricNamespace parameter."
            : "If you include the metricNamespace parameter in your request, you must also include "
              "the metricName parameter.");
  if (input.has("logGroupName"))
    if (auto group = asked_group(call); !group) return failure(group.error());
  auto page =
      aws::Page::at("metric filters", input["nextToken"], input["limit"].integer_or(filters_page));
  if (!page) return invalid_token();
  const auto prefix = input["filterNamePrefix"].string_or("");
  const auto only = input["logGroupName"].optional_string();
  const auto wanted = [&input, &prefix](const MetricFilter& filter) {
    return filter.name.starts_with(prefix) &&
           (!input.has("metricName") || (filter.metric == input["metricName"].string() &&
                                         filter.name_space == input["metricNamespace"].string()));
  };
  filters_.visit(call.region, [&](const GroupFilters& group) {
    if (only && *only != group.group) return true;
    for (const auto& [name, filter] : group.metrics) {
      if (!wanted(filter)) continue;
      // In the order in which they are visited: by group, then by name.
      const auto offered = page->offer(group.group + '\0' + name, [&] {
        auto out = filter.describe();
        out.set("logGroupName", group.group);
        return out;
      });
      if (!offered) return false;
    }
    return true;
  });
  return answer({"metricFilters", page->items(), page->next_token()});
}

aws::Outcome<> Logs::delete_metric_filter(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  if (!filters_.erase_metric(call.region, (*group)->name, call.input["filterName"].string()))
    return aws::refuse("ResourceNotFoundException", "The specified metric filter does not exist.");
  return Value::structure();
}

// Whether events can be sent there (facts logs-26, logs-29).
aws::Outcome<Done> Logs::judge_destination(const aws::Call& call,
                                           const std::string& group_name) const {
  const auto destination = call.input["destinationArn"].string();
  const auto arn = aws::parse_arn(destination);
  if (!arn) return invalid_parameter(fmt::format("destinationArn {} is not valid", destination));
  const bool has_role = call.input.has("roleArn");
  if (arn->service == "kinesis" || arn->service == "firehose") {
    if (!has_role)
      return invalid_parameter(
          fmt::format("destinationArn for vendor {} cannot be used without roleArn", arn->service));
    return invalid_parameter(fmt::format(
        "Could not deliver test message to specified {} stream. Check if the given {} stream is in "
        "ACTIVE state.",
        arn->service == "kinesis" ? "Kinesis" : "Firehose",
        arn->service == "kinesis" ? "kinesis" : "Firehose"));
  }
  if (arn->service == "logs")
    return invalid_parameter(
        "Could not deliver test message to specified destination. Check if the destination is "
        "valid.");
  if (arn->service != "lambda")
    return invalid_parameter(
        fmt::format("PutSubscriptionFilter operation cannot work with destinationArn for vendor {}",
                    arn->service));
  if (has_role)
    return invalid_parameter("destinationArn for vendor lambda cannot be used with roleArn");
  if (const auto name = split(destination, ':');
      name.size() > 6 && group_name == fmt::format("/aws/lambda/{}", name[6]))
    return invalid_parameter(
        "The log group provided is reserved for the function logs of the destination function.");
  if (arn->region != call.region ||
      !dependencies_.subscribers.invocable(destination,
                                           group_arn(call.region, call.account, group_name) + ":*"))
    return invalid_parameter(
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
        "permission to execute your function.");
  return Done{};
}

aws::Outcome<> Logs::put_subscription_filter(const aws::Call& call) {
  const auto& input = call.input;
  const auto arn = aws::parse_arn(input["destinationArn"].string());
  if (arn && arn->service == "lambda" && arn->account != call.account)
    return aws::refuse("AccessDeniedException",
                       "Cross-account lambda invocation passing is not allowed. You must use "
                       "DestinationPolicies to create cross account lambda triggers.");
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  if (auto judged = judge_class(**group); !judged) return failure(judged.error());
  auto pattern = FilterPattern::parse(input["filterPattern"].string());
  if (!pattern) return invalid_parameter(pattern.error().text);
  if (auto extras = judge_extras(input, {"fieldSelectionCriteria", "emitSystemFields"}); !extras)
    return failure(extras.error());
  SubscriptionFilter filter;
  filter.name = input["filterName"].string();
  filter.text = input["filterPattern"].string();
  filter.pattern = std::move(*pattern);
  const auto* filters = filters_.of(call.region, (*group)->name);
  const SubscriptionFilter* present = nullptr;
  if (filters)
    if (const auto found = filters->subscriptions.find(filter.name);
        found != filters->subscriptions.end())
      present = &found->second;
  if ((filters && !present && filters->subscriptions.size() >= most_subscriptions) ||
      too_many_regexes(filters, filter.pattern, present && present->pattern.regexes() > 0))
    return limit_exceeded();
  if (auto judged = judge_destination(call, (*group)->name); !judged)
    return failure(judged.error());
  filter.destination_arn = input["destinationArn"].string();
  filter.role_arn = input["roleArn"].optional_string();
  filter.distribution = input["distribution"].string_or("ByLogStream");
  filter.on_transformed = input["applyOnTransformedLogs"].boolean_or(false);
  filter.created_ms = present ? present->created_ms : unix_ms(call.now);
  filters_.put(call.region, (*group)->name, std::move(filter));
  return Value::structure();
}

aws::Outcome<> Logs::describe_subscription_filters(const aws::Call& call) {
  const auto& input = call.input;
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  auto page =
      aws::Page::at("subscriptions", input["nextToken"], input["limit"].integer_or(filters_page));
  if (!page) return invalid_token();
  const auto prefix = input["filterNamePrefix"].string_or("");
  if (const auto* filters = filters_.of(call.region, (*group)->name))
    for (const auto& [name, filter] : filters->subscriptions) {
      if (!name.starts_with(prefix)) continue;
      const auto offered = page->offer(name, [&one = filter, &group] {
        auto out = one.describe();
        out.set("logGroupName", (*group)->name);
        return out;
      });
      if (!offered) break;
    }
  return answer({"subscriptionFilters", page->items(), page->next_token()});
}

aws::Outcome<> Logs::delete_subscription_filter(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  if (!filters_.erase_subscription(call.region, (*group)->name, call.input["filterName"].string()))
    return aws::refuse("ResourceNotFoundException",
                       "The specified subscription filter does not exist.");
  return Value::structure();
}

}  // namespace sitelatch::logs
