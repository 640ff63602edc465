#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real engine under inputs that no client writes: nulls where things must be, documents of millions of values, and
text that would forge lines of the log. Standard library only."""
import json
import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from signed_client import Client  # noqa: E402
from sitelatch import Workplace  # noqa: E402

MEGABYTE = 1 << 20
JSON_1_1 = {"content_type": "application/x-amz-json-1.1"}


def resident_bytes(engine, field="VmRSS"):
    with open(f"/proc/{engine.process.pid}/status") as status:
        return int(re.search(rf"{field}:\s+(\d+) kB", status.read()).group(1)) * 1024


class Inputs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Workplace()
        cls.engine = cls.place.engine("--ephemeral")

    @classmethod
    def tearDownClass(cls):
        status = cls.engine.stop()
        cls.place.__exit__(None, None, None)
        assert status == 0, f"the engine ended with {status}"

    def setUp(self):
        self.client = Client(self.engine)

    def tearDown(self):
        self.client.close()
        self.assertIsNone(self.engine.process.poll(), self.engine.log_text()[-3000:])
        fresh = Client(self.engine)
        self.assertTrue(fresh.alive())
        fresh.close()

    def refused(self, answer, *codes):
        status, body = answer
        self.assertIn(status, (400, 413), body)
        self.assertTrue(any(code.encode() in body for code in codes), body)

    def test_a_null_in_a_list_is_an_error_of_the_request(self):
        self.refused(self.client.json("events", "PutTargets", {"Rule": "r", "Targets": [None]}), "SerializationException")
        self.refused(self.client.json("monitoring", "GetMetricStatistics", {
            "Namespace": "n", "MetricName": "m", "StartTime": 1, "EndTime": 2, "Period": 60, "ExtendedStatistics": [None]}),
            "SerializationException")
        self.refused(self.client.json("monitoring", "PutMetricAlarm", {
            "AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
            "Threshold": 1, "ComparisonOperator": "LessThanThreshold", "Dimensions": [None]}), "SerializationException")
        body = json.dumps({"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/r", "Code": {"ZipFile": ""},
                           "VpcConfig": {"SubnetIds": [None]}}).encode()
        # Lambda says its codes in a header.
        self.refused(self.client.send("POST", "/2015-03-31/functions", body, "lambda", content_type="application/json"),
                     "must not be null")
        status, body = self.client.json("monitoring", "DescribeAlarms", {})
        self.assertEqual((status, json.loads(body)["MetricAlarms"]), (200, []))

    def test_a_document_of_millions_of_values_costs_little_more_than_its_bytes(self):
        size = 20 * MEGABYTE
        bodies = [
            ("monitoring", "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
             b"\xa1\x6aAlarmNames\x9f" + b"\xf6" * size + b"\xff",
             {"smithy_protocol": "rpc-v2-cbor", "content_type": "application/cbor"}),
            ("route53", "/2013-04-01/hostedzone",
             b"<CreateHostedZoneRequest>" + b"<a/>" * (size // 4) + b"</CreateHostedZoneRequest>",
             {"content_type": "application/xml"}),
            ("events", "/", b'{"x":[' + b"[]," * (size // 3) + b"0]}",
             dict(JSON_1_1, x_amz_target="AWSEvents.ListRules")),
            ("sns", "/", b"Action=ListTopics&Version=2010-03-31&" + b"a&" * (size // 2),
             {"content_type": "application/x-www-form-urlencoded"}),
        ]
        before = resident_bytes(self.engine, "VmHWM")
        for service, path, body, headers in bodies:
            with self.subTest(service=service):
                begun = time.monotonic()
                client = Client(self.engine)
                try:
                    status, answer = client.send("POST", path, body, service, **headers)
                    self.assertIn(status, (400, 413), answer[:300])
                except (ConnectionError, TimeoutError, OSError) as error:  # refused while it was sent
                    self.assertNotIsInstance(error, TimeoutError)
                finally:
                    client.close()
                self.assertLess(time.monotonic() - begun, 10)
        self.assertLess(resident_bytes(self.engine, "VmHWM") - before, 6 * size)

    def test_nobody_forges_a_line_of_the_log(self):
        forged = "2026-01-01T00:00:00.000Z error route53: the latch was released"
        hostile = ["\n" + forged, "\r\n" + forged, "\x1b[2J\x1b[31mred", "\u202egnp.exe", "\u2028" + forged, "\x9b31m",
                   "\x00", "\\n" + forged, "x" * 100_000]
        for text in hostile:
            self.client.query("sns", Action=text, Version="2010-03-31")
            self.client.send("POST", "/", b"{}", "events", **dict(JSON_1_1, x_amz_target="AWSEvents." + re.sub(
                r"[^\x20-\x7e]", "?", text)[:1000]))
        with open(self.engine.log_path, "rb") as log_file:
            raw = log_file.read()
        text = raw.decode()  # UTF-8 throughout
        lines = text.split("\n")
        self.assertIn("\\n2026", text)
        self.assertIn("\\x1b", text)
        self.assertIn("\\u{202e}", text)
        for line in lines:
            self.assertNotRegex(line, "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
            self.assertLess(len(line.encode()), 5000)
            self.assertFalse(line.startswith(forged[:24] + " error route53"), line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
