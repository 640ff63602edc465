// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "services/sns/testing.h"

using namespace sitelatch;
using namespace sitelatch::sns;
using namespace sitelatch::sns::testing;

namespace {
Value to(const std::string& topic, const std::string& protocol, const std::string& address,
         const Value& attributes = {}) {
  return Value::structure({{"TopicArn", topic},
                           {"Protocol", protocol},
                           {"Endpoint", address},
                           {"Attributes", attributes}});
}
}  // namespace

TEST_CASE("a function is subscribed at once, once") {
  Fixture f;
  const auto topic = f.topic();
  const auto arn = f.ok("Subscribe", to(topic, "lambda", function_arn))["SubscriptionArn"].string();
  CHECK(arn.starts_with(topic + ":"));
  CHECK(arn.size() == topic.size() + 37);
  CHECK(f.ok("Subscribe", to(topic, "lambda", function_arn))["SubscriptionArn"].string() == arn);
  const auto a = f.attributes(arn);
  CHECK(a["ConfirmationWasAuthenticated"].string() == "true");
  CHECK(a["PendingConfirmation"].string() == "false");
  CHECK(a["RawMessageDelivery"].string() == "false");
  CHECK(a["Endpoint"].string() == function_arn);
  CHECK(a["Protocol"].string() == "lambda");
  CHECK(f.world.courier.posts.empty());
}

TEST_CASE("refused subscriptions") {
  Fixture f;
  const auto topic = f.topic();
  const std::string p = "InvalidParameterException: Invalid parameter: ";
  CHECK(f.refusal("Subscribe", to(topic, "pigeon", "x")) ==
        p + "Amazon SNS does not support this protocol string: pigeon");
  CHECK(f.refusal("Subscribe", to(topic, "lambda", "arn:aws:lambda:x")) ==
        p + "Lambda endpoint ARN");
  CHECK(f.refusal("Subscribe", to(topic, "http", "https://x/")) ==
        p + "Endpoint must match the specified protocol");
  CHECK(f.refusal("Subscribe", to(topic, "email", "nobody")) == p + "Email address");
  CHECK(f.refusal("Subscribe", to(topic, "email", "a@b\r\nBcc: c@d")) == p + "Email address");
  CHECK(f.refusal("Subscribe", to(topic, "sqs", "http://x/q")) == p + "SQS endpoint ARN");
  CHECK(f.refusal("Subscribe", to(topic, "sqs", "arn:aws:sqs:us-east-1:000000000000:q.fifo")) ==
        p + "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard "
            "SNS topics");
  CHECK(f.refusal("Subscribe", to(topic, "sms", "5550100")) == p + "Invalid SMS endpoint: 5550100");
  CHECK(f.refusal("Subscribe", to(topic + "x", "lambda", function_arn)) ==
        "NotFoundException: Topic does not exist");
  CHECK(f.refusal("Subscribe", to(topic, "lambda", function_arn,
                                  Value::structure({{"RawMessageDelivery", "true"}}))) ==
        p + "Attributes Reason: Delivery protocol [lambda] does not support raw message delivery.");
  CHECK(f.refusal("Subscribe", to(topic, "http", "http://x/",
                                  Value::structure({{"RawMessageDelivery", "maybe"}}))) ==
        p + "Attributes Reason: RawMessageDelivery: Invalid value [maybe]. Must be true or false.");
  CHECK(
      f.refusal("Subscribe", to(topic, "http", "http://x/", Value::structure({{"Colour", "x"}}))) ==
      p + "Attributes Reason: AttributeName");
  CHECK(f.refusal("Subscribe",
                  to(topic, "lambda", function_arn, Value::structure({{"FilterPolicy", "{"}}))) ==
        p + "Attributes Reason: FilterPolicy: failed to parse JSON.");
  CHECK(f.refusal("Subscribe",
                  to(topic, "lambda", function_arn,
                     Value::structure({{"RedrivePolicy", R"({"deadLetterTargetArn":"x"})"}}))) ==
        p + "Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn");
  f.subscribe(topic, "lambda", function_arn);
  CHECK(f.refusal("Subscribe", to(topic, "lambda", function_arn,
                                  Value::structure({{"FilterPolicy", R"({"a":["b"]})"}}))) ==
        p + "Attributes Reason: Subscription already exists with different attributes");
}

