# SPDX-License-Identifier: Apache-2.0
"""Old botocores send SQS the query protocol, new ones JSON; both verify MD5s themselves."""
import json

from world import ANY, UUID, Case, world


class Sqs(Case):
    service = "sqs"

    def queue(self, name, **attributes):
        return self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def attributes(self, url):
        return self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    def receive(self, url, **more):
        return self.client.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"], **more).get(
            "Messages", [])

    def test_queue(self):
        url = self.client.create_queue(QueueName="queue", Attributes={"VisibilityTimeout": "5"}, tags={"a": "1"})["QueueUrl"]
        self.assertEqual(url, f"{world().engine.api}/{self.account}/queue")
        self.assertEqual(self.client.get_queue_url(QueueName="queue")["QueueUrl"], url)
        self.assertIn(url, self.client.list_queues(QueueNamePrefix="que")["QueueUrls"])
        self.client.tag_queue(QueueUrl=url, Tags={"b": "2"})
        self.client.untag_queue(QueueUrl=url, TagKeys=["a"])
        self.assertEqual(self.client.list_queue_tags(QueueUrl=url)["Tags"], {"b": "2"})
        self.assertEqual(self.attributes(url)["VisibilityTimeout"], "5")
        self.client.add_permission(QueueUrl=url, Label="l", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
        self.assertEqual(json.loads(self.attributes(url)["Policy"])["Statement"][0]["Action"], "SQS:SendMessage")
        self.client.remove_permission(QueueUrl=url, Label="l")
        self.client.delete_queue(QueueUrl=url)
        self.refused("AWS.SimpleQueueService.NonExistentQueue", ANY, 400, self.client.get_queue_url, QueueName="queue")

    def test_messages(self):
        url = self.queue("messages")
        attributes = {"text": {"DataType": "String", "StringValue": "ü"}, "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
                      "number": {"DataType": "Number.int", "StringValue": "7"}}
        sent = self.client.send_message(
            QueueUrl=url, MessageBody="first \U0001f600 & <x>", MessageAttributes=attributes,
            MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}})
        self.assertRegex(sent["MessageId"], UUID)
        message, = self.receive(url, MaxNumberOfMessages=10)
        self.assertEqual(message["Body"], "first \U0001f600 & <x>")
        self.assertEqual(message["MessageAttributes"], attributes)
        self.assertEqual(message["Attributes"]["AWSTraceHeader"], "Root=1")
        self.assertEqual(self.receive(url), [])
        self.client.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=60)
        world().engine.advance("60s")
        again, = self.receive(url)
        self.assertEqual(again["Attributes"]["ApproximateReceiveCount"], "2")
        self.client.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
        batch = self.client.send_message_batch(QueueUrl=url, Entries=[
            {"Id": "good", "MessageBody": "a"}, {"Id": "late", "MessageBody": "b", "DelaySeconds": 901}])
        self.assertEqual([entry["Id"] for entry in batch["Successful"]], ["good"])
        self.assertEqual([(entry["Id"], entry["Code"]) for entry in batch["Failed"]], [("late", "InvalidParameterValue")])
        messages = self.receive(url)
        deleted = self.client.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": "a", "ReceiptHandle": messages[0]["ReceiptHandle"]}, {"Id": "b", "ReceiptHandle": "garbage"}])
        self.assertEqual(deleted["Successful"], [{"Id": "a"}])
        self.assertEqual(deleted["Failed"][0]["Code"], "ReceiptHandleIsInvalid")
        self.client.purge_queue(QueueUrl=url)
        self.refused("AWS.SimpleQueueService.PurgeQueueInProgress", ANY, 403, self.client.purge_queue, QueueUrl=url)

    def test_fifo_and_dead_letters(self):
        dead = self.queue("dead.fifo", FifoQueue="true")
        dead_arn = self.attributes(dead)["QueueArn"]
        url = self.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="1",
                         RedrivePolicy=json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1}))
        first = self.client.send_message(QueueUrl=url, MessageBody="one", MessageGroupId="g")
        same = self.client.send_message(QueueUrl=url, MessageBody="one", MessageGroupId="g")
        self.assertEqual((same["MessageId"], same["SequenceNumber"]), (first["MessageId"], first["SequenceNumber"]))
        self.assertEqual([message["Body"] for message in self.receive(url, MaxNumberOfMessages=10)], ["one"])
        world().engine.advance("1s")
        self.assertEqual(self.receive(url), [])
        letter, = self.receive(dead)
        self.assertEqual(letter["Attributes"]["DeadLetterQueueSourceArn"], self.attributes(url)["QueueArn"])
        self.assertEqual(self.client.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])

    def test_refusals(self):
        url = self.queue("refusals")
        self.refused("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
                     400, self.client.create_queue, QueueName="a b")
        self.refused("InvalidAttributeName", "Unknown Attribute x.", 400, self.client.set_queue_attributes, QueueUrl=url,
                     Attributes={"x": "y"})
        self.refused("QueueAlreadyExists", ANY, 400, self.client.create_queue, QueueName="refusals",
                     Attributes={"DelaySeconds": "1"})
        self.refused("AWS.SimpleQueueService.EmptyBatchRequest", ANY, 400, self.client.send_message_batch, QueueUrl=url, Entries=[])
        self.refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id a repeated.", 400, self.client.delete_message_batch,
                     QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": "x"}, {"Id": "a", "ReceiptHandle": "x"}])
        self.refused("MissingParameter", "The request must contain the parameter MessageBody.", 400, self.client.send_message,
                     QueueUrl=url, MessageBody="")

    def test_from_a_topic(self):
        sns = world().client("sns")
        url = self.queue("subscribed")
        arn = self.attributes(url)["QueueArn"]
        topic = sns.create_topic(Name="to-queue")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        sns.publish(TopicArn=topic, Message="not allowed yet")
        self.client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
             "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]})})
        sns.publish(TopicArn=topic, Message="allowed", MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})
        message, = self.receive(url, MaxNumberOfMessages=10)
        self.assertEqual((message["Body"], message["MessageAttributes"]["k"]["StringValue"]), ("allowed", "v"))
