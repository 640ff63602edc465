// SPDX-License-Identifier: Apache-2.0
// Dashboards: kept and checked, drawn nowhere (facts cloudwatch-44, 45). They are the account's,
// not a region's.
#include <fmt/format.h>

#include <algorithm>

#include "aws/service/paging.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/dashboard_body.h"
#include "services/cloudwatch/json_text.h"
#include "services/cloudwatch/refusals.h"
#include "services/cloudwatch/tag_rules.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;

constexpr std::size_t dashboards_a_page = 1000, longest_name = 255;

bool valid_dashboard_name(const std::string& name) {
  return !name.empty() && name.size() <= longest_name &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}
Failure<aws::Error> invalid_dashboard_name(const std::string& name) {
  if (name.empty() || name.size() > longest_name)
    return invalid_value(fmt::format(
        "The value for field DashboardName must have a length between 1 and {}.", longest_name));
  return invalid_value(
      fmt::format("The value {} for field DashboardName contains invalid characters. It can only "
                  "contain alphanumerics, dash (-) and underscore (_).",
                  name));
}

Value messages_of(const std::vector<BodyMessage>& messages) {
  Value out = Value::list();
  for (const auto& message : messages)
    out.push(Value::structure({{"DataPath", message.path}, {"Message", message.text}}));
  return out;
}

Failure<aws::Error> invalid_body(const std::vector<BodyMessage>& errors) {
  std::string list;
  for (const auto& error : errors)
    list += fmt::format("{}\n  {{\n    \"dataPath\": {},\n    \"message\": {}\n  }}",
                        list.empty() ? "" : ",", json_string(error.path), json_string(error.text));
  aws::Error out{
      "DashboardInvalidInputError",
      fmt::format("The dashboard body is invalid, there are {} validation errors:\n[{}\n]",
                  errors.size(), list),
      0, Value::structure({{"dashboardValidationMessages", messages_of(errors)}})};
  return {std::move(out)};
}

}  // namespace

std::string CloudWatch::dashboard_arn(const aws::Call& call, std::string_view name) {
  return fmt::format("arn:aws:cloudwatch::{}:dashboard/{}", call.account, name);
}

aws::Outcome<> CloudWatch::put_dashboard(const aws::Call& call) {
  const auto name = call.input["DashboardName"].string_or("");
  const auto body = call.input["DashboardBody"].string_or("");
  if (!valid_dashboard_name(name)) return invalid_dashboard_name(name);
  const auto parsed = aws::from_json(body);
  if (!parsed || !parsed->is_struct())
    return aws::refuse("DashboardInvalidInputError",
                       "The field DashboardBody must be a valid JSON object");
  const auto found = examine_dashboard(*parsed);
  if (!found.errors.empty()) return invalid_body(found.errors);
  const auto* before = dashboards_.find(name);
  auto tags = aws::with_tags({}, aws::read_tags(before ? Value{} : call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  dashboards_.put(name,
                  Value::structure({{"Body", body},
                                    {"LastModified", unix_ms(call.now)},
                                    {"Tags", before ? (*before)["Tags"] : aws::tag_list(*tags)}}));
  return Value::structure({{"DashboardValidationMessages", messages_of(found.warnings)}});
}

aws::Outcome<> CloudWatch::get_dashboard(const aws::Call& call) {
  const auto name = call.input["DashboardName"].string_or("");
  if (!valid_dashboard_name(name)) return invalid_dashboard_name(name);
  const auto* found = dashboards_.find(name);
  if (!found)
    return aws::refuse("DashboardNotFoundError", fmt::format("Dashboard {} does not exist", name));
  return Value::structure({{"DashboardArn", dashboard_arn(call, name)},
                           {"DashboardBody", (*found)["Body"]},
                           {"DashboardName", name}});
}

aws::Outcome<> CloudWatch::list_dashboards(const aws::Call& call) {
  const auto& input = call.input;
  const auto prefix = input["DashboardNamePrefix"].string_or("");
  auto page = aws::Page::at("dashboards", input["NextToken"], dashboards_a_page);
  if (!page) return invalid_value("The value for parameter NextToken is invalid.");
  dashboards_.visit(prefix, page->after(), [&](const std::string& name, const Value& row) {
    return page->offer(name, [&] {
      return Value::structure(
          {{"DashboardName", name},
           {"DashboardArn", dashboard_arn(call, name)},
           {"LastModified", from_unix_ms(row["LastModified"].integer_or(0))},
           {"Size", static_cast<std::int64_t>(row["Body"].string_or("").size())}});
    });
  });
  return Value::structure({{"DashboardEntries", page->items()}, {"NextToken", page->next_token()}});
}

// All of them, or none (API DeleteDashboards).
aws::Outcome<> CloudWatch::delete_dashboards(const aws::Call& call) {
  const auto names = call.input["DashboardNames"].strings();
  for (const auto& name : names) {
    if (!valid_dashboard_name(name)) return invalid_dashboard_name(name);
    if (!dashboards_.find(name))
      return aws::refuse("DashboardNotFoundError",
                         fmt::format("The specified dashboard does not exist. [{}]", name));
  }
  for (const auto& name : names) dashboards_.erase(name);
  return Value::structure();
}

}  // namespace sitelatch::cloudwatch
