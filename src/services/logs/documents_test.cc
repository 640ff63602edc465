// SPDX-License-Identifier: Apache-2.0
// What is kept as it was told: policies, destinations, definitions, deliveries, detectors.
#include <doctest/doctest.h>

#include "services/logs/test_world.h"

using namespace sitelatch;
using namespace sitelatch::logs;
using namespace sitelatch::logs::test;

namespace {

const std::string arn_prefix = "arn:aws:logs:us-east-1:000000000000:";
const std::string bucket = "arn:aws:s3:::bucket";
const std::string distribution = "arn:aws:cloudfront::000000000000:distribution/E1";

std::string policy_for(const char* service) {
  return std::string{R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)"
                     R"({"Service":")"} +
         service + R"("},"Action":"logs:PutLogEvents","Resource":"*"}]})";
}
Value named(const char* member, const std::string& name) {
  return Value::structure({{member, name}});
}
Value source(const char* name, const std::string& resource = distribution,
             const char* type = "ACCESS_LOGS") {
  return Value::structure({{"name", name}, {"resourceArn", resource}, {"logType", type}});
}
Value target(const char* name, const std::string& resource = bucket) {
  return Value::structure({{"name", name},
                           {"deliveryDestinationConfiguration",
                            Value::structure({{"destinationResourceArn", resource}})}});
}

}  // namespace

TEST_CASE("resource policies: ten of the account by name, one of a group with revisions") {
  Fixture f;
  f.make_stream();
  const auto put = [&f](const std::string& name, const std::string& document) {
    return f.ok("PutResourcePolicy",
                Value::structure({{"policyName", name}, {"policyDocument", document}}));
  };
  const auto document = policy_for("route53.amazonaws.com");
  CHECK(put("p", document)["resourcePolicy"] == Value::structure({{"policyDocument", document},
                                                                  {"lastUpdatedTime", f.now()},
                                                                  {"policyScope", "ACCOUNT"},
                                                                  {"policyName", "p"}}));
  for (int i = 0; i < 9; ++i) put(std::to_string(i), document);
  CHECK(f.error("PutResourcePolicy",
                Value::structure({{"policyName", "more"}, {"policyDocument", document}})) ==
        "LimitExceededException: Resource limit exceeded.");
  put("p", policy_for("es.amazonaws.com"));
  f.crash();
  const auto all = f.ok("DescribeResourcePolicies", Value::structure())["resourcePolicies"];
  CHECK(all.items().size() == 10);
  CHECK(all.items().back()["policyDocument"].string() == policy_for("es.amazonaws.com"));
  const auto page = f.ok("DescribeResourcePolicies", Value::structure({{"limit", 9}}));
  CHECK(f.ok("DescribeResourcePolicies",
             Value::structure({{"nextToken", page["nextToken"]}}))["resourcePolicies"]
            .items()
            .size() == 1);
  CHECK(
      f.error("PutResourcePolicy", Value::structure({{"policyName", "p"}, {"policyDocument", "{"}}))
          .starts_with("InvalidParameterException"));
  CHECK(f.error("PutResourcePolicy", named("policyName", "p"))
            .starts_with("InvalidParameterException"));
  f.ok("DeleteResourcePolicy", named("policyName", "p"));
  CHECK(f.error("DeleteResourcePolicy", named("policyName", "p")) ==
        "ResourceNotFoundException: Policy with name [p] does not exist.");

  // As others' tests have it, and AWS takes it.
  put("p", R"({"Version":"2012-10-17","Statement":[{"Sid":"Route53LogsToCloudWatchLogs",)"
           R"("Effect":"Allow","Principal":{"Service":["route53.amazonaws.com"]},)"
           R"("Action":"logs:PutLogEvents","Resource":"log_arn"}]})");

  const Value of_group =
      Value::structure({{"resourceArn", arn_prefix + "log-group:g"}, {"policyDocument", document}});
  const auto first = f.ok("PutResourcePolicy", of_group)["revisionId"];
  Value stale = of_group;
  stale.set("expectedRevisionId", "stale");
  CHECK(f.error("PutResourcePolicy", stale).starts_with("OperationAbortedException"));
  stale.set("expectedRevisionId", first);
  f.ok("PutResourcePolicy", stale);
  CHECK(f.ok("DescribeResourcePolicies",
             named("resourceArn", arn_prefix + "log-group:g"))["resourcePolicies"]
            .items()[0]["policyScope"]
            .string() == "RESOURCE");
  f.ok("DeleteLogGroup", group());
  CHECK(f.ok("DescribeResourcePolicies", named("policyScope", "RESOURCE"))["resourcePolicies"]
            .items()
            .empty());
}

