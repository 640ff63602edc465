// SPDX-License-Identifier: Apache-2.0
// What is kept and evaluated nowhere: dashboards, insight rules, anomaly detectors; and what needs
// services that are not here.
#include <doctest/doctest.h>

#include "services/cloudwatch/dashboard_body.h"
#include "services/cloudwatch/service_fixture.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;

namespace {

Value board(const char* name, const char* body) {
  return Value::structure({{"DashboardName", name}, {"DashboardBody", body}});
}
constexpr const char* good_body =
    R"({"start":"-PT6H","periodOverride":"inherit","widgets":[)"
    R"({"type":"metric","x":0,"y":0,"width":12,"height":6,"properties":{"metrics":[)"
    R"(["AWS/Route53","HealthCheckStatus","HealthCheckId","a",{"stat":"Minimum"}],)"
    R"([{"expression":"m1*2"}]],"region":"us-east-1"}},)"
    R"({"type":"text","properties":{"markdown":"# up"}},)"
    R"({"type":"alarm","properties":{"alarms":["arn:aws:cloudwatch:us-east-1:0:alarm:a"]}},)"
    R"({"type":"metric","properties":{"annotations":{"alarms":["arn:a"]}}}]})";

// "path: text" of all errors.
std::string errors_of(const char* body) {
  std::string out;
  for (const auto& error : examine_dashboard(*aws::from_json(body)).errors)
    out += error.path + ": " + error.text + "\n";
  return out;
}

}  // namespace

TEST_CASE("the body of a dashboard is checked as AWS does") {
  CHECK(errors_of(good_body) == "");
  CHECK(errors_of("{}") == "");
  // aws-eda-slurm-cluster#116, pulumi#13059, and the network guidance's #7 have these words.
  CHECK(errors_of(R"({"widgets":[{"type":"metric","properties":{}}]})") ==
        "/widgets/0/properties: Should have required property 'metrics'\n"
        "/widgets/0/properties: The metric widget should have specified a region and a data source "
        "or an alarm annotation\n"
        "/widgets/0/properties: Should have required property 'annotations'\n");
  CHECK(
      errors_of(R"({"widgets":[{"type":"metric","properties":{"region":"r","metrics":["a"]}}]})") ==
      "/widgets/0/properties/metrics/0: Should be array\n"
      "/widgets/0/properties/metrics/0: Field \"metrics\" has to be an array of array of "
      "strings, with an optional metricRenderer object as last element\n");
  CHECK(errors_of(R"({"widgets":[{"type":"alarm","properties":{"alarms":[]}}]})") ==
        "/widgets/0/properties/alarms: Should NOT have less than 1 items\n");
  CHECK(errors_of(R"({"widgets":[{"type":"metric","properties":{"region":"r",)"
                  R"("metrics":[["N","M",{"a":"b"},{"c":"d"}]]}}]})") ==
        "/widgets/0/properties/metrics/0/2: Invalid metric field type, only 'String' type is "
        "allowed\n");
  CHECK(errors_of(R"({"widgets":{}})") == "/widgets: Should be array\n");
  CHECK(errors_of(R"({"widgets":[1,{"type":"pie","properties":{}},{"properties":[]},)"
                  R"({"type":"text","x":24,"width":"w","properties":{"markdown":1}}]})") ==
        "/widgets/0: Should be object\n"
        "/widgets/1/type: Should be equal to one of the allowed values\n"
        "/widgets/2: Should have required property 'type'\n"
        "/widgets/2/properties: Should be object\n"
        "/widgets/3/x: Should be <= 23\n"
        "/widgets/3/width: Should be integer\n"
        "/widgets/3/properties/markdown: Should be string\n");
}

