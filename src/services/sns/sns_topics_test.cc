// SPDX-License-Identifier: Apache-2.0
#include "services/sns/testing.h"

using namespace sitelatch;
using namespace sitelatch::sns;
using namespace sitelatch::sns::testing;

namespace {
Value named(const std::string& name, const Value& attributes = {}, const Value& tags = {}) {
  return Value::structure({{"Name", name}, {"Attributes", attributes}, {"Tags", tags}});
}
Value tag(const std::string& key, const std::string& value) {
  return Value::structure({{"Key", key}, {"Value", value}});
}
Value arn_of(const std::string& arn) { return Value::structure({{"TopicArn", arn}}); }
}  // namespace

TEST_CASE("a fresh topic has AWS's attributes") {
  Fixture f;
  const auto arn = f.topic();
  CHECK(arn == "arn:aws:sns:us-east-1:000000000000:t");
  const auto a = f.ok("GetTopicAttributes", arn_of(arn))["Attributes"];
  CHECK(a["DisplayName"].string() == "");
  CHECK(a["Owner"].string() == account);
  CHECK(a["TopicArn"].string() == arn);
  CHECK(a["SubscriptionsConfirmed"].string() == "0");
  CHECK(a["SubscriptionsPending"].string() == "0");
  CHECK(a["SubscriptionsDeleted"].string() == "0");
  CHECK(a["Policy"].string() ==
        R"({"Version":"2008-10-17","Id":"__default_policy_ID",)"
        R"("Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},)"
        R"("Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission",)"
        R"("SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe",)"
        R"("SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":)"
        R"("arn:aws:sns:us-east-1:000000000000:t","Condition":)"
        R"({"StringEquals":{"AWS:SourceOwner":"000000000000"}}}]})");
  CHECK(a["EffectiveDeliveryPolicy"].string() ==
        R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,)"
        R"("numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,)"
        R"("backoffFunction":"linear"},"disableSubscriptionOverrides":false,)"
        R"("defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}})");
  CHECK(a.members().size() == 8);
}

TEST_CASE("CreateTopic is idempotent, and says where it is not") {
  Fixture f;
  const auto tags = Value::list({tag("a", "1"), tag("b", "2")});
  const auto attributes = Value::structure({{"DisplayName", "d"}});
  const auto arn = f.ok("CreateTopic", named("t", attributes, tags))["TopicArn"].string();
  CHECK(f.ok("CreateTopic", named("t"))["TopicArn"].string() == arn);
  CHECK(f.ok("CreateTopic", named("t", attributes, Value::list({tag("b", "2")})))["TopicArn"]
            .string() == arn);
  CHECK(f.refusal("CreateTopic", named("t", {}, Value::list({tag("b", "3")}))) ==
        "InvalidParameterException: Invalid parameter: Tags Reason: Topic already exists with "
        "different tags");
  CHECK(f.refusal("CreateTopic", named("t", Value::structure({{"DisplayName", "e"}}))) ==
        "InvalidParameterException: Invalid parameter: Attributes Reason: Topic already exists "
        "with different attributes");
  CHECK(f.refusal("CreateTopic", named("u", {}, Value::list({tag("k", "1"), tag("k", "2")}))) ==
        "InvalidParameterException: Invalid parameter: Duplicated keys are not allowed.");
  CHECK(f.refusal("CreateTopic", named("bad name")) ==
        "InvalidParameterException: Invalid parameter: Topic Name");
  CHECK(f.refusal("CreateTopic", named("x.fifo")) ==
        "InvalidParameterException: Invalid parameter: Topic Name");
  CHECK(f.refusal("CreateTopic", named("x", Value::structure({{"FifoTopic", "true"}})))
            .starts_with("InvalidParameterException: Fifo Topic names must end with .fifo"));
  CHECK(f.refusal("CreateTopic",
                  named("x", Value::structure({{"ContentBasedDeduplication", "true"}})))
            .ends_with("can only be set for FIFO topics"));
  CHECK(
      f.refusal("CreateTopic", named("x", Value::structure({{"Colour", "red"}}))) ==
      "InvalidParameterException: Invalid parameter: Attributes Reason: Unknown attribute Colour");
}

