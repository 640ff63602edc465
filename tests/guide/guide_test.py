# SPDX-License-Identifier: Apache-2.0
"""The guide, word for word, with the real aws CLIs against the real engine; then the same with the engine killed at
every stage. On a manual clock: no waiting, and the stages are exact."""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from extract_guide import guide_script  # noqa: E402
from sitelatch import SHARED, Workplace, aws, aws_clis, skip_loudly, wait_until, with_warm_aws  # noqa: E402

NAME = "client.example.test"
PRIMARY, BACKUP = "192.0.2.1", "192.0.2.2"  # what DNS answers; the sites themselves listen on loopback
LATCH = "/lb-check-failed-over"


class Story:
    """The guide's world: an engine, two sites, a failover pair, and what can be asked of them."""

    def __init__(self, place, cli, options=("--clock", "manual")):
        self.place, self.cli = place, cli
        self.engine = place.engine(*options)
        self.primary, self.backup = place.site("primary"), place.site("backup")
        self.environment = self.engine.environment()
        # The CLI under test goes behind the engine's shim, in front of the others.
        self.environment = with_warm_aws(self.environment, cli)
        self.primary_check = self.create_check(self.primary, "primary")
        self.backup_check = self.create_check(self.backup, "backup")
        self.create_records()

    def aws(self, *arguments, **options):
        return aws("aws", self.environment, *arguments, **options)

    def create_check(self, site, reference):
        config = {"Type": "HTTP", "IPAddress": site.address, "Port": site.port, "ResourcePath": "/lb-check",
                  "RequestInterval": 30, "FailureThreshold": 1}
        return self.aws("route53", "create-health-check", "--caller-reference", reference,
                        "--health-check-config", json.dumps(config))["HealthCheck"]["Id"]

    def create_records(self):
        zone = self.aws("route53", "create-hosted-zone", "--name", "example.test", "--caller-reference", "zone")
        self.zone = zone["HostedZone"]["Id"]
        change = {"Changes": [
            {"Action": "CREATE", "ResourceRecordSet": {
                "Name": NAME, "Type": "A", "TTL": 60, "SetIdentifier": role, "Failover": role.upper(),
                "HealthCheckId": check, "ResourceRecords": [{"Value": address}]}}
            for role, check, address in [("primary", self.primary_check, PRIMARY),
                                         ("secondary", self.backup_check, BACKUP)]]}
        changed = self.aws("route53", "change-resource-record-sets", "--hosted-zone-id", self.zone,
                           "--change-batch", json.dumps(change))
        self.aws("route53", "wait", "resource-record-sets-changed", "--id", changed["ChangeInfo"]["Id"], parse=False)

    def run_guide(self, leave_out=None):
        """The ten commands in one shell, as a person would paste them."""
        text, source = guide_script(SHARED, self.primary_check, self.place.path)
        if not source.startswith(SHARED):
            skip_loudly(f"the guide's own text is not in {SHARED}: running our own commands that make the same calls")
        if leave_out:
            assert leave_out in text
            text = text.replace(leave_out, "")
        run = subprocess.run(["bash", "-c", text], env=self.environment, capture_output=True, text=True,
                             cwd=self.place.path)
        assert run.returncode == 0, run.stderr

    def path(self):
        return self.aws("route53", "get-health-check", "--health-check-id",
                        self.primary_check)["HealthCheck"]["HealthCheckConfig"]["ResourcePath"]

    def alarm(self):
        return self.aws("cloudwatch", "describe-alarms", "--alarm-names", self.primary_check,
                        "--region", "us-east-1")["MetricAlarms"][0]["StateValue"]

    def dns(self):
        code, answers = self.engine.lookup(NAME)
        assert code == 0 and len(answers) == 1, (code, answers)
        return answers[0]

    def restore_path(self):
        self.aws("route53", "update-health-check", "--health-check-id", self.primary_check,
                 "--resource-path", "/lb-check")

    def kill_engine(self):
        """kill -9, and the engine again in the same directory and on the same ports."""
        self.engine.kill()
        self.engine = self.place.keep(self.engine.restarted())

    def advance_until(self, condition, what, step="10s", most=60):
        for _ in range(most):
            if condition():
                return
            self.engine.advance(step)
        raise AssertionError(f"never happened: {what}\n{self.engine.log_text()[-3000:]}")


