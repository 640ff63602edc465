#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine on a machine that fails it: the disk, descriptors, threads, processes, memory, the clock (tests/torture/fault_shim.cc).
It goes on, or it ends with one clear sentence; what it acknowledged is there afterwards."""
import base64
import io
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "torture"))
from faults import Faults  # noqa: E402
from sitelatch import SITELATCH, Engine, Workplace, wait_until  # noqa: E402
from torture import Site  # noqa: E402
from world import ROUTE53, TRUST, Call, Client, cloudwatch, events, iam, logs, route53, sns  # noqa: E402

GONE = OSError
ENOMEM, EAGAIN, HOUR, DAY = 12, 11, 3600, 86400
YEARS = 10 * 365 * DAY
with open(SITELATCH, "rb") as program:
    CODE = program.read()
SANITIZED = re.search(rb"__(asan|tsan)_init", CODE)
# UBSan asks by a pipe whether an object's memory can be read; without descriptors it takes every object for a broken one.
LOOKS_BY_PIPE = b"__ubsan_handle_dynamic_type_cache_miss" in CODE
PIPE_REASON = "UBSan's look at an object's type needs descriptors itself"


class FaultyEngine(Engine):
    """An engine over a control page. `key` and `api` as torture's Client wants them."""

    def __init__(self, data_dir, faults, *options):
        self.faults = faults
        super().__init__(data_dir, *options, env=faults.environment())
        with open(os.path.join(data_dir, "credentials")) as file:
            self.key = re.findall(r"= (\S+)", file.read())[:2]
        self.api = self.api.removeprefix("http://")

    def again(self):
        return FaultyEngine(self.data_dir, self.faults, *self.options)


