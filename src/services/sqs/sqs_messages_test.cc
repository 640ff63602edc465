// SPDX-License-Identifier: Apache-2.0
#include "services/sqs/testing.h"

namespace sitelatch::sqs {
using namespace testing;

namespace {
Value attribute(const char* type, const char* value) {
  const bool binary = std::string_view{type}.starts_with("Binary");
  return Value::structure({{"DataType", type}, {binary ? "BinaryValue" : "StringValue", value}});
}
}  // namespace

TEST_CASE("sqs: a message is in flight for its visibility timeout, then there again") {
  Fixture f;
  f.queue("q");
  const auto sent = f.send("q", "hello");
  CHECK(sent["MD5OfMessageBody"] == Value{"5d41402abc4b2a76b9719d911017c592"});
  CHECK_FALSE(sent.has("SequenceNumber"));
  CHECK(f.counts("q") == "1/0/0");
  const auto first = f.receive("q");
  REQUIRE(first.size() == 1);
  CHECK(first[0]["MessageId"] == sent["MessageId"]);
  CHECK(first[0]["Attributes"] ==
        Value::structure({{"SenderId", account},
                          {"SentTimestamp", "1767225600000"},
                          {"ApproximateReceiveCount", "1"},
                          {"ApproximateFirstReceiveTimestamp", "1767225600000"}}));
  CHECK(f.counts("q") == "0/1/0");
  CHECK(f.receive("q").empty());
  f.world.advance(30s - 1ns);
  CHECK(f.receive("q").empty());
  f.world.advance(1ns);
  CHECK(f.counts("q") == "1/0/0");
  const auto second = f.receive("q");
  REQUIRE(second.size() == 1);
  CHECK(second[0]["Attributes"]["ApproximateReceiveCount"] == Value{"2"});
  CHECK_FALSE(second[0]["ReceiptHandle"] == first[0]["ReceiptHandle"]);
  f.remove("q", second[0]);
  f.remove("q", second[0]);  // once more does no harm
  f.world.advance(1h);
  CHECK(f.counts("q") == "0/0/0");
}

TEST_CASE("sqs: what was acknowledged is there after a crash, with its receives") {
  Fixture f;
  f.queue("q");
  f.send("q", "kept");
  f.send("q", "deleted");
  auto messages = f.receive("q");
  REQUIRE(messages.size() == 2);
  f.remove("q", messages[1]);
  f.begin("SendMessage", Fixture::on("q", {{"MessageBody", "not acknowledged"}}));
  f.crash();
  CHECK(f.counts("q") == "0/1/0");
  f.remove("q", Value::structure({{"ReceiptHandle", messages[1]["ReceiptHandle"]}}));
  f.world.advance(30s);
  const auto again = f.receive("q");
  REQUIRE(again.size() == 1);
  CHECK(again[0]["Body"] == Value{"kept"});
  CHECK(again[0]["Attributes"]["ApproximateReceiveCount"] == Value{"2"});
  // The old handle deletes it still: a standard queue is not particular.
  f.remove("q", messages[0]);
  CHECK(f.counts("q") == "0/0/0");
}

TEST_CASE("sqs: waiting receives are answered when a message comes, in their order") {
  Fixture f;
  f.queue("q");
  const auto poll = [&] {
    return f.begin("ReceiveMessage", Fixture::on("q", {{"WaitTimeSeconds", 20}}));
  };
  const auto first = poll(), second = poll();
  f.world.advance(5s);
  CHECK_FALSE(first->has_value());
  f.send("q", "one");
  REQUIRE(first->has_value());
  CHECK((**first)->operator[]("Messages").items()[0]["Body"] == Value{"one"});
  CHECK_FALSE(second->has_value());
  f.world.advance(15s - 1ns);
  CHECK_FALSE(second->has_value());
  f.world.advance(1ns);
  REQUIRE(second->has_value());
  CHECK_FALSE((**second)->has("Messages"));
  CHECK(f.sqs->polls_waiting() == 0);

  // One that is in flight comes back to who waits; the queue's own setting makes receives wait.
  f.set("q", "ReceiveMessageWaitTimeSeconds", "20");
  const auto third = f.begin("ReceiveMessage", Fixture::on("q"));
  f.world.advance(15s);
  REQUIRE(third->has_value());
  CHECK((**third)->operator[]("Messages").items().size() == 1);
  // Nobody waits for a queue that is gone.
  const auto fourth = f.begin("ReceiveMessage", Fixture::on("q"));
  f.ok("DeleteQueue", Fixture::on("q"));
  REQUIRE(fourth->has_value());
  CHECK((**fourth).error().code == "QueueDoesNotExist");
}

TEST_CASE("sqs: delays of the queue and of a message; what is too old is gone") {
  Fixture f;
  f.queue("q", Value::structure({{"DelaySeconds", "10"}, {"MessageRetentionPeriod", "60"}}));
  f.send("q", "slow");
  f.ok("SendMessage", Fixture::on("q", {{"MessageBody", "at once"}, {"DelaySeconds", 0}}));
  CHECK(f.counts("q") == "1/0/1");
  CHECK(f.bodies("q") == "at once");
  f.world.advance(10s);
  CHECK(f.bodies("q") == "slow");
  f.world.advance(50s - 1ns);
  CHECK(f.counts("q") == "2/0/0");
  f.world.advance(1ns);
  CHECK(f.counts("q") == "0/0/0");
  f.crash();
  CHECK(f.counts("q") == "0/0/0");
}

TEST_CASE("sqs: visibility is changed, within twelve hours of the receive") {
  Fixture f;
  f.queue("q");
  f.send("q", "m");
  const auto message = f.receive("q")[0];
  const auto change = [&](int seconds) {
    return Fixture::on(
        "q", {{"ReceiptHandle", message["ReceiptHandle"]}, {"VisibilityTimeout", seconds}});
  };
  f.ok("ChangeMessageVisibility", change(100));
  f.world.advance(99s);
  CHECK(f.counts("q") == "0/1/0");
  CHECK(f.refusal("ChangeMessageVisibility", change(43'200)) ==
        "InvalidParameterValueException: Value 43200 for parameter VisibilityTimeout is invalid. "
        "Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
  CHECK(f.refusal("ChangeMessageVisibility", change(43'201)) ==
        "InvalidParameterValueException: Value 43201 for parameter VisibilityTimeout is invalid. "
        "Reason: Must be >= 0 and <= 43200, if provided.");
  f.ok("ChangeMessageVisibility", change(0));
  CHECK(f.counts("q") == "1/0/0");
  CHECK(f.refusal("ChangeMessageVisibility", change(1))
            .ends_with("Reason: Message does not exist or is not available for visibility timeout "
                       "change."));
  CHECK(f.refusal("ChangeMessageVisibility",
                  Fixture::on("q", {{"ReceiptHandle", "garbage"}, {"VisibilityTimeout", 1}})) ==
        "ReceiptHandleIsInvalid: The input receipt handle \"garbage\" is not a valid receipt "
        "handle.");
  f.queue("other");
  CHECK(f.refusal("DeleteMessage",
                  Fixture::on("other", {{"ReceiptHandle", message["ReceiptHandle"]}}))
            .starts_with("ReceiptHandleIsInvalid"));
}

TEST_CASE("sqs: message attributes, their MD5 as clients verify it, and which are asked for") {
  Fixture f;
  f.queue("q", Value::structure({{"VisibilityTimeout", "0"}}));
  const auto sent = f.ok(
      "SendMessage",
      Fixture::on(
          "q", {{"MessageBody", "msg"},
                {"MessageAttributes", Value::structure({{"General", attribute("String", "Kenobi")},
                                                        {"Hello", attribute("String", "There")},
                                                        {"Help.Me", attribute("String", "Me")}})},
                {"MessageSystemAttributes",
                 Value::structure({{"AWSTraceHeader", attribute("String", "Root=1")}})}}));
  // AWS's own sums (LS 2023-07-06).
  CHECK(sent["MD5OfMessageAttributes"] == Value{"4c360f3fdafd970e05fae2f149d997f5"});
  CHECK(sent.has("MD5OfMessageSystemAttributes"));
  struct Row {
    const char *names, *md5;
  };
  for (const auto& row : {Row{"All", "4c360f3fdafd970e05fae2f149d997f5"},
                          Row{".*", "4c360f3fdafd970e05fae2f149d997f5"}, Row{"He.*", nullptr},
                          Row{"Hel.*", "83fee93c1bcd8b9a5a923ffacdc636c7"},
                          Row{"Hello", "a311262e065454b75da111d535b8dacd"}, Row{"None", ""}}) {
    const auto message = f.ok("ReceiveMessage",
                              Fixture::on("q", {{"MessageAttributeNames", Value::list({row.names})},
                                                {"MessageSystemAttributeNames",
                                                 Value::list({"AWSTraceHeader"})}}))["Messages"]
                             .items()
                             .at(0);
    if (row.md5)
      CHECK_MESSAGE(message["MD5OfMessageAttributes"].string_or("") == row.md5, row.names);
    CHECK(message["Attributes"] == Value::structure({{"AWSTraceHeader", "Root=1"}}));
  }
  f.crash();
  CHECK(f.receive("q")[0]["MessageAttributes"]["Hello"]["StringValue"] == Value{"There"});
  // A value of bytes (LS 2022-12-22).
  f.queue("b");
  CHECK(
      f.ok("SendMessage",
           Fixture::on(
               "b",
               {{"MessageBody", "test"},
                {"MessageAttributes",
                 Value::structure(
                     {{"attr1", attribute("Binary",
                                          "traceparent\x1e"
                                          "00-774062d6c37081a5a0b9b5b88e30627c-"
                                          "2d2482211f6489da-01")}})}}))["MD5OfMessageAttributes"] ==
      Value{"8cbe4db156db8a94db8b801b7addb984"});
}

TEST_CASE("sqs: messages that are refused") {
  Fixture f;
  f.queue("q", Value::structure({{"MaximumMessageSize", "1024"}}));
  const auto with = [&](const char* name, const Value& value) {
    auto input = Fixture::on("q", {{"MessageBody", "m"}});
    input.set(name, value);
    return f.refusal("SendMessage", input);
  };
  const auto attributes = [&](const char* name, const Value& value) {
    return with("MessageAttributes", Value::structure({{name, value}}));
  };
  CHECK(with("MessageBody", "") ==
        "MissingRequiredParameterException: The request must contain the parameter MessageBody.");
  CHECK(with("MessageBody", std::string(1024, 'x')) == "accepted");
  CHECK(with("MessageBody", std::string(1025, 'x')) ==
        "InvalidParameterValueException: One or more parameters are invalid. Reason: Message must "
        "be shorter than 1024 bytes.");
  CHECK(
      with("MessageBody", "a\x01").starts_with("InvalidMessageContents: Invalid characters found"));
  CHECK(with("DelaySeconds", 901) ==
        "InvalidParameterValueException: Value 901 for parameter DelaySeconds is invalid. Reason: "
        "DelaySeconds must be >= 0 and <= 900.");
  CHECK(with("MessageDeduplicationId", "d") ==
        "InvalidParameterValueException: Value d for parameter MessageDeduplicationId is invalid. "
        "Reason: The request includes a parameter that is not valid for this queue type.");
  CHECK(with("MessageGroupId", "fair") == "accepted");
  CHECK(attributes("n", attribute("Number", "five")) ==
        "InvalidParameterValueException: Can't cast the value of message (user) attribute 'n' to a "
        "number.");
  CHECK(
      attributes("n", attribute("Boolean", "x")) ==
      "InvalidParameterValueException: The message attribute 'n' has an invalid message attribute "
      "type, the set of supported type prefixes is Binary, Number, and String.");
  CHECK(attributes("AWS.n", attribute("String", "x")).find("reserved") != std::string::npos);
  CHECK(attributes("n", attribute("String", ""))
            .ends_with("must contain non-empty message attribute value for message attribute type "
                       "'String'."));
  CHECK(f.refusal("ReceiveMessage", Fixture::on("q", {{"MaxNumberOfMessages", 11}})) ==
        "InvalidParameterValueException: Value 11 for parameter MaxNumberOfMessages is invalid. "
        "Reason: Must be between 1 and 10, if provided.");
  CHECK(
      f.refusal("ReceiveMessage", Fixture::on("q", {{"WaitTimeSeconds", 21}})) ==
      "InvalidParameterValueException: Value 21 for parameter WaitTimeSeconds is invalid. Reason: "
      "Must be >= 0 and <= 20, if provided.");
  CHECK(f.refusal("SendMessage", Value::structure({{"QueueUrl", "q"}, {"MessageBody", "m"}})) ==
        "InvalidAddress: The address q is not valid for this endpoint.");
}

TEST_CASE("sqs: batches, with what fails told by entry") {
  Fixture f;
  f.queue("q");
  const auto entry = [](const std::string& id, const char* member, const Value& value) {
    return Value::structure({{"Id", id}, {member, value}});
  };
  const auto batch = [](std::vector<Value> entries) {
    return Fixture::on("q", {{"Entries", Value{std::move(entries)}}});
  };
  auto late = entry("late", "MessageBody", "b");
  late.set("DelaySeconds", 901);
  const auto sent = f.ok("SendMessageBatch", batch({entry("good", "MessageBody", "a"), late}));
  CHECK(sent["Successful"].items().at(0)["Id"] == Value{"good"});
  CHECK(sent["Failed"].items().at(0) ==
        Value::structure({{"Id", "late"},
                          {"SenderFault", true},
                          {"Code", "InvalidParameterValue"},
                          {"Message",
                           "Value 901 for parameter DelaySeconds is invalid. Reason: "
                           "DelaySeconds must be >= 0 and <= 900."}}));
  const auto message = f.receive("q").at(0);
  const auto changed = f.ok(
      "ChangeMessageVisibilityBatch",
      Fixture::on("q", {{"Entries",
                         Value::list({Value::structure({{"Id", "x"},
                                                        {"ReceiptHandle", message["ReceiptHandle"]},
                                                        {"VisibilityTimeout", 5}})})}}));
  CHECK(changed["Successful"].items().size() == 1);
  const auto deleted =
      f.ok("DeleteMessageBatch", batch({entry("a", "ReceiptHandle", message["ReceiptHandle"]),
                                        entry("b", "ReceiptHandle", "garbage")}));
  CHECK(deleted["Successful"].items().at(0)["Id"] == Value{"a"});
  CHECK(deleted["Failed"].items().at(0)["Code"] == Value{"ReceiptHandleIsInvalid"});
  CHECK(f.counts("q") == "0/0/0");

  struct Row {
    std::vector<Value> entries;
    const char* refusal;
  };
  std::vector<Value> eleven(11, entry("a", "MessageBody", "m"));
  for (const auto& row :
       {Row{{},
            "EmptyBatchRequest: There should be at least one SendMessageBatchRequestEntry in "
            "the request."},
        Row{eleven,
            "TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. "
            "You have sent 11."},
        Row{{entry("a", "MessageBody", "m"), entry("a", "MessageBody", "m")},
            "BatchEntryIdsNotDistinct: Id a repeated."},
        Row{{entry("a:b", "MessageBody", "m")},
            "InvalidBatchEntryId: A batch entry id can only contain alphanumeric characters, "
            "hyphens "
            "and underscores. It can be at most 80 letters long."},
        Row{{entry("a", "MessageBody", std::string(1'048'577, 'x'))},
            "BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have "
            "sent "
            "1048577 bytes."}})
    CHECK(f.refusal("SendMessageBatch", batch(row.entries)) == row.refusal);
}

TEST_CASE("sqs: what is received too often goes to the dead-letter queue") {
  Fixture f;
  f.queue("dead");
  f.queue("q", Value::structure(
                   {{"RedrivePolicy", f.redrive_to("dead", 2)}, {"VisibilityTimeout", "1"}}));
  f.send("q", "poison");
  for (int i = 0; i < 2; ++i) {
    CHECK(f.bodies("q") == "poison");
    f.world.advance(1s);
  }
  // Whoever waits for dead letters has it at once.
  const auto waiting = f.begin(
      "ReceiveMessage",
      Fixture::on("dead", {{"WaitTimeSeconds", 20}, {"AttributeNames", Value::list({"All"})}}));
  CHECK(f.bodies("q").empty());
  REQUIRE(waiting->has_value());
  const auto letter = (**waiting)->operator[]("Messages").items().at(0);
  CHECK(letter["Body"] == Value{"poison"});
  CHECK(letter["Attributes"]["DeadLetterQueueSourceArn"] == Value{f.arn("q")});
  CHECK(letter["Attributes"]["SentTimestamp"] == Value{"1767225600000"});
  CHECK(letter["Attributes"]["ApproximateReceiveCount"] == Value{"3"});
  CHECK(f.counts("q") == "0/0/0");
  f.crash();
  CHECK(f.counts("dead") == "0/1/0");
}

TEST_CASE("sqs: metrics of what is done, and every minute of how it stands") {
  Fixture f;
  f.queue("q");
  f.send("q", "four");
  f.send("q", "four");
  f.remove("q", f.receive("q", 1).at(0));
  f.queue("empty");
  f.receive("empty");
  f.world.advance(60s);
  auto& sums = f.metrics.sums;
  CHECK(sums["q NumberOfMessagesSent"] == 2);
  CHECK(sums["q SentMessageSize"] == 8);
  CHECK(sums["q NumberOfMessagesReceived"] == 1);
  CHECK(sums["q NumberOfMessagesDeleted"] == 1);
  CHECK(sums["empty NumberOfEmptyReceives"] == 1);
  CHECK(f.metrics.last["q ApproximateNumberOfMessagesVisible"] == 1);
  CHECK(f.metrics.last["q ApproximateAgeOfOldestMessage"] == 60);
  // An empty queue that nobody uses says nothing after six hours.
  f.world.advance(7h);
  const auto before = f.metrics.sums.size();
  f.metrics.sums.clear();
  f.world.advance(5min);
  CHECK(f.metrics.sums.contains("q ApproximateNumberOfMessagesVisible"));
  CHECK_FALSE(f.metrics.sums.contains("empty ApproximateNumberOfMessagesVisible"));
  CHECK(before > f.metrics.sums.size());
}

}  // namespace sitelatch::sqs
