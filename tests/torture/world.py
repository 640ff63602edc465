# SPDX-License-Identifier: Apache-2.0
"""What the torture does to an engine and what it holds it against: changes of every service, each with what it makes of the model when
it is acknowledged."""
import base64
import datetime
import io
import json
import os
import random
import re
import socket
import sys
import urllib.parse
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sigv4 import Signer  # noqa: E402

PRIMARY, BACKUP = "192.0.2.1", "192.0.2.2"
CLIENT_NAME = "www.example.test"
NAMES = 5  # of each kind of thing: enough for all to be made, changed and deleted over and over
ROUTE53 = "https://route53.amazonaws.com/doc/2013-04-01/"


class Broken(AssertionError):
    """The engine did not keep its word."""


class Call:
    """One request. `changes`: what it makes of the model's keys when it is acknowledged."""

    def __init__(self, service, method, path, body=b"", query="", changes=None, **headers):
        self.service, self.method, self.path, self.query = service, method, path, query
        self.body = body if isinstance(body, bytes) else body.encode()
        self.headers, self.changes = headers, changes or {}


def form(service, version, changes=None, **fields):
    return Call(service, "POST", "/", urllib.parse.urlencode({**fields, "Version": version}), changes=changes,
                content_type="application/x-www-form-urlencoded")


def in_json(service, target, fields, changes=None, version="1.1"):
    return Call(service, "POST", "/", json.dumps(fields), changes=changes, content_type=f"application/x-amz-json-{version}",
                x_amz_target=target)


def sns(changes=None, **fields):
    return form("sns", "2010-03-31", changes, **fields)


def iam(changes=None, **fields):
    return form("iam", "2010-05-08", changes, **fields)


def cloudwatch(operation, fields, changes=None):
    return in_json("monitoring", "GraniteServiceVersion20100801." + operation, fields, changes, "1.0")


def logs(operation, fields, changes=None):
    return in_json("logs", "Logs_20140328." + operation, fields, changes)


def events(operation, fields, changes=None):
    return in_json("events", "AWSEvents." + operation, fields, changes)


def route53(method, path, body="", changes=None, query=""):
    return Call("route53", method, "/2013-04-01/" + path, body, query, changes)


class Refused(Broken):
    """An answer that is no success."""


class Client:
    """One connection of signed calls, which may be sent one after the other before the first is answered; `offset`: seconds by which
    the engine's wall clock is ahead. Raises OSError when the engine has ended."""

    def __init__(self, engine, offset=0):
        self.offset = datetime.timedelta(seconds=offset)
        self.signer = Signer(engine.api, *engine.key)
        host, port = engine.api.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = self.socket.makefile("rb")

    def send(self, call):
        at = datetime.datetime.now(datetime.timezone.utc) + self.offset
        headers = self.signer.headers(call.service, call.body, call.method, call.path, call.query, at=at, **call.headers)
        target = call.path + ("?" + call.query if call.query else "")
        head = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "content-length": len(call.body)}.items())
        self.socket.sendall(f"{call.method} {target} HTTP/1.1\r\n{head}\r\n".encode() + call.body)

    def receive(self):
        status = self.answers.readline().split(b" ")
        if len(status) < 2:
            raise ConnectionResetError("the engine has ended")
        length = 0
        while (line := self.answers.readline()) not in (b"\r\n", b""):
            name, value = line.split(b":", 1)
            length = int(value) if name.lower() == b"content-length" else length
        body = self.answers.read(length)
        if len(body) < length:
            raise ConnectionResetError("the engine has ended")
        return int(status[1]), body

    def do(self, call):
        self.send(call)
        return self.receive()

    def ok(self, call):
        return success(call, self.do(call))

    def close(self):
        self.answers.close()
        self.socket.close()


def success(call, answer):
    status, body = answer
    if status // 100 != 2:
        raise Refused(f"{call.service} {call.method} {call.path} {call.body[:200]}: {status} {body[:300]}")
    return body.decode()


def all_of(clients, calls):
    """The answers to all the calls, spread over the connections and sent at once."""
    for number, call in enumerate(calls):
        clients[number % len(clients)].send(call)
    return [clients[number % len(clients)].receive() for number in range(len(calls))]


