#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the engine serves of its own: health, metrics (read by Prometheus's promtool) and the reset, by the real binary."""
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from signed_client import Client, address_of  # noqa: E402
from sitelatch import SITELATCH, Process, Workplace, has_failed, skip_loudly, wait_until  # noqa: E402

SNS, CLOUDWATCH = "2010-03-31", "2010-08-01"
SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')


def page(at, method, path, **headers):
    """(status, headers, text) by an address "http://127.0.0.1:4566"."""
    connection = http.client.HTTPConnection(*address_of(at), timeout=60)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def samples(text):
    """{(metric, label, ...): value}; every line is one, or HELP and TYPE."""
    out = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            found = SAMPLE.fullmatch(line)
            assert found, line
            key = (found.group(1), *(f"{name}={value}" for name, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or "")))
            assert key not in out, line
            out[key] = float(found.group(3))
    return out


def children(pid):
    """All processes below this one."""
    out = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                for child in file.read().split():
                    out += [int(child), *children(int(child))]
        except OSError:
            pass  # ended meanwhile
    return out


class Case(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(lambda: self.place.__exit__(Exception if has_failed(self) else None, None, None))

    def engine(self, *options):
        engine = self.place.engine("--console", "off", "--clock", "manual", *options)
        self.client = Client(engine)
        self.addCleanup(self.client.close)
        return engine

    def refused(self, engine, status, *says, method="POST", path="/_sitelatch/reset", **headers):
        got, _, text = page(engine.api, method, path, **headers)
        self.assertEqual(got, status, (headers, text))
        for word in says:
            self.assertIn(word, text)


class Pages(Case):
    def test_health_and_metrics_of_one_engine(self):
        engine = self.engine("--ephemeral", "--metrics", "127.0.0.1:0")
        status, headers, text = page(engine.api, "GET", "/_sitelatch/health")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        health = json.loads(text)
        self.assertEqual((health["state"], health["clock"], health["reset"], health["dns"]), ("running", "manual", "allowed", engine.dns))
        self.assertIn(health["version"], subprocess.run([SITELATCH, "--version"], capture_output=True, text=True).stdout)
        theirs = json.loads(page(engine.api, "GET", "/_localstack/health")[2])
        self.assertEqual(theirs["services"], health["services"])
        self.assertEqual(set(theirs["services"]), {"cloudwatch", "events", "iam", "lambda", "logs", "route53", "sns", "sqs", "sts"})
        self.assertEqual(page(engine.api, "HEAD", "/_localstack/health")[2], "")
        self.refused(engine, 403, method="GET", path="/_sitelatch/health", Host="evil.example")

        # Something of everything happens.
        site = self.place.keep(Process("site", "--listen", "127.0.0.1:0", "--name", "a", ready=r"ready site=\S+ http://127.0.0.1:(\d+)"))
        check = self.client.create_health_check("one", Type="HTTP", IPAddress="127.0.0.1", Port=site.ready.group(1), ResourcePath="/lb-check")
        hostile = self.client.create_health_check("two", Type="HTTP", IPAddress="127.0.0.1", Port=9, ResourcePath="/a?b=%22")
        self.client.query("sns", Action="CreateTopic", Version=SNS, Name="topic")
        self.client.query("sns", Action="Nonsense", Version=SNS)
        page(engine.api, "POST", "/", Authorization="AWS4-HMAC-SHA256 nonsense")
        engine.advance("95s")
        self.assertEqual(engine.lookup("nobody.example"), (5, []))
        self.client.create_function("f", {"bootstrap": "#!/bin/sh\nexit 3\n"})
        self.client.invoke("f")

        status, headers, text = page(engine.api, "GET", "/_sitelatch/metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        told = samples(text)
        self.assertEqual(told["sitelatch_engine_health_check_healthy", "health_check_id=" + check], 1)
        self.assertEqual(told["sitelatch_engine_health_check_healthy", "health_check_id=" + hostile], 0)
        self.assertGreater(told["sitelatch_engine_health_check_in_status_seconds", "health_check_id=" + hostile], 0)
        self.assertGreaterEqual(told["sitelatch_engine_probes_total", "outcome=success"], 3)
        self.assertGreaterEqual(told["sitelatch_engine_probes_total", "outcome=failure"], 3)
        self.assertEqual(told["sitelatch_engine_dns_answers_total", "transport=udp", "rcode=REFUSED"], 1)
        self.assertEqual(told["sitelatch_engine_dns_turn_seconds_count",], 1)
        self.assertEqual(told["sitelatch_engine_api_calls_total", "service=route53", "operation=CreateHealthCheck", "code=201"], 2)
        self.assertEqual(told["sitelatch_engine_api_call_seconds_count", "service=sns", "operation=CreateTopic"], 1)
        self.assertFalse([key for key in told if any("Nonsense" in part or "nonsense" in part for part in key)])  # whatever is asked for
        self.assertGreaterEqual(told["sitelatch_engine_function_errors_total", "region=us-east-1", "function=f"], 1)
        self.assertGreater(told["sitelatch_engine_journal_commit_seconds_count",], 3)
        self.assertGreaterEqual(told["sitelatch_engine_http_connections",], 1)
        self.assertGreater(told["process_resident_memory_bytes",], 1 << 20)
        self.assertGreater(told["process_cpu_seconds_total",], 0)
        self.assertGreater(told["process_open_fds",], 5)
        self.assertGreater(told["process_start_time_seconds",], 1.6e9)
        promtool = shutil.which("promtool")
        if promtool:
            run = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
            self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))
        else:
            skip_loudly("promtool is not installed (Debian's package prometheus): metrics are not read by it")
        self.refused(engine, 403, "--metrics", method="GET", path="/_sitelatch/metrics", X_Forwarded_For="10.1.2.3")

        # For others, at a door of their own.
        others = wait_until(lambda: re.search(r"metrics=(http://\S+)/metrics", engine.ready.string), "the ready line names it").group(1)
        told = samples(page(others, "GET", "/metrics")[2])
        self.assertEqual(told["sitelatch_engine_health_checks", "status=unhealthy"], 1)
        self.refused_at(others, 404, "GET", "/_sitelatch/reset")
        self.refused_at(others, 404, "POST", "/_sitelatch/reset")
        self.refused_at(others, 403, "GET", "/metrics", Host="evil.example")

    def refused_at(self, at, status, method, path, **headers):
        self.assertEqual(page(at, method, path, **headers)[0], status, (method, path, headers))


