# SPDX-License-Identifier: Apache-2.0
"""From one service to the next: what a rule, a topic and a function hand to a queue, and a queue to a function."""
import json
import re

from world import LAMBDA_TRUST, Case, zip_of

FUNCTION = """
def handler(event, context):
    print("took", ",".join(record["body"] for record in event["Records"]))
"""


class Between(Case):
    def setUp(self):
        for service in ("sqs", "sns", "events", "iam", "lambda", "logs"):
            setattr(self, service + "_", self.world.client(service))

    def queue(self, name, *senders):
        url = self.sqs_.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs_.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        if senders:
            self.sqs_.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": list(senders)}, "Action": "sqs:SendMessage", "Resource": arn}]})})
        return url, arn

    def bodies(self, url):
        return [message["Body"] for message in self.sqs_.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]

    def test_a_rule_and_a_topic_to_a_queue(self):
        url, arn = self.queue("between", "events.amazonaws.com", "sns.amazonaws.com")
        self.events_.put_rule(Name="between", EventPattern=json.dumps({"source": ["my.app"], "detail": {"n": [{"numeric": [">", 1]}]}}))
        self.events_.put_targets(Rule="between", Targets=[{"Id": "1", "Arn": arn, "InputPath": "$.detail"}])
        sent = [{"Source": "my.app", "DetailType": "t", "Detail": json.dumps({"n": n})} for n in (1, 2)]
        self.assertEqual(self.events_.put_events(Entries=sent)["FailedEntryCount"], 0)
        self.world.engine.advance("5s")
        self.assertEqual([json.loads(body) for body in self.bodies(url)], [{"n": 2}])
        topic = self.sns_.create_topic(Name="between")["TopicArn"]
        self.sns_.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        self.sns_.publish(TopicArn=topic, Message="hello")
        self.world.engine.advance("2s")
        self.assertEqual(self.bodies(url), ["hello"])

    def test_a_queue_that_lets_nobody_in_gets_nothing(self):
        url, arn = self.queue("closed")
        dead, dead_arn = self.queue("dead", "events.amazonaws.com")
        self.events_.put_rule(Name="closed", EventPattern='{"source": ["closed"]}')
        self.events_.put_targets(Rule="closed", Targets=[{"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": dead_arn}}])
        self.events_.put_events(Entries=[{"Source": "closed", "DetailType": "t", "Detail": "{}"}])
        self.world.engine.advance("5s")
        self.assertEqual(self.bodies(url), [])
        message = self.sqs_.receive_message(QueueUrl=dead, MessageAttributeNames=["All"])["Messages"][0]
        self.assertEqual(message["MessageAttributes"]["ERROR_CODE"]["StringValue"], "NO_PERMISSIONS")

    def test_what_a_function_could_not_do_to_a_queue(self):
        url, arn = self.queue("letters")
        role = self.iam_.create_role(RoleName="letters", AssumeRolePolicyDocument=LAMBDA_TRUST)["Role"]["Arn"]
        made = {"FunctionName": "letters", "Runtime": "python3.12", "Handler": "lambda.handler", "Role": role,
                "Code": {"ZipFile": zip_of("def handler(event, context):\n    raise ValueError(event)\n")}, "DeadLetterConfig": {"TargetArn": arn}}
        self.refused("InvalidParameterValueException", re.compile("SendMessage"), 400, self.lambda_.create_function, **made)  # the role may not send there
        self.iam_.put_role_policy(RoleName="letters", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}]}))
        self.lambda_.create_function(**made)
        self.lambda_.put_function_event_invoke_config(FunctionName="letters", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}})
        self.lambda_.invoke(FunctionName="letters", InvocationType="Event", Payload=b'{"a": 1}')
        self.world.engine.advance("60s")
        messages = self.sqs_.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
        letters = {bool(message.get("MessageAttributes")): message for message in messages}
        self.assertEqual(json.loads(letters[True]["Body"]), {"a": 1})
        self.assertEqual(letters[True]["MessageAttributes"]["ErrorCode"]["StringValue"], "200")
        self.assertEqual(json.loads(letters[False]["Body"])["requestContext"]["condition"], "RetriesExhausted")

    def test_a_queue_to_a_function_by_a_filter(self):
        url, arn = self.queue("jobs")
        role = self.iam_.create_role(RoleName="between", AssumeRolePolicyDocument=LAMBDA_TRUST)["Role"]["Arn"]
        self.iam_.put_role_policy(RoleName="between", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}]}))
        self.lambda_.create_function(FunctionName="between", Runtime="python3.12", Handler="lambda.handler", Role=role, Code={"ZipFile": zip_of(FUNCTION)})
        mapping = self.lambda_.create_event_source_mapping(FunctionName="between", EventSourceArn=arn, BatchSize=5, FilterCriteria={
            "Filters": [{"Pattern": json.dumps({"body": {"k": ["v"]}})}]})["UUID"]
        self.world.engine.advance("60s")
        self.assertEqual(self.lambda_.get_event_source_mapping(UUID=mapping)["State"], "Enabled")
        for k in "vw":
            self.sqs_.send_message(QueueUrl=url, MessageBody=json.dumps({"k": k}))
        self.world.engine.advance("60s")
        took = [event["message"] for event in self.logs_.filter_log_events(logGroupName="/aws/lambda/between", filterPattern="took")["events"]]
        self.assertEqual(took, ['took {"k": "v"}\n'])
        # What the filter leaves out is gone too.
        counts = self.sqs_.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"])
        self.assertEqual(set(counts["Attributes"].values()), {"0"})
        self.lambda_.delete_event_source_mapping(UUID=mapping)
