#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The DNS server as an instrument against others, and its ports: floods in another's name get fewer bytes than they cost,
who proves his address is served, and no other process answers in the engine's place."""
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from signed_client import Client  # noqa: E402
from sitelatch import Engine, Workplace, skip_loudly  # noqa: E402

TXT, ANY, A = 16, 255, 1


def question(name, kind, cookie=None, number=0x1234):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    option = b"" if cookie is None else struct.pack("!HH", 10, len(cookie)) + cookie
    return (struct.pack("!HHHHHH", number, 0, 1, 0, 0, 1) + labels + struct.pack("!HH", kind, 1) +
            b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(option)) + option)


def zone(engine):
    """big.example.test with five long TXT, *.wild.example.test with one."""
    client = Client(engine)
    status, body = client.send("POST", "/2013-04-01/hostedzone", b'<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
                               b"<Name>example.test</Name><CallerReference>z</CallerReference></CreateHostedZoneRequest>", "route53",
                               content_type="application/xml")
    assert status == 201, body
    identity = re.search(rb"/hostedzone/(\w+)<", body).group(1).decode()
    texts = "".join(f"<ResourceRecord><Value>\"{letter * 215}\"</Value></ResourceRecord>" for letter in "abcde")
    change = "".join(f"<Change><Action>CREATE</Action><ResourceRecordSet><Name>{name}.example.test</Name><Type>{kind}</Type><TTL>60</TTL>"
                     f"<ResourceRecords>{values}</ResourceRecords></ResourceRecordSet></Change>"
                     for name, kind, values in (("big", "TXT", texts), ("\\052.wild", "TXT", texts),
                                                ("www", "A", "<ResourceRecord><Value>192.0.2.1</Value></ResourceRecord>")))
    status, body = client.send("POST", f"/2013-04-01/hostedzone/{identity}/rrset",
                               ('<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes>'
                                + change + "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>").encode(), "route53",
                               content_type="application/xml")
    assert status == 200, body
    client.close()


class Asker:
    def __init__(self, engine):
        host, port = engine.dns.rsplit(":", 1)
        self.at = (host, int(port))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.udp.connect(self.at)

    def close(self):
        self.udp.close()

    def ask(self, query):
        self.udp.settimeout(10)
        self.udp.send(query)
        return self.udp.recv(65535)

    def over_tcp(self, query):
        with socket.create_connection(self.at, timeout=10) as link:
            link.sendall(struct.pack("!H", len(query)) + query)
            with link.makefile("rb") as stream:
                return stream.read(struct.unpack("!H", stream.read(2))[0])

    def flood(self, queries):
        """(bytes asked, bytes answered, whole answers, truncated ones)."""
        asked = answered = whole = cut = 0
        self.udp.settimeout(0)

        def take():
            nonlocal answered, whole, cut
            try:
                while True:
                    reply = self.udp.recv(65535)
                    answered += len(reply)
                    if reply[2] & 2:
                        cut += 1
                    elif reply[3] & 15 == 0:
                        whole += 1
            except BlockingIOError:
                pass
        for query in queries:
            self.udp.send(query)
            asked += len(query)
            take()
        # What is under way: as soon as a query of a kind of its own is answered, all before it are.
        while True:
            self.udp.settimeout(0.3)
            try:
                reply = self.udp.recv(65535)
            except socket.timeout:
                return asked, answered, whole, cut
            answered += len(reply)
            cut += 1 if reply[2] & 2 else 0
            whole += 1 if not reply[2] & 2 and reply[3] & 15 == 0 else 0