TEST_CASE("policies of groups and of the account") {
  Fixture f;
  f.make_stream();
  const auto of_group = [](const char* member, const std::string& document) {
    return Value::structure({{"logGroupIdentifier", "g"}, {member, document}});
  };
  const std::string protection =
      R"({"Name":"p","Version":"2021-06-01","Statement":[{"Sid":"audit","DataIdentifier":)"
      R"(["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],"Operation":{"Audit":)"
      R"({"FindingsDestination":{}}}},{"Sid":"redact","DataIdentifier":)"
      R"(["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],"Operation":)"
      R"({"Deidentify":{"MaskConfig":{}}}}]})";
  const auto by_group = named("logGroupIdentifier", "g");
  CHECK_FALSE(f.ok("GetDataProtectionPolicy", by_group).has("policyDocument"));
  f.ok("PutDataProtectionPolicy", of_group("policyDocument", protection));
  f.crash();
  CHECK(f.ok("GetDataProtectionPolicy", by_group)["policyDocument"].string() == protection);
  CHECK(f.error("PutDataProtectionPolicy", of_group("policyDocument", "{}"))
            .starts_with("InvalidParameterException"));
  f.ok("DeleteDataProtectionPolicy", by_group);
  CHECK(f.error("DeleteDataProtectionPolicy", by_group).starts_with("ResourceNotFoundException"));

  const std::string fields = R"({"Fields":["requestId","level"]})";
  CHECK(f.ok("PutIndexPolicy", of_group("policyDocument", fields))["indexPolicy"]["source"]
            .string() == "LOG_GROUP");
  const auto groups = Value::structure({{"logGroupIdentifiers", Value::list({"g"})}});
  CHECK(f.ok("DescribeIndexPolicies", groups)["indexPolicies"].items().size() == 1);
  CHECK(
      f.ok("DescribeFieldIndexes", groups)["fieldIndexes"].items()[1]["fieldIndexName"].string() ==
      "level");
  for (const auto* wrong : {"", "{}", R"({"Fields":[]})", R"({"Fields":[1]})", "[]"})
    CHECK_MESSAGE(f.error("PutIndexPolicy", of_group("policyDocument", wrong))
                      .starts_with("InvalidParameterException"),
                  wrong);
  f.ok("DeleteIndexPolicy", by_group);
  CHECK(f.error("DeleteIndexPolicy", by_group).starts_with("ResourceNotFoundException"));

  const auto account = [](const char* name, const char* type, const std::string& document) {
    return Value::structure(
        {{"policyName", name}, {"policyType", type}, {"policyDocument", document}});
  };
  f.ok("PutAccountPolicy", account("a", "DATA_PROTECTION_POLICY", protection));
  CHECK(f.error("PutAccountPolicy", account("b", "DATA_PROTECTION_POLICY", protection)) ==
        "LimitExceededException: Resource limit exceeded.");
  f.ok("PutAccountPolicy", account("a", "DATA_PROTECTION_POLICY", protection));
  f.ok("PutAccountPolicy", account("i", "FIELD_INDEX_POLICY", fields));
  CHECK(f.error("PutAccountPolicy", account("s", "SUBSCRIPTION_FILTER_POLICY", "{}")) ==
        "InvalidParameterException: policyType SUBSCRIPTION_FILTER_POLICY is not supported here.");
  f.crash();
  const auto policies =
      f.ok("DescribeAccountPolicies", named("policyType", "FIELD_INDEX_POLICY"))["accountPolicies"];
  REQUIRE(policies.items().size() == 1);
  CHECK(policies.items()[0]["accountId"].string() == "000000000000");
  const auto one = Value::structure({{"policyType", "FIELD_INDEX_POLICY"}, {"policyName", "i"}});
  f.ok("DeleteAccountPolicy", one);
  CHECK(f.error("DeleteAccountPolicy", one).starts_with("ResourceNotFoundException"));
  CHECK(f.error("DescribeAccountPolicies", one).starts_with("ResourceNotFoundException"));
}

