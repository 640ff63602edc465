# SPDX-License-Identifier: Apache-2.0
"""The same commands against moto_server, an AWS emulator that nobody here wrote: deploy twice, destroy twice. moto probes
nothing and evaluates no alarm: it has no health data but what the test puts there."""
import json
import os
import shutil
import socket
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import SITELATCH, Workplace, aws, skip_loudly, wait_until  # noqa: E402


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@unittest.skipUnless(shutil.which("moto_server") and shutil.which("aws"), "SKIPPED: no moto_server or no aws CLI")
class Moto(unittest.TestCase):
    def setUp(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.server = subprocess.Popen(["moto_server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (self.server.kill(), self.server.wait()))
        self.environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
                            "AWS_ENDPOINT_URL": self.url}
        wait_until(self.answers, "moto_server answers")
        config = {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": port, "ResourcePath": "/moto-api/", "RequestInterval": 30, "FailureThreshold": 1}
        self.check = self.aws("route53", "create-health-check", "--caller-reference", "x", "--health-check-config", json.dumps(config))["HealthCheck"]["Id"]
        zone = self.aws("route53", "create-hosted-zone", "--name", "example.test", "--caller-reference", "x")["HostedZone"]["Id"]
        records = [{"Name": "client.example.test", "Type": "A", "TTL": 60, "SetIdentifier": role, "Failover": role,
                    "ResourceRecords": [{"Value": address}], **({"HealthCheckId": self.check} if role == "PRIMARY" else {})}
                   for role, address in (("PRIMARY", "192.0.2.1"), ("SECONDARY", "192.0.2.2"))]
        self.aws("route53", "change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch",
                 json.dumps({"Changes": [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]}))

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


if __name__ == "__main__":
    if not shutil.which("moto_server"):
        skip_loudly("moto_server is not installed: the commands were not tried against it")
    unittest.main(verbosity=2)