TEST_CASE("topics that are not there, or not here") {
  Fixture f;
  const auto arn = f.topic();
  CHECK(f.refusal("GetTopicAttributes", arn_of("arn:aws:sns:us-east-1:000000000000:nope")) ==
        "NotFoundException: Topic does not exist");
  CHECK(f.refusal("GetTopicAttributes", arn_of("topic")) ==
        "InvalidParameterException: Invalid parameter: TopicArn Reason: An ARN must have at least "
        "6 elements, not 1");
  f.region = "eu-west-1";
  CHECK(f.refusal("GetTopicAttributes", arn_of(arn)) ==
        "InvalidParameterException: Invalid parameter: TopicArn");
  CHECK(f.ok("ListTopics", {})["Topics"].items().empty());
  f.region = "us-east-1";
  CHECK(f.ok("ListTopics", {})["Topics"].items().size() == 1);
  f.ok("DeleteTopic", arn_of(arn));
  f.ok("DeleteTopic", arn_of(arn));
  CHECK(f.refusal("GetTopicAttributes", arn_of(arn)) == "NotFoundException: Topic does not exist");
}

TEST_CASE("ListTopics pages by 100, and a page survives what is made or deleted meanwhile") {
  Fixture f;
  for (int i = 100; i < 350; ++i) f.topic("t" + std::to_string(i));
  auto first = f.ok("ListTopics", {});
  CHECK(first["Topics"].items().size() == 100);
  f.topic("a");
  f.ok("DeleteTopic", arn_of(first["Topics"].items().back()["TopicArn"].string()));
  auto second = f.ok("ListTopics", Value::structure({{"NextToken", first["NextToken"]}}));
  auto third = f.ok("ListTopics", Value::structure({{"NextToken", second["NextToken"]}}));
  CHECK(second["Topics"].items().front()["TopicArn"].string().ends_with(":t200"));
  CHECK(third["Topics"].items().size() == 50);
  CHECK_FALSE(third.has("NextToken"));
  CHECK(f.refusal("ListTopics", Value::structure({{"NextToken", "!"}})) ==
        "InvalidParameterException: Invalid parameter: NextToken");
}

TEST_CASE("attributes are set, checked, and survive a crash") {
  Fixture f;
  const auto arn = f.topic();
  const auto set = [&](const char* name, const std::string& value) {
    return Value::structure(
        {{"TopicArn", arn}, {"AttributeName", name}, {"AttributeValue", value}});
  };
  f.ok("SetTopicAttributes", set("DisplayName", "Guard"));
  f.ok("SetTopicAttributes", set("SignatureVersion", "2"));
  f.ok("SetTopicAttributes", set("KmsMasterKeyId", "alias/x"));
  CHECK(f.refusal("SetTopicAttributes", set("Colour", "red")) ==
        "InvalidParameterException: Invalid parameter: AttributeName");
  CHECK(f.refusal("SetTopicAttributes", set("FifoTopic", "true")) ==
        "InvalidParameterException: Invalid parameter: AttributeName");
  CHECK(f.refusal("SetTopicAttributes", set("Policy", "{"))
            .starts_with("InvalidParameterException: Invalid parameter: Policy"));
  CHECK(f.refusal("SetTopicAttributes",
                  set("Policy",
                      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",)"
                      R"("Action":"s3:GetObject","Resource":"*"}]})")) ==
        "InvalidParameterException: Invalid parameter: Policy statement action out of service "
        "scope!");
  CHECK(f.refusal("SetTopicAttributes", set("SignatureVersion", "3"))
            .starts_with("InvalidParameterException"));
  f.crash();
  const auto a = f.ok("GetTopicAttributes", arn_of(arn))["Attributes"];
  CHECK(a["DisplayName"].string() == "Guard");
  CHECK(a["SignatureVersion"].string() == "2");
  CHECK(a["KmsMasterKeyId"].string() == "alias/x");
}