TEST_CASE("destinations, with their policy and tags") {
  Fixture f;
  const auto put = [](const std::string& target_arn) {
    return Value::structure({{"destinationName", "d"},
                             {"targetArn", target_arn},
                             {"roleArn", "arn:aws:iam::000000000000:role/r"}});
  };
  const std::string stream_arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
  CHECK(f.ok("PutDestination", put(stream_arn))["destination"] ==
        Value::structure({{"destinationName", "d"},
                          {"targetArn", stream_arn},
                          {"roleArn", "arn:aws:iam::000000000000:role/r"},
                          {"arn", arn_prefix + "destination:d"},
                          {"creationTime", f.now()}}));
  CHECK(f.error("PutDestination", put("arn:aws:sqs:us-east-1:000000000000:q"))
            .starts_with("InvalidParameterException"));
  f.ok("PutDestinationPolicy",
       Value::structure({{"destinationName", "d"}, {"accessPolicy", policy_for("x")}}));
  f.ok("PutDestination", put(stream_arn));
  f.ok("TagResource", Value::structure({{"resourceArn", arn_prefix + "destination:d"},
                                        {"tags", Value::structure({{"a", "1"}, {"b", "2"}})}}));
  f.ok("UntagResource", Value::structure({{"resourceArn", arn_prefix + "destination:d"},
                                          {"tagKeys", Value::list({"a"})}}));
  f.crash();
  CHECK(f.ok("ListTagsForResource", named("resourceArn", arn_prefix + "destination:d"))["tags"] ==
        Value::structure({{"b", "2"}}));
  const auto found =
      f.ok("DescribeDestinations", named("DestinationNamePrefix", "d"))["destinations"];
  REQUIRE(found.items().size() == 1);
  CHECK(found.items()[0]["accessPolicy"].string() == policy_for("x"));
  CHECK(f.error("PutDestinationPolicy",
                Value::structure({{"destinationName", "x"}, {"accessPolicy", "{}"}})) ==
        "ResourceNotFoundException: The specified destination does not exist.");
  f.ok("DeleteDestination", named("destinationName", "d"));
  CHECK(f.error("DeleteDestination", named("destinationName", "d"))
            .starts_with("ResourceNotFoundException"));
  CHECK(f.error("ListTagsForResource", named("resourceArn", arn_prefix + "destination:d"))
            .starts_with("ResourceNotFoundException"));
}

TEST_CASE("query definitions") {
  Fixture f;
  Value input = Value::structure(
      {{"name", "errors/all"}, {"queryString", "limit 1"}, {"logGroupNames", Value::list({"g"})}});
  const auto id = f.ok("PutQueryDefinition", input)["queryDefinitionId"];
  input.set("queryDefinitionId", id);
  input.set("queryString", "limit 2");
  f.ok("PutQueryDefinition", input);
  f.crash();
  const auto found = f.ok("DescribeQueryDefinitions",
                          named("queryDefinitionNamePrefix", "err"))["queryDefinitions"];
  REQUIRE(found.items().size() == 1);
  CHECK(found.items()[0]["queryString"].string() == "limit 2");
  CHECK(found.items()[0]["logGroupNames"].strings() == std::vector<std::string>{"g"});
  input.set("queryDefinitionId", "none");
  CHECK(f.error("PutQueryDefinition", input).starts_with("ResourceNotFoundException"));
  CHECK(f.ok("DeleteQueryDefinition", Value::structure({{"queryDefinitionId", id}}))["success"]
            .boolean());
  CHECK(f.error("DeleteQueryDefinition", Value::structure({{"queryDefinitionId", id}}))
            .starts_with("ResourceNotFoundException"));
}