class OnAFaultyMachine(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.__exit__, None, None, None)
        self.data = os.path.join(self.place.path, "data")
        self.faults = Faults(os.path.join(self.place.path, "faults"), self.data)

    def engine(self, *options):
        return self.place.keep(FaultyEngine(self.data, self.faults, *options))

    def restarted(self, engine):
        return self.place.keep(engine.again())

    def start(self, *options, **more):
        """A start that need not succeed; ended at once when it did. Gives (status, its sentences)."""
        with subprocess.Popen([SITELATCH, "engine", "--data-dir", self.data, "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0", *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.faults.environment(), **more) as process:
            ready = process.stdout.readline().startswith("ready ")
            if ready:
                process.terminate()
            said = self.sentences(process.stderr.read())
            status = process.wait(timeout=60)
        self.assertEqual(ready, status == 0, said)
        return status, said

    @staticmethod
    def sentences(text):
        return [line for line in text.splitlines() if not re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (debug|info|warning|error) ", line)]

    def ends_with_one_sentence(self, engine, *words):
        self.assertEqual(engine.process.wait(timeout=30), 1, engine.log_text()[-2000:])
        said = self.sentences(engine.log_text())
        self.assertEqual(len(said), 1, said)
        self.assertTrue(said[0].startswith("sitelatch: "), said)
        for word in words:
            self.assertIn(word, said[0])
        os.unlink(engine.log_path)

    def refused_with_one_sentence(self, *words, **more):
        status, said = self.start(**more)
        self.assertEqual(status, 1, said)
        self.assertEqual(len(said), 1, said)
        self.assertTrue(said[0].startswith("sitelatch: "), said)
        for word in words:
            self.assertIn(word, said[0])

    def topics_until_it_ends(self, engine, most=10_000):
        """Topics until the engine is gone or there are enough; gives the names that were acknowledged."""
        names = []
        try:
            client = Client(engine)
            for number in range(most):
                client.ok(sns(Action="CreateTopic", Name=f"t-{len(names)}-{number}"))
                names.append(f"t-{len(names)}-{number}")
        except GONE:
            pass
        return names

    def topics(self, engine):
        names, token = set(), {}
        while True:
            body = Client(engine).ok(sns(Action="ListTopics", **token))
            names.update(re.findall(r"<TopicArn>[^<]*:([^<:]+)</TopicArn>", body))
            more = re.search(r"<NextToken>([^<]+)</NextToken>", body)
            if not more:
                return names
            token = {"NextToken": more.group(1)}


class Disk(OnAFaultyMachine):
    def test_full_while_it_runs_then_free_again(self):
        engine = self.engine()
        self.faults.space = 200_000
        names = self.topics_until_it_ends(engine)
        self.assertGreater(len(names), 5)
        self.ends_with_one_sentence(engine, "state.db", "full", "free some space")
        status, said = self.start()  # full still
        self.assertTrue(status == 0 or len(said) == 1 and "No space left" in said[0] or "full" in said[0], (status, said))
        self.faults.clear()
        again = self.restarted(engine)
        self.assertEqual(set(names) - self.topics(again), set())
        self.assertEqual(again.stop(), 0)

    def test_no_space_for_the_file_but_for_its_log_goes_on(self):
        engine = self.engine()
        client = Client(engine)
        self.faults.spare_log, self.faults.space = 1, 0
        client.ok(logs("CreateLogGroup", {"logGroupName": "g"}))
        client.ok(logs("CreateLogStream", {"logGroupName": "g", "logStreamName": "s"}))
        for number in range(80):  # some 16 MB of log: several checkpoints fall due
            client.ok(logs("PutLogEvents", {"logGroupName": "g", "logStreamName": "s", "logEvents": [
                {"timestamp": int(time.time() * 1000), "message": f"m{number} " + "x" * 200_000}]}))
        self.assertIn("the disk of", engine.log_text())
        self.faults.clear()
        client.ok(sns(Action="CreateTopic", Name="after"))
        engine.kill()
        again = self.restarted(engine)
        found, token = set(), {}
        while token is not None:
            page = json.loads(Client(again).ok(logs("FilterLogEvents", {"logGroupName": "g", **token})))
            found.update(event["message"].split()[0] for event in page["events"])
            token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
        self.assertEqual(found, {f"m{number}" for number in range(80)})
        self.assertEqual(self.topics(again), {"after"})

    def fault_at_a_commit(self, kind):
        engine = self.engine()
        client = Client(engine)
        client.ok(sns(Action="CreateTopic", Name="before"))
        self.faults.strike_next(kind)
        with self.assertRaises(GONE):
            client.ok(sns(Action="CreateTopic", Name="never-acknowledged"))
        self.ends_with_one_sentence(engine, "state.db", "start the engine again", "what was acknowledged is kept")
        self.assertEqual(self.faults.struck, 1)
        self.faults.clear()
        return engine

    def test_a_write_that_fails(self):
        for kind in ("io_error", "no_space"):
            with self.subTest(kind):
                self.setUp()
                again = self.restarted(self.fault_at_a_commit(kind))
                self.assertEqual(self.topics(again), {"before"})

    def test_a_sync_that_fails_and_drops_what_was_written(self):
        again = self.restarted(self.fault_at_a_commit("sync_drops"))
        self.assertEqual(self.topics(again), {"before"})

    def test_a_sync_that_fails_and_calls_clean_what_is_not_on_the_disk(self):
        """The next engine reads it, builds on it and acknowledges more; then the power goes (write_ahead_log.h)."""
        engine = self.restarted(self.fault_at_a_commit("sync_forgets"))
        Client(engine).ok(sns(Action="CreateTopic", Name="after"))
        self.faults.strike_next("kill_before", power=True)
        with self.assertRaises(GONE):
            Client(engine).ok(sns(Action="CreateTopic", Name="late"))
        self.assertEqual(engine.process.wait(timeout=30), -9)
        self.faults.clear()
        again = self.restarted(engine)
        self.assertLessEqual({"before", "after"}, self.topics(again))

    def test_power_lost_anywhere_in_a_first_start(self):
        """Every change to the files of a new directory in turn: the next start finds it whole, or as good as new."""
        for number in range(1, 1000):
            shutil.rmtree(self.data, ignore_errors=True)
            self.faults.clear()
            self.faults.operations = self.faults.struck = 0
            self.faults.strike("kill_after", number, power=True, seed=number)
            acknowledged = set()
            try:
                engine = self.engine()
                acknowledged.update(self.topics_until_it_ends(engine, 3))
                engine.kill()
            except AssertionError:  # it ended before it was ready
                pass
            struck = self.faults.struck
            self.faults.clear()
            engine = self.engine()
            self.assertEqual(acknowledged - self.topics(engine), set(), number)
            engine.kill()
            if not struck:
                break
        self.assertGreater(number, 20)

    def test_a_row_that_the_disk_has_changed_is_refused_by_name(self):
        engine = self.engine()
        Client(engine).ok(sns(Action="CreateTopic", Name="a-name-to-be-found"))
        self.assertEqual(engine.stop(), 0)
        file = os.path.join(self.data, "state.db")
        with open(file, "rb") as before:
            content = before.read()
        self.assertIn(b"a-name-to-be-found", content)
        with open(file, "wb") as after:
            after.write(content.replace(b"a-name-to-be-found", b"a-name-to-be-founD"))
        self.refused_with_one_sentence(file, "sns.topics", "damaged", "copy")

    def test_a_row_that_no_engine_wrote_is_refused_by_name(self):
        engine = self.engine()
        Client(engine).ok(sns(Action="CreateTopic", Name="t"))
        self.assertEqual(engine.stop(), 0)
        file = os.path.join(self.data, "state.db")
        with sqlite3.connect(file) as db:
            db.execute("UPDATE rows SET v = CAST('{}' AS BLOB), c = NULL WHERE t = (SELECT id FROM names WHERE name = 'sns.topics')")
        db.close()
        self.refused_with_one_sentence(file, "sns.topics", "copy of the data directory")

    def test_damage_anywhere_in_the_file_is_never_a_crash(self):
        """It starts, or it says so: one page after the other is zeroed, cut off, or has bits turned."""
        engine = self.engine()
        for number in range(10):
            Client(engine).ok(sns(Action="CreateTopic", Name=f"t{number}"))
        self.assertEqual(engine.stop(), 0)
        file = os.path.join(self.data, "state.db")
        with open(file, "rb") as before:
            content = before.read()
        damages = [content[:at] + bytes(4096) + content[at + 4096:] for at in range(0, len(content), 4096)]
        damages += [content[:at] for at in range(0, len(content), 4096 * 3 + 100)]
        damages += [content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1:] for at in range(0, len(content), 997)]
        refused = 0
        for damage in damages:
            for left in ("-wal", "-journal"):
                if os.path.exists(file + left):
                    os.unlink(file + left)
            with open(file, "wb") as after:
                after.write(damage)
            status, said = self.start()
            refused += status
            if status:
                self.assertEqual(len(said), 1, said)
                self.assertIn(file, said[0])
        self.assertGreater(refused, len(damages) // 5)

    def test_reads_that_fail_at_the_start(self):
        engine = self.engine()
        names = [Client(engine).ok(sns(Action="CreateTopic", Name=f"t{number}")) and f"t{number}" for number in range(5)]
        engine.kill()
        for number in range(1, 40):
            self.faults.reads, self.faults.read_fault_at = 0, number
            status, said = self.start()
            self.assertEqual(len(said), status, said)
        self.faults.clear()
        self.assertEqual(self.topics(self.restarted(engine)), set(names))


def http_check(site, path):
    return route53("POST", "healthcheck", f'<CreateHealthCheckRequest xmlns="{ROUTE53}"><CallerReference>c</CallerReference>'
                   f"<HealthCheckConfig><IPAddress>127.0.0.1</IPAddress><Port>{site.port}</Port><Type>HTTP</Type><ResourcePath>{path}"
                   "</ResourcePath><RequestInterval>10</RequestInterval><FailureThreshold>1</FailureThreshold></HealthCheckConfig>"
                   "</CreateHealthCheckRequest>")


def function_zip(source):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("f.py", source)
    return base64.b64encode(out.getvalue()).decode()


class Resources(OnAFaultyMachine):
    def make_function(self, client):
        client.ok(iam(Action="CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST))
        client.ok(iam(Action="PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]})))
        client.ok(Call("lambda", "POST", "/2015-03-31/functions", json.dumps(
            {"FunctionName": "f", "Runtime": "python3.12", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "f.h",
             "Code": {"ZipFile": function_zip("def h(e, c):\n    print('was here')\n    return 'done'\n")}}), content_type="application/json"))

    @staticmethod
    def invoke(client, kind="RequestResponse"):
        return client.do(Call("lambda", "POST", "/2015-03-31/functions/f/invocations", "{}", x_amz_invocation_type=kind))

    @staticmethod
    def was_here(client):
        status, body = client.do(logs("FilterLogEvents", {"logGroupName": "/aws/lambda/f", "filterPattern": '"was here"'}))
        return status == 200 and json.loads(body)["events"]

    def test_no_child_can_be_made(self):
        for error in (ENOMEM, EAGAIN):
            with self.subTest(error):
                self.setUp()
                engine = self.engine("--time-scale", "60")
                client = Client(engine)
                self.make_function(client)
                self.faults.clone_error = error
                status, body = self.invoke(client)
                self.assertEqual(status, 500, body)  # the host's trouble, not the function's
                self.assertEqual(self.invoke(client, "Event")[0], 202)
                wait_until(lambda: self.faults.struck >= 2, "it tries")
                self.faults.clone_error = 0
                wait_until(lambda: self.was_here(client), "the event is tried again", 120)
                self.assertEqual(self.invoke(client), (200, b'"done"'))
                self.assertEqual(engine.stop(), 0)

    @unittest.skipIf(LOOKS_BY_PIPE, PIPE_REASON)
    def test_no_descriptors_for_a_function(self):
        engine = self.engine("--time-scale", "60")
        client = Client(engine)
        self.make_function(client)
        used, hard = len(os.listdir(f"/proc/{engine.process.pid}/fd")), resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE)[1]
        for more in range(12):
            resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE, (used + more, hard))
            status, body = self.invoke(client)
            self.assertTrue(status == 500 or (status, body) == (200, b'"done"'), (more, status, body))
        resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE, (4096, hard))
        self.assertEqual(self.invoke(client), (200, b'"done"'))
        self.assertEqual(engine.stop(), 0)

    def test_no_descriptors_for_a_probe_are_no_failure_of_the_site(self):
        site = Site()
        engine = self.engine("--time-scale", "60")
        client = Client(engine)
        body = client.ok(http_check(site, "/ok"))
        check = re.search(r"<Id>([^<]+)</Id>", body).group(1)
        wait_until(lambda: site.heard > 1, "it is probed")
        limits = resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        wait_until(lambda: "probes wait" in engine.log_text(), "a probe lacks a descriptor")
        status = client.ok(route53("GET", f"healthcheck/{check}/status"))
        self.assertNotIn("Failure", status)
        resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE, limits)
        heard = site.heard
        wait_until(lambda: site.heard > heard + 1, "it is probed again")
        self.assertNotIn("Failure", client.ok(route53("GET", f"healthcheck/{check}/status")))
        self.assertIn("healthy", engine.command("health").stdout)
        self.assertNotIn("unhealthy", engine.command("health").stdout)

    @unittest.skipIf(LOOKS_BY_PIPE, PIPE_REASON)
    def test_few_descriptors_at_the_start(self):
        for limit in range(4, 64, 2):
            def few(limit=limit):
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            status, said = self.start(preexec_fn=few)
            self.assertEqual(len(said), status, (limit, said))
            for sentence in said:
                self.assertTrue(sentence.startswith("sitelatch: "), sentence)
                self.assertNotIn("what():", sentence)

    def test_no_thread_can_be_made_at_the_start(self):
        self.faults.thread_error = EAGAIN
        self.refused_with_one_sentence("Resource temporarily unavailable", "limits of processes")

    def test_no_thread_can_be_made_later(self):
        site = Site()
        engine = self.engine("--time-scale", "60")
        client = Client(engine)
        arn = re.search(r"<TopicArn>([^<]+)", client.ok(sns(Action="CreateTopic", Name="t"))).group(1)
        self.faults.thread_error = EAGAIN
        client.ok(sns(Action="Subscribe", TopicArn=arn, Protocol="http", Endpoint=f"http://127.0.0.1:{site.port}/ok"))
        client.ok(sns(Action="Subscribe", TopicArn=arn, Protocol="email", Endpoint="a@example.test"))
        client.ok(sns(Action="Publish", TopicArn=arn, Message="m"))
        wait_until(lambda: self.faults.struck > 0, "it tries to make one")
        client.ok(sns(Action="ListTopics"))
        self.faults.thread_error = 0
        wait_until(lambda: site.heard, "what waited is delivered", 120)
        self.assertEqual(engine.stop(), 0)

    @unittest.skipIf(SANITIZED, "a sanitizer brings its own operator new")
    def test_memory_ends_anywhere_in_a_request(self):
        """One allocation after the other fails: an answer, or one sentence and nothing lost."""
        engine, names, ended = self.engine(), set(), 0
        numbers = range(1, 1500) if os.environ.get("SITELATCH_THOROUGH") else range(1, 1500, 37)
        for number in numbers:
            name = f"t{number}"
            try:
                client = Client(engine)
                self.faults.new_fails_in = number
                status, body = client.do(sns(Action="CreateTopic", Name=name, **{"Tags.member.1.Key": "k", "Tags.member.1.Value": "v"}))
                self.faults.new_fails_in = 0
                self.assertIn(status // 100, (2, 4, 5), body)
                if status == 200:
                    names.add(name)
                    continue
                shown = self.topics(engine)  # made or not: what it shows now it shows again
                engine.kill()
                engine = self.restarted(engine)
                self.assertEqual(self.topics(engine), shown)
            except GONE:
                self.faults.new_fails_in = 0
                if engine.process.poll() is None:
                    try:  # only that connection was lost
                        Client(engine).ok(sns(Action="ListTopics"))
                        continue
                    except GONE:
                        pass
                self.ends_with_one_sentence(engine, "out of memory")
                ended += 1
                engine = self.restarted(engine)
            self.assertEqual(names - self.topics(engine), set())
        self.assertGreater(self.faults.struck, 5)


class Clock(OnAFaultyMachine):
    """The wall clock of the engine's process is set, not this test's: requests are signed by the engine's."""

    def client(self, engine):
        return Client(engine, self.faults.wall_offset_ns // 1_000_000_000)

    def now(self, client):
        """Engine time, by the stamp of an alarm that is written anew."""
        client.ok(cloudwatch("PutMetricAlarm", {"AlarmName": "now", "Namespace": "N", "MetricName": "m", "Statistic": "Sum", "Period": 60,
                                                "EvaluationPeriods": 1, "Threshold": time.monotonic(),
                                                "ComparisonOperator": "GreaterThanThreshold"}))
        return json.loads(client.ok(cloudwatch("DescribeAlarms", {"AlarmNames": ["now"]})))["MetricAlarms"][0][
            "AlarmConfigurationUpdatedTimestamp"]

    def set_clock(self, seconds):
        self.faults.wall_offset_ns = seconds * 1_000_000_000

    def test_set_while_it_runs_and_across_restarts(self):
        site = Site()
        engine = self.engine()
        client = self.client(engine)
        body = client.ok(http_check(site, "/ok"))
        self.assertIn("<Id>", body)
        client.ok(logs("CreateLogGroup", {"logGroupName": "g"}))
        client.ok(logs("PutRetentionPolicy", {"logGroupName": "g", "retentionInDays": 1}))
        client.ok(events("PutRule", {"Name": "every-minute", "ScheduleExpression": "rate(1 minute)"}))
        last = self.now(client)
        # At most ten real years ahead at the end; every step is seen while it runs and by a restart.
        for offset in (1, 0, HOUR, 0, -HOUR, 0, -YEARS, 0, YEARS, 0):
            with self.subTest(offset):
                self.set_clock(offset)
                client = self.client(engine)
                begun = time.monotonic()
                now = self.now(client)
                self.assertGreaterEqual(now, last - 0.001, "time ran back")
                self.assertLess(time.monotonic() - begun, 5, "it catches up with every minute that passed")
                last = now
                probes = site.heard
                wait_until(lambda: site.heard > probes, "it goes on probing", 30)
                self.assertGreater(self.now(client), last, "time stands still")
                last = self.now(client)
                engine.kill()
                engine = self.restarted(engine)
                client = self.client(engine)
                now = self.now(client)
                self.assertGreaterEqual(now, last - 1.001, "time ran back over the restart")
                last = now
        # A site that goes down now is seen as quickly as ever.
        site.up = False
        wait_until(lambda: "unhealthy" in engine.command("health", "--json").stdout, "the failure is seen", 40)
        self.assertEqual(engine.stop(), 0)

    def test_signatures_and_sessions_follow_the_wall(self):
        engine = self.engine()
        client = self.client(engine)
        client.ok(iam(Action="CreateRole", RoleName="r", AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})))
        self.set_clock(HOUR)
        status, body = client.do(sns(Action="ListTopics"))
        self.assertEqual(status, 403, body)  # signed an hour ago
        self.client(engine).ok(sns(Action="ListTopics"))
        self.set_clock(-YEARS)
        self.client(engine).ok(sns(Action="ListTopics"))
        self.assertEqual(engine.stop(), 0)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