TEST_CASE("permissions are statements of the policy") {
  Fixture f;
  const auto arn = f.topic();
  const auto add = Value::structure({{"TopicArn", arn},
                                     {"Label", "l"},
                                     {"AWSAccountId", Value::list({"111111111111"})},
                                     {"ActionName", Value::list({"Publish"})}});
  f.ok("AddPermission", add);
  CHECK(f.refusal("AddPermission", add) ==
        "InvalidParameterException: Invalid parameter: Statement already exists");
  auto policy = [&] {
    return aws::from_json(f.sns->topic_policy(arn).value()).value()["Statement"];
  };
  REQUIRE(policy().items().size() == 2);
  CHECK(aws::to_json(policy().items()[1]) ==
        R"({"Sid":"l","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},)"
        R"("Action":"SNS:Publish","Resource":"arn:aws:sns:us-east-1:000000000000:t"})");
  f.ok("RemovePermission", Value::structure({{"TopicArn", arn}, {"Label", "l"}}));
  CHECK(policy().items().size() == 1);
}

TEST_CASE("tags are added, replaced, removed, limited, and vanish with the topic") {
  Fixture f;
  const auto arn = f.topic();
  const auto put = [&](const Value& tags) {
    return Value::structure({{"ResourceArn", arn}, {"Tags", tags}});
  };
  const auto tags = [&] {
    return f.ok("ListTagsForResource", Value::structure({{"ResourceArn", arn}}))["Tags"];
  };
  f.ok("TagResource", put(Value::list({tag("a", "1"), tag("ü", "")})));
  f.ok("TagResource", put(Value::list({tag("a", "2")})));
  CHECK(aws::to_json(tags()) == R"([{"Key":"a","Value":"2"},{"Key":"ü","Value":""}])");
  f.ok("UntagResource",
       Value::structure({{"ResourceArn", arn}, {"TagKeys", Value::list({"a", "zz"})}}));
  CHECK(tags().items().size() == 1);
  Value many = Value::list();
  for (int i = 0; i < 50; ++i) many.push(tag("k" + std::to_string(i), ""));
  CHECK(f.refusal("TagResource", put(many)).starts_with("TagLimitExceededException"));
  CHECK(tags().items().size() == 1);
  f.ok("DeleteTopic", arn_of(arn));
  CHECK(f.refusal("ListTagsForResource", Value::structure({{"ResourceArn", arn}})) ==
        "ResourceNotFoundException: Resource does not exist");
  f.topic();
  CHECK(tags().items().empty());
}

TEST_CASE("what each operation asks of IAM") {
  Fixture f;
  const auto arn = f.topic();
  const auto asks = [&](std::string_view operation, const Value& input) {
    const aws::Call c{operation, input, f.caller, f.region, account, "", "", f.world.timers.now()};
    std::string out;
    for (const auto& p : f.sns->authorisation(c)) out += p.action + " " + p.resources.at(0) + ";";
    return out;
  };
  CHECK(asks("Publish", arn_of(arn)) == "SNS:Publish " + arn + ";");
  CHECK(asks("PublishBatch", arn_of(arn)) == "SNS:Publish " + arn + ";");
  CHECK(asks("ListTopics", {}) == "SNS:ListTopics *;");
  CHECK(asks("Unsubscribe", Value::structure({{"SubscriptionArn", arn + ":1"}})) ==
        "SNS:Unsubscribe *;");
  CHECK(asks("CreateTopic", named("n", {}, Value::list({tag("k", "v")}))) ==
        "SNS:CreateTopic arn:aws:sns:us-east-1:000000000000:n;SNS:TagResource "
        "arn:aws:sns:us-east-1:000000000000:n;");
  f.caller.kind = aws::Caller::Kind::anonymous;
  CHECK(asks("ConfirmSubscription", arn_of(arn)) == "");
  CHECK(asks("Publish", arn_of(arn)) == "SNS:Publish " + arn + ";");
}
