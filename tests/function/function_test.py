#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The static bootstrap from outside: a fake Runtime API and a fake AWS of the standard library, in empty and foreign roots.

FUNCTION_BOOTSTRAP names the program. What this machine cannot do (chroot without root) is skipped, and said.
"""
import datetime
import http.server
import json
import os
import pathlib
import platform
import queue
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

BOOTSTRAP = os.environ.get("FUNCTION_BOOTSTRAP", "build/dev/src/function/bootstrap")
ID = "233e180f-f023-45a3-954e-415303f21eab"
ALARM = f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:sitelatch-{ID}"
TOPIC = f"arn:aws:sns:us-east-1:000000000000:sitelatch-{ID}"
NOTIFY = TOPIC + "-notify"
RULE = f"arn:aws:events:us-east-1:000000000000:rule/sitelatch-{ID}"


def alarm_event(minutes_ago=0, **changes):
    changed = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes_ago)
    message = {"AlarmName": "sitelatch-" + ID, "NewStateValue": "ALARM", "AlarmArn": ALARM,
               "StateChangeTime": changed.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
               "Trigger": {"MetricName": "HealthCheckStatus", "Namespace": "AWS/Route53",
                           "Dimensions": [{"value": ID, "name": "HealthCheckId"}]}}
    message.update(changes)
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "m", "TopicArn": TOPIC, "Message": json.dumps(message)}}]}


def tick():
    return {"source": "aws.events", "detail-type": "Scheduled Event", "resources": [RULE], "detail": {}}


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, body, headers=()):
        data = body.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Cloud:
    """Route 53, CloudWatch, SNS and Logs for one check. `faults`: (operation, status, code) to answer with, once each."""

    def __init__(self):
        self.path, self.version, self.disabled = "/lb-check", 1, "false"
        self.alarm, self.tags, self.calls, self.told, self.audit, self.faults = "OK", {}, [], [], [], []
        self.unsigned = 0
        outer = self

        class Handler(Quiet):
            def do_GET(self):
                outer.serve(self, "GetHealthCheck", "")

            def do_POST(self):
                body = self.body().decode()
                target = self.headers.get("X-Amz-Target")
                name = "UpdateHealthCheck" if self.path.startswith("/2013") else target.split(".")[1] if target else urllib.parse.parse_qs(body)["Action"][0]
                outer.serve(self, name, body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def check_xml(self, root):
        return (f'<?xml version="1.0"?><{root} xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HealthCheck><Id>{ID}</Id><HealthCheckConfig><Type>HTTPS</Type>'
                f"<ResourcePath>{self.path}</ResourcePath><FullyQualifiedDomainName>primary.example.test</FullyQualifiedDomainName><Inverted>false</Inverted>"
                f"<Disabled>{self.disabled}</Disabled></HealthCheckConfig><HealthCheckVersion>{self.version}</HealthCheckVersion></HealthCheck></{root}>")

    def serve(self, http, name, body):
        self.calls.append(name)
        if not re.match(r"AWS4-HMAC-SHA256 Credential=AKID/\d{8}/us-east-1/(route53|monitoring|sns|logs)/aws4_request", http.headers.get("Authorization", "")):
            self.unsigned += 1
        for fault in self.faults:
            if fault[0] == name:
                self.faults.remove(fault)
                if fault[1] == 0:
                    http.close_connection = True  # cut off without an answer
                    return None
                return http.answer(fault[1], f"<ErrorResponse><Error><Code>{fault[2]}</Code><Message>no</Message></Error></ErrorResponse>")
        return getattr(self, name)(http, body)

    def GetHealthCheck(self, http, body):
        http.answer(200, self.check_xml("GetHealthCheckResponse"))

    def UpdateHealthCheck(self, http, body):
        asked = int(re.search(r"<HealthCheckVersion>(\d+)<", body)[1])
        if asked != self.version:
            return http.answer(409, "<ErrorResponse><Error><Code>HealthCheckVersionMismatch</Code><Message>m</Message></Error></ErrorResponse>")
        found = re.search(r"<ResourcePath>(.*?)<", body)
        self.path = found[1] if found else self.path
        self.version += 1
        return http.answer(200, self.check_xml("UpdateHealthCheckResponse"), [("x-amzn-RequestId", "r-1")])

    def ListTagsForResource(self, http, body):
        tags = "".join(f"<member><Key>{k}</Key><Value>{v}</Value></member>" for k, v in self.tags.items())
        http.answer(200, f"<R><ListTagsForResourceResult><Tags>{tags}</Tags></ListTagsForResourceResult></R>")

    def TagResource(self, http, body):
        form = urllib.parse.parse_qs(body)
        n = 1
        while f"Tags.member.{n}.Key" in form:
            self.tags[form[f"Tags.member.{n}.Key"][0]] = form[f"Tags.member.{n}.Value"][0]
            n += 1
        http.answer(200, "<R/>")

    def Publish(self, http, body):
        form = urllib.parse.parse_qs(body)
        if "MessageStructure" in form:
            return http.answer(400, "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>m</Message></Error></ErrorResponse>")
        self.told.append(form["Message"][0])
        return http.answer(200, "<R/>")

    def DescribeAlarms(self, http, body):
        http.answer(200, f"<R><DescribeAlarmsResult><MetricAlarms><member><AlarmArn>{ALARM}</AlarmArn><StateValue>{self.alarm}</StateValue>"
                         "<StateUpdatedTimestamp>2026-11-22T12:00:00Z</StateUpdatedTimestamp></member></MetricAlarms></DescribeAlarmsResult></R>")

    def GetMetricStatistics(self, http, body):
        http.answer(200, "<R><GetMetricStatisticsResult><Datapoints/></GetMetricStatisticsResult></R>")

    def CreateLogStream(self, http, body):
        http.answer(400, '{"__type":"ResourceAlreadyExistsException","message":"m"}')

    def PutLogEvents(self, http, body):
        self.audit += [json.loads(e["message"]) for e in json.loads(body)["logEvents"]]
        http.answer(200, "{}")


class Function:
    """The process under a fake Runtime API; send() gives (kind, JSON) of its answer."""

    def __init__(self, command, environment, **options):
        self.events, self.answers, self.number = queue.Queue(), queue.Queue(), 0
        outer = self

        class Handler(Quiet):
            def do_GET(self):
                event = outer.events.get()
                if event is None:
                    return self.answer(500, "{}")
                outer.number += 1
                deadline = str(int(time.time() * 1000) + 30000)
                return self.answer(200, event, [("Lambda-Runtime-Aws-Request-Id", f"i-{outer.number}"), ("Lambda-Runtime-Deadline-Ms", deadline)])

            def do_POST(self):
                outer.answers.put((self.path.rsplit("/", 1)[1], self.body().decode()))
                self.answer(202, '{"status":"OK"}')

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        environment = dict(environment, AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{self.server.server_address[1]}")
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)

    def send(self, event):
        self.events.put(event if isinstance(event, str) else json.dumps(event))
        kind, body = self.answers.get(timeout=30)
        return kind, json.loads(body)

    def close(self):
        self.events.put(None)
        self.log = self.process.communicate(timeout=10)[0]
        self.server.shutdown()
        self.server.server_close()
        return self.log


class NameServer:
    """Answers for the sentinel on 127.0.0.1, by UDP and TCP on one port. `says`: its TXT, or None for silence. `udp`: what
    to do with it: "answer", "truncate", or a function that makes the datagrams of the right one."""

    def __init__(self, says="primary"):
        self.says, self.udp, self.asked = says, "answer", []
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", self.port))
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def close(self):
        self.says = None
        for one in (self.datagrams, self.tcp):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def reply(self, query, text, flags=0x8400):
        data = bytes([len(text)]) + text.encode()
        record = b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 1, len(data)) + data
        return query[:2] + struct.pack(">5H", flags, 1, 1, 0, 0) + query[12:] + record

    def serve_udp(self):
        while True:
            try:
                query, peer = self.datagrams.recvfrom(65535)
            except OSError:
                return
            if peer is None:
                return  # shut down
            self.asked.append(("udp", query))
            says = self.says  # may change meanwhile
            if says is None:
                continue
            if self.udp == "truncate":
                replies = [query[:2] + struct.pack(">5H", 0x8600, 1, 0, 0, 0) + query[12:]]
            elif self.udp == "answer":
                replies = [self.reply(query, says)]
            else:
                replies = self.udp(query)
            for reply in replies:
                self.datagrams.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            try:
                connection = self.tcp.accept()[0]
            except OSError:
                return
            with connection, connection.makefile("rb") as file:
                query = file.read(struct.unpack(">H", file.read(2))[0])
                self.asked.append(("tcp", query))
                reply = self.reply(query, self.says)
                framed = struct.pack(">H", len(reply)) + reply
                connection.sendall(framed[:7])  # in two parts
                connection.sendall(framed[7:])


SECRET = "/relay/0123456789abcdef"


def request(path=SECRET, method="GET"):
    return {"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": {"host": "x.lambda-url.us-east-1.on.aws"},
            "requestContext": {"http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.9"},
                               "timeEpoch": int(time.time() * 1000)}, "isBase64Encoded": False}


def variables(cloud):
    return {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token", "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": cloud.url, "SITELATCH_HEALTH_CHECK_ID": ID, "SITELATCH_ALARM_ARN": ALARM, "SITELATCH_ALARM_TOPIC_ARN": TOPIC,
            "SITELATCH_NOTIFY_TOPIC_ARN": NOTIFY, "SITELATCH_RULE_ARN": RULE, "SITELATCH_AUDIT_GROUP": "/sitelatch/" + ID,
            "SITELATCH_ORIGINAL_PATH": "/lb-check", "SITELATCH_LATCH": "path"}


# By machine: the number of the system call in which poll(2) waits, and its third argument where the wait has no limit
# (there poll's milliseconds, -1; here ppoll's pointer to the time, none).
POLL = {"x86_64": ("7", 0xffffffff), "aarch64": ("73", 0)}


def polls_without_limit(pid):
    """As soon as the process waits in poll(2): whether nothing but its connection ends the wait. None: it never waited so."""
    number, endless = POLL[platform.machine()]
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        call = pathlib.Path(f"/proc/{pid}/syscall").read_text(encoding="utf-8").split()  # proc_pid_syscall(5)
        if call[0] == number:
            return int(call[3], 16) & 0xffffffff == endless
    return None


class FunctionTest(unittest.TestCase):
    def setUp(self):
        self.cloud = Cloud()
        self.addCleanup(self.cloud.close)

    def start(self, **changes):
        function = Function([os.path.abspath(BOOTSTRAP)], {**variables(self.cloud), **changes})
        self.addCleanup(lambda: function.process.poll() is None and function.process.kill())
        return function

    def test_need_19_an_alarm_latches_notes_tells_and_writes_down(self):
        function = self.start()
        kind, answer = function.send(alarm_event())
        self.assertEqual((kind, answer["records"][0]["verdict"]), ("response", "latch"))
        self.assertEqual(self.cloud.path, "/lb-check-failed-over")
        self.assertEqual(self.cloud.calls, ["GetHealthCheck", "ListTagsForResource", "UpdateHealthCheck", "TagResource", "Publish", "PutLogEvents"])
        self.assertIn("release=0", self.cloud.tags["sitelatch:latched"])
        self.assertEqual(self.cloud.audit[0]["after"], "ResourcePath=/lb-check-failed-over")
        self.assertEqual(self.cloud.unsigned, 0)
        kind, answer = function.send(alarm_event())
        self.assertEqual(answer["records"][0]["verdict"], "already-latched")
        self.assertEqual(self.cloud.version, 2)
        self.assertIn("sitelatch latch health check", function.close())

    def test_a_tick_makes_good_what_the_alarm_missed_and_what_others_undo(self):
        function = self.start()
        self.assertEqual(function.send(tick())[1]["records"][0]["verdict"], "nothing-to-do")
        self.cloud.alarm = "ALARM"
        self.assertEqual(function.send(tick())[1]["records"][0]["verdict"], "latch")
        self.cloud.path, self.cloud.version = "/lb-check", 9
        self.assertEqual(function.send(tick())[1]["records"][0]["verdict"], "latch-again")
        self.assertEqual(self.cloud.path, "/lb-check-failed-over")
        self.assertEqual(len(self.cloud.told), 2)
        function.close()

    def test_a_planned_switch_over_stays(self):
        self.cloud.path = "/lb-check-switched-over"
        function = self.start()
        self.assertEqual(function.send(alarm_event())[1]["records"][0]["verdict"], "kept-planned")
        self.assertEqual(self.cloud.version, 1)
        function.close()

    def test_throttling_broken_connections_and_a_lost_version_are_tried_again(self):
        self.cloud.faults = [("GetHealthCheck", 400, "Throttling"), ("UpdateHealthCheck", 409, "HealthCheckVersionMismatch"),
                             ("ListTagsForResource", 503, "ServiceUnavailable"), ("GetHealthCheck", 0, ""), ("UpdateHealthCheck", 0, "")]
        function = self.start()
        self.assertEqual(function.send(alarm_event())[0], "response")
        self.assertEqual((self.cloud.path, self.cloud.version), ("/lb-check-failed-over", 2))
        function.close()

    def test_a_refusal_is_the_functions_error_and_named(self):
        self.cloud.faults = [("UpdateHealthCheck", 403, "AccessDenied")]
        function = self.start()
        kind, answer = function.send(alarm_event())
        self.assertEqual(kind, "error")
        self.assertIn("AccessDenied", answer["errorMessage"])
        function.close()

    def test_need_07_malformed_events_are_refused_and_the_process_lives(self):
        function = self.start()
        for event in ["", "{", "null", "[]", '{"Records":[]}', '{"Records":[{}]}', '{"Records":' + "[" * 50000, "\u0000", '{"Records":[{"EventSource":"aws:sns","Sns":{"TopicArn":"x","Message":"{}"}}]}']:
            kind, answer = function.send(event)
            self.assertEqual(kind, "response", event[:40])
            self.assertIn("refused", answer["records"][0])
        for change in [{"NewStateValue": "OK"}, {"AlarmArn": "arn:other"}, {"Trigger": {"Dimensions": []}}]:
            self.assertIn("refused", function.send(alarm_event(**change))[1]["records"][0])
        self.assertEqual(self.cloud.version, 1)
        function.close()

    def test_guard_on_aws_7_an_alarm_of_hours_ago_is_told_and_latches_nothing(self):
        function = self.start()
        self.assertEqual(function.send(alarm_event(minutes_ago=180))[1]["records"][0]["verdict"], "late-evidence")
        self.assertEqual((self.cloud.version, len(self.cloud.told)), (1, 1))
        self.cloud.alarm = "ALARM"
        self.assertEqual(function.send(alarm_event(minutes_ago=180))[1]["records"][0]["verdict"], "latch")
        function.close()

    def test_guard_on_aws_9_the_next_event_is_asked_for_once(self):
        """A broken /next ends the process, which Lambda starts again; a second question would be refused (403)."""
        class Broken(Quiet):
            asked = []

            def do_GET(self):
                self.asked.append(self.path)
                self.close_connection = True  # no answer

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = subprocess.run([os.path.abspath(BOOTSTRAP)], capture_output=True, text=True, timeout=30,
                              env={**variables(self.cloud), "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}"})
        self.assertEqual((done.returncode, Broken.asked), (1, ["/2018-06-01/runtime/invocation/next"]), done)

    def test_guard_on_aws_9_no_timer_ends_the_wait_for_the_next_event(self):
        """Lambda freezes the environment in this wait, for hours: a timer would fire as it thaws."""
        if platform.machine() not in POLL or not os.access("/proc/self/syscall", os.R_OK):
            self.skipTest("the kernel does not say in what a process waits")
        asked, over = threading.Event(), threading.Event()

        class Silent(Quiet):
            def do_GET(self):
                asked.set()
                over.wait()
                self.close_connection = True  # no answer

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        process = subprocess.Popen([os.path.abspath(BOOTSTRAP)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**variables(self.cloud), "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}"})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(over.set)
        self.assertTrue(asked.wait(30))
        self.assertIs(polls_without_limit(process.pid), True)

    def test_self_test(self):
        function = self.start()
        kind, answer = function.send({"sitelatch": "self-test"})
        self.assertEqual((kind, answer["self_test"]), ("response", "ok"), answer)
        self.assertEqual((self.cloud.version, self.cloud.told), (1, []))
        self.cloud.faults = [("UpdateHealthCheck", 403, "AccessDenied")]
        kind, answer = function.send({"sitelatch": "self-test"})
        self.assertEqual(answer["self_test"], "failed")
        self.assertEqual([r["right"] for r in answer["rights"] if not r["ok"]], ["route53:UpdateHealthCheck"])
        function.close()

    def test_without_its_variables_it_says_which_is_missing(self):
        function = self.start(SITELATCH_ALARM_ARN="")
        kind, answer = function.send(alarm_event())
        self.assertEqual(kind, "error")
        self.assertIn("SITELATCH_ALARM_ARN", answer["errorMessage"])
        function.close()

    def test_outside_lambda_it_says_what_it_is(self):
        done = subprocess.run([BOOTSTRAP], env={}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("AWS Lambda", done.stderr)


class RelayTest(unittest.TestCase):
    """The relay of the form hardened: clocked by requests of its URL, it asks the zone's own name servers."""

    def setUp(self):
        self.cloud = Cloud()
        self.addCleanup(self.cloud.close)
        self.servers = [NameServer() for _ in range(3)]
        for server in self.servers:
            self.addCleanup(server.close)

    def start(self, **changes):
        relay = {"SITELATCH_RELAY_PATH": SECRET, "SITELATCH_SENTINEL": "_sentinel.client.example.test", "SITELATCH_SENTINEL_PRIMARY": "primary",
                 "SITELATCH_SENTINEL_SECONDARY": "backup", "SITELATCH_NAME_SERVERS": " ".join(f"127.0.0.1:{s.port}" for s in self.servers)}
        function = Function([os.path.abspath(BOOTSTRAP)], {**variables(self.cloud), **relay, **changes})
        self.addCleanup(lambda: function.process.poll() is None and function.process.kill())
        return function

    def ask(self, function, **event):
        kind, answer = function.send(request(**event))
        self.assertEqual(kind, "response")
        return answer["statusCode"], answer["body"]

    def test_primary_serves_and_aws_is_not_called(self):
        function = self.start()
        self.assertEqual(self.ask(function), (200, "nothing-to-do"))
        self.assertEqual(self.cloud.calls, [])
        self.assertEqual([len(s.asked) for s in self.servers], [1, 1, 1])
        query = self.servers[0].asked[0][1]
        self.assertEqual(query[2:4], b"\0\0", "a query without recursion")
        self.assertNotEqual(query[:2], self.servers[1].asked[0][1][:2], "one id for all (or one in 65536)")
        function.close()

    def test_two_backups_of_servers_that_disagree_latch(self):
        self.servers[1].says = "backup"
        function = self.start()
        self.assertEqual(self.ask(function), (200, "latch"))
        self.assertEqual(self.cloud.path, "/lb-check-failed-over")
        self.assertIn("by=relay", self.cloud.tags["sitelatch:latched"])
        self.assertEqual((len(self.cloud.told), self.cloud.unsigned), (1, 0))
        self.assertIn(f"127.0.0.1:{self.servers[1].port}", self.cloud.audit[0]["why"])
        self.assertEqual(self.ask(function), (200, "already-latched"), "one says Primary: the check is read again")
        for server in self.servers:
            server.says = "backup"
        self.assertEqual(self.ask(function), (200, "known"))
        self.assertEqual((self.cloud.version, len(self.cloud.told)), (2, 1))
        # The alarm finds it as it should be.
        self.assertEqual(function.send(alarm_event())[1]["records"][0]["verdict"], "already-latched")
        self.assertEqual(len(self.cloud.told), 1)
        function.close()

    def test_a_stray_backup_latches_nothing(self):
        def once(query):
            self.servers[0].udp = "answer"
            return [self.servers[0].reply(query, "backup")]

        self.servers[0].udp = once
        function = self.start()
        self.assertEqual(self.ask(function), (200, "nothing-to-do"))
        self.assertEqual((self.cloud.calls, len(self.servers[0].asked)), ([], 2))
        function.close()

    def test_an_answer_cut_short_is_asked_for_by_tcp(self):
        for server in self.servers:
            server.udp = "truncate"
            server.says = "backup"
        function = self.start()
        self.assertEqual(self.ask(function), (200, "latch"))
        self.assertEqual([way for way, _ in self.servers[0].asked], ["udp", "tcp"] * 2)
        function.close()

    def test_who_does_not_answer_latches_nothing(self):
        for server in self.servers:
            server.says = None
        self.servers[2].close()  # nobody at its port
        function = self.start()
        self.assertEqual(self.ask(function)[0], 500)
        self.assertGreater(len(self.servers[0].asked), 1, "asked again")
        self.assertEqual(self.cloud.calls, [])
        self.servers[0].says = "primary"
        self.assertEqual(self.ask(function), (200, "nothing-to-do"))
        self.assertIn("nobody answers at its port", function.close())

    def test_what_is_not_the_answer_is_passed_over(self):
        """Wrong ids, other questions, no authority, other names and other texts: as if nobody had answered."""
        server = self.servers[0]
        other = b"\x05other\x07example\x04test\0\0\x10\0\x01"

        def lies(query):
            wrong_id = bytes([query[0] ^ 1]) + query[1:]
            return [b"", b"x", query, server.reply(wrong_id, "backup"), server.reply(query[:12] + other, "backup"), server.reply(query, "backup", 0x0400),
                    server.reply(query, "Backup"), server.reply(query, "backup")[:-1]]

        for one in self.servers:
            one.udp = lies
        function = self.start()
        self.assertEqual(self.ask(function)[0], 500)
        for flags in (0x8000, 0x8403, 0x8402):
            for one in self.servers:
                one.udp = lambda query, flags=flags: [server.reply(query, "backup", flags)]
            self.assertEqual(self.ask(function)[0], 500, hex(flags))
        self.assertEqual(self.cloud.calls, [])
        # The right one behind all of these counts.
        for one in self.servers:
            one.udp = lambda query: lies(query)[:6] + [server.reply(query, "backup")]
        self.assertEqual(self.ask(function), (200, "latch"))
        function.close()

    def test_an_answer_of_somebody_else_is_not_heard(self):
        """A datagram with the right id and question from another port."""
        server, stranger = self.servers[0], socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(stranger.close)
        peers = []
        receive = server.datagrams.recvfrom

        class Watched:
            def recvfrom(self, size):
                query, peer = receive(size)
                peers.append(peer)
                return query, peer

            def __getattr__(self, name):
                return getattr(datagrams, name)

        datagrams, server.datagrams = server.datagrams, Watched()

        def answered_by_another(query):
            stranger.sendto(server.reply(query, "backup"), peers[-1])
            return []

        function = self.start(SITELATCH_NAME_SERVERS=f"127.0.0.1:{server.port}")
        self.assertEqual(self.ask(function), (200, "nothing-to-do"))  # the thread is watched from its second receive on
        server.udp = answered_by_another
        self.assertEqual(self.ask(function)[0], 500)
        self.assertGreater(len(peers), 0)
        self.assertEqual(self.cloud.calls, [])
        function.close()

    def test_who_does_not_know_the_path_gets_404_and_nothing_happens(self):
        for server in self.servers:
            server.says = "backup"
        function = self.start()
        for path in ("/", "/relay", SECRET + "/", SECRET[:-1], "/favicon.ico"):
            self.assertEqual(self.ask(function, path=path), (404, ""))
        self.assertEqual(self.ask(function, method="POST"), (404, ""))
        self.assertEqual((self.cloud.calls, [s.asked for s in self.servers]), ([], [[], [], []]))
        function.close()
        # Nor does a guard that is no relay, whatever is asked of its URL.
        function = self.start(SITELATCH_RELAY_PATH="")
        self.assertEqual(self.ask(function, path=""), (404, ""))
        self.assertEqual(function.send(alarm_event())[1]["records"][0]["verdict"], "latch")
        function.close()

    def test_the_self_test_looks_at_the_sentinel(self):
        function = self.start()
        self.assertEqual(function.send({"sitelatch": "self-test"})[1]["self_test"], "ok")
        for server in self.servers:
            server.says = "neither"
        answer = function.send({"sitelatch": "self-test"})[1]
        self.assertEqual([r["right"] for r in answer["rights"] if not r["ok"]], ["dns:Sentinel"])
        self.assertIn("says 'neither'", json.dumps(answer))
        function.close()

    def test_names_of_servers_are_looked_up(self):
        function = self.start(SITELATCH_NAME_SERVERS=f"localhost:{self.servers[0].port}")
        self.assertEqual(self.ask(function), (200, "nothing-to-do"))
        function.close()


