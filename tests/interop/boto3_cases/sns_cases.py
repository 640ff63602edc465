# SPDX-License-Identifier: Apache-2.0
import json

from world import ANY, UUID, Case


class Sns(Case):
    service = "sns"

    def arn(self, name):
        return f"arn:aws:sns:us-east-1:{self.account}:{name}"

    def test_topic(self):
        arn = self.arn("topic")
        tags = [{"Key": "HealthCheck", "Value": "x"}]
        self.assertEqual(self.client.create_topic(Name="topic", Tags=tags)["TopicArn"], arn)
        self.assertEqual(self.client.create_topic(Name="topic", Tags=tags)["TopicArn"], arn)
        self.assertEqual(self.client.create_topic(Name="topic")["TopicArn"], arn)
        self.refused("InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags", 400,
                     self.client.create_topic, Name="topic", Tags=[{"Key": "other", "Value": "x"}])
        self.refused("InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
                     400, self.client.create_topic, Name="topic", Attributes={"DisplayName": "other"})
        attributes = self.client.get_topic_attributes(TopicArn=arn)["Attributes"]
        policy = json.loads(attributes.pop("Policy"))
        self.assertEqual(policy["Id"], "__default_policy_ID")
        self.assertEqual(policy["Statement"][0]["Condition"], {"StringEquals": {"AWS:SourceOwner": self.account}})
        self.assertEqual(json.loads(attributes.pop("EffectiveDeliveryPolicy"))["http"]["defaultHealthyRetryPolicy"]["numRetries"], 3)
        self.assertEqual(attributes, {"DisplayName": "", "Owner": self.account, "TopicArn": arn, "SubscriptionsConfirmed": "0",
                                      "SubscriptionsPending": "0", "SubscriptionsDeleted": "0"})
        self.client.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Shown")
        self.assertEqual(self.client.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"], "Shown")
        self.assertEqual(self.client.list_tags_for_resource(ResourceArn=arn)["Tags"], tags)
        self.client.tag_resource(ResourceArn=arn, Tags=[{"Key": "second", "Value": "2"}])
        self.client.untag_resource(ResourceArn=arn, TagKeys=["HealthCheck"])
        self.assertEqual(self.client.list_tags_for_resource(ResourceArn=arn)["Tags"], [{"Key": "second", "Value": "2"}])
        self.client.delete_topic(TopicArn=arn)
        self.client.delete_topic(TopicArn=arn)
        self.refused("NotFound", "Topic does not exist", 404, self.client.get_topic_attributes, TopicArn=arn)
        self.refused("ResourceNotFound", ANY, 404, self.client.list_tags_for_resource, ResourceArn=arn)

    def test_refusals(self):
        self.refused("InvalidParameter", "Invalid parameter: Topic Name", 400, self.client.create_topic, Name="a b")
        self.refused("InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1", 400,
                     self.client.get_topic_attributes, TopicArn="nonsense")
        self.refused("InvalidParameter", "Invalid parameter: TopicArn", 400, self.client.get_topic_attributes,
                     TopicArn=self.arn("x").replace("us-east-1", "eu-west-1"))
        self.refused("InvalidParameter", "Invalid parameter: Duplicated keys are not allowed.", 400, self.client.create_topic,
                     Name="twice", Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
        arn = self.client.create_topic(Name="refusals")["TopicArn"]
        self.refused("InvalidParameter", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon", 400,
                     self.client.subscribe, TopicArn=arn, Protocol="pigeon", Endpoint="coop")
        self.refused("NotFound", "Topic does not exist", 404, self.client.publish, TopicArn=self.arn("none"), Message="x")
        self.refused("InvalidParameter", "Invalid parameter: Empty message", 400, self.client.publish, TopicArn=arn, Message="")
        self.refused("InvalidParameter", "Invalid parameter: Message too long", 400, self.client.publish, TopicArn=arn,
                     Message="x" * 262145)
        self.refused("InvalidParameter", "Invalid parameter: Subject", 400, self.client.publish, TopicArn=arn, Message="x",
                     Subject="x" * 101)
        self.refused("NotFound", "Subscription does not exist", 404, self.client.get_subscription_attributes,
                     SubscriptionArn=arn + ":00000000-0000-0000-0000-000000000000")
        self.refused("InvalidParameter", "Invalid parameter: Token", 400, self.client.confirm_subscription, TopicArn=arn,
                     Token="nonsense")

    def test_subscription(self):
        topic = self.client.create_topic(Name="subscribed")["TopicArn"]
        function = f"arn:aws:lambda:eu-west-1:{self.account}:function:f"
        arn = self.client.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)["SubscriptionArn"]
        self.assertTrue(arn.startswith(topic + ":"))
        self.assertRegex(arn[len(topic) + 1:], UUID)
        self.assertEqual(self.client.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)["SubscriptionArn"], arn)
        attributes = self.client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        wanted = {"SubscriptionArn": arn, "TopicArn": topic, "Owner": self.account, "Protocol": "lambda", "Endpoint": function,
                  "PendingConfirmation": "false", "ConfirmationWasAuthenticated": "true", "RawMessageDelivery": "false"}
        self.assertEqual({name: attributes.get(name) for name in wanted}, wanted)
        self.client.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy",
                                                AttributeValue=json.dumps({"kind": ["alarm"]}))
        attributes = self.client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        self.assertEqual((json.loads(attributes["FilterPolicy"]), attributes["FilterPolicyScope"]),
                         ({"kind": ["alarm"]}, "MessageAttributes"))
        self.refused("InvalidParameter", ANY, 400, self.client.set_subscription_attributes, SubscriptionArn=arn,
                     AttributeName="FilterPolicy", AttributeValue="{")
        self.refused("InvalidParameter", "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn", 400,
                     self.client.set_subscription_attributes, SubscriptionArn=arn, AttributeName="RedrivePolicy",
                     AttributeValue=json.dumps({"deadLetterTargetArn": "nonsense"}))
        entry = {"SubscriptionArn": arn, "Owner": self.account, "Protocol": "lambda", "Endpoint": function, "TopicArn": topic}
        self.assertEqual(self.client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"], [entry])
        self.assertIn(entry, self.client.list_subscriptions()["Subscriptions"])
        self.assertEqual(self.client.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"], "1")
        self.answered(self.client.unsubscribe(SubscriptionArn=arn))
        self.answered(self.client.unsubscribe(SubscriptionArn=arn))
        self.assertEqual(self.client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"], [])

    def test_pending_confirmation(self):
        topic = self.client.create_topic(Name="pending")["TopicArn"]
        mail = {"TopicArn": topic, "Protocol": "email", "Endpoint": "operator@example.test"}
        self.assertEqual(self.client.subscribe(**mail)["SubscriptionArn"], "pending confirmation")
        arn = self.client.subscribe(**mail, ReturnSubscriptionArn=True)["SubscriptionArn"]
        self.assertTrue(arn.startswith(topic + ":"))
        self.assertEqual(self.client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"],
                         "PendingConfirmation")

    def test_publish(self):
        topic = self.client.create_topic(Name="published")["TopicArn"]
        self.assertRegex(self.client.publish(TopicArn=topic, Message="x", Subject="s", MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "alarm"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\0\1"}})["MessageId"], UUID)
        batch = self.client.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
            {"Id": "a", "Message": "1"}, {"Id": "b", "Message": "2"}])
        self.assertEqual(([entry["Id"] for entry in batch["Successful"]], batch["Failed"]), (["a", "b"], []))
        self.refused("BatchEntryIdsNotDistinct", ANY, 400, self.client.publish_batch, TopicArn=topic,
                     PublishBatchRequestEntries=[{"Id": "a", "Message": "1"}, {"Id": "a", "Message": "2"}])
        self.refused("EmptyBatchRequest", ANY, 400, self.client.publish_batch, TopicArn=topic, PublishBatchRequestEntries=[])

    def test_permissions(self):
        topic = self.client.create_topic(Name="permitted")["TopicArn"]
        self.client.add_permission(TopicArn=topic, Label="others", AWSAccountId=["111111111111"], ActionName=["Publish"])
        policy = json.loads(self.client.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        self.assertEqual(policy["Statement"][1], {"Sid": "others", "Effect": "Allow", "Principal": {
            "AWS": "arn:aws:iam::111111111111:root"}, "Action": "SNS:Publish", "Resource": topic})
        self.refused("InvalidParameter", "Invalid parameter: Statement already exists", 400, self.client.add_permission,
                     TopicArn=topic, Label="others", AWSAccountId=["111111111111"], ActionName=["Publish"])
        self.client.remove_permission(TopicArn=topic, Label="others")
        policy = json.loads(self.client.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        self.assertEqual(len(policy["Statement"]), 1)

    def test_pages_of_topics(self):
        client = self.world.client("sns", "eu-central-1")
        arns = {client.create_topic(Name=f"page{i:03}")["TopicArn"] for i in range(105)}
        pages = list(client.get_paginator("list_topics").paginate())
        self.assertEqual([len(page["Topics"]) for page in pages], [100, 5])
        self.assertEqual({topic["TopicArn"] for page in pages for topic in page["Topics"]}, arns)
        self.refused("InvalidParameter", ANY, 400, client.list_topics, NextToken="nonsense")