TEST_CASE("an http endpoint is asked, and the unsigned link confirms it") {
  Fixture f;
  const auto topic = f.topic();
  CHECK(f.ok("Subscribe", to(topic, "http", "http://site/hook"))["SubscriptionArn"].string() ==
        "pending confirmation");
  CHECK(f.ok("ListSubscriptions", {})["Subscriptions"].items().at(0)["SubscriptionArn"].string() ==
        "PendingConfirmation");
  REQUIRE(f.world.courier.posts.size() == 1);
  const auto& post = f.world.courier.posts[0];
  CHECK(post.url == "http://site/hook");
  std::map<std::string, std::string> headers(post.headers.begin(), post.headers.end());
  CHECK(headers["x-amz-sns-message-type"] == "SubscriptionConfirmation");
  CHECK(headers["User-Agent"] == "Amazon Simple Notification Service Agent");
  CHECK_FALSE(headers.contains("x-amz-sns-subscription-arn"));
  const auto body = aws::from_json(post.body).value();
  CHECK(body["Type"].string() == "SubscriptionConfirmation");
  CHECK(body["Message"].string() ==
        "You have chosen to subscribe to the topic " + topic +
            ".\nTo confirm the subscription, visit the SubscribeURL included in this message.");
  CHECK(body["SubscribeURL"].string() == endpoint + "/?Action=ConfirmSubscription&TopicArn=" +
                                             topic + "&Token=" + body["Token"].string());
  const auto confirm = [&](const std::string& arn, const std::string& token) {
    return Value::structure({{"TopicArn", arn}, {"Token", token}});
  };
  f.caller = {};
  f.region = "eu-central-1";  // an unsigned call has no region of its own
  std::string foreign = body["Token"].string();
  foreign.back() = foreign.back() == '0' ? '1' : '0';
  CHECK(f.refusal("ConfirmSubscription", confirm(topic, "garbled")) ==
        "InvalidParameterException: Invalid parameter: Token");
  CHECK(f.refusal("ConfirmSubscription", confirm(topic, foreign)) ==
        "InvalidParameterException: Invalid token");
  CHECK(f.refusal("ConfirmSubscription",
                  confirm("arn:aws:sns:eu-west-1:000000000000:t", body["Token"].string())) ==
        "InvalidParameterException: Invalid parameter: Topic");
  CHECK(f.refusal("ConfirmSubscription", confirm("topic", body["Token"].string())) ==
        "InvalidParameterException: Invalid parameter: Topic");
  const auto arn = f.ok("ConfirmSubscription", confirm("arn:aws:sns:us-east-1:000000000000:other",
                                                       body["Token"].string()))["SubscriptionArn"]
                       .string();
  CHECK(arn.starts_with(topic + ":"));
  f.region = "us-east-1";
  const auto a = f.attributes(arn);
  CHECK(a["PendingConfirmation"].string() == "false");
  CHECK(a["ConfirmationWasAuthenticated"].string() == "false");
  CHECK(a["EffectiveDeliveryPolicy"].string() ==
        R"({"healthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,)"
        R"("numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,)"
        R"("backoffFunction":"linear"},"sicklyRetryPolicy":null,"throttlePolicy":null,)"
        R"("requestPolicy":{"headerContentType":"text/plain; charset=UTF-8"},"guaranteed":false})");
}

TEST_CASE("a token lives for two days") {
  Fixture f;
  const auto topic = f.topic();
  f.subscribe(topic, "http", "http://site/");
  const auto body = aws::from_json(f.world.courier.posts[0].body).value();
  f.world.advance(47h);
  f.crash();
  CHECK(f.ok("ListSubscriptions", {})["Subscriptions"].items().size() == 1);
  f.world.advance(2h);
  CHECK(f.ok("ListSubscriptions", {})["Subscriptions"].items().empty());
  CHECK(f.refusal("ConfirmSubscription",
                  Value::structure({{"TopicArn", topic}, {"Token", body["Token"]}})) ==
        "InvalidParameterException: Invalid token");
}

TEST_CASE("who leaves by the link is told, and can come back; who leaves signed is gone") {
  Fixture f;
  const auto topic = f.topic();
  const auto arn = f.confirmed_http(topic, "http://site/");
  const auto named = Value::structure({{"SubscriptionArn", arn}});
  const auto owner = f.caller;
  f.caller = {};
  f.ok("Unsubscribe", named);
  REQUIRE(f.world.courier.posts.size() == 1);
  const auto body = aws::from_json(f.world.courier.posts[0].body).value();
  CHECK(body["Type"].string() == "UnsubscribeConfirmation");
  CHECK(body["Message"].string().starts_with("You have chosen to deactivate subscription " + arn +
                                             ".\n"));
  f.caller = owner;
  CHECK(f.refusal("GetSubscriptionAttributes", named) ==
        "NotFoundException: Subscription does not exist");
  CHECK(f.ok("ListSubscriptionsByTopic", Value::structure({{"TopicArn", topic}}))["Subscriptions"]
            .items()
            .empty());
  f.world.courier.posts.clear();
  f.publish(topic, "unheard");
  CHECK(f.world.courier.posts.empty());
  f.crash();
  f.ok("ConfirmSubscription", Value::structure({{"TopicArn", topic}, {"Token", body["Token"]}}));
  f.publish(topic, "heard");
  CHECK(f.world.courier.posts.size() == 1);
  f.world.courier.posts.clear();
  f.ok("Unsubscribe", named);
  f.ok("Unsubscribe", named);
  CHECK(f.world.courier.posts.empty());
  CHECK(f.refusal("Unsubscribe", Value::structure({{"SubscriptionArn", "x"}})) ==
        "InvalidParameterException: Invalid parameter: SubscriptionArn Reason: An ARN must have at "
        "least 6 elements, not 1");
}