TEST_CASE("dashboards are the account's: put, got, listed by page and prefix, deleted, kept") {
  Fixture f;
  CHECK(f.ok("PutDashboard", board("main", good_body))["DashboardValidationMessages"]
            .items()
            .empty());
  const auto warned = f.ok("PutDashboard", board("other", R"({"widgets":[{"type":"text","foo":1,)"
                                                          R"("properties":{"markdown":"x"}}]})"));
  REQUIRE(warned["DashboardValidationMessages"].items().size() == 1);
  CHECK(warned["DashboardValidationMessages"].items()[0]["DataPath"].string() == "/widgets/0/foo");
  f.crash();
  const auto got =
      f.ok("GetDashboard", Value::structure({{"DashboardName", "main"}}), "eu-central-1");
  CHECK(got["DashboardBody"].string() == good_body);
  CHECK(got["DashboardArn"].string() == "arn:aws:cloudwatch::000000000000:dashboard/main");
  const auto listed = f.ok("ListDashboards", Value::structure())["DashboardEntries"];
  REQUIRE(listed.items().size() == 2);
  CHECK(listed.items()[0]["Size"].integer() ==
        static_cast<std::int64_t>(std::string_view{good_body}.size()));
  CHECK(listed.items()[0]["LastModified"].is_timestamp());
  CHECK(f.ok("ListDashboards", Value::structure({{"DashboardNamePrefix", "o"}}))["DashboardEntries"]
            .items()
            .size() == 1);
  CHECK(f.error("GetDashboard", Value::structure({{"DashboardName", "no"}})) ==
        "DashboardNotFoundError: Dashboard no does not exist");
  CHECK(f.error("PutDashboard", board("a b", "{}")) ==
        "InvalidParameterValueException: The value a b for field DashboardName contains invalid "
        "characters. It can only contain alphanumerics, dash (-) and underscore (_).");
  for (const auto* body : {"", "{", "[]", "1"})
    CHECK(f.error("PutDashboard", board("x", body)) ==
          "DashboardInvalidInputError: The field DashboardBody must be a valid JSON object");
  const auto refused = f.call("PutDashboard", board("x", R"({"widgets":[{}]})"));
  REQUIRE_FALSE(refused);
  CHECK(
      refused.error().message ==
      "The dashboard body is invalid, there are 2 validation errors:\n[\n  {\n    \"dataPath\": "
      "\"/widgets/0\",\n    \"message\": \"Should have required property 'type'\"\n  },\n  {\n    "
      "\"dataPath\": \"/widgets/0\",\n    \"message\": \"Should have required property "
      "'properties'\"\n  }\n]");
  CHECK(refused.error().members["dashboardValidationMessages"].items().size() == 2);
  CHECK(f.error("DeleteDashboards",
                Value::structure({{"DashboardNames", Value::list({"main", "no"})}})) ==
        "DashboardNotFoundError: The specified dashboard does not exist. [no]");
  f.ok("DeleteDashboards", Value::structure({{"DashboardNames", Value::list({"main", "other"})}}));
  f.crash();
  CHECK(f.ok("ListDashboards", Value::structure())["DashboardEntries"].items().empty());
}

TEST_CASE("insight rules are kept, enabled and disabled, and give no report") {
  Fixture f;
  const auto rule = Value::structure(
      {{"RuleName", "top"},
       {"RuleDefinition",
        R"({"Schema":{"Name":"CloudWatchLogRule","Version":1},)"
        R"("LogGroupNames":["g"],"LogFormat":"JSON",)"
        R"("Contribution":{"Keys":["$.ip"],"Filters":[]},"AggregateOn":"Count"})"}});
  f.ok("PutInsightRule", rule);
  const auto names = Value::structure({{"RuleNames", Value::list({"top", "no"})}});
  const auto failures = f.ok("DisableInsightRules", names)["Failures"];
  REQUIRE(failures.items().size() == 1);
  CHECK(failures.items()[0]["FailureResource"].string() == "no");
  f.crash();
  const auto described = f.ok("DescribeInsightRules", Value::structure())["InsightRules"];
  REQUIRE(described.items().size() == 1);
  CHECK(described.items()[0]["State"].string() == "DISABLED");
  CHECK(described.items()[0]["Definition"] == rule["RuleDefinition"]);
  CHECK(f.ok("DescribeInsightRules", Value::structure(), "eu-west-1")["InsightRules"]
            .items()
            .empty());
  CHECK(f.error("PutInsightRule", with(rule, "RuleState", "ON"))
            .starts_with("InvalidParameterValueException: "));
  CHECK(f.error("PutInsightRule", with(rule, "RuleDefinition", "{}"))
            .starts_with("InvalidParameterValueException: "));
  CHECK(f.error("GetInsightRuleReport", Value::structure({{"RuleName", "no"}}))
            .starts_with("ResourceNotFoundException"));
  CHECK(f.error("GetInsightRuleReport", Value::structure({{"RuleName", "top"}}))
            .starts_with("InvalidParameterValueException: "));
  f.ok("DeleteInsightRules", names);
  CHECK(f.ok("DescribeInsightRules", Value::structure())["InsightRules"].items().empty());
}