class RootTest(unittest.TestCase):
    """Nothing but the program: no loader, no libraries, no /etc but what a test puts there."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("chroot needs root")
        self.cloud = Cloud()
        self.addCleanup(self.cloud.close)
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copy(BOOTSTRAP, self.root + "/bootstrap")

    def start(self, **changes):
        return Function(["/bootstrap"], {**variables(self.cloud), **changes}, preexec_fn=lambda: (os.chroot(self.root), os.chdir("/")))

    def test_it_is_static(self):
        run = subprocess.run(["ldd", BOOTSTRAP], capture_output=True, text=True)
        self.assertRegex(run.stdout + run.stderr, "not a dynamic executable|statically linked")  # at fixed addresses or not

    def test_an_empty_root(self):
        function = self.start()
        self.assertEqual(function.send(alarm_event())[1]["records"][0]["verdict"], "latch")
        function.close()

    def test_a_root_whose_nsswitch_names_modules_of_another_glibc(self):
        os.makedirs(self.root + "/etc")
        with open(self.root + "/etc/nsswitch.conf", "w") as file:
            file.write("hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\nservices: db sss files\n")
        with open(self.root + "/etc/hosts", "w") as file:
            file.write("127.0.0.1 cloud.example.test\n")
        port = self.cloud.url.rsplit(":", 1)[1]
        function = self.start(AWS_ENDPOINT_URL="http://cloud.example.test:" + port)
        self.assertEqual(function.send(alarm_event())[1]["records"][0]["verdict"], "latch")
        function.close()

    def certificate(self, name, authority=None, common=None, alternative="IP:127.0.0.1"):
        """A key and a certificate for 127.0.0.1, signed by `authority` (or by itself, as an authority). `alternative`: its
        subjectAltName, if any."""
        base = os.path.join(self.root, name)
        run = lambda *command: subprocess.run(command, check=True, capture_output=True)
        if authority is None:
            run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", base + ".key", "-out", base + ".pem")
        else:
            run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={common or name}", "-keyout", base + ".key", "-out", base + ".csr")
            with open(base + ".ext", "w") as file:
                file.write(f"subjectAltName={alternative}\n" if alternative else "basicConstraints=CA:FALSE\n")
            run("openssl", "x509", "-req", "-in", base + ".csr", "-CA", authority + ".pem", "-CAkey", authority + ".key", "-CAcreateserial", "-days", "2", "-extfile", base + ".ext", "-out", base + ".pem")
        return base

    def test_tls_with_nothing_but_a_ca_bundle_and_refused_with_a_wrong_one(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl makes the certificates")
        right, wrong = self.certificate("right"), self.certificate("wrong")
        server = self.certificate("server", right)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server + ".pem", server + ".key")
        self.cloud.server.socket = context.wrap_socket(self.cloud.server.socket, server_side=True)
        url = self.cloud.url.replace("http:", "https:")
        # Behind a whole bundle of others, where it has to be found.
        system = "/etc/ssl/certs/ca-certificates.crt"
        read = lambda path: pathlib.Path(path).read_text() if os.path.exists(path) else ""
        for authority, verdict in ((right, "response"), (wrong, "error")):
            with open(self.root + "/bundle.crt", "w") as file:
                file.write(read(system) + read(authority + ".pem"))
            function = self.start(AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE="/bundle.crt")
            kind, answer = function.send(alarm_event())
            self.assertEqual(kind, verdict, answer)
            if kind == "error":
                self.assertIn("certificate", answer["errorMessage"])
            function.close()

    def test_a_name_is_what_stands_in_subject_alt_name_and_nothing_else(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl makes the certificates")
        authority = self.certificate("authority")
        shutil.copy(authority + ".pem", self.root + "/bundle.crt")
        os.makedirs(self.root + "/etc")
        with open(self.root + "/etc/hosts", "w") as file:
            file.write("127.0.0.1 cloud.example.test deep.cloud.example.test\n")
        for number, (host, common, alternative, accepted) in enumerate((
                ("cloud.example.test", "x", "DNS:cloud.example.test", True),
                ("cloud.example.test", "x", "DNS:*.example.test", True),
                ("127.0.0.1", "x", "IP:127.0.0.1", True),
                ("cloud.example.test", "cloud.example.test", None, False),  # by its common name alone
                ("cloud.example.test", "cloud.example.test", "email:a@example.test", False),
                ("cloud.example.test", "cloud.example.test", "IP:127.0.0.1", False),
                ("cloud.example.test", "x", "DNS:c*.example.test", False),
                ("cloud.example.test", "x", "DNS:*.test", False),
                ("deep.cloud.example.test", "x", "DNS:*.example.test", False),
                ("127.0.0.1", "127.0.0.1", None, False),
                ("127.0.0.1", "x", "DNS:127.0.0.1", False))):
            with self.subTest(host=host, common=common, alternative=alternative):
                server = self.certificate(f"server{number}", authority, common, alternative)
                cloud = Cloud()
                self.addCleanup(cloud.close)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(server + ".pem", server + ".key")
                cloud.server.socket = context.wrap_socket(cloud.server.socket, server_side=True)
                port = cloud.url.rsplit(":", 1)[1]
                function = self.start(AWS_ENDPOINT_URL=f"https://{host}:{port}", AWS_CA_BUNDLE="/bundle.crt")
                kind, answer = function.send(alarm_event())
                self.assertEqual(kind, "response" if accepted else "error", answer)
                if not accepted:
                    self.assertIn("certificate", answer["errorMessage"])
                    self.assertEqual(cloud.calls, [])
                function.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[1:])
