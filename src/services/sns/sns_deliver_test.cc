// SPDX-License-Identifier: Apache-2.0
#include "services/sns/testing.h"

using namespace sitelatch;
using namespace sitelatch::sns;
using namespace sitelatch::sns::testing;

TEST_CASE("acknowledged is queued at the function, once, whatever crashes") {
  Fixture f;
  const auto topic = f.topic();
  f.subscribe(topic, "lambda", function_arn);
  REQUIRE(
      f.call("Publish", Value::structure({{"TopicArn", topic}, {"Message", "lost"}})).has_value());
  f.crash();  // before the commit: not acknowledged, and not queued
  f.world.settle();
  CHECK(f.functions.queued() == 0);
  REQUIRE(
      f.call("Publish", Value::structure({{"TopicArn", topic}, {"Message", "kept"}})).has_value());
  f.world.journal.commit();
  f.crash();
  f.world.advance(24h);
  CHECK(f.functions.queued() == 1);
  CHECK(f.sns->deliveries_waiting() == 0);
  CHECK(f.metrics.of("NumberOfNotificationsDelivered") == 2);  // both were accepted at the time
}

TEST_CASE("a function's trouble is retried at once, then slower, and survives a crash") {
  Fixture f;
  const auto topic = f.topic();
  f.subscribe(topic, "lambda", function_arn);
  f.functions.answer = {aws::DispatchOutcome::Kind::failed, "", "queue is full"};
  f.publish(topic, "m");
  CHECK(f.functions.asked == 3);  // the first and two at once
  f.world.advance(1s);
  CHECK(f.functions.asked == 4);
  f.world.advance(1s);
  CHECK(f.functions.asked == 5);
  f.crash();
  f.world.advance(1h);
  const int before = f.functions.asked;
  f.world.advance(20s);
  CHECK(f.functions.asked == before + 1);
  f.functions.answer = {aws::DispatchOutcome::Kind::accepted, "", ""};
  f.world.advance(20s);
  CHECK(f.functions.events.size() == 1);
  CHECK(f.sns->deliveries_waiting() == 0);
  f.world.advance(1h);
  CHECK(f.functions.events.size() == 1);
  CHECK(f.metrics.of("NumberOfNotificationsDelivered") == 1);
  CHECK(f.metrics.of("NumberOfNotificationsFailed") == 0);
}

TEST_CASE("a refusal is final") {
  Fixture f;
  const auto topic = f.topic();
  f.subscribe(
      topic, "lambda", function_arn,
      Value::structure({{"RedrivePolicy",
                         R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:q"})"}}));
  f.functions.answer = {aws::DispatchOutcome::Kind::refused, "", "no permission"};
  f.publish(topic, "m");
  f.world.advance(24h);
  CHECK(f.functions.asked == 1);
  CHECK(f.metrics.of("NumberOfNotificationsFailed") == 1);
  CHECK(f.metrics.of("NumberOfNotificationsRedrivenToDlq") == 1);
  REQUIRE(f.queues.letters.size() == 1);
  CHECK(f.queues.letters[0].queue_arn == "arn:aws:sqs:us-east-1:000000000000:q");
  CHECK(aws::from_json(f.queues.letters[0].body).value()["Message"] == Value{"m"});
}

TEST_CASE("http: three retries, 20 s apart, every failure counted") {
  Fixture f;
  const auto topic = f.topic();
  f.confirmed_http(topic, "http://site/");
  f.world.courier.answer = [](const ports::Post&) { return ports::Receipt{503, ""}; };
  f.publish(topic, "m");
  CHECK(f.world.courier.posts.size() == 1);
  f.world.advance(19s);
  CHECK(f.world.courier.posts.size() == 1);
  f.world.advance(1s);
  CHECK(f.world.courier.posts.size() == 2);
  f.world.advance(1h);
  CHECK(f.world.courier.posts.size() == 4);
  CHECK(f.metrics.of("NumberOfNotificationsFailed") == 4);
  CHECK(f.sns->deliveries_waiting() == 0);
}

TEST_CASE("http: a 4xx is final, a 429 is not, a lost connection is not") {
  Fixture f;
  const auto topic = f.topic();
  f.confirmed_http(topic, "http://site/");
  const auto posts_for = [&](ports::Receipt receipt) {
    f.world.courier.posts.clear();
    f.world.courier.answer = [=](const ports::Post&) { return receipt; };
    f.publish(topic, "m");
    f.world.advance(1h);
    return f.world.courier.posts.size();
  };
  CHECK(posts_for({200, ""}) == 1);
  CHECK(posts_for({404, ""}) == 1);
  CHECK(posts_for({429, ""}) == 4);
  CHECK(posts_for({0, "connection refused"}) == 4);
}

TEST_CASE("http: the delivery policy of the subscription, unless the topic forbids it") {
  Fixture f;
  const auto topic = f.topic();
  const auto own =
      R"({"healthyRetryPolicy":{"minDelayTarget":5,"maxDelayTarget":5,"numRetries":1},)"
      R"("requestPolicy":{"headerContentType":"application/json"}})";
  f.confirmed_http(topic, "http://site/", Value::structure({{"DeliveryPolicy", own}}));
  f.world.courier.answer = [](const ports::Post&) { return ports::Receipt{500, ""}; };
  f.publish(topic, "m");
  f.world.advance(5s);
  CHECK(f.world.courier.posts.size() == 2);
  f.world.advance(1h);
  CHECK(f.world.courier.posts.size() == 2);
  CHECK(f.world.courier.posts[0].headers[2].second == "application/json");
  f.ok("SetTopicAttributes",
       Value::structure({{"TopicArn", topic},
                         {"AttributeName", "DeliveryPolicy"},
                         {"AttributeValue", R"({"http":{"disableSubscriptionOverrides":true}})"}}));
  f.world.courier.posts.clear();
  f.publish(topic, "m");
  f.world.advance(1h);
  CHECK(f.world.courier.posts.size() == 4);
}