class Flood(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.place.__enter__()
        self.addCleanup(self.place.__exit__, None, None, None)

    def engine(self, *options):
        engine = self.place.engine(*options)
        zone(engine)
        asker = Asker(engine)
        self.addCleanup(asker.close)
        return engine, asker

    def test_twenty_thousand_questions_in_anothers_name(self):
        engine, asker = self.engine("--dns-rate-limit", "50")
        for what, queries in (("TXT", (question("big.example.test", TXT) for _ in range(20000))),
                              ("ANY", (question("big.example.test", ANY) for _ in range(20000))),
                              ("names under a wildcard", (question(f"n{i}.wild.example.test", TXT) for i in range(20000))),
                              ("names that are not there", (question(f"n{i}.example.test", TXT) for i in range(20000))),
                              ("names of others", (question(f"n{i}.example.com", TXT) for i in range(20000)))):
            with self.subTest(what):
                asked, answered, whole, _ = asker.flood(queries)
                print(f"{what}: {asked} bytes asked, {answered} answered, {answered / asked:.2f} times; {whole} whole answers")
                self.assertLess(answered, asked)
                self.assertLess(whole, 1500)
        # The honest in that network: over TCP at once, over UDP with a cookie.
        self.assertGreater(len(asker.over_tcp(question("big.example.test", TXT))), 1000)
        reply = asker.over_tcp(question("big.example.test", TXT, cookie=b"12345678"))
        cookie = reply[-24:]
        self.assertEqual(cookie[:8], b"12345678")
        for _ in range(500):
            self.assertGreater(len(asker.ask(question("big.example.test", TXT, cookie=cookie))), 1000)
        # Another's cookie is none: what it gets is dropped or BADCOOKIE.
        forged = cookie[:8] + bytes(cookie[8:23]) + bytes([cookie[23] ^ 1])
        asked, answered, whole, _ = asker.flood(question("big.example.test", TXT, cookie=forged) for _ in range(2000))
        self.assertLess(answered, asked)
        self.assertEqual(whole, 0)

    def test_on_loopback_alone_nobody_is_limited(self):
        engine, asker = self.engine()
        _, _, whole, cut = asker.flood(question("www.example.test", A) for _ in range(3000))
        self.assertEqual((whole, cut), (3000, 0))

    def test_beyond_loopback_it_is_on_but_not_for_this_machine(self):
        engine = self.place.keep(Engine(os.path.join(self.place.path, "data"), dns="0.0.0.0:0"))
        zone(engine)
        engine.dns = "127.0.0.1:" + engine.dns.rsplit(":", 1)[1]
        asker = Asker(engine)
        self.addCleanup(asker.close)
        _, _, whole, cut = asker.flood(question("www.example.test", A) for _ in range(3000))
        self.assertEqual((whole, cut), (3000, 0))
        # From an address of this machine that is not loopback.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
                address = probe.getsockname()[0]
            except OSError:
                address = "127.0.0.1"
        if address.startswith("127."):
            skip_loudly("a flood from beyond loopback: this machine has no other address")
            return
        engine.dns = address + ":" + engine.dns.rsplit(":", 1)[1]
        outside = Asker(engine)
        self.addCleanup(outside.close)
        asked, answered, whole, _ = outside.flood(question("big.example.test", TXT) for _ in range(20000))
        self.assertLess(answered, asked)
        self.assertLess(whole, 500)

    def test_limits_that_make_no_sense(self):
        for limit in ("0", "-1", "much", "1000000", ""):
            run = subprocess.run([os.environ.get("SITELATCH_BINARY", "build/release/sitelatch"), "engine", "--data-dir", self.place.path + "/x",
                                  "--dns-rate-limit", limit], capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 2, limit)

    def test_dig_speaks_cookies_with_it(self):
        if not shutil.which("dig"):
            skip_loudly("dig is not on this machine")
            self.skipTest("dig")
        engine, _ = self.engine()
        host, port = engine.dns.rsplit(":", 1)
        out = subprocess.run(["dig", f"@{host}", "-p", port, "+cookie=0123456789abcdef", "www.example.test", "A"], capture_output=True,
                             text=True, timeout=30).stdout
        self.assertRegex(out, r"COOKIE: 0123456789abcdef01000000[0-9a-f]{24} \(good\)")
        self.assertIn("192.0.2.1", out)


class Ports(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.place.__enter__()
        self.addCleanup(self.place.__exit__, None, None, None)

    def steal(self, family, kind, address, port):
        """Whether somebody of the same user can listen there, whatever options he sets."""
        with socket.socket(family, kind) as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                thief.bind((address, port))
                if kind == socket.SOCK_STREAM:
                    thief.listen()
                return True
            except OSError:
                return False

    def test_no_process_of_the_same_user_can_answer_in_its_place(self):
        engine = self.place.engine()
        for at, kinds in ((engine.dns, (socket.SOCK_DGRAM, socket.SOCK_STREAM)), (engine.api.removeprefix("http://"), (socket.SOCK_STREAM,))):
            port = int(at.rsplit(":", 1)[1])
            for kind in kinds:
                for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::")):
                    with self.subTest(f"{address}:{port} {kind.name}"):
                        self.assertFalse(self.steal(family, kind, address, port))

    def test_localhost_is_the_engine_whichever_address_it_is(self):
        engine = self.place.engine()
        zone(engine)
        port = int(engine.api.rsplit(":", 1)[1])
        with socket.create_connection(("localhost", port), timeout=10) as link:
            link.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n" % port)
            self.assertTrue(link.recv(4096).startswith(b"HTTP/1.1 "))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
            udp.settimeout(10)
            udp.sendto(question("www.example.test", A), ("::1", int(engine.dns.rsplit(":", 1)[1])))
            self.assertIn(bytes([192, 0, 2, 1]), udp.recv(4096))

    def pair(self, kind):
        """A socket on a port of [::1] whose counterpart on 127.0.0.1 is free."""
        for _ in range(50):
            held = socket.socket(socket.AF_INET6, kind)
            held.bind(("::1", 0))
            port = held.getsockname()[1]
            try:
                for other in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(socket.AF_INET, other) as probe:
                        probe.bind(("127.0.0.1", port))
                self.addCleanup(held.close)
                return held, port
            except OSError:
                held.close()
        raise AssertionError("no free port")

    def test_a_twin_that_another_program_holds_is_said(self):
        _, dns = self.pair(socket.SOCK_DGRAM)
        api, api_port = self.pair(socket.SOCK_STREAM)
        api.listen()
        engine = self.place.keep(Engine(os.path.join(self.place.path, "data"), api=f"127.0.0.1:{api_port}", dns=f"127.0.0.1:{dns}"))
        log = engine.log_text()
        self.assertIn(f"[::1]:{dns}", log)
        self.assertIn(f"[::1]:{api_port}", log)
        self.assertIn("localhost", log)


if __name__ == "__main__":
    unittest.main()