class Guide:
    """One class of tests for each aws CLI on this machine (below)."""
    cli = None

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.leave)
        self.story = Story(self.place, self.cli)

    def leave(self):
        failed = any(error for _, error in getattr(self._outcome, "errors", [])) or getattr(
            getattr(self._outcome, "result", None), "failures", [])
        if failed and os.path.exists(os.path.join(self.place.path, "engine.log")):
            with open(os.path.join(self.place.path, "engine.log")) as log_file:
                print("--- the engine's log:\n" + "".join(log_file.readlines()[-60:]), flush=True)
        self.place.__exit__(None, None, None)

    def test_the_guide_word_for_word(self):
        story = self.story
        story.run_guide()
        story.engine.advance("3m")
        self.assertEqual(story.alarm(), "OK")
        self.assertEqual(story.dns(), PRIMARY)

        story.primary.set("down")
        story.advance_until(lambda: story.path() == LATCH, "the latch")
        self.assertEqual(story.dns(), BACKUP)
        self.assertEqual(story.alarm(), "ALARM")
        events = story.aws("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{story.primary_check}",
                           "--region", "eu-west-1")["events"]
        log = "".join(event["message"] for event in events)
        for line in ("START RequestId", '"EventSource": "aws:sns"', "END RequestId", "REPORT RequestId"):
            self.assertIn(line, log)

        story.primary.set("up")
        story.engine.advance("10m")
        self.assertEqual(story.dns(), BACKUP, "Primary is up again and must not serve")
        self.assertEqual(story.path(), LATCH)

        story.restore_path()
        story.advance_until(lambda: story.dns() == PRIMARY, "the switch back")
        story.advance_until(lambda: story.alarm() == "OK", "the alarm's return to OK")

    def test_killed_at_every_stage(self):
        story = self.story
        story.kill_engine()
        self.assertEqual(story.dns(), PRIMARY)
        story.run_guide()
        story.kill_engine()
        story.engine.advance("3m")
        self.assertEqual(story.alarm(), "OK")

        # Between DNS's failover and the latch.
        story.primary.set("down")
        story.advance_until(lambda: story.dns() == BACKUP, "the failover", step="5s")
        story.kill_engine()
        self.assertEqual(story.dns(), BACKUP, "a restart must not make an unhealthy Primary new and healthy")
        self.assertEqual(story.path(), "/lb-check")

        # The alarm, and everything after it, with a kill after every step of time.
        for _ in range(40):
            if story.path() == LATCH:
                break
            story.engine.advance("10s")
            self.assertEqual(story.dns(), BACKUP)
            story.kill_engine()
            self.assertEqual(story.dns(), BACKUP)
        self.assertEqual(story.path(), LATCH)
        self.assertEqual(story.alarm(), "ALARM")

        story.primary.set("up")
        story.kill_engine()
        story.engine.advance("5m")
        story.kill_engine()
        self.assertEqual(story.dns(), BACKUP)
        self.assertEqual(story.path(), LATCH)

        story.restore_path()
        story.kill_engine()
        self.assertEqual(story.path(), "/lb-check")
        story.advance_until(lambda: story.dns() == PRIMARY, "the switch back")
        story.kill_engine()
        self.assertEqual(story.dns(), PRIMARY)

    def test_between_failover_and_latch_primary_must_pass_its_threshold(self):
        story = self.story
        story.engine.advance("2m")
        story.primary.set("down")
        story.advance_until(lambda: story.dns() == BACKUP, "the failover", step="5s")
        story.primary.set("up")
        story.kill_engine()
        self.assertEqual(story.dns(), BACKUP, "not yet probed: the stored status stands")
        story.advance_until(lambda: story.dns() == PRIMARY, "recovery without a latch", step="5s")

    def test_without_its_policy_the_function_cannot_latch(self):
        story = self.story
        story.run_guide()
        account = story.aws("sts", "get-caller-identity")["Account"]
        story.aws("iam", "detach-role-policy", "--role-name", story.primary_check, "--policy-arn",
                  f"arn:aws:iam::{account}:policy/{story.primary_check}", parse=False)
        story.engine.advance("3m")
        story.primary.set("down")
        story.engine.advance("10m")
        self.assertEqual(story.alarm(), "ALARM")
        self.assertEqual(story.path(), "/lb-check")
        events = story.aws("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{story.primary_check}",
                           "--region", "eu-west-1")["events"]
        log = "".join(event["message"] for event in events)
        self.assertIn("AccessDenied", log)
        self.assertIn("is not authorized to perform: route53:UpdateHealthCheck", log)
        self.assertEqual(log.count("START RequestId"), 3, "one try and two retries")


for path, version in aws_clis():
    name = "GuideWithAws" + version.replace(".", "_")
    globals()[name] = type(name, (Guide, unittest.TestCase), {"cli": path})

if __name__ == "__main__":
    if not aws_clis():
        skip_loudly("no aws CLI on this machine: the guide cannot be run")
        sys.exit(0)  # a newer unittest calls it an error that nothing ran
    unittest.main(verbosity=2)
