# SPDX-License-Identifier: Apache-2.0
"""A guarded pair of sites on a real engine, and what tests ask of it. Speaks to the engine by requests signed here,
because a hundred runs of the aws CLI would take minutes. Standard library only."""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sigv4 import Signer  # noqa: E402
from sitelatch import SITELATCH, Workplace, has_failed, wait_until  # noqa: E402

NAME = "client.example.test"
PRIMARY, BACKUP = "192.0.2.1", "192.0.2.2"
LATCH, PLANNED, OWN = "/lb-check-failed-over", "/lb-check-switched-over", "/lb-check"


class Api:
    """Calls of the engine's services, in the protocol of each."""

    def __init__(self, environment, region="us-east-1"):
        self.host = environment["AWS_ENDPOINT_URL"].removeprefix("http://")
        self.region = region
        self.signer = Signer(self.host, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region=region)

    def send(self, service, method, path, body=b"", query="", **headers):
        signed = self.signer.headers(service, body, method, path, query, **headers)
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request(method, path + ("?" + query if query else ""), body, signed)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise AssertionError(f"{service} {method} {path}: {answer.status} {text}")
        return text

    def route53(self, method, path, body="", query=""):
        return self.send("route53", method, "/2013-04-01" + path, body.encode(), query)

    def query(self, service, action, version, **parameters):
        form = urllib.parse.urlencode({"Action": action, "Version": version, **parameters})
        return self.send(service if service != "cloudwatch" else "monitoring", "POST", "/", form.encode(),
                         content_type="application/x-www-form-urlencoded")

    def target(self, service, target, body):
        text = self.send(service, "POST", "/", json.dumps(body).encode(), x_amz_target=target,
                         content_type="application/x-amz-json-1.1")
        return json.loads(text) if text else {}


def tag(xml, name):
    found = re.search(f"<{name}>([^<]*)</{name}>", xml)
    return found.group(1) if found else None


