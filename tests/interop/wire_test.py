# SPDX-License-Identifier: Apache-2.0
"""Requests by hand: what is wrong with a signature, presigned ones, and CloudWatch in its three protocols. No client
needed."""
import datetime
import gzip
import json
import os
import re
import struct
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from sigv4 import Signer, send  # noqa: E402
from sitelatch import Workplace  # noqa: E402

FORM = "application/x-www-form-urlencoded; charset=utf-8"
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Tagged(float):
    """A CBOR timestamp."""


def cbor_head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for code, form, most in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
        if number < most:
            return bytes([major << 5 | code]) + struct.pack(form, number)
    raise ValueError(number)


def cbor(value):
    if isinstance(value, Tagged):
        return b"\xc1\xfb" + struct.pack(">d", value)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return b"\x9f" + b"".join(map(cbor, value)) + b"\xff"  # indefinite: servers must read it
    return cbor_head(5, len(value)) + b"".join(cbor(name) + cbor(inner) for name, inner in value.items())


def read_cbor(data):
    value, rest = _read(data)
    assert not rest, rest
    return value


def _read(data):
    major, short, data = data[0] >> 5, data[0] & 31, data[1:]
    if major == 7:
        simple = {20: False, 21: True, 22: None}
        if short in simple:
            return simple[short], data
        form, size = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}[short]
        return struct.unpack(form, data[:size])[0], data[size:]
    number = short
    if 24 <= short <= 27:
        size = 1 << (short - 24)
        number, data = int.from_bytes(data[:size], "big"), data[size:]
    if major == 0:
        return number, data
    if major == 1:
        return -1 - number, data
    if major in (2, 3):
        return (data[:number] if major == 2 else data[:number].decode()), data[number:]
    if major == 6:
        inner, data = _read(data)
        return Tagged(inner), data
    items = []
    count = None if short == 31 else number * (2 if major == 5 else 1)
    while (data[0] != 0xff) if count is None else len(items) < count:
        item, data = _read(data)
        items.append(item)
    if count is None:
        data = data[1:]
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), data


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Workplace()
        cls.addClassCleanup(cls.place.__exit__, None, None, None)
        cls.engine = cls.place.engine("--clock", "manual")
        environment = cls.engine.environment()
        cls.host = cls.engine.api.removeprefix("http://")
        cls.signer = Signer(cls.host, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])

    def form(self, service, text, signer=None, **options):
        body = text if isinstance(text, bytes) else text.encode()
        return send(self.host, "POST", "/", (signer or self.signer).headers(service, body, content_type=FORM, **options), body)

    def says(self, answer, status, code, message):
        got, headers, body = answer
        text = body.decode()
        self.assertEqual(got, status, text)
        self.assertRegex(headers["x-amzn-RequestId"], UUID)
        self.assertIsNotNone(headers["Date"])
        if text.startswith("<"):
            self.assertEqual(re.search("<Code>(.*)</Code>", text).group(1), code, text)
            said = re.search("<Message>((?s:.*))</Message>", text).group(1)
        else:
            document = json.loads(text)
            self.assertEqual((document.get("__type") or headers["x-amzn-ErrorType"]).split("#")[-1], code)
            said = document["message"]
        (self.assertRegex if hasattr(message, "search") else self.assertEqual)(said, message)

    def test_clock_skew(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        minutes = lambda n: now + datetime.timedelta(minutes=n)  # noqa: E731
        self.assertEqual(self.form("sts", IDENTITY, at=minutes(-14))[0], 200)
        self.assertEqual(self.form("sts", IDENTITY, at=minutes(14))[0], 200)
        old = minutes(-20)
        self.says(self.form("sts", IDENTITY, at=old), 403, "SignatureDoesNotMatch", re.compile(
            rf"^Signature expired: {old:%Y%m%dT%H%M%SZ} is now earlier than \d{{8}}T\d{{6}}Z \(\d{{8}}T\d{{6}}Z - 15 min\.\)$"))
        new = minutes(20)
        self.says(self.form("sts", IDENTITY, at=new), 403, "SignatureDoesNotMatch", re.compile(
            rf"^Signature not yet current: {new:%Y%m%dT%H%M%SZ} is still later than \d{{8}}T\d{{6}}Z \(\d{{8}}T\d{{6}}Z \+ 15 min\.\)$"))
        # Engine time has no part in it.
        self.engine.advance("1h")
        self.assertEqual(self.form("sts", IDENTITY)[0], 200)

    def test_tampered(self):
        differs = re.compile("^The request signature we calculated does not match the signature you provided.")
        headers = self.signer.headers("sts", IDENTITY, content_type=FORM)
        self.says(send(self.host, "POST", "/", headers, IDENTITY + b"&x=y"), 403, "SignatureDoesNotMatch", differs)
        self.says(send(self.host, "POST", "/?x=y", headers, IDENTITY), 403, "SignatureDoesNotMatch", differs)
        headers["content-type"] = "application/x-www-form-urlencoded"
        self.says(send(self.host, "POST", "/", headers, IDENTITY), 403, "SignatureDoesNotMatch", differs)
        body = b"{}"
        headers = self.signer.headers("logs", body, content_type="application/x-amz-json-1.1",
                                      x_amz_target="Logs_20140328.DescribeLogGroups")
        self.says(send(self.host, "POST", "/", headers, b'{"limit": 1}'), 400, "InvalidSignatureException", differs)

    def test_scope(self):
        def scoped(service="sts", **changes):
            return self.form(service, IDENTITY, signer=Signer(self.host, self.signer.key_id, self.signer.secret, **changes))
        self.assertEqual(scoped(region="eu-west-1")[0], 200)
        self.says(scoped("sns"), 403, "SignatureDoesNotMatch", re.compile(r"^Credential should be scoped to correct service: 'sts'"))
        body = b"Action=ListTopics&Version=2010-03-31"
        signer = Signer(self.host, self.signer.key_id, self.signer.secret, region="nowhere")
        self.says(self.form("sns", body, signer=signer), 403, "SignatureDoesNotMatch",
                  re.compile(r"^Credential should be scoped to a valid Region, not '?nowhere'?"))

    def test_unsigned_and_malformed(self):
        self.says(send(self.host, "POST", "/", {"content-type": FORM}, IDENTITY), 403, "MissingAuthenticationToken",
                  re.compile("Authentication Token"))
        headers = {"content-type": FORM, "Authorization": "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00"}
        self.says(send(self.host, "POST", "/", headers, IDENTITY), 400, "IncompleteSignature", re.compile("'Credential'"))

    def test_presigned(self):
        query = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
        self.assertEqual(send(self.host, "GET", self.signer.presigned("sts", query), {})[0], 200)
        past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=2)
        self.assertEqual(send(self.host, "GET", self.signer.presigned("sts", query, at=past, expires=300), {})[0], 200)
        status, _, body = send(self.host, "GET", self.signer.presigned("sts", query, at=past, expires=60), {})
        self.assertEqual(status, 403, body)
        status, _, body = send(self.host, "GET", self.signer.presigned("sts", query) + "0", {})
        self.assertEqual(status, 403, body)
        status, _, body = send(self.host, "GET", self.signer.presigned("route53", {}, path="/2013-04-01/healthcheckcount"), {})
        self.assertEqual((status, b"<HealthCheckCount>0</HealthCheckCount>" in body), (200, True))

    def test_expired_session(self):
        status, _, body = self.form("sts", b"Action=GetSessionToken&Version=2011-06-15&DurationSeconds=900")
        self.assertEqual(status, 200)
        field = lambda name: re.search(f"<{name}>(.*?)</{name}>", body.decode()).group(1)  # noqa: E731
        session = Signer(self.host, field("AccessKeyId"), field("SecretAccessKey"), field("SessionToken"))
        self.assertEqual(self.form("sts", IDENTITY, signer=session)[0], 200)
        session.token = None
        self.says(self.form("sts", IDENTITY, signer=session), 403, "InvalidClientTokenId",
                  "The security token included in the request is invalid.")

    def test_unknown_actions_and_services(self):
        self.says(self.form("sts", b"Action=Nonsense&Version=2011-06-15"), 400, "InvalidAction",
                  "Could not find operation Nonsense for version 2011-06-15")
        self.assertGreaterEqual(self.form("rds", b"Action=DescribeDBInstances&Version=2014-10-31")[0], 400)
        body = b"{}"
        headers = self.signer.headers("logs", body, content_type="application/x-amz-json-1.1", x_amz_target="Logs_20140328.Nonsense")
        status, _, text = send(self.host, "POST", "/", headers, body)
        self.assertEqual((status, json.loads(text)["__type"]), (400, "UnknownOperationException"))
        headers = self.signer.headers("lambda", method="GET", path="/2015-03-31/nonsense")
        self.assertEqual(send(self.host, "GET", "/2015-03-31/nonsense", headers)[0], 404)
        headers = self.signer.headers("route53", method="GET", path="/2013-04-01/nonsense")
        self.assertGreaterEqual(send(self.host, "GET", "/2013-04-01/nonsense", headers)[0], 400)

    def test_malformed_bodies(self):
        body = b'{"logGroupName": '
        headers = self.signer.headers("logs", body, content_type="application/x-amz-json-1.1",
                                      x_amz_target="Logs_20140328.CreateLogGroup")
        status, _, text = send(self.host, "POST", "/", headers, body)
        self.assertEqual((status, json.loads(text)["__type"]), (400, "SerializationException"))
        body = b"<CreateHealthCheckRequest"
        path = "/2013-04-01/healthcheck"
        status, _, text = send(self.host, "POST", path, self.signer.headers("route53", body, path=path), body)
        self.assertEqual((status, b"<Code>InvalidInput</Code>" in text), (400, True), text)
        path = "/2015-03-31/functions"
        status, headers, text = send(self.host, "POST", path, self.signer.headers("lambda", body, path=path), body)
        self.assertEqual((status, headers["x-amzn-ErrorType"]), (400, "SerializationException"), text)

    # --- CloudWatch ---

    def by_json(self, operation, value, **headers):
        body = json.dumps(value).encode()
        signed = self.signer.headers("monitoring", body, content_type="application/x-amz-json-1.0",
                                     x_amz_target="GraniteServiceVersion20100801." + operation, **headers)
        return send(self.host, "POST", "/", signed, body)

    def by_cbor(self, operation, value, **headers):
        body = cbor(value)
        path = "/service/GraniteServiceVersion20100801/operation/" + operation
        signed = self.signer.headers("monitoring", body, path=path, content_type="application/cbor", accept="application/cbor",
                                     smithy_protocol="rpc-v2-cbor", **headers)
        return send(self.host, "POST", path, signed, body)

    def test_cloudwatch_by_cbor(self):
        alarm = {"AlarmName": "cbor", "Namespace": "N", "MetricName": "m", "Statistic": "Minimum", "Period": 60,
                 "EvaluationPeriods": 1, "Threshold": 1.5, "ComparisonOperator": "LessThanThreshold"}
        status, headers, body = self.by_cbor("PutMetricAlarm", alarm)
        self.assertEqual((status, headers["smithy-protocol"], headers["Content-Type"], body), (200, "rpc-v2-cbor", None, b""))
        status, headers, body = self.by_cbor("DescribeAlarms", {"AlarmNames": ["cbor"]})
        self.assertEqual((status, headers["Content-Type"]), (200, "application/cbor"))
        answer = read_cbor(body)
        found = answer["MetricAlarms"][0]
        self.assertEqual((found["AlarmName"], found["Threshold"], found["Period"], found["OKActions"], answer["CompositeAlarms"]),
                         ("cbor", 1.5, 60, [], []))
        self.assertIsInstance(found["StateUpdatedTimestamp"], Tagged)
        at = int(datetime.datetime.now().timestamp()) // 60 * 60 - 60
        self.assertEqual(self.by_cbor("PutMetricData", {"Namespace": "N", "MetricData": [
            {"MetricName": "m", "Timestamp": Tagged(at), "Values": [1, 2.5], "Counts": [2.0, 1.0]}]})[0], 200)
        status, _, body = self.by_cbor("GetMetricStatistics", {
            "Namespace": "N", "MetricName": "m", "StartTime": Tagged(at), "EndTime": Tagged(at + 60), "Period": 60,
            "Statistics": ["Sum", "SampleCount"]})
        self.assertEqual(status, 200, body)
        self.assertEqual(read_cbor(body)["Datapoints"], [{"Timestamp": at, "SampleCount": 3.0, "Sum": 4.5, "Unit": "None"}])
        status, headers, body = self.by_cbor("SetAlarmState", {"AlarmName": "none", "StateValue": "OK", "StateReason": "r"},
                                             x_amzn_query_mode="true")
        self.assertEqual((status, read_cbor(body), headers["x-amzn-query-error"]), (
            404, {"__type": "com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound"}, "ResourceNotFound;Sender"))

    def test_cloudwatch_by_json(self):
        status, headers, body = self.by_json("SetAlarmState", {"AlarmName": "none", "StateValue": "OK", "StateReason": "r"})
        self.assertEqual((status, json.loads(body), headers["x-amzn-query-error"]), (
            404, {"__type": "com.amazonaws.cloudwatch.v2010_08_01#ResourceNotFound"}, None))
        status, headers, body = self.by_json("SetAlarmState", {"AlarmName": "n", "StateValue": "INVALID", "StateReason": "r"},
                                             x_amzn_query_mode="true")
        document = json.loads(body)
        self.assertEqual((status, document["__type"], headers["x-amzn-query-error"]),
                         (400, "com.amazon.coral.validate#ValidationException", "ValidationError;Sender"))
        self.assertEqual(document["message"], "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy "
                         "constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]")

    def test_cloudwatch_by_query(self):
        status, headers, body = self.form("monitoring", "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=none")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/xml"))
        self.assertIn(b'<DescribeAlarmsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><DescribeAlarmsResult>', body)
        self.assertRegex(body.decode(), "<MetricAlarms/>|<MetricAlarms></MetricAlarms>")
        status, _, body = self.form("monitoring", "Action=SetAlarmState&Version=2010-08-01&AlarmName=none&StateValue=OK&StateReason=r")
        self.assertEqual(status, 404)
        self.assertIn(b"<Error><Type>Sender</Type><Code>ResourceNotFound</Code></Error><RequestId>", body)

    def test_gzip(self):
        body = gzip.compress(json.dumps({"Namespace": "Gzip", "MetricData": [{"MetricName": "m", "Value": 1}]}).encode())
        signed = self.signer.headers("monitoring", body, content_type="application/x-amz-json-1.0", content_encoding="gzip",
                                     x_amz_target="GraniteServiceVersion20100801.PutMetricData")
        self.assertEqual(send(self.host, "POST", "/", signed, body)[0], 200)
        status, _, text = self.by_json("ListMetrics", {"Namespace": "Gzip"})
        self.assertEqual((status, json.loads(text)["Metrics"]), (200, [{"Namespace": "Gzip", "MetricName": "m", "Dimensions": []}]))
        form = gzip.compress(b"Action=PutMetricData&Version=2010-08-01&Namespace=GzipQuery&MetricData.member.1.MetricName=m"
                             b"&MetricData.member.1.Value=1")
        self.assertEqual(self.form("monitoring", form, content_encoding="gzip")[0], 200)
        signed = self.signer.headers("monitoring", b"no gzip", content_type="application/x-amz-json-1.0", content_encoding="gzip",
                                     x_amz_target="GraniteServiceVersion20100801.PutMetricData")
        self.assertEqual(send(self.host, "POST", "/", signed, b"no gzip")[0], 400)


if __name__ == "__main__":
    unittest.main(verbosity=2)
