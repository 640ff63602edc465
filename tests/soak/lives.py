# SPDX-License-Identifier: Apache-2.0
"""Lives of resources: each is a generator that makes something, uses it and takes it away again, a call or two a step, so
that many can be led beside one another and what the engine keeps stays bounded. Names come from a small pool, because a
metric outlives its topic or function by fifteen days."""
import base64
import io
import json
import zipfile

from calls import Calls, record, tag

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {
    "Service": ["lambda.amazonaws.com", "events.amazonaws.com"], "AWS": "*"}}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["route53:*", "sns:*"], "Resource": "*"}]})
TOPIC_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*", "Principal": {
    "Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}}]})
HANDLER = """
import json
COUNT = 0
def handler(event, context):
    global COUNT
    COUNT += 1
    if event.get("fail"):
        raise RuntimeError("as asked")
    print("call", COUNT, "x" * event.get("size", 10))
    return {"count": COUNT}
"""


def zipped(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("handler.py", text)
    return out.getvalue()


class Lives:
    """`soak` has: calls, random, neighbours, engine_ms(), and arn(service, rest)."""

    def __init__(self, soak, calls):
        self.soak, self.calls, self.random = soak, calls, soak.random
        self.kinds = {"topic": self.topic, "alarm": self.alarm, "identity": self.identity, "session": self.session,
                      "logs": self.logs, "rule": self.rule, "zone": self.zone, "check": self.check, "function": self.function,
                      "metrics": self.metrics, "refused": self.refused}
        self.weights = {"check": 0.3, "function": 0.7}
        self.running, self.lived, self.taken = [], {kind: 0 for kind in self.kinds}, set()
        self.unseen = list(self.kinds)  # a short run, too, has one of each

    def step(self):
        """One step of one life; starts another where one has ended."""
        if len(self.running) < 14:
            self.start()
        if not self.running:
            return
        turn = self.random.randrange(len(self.running))
        kind, slot, life = self.running[turn]
        try:
            next(life)
        except StopIteration:
            self.running.pop(turn)
            self.taken.discard((kind, slot))
            self.lived[kind] += 1

    def start(self):
        if self.soak.ending():
            return
        if self.unseen:
            kind = self.unseen.pop()
        else:
            kind = self.random.choices(list(self.kinds), [self.weights.get(kind, 1) for kind in self.kinds])[0]
        free = [slot for slot in range(4) if (kind, slot) not in self.taken]
        if free:
            slot = self.random.choice(free)
            self.taken.add((kind, slot))
            self.running.append((kind, slot, self.kinds[kind](f"soak-{kind}-{slot}")))

    def finish(self):
        """Leads every life to its end."""
        for kind, _, life in self.running:
            for _ in life:
                pass
            self.lived[kind] += 1
        self.running, self.taken = [], set()

    # --- the kinds
    def topic(self, name):
        calls, sns = self.calls, lambda action, **fields: self.calls.query("sns", action, **fields)
        arn = tag(sns("CreateTopic", Name=name, **{"Tags.member.1.Key": "k", "Tags.member.1.Value": "v"}), "TopicArn")
        yield
        endpoint = f"http://127.0.0.1:{self.soak.neighbours.sink.port}/{name}"
        subscription = tag(sns("Subscribe", TopicArn=arn, Protocol="http", Endpoint=endpoint, ReturnSubscriptionArn="true"), "SubscriptionArn")
        yield
        for _ in range(8):
            token = self.soak.neighbours.sink.token_of(arn)
            if token:
                sns("ConfirmSubscription", TopicArn=arn, Token=token)
                break
            yield
        sns("SetSubscriptionAttributes", SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue='{"kind":["wanted"]}')
        yield
        for number in range(self.random.randrange(2, 8)):
            kind = "wanted" if number % 3 else "unwanted"
            sns("Publish", TopicArn=arn, Message="m" * self.random.randrange(1, 2000), Subject="soak", **{
                "MessageAttributes.entry.1.Name": "kind", "MessageAttributes.entry.1.Value.DataType": "String",
                "MessageAttributes.entry.1.Value.StringValue": kind})
            yield
        sns("GetTopicAttributes", TopicArn=arn)
        sns("ListSubscriptionsByTopic", TopicArn=arn)
        yield
        if self.random.random() < 0.5:
            sns("Unsubscribe", SubscriptionArn=subscription)
            yield
        sns("DeleteTopic", TopicArn=arn)
        del calls

    def alarm(self, name):
        cw = lambda action, **fields: self.calls.query("monitoring", action, **fields)
        cw("PutMetricAlarm", AlarmName=name, Namespace="Soak", MetricName="m" + name[-1], Statistic="Maximum", Period=60, EvaluationPeriods=1,
           Threshold=5, ComparisonOperator="GreaterThanThreshold", **{"AlarmActions.member.1": self.soak.topic_arn})
        yield
        for value in (1, 9, 2):
            cw("PutMetricData", Namespace="Soak", **{"MetricData.member.1.MetricName": "m" + name[-1], "MetricData.member.1.Value": value})
            yield
        cw("SetAlarmState", AlarmName=name, StateValue=self.random.choice(["OK", "ALARM"]), StateReason="soak")
        yield
        cw("DescribeAlarms", **{"AlarmNames.member.1": name})
        yield
        cw("DescribeAlarmHistory", AlarmName=name, MaxRecords=20)
        yield
        cw("DisableAlarmActions", **{"AlarmNames.member.1": name})
        yield
        cw("DeleteAlarms", **{"AlarmNames.member.1": name})

    def identity(self, name):
        iam = lambda action, **fields: self.calls.query("iam", action, **fields)
        iam("CreateUser", UserName=name)
        yield
        policy = tag(iam("CreatePolicy", PolicyName=name, PolicyDocument=POLICY), "Arn")
        iam("AttachUserPolicy", UserName=name, PolicyArn=policy)
        yield
        made = iam("CreateAccessKey", UserName=name)
        key, secret = tag(made, "AccessKeyId"), tag(made, "SecretAccessKey")
        yield
        own = self.soak.calls_as((key, secret, None))
        for _ in range(3):
            own.query("sns", "ListTopics")
            own.query("iam", "ListUsers", expect=(403,))
            yield
        own.close()
        iam("PutUserPolicy", UserName=name, PolicyName="inline", PolicyDocument=POLICY.replace("sns:*", f"sns:List{self.random.randrange(1000)}"))
        yield
        iam("SimulatePrincipalPolicy", PolicySourceArn=self.soak.arn("iam", f"user/{name}", ""), **{"ActionNames.member.1": "sns:Publish"})
        yield
        iam("DeleteUserPolicy", UserName=name, PolicyName="inline")
        iam("DeleteAccessKey", UserName=name, AccessKeyId=key)
        yield
        iam("DetachUserPolicy", UserName=name, PolicyArn=policy)
        iam("DeletePolicy", PolicyArn=policy)
        iam("DeleteUser", UserName=name)

    def session(self, name):
        iam = lambda action, **fields: self.calls.query("iam", action, **fields)
        role = tag(iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST), "Arn")
        iam("PutRolePolicy", RoleName=name, PolicyName="p", PolicyDocument=POLICY)
        yield
        for number in range(3):
            made = self.calls.query("sts", "AssumeRole", RoleArn=role, RoleSessionName=f"s{number}", **(
                {"Policy": POLICY} if number == 1 else {}))
            own = self.soak.calls_as((tag(made, "AccessKeyId"), tag(made, "SecretAccessKey"), tag(made, "SessionToken")))
            own.query("sts", "GetCallerIdentity")
            own.route53("GET", "/healthcheckcount")
            own.close()
            yield
        iam("DeleteRolePolicy", RoleName=name, PolicyName="p")
        iam("DeleteRole", RoleName=name)

    def logs(self, name):
        logs = lambda operation, **fields: self.calls.target("logs", operation, **fields)
        logs("CreateLogGroup", logGroupName=name)
        yield
        logs("PutRetentionPolicy", logGroupName=name, retentionInDays=1)
        for stream in ("a", "b"):
            logs("CreateLogStream", logGroupName=name, logStreamName=stream)
            yield
            for _ in range(3):
                now = self.soak.engine_ms()
                events = [{"timestamp": now + number, "message": f"ERROR {number} " + "y" * self.random.randrange(400)} for number in range(30)]
                logs("PutLogEvents", logGroupName=name, logStreamName=stream, logEvents=events)
                yield
        logs("FilterLogEvents", logGroupName=name, filterPattern="ERROR", limit=20)
        yield
        logs("GetLogEvents", logGroupName=name, logStreamName="a", limit=10)
        logs("DescribeLogStreams", logGroupName=name)
        yield
        logs("DeleteLogStream", logGroupName=name, logStreamName="a")
        yield
        logs("DeleteLogGroup", logGroupName=name)

    def rule(self, name):
        events = lambda operation, **fields: self.calls.target("events", operation, **fields)
        events("PutRule", Name=name, ScheduleExpression="rate(1 minute)")
        yield
        events("PutTargets", Rule=name, Targets=[{"Id": "1", "Arn": self.soak.topic_arn, "InputTransformer": {
            "InputPathsMap": {"t": "$.time"}, "InputTemplate": '"at <t>"'}}])
        for _ in range(4):
            events("ListTargetsByRule", Rule=name)
            yield
        events("DisableRule", Name=name)
        events("RemoveTargets", Rule=name, Ids=["1"])
        yield
        events("DeleteRule", Name=name)

    def zone(self, name):
        calls, dns = self.calls, f"{name}.test"
        zone = calls.create_zone(dns, f"{name}-{self.soak.serial()}")
        yield
        for number in range(6):
            calls.change_records(zone, record("UPSERT", f"w{number}.{dns}", f"192.0.2.{number + 1}"),
                                 record("UPSERT", dns, '"text %d"' % number, kind="TXT"))
            yield
            address = self.soak.dns.ask(f"w{number}.{dns}")
            if address != [f"192.0.2.{number + 1}"]:
                self.soak.errors.add("dns", f"w{number}.{dns}: {address} after its change was acknowledged")
        calls.route53("GET", f"/hostedzone/{zone}/rrset")
        yield
        calls.change_records(zone, record("DELETE", dns, '"text 5"', kind="TXT"),
                             *(record("DELETE", f"w{number}.{dns}", f"192.0.2.{number + 1}") for number in range(6)))
        yield
        calls.route53("DELETE", f"/hostedzone/{zone}")

    def check(self, name):
        calls, sites = self.calls, self.soak.neighbours.sites
        check = calls.create_check(f"{name}-{self.soak.serial()}", self.random.choice(sites).port, interval=10)
        yield
        for number in range(4):
            calls.update_check(check, f"<FailureThreshold>{number + 1}</FailureThreshold><Port>{self.random.choice(sites).port}</Port>")
            yield
            calls.route53("GET", f"/healthcheck/{check}/status")
            yield
        calls.route53("DELETE", f"/healthcheck/{check}")

    def function(self, name):
        calls = self.calls
        calls.functions("POST", "", {"FunctionName": name, "Runtime": "python3.11", "Handler": "handler.handler", "Role": self.soak.role_arn,
                                     "Timeout": 10, "Code": {"ZipFile": base64.b64encode(zipped(HANDLER)).decode()}})
        yield
        for number in range(8):
            answer = calls.functions("POST", f"/{name}/invocations", {"size": self.random.randrange(500)})
            if answer.get("count") != number + 1 and "count" not in answer:
                self.soak.errors.add("function", f"{name}: {answer}")
            yield
        calls.functions("POST", f"/{name}/invocations", {"fail": True}, x_amz_log_type="Tail")
        calls.functions("POST", f"/{name}/invocations", {"size": 1}, x_amz_invocation_type="Event")
        yield
        calls.functions("PUT", f"/{name}/code", {"ZipFile": base64.b64encode(zipped(HANDLER + f"# {self.soak.serial()}\n")).decode()})
        yield
        calls.functions("POST", f"/{name}/invocations", {})  # cold again
        yield
        calls.functions("POST", f"/{name}/versions", {})
        calls.functions("POST", f"/{name}/aliases", {"Name": "live", "FunctionVersion": "1"})
        yield
        calls.functions("GET", f"/{name}")
        calls.functions("DELETE", f"/{name}/aliases/live")
        yield
        calls.functions("DELETE", f"/{name}")
        yield
        calls.target("logs", "DeleteLogGroup", logGroupName=f"/aws/lambda/{name}", expect=(200, 400))  # its last lines may come later

    def metrics(self, name):
        cw = lambda action, **fields: self.calls.query("monitoring", action, **fields)
        for value in range(4):
            cw("PutMetricData", Namespace="Soak", **{
                "MetricData.member.1.MetricName": name, "MetricData.member.1.Value": value, "MetricData.member.1.StorageResolution": 1,
                "MetricData.member.1.Dimensions.member.1.Name": "d", "MetricData.member.1.Dimensions.member.1.Value": "v"})
            yield
        now = self.soak.engine_ms() // 1000
        cw("GetMetricStatistics", Namespace="Soak", MetricName=name, StartTime=now - 3600 * 6, EndTime=now, Period=300,
           **{"Statistics.member.1": "Sum", "Dimensions.member.1.Name": "d", "Dimensions.member.1.Value": "v"})
        yield
        cw("ListMetrics", Namespace="Soak")

    def refused(self, name):
        calls = self.calls
        stranger = self.soak.calls_as(("AKIAIOSFODNN7EXAMPLE", "wrong", None))
        stranger.query("sts", "GetCallerIdentity", expect=(403,))
        stranger.close()
        yield
        calls.target("events", "PutTargets", Rule=name, Targets=[None], expect=(400,))
        yield
        calls.target("logs", "CreateLogGroup", logGroupName={"a": [None]}, expect=(400,))
        yield
        calls.query("sns", "Publish", TopicArn="nonsense", Message="m", expect=(400,))
        yield
        calls.functions("POST", f"/{name}-absent/invocations", {}, expect=(404,))


__all__ = ["Lives", "Calls", "TRUST", "POLICY", "TOPIC_POLICY", "zipped", "HANDLER"]
