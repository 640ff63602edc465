# SPDX-License-Identifier: Apache-2.0
"""A Primary, a Backup, their records and health checks on a real engine, and the guard's commands run against it. The
engine's clock is manual; while a command waits for health, a thread moves it."""
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import unittest

from sitelatch import SITELATCH, aws, skip_loudly

NAME = "client.example.test"
PRIMARY, BACKUP = "192.0.2.1", "192.0.2.2"
LATCH = "/lb-check-failed-over"


class Answer:
    def __init__(self, run):
        self.status, self.out, self.err = run.returncode, run.stdout, run.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Kept:
    """What an engine keeps, of a world with `place` and `engine`."""

    UNSETTLED = ("cloudwatch.alarm_history", "cloudwatch.history", "cloudwatch.hours", "cloudwatch.minutes",
                 "cloudwatch.series", "engine.clock", "iam.secrets", "lambda.async", "lambda.queue", "logs.events",
                 "logs.sequence", "logs.streams", "logs.timeline", "route53.health", "sns.deliveries", "events.retries",
                 "lambda.secrets", "sns.signing")

    def kept(self):
        """account() without what passing time writes by itself."""
        return {key: value for key, value in self.account().items() if key[0] not in self.UNSETTLED}

    def account(self):
        """Everything that the engine keeps: {(table, key): value}; but not who asked last, which asking changes."""
        base = next(os.path.join(root, name) for root, _, names in os.walk(self.engine.data_dir)
                    for name in names if name.endswith((".db", ".sqlite", ".sqlite3")))
        # The engine holds its file for itself: a copy of it and of its log, while nothing happens.
        copy = os.path.join(self.place.path, "copy.db")
        for suffix in ("-shm", "-wal", ""):
            with contextlib.suppress(FileNotFoundError):
                os.remove(copy + suffix)
        for suffix in ("-wal", ""):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(base + suffix, copy + suffix)
        database = sqlite3.connect(copy)
        try:
            rows = database.execute("SELECT names.name, rows.k, rows.v FROM rows JOIN names ON names.id = rows.t").fetchall()
        finally:
            database.close()
        return {(table, bytes(key)): bytes(value) for table, key, value in rows if table != "usage.iam"}


class World(Kept):
    def __init__(self, place, options=("--clock", "manual")):
        if not shutil.which("aws"):
            skip_loudly("no aws CLI on this machine, with which this test looks and builds")
            raise unittest.SkipTest("no aws CLI")
        self.place = place
        self.engine = place.engine(*options)
        self.environment = self.engine.environment()
        self.environment["SITELATCH_DNS"] = self.engine.dns
        self.primary, self.backup = place.site("primary"), place.site("backup")
        self.zone = self.aws("route53", "create-hosted-zone", "--name", "example.test", "--caller-reference",
                             "zone")["HostedZone"]["Id"]
        self.check = self.create_check(self.primary, "primary")
        self.create_records(self.check)

    def aws(self, *arguments, **options):
        return aws("aws", self.environment, *arguments, **options)

    def create_check(self, site, reference):
        config = {"Type": "HTTP", "IPAddress": site.address, "Port": site.port, "ResourcePath": "/lb-check",
                  "RequestInterval": 30, "FailureThreshold": 1}
        return self.aws("route53", "create-health-check", "--caller-reference", reference,
                        "--health-check-config", json.dumps(config))["HealthCheck"]["Id"]

    def create_records(self, check, name=NAME):
        """As the guard wants them: SECONDARY without a health check."""
        sets = []
        for role, address in (("primary", PRIMARY), ("secondary", BACKUP)):
            record = {"Name": name, "Type": "A", "TTL": 60, "SetIdentifier": role, "Failover": role.upper(),
                      "ResourceRecords": [{"Value": address}]}
            if role == "primary":
                record["HealthCheckId"] = check
            sets.append({"Action": "CREATE", "ResourceRecordSet": record})
        self.aws("route53", "change-resource-record-sets", "--hosted-zone-id", self.zone,
                 "--change-batch", json.dumps({"Changes": sets}))

    def run(self, *words, faults=None, environment=None):
        return Answer(subprocess.run([SITELATCH, *words], env={**self.environment, **(faults or {}), **(environment or {})},
                                     capture_output=True, text=True, stdin=subprocess.DEVNULL))

    @contextlib.contextmanager
    def clock_running(self, step="15s"):
        """Moves the engine's clock all the while, with pauses: whoever waits looks a few times a second at most."""
        stop = threading.Event()

        def move():
            while not stop.wait(0.05):
                self.engine.pass_time(int(step.removesuffix("s")))
        mover = threading.Thread(target=move)
        mover.start()
        try:
            yield
        finally:
            stop.set()
            mover.join()

    def deploy(self, *words, check=None, faults=None):
        with self.clock_running():
            return self.run("deploy", check or self.check, "--yes", "--output", "json", *words, faults=faults)

    def plan(self, *words, check=None, status=0):
        answer = self.run("deploy", check or self.check, "--plan", "--output", "json", *words)
        assert answer.status == status, answer
        return answer.json

    def path(self, check=None):
        return self.aws("route53", "get-health-check", "--health-check-id",
                        check or self.check)["HealthCheck"]["HealthCheckConfig"]["ResourcePath"]

    def alarm(self, name):
        alarms = self.aws("cloudwatch", "describe-alarms", "--alarm-names", name, "--region", "us-east-1")["MetricAlarms"]
        return alarms[0] if alarms else None

    def advance_until(self, condition, what, step="10s", most=60):
        for _ in range(most):
            if condition():
                return
            self.engine.advance(step)
        raise AssertionError(f"never happened: {what}\n{self.engine.log_text()[-3000:]}")