TEST_CASE(
    "an unsigned link ends neither a function's subscription nor one that asks for a signature") {
  Fixture f;
  const auto topic = f.topic();
  const auto function = f.subscribe(topic, "lambda", function_arn);
  f.subscribe(topic, "http", "http://site/");
  const auto body = aws::from_json(f.world.courier.posts[0].body).value();
  const auto guarded =
      f.ok("ConfirmSubscription",
           Value::structure({{"TopicArn", topic},
                             {"Token", body["Token"]},
                             {"AuthenticateOnUnsubscribe", "true"}}))["SubscriptionArn"]
          .string();
  f.caller = {};
  for (const auto& arn : {function, guarded})
    CHECK(f.refusal("Unsubscribe", Value::structure({{"SubscriptionArn", arn}}))
              .starts_with("AuthorizationErrorException"));
}

TEST_CASE("subscription attributes") {
  Fixture f;
  const auto topic = f.topic();
  const auto arn = f.confirmed_http(topic, "http://site/");
  const auto set = [&](const char* name, const std::string& value) {
    return Value::structure(
        {{"SubscriptionArn", arn}, {"AttributeName", name}, {"AttributeValue", value}});
  };
  f.ok("SetSubscriptionAttributes", set("RawMessageDelivery", "TRUE"));
  f.ok("SetSubscriptionAttributes", set("FilterPolicy", R"({"a":["b"]})"));
  CHECK(f.attributes(arn)["RawMessageDelivery"].string() == "true");
  CHECK(f.attributes(arn)["FilterPolicyScope"].string() == "MessageAttributes");
  CHECK(f.refusal("SetSubscriptionAttributes", set("FilterPolicy", R"({"a":{"b":["c"]}})")) ==
        "InvalidParameterException: Invalid parameter: Filter policy scope MessageAttributes does "
        "not support nested filter policy");
  f.ok("SetSubscriptionAttributes", set("FilterPolicyScope", "MessageBody"));
  f.ok("SetSubscriptionAttributes", set("FilterPolicy", R"({"a":{"b":["c"]}})"));
  CHECK(f.refusal("SetSubscriptionAttributes", set("FilterPolicyScope", "x")) ==
        "InvalidParameterException: Invalid parameter: FilterPolicyScope: Invalid value [x]. "
        "Please use either MessageBody or MessageAttributes");
  CHECK(f.refusal("SetSubscriptionAttributes", set("Colour", "x")) ==
        "InvalidParameterException: Invalid parameter: AttributeName");
  f.crash();
  CHECK(f.attributes(arn)["FilterPolicy"].string() == R"({"a":{"b":["c"]}})");
  CHECK(f.attributes(arn)["FilterPolicyScope"].string() == "MessageBody");
  f.ok("SetSubscriptionAttributes", set("FilterPolicy", ""));
  CHECK_FALSE(f.attributes(arn).has("FilterPolicy"));
  CHECK_FALSE(f.attributes(arn).has("FilterPolicyScope"));
}

TEST_CASE("subscriptions go with their topic, and lists page") {
  Fixture f;
  const auto topic = f.topic(), other = f.topic("t2");
  for (int i = 0; i < 105; ++i) f.subscribe(topic, "lambda", function_arn + std::to_string(i));
  f.subscribe(other, "lambda", function_arn);
  const auto by_topic = Value::structure({{"TopicArn", topic}});
  auto page = f.ok("ListSubscriptionsByTopic", by_topic);
  CHECK(page["Subscriptions"].items().size() == 100);
  page = f.ok("ListSubscriptionsByTopic",
              Value::structure({{"TopicArn", topic}, {"NextToken", page["NextToken"]}}));
  CHECK(page["Subscriptions"].items().size() == 5);
  CHECK_FALSE(page.has("NextToken"));
  CHECK(f.ok("GetTopicAttributes", by_topic)["Attributes"]["SubscriptionsConfirmed"].string() ==
        "105");
  f.ok("DeleteTopic", by_topic);
  f.crash();
  CHECK(f.ok("ListSubscriptions", {})["Subscriptions"].items().size() == 1);
}
