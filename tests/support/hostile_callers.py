# SPDX-License-Identifier: Apache-2.0
"""What hostile callers do to the API, many at once from one process: non-blocking sockets under one selector, each driven
by a small plan of what to send, how fast, and what to do with answers. Used by tests/robustness/hostile_api_test.py and
by bench/hostile_api.py. Standard library only; nothing here is random.

  python3 hostile_callers.py HOST PORT SECONDS KIND=COUNT ...    prints one line of JSON: what became of them
"""
import gzip
import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time


FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


def head(host, fields=b"", method=b"POST", path=b"/"):
    return method + b" " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + fields + b"\r\n"


class Plan:
    """The bytes of one connection: a beginning, then a piece again and again; `pause` seconds between pieces (None: at
    full speed); `reads`: whether answers are taken off the wire; `times` 0: nothing more is sent, and it hangs up soon.
    When a connection ends another follows."""

    def __init__(self, first, piece=b"", pause=None, reads=True, times=None):
        self.first, self.piece, self.pause, self.reads, self.times = first, piece, pause, reads, times


BOMB = gzip.compress(b"a&" * (4 << 20), compresslevel=9)


def plans(host, signed):
    """By name. `signed(service, body, **headers)` gives the header lines of a signed request, or None when the attacker
    has no key."""
    h = host.encode()
    big = 65_536
    chunked = head(h, FORM + b"Transfer-Encoding: chunked\r\n")
    out = {
        # Row 2: unsigned forms, plain and compressed.
        "form-79MB": Plan(head(h, FORM + b"Content-Length: 82837504\r\n"), b"a&" * (big // 2)),
        "form-64KB": Plan(b"", head(h, FORM + b"Content-Length: 65536\r\n") + b"a&" * (big // 2)),
        "gzip-bomb": Plan(b"", head(h, FORM + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(BOMB)) + BOMB),
        "form-chunked": Plan(chunked, b"10000\r\n" + b"a&" * (big // 2) + b"\r\n"),
        # Row 3: framing without end, and clients that drip.
        "extension": Plan(chunked + b"1;", b"a" * big),
        "trailers": Plan(chunked + b"1\r\na\r\n0\r\n", b"A: " + b"b" * 1000 + b"\r\n"),
        "one-byte-chunks": Plan(chunked, b"1\r\na\r\n" * 500),
        "slow-head": Plan(b"POST / HTTP/1.1\r\nHost: " + h + b"\r\n", b"X: y\r\n", pause=2.0),
        "slow-body": Plan(head(h, FORM + b"Content-Length: 60000\r\n"), b"a", pause=1.0),
        "silent": Plan(b""),
        "endless-head": Plan(b"GET / HTTP/1.1\r\nHost: " + h + b"\r\n", b"X: " + b"y" * 8000 + b"\r\n"),
        "authorization": Plan(b"", head(h, FORM + b"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/sns/"
                                        b"aws4_request, SignedHeaders=" + b"host;" * 4000 + b", Signature=0\r\nContent-Length: 0\r\n")),
        # Floods of what is cheap to send.
        "pipelined": Plan(b"", (head(h, FORM + b"Content-Length: 40\r\n") + b"Action=ListTopics&Version=2010-03-31&a=a") * 50),
        "unread-answers": Plan(b"", head(h, b"", b"GET", b"/" + b"x" * 4000) * 8, reads=False),
        "connections": Plan(b"", times=0),
        "garbage": Plan(b"\x16\x03\x01" + bytes(500), times=0),
    }
    if signed:  # Row 11: a caller with a key and no rights.
        def whole(service, body, path="/", **headers):
            lines = signed(service, body, path=path, **headers)
            return head(h, lines + b"Content-Length: %d\r\n" % len(body), path=path.encode()) + body
        cbor = b"\xa1\x6aMetricData\x9a\x00\x10\x00\x00" + b"\xf6" * 1_000_000
        deep = b'{"logGroupName":' + b"[" * 900_000
        out.update({
            "cbor-nulls": Plan(b"", whole("monitoring", cbor, "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                                          content_type="application/cbor", smithy_protocol="rpc-v2-cbor")),
            "cbor-20MB": Plan(head(h, signed("monitoring", b"", path="/service/GraniteServiceVersion20100801/operation/PutMetricData",
                                             content_type="application/cbor", smithy_protocol="rpc-v2-cbor")
                                   + b"Content-Length: 20971520\r\n", path=b"/service/GraniteServiceVersion20100801/operation/PutMetricData"),
                              b"\xf6" * big),
            "json-deep": Plan(b"", whole("logs", deep, content_type="application/x-amz-json-1.1",
                                         x_amz_target="Logs_20140328.CreateLogGroup")),
            "xml-wide": Plan(b"", whole("route53", b"<a>" + b"<b/>" * 900_000 + b"</a>", "/2013-04-01/healthcheck",
                                        content_type="application/xml")),
            "gzip-signed": Plan(b"", whole("monitoring", BOMB, content_type="application/x-amz-json-1.0", content_encoding="gzip",
                                           x_amz_target="GraniteServiceVersion20100801.PutMetricData")),
            "code-unverified": Plan(head(h, signed("lambda", b"", path="/2015-03-31/functions", content_type="application/json")
                                        + b"Content-Length: 82837504\r\n", path=b"/2015-03-31/functions"), b"{" + b" " * (big - 1)),
        })
    return out


class Attacker:
    def __init__(self, crowd, kind, plan):
        self.crowd, self.kind, self.plan = crowd, kind, plan
        self.open()

    def open(self):
        self.link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.link.setblocking(False)
        try:
            self.link.connect(self.crowd.address)
        except BlockingIOError:
            pass
        except OSError:  # out of ports for a moment
            self.link.close()
            self.crowd.later.append((time.monotonic() + 0.2, self.open))
            return
        self.out, self.sent, self.due, self.stuck = memoryview(self.plan.first), 0, 0.0, False
        self.crowd.opened[self.kind] = self.crowd.opened.get(self.kind, 0) + 1
        self.crowd.selector.register(self.link, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def ready(self, mask, now):
        try:
            if mask & selectors.EVENT_READ:
                self.take()
            if mask & selectors.EVENT_WRITE:
                self.give(now)
        except OSError:
            self.end(now)

    def take(self):
        if not self.plan.reads:
            self.crowd.selector.modify(self.link, selectors.EVENT_WRITE, self)
            return
        data = self.link.recv(65_536)
        if not data:
            raise ConnectionResetError
        if data.startswith(b"HTTP/1.1 "):
            status = data[9:12].decode("latin-1")
            self.crowd.answers[status] = self.crowd.answers.get(status, 0) + 1

    def give(self, now):
        if not self.out:
            plan = self.plan
            if not plan.piece or (plan.pause and now < self.due):
                self.crowd.selector.modify(self.link, selectors.EVENT_READ, self)
                if plan.times == 0:
                    self.crowd.later.append((now + 0.5, lambda link=self.link: self.hang_up(link)))
                elif plan.pause:
                    self.crowd.later.append((self.due, self.wake))
                return
            self.out = memoryview(plan.piece)
            self.due = now + (plan.pause or 0)
        count = self.link.send(self.out[:262_144])
        self.crowd.bytes += count
        self.out = self.out[count:]

    def wake(self):
        if self.link.fileno() >= 0 and self.link in self.crowd.selector.get_map():
            self.crowd.selector.modify(self.link, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def hang_up(self, link):
        if link is self.link and link.fileno() >= 0:
            self.end(time.monotonic())

    def end(self, now):
        """The engine has hung up, or we do: a new one comes, a little later."""
        try:
            self.crowd.selector.unregister(self.link)
        except (KeyError, ValueError):
            pass
        self.link.close()
        self.crowd.later.append((now + 0.05, self.open))


class Crowd:
    """Many attackers in one thread, which leaves the processor to others: `rest` of its time it sleeps."""

    def __init__(self, address, all_plans, counts, rest=0.5):
        self.address, self.rest, self.resting = address, rest, threading.Event()
        self.selector = selectors.DefaultSelector()
        self.later, self.opened, self.answers, self.bytes = [], {}, {}, 0
        for kind, count in counts.items():
            for _ in range(count):
                Attacker(self, kind, all_plans[kind])

    def run(self, seconds):
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            for key, mask in self.selector.select(0.05):
                key.data.ready(mask, now)
            due, self.later = [f for at, f in self.later if at <= now], [(at, f) for at, f in self.later if at > now]
            for action in due:
                action()
            busy = time.monotonic() - now
            self.resting.wait(min(0.05, busy * self.rest / (1 - self.rest)))
        return {"opened": self.opened, "answers": self.answers, "megabytes": self.bytes >> 20}




def start(engine, counts, seconds, keys=None):
    """A process of such callers; its stdout is the line of JSON."""
    host, port = engine.api.removeprefix("http://").rsplit(":", 1)
    environment = dict(os.environ)
    if keys:
        environment.update(HOSTILE_KEY=keys[0], HOSTILE_SECRET=keys[1])
    return subprocess.Popen([sys.executable, __file__, host, port, str(seconds), *(f"{kind}={count}" for kind, count in counts.items())],
                            env=environment, stdout=subprocess.PIPE, text=True)


def rss_mb(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


# About 200 connections, every kind at once.
EVERYTHING = {"form-79MB": 10, "form-64KB": 10, "gzip-bomb": 10, "form-chunked": 10, "extension": 10, "trailers": 10, "one-byte-chunks": 5,
              "slow-head": 15, "slow-body": 20, "silent": 15, "endless-head": 5, "authorization": 5, "pipelined": 10, "unread-answers": 15,
              "connections": 15, "garbage": 5, "cbor-nulls": 5, "cbor-20MB": 5, "json-deep": 5, "xml-wide": 5, "gzip-signed": 5,
              "code-unverified": 5}


if __name__ == "__main__":
    host, port, seconds, *wanted = sys.argv[1:]
    counts = {kind: int(count) for kind, count in (word.split("=") for word in wanted)}
    signed = None
    if os.environ.get("HOSTILE_KEY"):
        from sigv4 import Signer
        signer = Signer(f"{host}:{port}", os.environ["HOSTILE_KEY"], os.environ["HOSTILE_SECRET"])

        def signed(service, body, path="/", **headers):
            lines = signer.headers(service, body, path=path, **headers)
            return b"".join(f"{name}: {value}\r\n".encode() for name, value in lines.items() if name != "host")
    crowd = Crowd((host, int(port)), plans(f"{host}:{port}", signed), counts)
    print(json.dumps(crowd.run(float(seconds))))