class World:
    def __init__(self, *options):
        self.place = Workplace()
        self.engine = self.place.engine(*(options or ("--clock", "manual")))
        self.primary, self.backup = self.place.site("primary"), self.place.site("backup")
        self.environment = self.engine.environment()
        self.api = Api(self.environment)
        self.check = self.make_check(self.primary, "primary")
        self.backup_check = self.make_check(self.backup, "backup")
        self.make_records()

    def close(self, failed=False):
        if failed:
            print("--- the engine's log:\n" + self.engine.log_text()[-6000:], flush=True)
        self.place.__exit__(None, None, None)

    # --- the sites and their records
    def make_check(self, site, reference):
        return tag(self.api.route53("POST", "/healthcheck", f"""<CreateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
          <CallerReference>{reference}</CallerReference><HealthCheckConfig><IPAddress>{site.address}</IPAddress><Port>{site.port}</Port>
          <Type>HTTP</Type><ResourcePath>{OWN}</ResourcePath><RequestInterval>30</RequestInterval><FailureThreshold>1</FailureThreshold>
          </HealthCheckConfig></CreateHealthCheckRequest>"""), "Id")

    def make_records(self):
        self.make_zone()
        self.change_records(self.record("primary", PRIMARY, self.check), self.record("secondary", BACKUP, None))

    def make_zone(self):
        self.zone = tag(self.api.route53("POST", "/hostedzone", """<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
          <Name>example.test</Name><CallerReference>zone</CallerReference></CreateHostedZoneRequest>"""), "Id").split("/")[-1]

    def record(self, role, address, check, name=NAME):
        health = f"<HealthCheckId>{check}</HealthCheckId>" if check else ""
        return f"""<Change><Action>UPSERT</Action><ResourceRecordSet><Name>{name}</Name><Type>A</Type>
          <SetIdentifier>{role}</SetIdentifier><Failover>{role.upper()}</Failover><TTL>60</TTL><ResourceRecords><ResourceRecord>
          <Value>{address}</Value></ResourceRecord></ResourceRecords>{health}</ResourceRecordSet></Change>"""

    def change_records(self, *changes):
        self.api.route53("POST", f"/hostedzone/{self.zone}/rrset/", f"""<ChangeResourceRecordSetsRequest
          xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes>{"".join(changes)}</Changes></ChangeBatch>
          </ChangeResourceRecordSetsRequest>""")

    # --- the check
    def check_xml(self, check=None):
        return self.api.route53("GET", "/healthcheck/" + (check or self.check))

    def path(self, check=None):
        return tag(self.check_xml(check), "ResourcePath")

    def version(self):
        return int(tag(self.check_xml(), "HealthCheckVersion"))

    def update_check(self, inner):
        self.api.route53("POST", "/healthcheck/" + self.check, f"""<UpdateHealthCheckRequest
          xmlns="https://route53.amazonaws.com/doc/2013-04-01/">{inner}</UpdateHealthCheckRequest>""")

    def checks(self):
        return re.findall("<HealthCheck><Id>([^<]*)</Id>", self.api.route53("GET", "/healthcheck"))

    def dns(self):
        code, answers = self.engine.lookup(NAME)
        assert code == 0 and len(answers) == 1, (code, answers)
        return answers[0]

    def alarm(self, name=None):
        xml = self.api.query("cloudwatch", "DescribeAlarms", "2010-08-01",
                             **{"AlarmNames.member.1": name or "sitelatch-" + self.check})
        return tag(xml, "StateValue")

    # --- time
    def advance(self, duration):
        return self.engine.advance(duration)

    def advance_until(self, condition, what, step="10s", most=60):
        for _ in range(most):
            if condition():
                return
            self.advance(step)
        raise AssertionError(f"never happened: {what}\n{self.engine.log_text()[-3000:]}")

    # --- the guard's commands
    def run(self, *words, env=None, stdin=subprocess.DEVNULL):
        return subprocess.run([SITELATCH, *words], env={**self.environment, **(env or {})}, capture_output=True, text=True,
                              stdin=stdin, timeout=120)

    def start(self, *words, env=None):
        return subprocess.Popen([SITELATCH, *words], env={**self.environment, **(env or {})}, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    def drive(self, *words, env=None, step="10s"):
        """Runs a command that waits for the engine, whose clock is moved until it ends."""
        process = self.start(*words, env=env)
        try:
            while True:
                try:
                    out, err = process.communicate(timeout=0.1)
                    return subprocess.CompletedProcess(words, process.returncode, out, err)
                except subprocess.TimeoutExpired:
                    self.advance(step)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def json(self, *words, status=0, driven=False, env=None):
        answer = (self.drive if driven else self.run)(*words, "--output", "json", env=env)
        assert answer.returncode == status, (words, answer.returncode, answer.stdout, answer.stderr)
        return json.loads(answer.stdout)

    def status(self, expected=None, dns=True):
        answer = self.run("status", self.check, "--output", "json")
        assert answer.stdout, (answer.returncode, answer.stderr)
        status = json.loads(answer.stdout)
        assert status["exit_code"] == answer.returncode, status
        if expected:
            assert status["state"] == expected, (expected, status)
        return status

    def deploy(self, *options):
        answer = self.drive("deploy", self.check, "--yes", *options)
        assert answer.returncode == 0, (answer.stdout, answer.stderr)
        return answer

    def log(self):
        return self.json("log", self.check)["entries"]

    def topics(self):
        return re.findall("<TopicArn>([^<]*)</TopicArn>", self.api.query("sns", "ListTopics", "2010-03-31"))

    def everything(self):
        """Names of all that a guard is made of, to see that nothing is left."""
        functions = json.loads(self.api.send("lambda", "GET", "/2015-03-31/functions/"))["Functions"]
        roles = re.findall("<RoleName>([^<]*)</RoleName>", self.api.query("iam", "ListRoles", "2010-05-08"))
        alarms = re.findall("<AlarmName>([^<]*)</AlarmName>", self.api.query("cloudwatch", "DescribeAlarms", "2010-08-01"))
        rules = self.api.target("events", "AWSEvents.ListRules", {})["Rules"]
        groups = self.api.target("logs", "Logs_20140328.DescribeLogGroups", {})["logGroups"]
        return {"topics": sorted(self.topics()), "functions": sorted(f["FunctionName"] for f in functions), "roles": sorted(roles),
                "alarms": sorted(alarms), "rules": sorted(r["Name"] for r in rules),
                "log groups": sorted(g["logGroupName"] for g in groups), "checks": sorted(self.checks())}


class FormCase(unittest.TestCase):
    """Tests of what a person does with a guard, each in a world of its own."""
    options = ()  # of the engine; none: those of World
    step = "30s"  # how far the clock is moved at a time while a command that waits is driven

    def setUp(self):
        self.world = World(*self.options)
        self.addCleanup(lambda: self.world.close(has_failed(self)))

    def works(self, *words, driven=False):
        answer = self.world.drive(*words, step=self.step) if driven else self.world.run(*words)
        self.assertEqual(answer.returncode, 0, (words, answer.stdout, answer.stderr))
        return answer

    def refused(self, *words, says, status=3):
        answer = self.world.run(*words)
        self.assertEqual(answer.returncode, status, (words, answer.stdout, answer.stderr))
        self.assertIn(says.lower(), (answer.stdout + answer.stderr).lower())


__all__ = ["FormCase", "World", "NAME", "PRIMARY", "BACKUP", "LATCH", "PLANNED", "OWN", "SITELATCH", "has_failed", "wait_until", "tag", "signal"]
