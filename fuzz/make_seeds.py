#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fuzz/seeds/NAME/*: where the fuzzers begin, and what the test fuzz_seeds replays. All of it made here, from our
own words; each target's file says how its input is read. Inputs that once broke something are kept beside them as
seeds/NAME/found-*; this script leaves those alone."""
import gzip
import io
import json
import os
import pathlib
import struct
import zipfile

SEEDS = pathlib.Path(__file__).resolve().parent / "seeds"
made = {}


def seed(target, name, *parts):
    """Parts that are text end with NUL, but for the last; bytes stand as they are."""
    if not (SEEDS.parent / "targets" / f"{target}.cc").exists():
        return
    out = b""
    for i, part in enumerate(parts):
        if isinstance(part, str):
            out += part.encode() + (b"\0" if i + 1 < len(parts) else b"")
        else:
            out += part
    made[(target, name)] = out


def choice(*numbers):
    return bytes((48 + n) & 255 for n in numbers)


def number(n):
    return struct.pack(">H", n)


def policies():
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*", "Service": "sns.amazonaws.com"},
                                                      "Action": "sts:AssumeRole"}]}
    seed("policies", "trust", choice(1, 0), json.dumps(trust), "sts:AssumeRole", "arn:aws:iam::000000000000:role/r", "")
    resource = {"Statement": {"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": ["SNS:Publish"], "Resource": "*",
                              "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:000000000000:alarm:*"},
                                            "StringEquals": {"aws:SourceAccount": "000000000000"}}}}
    seed("policies", "resource", choice(2, 1), json.dumps(resource), "sns:Publish", "arn:aws:sns:eu-west-1:000000000000:t",
         "aws:sourcearn=arn:aws:cloudwatch:eu-west-1:000000000000:alarm:a\naws:sourceaccount=000000000000")
    tests = {"StringLike": {"aws:PrincipalArn": "arn:*${aws:username}"}, "NumericLessThanEquals": {"x": "5"},
             "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}, "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "::1/64"]},
             "Null": {"aws:TokenIssueTime": "true"}, "ForAllValues:StringNotLikeIfExists": {"aws:TagKeys": ["a?", "b*"]},
             "Bool": {"aws:SecureTransport": "false"}, "BinaryEquals": {"k": "YQ=="}}
    identity = {"Version": "2012-10-17", "Id": "i", "Statement": [
        {"Effect": "Deny", "NotAction": ["route53:Get*", "sns:?ublish"], "NotResource": "arn:aws:sns:*:*:t*", "Condition": tests},
        {"Effect": "Allow", "Action": "*", "Resource": ["*"]}]}
    seed("policies", "identity", choice(0, 2), json.dumps(identity), "route53:UpdateHealthCheck", "arn:aws:route53:::healthcheck/h",
         "aws:principalarn=arn:aws:iam::000000000000:role/r\nx=4\naws:sourceip=10.1.2.3\naws:tagkeys=a1\naws:username=u")
    for test, held in tests.items():
        one = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {test: held}}]}
        seed("policies", "test-" + test.split(":")[-1], choice(0, 1), json.dumps(one), "a:b", "*", "x=5\naws:sourceip=::1\nk=YQ==")


def patterns():
    for i, (pattern, tried) in enumerate([
            ("ERROR Exception -DEBUG", "an ERROR Exception"), ("?ERROR ?WARN", "WARN"), ('"exact phrase" -x', "an exact phrase"),
            ('{ $.level = "ERR*" && ($.code >= 500 || $.tags[0] IS NULL) }', '{"level":"ERROR","code":503,"tags":[null]}'),
            ("{ $.a.b NOT EXISTS }", '{"a":{}}'), ("[host, user, status = 4*, ..., bytes > 100]", "h u 404 x y 200"), ("%ab+[0-9]{2}%", "abb12")]):
        seed("patterns", f"logs-{i}", choice(0), pattern, tried)
    for i, (policy, body) in enumerate([
            ({"a": ["x", {"prefix": "y"}, {"numeric": [">", 1, "<=", 5]}], "b": [{"exists": False}]}, {"a": 3}),
            ({"a": {"b": [{"anything-but": ["c"]}, {"suffix": "d"}, {"equals-ignore-case": "E"}]}}, {"a": {"b": "xd"}}),
            ({"$or": [{"c": ["1"]}, {"d": [1, None, True]}]}, {"d": [1, 2]}), ({"ip": [{"cidr": "10.0.0.0/8"}], "w": [{"wildcard": "a*b"}]}, {"ip": "10.1.1.1"})]):
        seed("patterns", f"sns-body-{i}", choice(1), json.dumps(policy), json.dumps(body))
        seed("patterns", f"sns-attributes-{i}", choice(2), json.dumps(policy), "a\nString\nx\nd\nString.Array\n[1,\"x\"]\nip\nNumber\n3")
    for i, (pattern, tried) in enumerate([
            (r"[\w+=,.@-]+", "a.b@c"), (r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", "arn:aws:iam::000000000000:role/r"),
            (r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", "k: v"), (r"(a|b){2,3}c?.*", "abcx"), (r"[\u0009\u000A\u0020-\u00FF]+", "x\u00e9")]):
        seed("patterns", f"model-{i}", choice(3), pattern, tried)
    seed("patterns", "wildcard", choice(4), "a*b?*c", "aXXbYZc")
    for i, (pattern, event) in enumerate([
            ({"source": ["s", {"prefix": "a"}], "detail": {"n": [{"numeric": [">", 0, "<=", 5]}, None, True, 3.5], "x": [{"exists": False}]}},
             {"source": "s", "detail": {"n": 3}}),
            ({"$or": [{"a": {"b": [{"anything-but": {"wildcard": ["*x*", "y"]}}]}}, {"c": [{"cidr": "2001:db8::/32"}]}]},
             {"a": [{"b": "z"}, {"b": 1}], "c": "2001:db8::1"}),
            ({"a.b": [{"suffix": {"equals-ignore-case": "Z"}}, {"anything-but": [1, 2]}], "c": [{"wildcard": "a\\*b*"}]},
             {"a": {"b": "xz"}, "a.b": 1, "c": "a*bc"})]):
        seed("patterns", f"events-{i}", choice(6), json.dumps(pattern), json.dumps(event))
    for i, statistic in enumerate(["p99.9", "TM(10%:90%)", "tm95", "WM(:200)", "PR(1:5)", "TS(80%:)", "IQM", "SampleCount", "TC(0.1:0.2)"]):
        seed("patterns", f"statistic-{i}", choice(7), statistic)
    for i, (pattern, tried) in enumerate([
            (r"(?i)\b(err|warn)[a-z]*\b.*?(?<ms>\d+) ms$", "WARNING it took 12 ms"), (r"^((a+)+|(b|c){2,5}?)*$", "aabcbc"),
            (r"[^\x00-\x1f\]]+|\[[[:digit:]-]", "[7"), (r"(?s:.)\Bx|(?m)^$", "a\nx")]):
        seed("patterns", f"regex-{i}", choice(5), pattern, tried)
    for i, query in enumerate([
            "fields @timestamp, strlen(@message) as n | filter n > 3 and a.b.0 like /x+/ | sort n desc | limit 5",
            "parse @message '[*] *' as level, rest | stats count(*) as n, pct(ms, 99), n / 2 by bin(5m), level",
            "parse @message /(?<a>\\d+) (?<b>.*)/ | filter not (a in [1, 2] or b = 'x') | display a, `b c` | dedup a",
            "filter @type = \"REPORT\" # comment\n| fields -1 ^ 2 * (3 % 2) as x, datefloor(@timestamp, 1h), coalesce(a, null)"]):
        seed("patterns", f"insights-{i}", choice(6), query, '{"a":{"b":["xx"]},"ms":12}')


def schedules():
    for i, text in enumerate(["rate(1 minute)", "rate(5 days)", "cron(0/5 * * * ? *)", "cron(0 0 L * ? 2026)", "cron(15 10 ? * 6L 2026-2027)",
                              "cron(0 18 ? * MON-FRI *)", "cron(0 8 1W * ? *)", "cron(30 0,12 ? JAN,FEB 2#3 *)", "cron(0 0 29 2 ? *)", "cron(0 0 31W 2 ? 2199)"]):
        seed("schedule", f"s{i}", number(37000), text.encode())


def dns_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def dns():
    head = struct.pack(">6H", 0x1234, 0x0100, 1, 0, 0, 0)
    for name, kind in [("example.com", 6), ("www.sub.example.com", 1), ("x.w.example.com", 1), ("l.example.com", 28), ("big.example.com", 16),
                       ("nothing.example.com", 255), ("other.org", 1), ("_s._tcp.example.com", 33), ("example.com", 252)]:
        question = dns_name(name) + struct.pack(">2H", kind, 1)
        seed("dns", f"{name}-{kind}", b"0" + head + question)
        for label, options in [("edns", b""), ("cookie", struct.pack(">2H", 10, 8) + b"8 octets"),
                               ("server-cookie", struct.pack(">2H", 10, 24) + b"8 octets" + bytes(16)), ("subnet", struct.pack(">2H2B2s", 8, 4, 1, 16, b"\1\2")[:8])]:
            opt = b"\0" + struct.pack(">2HIH", 41, 4096, 0x8000, len(options)) + options
            seed("dns", f"{name}-{kind}-{label}", b"0" + head[:10] + b"\0\1" + question + opt)
    seed("dns", "pointer", b"0" + head + b"\xc0\x0c\0\1\0\1")
    seed("dns", "chaos", b"0" + head + dns_name("version.bind") + struct.pack(">2H", 16, 3))
    seed("dns", "notify", b"0" + head[:2] + b"\x20\0" + head[4:] + dns_name("example.com") + struct.pack(">2H", 6, 1))


def rdata():
    for kind, text in [(1, "192.0.2.1"), (28, "2001:db8::1"), (28, "::ffff:192.0.2.1"), (5, "www.example.com."), (15, "10 mail.example.com"), (16, '"a \\"b\\"" "\\303\\244"'),
                       (99, '"v=spf1 -all"'), (2, "ns1.example.com"), (12, "host.example.com"), (33, "1 2 443 srv.example.com"), (6, "ns.x. admin.x. 1 7200 900 1209600 86400"),
                       (257, '0 issue "ca.test; k=v"'), (35, '100 50 "s" "SIP+D2U" "!^.*$!sip:a@b!" .'), (64, '1 . alpn="h2,h3" port=443 ipv4hint=192.0.2.1'),
                       (65, '16 svc.example.com mandatory=alpn alpn="h\\\\,2" ech="AAAA" key65400="x"'), (43, "12345 8 2 " + "AB" * 32), (44, "1 1 " + "cd" * 20),
                       (52, "3 1 1 " + "ef" * 32)]:
        seed("rdata", f"text-{kind}-{len(text)}", choice(2) + number(kind), text.encode())
    for i, name in enumerate(["example.com", "*.example.com.", "a\\052b.example.com", "a\\.b.c", "\\303\\244.x", ".", "x" * 63 + "." + "y" * 63]):
        seed("rdata", f"name-{i}", choice(0) + number(0), name.encode())
    seed("rdata", "wire-name", choice(1) + number(5), dns_name("a.example.com"))
    seed("rdata", "wire-svcb", choice(1) + number(64), b"\0\1\0\0\1\0\3\2h2\0\3\0\2\1\xbb\0\4\0\4\1\2\3\4")
    seed("rdata", "wire-txt", choice(1) + number(16), b"\5hello\0\3\"\\\xff")


SERVICES = ["cloudwatch", "events", "iam", "lambda", "logs", "route53", "sns", "sts"]


def wire():
    bodies = {"json": [b"{}", b'{"AlarmNames":["a"],"MaxRecords":1}', b'{"Tags":[{"Key":"k","Value":null}]}', b'{"StartTime":1.5e9,"EndTime":"2026-01-01T00:00:00Z"}'],
              "form": [b"AlarmNames.member.1=a&MaxRecords=1", b"Attributes.entry.1.key=k&Attributes.entry.1.value=v", b"X.member.1=&X.member.3.Y.Z=1&%zz"],
              "xml": [b"<?xml version=\"1.0\"?><CreateHostedZoneRequest xmlns=\"x\"><Name>a.test</Name><HostedZoneConfig><PrivateZone>false</PrivateZone></HostedZoneConfig></CreateHostedZoneRequest>",
                      b"<a><b>&#x41;&lt;<![CDATA[x]]></b><!-- c --></a>"],
              "cbor": [b"\xa1\x69Namespace\x64Mine", b"\xbf\x6aMetricData\x9f\xa1\x65Value\xfb\x3f\xf0\0\0\0\0\0\0\xff\xff", b"\xa1\x69Timestamp\xc1\x1a\x65\0\0\0"]}
    for s, service in enumerate(SERVICES):
        for protocol in range(4):
            for kind, texts in bodies.items():
                for i, text in enumerate(texts):
                    if (s + protocol + i) % 3 == 0:
                        seed("wire", f"{service}-{protocol}-{kind}-{i}", choice(s) + number(7 * s + i) + choice(protocol, i % 2), text)
    free = [("POST", "/", "application/x-www-form-urlencoded", "", "", "Action=ListTopics&Version=2010-03-31"),
            ("GET", "/2013-04-01/healthcheck?maxitems=1&marker=x", "", "", "", ""),
            ("POST", "/2013-04-01/hostedzone/Z1/rrset/", "application/xml", "", "", "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes/></ChangeBatch></ChangeResourceRecordSetsRequest>"),
            ("POST", "/2015-03-31/functions/f/invocations?Qualifier=1", "application/json", "", "", "{}"),
            ("DELETE", "/2015-03-31/functions/arn%3Aaws%3Alambda/policy/s", "", "", "", ""),
            ("POST", "/", "application/x-amz-json-1.1", "Logs_20140328.PutLogEvents", "", '{"logEvents":[{"timestamp":1,"message":"m"}]}'),
            ("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "application/cbor", "", "gzip", "x")]
    for i, parts in enumerate(free):
        for s, service in enumerate(SERVICES):
            protocols = {"cloudwatch": 3}.get(service, 1)
            if (i + s) % 4 == 0:
                seed("wire", f"free-{i}-{service}", choice(s) + number(0) + choice(protocols), *parts)


def answers():
    bodies = [b'{"__type":"com.amazonaws#ThrottlingException","message":"slow"}', b"{}", b"", b"<html>proxy</html>",
              b"<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>",
              b"<ListTopicsResponse><ListTopicsResult><Topics><member><TopicArn>a</TopicArn></member></Topics></ListTopicsResult></ListTopicsResponse>",
              b"\xa1\x66__type\x61x", b'{"FunctionName":"f","LastModified":"x","Timeout":1e99}']
    heads = [("", ""), ("HTTP/1.1 200 OK\r\n", "X-Amzn-ErrorType: ResourceNotFoundException:http://x\r\n"), ("x-amzn-query-error: Code;Sender\r\n", "Date: Sun, 22 Nov 2026 10:44:32 GMT\r\n")]
    for s, service in enumerate(SERVICES):
        for i, body in enumerate(bodies):
            head = [line for line in heads[(s + i) % 3] if line]
            seed("answers", f"{service}-{i}", choice(s) + number(3 * i + s) + choice(i % 3, i % 9), b"".join(line.encode() + b"\0" for line in head) + b"\0", body)


def signatures():
    credential = "AKID/20261122/eu-west-1/sns/aws4_request"
    header = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=abc"
    query = f"/?Action=X&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential.replace('/', '%2F')}&X-Amz-Date=20261122T104432Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=abc"
    seed("signatures", "header", choice(0), "POST", "/a/../b?c=d&&e", "localhost", header, "20261122T104432Z", "", "", "body")
    seed("signatures", "query", choice(0), "GET", query, "localhost", "", "", "", "", "")
    seed("signatures", "http-date", choice(0), "POST", "/", "h", header, "Sun, 22 Nov 2026 10:44:32 GMT", "token", "UNSIGNED-PAYLOAD", "")
    for how in (1, 2):
        for i, target in enumerate(["/", "/2013-04-01/hostedzone/Z%2F1?x=%C3%A4+b&a=1&a", "/a//b/./../c%zz?=&=&%", "/?\xe4"]):
            seed("signatures", f"own-{how}-{i}", choice(how), "POST", target, " a  b ", "", "", "", "", "body")


def probe_responses():
    packed = gzip.compress(b"all is UP here", mtime=0)
    for i, text in enumerate([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nUP", b"HTTP/1.0 404\r\n\r\n", b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1;x=y\nU\n1\nP\n0\nTrailer: x\n\n",
                              b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n",
                              b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: deflate\r\n\r\nffffffffffffffff\r\n", b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
                              b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300 + b"UP"]):
        for search in (0, 1):
            seed("probe_response", f"r{i}-{search}", choice(search) + bytes([1 + 6 * i]), text)


def runtime_api():
    for i, text in enumerate([b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n" * 2,
                              b"POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
                              b"POST /2018-06-01/runtime/invocation/id/error HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\n\r\n2;x\r\nab\r\n0\r\nLambda-Runtime-Function-Error-Type: t\r\n\r\n",
                              b"POST /2018-06-01/runtime/init/error HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"line\n\x1bmarkone\\ntwo\\\\\nhalf", b"PUT / HTTP/2\r\n\r\n"]):
        seed("runtime_api", f"r{i}", bytes([1 + 40 * i]), text)


def function_events():
    check = "233e180f-f023-45a3-954e-415303f21eab"
    message = {"AlarmName": "sitelatch-" + check, "NewStateValue": "ALARM", "StateChangeTime": "2026-11-22T12:00:00.000+0000",
               "AlarmArn": f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:sitelatch-{check}",
               "Trigger": {"MetricName": "HealthCheckStatus", "Namespace": "AWS/Route53", "Dimensions": [{"value": check, "name": "HealthCheckId"}]}}
    event = {"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "m", "TopicArn": f"arn:aws:sns:us-east-1:000000000000:sitelatch-{check}",
                                                             "Message": json.dumps(message), "Timestamp": "2026-11-22T12:00:01.000Z"}}]}
    seed("function_event", "alarm", choice(0), json.dumps(event))
    seed("function_event", "tick", choice(0), json.dumps({"source": "aws.events", "detail-type": "Scheduled Event", "resources": ["arn:aws:events:us-east-1:000000000000:rule/sitelatch-" + check], "time": "2026-11-22T12:00:00Z"}))
    seed("function_event", "self-test", choice(0), '{"sitelatch":"self-test"}')
    seed("function_event", "check", choice(1), f"<?xml version=\"1.0\"?><GetHealthCheckResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><HealthCheck><Id>{check}</Id><HealthCheckConfig><Type>HTTPS</Type><ResourcePath>/lb-check</ResourcePath><FullyQualifiedDomainName>p.test</FullyQualifiedDomainName><Inverted>false</Inverted><Disabled>false</Disabled></HealthCheckConfig><HealthCheckVersion>3</HealthCheckVersion></HealthCheck></GetHealthCheckResponse>")
    seed("function_event", "calculated", choice(1), f"<R><HealthCheck><Id>{check}</Id><HealthCheckConfig><Type>CALCULATED</Type><HealthThreshold>1</HealthThreshold><ChildHealthChecks><ChildHealthCheck>a</ChildHealthCheck></ChildHealthChecks></HealthCheckConfig><HealthCheckVersion>1</HealthCheckVersion></HealthCheck></R>")
    seed("function_event", "alarms", choice(1), f"<R><DescribeAlarmsResult><MetricAlarms><member><AlarmArn>arn:aws:cloudwatch:us-east-1:000000000000:alarm:sitelatch-{check}</AlarmArn><StateValue>OK</StateValue><ActionsEnabled>true</ActionsEnabled><StateTransitionedTimestamp>2026-11-22T11:00:00.000Z</StateTransitionedTimestamp></member></MetricAlarms></DescribeAlarmsResult></R>")
    seed("function_event", "tags", choice(1), "<R><ListTagsForResourceResult><Tags><member><Key>sitelatch:release</Key><Value>3 at=2026-11-22T11:00:00Z</Value></member></Tags></ListTagsForResourceResult></R>")
    for i, text in enumerate([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Slow Down\r\nConnection: close\r\n\r\nrest",
                              b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nA: b\r\n\r\n", b"HTTP/1.0 204 No Content\r\n\r\n"]):
        seed("function_event", f"http-{i}", choice(2) + bytes([1 + 9 * i]), text)
    seed("function_event", "request", choice(0), json.dumps({"version": "2.0", "rawPath": "/relay/0123456789abcdef", "requestContext": {
        "http": {"method": "GET", "path": "/relay/0123456789abcdef"}, "timeEpoch": 1795348860000}}))
    question = dns_name("_sentinel.client.example.test") + struct.pack(">2H", 16, 1)
    for name, flags, answers, record in (("one", 0x8400, 1, b"\xc0\x0c" + struct.pack(">2HIH", 16, 1, 1, 7) + b"\x06backup"),
                                         ("two-strings", 0x8400, 1, b"\xc0\x0c" + struct.pack(">2HIH", 16, 1, 1, 8) + b"\x03bac\x03kup"),
                                         ("round", 0x8400, 1, b"\x01a\xc0\x2f" + struct.pack(">2HIH", 16, 1, 1, 1) + b"\0"),
                                         ("cut", 0x8600, 0, b""), ("none", 0x8403, 0, b"")):
        seed("function_event", f"dns-{name}", choice(3), struct.pack(">6H", 0x1234, flags, 1, answers, 0, 0) + question + record)
    for i, text in enumerate(["ns-1.example.net 192.0.2.1:53,[2001:db8::1]:54", "[::1]", "2001:db8::1", "a:b:c]", ":"]):
        seed("function_event", f"servers-{i}", choice(4), text)


def guard_json():
    for i, text in enumerate(['{"a":[1,-2.5e3,true,false,null,"\\u00e4\\ud83d\\udd12\\n"],"a":{}}', "[[[[[[]]]]]]", '"x\\"y"', "1e999", " 0 "]):
        seed("guard_json", f"json-{i}", choice(0), text)
    seed("guard_json", "record", choice(1), "/lb-check", "path", "2 at=2026-11-22T11:00:00.000Z alarm=2026-11-22T10:59:00.000Z window=600", "g", "/lb-check", "path", "3 at=2026-11-22T11:00:00Z",
         "2026-11-22T11:00:00Z 2026-11-22T12:00:00Z primary", "why=20not", "release=3 at=2026-11-22T11:00:00Z by=alarm", "2026-11-22T12:00:00Z")
    seed("guard_json", "audit", choice(2), '{"sitelatch":1,"at":"2026-11-22T11:00:00.000Z","healthCheck":"h","action":"trip","stage":"done","change":"c","who":"arn:aws:iam::000000000000:user/u","why":"x","before":"ResourcePath=/lb-check","after":"ResourcePath=/lb-check-failed-over","version":"2","requestId":"r"}')
    seed("guard_json", "policy", choice(3), '{"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:sns:us-east-1:000000000000:t"}}}]}')
    reply = struct.pack(">6H", 1, 0x8400, 0, 2, 0, 0) + dns_name("a.test") + struct.pack(">2HIH", 1, 1, 60, 4) + bytes([192, 0, 2, 1])
    seed("guard_json", "reply", choice(4, 0), reply + b"\xc0\x0c" + struct.pack(">2HIH", 5, 1, 60, 2) + b"\xc0\x0e")
    seed("guard_json", "tag", choice(5), "a text: with (odd) characters; \u00e4 and %7B%22a%22%3A1%7D =41")


def texts():
    for i, text in enumerate([b"aGVsbG8=", b"616263", b"a%20b+c%zz", "\u00e4\U0001f512".encode(), bytes(range(256))]):
        seed("texts", f"encoding-{i}", choice(0), text)
    for i, text in enumerate(["2026-11-22T10:42:21.231Z", "2026-11-22T10:42:21+01:00", "Tue, 29 Apr 2014 18:30:38 GMT", "1767225600.5", "1h30m", "500ms", "-9223372036854775808", "1e308", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"]):
        seed("texts", f"time-{i}", choice(1), text)
    for i, text in enumerate(["arn:aws:sns:eu-west-1:000000000000:t:s", "arn:aws-cn:iam::000000000000:role/a/b", "127.0.0.1:4566", "[::1]:53", "localhost:0", "http://127.0.0.1:4566/prefix", "https://[2001:db8::1]", "http://h:99999"]):
        seed("texts", f"place-{i}", choice(2), text)
    for i, text in enumerate(['{"a":[1,2.5,18446744073709551615,"x",null,true]}', "[" * 40 + "]" * 40, '"\\ud800"', "-0.0", "1e400"]):
        seed("texts", f"value-{i}", choice(3), text)
    seed("texts", "gzip", choice(4), gzip.compress(b"hello " * 50, mtime=0))
    seed("texts", "gzip-cut", choice(4), gzip.compress(bytes(20000), mtime=0)[:-4])


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def chunks():
    real = lambda x: struct.pack("<d", x)
    seed("chunk", "equal", b"\0" + varint(1) + varint(3) + varint(40) + b"\1" + real(2) + real(1))
    seed("chunk", "values", b"\2" + varint(2) + varint(0) + varint(1) + b"\2" + real(3) + real(6) + real(3) + real(1) + varint(2) + real(1) + real(1) + real(3) + real(2)
         + varint(59) + varint(1) + b"\4" + real(2) + real(3) + real(2) + real(1))
    seed("chunk", "units", b"\0" + varint(0) + b"\x1a" + varint(1) + varint(0) + varint(60) + b"\1" + real(float("nan")) + real(float("inf")))


def messages():
    seed("messages", "notification", choice(0, 0, 0), "subject", "hello\n\"world\" \u00e4", "a", "String", "b", "n", "Number", "1.5", "l", "String.Array", "[1]")
    seed("messages", "confirmation", choice(0, 1, 1), "", "You have chosen to subscribe")
    seed("messages", "leave", choice(0, 2, 1), "", "bye")
    seed("messages", "mail", choice(1), "a@b.test", "ALARM: \"x\" in Europe \u00e4", "a body\nof two lines\n")
    seed("messages", "mail-long", choice(1), "a@b.test", "s" * 1000, "x" * 1200)
    seed("messages", "input", choice(2, 0), '{"a":1}')
    seed("messages", "path", choice(2, 1), "$.detail.a['b'][0]")
    seed("messages", "transformer", choice(2, 2), '"<a> is <b> of <aws.events.rule-arn> at <aws.events.event.ingestion-time>"', "a", "$.time", "b", "$.resources[0]", "")
    seed("messages", "template", choice(2, 2), '{"x": <a>, "y": "<a>", "e": <aws.events.event>}', "a", "$", "")
    seed("messages", "delivery", choice(3), '{"http":{"defaultHealthyRetryPolicy":{"numRetries":10,"minDelayTarget":1,"maxDelayTarget":60,"numMinDelayRetries":2,"numMaxDelayRetries":3,"numNoDelayRetries":1,"backoffFunction":"exponential"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"application/json"}}}',
         '{"healthyRetryPolicy":{"numRetries":3,"backoffFunction":"geometric","minDelayTarget":5,"maxDelayTarget":10},"throttlePolicy":{"maxReceivesPerSecond":1}}')
    seed("messages", "publication", choice(4, 1), '{"default":"d","http":"h","email":"e","lambda":"l"}', "Subject", "a", "String", "b", "n", "Number", "12e3", "l", "String.Array", '["x",1,null]', "")


def aws_files():
    config = "[default]\nregion = eu-west-1\n[profile ops]\nrole_arn = arn:aws:iam::000000000000:role/r\nsource_profile = base\nservices = here\nmax_attempts = 3\nroute53 =\n  endpoint_url = http://127.0.0.1:4566\n[services here]\nsns =\n  endpoint_url = https://[::1]:1/p\n"
    credentials = "[base]\naws_access_key_id = AKID\naws_secret_access_key = \"s\"\n# comment\n[default]\ncredential_process = /bin/p 'a b' \"c\\\"d\"\n"
    printed = '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","SessionToken":"T","Expiration":"2030-01-01T00:00:00Z"}'
    seed("aws_files", "ops", config, credentials, "", "", "", "", "ops")
    seed("aws_files", "process", config, credentials, "http://127.0.0.1:4566", "us-gov-west-1", printed, "a 'b c' \"d\\\"e\" \\f", "")
    seed("aws_files", "sso", "[default]\nsso_session = s\nsso_account_id = 1\nuse_fips_endpoint = true\nuse_dualstack_endpoint=true\nca_bundle=/x\n[sso-session s]\n", "", "https://user@host:99999/a?b", "cn-north-1", printed, "'", "default")
    seed("aws_files", "web-identity", "[default]\nweb_identity_token_file=/t\nrole_arn=arn:aws:iam::000000000000:role/r\nmfa_serial=m\ncredential_source=Environment\n", "", "ftp://x", "eu-isoe-west-1", "", "", "")


def settings():
    seed("settings", "guards", 'profile = "prod"\ncheck = ["a", "b"]\n[guards.shop]\nhealth-check = "client.example.com"\n[guards."bank.example.com"]\ntag = "a=b"\n[console]\nprofile = ["x"]\n')
    seed("settings", "wrong", 'profle = "x"\nwindow = 15\nsecret_access_key = "s"\nnotify = "https://a:b@c/"\n[[guards]]\nx = 1979-05-27T07:32:00Z\n')


def zips():
    def archive(entries, method=zipfile.ZIP_STORED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as z:
            for name, content, mode in entries:
                info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
                info.external_attr = mode << 16
                info.compress_type = method
                z.writestr(info, content)
        return out.getvalue()
    seed("zips", "plain", archive([("index.py", "def handler(e, c): return e\n", 0o100644), ("bootstrap", "#!/bin/sh\n", 0o100755)]))
    seed("zips", "packed", archive([("d/e/f.txt", "x" * 500, 0o100600), ("d/", "", 0o40755)], zipfile.ZIP_DEFLATED))
    seed("zips", "links", archive([("l", "../../outside", 0o120777), ("l/f", "through a link", 0o100644), ("m", "l", 0o120777)]))
    seed("zips", "slip", archive([("../up", "x", 0o100644), ("/abs", "x", 0o100644), ("a/../../b", "x", 0o100644), ("a\\..\\c", "x", 0o104755)]))
    seed("zips", "twice", archive([("a", "file", 0o100644), ("a/b", "below a file", 0o100644), ("", "no name", 0o100644)]))
    seed("zips", "fifo", archive([("p", "", 0o10644), ("n" * 300, "", 0o100644), ("x/" * 60 + "y", "", 0o100644)]))
    seed("zips", "bomb", archive([("b", bytes(60000), 0o100644)] * 1 + [("c", bytes(60000), 0o100644)], zipfile.ZIP_DEFLATED))


def control():
    plan = ["1", "1", "0", "1000", "1000", "512", "2048", "1024", "1024", "/root", "/code", "/rt", "", "1", "/usr", "2", "2", "/bin/sh", "-c", "1", "x", "1", "A=b"]
    seed("control", "plan", choice(0), b"".join(part.encode() + b"\0" for part in plan))
    for i, text in enumerate(['{"command":"list-health"}', '{"command":"advance","nanoseconds":60000000000}', '{"command":"health","id":"x","status":"down"}', '{"command":["a"],"id":{}}', "[]", '{"command":"health","id":1,"status":null}',
                              '{"command":"fault","kind":"lag","service":"sns","operation":"List*","region":"eu-west-1","count":2,"forNanoseconds":60000000000,"behindNanoseconds":1}',
                              '{"command":"service-control","name":"f","document":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[]}"}',
                              '{"command":"list-faults"}', '{"command":"clear-faults","id":1}']):
        seed("control", f"request-{i}", choice(1), text)


def handlers():
    for first in range(0, 60, 12):
        steps = b"".join(choice(4) + bytes([i]) + choice(0, 0) for i in range(first, first + 12))
        seed("handlers", f"recipes-{first}", steps)
        seed("handlers", f"recipes-crash-{first}", steps + choice(6) + b"\x0f" + choice(7))
        for caller, word in ((1, "user"), (2, "session"), (3, "nobody")):
            seed("handlers", f"recipes-{word}-{first}", b"".join(choice(4) + bytes([i]) + choice(i % 2, caller) for i in range(first, first + 12)))
    for first in range(0, 180, 6):
        for drawn in (b"\1\1\1\1\0\3", b"\0" * 40, bytes(range(7, 67))):
            steps = b"".join(choice(0) + number(i) + choice(i % 3, 0, 3 if i % 5 == 0 else 0) + bytes([len(drawn)]) + drawn for i in range(first, first + 6))
            seed("handlers", f"generated-{first}-{len(drawn)}", steps)
    spelled = ['{"AlarmNames":["a"]}', '{"logGroupName":"lg","filterPattern":"{ $.a = 1 }"}', '{"Rule":"rule","Targets":[{"Id":"1","Arn":"arn:aws:sns:eu-west-1:000000000000:t","Input":"{}"}]}',
               "TopicArn=arn:aws:sns:eu-west-1:000000000000:t&Message=m", '{"FunctionName":"f"}', "RoleName=r&PolicyName=p",
               "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes><Change><Action>UPSERT</Action></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"]
    for i, body in enumerate(spelled):
        for op in range(i, 180, 36):
            seed("handlers", f"spelled-{i}-{op}", choice(5) + number(op) + choice(i % 3, 0), "", body)


def journal_rows():
    texts = ["", "{}", "null", "[]", "1", '"x"', '{"name":1}', '{"arn":null}', "x", "\xff", "9223372036854775807", '{"due_ms":1e300}', '{"settings":[1],"tags":{"a":1}}', "{", "999999999999"]
    for row in range(0, 80, 2):
        text = texts[row // 2 % len(texts)]
        for how in (0, 1):
            seed("journal_rows", f"row-{row}-{how}", number(row) + choice(how) + number(0), text.encode("latin-1") + b"\0")
        seed("journal_rows", f"cut-{row}", number(row) + choice(3) + number(row * 3) + b"\0")
        seed("journal_rows", f"gone-{row}", number(row) + choice(2) + number(0) + b"\0")
        seed("journal_rows", f"spliced-{row}", number(row) + choice(5) + number(row * 5 + 9) + b'null\0')


def http_requests():
    head = "POST / HTTP/1.1\r\nHost: 127.0.0.1:4566\r\n"
    for i, text in enumerate([head + "Content-Length: 2\r\n\r\nok" + "GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n", head + "Transfer-Encoding: chunked\r\nTrailer: x\r\n\r\n2;e=\"v\"\r\nok\r\n0\r\nx: y\r\n\r\n",
                              head + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", head + "Host: b\r\n\r\n",
                              head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
                              "GET http://h/ HTTP/1.1\r\nHost: h\r\nA:\r\n b\r\n\r\n", head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "\r\n" + head + "\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]):
        seed("http_requests", f"r{i}", bytes([1 + 20 * i]), text.encode())


def alarm_words():
    for i, rule in enumerate(["ALARM(a) AND NOT OK(\"b c\") OR (TRUE AND INSUFFICIENT_DATA(a))", "AT_LEAST(50%, NOT ALARM, (a, b, \"c\"))",
                              "AT_LEAST(1, OK, (arn:aws:cloudwatch:us-east-1:000000000000:alarm:a))", "((ALARM(a))", "FALSE"]):
        seed("alarm_words", f"rule-{i}", choice(0), rule, "a b c")
    for i, text in enumerate(["IF(FILL(a, 0) > AVG(b) && DAY(a) < 6, RATE(a), -b^2)", "SUM(SLICE(SORT(METRICS(), MAX, DESC, 3), 0, 2)) / PERIOD(a)",
                              "FILL([a, b], LINEAR) * 1e-3", "RUNNING_SUM(DIFF(a)) OR LOG10(ABS(b)) <= 2", "REMOVE_EMPTY(SEARCH('{N} x', 'Sum', 60))",
                              "TIME_SERIES(METRIC_COUNT(METRICS(\"a\")))", "STDDEV(METRICS())-FIRST([a])"]):
        seed("alarm_words", f"math-{i}", choice(1), text, "ab cz  a")
    for i, text in enumerate(["{AWS/EC2,InstanceId} cpu NOT \"x\"", "(MetricName=\"a b\" OR InstanceId=i) AND Namespace=EC2"]):
        seed("alarm_words", f"search-{i}", choice(2), text, "CPUUtilization")
    for i, (text, duration) in enumerate([("cron(0 2 * * SUN)", "PT4H"), ("cron(*,5 1-3 29 FEB 0-7)", "P2DT12H30M"), ("at(2026-05-10T14:00)", "P15D")]):
        seed("alarm_words", f"schedule-{i}", choice(3), text, duration)
    widgets = [{"type": "metric", "x": 1, "properties": {"region": "r", "metrics": [["N", "M", "D", "v", {"stat": "Sum"}], "x", [{}, 1]]}},
               {"type": "alarm", "properties": {"alarms": []}}, {"type": "pie", "foo": 1}, {"type": "metric", "properties": {}}]
    seed("alarm_words", "dashboard", choice(4), json.dumps({"start": "-PT1H", "periodOverride": "auto", "widgets": widgets}))


DICTIONARIES = {
    "alarm_words": ["ALARM(", "OK(", "INSUFFICIENT_DATA(", "AT_LEAST(", "TRUE", "FALSE", " AND ", " OR ", "NOT ", "50%", "METRICS(", "FILL(", "IF(", "SORT(", "SLICE(", "SEARCH(", "REPEAT", "LINEAR", "AVG(", "RATE(", "ASC",
                    "cron(", "at(", "PT1H", "P1D", "widgets", "properties", "metrics", "annotations", "MetricName=", "{N}"],
    "policies": ["Version", "2012-10-17", "Statement", "Effect", "Allow", "Deny", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition", "Service", "AWS", "StringEquals",
                 "StringLike", "NumericLessThan", "DateGreaterThan", "IpAddress", "ArnLike", "BoolIfExists", "ForAnyValue:", "ForAllValues:", "Null", "${aws:username}", "arn:aws:", "::", "*", "?"],
    "patterns": ["$.", "&&", "||", " IS NULL", " NOT EXISTS", " IS TRUE", "...", "%", "prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "wildcard", "equals-ignore-case", "$or", "\\p{L}", "\\d", "(?!", "(?<=",
                 "{1,3}", "tm(", "PR(", "%:"],
    "schedule": ["rate(", "cron(", " minutes)", " hours)", " days)", "MON", "JAN", "L", "W", "#", "?", "*/", "-"],
    "dns": ["\\xc0\\x0c", "\\x00\\x00\\x29", "\\x00\\x0a\\x00\\x08", "\\x07example\\x03com\\x00", "\\x00\\x10\\x00\\x01"],
    "rdata": ["alpn=", "mandatory=", "ipv4hint=", "ech=", "key65535=", "no-default-alpn", "\\\\052", "issue", "\\\\# 4 "],
    "wire": ["member.1", "entry.1.key", "&", "null", "<![CDATA[", "&#x", "xsi:nil", "\\xbf", "\\xff", "\\xc1\\xfb", "\\x9b\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff", "Infinity", "NaN", "1e400"],
    "answers": ["__type", "Code", "Message", "<Error>", "<Errors>", "X-Amzn-ErrorType: ", "x-amzn-query-error: ", "RequestId", "HTTP/1.1 100\\x0d\\x0a"],
    "signatures": ["AWS4-HMAC-SHA256", "Credential=", "SignedHeaders=host", "Signature=", "/aws4_request", "X-Amz-Algorithm=", "X-Amz-Credential=", "X-Amz-Date=", "X-Amz-Expires=", "X-Amz-SignedHeaders=", "X-Amz-Signature=", "%2F"],
    "probe_response": ["HTTP/1.1 200 OK\\x0d\\x0a", "Content-Length: ", "Transfer-Encoding: chunked", "Content-Encoding: gzip", "deflate", "\\x0d\\x0a\\x0d\\x0a", "UP", "0\\x0d\\x0a"],
    "runtime_api": ["Content-Length: ", "Transfer-Encoding: chunked", "Expect: 100-continue", "Connection: close", "/2018-06-01/runtime/", "invocation/", "/response", "\\x0d\\x0a\\x0d\\x0a", "\\x1bmark"],
    "function_event": ["Records", "Sns", "Message", "TopicArn", "Trigger", "Dimensions", "HealthCheckId", "NewStateValue", "ALARM", "<HealthCheckConfig>", "<ResourcePath>", "<member>", "</member>", "<![CDATA[", "<!--", "&amp;",
                       "Transfer-Encoding: chunked", "Content-Length: "],
    "guard_json": ["\\\\u00", "\\\\ud83d", "release=", "by=alarm", "planned", " at=", "=20", "healthCheck", "action", "stage"],
    "messages": ["<aws.events.event>", "<aws.events.rule-name>", "$.detail", "['", "']", "numRetries", "healthyRetryPolicy", "defaultHealthyRetryPolicy", "backoffFunction", "String.Array", "Number", "Binary", "default", "\\x0d\\x0a", "\\x00"],
    "aws_files": ["[default]\\x0a", "[profile a]\\x0a", "[services a]\\x0a", "role_arn=", "source_profile=", "credential_process=", "endpoint_url=", "services=a\\x0a", "use_fips_endpoint=true\\x0a", "region=", "\\x00", "web_identity_token_file="],
    "zips": ["PK\\x01\\x02", "PK\\x03\\x04", "PK\\x05\\x06", "PK\\x06\\x06", "../", "\\x55\\x54\\x05\\x00"],
    "control": ["command", "advance", "nanoseconds", "health", "list-health", "status", "down", "auto", "fault", "service-control", "document", "list-faults",
                "clear-faults", "kind", "throttle", "lag", "service", "operation", "region", "count", "forNanoseconds", "behindNanoseconds", "\\x00"],
    "http_requests": ["Content-Length: ", "Transfer-Encoding: chunked", "Expect: 100-continue", "Host: ", "Connection: close", "\\x0d\\x0a\\x0d\\x0a", "HTTP/1.1\\x0d\\x0a", "Origin: http://x", "Sec-Fetch-Site: cross-site", "0\\x0d\\x0a\\x0d\\x0a"],
    "handlers": ["null", "[null]", "{}", "[]", "\\\"\\\"", "arn:aws:lambda:eu-west-1:000000000000:function:f", "arn:aws:sns:eu-west-1:000000000000:t", "example.test", "\\\"Version\\\":\\\"2012-10-17\\\"", "member.1=", "lg", "rule", "\\x00"],
    "journal_rows": ["null", "{}", "[]", "\\\"\\\"", "1e300", "-1", "9223372036854775807", "true", "\\x00", "\\xff"],
}


def main():
    for make in (policies, alarm_words, patterns, schedules, dns, rdata, wire, answers, signatures, probe_responses, runtime_api, function_events, guard_json, texts, chunks, messages, aws_files, settings, zips, control,
                 handlers, journal_rows, http_requests):
        make()
    for folder in SEEDS.glob("*"):
        for file in folder.glob("*"):
            if not file.name.startswith("found-") and (folder.name, file.name) not in made:
                file.unlink()
    for (target, name), content in made.items():
        file = SEEDS / target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    words = SEEDS.parent / "dictionaries"
    words.mkdir(exist_ok=True)
    for target, entries in DICTIONARIES.items():
        if not (SEEDS.parent / "targets" / f"{target}.cc").exists():
            continue
        (words / f"{target}.dict").write_text("".join(f'"{entry}"\n' for entry in entries))
    print(f"{len(made)} seeds, {sum(map(len, made.values()))} bytes, {len(DICTIONARIES)} dictionaries")


if __name__ == "__main__":
    os.umask(0o022)
    main()