TEST_CASE("deliveries: sources and destinations joined, in AWS's words (fact logs-39)") {
  Fixture f;
  const auto made = f.ok("PutDeliverySource", source("s"))["deliverySource"];
  CHECK(made == Value::structure({{"name", "s"},
                                  {"arn", arn_prefix + "delivery-source:s"},
                                  {"resourceArns", Value::list({distribution})},
                                  {"service", "cloudfront"},
                                  {"logType", "ACCESS_LOGS"}}));
  CHECK(f.error("PutDeliverySource", source("t", "arn:aws:ec2:us-east-1:000000000000:vpc/v")) ==
        "ResourceNotFoundException: Cannot access provided service.");
  CHECK(f.error("PutDeliverySource", source("t", distribution, "EVENT_LOGS")) ==
        "ValidationException: This service is not allowed for this LogSource.");
  CHECK(f.error("PutDeliverySource", source("s", distribution + "2"))
            .starts_with("ConflictException: Update to existing Delivery Source with new"));
  CHECK(f.error("GetDeliverySource", named("name", "x")) ==
        "ResourceNotFoundException: Requested Delivery Source does not exist in this account.");
  auto destination = target("d");
  destination.set("outputFormat", "json");
  destination.set("tags", Value::structure({{"a", "1"}}));
  CHECK(f.ok("PutDeliveryDestination", destination)["deliveryDestination"] ==
        Value::structure({{"name", "d"},
                          {"arn", arn_prefix + "delivery-destination:d"},
                          {"deliveryDestinationType", "S3"},
                          {"outputFormat", "json"},
                          {"deliveryDestinationConfiguration",
                           Value::structure({{"destinationResourceArn", bucket}})},
                          {"tags", Value::structure({{"a", "1"}})}}));
  CHECK(f.error("PutDeliveryDestination", destination) ==
        "ConflictException: Tags can only be provided when a resource is being created, not "
        "updated.");
  destination.set("tags", Value{});
  destination.set("outputFormat", "raw");
  CHECK(f.error("PutDeliveryDestination", destination)
            .starts_with("ValidationException: Update to existing Delivery Destination"));
  f.ok("PutDeliveryDestination", target("d2", bucket + "2"));
  f.ok("PutDeliveryDestination", target("g", arn_prefix + "log-group:g"));
  f.ok("PutDeliveryDestinationPolicy",
       Value::structure(
           {{"deliveryDestinationName", "d"}, {"deliveryDestinationPolicy", policy_for("x")}}));
  f.crash();
  const auto by_destination = named("deliveryDestinationName", "d");
  CHECK(f.ok("GetDeliveryDestinationPolicy", by_destination)["policy"]["deliveryDestinationPolicy"]
            .string() == policy_for("x"));
  f.ok("DeleteDeliveryDestinationPolicy", by_destination);
  CHECK(f.ok("GetDeliveryDestinationPolicy", by_destination)["policy"].members().empty());

  const auto join = [](const char* from, const std::string& to) {
    return Value::structure(
        {{"deliverySourceName", from},
         {"deliveryDestinationArn", arn_prefix + "delivery-destination:" + to}});
  };
  const auto delivery = f.ok("CreateDelivery", join("s", "d"))["delivery"];
  CHECK(delivery["recordFields"].items().size() == 33);
  CHECK(delivery["s3DeliveryConfiguration"]["suffixPath"].string() ==
        "AWSLogs/{account-id}/CloudFront/");
  CHECK(f.error("CreateDelivery", join("s", "d")) ==
        "ConflictException: The specified Delivery already exists");
  CHECK(f.error("CreateDelivery", join("s", "d2"))
            .starts_with("ConflictException: Delivery already exists for this Delivery Source"));
  CHECK(f.error("CreateDelivery", join("x", "d")).starts_with("ResourceNotFoundException"));
  CHECK(f.error("CreateDelivery", join("s", "x")).starts_with("ResourceNotFoundException"));
  f.ok("CreateDelivery", join("s", "g"));
  CHECK(f.error("DeleteDeliverySource", named("name", "s")).starts_with("ConflictException"));
  CHECK(f.error("DeleteDeliveryDestination", named("name", "d")).starts_with("ConflictException"));
  const auto by_id = Value::structure({{"id", delivery["id"]}});
  Value update = by_id;
  update.set("recordFields", Value::list({"date"}));
  f.ok("UpdateDeliveryConfiguration", update);
  f.crash();
  CHECK(f.ok("GetDelivery", by_id)["delivery"]["recordFields"].items().size() == 1);
  const auto page = f.ok("DescribeDeliveries", Value::structure({{"limit", 1}}));
  CHECK(page["deliveries"].items().size() == 1);
  CHECK(
      f.ok("DescribeDeliveries", Value::structure({{"nextToken", page["nextToken"]}}))["deliveries"]
          .items()
          .size() == 1);
  f.ok("DeleteDelivery", by_id);
  CHECK(f.error("DeleteDelivery", by_id) ==
        "ResourceNotFoundException: Requested Delivery does not exist in this account.");
  f.ok("DeleteDeliveryDestination", named("name", "d"));
  CHECK(f.ok("DescribeDeliveryDestinations", Value::structure())["deliveryDestinations"]
            .items()
            .size() == 2);
  CHECK(f.ok("DescribeDeliverySources", Value::structure())["deliverySources"].items().size() == 1);
}

