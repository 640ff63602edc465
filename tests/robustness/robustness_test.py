#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real engine under hostile and broken clients, and under kill -9: it goes on answering, and what it acknowledged is
there afterwards. Standard library only; random input is seeded (SITELATCH_SEED)."""
import gzip
import http.client
import json
import os
import random
import re
import socket
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import signed_client  # noqa: E402
from signed_client import address_of, say  # noqa: E402
from sitelatch import Workplace, dns_lookup, wait_until  # noqa: E402

SEED = int(os.environ.get("SITELATCH_SEED", "1"))


class Client(signed_client.Client):
    def create_topic(self, name):
        return self.query("sns", Action="CreateTopic", Version="2010-03-31", Name=name)

    def topics(self):
        names, token = set(), {}
        while True:
            status, body = self.query("sns", Action="ListTopics", Version="2010-03-31", **token)
            assert status == 200, body
            names.update(re.findall(r"<TopicArn>[^<]*:([^<:]+)</TopicArn>", body.decode()))
            following = re.search(r"<NextToken>([^<]+)</NextToken>", body.decode())
            if not following:
                return names
            token = {"NextToken": following.group(1)}


class Hostile(unittest.TestCase):
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
        self.random = random.Random(SEED)

    def tearDown(self):
        self.assertIsNone(self.engine.process.poll(), self.engine.log_text()[-3000:])
        self.assertTrue(Client(self.engine).alive())

    def test_broken_requests(self):
        good = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n0123456789"
        for cut in range(len(good)):
            say(self.engine, good[:cut])
        for text in (b"\r\n\r\n", b"GET", b"\0" * 1000, b"\x16\x03\x01\x02\x00" + bytes(500), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                     b"GET / HTTP/9.9\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nBad Header\r\n\r\n",
                     b"GET / HTTP/1.1\r\n: v\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                     b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
                     b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"):
            answer = say(self.engine, text)
            self.assertTrue(answer == b"" or re.match(rb"HTTP/1\.1 4\d\d ", answer), (text[:60], answer[:80]))

    def test_huge_headers(self):
        self.assertRegex(say(self.engine, b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")[:12] or b"HTTP/1.1 431", rb"HTTP/1\.1 4(31|00)")
        self.assertRegex(say(self.engine, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n")[:12] or b"HTTP/1.1 431", rb"HTTP/1\.1 4(31|00|14)")
        say(self.engine, b"GET / HTTP/1.1\r\n" + b"".join(b"h%d: v\r\n" % i for i in range(5000)) + b"\r\n")

    def test_chunked_garbage(self):
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in (b"zz\r\n", b"FFFFFFFFFFFFFFFFFF\r\n", b"5\r\nab\r\n0\r\n\r\n", b"-1\r\n", b"1;" + b"x" * 100_000 + b"\r\na\r\n0\r\n\r\n",
                     b"1\r\na\r\n0\r\nTrailer: x\r\n\r\n", b"7fffffffffffffff\r\nabc"):
            say(self.engine, head + body)

    def test_pipelined_requests_are_answered_in_order(self):
        one = b"GET /nothing-here HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answers = say(self.engine, one * 50)
        self.assertEqual(answers.count(b"HTTP/1.1 "), 50)

    def test_random_bytes(self):
        for _ in range(150):
            data = bytes(self.random.randrange(256) for _ in range(self.random.randrange(400)))
            if self.random.random() < 0.5:
                data = b"POST / HTTP/1.1\r\n" + data
            say(self.engine, data)

    def test_a_thousand_idle_and_slow_connections(self):
        links = []
        for number in range(1000):
            link = socket.create_connection(address_of(self.engine.api), timeout=10)
            link.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nab"[:number % 50])
            links.append(link)
        self.assertTrue(Client(self.engine).alive())
        for link in links:
            link.close()

    def test_bodies_that_unfold(self):
        client = Client(self.engine)
        bomb = gzip.compress(bytes(400 << 20), compresslevel=9)
        status, _ = client.send("POST", "/", bomb, "monitoring", content_encoding="gzip", content_type="application/x-amz-json-1.0",
                                x_amz_target="GraniteServiceVersion20100801.PutMetricData")
        self.assertIn(status, (400, 413))
        status, _ = client.send("POST", "/", b"\x1f\x8b" + bytes(50), "monitoring", content_encoding="gzip",
                                content_type="application/x-amz-json-1.0", x_amz_target="GraniteServiceVersion20100801.PutMetricData")
        self.assertEqual(status, 400)

    def test_documents_of_great_depth(self):
        client = Client(self.engine)
        deep = 200_000
        cases = [
            ("logs", "/", b'{"logGroupName":' + b"[" * deep, {"content_type": "application/x-amz-json-1.1", "x_amz_target": "Logs_20140328.CreateLogGroup"}),
            ("logs", "/", b'{"a":' * deep, {"content_type": "application/x-amz-json-1.1", "x_amz_target": "Logs_20140328.CreateLogGroup"}),
            ("monitoring", "/service/GraniteServiceVersion20100801/operation/PutMetricData", b"\x81" * deep,
             {"content_type": "application/cbor", "smithy_protocol": "rpc-v2-cbor"}),
            ("monitoring", "/service/GraniteServiceVersion20100801/operation/PutMetricData", b"\x9b\x7f" + b"\xff" * 7,
             {"content_type": "application/cbor", "smithy_protocol": "rpc-v2-cbor"}),
            ("route53", "/2013-04-01/healthcheck", b"<a>" * deep, {"content_type": "application/xml"}),
            ("route53", "/2013-04-01/healthcheck", b'<!DOCTYPE a [<!ENTITY b "' + b"c" * 100 + b'">]><a>&b;</a>', {"content_type": "application/xml"}),
            ("sns", "/", b"Action=Publish&Version=2010-03-31&" + b"&".join(b"a.member.%d.b.entry.1=x" % n for n in range(20_000)),
             {"content_type": "application/x-www-form-urlencoded"}),
        ]
        for service, path, body, headers in cases:
            status, answer = client.send("POST", path, body, service, **headers)
            self.assertEqual(status // 100, 4, (service, answer[:200]))
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})[:-2] + "[" * 5000 + "]" * 5000 + "]}"
        status, _ = client.query("iam", Action="CreateRole", Version="2010-05-08", RoleName="deep", AssumeRolePolicyDocument=policy)
        self.assertEqual(status, 400)

    def test_dns_garbage_over_udp_and_tcp(self):
        host, port = address_of(self.engine.dns)
        query = struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0) + b"\x03www\x07example\x04test\x00" + struct.pack("!HH", 1, 1)
        odd = [query[:cut] for cut in range(len(query))]
        odd += [struct.pack("!HHHHHH", 7, 0, 65535, 65535, 65535, 65535), query[:12] + b"\xc0\x0c" + query[-4:], query[:12] + b"\xc0\xff",
                query[:12] + b"\x3f" * 300, query[:12] + (b"\x3f" + b"a" * 63) * 8, struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 0, 0) + query[12:]]
        odd += [bytes(self.random.randrange(256) for _ in range(self.random.randrange(600))) for _ in range(400)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            for packet in odd:
                link.sendto(packet, (host, port))
        for packet in odd[:120]:
            with socket.create_connection((host, port), timeout=10) as link:
                link.sendall(struct.pack("!H", self.random.choice([len(packet), 65535, 1, 0])) + packet)
        self.assertEqual(dns_lookup(host, port, "www.example.test")[0], 5)  # REFUSED, and answered

    def test_control_socket_garbage(self):
        path = os.path.join(self.engine.data_dir, "control.sock")
        lines = [b"\n", b"{}\n", b"[]\n", b"nonsense\n", b"\xff\xfe\n", b'{"command":5}\n', b'{"command":"health","id":5,"status":[]}\n',
                 b'{"command":"health","id":"x","status":"down"}\n', b'{"command":"advance","nanoseconds":"x"}\n',
                 b'{"command":"advance","nanoseconds":9223372036854775807}\n', b"[" * 100_000 + b"\n", b'{"command":"list-health"}\n']
        for line in lines:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(10)
                link.connect(path)
                link.sendall(line)
                answer = link.makefile("rb").readline()
                self.assertIsInstance(json.loads(answer), dict, (line[:40], answer))
        for data in (b"", b"no newline", bytes(1 << 16)):
            with socket.socket(socket.AF_UNIX) as link:
                link.connect(path)
                link.sendall(data)
        idle = [socket.socket(socket.AF_UNIX) for _ in range(100)]
        for link in idle[:16]:
            link.connect(path)
        self.assertEqual(self.engine.command("health", "--json").stdout, "[]\n")
        for link in idle:
            link.close()


class Endings(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.__exit__, None, None, None)

    def write_until_the_end(self, engine, threads=4):
        """Topics by several clients until the engine is gone; gives the names that were acknowledged, and how to wait."""
        acknowledged, attempted, lock = set(), [], threading.Lock()

        def write(number):
            count = 0
            try:
                client = Client(engine)
                while True:
                    name = f"t-{os.urandom(3).hex()}-{number}-{count}"
                    count += 1
                    with lock:
                        attempted.append(name)
                    status, body = client.create_topic(name)
                    if status != 200:
                        raise AssertionError(body)
                    with lock:
                        acknowledged.add(name)
            except (OSError, http.client.HTTPException):
                pass  # the engine is gone

        workers = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        return acknowledged, workers

    def test_what_was_acknowledged_survives_kill(self):
        engine = self.place.engine()
        everything = set()
        chance = random.Random(SEED)
        for _ in range(6):
            acknowledged, workers = self.write_until_the_end(engine)
            enough = chance.randrange(20, 120)
            wait_until(lambda: len(acknowledged) >= enough, "topics are made")
            engine.kill()
            for worker in workers:
                worker.join()
            everything |= acknowledged
            engine = self.place.keep(engine.restarted())
            self.assertEqual(everything - Client(engine).topics(), set())
        self.assertEqual(engine.stop(), 0)

    def test_sigterm_under_load_finishes_what_it_began(self):
        engine = self.place.engine()
        acknowledged, workers = self.write_until_the_end(engine, threads=8)
        wait_until(lambda: len(acknowledged) >= 100, "topics are made")
        begun = time.monotonic()
        self.assertEqual(engine.stop(), 0)
        self.assertLess(time.monotonic() - begun, 15)
        for worker in workers:
            worker.join()
        again = self.place.keep(engine.restarted())
        self.assertEqual(acknowledged - Client(again).topics(), set())

    def test_few_descriptors_do_not_stop_it(self):
        import resource
        if "ASAN_OPTIONS" in os.environ:
            self.skipTest("without descriptors UBSan cannot look at memory, and accuses it (its vptr check makes a pipe)")
        engine = self.place.engine("--ephemeral")
        resource.prlimit(engine.process.pid, resource.RLIMIT_NOFILE, (96, 96))
        links = []
        for where in (engine.api, engine.dns):
            for _ in range(150):
                try:
                    links.append(socket.create_connection(address_of(where), timeout=2))
                except OSError:
                    break

        def cpu():
            with open(f"/proc/{engine.process.pid}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before, begun = cpu(), time.monotonic()
        wait_until(lambda: time.monotonic() - begun > 1, "a second to watch its CPU time")
        self.assertLess(cpu() - before, 0.5, "it spins")
        for link in links:
            link.close()
        wait_until(lambda: self.answers(engine), "it answers again")
        self.assertEqual(engine.stop(), 0)

    @staticmethod
    def answers(engine):
        try:
            return Client(engine).alive()
        except (OSError, http.client.HTTPException):
            return False


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # connections are left to the collector
