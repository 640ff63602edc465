# SPDX-License-Identifier: Apache-2.0
"""The same commands against moto_server, an AWS emulator that nobody here wrote, and against the engine: what they say and
how they end is the same, but for the differences listed below. moto probes nothing and evaluates no alarm: it has no health
data but what the test puts there."""
import datetime
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from guard_world import World  # noqa: E402
from sitelatch import SITELATCH, Workplace, aws, skip_loudly, wait_until  # noqa: E402


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@unittest.skipUnless(shutil.which("moto_server") and shutil.which("aws"), "SKIPPED: no moto_server or no aws CLI")
class Moto(unittest.TestCase):
    def setUp(self):
        self.serve()
        config = {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": self.port, "ResourcePath": "/moto-api/", "RequestInterval": 30,
                  "FailureThreshold": 1}
        self.check = self.aws("route53", "create-health-check", "--caller-reference", "x", "--health-check-config", json.dumps(config))["HealthCheck"]["Id"]
        self.zone = self.aws("route53", "create-hosted-zone", "--name", "example.test", "--caller-reference", "x")["HostedZone"]["Id"]
        World.create_records(self, self.check)

    def serve(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = subprocess.Popen(["moto_server", "-H", "127.0.0.1", "-p", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (self.server.kill(), self.server.wait()))
        self.environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
                            "AWS_ENDPOINT_URL": self.url}
        wait_until(self.answers, "moto_server answers")

    def answers(self):
        try:
            return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.url + "/moto-api/", timeout=5).status == 200
        except OSError:
            return False

    def aws(self, *arguments, **options):
        return aws("aws", self.environment, *arguments, **options)

    def run_sitelatch(self, *words):
        return subprocess.run([SITELATCH, *words, "--output", "json"], env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def left(self):
        return [self.aws("sns", "list-topics")["Topics"], self.aws("cloudwatch", "describe-alarms")["MetricAlarms"],
                [role for role in self.aws("iam", "list-roles")["Roles"] if self.check in role["RoleName"]],
                self.aws("lambda", "list-functions")["Functions"], self.aws("events", "list-rules")["Rules"],
                self.aws("logs", "describe-log-groups")["logGroups"]]

    def test_deploy_twice_and_destroy(self):
        first = self.run_sitelatch("deploy", self.check, "--yes", "--timeout", "2s", "--notify", "sre@example.org")
        # moto starts no function without Docker, nor has it health data: made, not armed.
        self.assertIn(first.returncode, (1, 3, 4), first)
        self.assertIn("Not armed", json.loads(first.stdout)["sentence"])
        plan = self.run_sitelatch("deploy", self.check, "--plan")
        self.assertEqual(json.loads(plan.stdout)["changes"], [], plan)
        status = self.run_sitelatch("status", self.check)
        self.assertEqual(json.loads(status.stdout)["state"], "partial", status)
        for _ in range(2):
            gone = self.run_sitelatch("destroy", self.check, "--yes", "--logs")
            self.assertEqual(gone.returncode, 0, gone)
            self.assertEqual(self.left(), [[], [], [], [], [], []])



ARMED = "moto starts no function without Docker, so the self-test fails there and the guard is not armed"
DNS = "moto answers no DNS: who serves is not known there"

# In order: a command, how it ends on the engine and on moto, and why what it says is not the same; None: it is, word for word.
STEPS = [
    ("deploy ID --plan", 0, 0, None),
    ("deploy ID --yes --timeout WINDOW", 0, 3, ARMED),
    ("deploy ID --plan", 0, 0, None),
    ("status ID", 0, 20, DNS),
    ("status --all", 0, 20, DNS),
    ("doctor", 0, 7, ARMED),
    ("policy viewer ID", 0, 0, None),
    ("policy operator ID", 0, 0, None),
    ("policy deployer ID", 0, 0, None),
    ("runbook ID", 0, 0, "another account's names, and " + ARMED),
    ("log ID", 0, 0, ARMED),
    ("reconcile ID --yes", 0, 0, None),
    ("disarm ID --keep primary --yes --reason work --for 1h", 0, 0, "it says until when"),
    ("arm ID --yes --reason done", 0, 0, "moto's alarm has seen no data, and its actions are off"),
    ("trip ID --yes --reason rehearsal", 0, 0, None),
    ("trip ID --yes --reason again", 0, 0, None),
    ("trip client.example.test --yes --reason again", 0, 0, None),
    ("status ID", 14, 20, DNS),
    ("reconcile ID --yes", 0, 0, None),
    ("arm ID --yes", 3, 3, None),
    ("disarm ID --keep backup --yes --reason work --for 1h", 3, 3, None),
    ("switch-back ID --yes --reason synchronised --window WINDOW", 0, 3, "moto evaluates no alarm: it could not fire after the release, which is refused"),
    ("trip ID --yes --reason rehearsal", 0, 0, "nothing was released on moto"),
    ("destroy ID --plan", 3, 3, None),
    ("destroy ID --plan --keep-latched", 0, 0, "the alarm's actions are off on moto"),
    ("destroy ID --yes --logs", 3, 3, None),
    ("destroy ID --yes --logs --keep-latched", 0, 0, "the alarm's actions are off on moto"),
    ("destroy ID --yes --logs --keep-latched", 0, 0, None),
    ("status ID", 17, 20, DNS),
    ("trip nosuch.example.test --yes --reason x", 1, 1, None),
    ("status 00000000-0000-0000-0000-000000000000", 10, 10, None),
]


class MotoWorld:
    window = "5s"  # nothing happens there that would be worth waiting for

    """What World is for the engine."""

    def __init__(self, place, moto):
        self.environment, self.aws = moto.environment, moto.aws
        self.primary = place.site("primary")
        self.zone = self.aws("route53", "create-hosted-zone", "--name", "example.test", "--caller-reference", "zone")["HostedZone"]["Id"]
        self.check = World.create_check(self, self.primary, "primary")
        World.create_records(self, self.check)

    run = World.run

    def is_healthy(self, value):
        """HealthCheckStatus of the last minutes, which only a test can write."""
        now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
        data = [{"MetricName": "HealthCheckStatus", "Dimensions": [{"Name": "HealthCheckId", "Value": self.check}], "Value": value,
                 "Timestamp": (now - datetime.timedelta(minutes=minute)).isoformat()} for minute in range(15)]
        self.aws("cloudwatch", "put-metric-data", "--namespace", "AWS/Route53", "--metric-data", json.dumps(data))


def alike(world, answer):
    """What was said, without what names this run and this account."""
    text = (answer.out + answer.err).replace(world.check, "ID")
    text = re.sub(r"\b\d{12}\b", "ACCOUNT", text).replace(world.zone.removeprefix("/hostedzone/"), "ZONE")
    text = re.sub(r"\b\d\d:\d\d:\d\dZ", "NOW", text)
    return re.sub(r"127\.0\.0\.1:\d+", "SITE", text)


class BesideTheEngine(Moto):
    test_deploy_twice_and_destroy = None

    def setUp(self):
        self.serve()

    def test_every_command_says_the_same_but_for_what_is_listed(self):
        with Workplace() as place:
            engine, moto = World(place), MotoWorld(place, self)
            engine.window = "10m"
            moto.is_healthy(1)
            for step, on_engine, on_moto, difference in STEPS:
                said = []
                if step == "status ID":
                    engine.engine.advance("2m")  # so that checkers and alarm have seen what there is
                for world, status in ((engine, on_engine), (moto, on_moto)):
                    words = [{"ID": world.check, "WINDOW": world.window}.get(word, word) for word in step.split()]
                    if world is engine and ("deploy ID --yes" in step or "switch-back" in step):
                        with engine.clock_running():
                            answer = world.run(*words)
                    else:
                        answer = world.run(*words)
                    self.assertEqual(answer.status, status, f"{step}\n{answer}")
                    said.append(alike(world, answer))
                if difference is None:
                    self.assertEqual(said[0], said[1], step)
                else:
                    self.assertNotEqual(said[0], said[1], f"{step}: the listed difference is gone: {difference}")


if __name__ == "__main__":
    if not shutil.which("moto_server"):
        skip_loudly("moto_server is not installed: the commands were not tried against it")
    unittest.main(verbosity=2)
