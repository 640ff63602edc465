# SPDX-License-Identifier: Apache-2.0
"""deploy and destroy on the real engine: made, made again, adopted, cut off everywhere, removed. Names say which need
of needs.md a test is about (6 is rights_test.py, 7 and 19 tests/function)."""
import http.server
import itertools
import json
import os
import subprocess
import sys
import threading
import types
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from guard_world import BACKUP, LATCH, NAME, PRIMARY, World  # noqa: E402
from sitelatch import Workplace, aws_clis, skip_loudly  # noqa: E402

THOROUGH = os.environ.get("SITELATCH_THOROUGH") == "1"

# The ten commands of the guide in our own words; what they make is what deploy must adopt.
GUIDE = [
    'TOPIC=$(aws sns create-topic --name "$ID" --tags "Key=HealthCheckId,Value=$ID" --query TopicArn --output text --region us-east-1)',
    'aws cloudwatch put-metric-alarm --alarm-name "$ID" --alarm-actions "$TOPIC" --actions-enabled --namespace AWS/Route53 '
    '--metric-name HealthCheckStatus --dimensions "Name=HealthCheckId,Value=$ID" --statistic Minimum --period 60 '
    '--evaluation-periods 1 --comparison-operator LessThanThreshold --threshold 1.0 --treat-missing-data notBreaching --region us-east-1',
    'ROLE=$(aws iam create-role --role-name "$ID" --query Role.Arn --output text --assume-role-policy-document '
    '\'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}\')',
    'POLICY=$(aws iam create-policy --policy-name "$ID" --query Policy.Arn --output text --policy-document '
    '\'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["route53:UpdateHealthCheck"],"Resource":"*"}]}\')',
    'aws iam attach-role-policy --role-name "$ID" --policy-arn "$POLICY"',
    'aws iam attach-role-policy --role-name "$ID" --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    'zip -q -FS --junk-paths "$SCRATCH/lambda.zip" "$SCRATCH/lambda.py"',
    'FUNCTION=$(aws lambda create-function --function-name "$ID" --zip-file "fileb://$SCRATCH/lambda.zip" --handler lambda.handler '
    '--runtime python3.11 --role "$ROLE" --query FunctionArn --output text --region eu-west-1)',
    'aws lambda add-permission --function-name "$ID" --statement-id function-with-sns --action lambda:InvokeFunction '
    '--principal sns.amazonaws.com --source-arn "$TOPIC" --region eu-west-1',
    'aws sns subscribe --protocol lambda --topic-arn "$TOPIC" --notification-endpoint "$FUNCTION" --region us-east-1',
]
SOURCE = '''import json
import boto3


def handler(event, context):
    alarm = json.loads(event["Records"][0]["Sns"]["Message"])
    boto3.client("route53").update_health_check(HealthCheckId=alarm["Trigger"]["Dimensions"][0]["value"],
                                                ResourcePath="/lb-check-failed-over")
'''