TEST_CASE("http: acknowledged, crashed, delivered; a crash in between may double it") {
  Fixture f;
  const auto topic = f.topic();
  f.confirmed_http(topic, "http://site/");
  REQUIRE(f.call("Publish", Value::structure({{"TopicArn", topic}, {"Message", "m"}})).has_value());
  CHECK(f.world.courier.posts.empty());  // not before it is durable
  f.world.journal.commit();
  CHECK(f.world.courier.posts.size() == 1);
  f.crash();  // the answer of the first attempt never counts
  f.world.settle();
  CHECK(f.world.courier.posts.size() == 2);
  CHECK(f.sns->deliveries_waiting() == 0);
  f.crash();
  f.world.advance(1h);
  CHECK(f.world.courier.posts.size() == 2);
}

TEST_CASE("raw delivery is the message itself") {
  Fixture f;
  const auto topic = f.topic();
  f.confirmed_http(topic, "http://site/", Value::structure({{"RawMessageDelivery", "true"}}));
  f.publish(topic, "as it is");
  CHECK(f.world.courier.posts.at(0).body == "as it is");
  CHECK(f.world.courier.posts.at(0).headers.back() ==
        std::pair<std::string, std::string>{"x-amz-sns-rawdelivery", "true"});
}

TEST_CASE("mail: confirmed by its link, then delivered, with the way out") {
  Fixture f;
  const auto topic = f.topic();
  const auto arn = f.subscribe(topic, "email", "ops@example.com");
  REQUIRE(f.world.courier.mails.size() == 1);
  const auto& question = f.world.courier.mails[0];
  CHECK(question.to == "ops@example.com");
  CHECK(question.subject == "AWS Notification - Subscription Confirmation");
  const auto at = question.body.find("&Token=");
  REQUIRE(at != std::string::npos);
  const auto token = question.body.substr(at + 7, question.body.find('\n', at) - at - 7);
  f.publish(topic, "too early");
  CHECK(f.world.courier.mails.size() == 1);
  f.caller = {};
  f.ok("ConfirmSubscription", Value::structure({{"TopicArn", topic}, {"Token", token}}));
  f.ok("Publish",
       Value::structure({{"TopicArn", topic}, {"Message", "down"}, {"Subject", "Alarm"}}));
  REQUIRE(f.world.courier.mails.size() == 2);
  CHECK(f.world.courier.mails[1].subject == "Alarm");
  CHECK(f.world.courier.mails[1].body.starts_with("down\n"));
  CHECK(f.world.courier.mails[1].body.find("/?Action=Unsubscribe&SubscriptionArn=" + arn) !=
        std::string::npos);
}

TEST_CASE("a function is not kept waiting for the signing key; an endpoint that checks it is") {
  Fixture f;
  f.keys.held = true;
  const auto topic = f.topic();
  CHECK(f.keys.asked == 0);
  f.subscribe(topic, "lambda", function_arn);
  f.subscribe(topic, "http", "http://site/");
  CHECK(f.keys.asked == 1);
  f.publish(topic, "m");
  CHECK(f.functions.events.size() == 1);
  CHECK(f.functions.events[0].find(R"("Signature":"")") != std::string::npos);
  CHECK(f.world.courier.posts.empty());
  f.keys.waiting.at(0)(test_key());
  f.world.settle();
  CHECK(f.world.courier.posts.size() == 1);
  f.crash();
  CHECK(f.keys.asked == 1);  // it was kept
  f.publish(topic, "m");
  CHECK(f.functions.events.at(1).find(R"("Signature":"")") == std::string::npos);
}

TEST_CASE("filters decide, and what they keep out is counted") {
  Fixture f;
  const auto topic = f.topic();
  f.subscribe(topic, "lambda", function_arn,
              Value::structure({{"FilterPolicy", R"({"kind":["alarm"]})"}}));
  const auto publish = [&](const char* kind) {
    Value input = Value::structure({{"TopicArn", topic}, {"Message", "m"}});
    if (kind)
      input.set("MessageAttributes",
                Value::structure(
                    {{"kind", Value::structure({{"DataType", "String"}, {"StringValue", kind}})}}));
    f.ok("Publish", input);
  };
  publish("alarm");
  publish("chat");
  publish(nullptr);
  CHECK(f.functions.events.size() == 1);
  CHECK(f.metrics.of("NumberOfMessagesPublished") == 3);
  CHECK(f.metrics.of("NumberOfNotificationsDelivered") == 1);
  CHECK(f.metrics.of("NumberOfNotificationsFilteredOut") == 2);
  CHECK(f.metrics.of("NumberOfNotificationsFilteredOut-MessageAttributes") == 1);
  CHECK(f.metrics.of("NumberOfNotificationsFilteredOut-NoMessageAttributes") == 1);
  CHECK(f.metrics.of("PublishSize") == 3 + (4 + 6 + 5) + (4 + 6 + 4));
}

TEST_CASE("deliveries of what was deleted meanwhile are dropped") {
  Fixture f;
  const auto topic = f.topic();
  f.confirmed_http(topic, "http://site/");
  f.world.courier.answer = [](const ports::Post&) { return ports::Receipt{500, ""}; };
  f.publish(topic, "m");
  f.ok("DeleteTopic", Value::structure({{"TopicArn", topic}}));
  f.world.advance(1h);
  CHECK(f.world.courier.posts.size() == 1);
  CHECK(f.sns->deliveries_waiting() == 0);
}
