// SPDX-License-Identifier: Apache-2.0
// Subscriptions of queues, FIFO topics, and what is kept and delivered nowhere.
#include "services/sns/testing.h"

namespace sitelatch::sns {
using namespace testing;

namespace {

const std::string queue_arn = "arn:aws:sqs:us-east-1:000000000000:q";
const std::string fifo_queue_arn = "arn:aws:sqs:us-east-1:000000000000:q.fifo";

std::string fifo_topic(Fixture& f, const Value& more = Value::structure()) {
  Value attributes = Value::structure({{"FifoTopic", "true"}});
  for (const auto& [name, value] : more.members()) attributes.set(name, value);
  return f
      .ok("CreateTopic",
          Value::structure({{"Name", "t.fifo"}, {"Attributes", attributes}}))["TopicArn"]
      .string();
}

Value to_group(const std::string& topic, const char* message, const char* id = nullptr,
               const char* group = "g") {
  Value out =
      Value::structure({{"TopicArn", topic}, {"Message", message}, {"MessageGroupId", group}});
  if (id) out.set("MessageDeduplicationId", id);
  return out;
}

}  // namespace

TEST_CASE("a queue has the notification in the call that publishes it, in the topic's name") {
  Fixture f;
  const auto topic = f.topic();
  const auto subscription = f.subscribe(topic, "sqs", queue_arn);
  CHECK(f.attributes(subscription)["PendingConfirmation"] == Value{"false"});
  const Value input = Value::structure(
      {{"TopicArn", topic},
       {"Message", "m"},
       {"MessageAttributes",
        Value::structure(
            {{"s", Value::structure({{"DataType", "String"}, {"StringValue", "v"}})},
             {"b", Value::structure({{"DataType", "Binary"}, {"BinaryValue", "\x01\x02"}})}})}});
  f.ok("Publish", input);
  REQUIRE(f.queues.letters.size() == 1);
  CHECK(f.queues.senders[0] == "sns.amazonaws.com " + topic);
  const auto body = aws::from_json(f.queues.letters[0].body).value();
  CHECK(body["Type"] == Value{"Notification"});
  CHECK(body["Message"] == Value{"m"});
  CHECK(body["MessageAttributes"]["b"]["Value"] == Value{"AQI="});
  CHECK_FALSE(body.has("Subject"));
  CHECK(f.queues.letters[0].attributes.empty());

  f.ok("SetSubscriptionAttributes", Value::structure({{"SubscriptionArn", subscription},
                                                      {"AttributeName", "RawMessageDelivery"},
                                                      {"AttributeValue", "true"}}));
  f.ok("Publish", input);
  const auto& raw = f.queues.letters.at(1);
  CHECK(raw.body == "m");
  REQUIRE(raw.attributes.size() == 2);
  CHECK(raw.attributes[1].value == "\x01\x02");
  CHECK(f.metrics.of("NumberOfNotificationsDelivered") == 2);
}

TEST_CASE(
    "what a queue does not take goes to the subscription's dead letters, or is counted lost") {
  Fixture f;
  const auto topic = f.topic();
  const std::string dead = "arn:aws:sqs:us-east-1:000000000000:dead";
  f.subscribe(topic, "sqs", queue_arn,
              Value::structure({{"RedrivePolicy", "{\"deadLetterTargetArn\":\"" + dead + "\"}"}}));
  f.queues.answers[queue_arn] = {aws::DispatchOutcome::Kind::refused, "", "no permission"};
  f.publish(topic, "m");
  REQUIRE(f.queues.letters.size() == 1);
  CHECK(f.queues.letters[0].queue_arn == dead);
  CHECK(f.metrics.of("NumberOfNotificationsFailed") == 1);
  CHECK(f.metrics.of("NumberOfNotificationsRedrivenToDlq") == 1);
  f.queues.answers[dead] = f.queues.answers[queue_arn];
  f.publish(topic, "m");
  CHECK(f.metrics.of("NumberOfNotificationsFailedToRedriveToDlq") == 1);
}

TEST_CASE("a FIFO topic numbers its messages, and takes each once in five minutes") {
  Fixture f;
  const auto topic = fifo_topic(f);
  f.subscribe(topic, "sqs", fifo_queue_arn);
  f.subscribe(topic, "sqs", queue_arn);
  const auto first = f.ok("Publish", to_group(topic, "one", "d1"));
  CHECK(first["SequenceNumber"] == Value{"10000000000000000001"});
  CHECK(f.ok("Publish", to_group(topic, "again", "d1"))["MessageId"] == first["MessageId"]);
  f.crash();
  CHECK(f.ok("Publish", to_group(topic, "again", "d1"))["MessageId"] == first["MessageId"]);
  REQUIRE(f.queues.letters.size() == 2);
  for (const auto& letter : f.queues.letters) {
    const bool fifo = letter.queue_arn == fifo_queue_arn;
    CHECK(letter.group_id == (fifo ? "g" : ""));
    CHECK(letter.deduplication_id == (fifo ? "d1" : ""));
    CHECK(aws::from_json(letter.body).value()["SequenceNumber"] == first["SequenceNumber"]);
  }
  f.world.advance(5min);
  CHECK(f.ok("Publish", to_group(topic, "later", "d1"))["SequenceNumber"] ==
        Value{"10000000000000000002"});

  const std::string p = "InvalidParameterException: Invalid parameter: ";
  CHECK(f.refusal("Publish", Value::structure({{"TopicArn", topic}, {"Message", "m"}})) ==
        p + "The MessageGroupId parameter is required for FIFO topics");
  CHECK(f.refusal("Publish", to_group(topic, "m")) ==
        p + "The topic should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly");
  CHECK(f.refusal("Publish", to_group(f.topic(), "m", "d")).find("not valid for this topic type") !=
        std::string::npos);
  CHECK(f.refusal("Subscribe",
                  Value::structure(
                      {{"TopicArn", topic}, {"Protocol", "lambda"}, {"Endpoint", function_arn}})) ==
        p + "Invalid protocol type: lambda");
  CHECK(f.refusal("SetTopicAttributes", Value::structure({{"TopicArn", topic},
                                                          {"AttributeName", "ArchivePolicy"},
                                                          {"AttributeValue", "{}"}}))
            .find("keeps no archive") != std::string::npos);
}

TEST_CASE("a FIFO topic may go by content, and by group") {
  Fixture f;
  const auto topic = fifo_topic(f, Value::structure({{"ContentBasedDeduplication", "true"},
                                                     {"FifoThroughputScope", "MessageGroup"}}));
  f.subscribe(topic, "sqs", fifo_queue_arn);
  for (const char* group : {"a", "a", "b"})
    f.ok("Publish", to_group(topic, "same", nullptr, group));
  CHECK(f.queues.letters.size() == 2);
}

TEST_CASE("behind a message of its group that waits, a message of a FIFO topic waits") {
  Fixture f;
  const auto topic = fifo_topic(f);
  f.subscribe(topic, "sqs", fifo_queue_arn);
  f.queues.answers[fifo_queue_arn] = {aws::DispatchOutcome::Kind::failed, "", "out of order"};
  f.ok("Publish", to_group(topic, "one", "1"));
  f.queues.answers.clear();
  f.ok("Publish", to_group(topic, "two", "2"));
  f.ok("Publish", to_group(topic, "other", "3", "h"));
  REQUIRE(f.queues.letters.size() == 1);
  CHECK(f.queues.letters[0].deduplication_id == "3");
  f.world.advance(1min);
  REQUIRE(f.queues.letters.size() == 3);
  CHECK(f.queues.letters[1].deduplication_id == "1");
  CHECK(f.queues.letters[2].deduplication_id == "2");
}

}  // namespace sitelatch::sns