def small_zip():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("f.py", "def h(e, c): pass\n")
    return base64.b64encode(out.getvalue()).decode()


TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                                                            "Action": "sts:AssumeRole"}]})


def topic_arn(name):
    return f"arn:aws:sns:us-east-1:000000000000:{name}"


def policy(number):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": f"sns:A{number}", "Resource": "*"}]})


def failover_record(role, check, address):
    return (f"<Change><Action>UPSERT</Action><ResourceRecordSet><Name>{CLIENT_NAME}</Name><Type>A</Type><SetIdentifier>{role}</SetIdentifier>"
            f"<Failover>{role}</Failover><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{address}</Value></ResourceRecord>"
            f"</ResourceRecords><HealthCheckId>{check}</HealthCheckId></ResourceRecordSet></Change>")


def record_change(action, name, address):
    return (f"<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}.example.test</Name><Type>A</Type><TTL>60</TTL><ResourceRecords>"
            f"<ResourceRecord><Value>{address}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>")


def change_batch(changes):
    return (f'<ChangeResourceRecordSetsRequest xmlns="{ROUTE53}"><ChangeBatch><Changes>{"".join(changes)}</Changes></ChangeBatch>'
            "</ChangeResourceRecordSetsRequest>")


class World:
    """What one data directory holds by what was acknowledged: `model`, key -> value (absent keys are not there), and `open`: for every
    change whose answer never came, what it would have made of its keys."""

    def __init__(self, seed, site):
        self.random, self.site, self.seed = random.Random(seed), site, seed
        self.model, self.open, self.count = {}, [], 0

    # --- made once, on an engine without faults ---

    def make(self, client):
        ok = client.ok
        ok(route53("POST", "hostedzone", f'<CreateHostedZoneRequest xmlns="{ROUTE53}"><Name>example.test</Name>'
                   "<CallerReference>z</CallerReference></CreateHostedZoneRequest>"))
        self.zone = re.search(r"<Id>/hostedzone/([^<]+)", ok(route53("GET", "hostedzone"))).group(1)
        self.checks = []
        for name, path in (("primary", "/ok"), ("backup", "/backup"), ("third", "/ok")):
            body = ok(route53("POST", "healthcheck", f'<CreateHealthCheckRequest xmlns="{ROUTE53}"><CallerReference>{name}</CallerReference>'
                              f"<HealthCheckConfig><IPAddress>127.0.0.1</IPAddress><Port>{self.site.port}</Port><Type>HTTP</Type>"
                              f"<ResourcePath>{path}</ResourcePath><RequestInterval>10</RequestInterval><FailureThreshold>1</FailureThreshold>"
                              "</HealthCheckConfig></CreateHealthCheckRequest>"))
            check = re.search(r"<Id>([^<]+)</Id>", body).group(1)
            self.checks.append(check)
            self.model["check", check] = (path, 1)
        ok(route53("POST", f"hostedzone/{self.zone}/rrset", change_batch([
            failover_record("PRIMARY", self.checks[0], PRIMARY), failover_record("SECONDARY", self.checks[1], BACKUP)])))
        ok(iam(Action="CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST))
        for name in ("f0", "f1"):
            ok(Call("lambda", "POST", "/2015-03-31/functions", json.dumps(
                {"FunctionName": name, "Runtime": "python3.12", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "f.h",
                 "Environment": {"Variables": {"VALUE": "0"}}, "Code": {"ZipFile": small_zip()}}), content_type="application/json"))
            self.model["function", name] = "0"
        ok(logs("CreateLogGroup", {"logGroupName": "g"}))
        ok(logs("CreateLogStream", {"logGroupName": "g", "logStreamName": "s"}))
        streams = json.loads(ok(logs("DescribeLogStreams", {"logGroupName": "g"})))
        self.stamp = streams["logStreams"][0]["creationTime"]
        self.model["metric", "m"] = (0, 0)
        self.compare(self.observe([client]))

    # --- what is there ---

    def observe(self, clients):
        """The same keys and values, as the engine tells them: every question at once."""
        questions = {
            "topics": sns(Action="ListTopics"), "alarms": cloudwatch("DescribeAlarms", {}), "rules": events("ListRules", {}),
            "metric": cloudwatch("GetMetricStatistics", {
                "Namespace": "T", "MetricName": "m", "StartTime": self.stamp // 1000 - 86400, "EndTime": self.stamp // 1000 + 300 * 86400,
                "Period": 86400, "Statistics": ["SampleCount", "Sum"]}),
            "records": route53("GET", f"hostedzone/{self.zone}/rrset"), "events": logs("FilterLogEvents", {"logGroupName": "g"}),
            "policies": iam(Action="ListRolePolicies", RoleName="r")}
        may_lack = {}
        for number in range(NAMES):
            may_lack["topic", f"t{number}"] = sns(Action="GetTopicAttributes", TopicArn=topic_arn(f"t{number}"))
            may_lack["policy", f"p{number}"] = iam(Action="GetRolePolicy", RoleName="r", PolicyName=f"p{number}")
        for check in self.checks:
            questions["check", check] = route53("GET", f"healthcheck/{check}")
        for name in ("f0", "f1"):
            questions["function", name] = Call("lambda", "GET", f"/2015-03-31/functions/{name}/configuration")
        answers = all_of(clients, [*questions.values(), *may_lack.values()])
        told = {key: success(call, answer) for (key, call), answer in zip(questions.items(), answers)}
        single = {key: answer[1].decode() for key, answer in zip(may_lack, answers[len(questions):]) if answer[0] == 200}
        return self.read(told, single)

    @staticmethod
    def read(told, single):
        seen = {}
        for name in re.findall(r"<TopicArn>[^<]*:([^<:]+)</TopicArn>", told["topics"]):
            seen["topic", name] = None  # listed: must have attributes, too
        for name in re.findall(r"<member>([^<]+)</member>", told["policies"]):
            seen["policy", name] = None
        for key, body in single.items():
            if key not in seen:
                raise Broken(f"{key} is there, and not listed")
            shown = re.search(r"<key>DisplayName</key>\s*<value>([^<]*)</value>", body)
            seen[key] = int(re.search(r"sns(?:%3A|:)A(\d+)", body).group(1)) if key[0] == "policy" else shown.group(1) if shown else ""
        for alarm in json.loads(told["alarms"])["MetricAlarms"]:
            seen["alarm", alarm["AlarmName"]] = int(alarm["Threshold"])
        points = json.loads(told["metric"])["Datapoints"]
        seen["metric", "m"] = (int(sum(point["SampleCount"] for point in points)), int(sum(point["Sum"] for point in points)))
        for record in re.findall(r"<ResourceRecordSet>.*?</ResourceRecordSet>", told["records"], re.S):
            name = re.search(r"<Name>(r\d+)\.example\.test\.</Name>", record)
            if name:
                seen["record", name.group(1)] = re.search(r"<Value>([^<]+)</Value>", record).group(1)
        for event in json.loads(told["events"])["events"]:
            seen["event", event["message"]] = True
        for rule in json.loads(told["rules"])["Rules"]:
            seen["rule", rule["Name"]] = rule["ScheduleExpression"]
        for key, body in told.items():
            if key[0] == "check":
                seen[key] = (re.search(r"<ResourcePath>([^<]*)", body).group(1),
                             int(re.search(r"<HealthCheckVersion>(\d+)", body).group(1)))
            elif key[0] == "function":
                seen[key] = json.loads(body)["Environment"]["Variables"]["VALUE"]
        return seen

    def compare(self, seen):
        """Raises Broken where the engine is not as it said; settles what was open. Gives how many keys were looked at."""
        expected = dict(self.model)
        for changes in self.open:
            now = {key: seen.get(key) for key in changes}
            if now == changes:
                expected.update(changes)
            elif any(now[key] != expected.get(key) for key in changes):
                raise Broken(f"neither made nor not made: {changes}; before {[expected.get(key) for key in changes]}, now {now}")
        self.open.clear()
        expected = {key: value for key, value in expected.items() if value is not None}
        if seen != expected:
            lost = {key: (value, seen.get(key)) for key, value in expected.items() if seen.get(key) != value}
            more = {key: value for key, value in seen.items() if key not in expected}
            raise Broken(f"acknowledged and not so: {lost}; there and never made: {more}")
        self.model = expected
        return len(expected)

    # --- what is done ---

    def next_call(self, busy):
        """A change of what is not busy; never one that the engine refuses."""
        pick, self.count = self.random, self.count + 1
        while True:
            kind = pick.choice(("topic", "alarm", "record", "record", "check", "policy", "function", "event", "metric", "rule"))
            name = f"{kind[0]}{pick.randrange(NAMES)}"
            call = getattr(self, "call_" + kind)(name, self.count)
            if call and not busy & set(call.changes):
                return call

    def call_topic(self, name, number):
        key, arn = ("topic", name), topic_arn(name)
        if self.model.get(key) is None:
            return sns({key: ""}, Action="CreateTopic", Name=name)
        if self.random.random() < 0.3:
            return sns({key: None}, Action="DeleteTopic", TopicArn=arn)
        return sns({key: f"n{number}"}, Action="SetTopicAttributes", TopicArn=arn, AttributeName="DisplayName", AttributeValue=f"n{number}")

    def call_alarm(self, name, number):
        key = ("alarm", name)
        if self.model.get(key) is not None and self.random.random() < 0.3:
            return cloudwatch("DeleteAlarms", {"AlarmNames": [name]}, {key: None})
        return cloudwatch("PutMetricAlarm", {
            "AlarmName": name, "Namespace": "T", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
            "Threshold": number, "ComparisonOperator": "GreaterThanThreshold"}, {key: number})

    def call_record(self, name, number):
        other = f"r{(int(name[1:]) + 1) % NAMES}"
        changes, keys = [], {}
        for each in (name, other):
            address, before = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", self.model.get(("record", each))
            gone = before is not None and self.random.random() < 0.3
            changes.append(record_change("DELETE", each, before) if gone else record_change("UPSERT", each, address))
            keys["record", each] = None if gone else address
        return route53("POST", f"hostedzone/{self.zone}/rrset", change_batch(changes), keys)

    def call_check(self, _, number):
        return self.set_path(self.checks[2], f"/p{number}")

    def set_path(self, check, path):
        _, version = self.model["check", check]
        return route53("POST", f"healthcheck/{check}", f'<UpdateHealthCheckRequest xmlns="{ROUTE53}"><HealthCheckVersion>{version}'
                       f"</HealthCheckVersion><ResourcePath>{path}</ResourcePath></UpdateHealthCheckRequest>",
                       {("check", check): (path, version + 1)})

    def call_policy(self, name, number):
        key = ("policy", name)
        if self.model.get(key) is not None and self.random.random() < 0.3:
            return iam({key: None}, Action="DeleteRolePolicy", RoleName="r", PolicyName=name)
        return iam({key: number}, Action="PutRolePolicy", RoleName="r", PolicyName=name, PolicyDocument=policy(number))

    def call_function(self, name, number):
        name = f"f{number % 2}"
        return Call("lambda", "PUT", f"/2015-03-31/functions/{name}/configuration",
                    json.dumps({"Environment": {"Variables": {"VALUE": str(number)}}}), changes={("function", name): str(number)},
                    content_type="application/json")

    def call_event(self, _, number):
        old = [key for key in self.model if key[0] == "event"]
        if len(old) > 30:
            return None
        messages = [f"e{number}-{part}" for part in range(3)]
        return logs("PutLogEvents", {"logGroupName": "g", "logStreamName": "s",
                                     "logEvents": [{"timestamp": self.stamp, "message": message} for message in messages]},
                    {("event", message): True for message in messages})

    def call_metric(self, _, number):
        samples, total = self.model["metric", "m"]
        return cloudwatch("PutMetricData", {"Namespace": "T", "MetricData": [{"MetricName": "m", "Value": number}]},
                          {("metric", "m"): (samples + 1, total + number)})

    def call_rule(self, name, number):
        key = ("rule", name)
        if self.model.get(key) is not None and self.random.random() < 0.3:
            return events("DeleteRule", {"Name": name}, {key: None})
        rate = f"rate({number + 1} days)"
        return events("PutRule", {"Name": name, "ScheduleExpression": rate}, {key: rate})
