// SPDX-License-Identifier: Apache-2.0
#include "services/sqs/testing.h"

namespace sitelatch::sqs {
using namespace testing;

TEST_CASE("sqs: a group's messages come in order, and behind one in flight none comes") {
  Fixture f;
  f.fifo("q.fifo");
  f.send_to_group("q.fifo", "g1", "a1");
  f.send_to_group("q.fifo", "g1", "a2");
  f.send_to_group("q.fifo", "g2", "b1");
  f.send_to_group("q.fifo", "g1", "a3");
  const auto first = f.receive("q.fifo", 1);
  REQUIRE(first.size() == 1);
  CHECK(first[0]["Body"] == Value{"a1"});
  CHECK(first[0]["Attributes"]["MessageGroupId"] == Value{"g1"});
  CHECK(f.bodies("q.fifo") == "b1");
  CHECK(f.bodies("q.fifo").empty());
  f.remove("q.fifo", first[0]);
  CHECK(f.bodies("q.fifo") == "a2 a3");
  f.world.advance(30s);
  CHECK(f.bodies("q.fifo", 2) == "a2 a3");
}

TEST_CASE("sqs: as many of one group as there are come before the next group's") {
  Fixture f;
  f.fifo("q.fifo");
  for (const char* body : {"a1", "b1", "a2", "b2", "a3"})
    f.send_to_group("q.fifo", std::string{body}.substr(0, 1), body);
  CHECK(f.bodies("q.fifo", 4) == "a1 a2 a3 b1");
}

TEST_CASE(
    "sqs: within five minutes a deduplication id is sent once, also after deletion and crash") {
  Fixture f;
  f.fifo("q.fifo", "false");
  const auto send = [&](const char* id, const char* group = "g") {
    return f.ok("SendMessage", Fixture::on("q.fifo", {{"MessageBody", id},
                                                      {"MessageGroupId", group},
                                                      {"MessageDeduplicationId", id}}));
  };
  const auto first = send("d1");
  CHECK(first["SequenceNumber"].string().size() == 20);
  f.remove("q.fifo", f.receive("q.fifo").at(0));
  const auto again = send("d1", "other");
  CHECK(again["MessageId"] == first["MessageId"]);
  CHECK(again["SequenceNumber"] == first["SequenceNumber"]);
  f.crash();
  CHECK(send("d1")["MessageId"] == first["MessageId"]);
  CHECK(f.counts("q.fifo") == "0/0/0");
  f.world.advance(5min);
  const auto later = send("d1");
  CHECK_FALSE(later["MessageId"] == first["MessageId"]);
  CHECK(later["SequenceNumber"].string() > first["SequenceNumber"].string());
  CHECK(f.counts("q.fifo") == "1/0/0");

  CHECK(f.refusal("SendMessage",
                  Fixture::on("q.fifo", {{"MessageBody", "m"}, {"MessageGroupId", "g"}})) ==
        "InvalidParameterValueException: The queue should either have ContentBasedDeduplication "
        "enabled or MessageDeduplicationId provided explicitly");
  CHECK(
      f.refusal("SendMessage", Fixture::on("q.fifo", {{"MessageBody", "m"}})) ==
      "MissingRequiredParameterException: The request must contain the parameter MessageGroupId.");
  CHECK(
      f.refusal("SendMessage", Fixture::on("q.fifo", {{"MessageBody", "m"},
                                                      {"MessageGroupId", "g"},
                                                      {"DelaySeconds", 2}})) ==
      "InvalidParameterValueException: Value 2 for parameter DelaySeconds is invalid. Reason: The "
      "request include parameter that is not valid for this queue type.");
}

TEST_CASE("sqs: with the scope of the group, each group counts by itself") {
  Fixture f;
  f.queue("q.fifo", Value::structure({{"FifoQueue", "true"},
                                      {"ContentBasedDeduplication", "true"},
                                      {"DeduplicationScope", "messageGroup"},
                                      {"FifoThroughputLimit", "perMessageGroupId"}}));
  f.send_to_group("q.fifo", "a", "same");
  f.send_to_group("q.fifo", "b", "same");
  f.send_to_group("q.fifo", "b", "same");
  CHECK(f.counts("q.fifo") == "2/0/0");
}

TEST_CASE("sqs: a FIFO queue takes the last handle alone, and in time") {
  Fixture f;
  f.fifo("q.fifo");
  f.send_to_group("q.fifo", "g", "m");
  const auto message = f.receive("q.fifo").at(0);
  f.world.advance(30s);
  const auto handle = message["ReceiptHandle"].string();
  CHECK(f.refusal("DeleteMessage", Fixture::on("q.fifo", {{"ReceiptHandle", handle}})) ==
        "InvalidParameterValueException: Value " + handle +
            " for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.");
  f.remove("q.fifo", f.receive("q.fifo").at(0));
  CHECK(f.counts("q.fifo") == "0/0/0");
}

TEST_CASE("sqs: a receive under one attempt id gives the same messages again") {
  Fixture f;
  f.fifo("q.fifo");
  f.send_to_group("q.fifo", "g", "m");
  const auto attempt = Fixture::on("q.fifo", {{"ReceiveRequestAttemptId", "try-1"}});
  const auto first = f.ok("ReceiveMessage", attempt)["Messages"];
  CHECK(f.ok("ReceiveMessage", attempt)["Messages"] == first);
  f.remove("q.fifo", first.items().at(0));
  CHECK_FALSE(f.ok("ReceiveMessage", attempt).has("Messages"));
}

TEST_CASE(
    "sqs: a FIFO queue's delay holds for what is delayed already; its dead letters keep order") {
  Fixture f;
  f.fifo("dead.fifo");
  f.fifo("q.fifo");
  f.set("q.fifo", "DelaySeconds", "100");
  f.set("q.fifo", "RedrivePolicy", f.redrive_to("dead.fifo", 1));
  f.send_to_group("q.fifo", "g", "m1");
  f.send_to_group("q.fifo", "g", "m2");
  CHECK(f.counts("q.fifo") == "0/0/2");
  f.set("q.fifo", "DelaySeconds", "0");
  CHECK(f.bodies("q.fifo") == "m1 m2");
  f.world.advance(30s);
  CHECK(f.bodies("q.fifo").empty());
  CHECK(f.bodies("dead.fifo") == "m1 m2");
}

}  // namespace sitelatch::sqs