TEST_CASE("anomaly detectors are kept and never trained") {
  Fixture f;
  const auto dimensions = Value::list({Value::structure({{"Name", "b"}, {"Value", "2"}}),
                                       Value::structure({{"Name", "a"}, {"Value", "1"}})});
  const auto flat = Value::structure(
      {{"Namespace", "N"}, {"MetricName", "m"}, {"Stat", "Average"}, {"Dimensions", dimensions}});
  f.ok("PutAnomalyDetector",
       with(flat, "Configuration",
            Value::structure(
                {{"ExcludedTimeRanges", Value::list({Value::structure(
                                            {{"StartTime", from_civil(2026, 1, 1, 0, 0, 0)},
                                             {"EndTime", from_civil(2026, 1, 2, 0, 0, 0)}})})}})));
  f.ok("PutAnomalyDetector",
       Value::structure({{"SingleMetricAnomalyDetector", flat}}));  // the same
  const auto math = Value::structure(
      {{"MetricMathAnomalyDetector",
        Value::structure(
            {{"MetricDataQueries",
              Value::list(
                  {Value::structure({{"Id", "e1"}, {"Expression", "m1*2"}}),
                   Value::structure(
                       {{"Id", "m1"},
                        {"ReturnData", false},
                        {"MetricStat",
                         Value::structure({{"Metric", Value::structure({{"Namespace", "N"},
                                                                        {"MetricName", "m"}})},
                                           {"Period", 60},
                                           {"Stat", "Sum"}})}})})}})}});
  f.ok("PutAnomalyDetector", math);
  f.crash();
  const auto described = f.ok("DescribeAnomalyDetectors", Value::structure())["AnomalyDetectors"];
  REQUIRE(described.items().size() == 1);
  CHECK(described.items()[0]["StateValue"].string() == "PENDING_TRAINING");
  CHECK(described.items()[0]["MetricName"].string() == "m");
  CHECK(described.items()[0]["Configuration"]["ExcludedTimeRanges"].is_list());
  CHECK(described.items()[0]["SingleMetricAnomalyDetector"]["Stat"].string() == "Average");
  CHECK(f.ok("DescribeAnomalyDetectors",
             Value::structure(
                 {{"AnomalyDetectorTypes", Value::list({"METRIC_MATH"})}}))["AnomalyDetectors"]
            .items()
            .size() == 1);
  CHECK(
      f.ok("DescribeAnomalyDetectors", Value::structure({{"MetricName", "x"}}))["AnomalyDetectors"]
          .items()
          .empty());
  CHECK(f.error("PutAnomalyDetector", Value::structure())
            .starts_with("MissingRequiredParameterException: "));
  CHECK(f.error("PutAnomalyDetector", with(math, "Namespace", "N"))
            .starts_with("InvalidParameterCombinationException: "));
  f.ok("DeleteAnomalyDetector",
       with(flat, "Dimensions", Value::list({dimensions.items()[1], dimensions.items()[0]})));
  CHECK(f.error("DeleteAnomalyDetector", flat).starts_with("ResourceNotFoundException: "));
  f.ok("DeleteAnomalyDetector", math);
}

TEST_CASE("what needs other services says so") {
  Fixture f;
  CHECK(f.error("PutMetricStream",
                Value::structure({{"Name", "s"},
                                  {"FirehoseArn", "arn:aws:firehose:us-east-1:0:deliverystream/d"},
                                  {"RoleArn", "arn:aws:iam::0:role/r"},
                                  {"OutputFormat", "json"}})) ==
        "InvalidParameterValueException: The Firehose delivery stream "
        "arn:aws:firehose:us-east-1:0:deliverystream/d does not exist.");
  CHECK(f.error("GetMetricStream", Value::structure({{"Name", "s"}}))
            .starts_with("ResourceNotFoundException"));
  CHECK(f.ok("ListMetricStreams", Value::structure())["Entries"].items().empty());
  CHECK(f.error("StartMetricStreams", Value::structure({{"Names", Value::list({"s"})}}))
            .starts_with("InvalidParameterValueException: "));
  f.ok("DeleteMetricStream", Value::structure({{"Name", "s"}}));
  CHECK(f.ok("PutManagedInsightRules",
             Value::structure({{"ManagedRules", Value::list({Value::structure(
                                                    {{"TemplateName", "t"},
                                                     {"ResourceARN", "arn:x"}})})}}))["Failures"]
            .items()
            .size() == 1);
  CHECK(f.ok("GetOTelEnrichment", Value::structure())["Status"].string() == "Stopped");
  CHECK(f.error("StartOTelEnrichment", Value::structure()).starts_with("ValidationError: "));
}