def run_guide(world, check, steps):
    with open(os.path.join(world.place.path, "lambda.py"), "w") as source:
        source.write(SOURCE)
    script = "set -eu\n" + "\n".join(GUIDE[:steps])
    run = subprocess.run(["bash", "-c", script], env={**world.environment, "ID": check, "SCRATCH": world.place.path},
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


class Deploy(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.__exit__, None, None, None)
        self.world = World(self.place)

    def assert_status(self, answer, status):
        self.assertEqual(answer.status, status, f"{answer}\n{self.world.engine.log_text()[-2000:]}")

    def deployed(self, *words, check=None):
        answer = self.world.deploy(*words, check=check)
        self.assert_status(answer, 0)
        self.assertEqual(answer.json["state"], "armed", answer)
        return answer.json

    def test_need_01_twice_changes_nothing(self):
        """P1-1: idempotent deploy; P1-4: armed only when healthy and OK from real data."""
        first = self.deployed("--notify", "sre@example.org")
        self.assertTrue(first["changes"])
        name = f"sitelatch-{self.world.check}"
        self.assertTrue(self.world.alarm(name)["ActionsEnabled"])
        before = self.world.account()
        again = self.world.run("deploy", self.world.check, "--output", "json")  # nothing to do: nobody is asked
        self.assert_status(again, 0)
        self.assertEqual(again.json["changes"], [])
        self.assertEqual(self.world.account(), before)

    def test_need_01_plan_changes_nothing(self):
        before = self.world.account()
        plan = self.world.plan()
        resources = [change["resource"] for change in plan["changes"]]
        for piece in ("alarm-topic", "role", "function", "sns-permission", "subscription", "schedule", "alarm"):
            self.assertIn(piece, resources)
        self.assertEqual(self.world.account(), before)

    def test_without_a_terminal_it_needs_yes(self):
        before = self.world.account()
        answer = self.world.run("deploy", self.world.check)
        self.assert_status(answer, 3)
        self.assertIn("--yes", answer.err)
        self.assertEqual(self.world.account(), before)
        self.deployed()
        before = self.world.account()
        self.assert_status(self.world.run("destroy", self.world.check), 3)
        self.assertEqual(self.world.account(), before)

    def test_it_latches(self):
        for kind in ("native", "python"):
            with self.subTest(kind=kind):
                self.deployed("--function", kind)
                self.world.primary.set("down")
                self.world.advance_until(lambda: self.world.path() == LATCH, "the latch")
                self.world.primary.set("up")
                self.world.engine.advance("5m")
                self.assertEqual(self.world.path(), LATCH)
                self.assertEqual(self.world.engine.lookup(NAME), (0, [BACKUP]))
                # issue 8: the log has the latch, also where the guide's Python writes none: then by the alarm's history.
                entries = self.world.run("log", self.world.check, "--output", "json").json["entries"]
                self.assertIn(("latch", "function"), [(entry["action"], entry["who"]) for entry in entries])
                # P1-26: destroy asks what becomes of the latch.
                self.assert_status(self.world.run("destroy", self.world.check, "--yes"), 3)
                gone = self.world.run("destroy", self.world.check, "--restore", "--yes", "--logs")
                self.assert_status(gone, 0)
                self.world.advance_until(lambda: self.world.engine.lookup(NAME) == (0, [PRIMARY]), "Primary serves again")

    def test_native_and_python_in_place_of_each_other(self):
        for kind in ("native", "python", "native"):
            answer = self.deployed("--function", kind)
            self.assertEqual(answer["guard"]["function_kind"], kind)
            self.assertEqual(self.world.plan()["changes"], [])
        self.assertEqual(self.deployed("--latch", "inverted")["guard"]["latch"], "inverted")
        self.assertEqual(self.world.plan()["changes"], [])
        self.world.primary.set("down")
        config = lambda: self.world.aws("route53", "get-health-check", "--health-check-id", self.world.check)["HealthCheck"]["HealthCheckConfig"]
        self.world.advance_until(lambda: config()["Disabled"], "the latch")
        self.assertTrue(config()["Inverted"])
        self.assertEqual(config()["ResourcePath"], "/lb-check")
        self.assertEqual(self.world.engine.lookup(NAME), (0, [BACKUP]))

    def test_while_latched_it_repairs_without_releasing(self):
        self.deployed()
        self.world.primary.set("down")
        self.world.advance_until(lambda: self.world.path() == LATCH, "the latch")
        name = f"sitelatch-{self.world.check}"
        self.world.aws("sns", "unsubscribe", "--subscription-arn", self.subscription(name), "--region", "us-east-1", parse=False)
        self.world.aws("lambda", "delete-function", "--function-name", name, "--region", "us-east-1", parse=False)
        self.world.primary.set("up")
        answer = self.world.deploy()
        self.assert_status(answer, 0)
        self.assertEqual(answer.json["state"], "tripped", answer)
        self.assertEqual(self.world.path(), LATCH)
        self.assertEqual(self.world.plan()["changes"], [])
        self.assertEqual(self.world.plan()["guard"]["original_path"], "/lb-check")

    def subscription(self, topic):
        account = self.world.aws("sts", "get-caller-identity")["Account"]
        return self.world.aws("sns", "list-subscriptions-by-topic", "--topic-arn", f"arn:aws:sns:us-east-1:{account}:{topic}",
                              "--region", "us-east-1")["Subscriptions"][0]["SubscriptionArn"]

    def test_a_role_made_again_under_its_name(self):
        self.deployed()
        name = f"sitelatch-{self.world.check}"
        self.world.aws("iam", "delete-role-policy", "--role-name", name, "--policy-name", "sitelatch-guard", parse=False)
        self.world.aws("iam", "delete-role", "--role-name", name, parse=False)
        resources = [change["resource"] for change in self.world.plan()["changes"]]
        self.assertIn("function-configuration", resources, "the function is given the new role")
        self.deployed()
        self.assertEqual(self.world.plan()["changes"], [])
        role_id = self.world.aws("iam", "get-role", "--role-name", name)["Role"]["RoleId"]
        tags = self.world.aws("lambda", "get-function", "--function-name", name, "--region", "us-east-1")["Tags"]
        self.assertEqual(tags["sitelatch:role-id"], role_id)

    def test_need_26_destroy_leaves_what_others_made(self):
        other = self.world.create_check(self.world.primary, "other")
        self.world.create_records(other, "other.example.test")
        self.deployed(check=other)
        before = self.world.kept()
        self.deployed()
        gone = self.world.run("destroy", self.world.check, "--yes", "--logs", "--output", "json")
        self.assert_status(gone, 0)
        after = self.world.kept()
        self.assertEqual(sorted(set(after) - set(before)), [])
        self.assertEqual(sorted(set(before) - set(after)), [])
        self.assertEqual(self.world.plan(check=other)["changes"], [])
        again = self.world.run("destroy", self.world.check, "--yes")
        self.assert_status(again, 0)

    def test_need_02_a_latch_path_that_answers_is_refused(self):
        class Answers(http.server.BaseHTTPRequestHandler):
            code = 302

            def do_GET(self):
                self.send_response(200 if self.path == "/lb-check" else Answers.code)
                self.end_headers()

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        site = types.SimpleNamespace(address="127.0.0.1", port=server.server_address[1])
        check = self.world.create_check(site, "answers")
        self.world.create_records(check, "answers.example.test")
        for code in (200, 302):
            Answers.code = code
            answer = self.world.deploy(check=check)
            self.assert_status(answer, 3)
            self.assertIn(LATCH, answer.json["sentence"])
            self.assertIsNone(self.world.alarm(f"sitelatch-{check}"), "what is refused is not made")
        Answers.code = 404
        self.deployed(check=check)

    def test_need_03_the_hole_of_two_unhealthy_sites_is_said_with_what_mends_it(self):
        other = self.world.create_check(self.world.backup, "backup")
        records = self.world.aws("route53", "list-resource-record-sets", "--hosted-zone-id", self.world.zone)["ResourceRecordSets"]
        secondary = next(record for record in records if record.get("Failover") == "SECONDARY")
        change = lambda batch: self.world.aws("route53", "change-resource-record-sets", "--hosted-zone-id", self.world.zone,
                                              "--change-batch", json.dumps(batch))
        change({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {**secondary, "HealthCheckId": other}}]})
        # guard-on-aws 4: it refuses, makes nothing, and says what closes it and what takes that back.
        before = self.world.kept()
        refused = self.world.plan(status=3)
        findings = [finding for finding in refused["preflight"] if finding["verdict"] == "refusal"]
        self.assertEqual([finding["name"] for finding in findings], ["secondary-health"])
        answer = self.world.run("deploy", self.world.check, "--plan")
        self.assert_status(answer, 3)
        self.assertIn("REFUSES", answer.out)
        self.assertIn("--accept-hole secondary-health", answer.out)
        self.assertIn('"Action":"UPSERT"', answer.out)
        self.assert_status(self.world.deploy(), 3)
        self.assertEqual(self.world.kept(), before)
        change(findings[0]["record_change"]["ChangeBatch"])
        self.assertEqual([finding for finding in self.world.plan()["preflight"] if finding["verdict"] != "ok"], [])
        change(findings[0]["record_rollback"]["ChangeBatch"])
        # Accepted by its name it is a link of status, and disarm asks again.
        self.deployed("--accept-hole", "secondary-health")
        status = self.world.run("status", self.world.check, "--output", "json")
        self.assert_status(status, 19)
        self.assertIn("secondary-health", [link["name"] for link in status.json["links"] if link["health"] == "broken"])
        disarm = ("disarm", self.world.check, "--for", "10m", "--keep", "primary", "--reason", "x", "--yes")
        answer = self.world.run(*disarm)
        self.assert_status(answer, 3)
        self.assertIn("--accept-hole secondary-health", answer.err)
        self.assert_status(self.world.run(*disarm, "--accept-hole", "secondary-health"), 0)
        self.assert_status(self.world.run("deploy", self.world.check, "--accept-hole", "no-such-hole"), 2)

    def test_a_check_that_others_disabled_is_not_armed(self):
        self.world.aws("route53", "update-health-check", "--health-check-id", self.world.check, "--disabled")
        answer = self.world.deploy("--timeout", "5s")
        self.assert_status(answer, 3)
        self.assertIn("Disabled", answer.out)
        self.assertIsNone(self.world.alarm(f"sitelatch-{self.world.check}"))

    def test_need_03_without_a_primary_record_it_does_not_arm(self):
        lonely = self.world.create_check(self.world.primary, "lonely")
        answer = self.world.deploy(check=lonely)
        self.assert_status(answer, 3)
        self.assertIn("PRIMARY", answer.out)
        self.assertIsNone(self.world.alarm(f"sitelatch-{lonely}"))

    def test_need_04_in_time_or_not_at_all(self):
        self.world.primary.set("down")
        answer = self.world.deploy("--timeout", "3s")
        self.assert_status(answer, 4)
        self.assertFalse(self.world.alarm(f"sitelatch-{self.world.check}")["ActionsEnabled"])
        self.world.primary.set("up")
        self.deployed()

    def test_need_05_an_opt_in_region_is_refused(self):
        before = self.world.account()
        answer = self.world.run("deploy", self.world.check, "--function-region", "eu-south-1", "--yes")
        self.assert_status(answer, 3)
        self.assertIn("opt-in", answer.err)
        self.assertEqual(self.world.account(), before)