class Reset(Case):
    def fill(self):
        for number in range(20):
            self.client.query("sns", Action="CreateTopic", Version=SNS, Name=f"old-{number}")
        return self.client.create_health_check("one", Type="HTTP", IPAddress="127.0.0.1", Port=9, ResourcePath="/lb-check")

    def topics(self, client=None):
        status, body = (client or self.client).query("sns", Action="ListTopics", Version=SNS)
        self.assertEqual(status, 200, body)
        return re.findall(r"<TopicArn>([^<]*)</TopicArn>", body.decode())

    def test_who_may_not(self):
        engine = self.engine()
        self.fill()
        self.refused(engine, 403, "--allow-reset")
        told = engine.command("reset", check=False)
        self.assertEqual(told.returncode, 1)
        self.assertIn("--allow-reset", told.stderr)
        self.assertEqual(len(self.topics()), 20)

    def test_a_data_directory_that_may_be_reset(self):
        engine = self.engine("--allow-reset")
        check = self.fill()
        arn = self.topics()[0]
        self.client.query("sns", Action="Subscribe", Version=SNS, TopicArn=arn, Protocol="email", Endpoint="a@example.test")
        mail = os.path.join(engine.data_dir, "mail")
        wait_until(lambda: os.path.isdir(mail) and os.listdir(mail), "a mail")
        status, body = self.client.query("iam", Action="CreateUser", Version="2010-05-08", UserName="u")
        self.assertEqual(status, 200, body)
        body = self.client.query("iam", Action="CreateAccessKey", Version="2010-05-08", UserName="u")[1].decode()
        keys = [re.search(f"<{name}>([^<]*)<", body).group(1) for name in ("AccessKeyId", "SecretAccessKey")]
        with engine.asking(command="fault", kind="deny", service="sns", operation="Publish") as link:
            self.assertIn(b"id", link.makefile("rb").readline())
        before = engine.advance("3h")

        for headers in ({"Origin": engine.api}, {"Sec_Fetch_Site": "same-origin"}, {"User_Agent": "Mozilla/5.0"}, {"Host": "evil.example"},
                        {"X_Forwarded_For": "10.1.2.3"}, {"Origin": "http://evil.example"}):
            self.refused(engine, 403, **headers)
        self.refused(engine, 405, method="GET")
        self.assertEqual(len(self.topics()), 20)

        status, _, text = page(engine.api, "POST", "/_sitelatch/reset")
        self.assertEqual((status, json.loads(text)["state"]), (200, "running"))
        self.assert_new(engine, keys, before, mail)
        self.assertEqual(engine.command("health").stdout, "There are no health checks.\n")
        self.assertEqual(samples(page(engine.api, "GET", "/_sitelatch/metrics")[2]).get(("sitelatch_engine_probes_total", "outcome=failure")), 0)
        engine.advance("1m")  # nobody probes any more
        self.assertEqual(samples(page(engine.api, "GET", "/_sitelatch/metrics")[2])["sitelatch_engine_probes_total", "outcome=failure"], 0)

        # Durable, and the account works as a new one does.
        engine.kill()
        self.client.close()
        engine = self.place.keep(engine.restarted())
        self.assert_new(engine, keys, before, mail)
        self.assertNotEqual(self.fill(), check)
        self.assertEqual(len(self.topics()), 20)
        self.assertIn("as new", engine.command("reset").stdout)
        self.assertEqual(self.topics(), [])

    def assert_new(self, engine, keys, before, mail):
        self.assertEqual(self.topics(), [])
        self.assertEqual(self.client.query("iam", Action="ListUsers", Version="2010-05-08")[1].count(b"<UserName>"), 0)
        of_user = Client(engine, keys=keys)
        self.addCleanup(of_user.close)
        self.assertEqual(of_user.query("sts", Action="GetCallerIdentity", Version="2011-06-15")[0], 403)
        with engine.asking(command="list-faults") as link:
            self.assertEqual(json.loads(link.makefile("rb").readline())["faults"], [])
        with engine.asking(command="clock") as link:
            self.assertGreaterEqual(json.loads(link.makefile("rb").readline())["now"], before)
        self.assertFalse(os.path.exists(mail))

    def test_whoever_calls_meanwhile_sees_all_or_nothing_of_the_old(self):
        engine = self.engine("--ephemeral")
        for _ in range(4):
            self.fill()
            done, seen, lost = threading.Event(), [], []

            def ask():
                client = Client(engine)
                while not done.is_set():
                    seen.append(len(self.topics(client)))
                seen.append(len(self.topics(client)))
                client.close()
            askers = [threading.Thread(target=ask) for _ in range(3)]
            for asker in askers:
                asker.start()
            wait_until(lambda: len(seen) > 30, "they ask")
            lost.append(page(engine.api, "POST", "/_sitelatch/reset")[0])
            done.set()
            for asker in askers:
                asker.join()
            self.assertEqual(lost, [200])
            self.assertEqual(set(seen), {0, 20})

    def test_functions_and_calls_under_way_end(self):
        engine = self.engine("--ephemeral")
        self.client.create_function("f", {"bootstrap": "#!/bin/sh\nwhile :; do read -r line </dev/zero & wait; done\n"}, timeout=900)
        answers = []

        def call():
            client = Client(engine)
            answers.append(client.invoke("f"))
            client.close()
        caller = threading.Thread(target=call)
        caller.start()
        # Not the trial of the functions' network, which is over when it is logged.
        wait_until(lambda: "functions' network" in engine.log_text() and children(engine.process.pid), "the function runs")
        self.assertEqual(page(engine.api, "POST", "/_sitelatch/reset")[0], 200)
        caller.join(60)
        self.assertEqual(answers, [(503, b"")])
        wait_until(lambda: not children(engine.process.pid), "its processes are gone")
        engine.advance("1m")  # nothing holds the time up
        self.assertEqual(self.client.invoke("f")[0], 404)
        self.client.create_function("f", {"bootstrap": "#!/bin/sh\nexit 3\n"})
        self.assertEqual(self.client.invoke("f")[0], 200)


if __name__ == "__main__":
    unittest.main()
