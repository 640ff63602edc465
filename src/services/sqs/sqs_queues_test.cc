// SPDX-License-Identifier: Apache-2.0
#include "services/sqs/testing.h"

namespace sitelatch::sqs {
using namespace testing;

TEST_CASE("sqs: a queue is made once, found by name and URL, and its defaults are AWS's") {
  Fixture f;
  f.queue("q");
  CHECK(f.ok("CreateQueue", Value::structure({{"QueueName", "q"}}))["QueueUrl"] ==
        Value{Fixture::url("q")});
  CHECK(f.ok("GetQueueUrl", Value::structure({{"QueueName", "q"}}))["QueueUrl"] ==
        Value{Fixture::url("q")});
  const auto all = f.attributes("q");
  struct Row {
    const char *name, *value;
  };
  for (const auto& row :
       {Row{"VisibilityTimeout", "30"}, Row{"DelaySeconds", "0"},
        Row{"MessageRetentionPeriod", "345600"}, Row{"MaximumMessageSize", "1048576"},
        Row{"SqsManagedSseEnabled", "true"}, Row{"ReceiveMessageWaitTimeSeconds", "0"},
        Row{"QueueArn", "arn:aws:sqs:eu-west-1:000000000000:q"},
        Row{"CreatedTimestamp", "1767225600"}})
    CHECK_MESSAGE(all[row.name] == Value{row.value}, row.name);
  CHECK_FALSE(all.has("FifoQueue"));
  CHECK_FALSE(f.ok("GetQueueAttributes", Fixture::on("q")).has("Attributes"));
  CHECK(f.refusal("GetQueueUrl", Value::structure({{"QueueName", "none"}})) ==
        "QueueDoesNotExist: The specified queue does not exist.");
  f.region = "us-east-1";
  CHECK(f.refusal("SendMessage", Fixture::on("q", {{"MessageBody", "m"}})) ==
        "QueueDoesNotExist: The specified queue does not exist.");
}

TEST_CASE("sqs: names and attributes that are refused, in AWS's words") {
  Fixture f;
  f.queue("q");
  f.fifo("f.fifo");
  struct Row {
    const char *name, *attribute, *value, *refusal;
  };
  for (
      const auto& row : {
          Row{"a b", "", "",
              "InvalidParameterValueException: Can only include alphanumeric characters, hyphens, "
              "or underscores. 1 to 80 in length"},
          Row{"x.fifo", "", "",
              "InvalidParameterValueException: Can only include alphanumeric characters, hyphens, "
              "or underscores. 1 to 80 in length"},
          Row{"x", "FifoQueue", "true",
              "InvalidParameterValueException: The name of a FIFO queue can only include "
              "alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be "
              "1 to 80 in length."},
          Row{"x", "VisibilityTimeout", "43201",
              "InvalidAttributeValue: Invalid value for the parameter VisibilityTimeout."},
          Row{"x", "MessageRetentionPeriod", "59",
              "InvalidAttributeValue: Invalid value for the parameter MessageRetentionPeriod."},
          Row{"x", "DelaySeconds", "soon",
              "InvalidAttributeValue: Invalid value for the parameter DelaySeconds."},
          Row{"x", "Policy", "{", "InvalidAttributeValue: Invalid value for the parameter Policy."},
          Row{"x", "Nonsense", "1", "InvalidAttributeName: Unknown Attribute Nonsense."},
          Row{"x", "QueueArn", "1", "InvalidAttributeName: Unknown Attribute QueueArn."},
          Row{"x", "FifoQueue", "false", "InvalidAttributeName: Unknown Attribute FifoQueue."},
          Row{"x", "DeduplicationScope", "queue",
              "InvalidAttributeName: You can specify the DeduplicationScope only when FifoQueue is "
              "set to true."},
          Row{"x", "RedrivePolicy", R"({"deadLetterTargetArn":"dummy","maxReceiveCount":42})",
              "InvalidParameterValueException: Value "
              R"({"deadLetterTargetArn":"dummy","maxReceiveCount":42})"
              " for parameter RedrivePolicy is invalid. Reason: Invalid value for "
              "deadLetterTargetArn."},
          Row{"x", "RedrivePolicy",
              R"({"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:no",)"
              R"("maxReceiveCount":1})",
              "InvalidParameterValueException: Value "
              R"({"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:no",)"
              R"("maxReceiveCount":1})"
              " for parameter RedrivePolicy is invalid. Reason: Dead letter target does not "
              "exist."},
          Row{"x", "RedrivePolicy",
              R"({"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:f.fifo",)"
              R"("maxReceiveCount":"1"})",
              "InvalidParameterValueException: Value "
              R"({"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:f.fifo",)"
              R"("maxReceiveCount":"1"})"
              " for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same "
              "type of queue as the source."},
          Row{"q", "DelaySeconds", "5",
              "QueueNameExists: A queue already exists with the same name and a different value "
              "for "
              "attribute DelaySeconds"},
          Row{"q", "DelaySeconds", "0", "accepted"},
      }) {
    Value attributes = Value::structure();
    if (*row.attribute) attributes.set(row.attribute, row.value);
    CHECK_MESSAGE(
        f.refusal("CreateQueue", Value::structure({{"QueueName", row.name},
                                                   {"Attributes", attributes}})) == row.refusal,
        row.attribute << " " << row.value);
  }
  CHECK(f.refusal("SetQueueAttributes",
                  Fixture::on("f.fifo",
                              {{"Attributes",
                                Value::structure({{"FifoThroughputLimit", "perMessageGroupId"}})}}))
            .starts_with("InvalidAttributeValue: "));
  CHECK(
      f.refusal("SetQueueAttributes",
                Fixture::on(
                    "q", {{"Attributes", Value::structure({{"KmsMasterKeyId", "k"},
                                                           {"SqsManagedSseEnabled", "true"}})}})) ==
      "InvalidAttributeName: You can use one type of server-side encryption (SSE) at one time. You "
      "can either enable KMS SSE or SQS SSE.");
}

TEST_CASE("sqs: attributes are set and taken away, and survive a crash") {
  Fixture f;
  f.queue("q");
  f.queue("dead");
  f.set("q", "RedrivePolicy", f.redrive_to("dead", 3));
  f.set("q", "KmsMasterKeyId", "alias/aws/sqs");
  CHECK(f.attributes("q")["SqsManagedSseEnabled"] == Value{"false"});
  CHECK(f.attributes("q")["KmsDataKeyReusePeriodSeconds"] == Value{"300"});
  f.crash();
  CHECK(f.attributes("q")["RedrivePolicy"] == Value{f.redrive_to("dead", 3)});
  CHECK(f.ok("ListDeadLetterSourceQueues", Fixture::on("dead"))["queueUrls"] ==
        Value::list({Fixture::url("q")}));
  f.set("q", "RedrivePolicy", "");
  f.set("q", "KmsMasterKeyId", "");
  CHECK_FALSE(f.attributes("q").has("RedrivePolicy"));
  CHECK(f.attributes("q")["SqsManagedSseEnabled"] == Value{"true"});

  f.set("dead", "RedriveAllowPolicy",
        R"({"redrivePermission":"byQueue","sourceQueueArns":[")" + f.arn("other") + R"("]})");
  CHECK(f.refusal("SetQueueAttributes",
                  Fixture::on("q", {{"Attributes", Value::structure({{"RedrivePolicy",
                                                                      f.redrive_to("dead", 1)}})}}))
            .ends_with("does not permit this source queue."));
  f.set("dead", "RedriveAllowPolicy",
        R"({"redrivePermission":"byQueue","sourceQueueArns":[")" + f.arn("q") + R"("]})");
  f.set("q", "RedrivePolicy", f.redrive_to("dead", 1));
}

TEST_CASE("sqs: queues in pages, by prefix and region") {
  Fixture f;
  for (const char* name : {"a1", "a2", "a3", "b"}) f.queue(name);
  CHECK(f.ok("ListQueues", Value::structure())["QueueUrls"].items().size() == 4);
  const auto first =
      f.ok("ListQueues", Value::structure({{"QueueNamePrefix", "a"}, {"MaxResults", 2}}));
  CHECK(first["QueueUrls"] == Value::list({Fixture::url("a1"), Fixture::url("a2")}));
  const auto second = f.ok("ListQueues", Value::structure({{"QueueNamePrefix", "a"},
                                                           {"MaxResults", 2},
                                                           {"NextToken", first["NextToken"]}}));
  CHECK(second["QueueUrls"] == Value::list({Fixture::url("a3")}));
  CHECK_FALSE(second.has("NextToken"));
  CHECK(f.refusal("ListQueues", Value::structure({{"NextToken", "nonsense"}})) ==
        "InvalidParameterValueException: Invalid or expired next token.");
  f.region = "us-east-1";
  CHECK_FALSE(f.ok("ListQueues", Value::structure()).has("QueueUrls"));
}

TEST_CASE("sqs: permissions are statements of the policy, tags are kept") {
  Fixture f;
  f.queue("q");
  const auto grant = [&](const std::string& label, const char* action = "SendMessage") {
    return Fixture::on("q", {{"Label", label},
                             {"AWSAccountIds", Value::list({"111111111111"})},
                             {"Actions", Value::list({action})}});
  };
  f.ok("AddPermission", grant("one"));
  CHECK(f.attributes("q")["Policy"].string() ==
        R"({"Version":"2008-10-17","Id":"arn:aws:sqs:eu-west-1:000000000000:q/SQSDefaultPolicy",)"
        R"("Statement":[{"Sid":"one","Effect":"Allow","Principal":{"AWS":)"
        R"("arn:aws:iam::111111111111:root"},"Action":"SQS:SendMessage",)"
        R"("Resource":"arn:aws:sqs:eu-west-1:000000000000:q"}]})");
  CHECK(f.refusal("AddPermission", grant("one")) ==
        "InvalidParameterValueException: Value one for parameter Label is invalid. Reason: Already "
        "exists.");
  CHECK(
      f.refusal("AddPermission", grant("two", "CreateQueue")) ==
      "InvalidParameterValueException: Value SQS:CreateQueue for parameter ActionName is invalid. "
      "Reason: Only the queue owner is allowed to invoke this action.");
  f.ok("RemovePermission", Fixture::on("q", {{"Label", "one"}}));
  CHECK_FALSE(f.attributes("q").has("Policy"));
  CHECK(f.refusal("RemovePermission", Fixture::on("q", {{"Label", "one"}})) ==
        "InvalidParameterValueException: Value one for parameter Label is invalid. Reason: can't "
        "find label.");

  f.ok("TagQueue", Fixture::on("q", {{"Tags", Value::structure({{"a", "1"}, {"b", "2"}})}}));
  f.ok("UntagQueue", Fixture::on("q", {{"TagKeys", Value::list({"a"})}}));
  f.crash();
  CHECK(f.ok("ListQueueTags", Fixture::on("q"))["Tags"] == Value::structure({{"b", "2"}}));
}

TEST_CASE("sqs: a deleted queue takes its messages with it, and a new one begins empty") {
  Fixture f;
  f.queue("q");
  f.send("q", "old");
  f.ok("DeleteQueue", Fixture::on("q"));
  CHECK(f.refusal("ReceiveMessage", Fixture::on("q")) ==
        "QueueDoesNotExist: The specified queue does not exist.");
  f.queue("q");
  CHECK(f.counts("q") == "0/0/0");
  f.crash();
  CHECK(f.counts("q") == "0/0/0");
}

TEST_CASE("sqs: a purge empties the queue, once a minute") {
  Fixture f;
  f.queue("q");
  f.send("q", "one");
  f.receive("q");
  f.send("q", "two");
  f.ok("PurgeQueue", Fixture::on("q"));
  CHECK(f.counts("q") == "0/0/0");
  CHECK(f.refusal("PurgeQueue", Fixture::on("q")) ==
        "PurgeQueueInProgress: Only one PurgeQueue operation on q is allowed every 60 seconds.");
  f.crash();
  CHECK(f.refusal("PurgeQueue", Fixture::on("q")).starts_with("PurgeQueueInProgress"));
  f.world.advance(60s);
  f.ok("PurgeQueue", Fixture::on("q"));
}

}  // namespace sitelatch::sqs