class Adoption(unittest.TestCase):
    """P1-1: what the guide made, whole or half, is adopted with its names and its code."""

    def test_every_prefix_of_the_guide(self):
        if not aws_clis():
            return skip_loudly("no aws CLI on this machine: the guide cannot be run")
        with Workplace() as place:
            world = World(place)
            # One each of what adoption decides by: a topic alone, an alarm, a role, code, all of it.
            for steps in range(1, len(GUIDE) + 1) if THOROUGH else (1, 2, 4, 8, 10):
                with self.subTest(steps=steps):
                    check = world.create_check(world.primary, f"prefix-{steps}")
                    world.create_records(check, f"prefix-{steps}.example.test")
                    run_guide(world, check, steps)
                    sha = None
                    if steps >= 8:
                        sha = world.aws("lambda", "get-function", "--function-name", check, "--region", "eu-west-1")["Configuration"]["CodeSha256"]
                    answer = world.deploy(check=check)
                    self.assertEqual(answer.status, 0, answer)
                    self.assertEqual(answer.json["state"], "armed", answer)
                    guard = answer.json["guard"]
                    self.assertTrue(guard["alarm_topic"].endswith(":" + check), guard)
                    self.assertEqual(guard["alarm"].endswith(":" + check), steps >= 2, guard)
                    self.assertEqual(guard["role"].endswith("/" + check), steps >= 3, guard)
                    self.assertEqual(guard["function_kind"], "python" if steps >= 8 else "native")
                    if sha:
                        self.assertIn(":eu-west-1:", guard["function"])
                        self.assertTrue(guard["function"].endswith(":" + check))
                        kept = world.aws("lambda", "get-function", "--function-name", check, "--region", "eu-west-1")["Configuration"]["CodeSha256"]
                        self.assertEqual(kept, sha)
                    self.assertEqual(world.plan(check=check)["changes"], [])
                    if steps == 10:
                        self.replaced_by_native(world, check)
                    gone = world.run("destroy", check, "--yes", "--logs")
                    self.assertEqual(gone.status, 0, gone)

    def replaced_by_native(self, world, check):
        answer = world.deploy("--function", "native", check=check)
        self.assertEqual(answer.status, 0, answer)
        self.assertEqual(answer.json["state"], "armed", answer)
        self.assertEqual(world.plan(check=check)["changes"], [])
        runtime = world.aws("lambda", "get-function", "--function-name", check, "--region", "eu-west-1")["Configuration"]["Runtime"]
        self.assertEqual(runtime, "provided.al2023")


