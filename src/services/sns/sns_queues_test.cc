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

TEST_CASE("a queue's subscription is answered when there is a key to sign with") {
  Fixture f;
  const auto topic = f.topic();
  f.keys.held = true;
  std::optional<aws::Outcome<>> answer;
  const Value input =
      Value::structure({{"TopicArn", topic}, {"Protocol", "sqs"}, {"Endpoint", queue_arn}});
  const aws::Call call{"Subscribe", input, f.caller, f.region,
                       account,     "req", endpoint, f.world.timers.now()};
  f.sns->handle(call, [&](aws::Outcome<> outcome) { answer = std::move(outcome); });
  f.world.settle();
  CHECK_FALSE(answer.has_value());
  for (const auto& done : f.keys.waiting) done(test_key());
  REQUIRE(answer.has_value());
  CHECK(answer->has_value());
  f.publish(topic, "m");
  CHECK_FALSE(aws::from_json(f.queues.letters.at(0).body).value()["Signature"] == Value{""});
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

// SDKs that verify want AWS's own name, and TLS (fact sns-40).
TEST_CASE("the certificate is said to be where the engine was told") {
  Fixture f;
  f.certificate_url = "https://sns.{region}.amazonaws.com";
  f.start();
  const auto topic = f.topic();
  f.subscribe(topic, "sqs", queue_arn);
  f.world.settle();
  f.publish(topic, "m");
  const auto body = aws::from_json(f.queues.letters.at(0).body).value();
  const auto url = body["SigningCertURL"].string();
  const std::string host = "https://sns.us-east-1.amazonaws.com";
  REQUIRE(url.starts_with(host + "/SimpleNotificationService-"));
  CHECK(f.sns->certificate(url.substr(host.size())) == test_key().certificate_pem);
  CHECK(body["UnsubscribeURL"].string().starts_with(endpoint));
}

TEST_CASE("platform applications and endpoints are kept; what is published to them goes nowhere") {
  Fixture f;
  const auto application = [](const char* secret) {
    return Value::structure(
        {{"Name", "p"},
         {"Platform", "GCM"},
         {"Attributes",
          Value::structure({{"PlatformCredential", secret}, {"EventDeliveryFailure", "arn:x"}})}});
  };
  const auto arn =
      f.ok("CreatePlatformApplication", application("s"))["PlatformApplicationArn"].string();
  CHECK(arn == "arn:aws:sns:us-east-1:000000000000:app/GCM/p");
  CHECK(f.refusal("CreatePlatformApplication", application("other"))
            .ends_with("already exists with different attributes"));
  f.crash();
  const Value of = Value::structure({{"PlatformApplicationArn", arn}});
  CHECK(f.ok("GetPlatformApplicationAttributes", of)["Attributes"] ==
        Value::structure({{"Enabled", "true"}, {"EventDeliveryFailure", "arn:x"}}));

  const auto endpoint_with = [&](const char* data) {
    return Value::structure(
        {{"PlatformApplicationArn", arn}, {"Token", "t"}, {"CustomUserData", data}});
  };
  const auto phone = f.ok("CreatePlatformEndpoint", endpoint_with("u"))["EndpointArn"].string();
  CHECK(phone.starts_with("arn:aws:sns:us-east-1:000000000000:endpoint/GCM/p/"));
  CHECK(f.ok("CreatePlatformEndpoint", endpoint_with("u"))["EndpointArn"] == Value{phone});
  CHECK(f.refusal("CreatePlatformEndpoint", endpoint_with("v")) ==
        "InvalidParameterException: Invalid parameter: Token Reason: Endpoint " + phone +
            " already exists with the same Token, but different attributes.");
  const Value message = Value::structure({{"TargetArn", phone}, {"Message", "m"}});
  CHECK(f.ok("Publish", message).has("MessageId"));
  f.ok("SetEndpointAttributes",
       Value::structure(
           {{"EndpointArn", phone}, {"Attributes", Value::structure({{"Enabled", "false"}})}}));
  CHECK(f.refusal("Publish", message) == "EndpointDisabledException: Endpoint is disabled");
  CHECK(f.ok("ListEndpointsByPlatformApplication", of)["Endpoints"].items().size() == 1);
  f.ok("DeletePlatformApplication", of);
  CHECK(f.refusal("GetEndpointAttributes", Value::structure({{"EndpointArn", phone}})) ==
        "NotFoundException: Endpoint does not exist");
  CHECK(f.refusal("Publish", message).ends_with("No endpoint found for the target arn specified"));
  CHECK(f.refusal("CreatePlatformApplication",
                  Value::structure(
                      {{"Name", "p"}, {"Platform", "FAX"}, {"Attributes", Value::structure()}})) ==
        "InvalidParameterException: Invalid parameter: Platform Reason: FAX is not supported");
}

TEST_CASE("text messages: settings and sandbox numbers are kept, nothing is sent") {
  Fixture f;
  f.ok("SetSMSAttributes",
       Value::structure({{"attributes", Value::structure({{"DefaultSMSType", "Transactional"},
                                                          {"MonthlySpendLimit", "5"}})}}));
  f.crash();
  CHECK(f.ok("GetSMSAttributes",
             Value::structure({{"attributes", Value::list({"DefaultSMSType"})}}))["attributes"] ==
        Value::structure({{"DefaultSMSType", "Transactional"}}));
  CHECK(
      f.refusal("SetSMSAttributes",
                Value::structure({{"attributes", Value::structure({{"DefaultSMSType", "Loud"}})}}))
          .starts_with("InvalidParameterException"));
  const auto to = [](const char* number) {
    return Value::structure({{"PhoneNumber", number}, {"Message", "m"}});
  };
  CHECK(f.ok("Publish", to("+4915550100")).has("MessageId"));
  CHECK(f.refusal("Publish", to("5550100")) ==
        "InvalidParameterException: Invalid parameter: PhoneNumber Reason: 5550100 is not valid to "
        "publish to");
  CHECK(f.ok("CheckIfPhoneNumberIsOptedOut",
             Value::structure({{"phoneNumber", "+4915550100"}}))["isOptedOut"] == Value{false});
  const Value number = Value::structure({{"PhoneNumber", "+4915550100"}});
  f.ok("CreateSMSSandboxPhoneNumber", number);
  CHECK(f.ok("ListSMSSandboxPhoneNumbers", Value::structure())["PhoneNumbers"].items().at(
            0)["Status"] == Value{"Pending"});
  auto wrong = number;
  wrong.set("OneTimePassword", "00000");
  CHECK(f.refusal("VerifySMSSandboxPhoneNumber", wrong).starts_with("VerificationException"));
  f.ok("DeleteSMSSandboxPhoneNumber", number);
  CHECK(f.refusal("DeleteSMSSandboxPhoneNumber", number).starts_with("ResourceNotFoundException"));
}

}  // namespace sitelatch::sns