TEST_CASE("lookup tables are kept with their columns and records") {
  Fixture f;
  const Value input = Value::structure(
      {{"lookupTableName", "t"}, {"tableBody", "code,\"the, name\"\n1,a\n2,\"b\nc\"\n"}});
  const auto arn = f.ok("CreateLookupTable", input)["lookupTableArn"];
  CHECK(arn.string() == arn_prefix + "lookup-table:t");
  CHECK(f.error("CreateLookupTable", input).starts_with("ResourceAlreadyExistsException"));
  f.crash();
  const auto found = f.ok("DescribeLookupTables", named("lookupTableNamePrefix", "t"));
  REQUIRE(found["lookupTables"].items().size() == 1);
  CHECK(found["lookupTables"].items()[0]["tableFields"].strings() ==
        std::vector<std::string>{"code", "the, name"});
  CHECK(found["lookupTables"].items()[0]["recordsCount"].integer() == 2);
  const auto by_arn = Value::structure({{"lookupTableArn", arn}});
  Value update = by_arn;
  update.set("tableBody", "a,,b");
  CHECK(f.error("UpdateLookupTable", update).starts_with("ValidationException"));
  update.set("tableBody", "a,b\n");
  f.ok("UpdateLookupTable", update);
  CHECK(f.ok("GetLookupTable", by_arn)["tableBody"].string() == "a,b\n");
  f.ok("DeleteLookupTable", by_arn);
  CHECK(f.error("GetLookupTable", by_arn).starts_with("ResourceNotFoundException"));
  CHECK(f.ok("ListScheduledQueries", Value::structure())["scheduledQueries"].items().empty());
  CHECK(f.error("GetScheduledQuery", named("identifier", "x"))
            .starts_with("ResourceNotFoundException"));
}

TEST_CASE("anomaly detectors are kept and find nothing; what is not here is not found") {
  Fixture f;
  f.make_stream();
  const auto arn =
      f.ok("CreateLogAnomalyDetector",
           Value::structure({{"logGroupArnList", Value::list({arn_prefix + "log-group:g"})},
                             {"detectorName", "d"}}))["anomalyDetectorArn"];
  f.crash();
  const auto by_arn = Value::structure({{"anomalyDetectorArn", arn}});
  CHECK(f.ok("GetLogAnomalyDetector", by_arn)["evaluationFrequency"].string() == "FIVE_MIN");
  Value update = by_arn;
  update.set("enabled", false);
  f.ok("UpdateLogAnomalyDetector", update);
  const auto all = f.ok("ListLogAnomalyDetectors", Value::structure())["anomalyDetectors"];
  REQUIRE(all.items().size() == 1);
  CHECK(all.items()[0]["anomalyDetectorStatus"].string() == "PAUSED");
  CHECK(f.ok("ListAnomalies", by_arn)["anomalies"].items().empty());
  f.ok("DeleteLogAnomalyDetector", by_arn);
  CHECK(f.error("GetLogAnomalyDetector", by_arn).starts_with("ResourceNotFoundException"));
  CHECK(
      f.error("CreateLogAnomalyDetector",
              Value::structure({{"logGroupArnList", Value::list({arn_prefix + "log-group:none"})}}))
          .starts_with("ResourceNotFoundException"));

  CHECK(f.error("CreateExportTask",
                group(Value::structure({{"from", 1}, {"to", 2}, {"destination", "b"}}))) ==
        "InvalidParameterException: The given bucket does not exist. Please make sure the bucket "
        "is valid.");
  CHECK(f.ok("DescribeExportTasks", Value::structure())["exportTasks"].items().empty());
  CHECK(f.error("CancelExportTask", named("taskId", "x")) ==
        "ResourceNotFoundException: The specified export task does not exist.");
  CHECK(f.error("AssociateKmsKey", group(Value::structure({{"kmsKeyId", "k"}}))) ==
        "InvalidParameterException: The specified KMS key does not exist or is not allowed to be "
        "used with Arn 'arn:aws:logs:us-east-1:000000000000:log-group:g'");
  f.ok("AssociateKmsKey",
       group(Value::structure({{"kmsKeyId", "arn:aws:kms:us-east-1:000000000000:key/k"}})));
  const auto key_of = [&f] {
    return f.ok("DescribeLogGroups", Value::structure())["logGroups"].items()[0]["kmsKeyId"];
  };
  CHECK(key_of().string() == "arn:aws:kms:us-east-1:000000000000:key/k");
  f.ok("DisassociateKmsKey", named("resourceIdentifier", arn_prefix + "log-group:g"));
  CHECK(key_of().is_null());
  CHECK(f.ok("ListIntegrations", Value::structure())["integrationSummaries"].items().empty());
  CHECK(f.error("GetTransformer", named("logGroupIdentifier", "g"))
            .starts_with("ResourceNotFoundException"));
}