class CutOff(unittest.TestCase):
    """Killed at AWS calls in turn, then run again: the same end, and never a guard that only looks armed. Every call with
    SITELATCH_THOROUGH=1, every sixth without: tests/guard_account loses the answer of every call, in memory."""

    def test_need_01_deploy_and_destroy_killed_at_every_call(self):
        with Workplace() as place:
            world = World(place)
            world.engine.advance("3m")
            empty = set(world.kept())
            whole = None
            for round, calls in enumerate(itertools.count(1, 1 if THOROUGH else 6), 1):
                cut = world.deploy(faults={"SITELATCH_FAULT_EXIT_AFTER_CALLS": str(calls)})
                if self.alarm_is_on(world):
                    self.assertEqual(world.plan()["changes"], [], f"armed before it is whole, after call {calls}")
                if cut.status != 137:
                    self.assertEqual(cut.status, 0, cut)
                    break
                # Every third time it is removed half-made instead.
                if round % 3:
                    done = world.deploy()
                    self.assertEqual(done.status, 0, f"after call {calls}: {done}")
                    self.assertEqual(done.json["state"], "armed", done)
                    resources = {key for key in world.kept() if key[0] not in ("sns.subscriptions",)}
                    whole = whole or resources
                    self.assertEqual(resources, whole, f"after call {calls}")
                gone = world.run("destroy", world.check, "--yes", "--logs", faults={"SITELATCH_FAULT_EXIT_AFTER_CALLS": str(20 + calls % 40)})
                if gone.status == 137:
                    gone = world.run("destroy", world.check, "--yes", "--logs")
                self.assertEqual(gone.status, 0, f"after call {calls}: {gone}")
                self.assertEqual(set(world.kept()), empty, f"after call {calls}")
            self.assertGreater(calls, 40)

    def alarm_is_on(self, world):
        alarms = [value for key, value in world.account().items() if key[0] == "cloudwatch.alarms"]
        assert len(alarms) <= 1, alarms
        return any(json.loads(value).get("ActionsEnabled", True) for value in alarms)


if __name__ == "__main__":
    unittest.main(verbosity=2)
