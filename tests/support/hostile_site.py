#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sites for health checks: honest ones that note when they were probed, and hostile ones. Standard library only.

    hostile_site.py honest          says `ready PORT TLS_PORT`; each line on stdin `fail PATH` or `heal PATH` turns one path; at `report`
                                    prints {path: [[seconds on the monotonic clock, status], ...]} as JSON, the last
                                    hundred of each
    hostile_site.py hostile         says `ready NAME=PORT ...`, one port a kind (KINDS, and those of TLS)
"""
import asyncio
import base64
import collections
import gzip
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


async def read_head(reader):
    return await reader.readuntil(b"\r\n\r\n")


async def flood(writer, first, more):
    """`first`, then `more` as fast as it is taken."""
    writer.write(first)
    while True:
        writer.write(more)
        await writer.drain()


async def drip(writer, first, more=b"a", pause=0.05):
    writer.write(first)
    while True:
        writer.write(more)
        await writer.drain()
        await asyncio.sleep(pause)


def answering(act):
    async def serve(reader, writer):
        await read_head(reader)
        await act(writer)
    return serve


async def never_reads(reader, writer):
    writer.transport.pause_reading()
    await asyncio.sleep(60)


async def resets(reader, writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.write(OK[:7])
    writer.transport.abort()


async def talks_first(reader, writer):
    await flood(writer, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 400)


async def hello_requests(reader, writer):
    """TLS: records of handshake messages that a client skips, for ever."""
    await flood(writer, b"", b"\x16\x03\x03\x3f\xfc" + bytes(0x3ffc))


async def tls_drip(reader, writer):
    """A ServerHello of 60 KB, a byte at a time."""
    await drip(writer, b"\x16\x03\x03\x40\x00\x02\x00\xf0\x00", b"\x03", 0.02)


async def tls_alerts(reader, writer):
    await flood(writer, b"", b"\x15\x03\x03\x00\x02\x01\x5a" * 1000)


BOMB = gzip.compress(bytes(64 << 20), 9)
KINDS = {
    "chunk-extension": answering(lambda w: flood(w, CHUNKED + b"1;", b"a" * 65536)),
    "tiny-chunks": answering(lambda w: flood(w, CHUNKED, b"1;x=y\r\na\r\n" * 4000)),
    "chunk-zeros": answering(lambda w: flood(w, CHUNKED, b"0" * 65536)),
    "drip-head": answering(lambda w: drip(w, OK + b"X: ")),
    "drip-body": answering(lambda w: drip(w, OK + b"\r\n")),
    "gigabytes": answering(lambda w: flood(w, OK + b"Content-Length: 99999999999\r\n\r\n", b"a" * 65536)),
    "gzip-bomb": answering(lambda w: flood(w, OK + b"Content-Encoding: gzip\r\n\r\n", BOMB)),
    "empty-deflate": answering(lambda w: flood(w, OK + b"Content-Encoding: deflate\r\n\r\n", b"\0\0\0\xff\xff" * 12000)),
    "interim": answering(lambda w: flood(w, b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 2000)),
    "redirect-heads": answering(lambda w: flood(w, b"HTTP/1.1 301 Moved\r\n", b"Location: http://127.0.0.1/\r\n" * 2000)),
    "talks-first": talks_first,
    "silent": answering(lambda w: asyncio.sleep(60)),
    "never-reads": never_reads,
    "reset": resets,
    "tls-hello-requests": hello_requests,
    "tls-drip": tls_drip,
    "tls-alerts": tls_alerts,
}


class ThreadedTls:
    """TLS in threads, for what asyncio's cannot do: a costly group, a long chain, endless bytes under TLS."""

    def __init__(self, act, group=None, chain=None, version=None):
        self.act = act
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*(chain or certificate()))
        if version:
            self.context.maximum_version = version
        if group:
            self.context.load_dh_params(group)
            self.context.set_ciphers("DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-SHA")
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            link, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        try:
            link.settimeout(15)
            with self.context.wrap_socket(link, server_side=True) as tls:
                tls.recv(4096)
                self.act(tls)
        except OSError:
            pass
        finally:
            link.close()


def tls_flood(tls):
    tls.sendall(CHUNKED + b"1;")
    while True:
        tls.sendall(b"a" * 16000)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


FOLDER = tempfile.mkdtemp(prefix="hostile-site-")


def certificate(name="one", copies=1, curve=None):
    """(certificate file, key file), RSA or a curve with compressed points; `copies` makes a chain of it."""
    cert, private = os.path.join(FOLDER, name + ".pem"), os.path.join(FOLDER, name + ".key")
    if not os.path.exists(cert):
        if curve:
            openssl("ecparam", "-name", curve, "-genkey", "-noout", "-conv_form", "compressed", "-out", private)
        else:
            openssl("genrsa", "-out", private, "2048")
        openssl("req", "-x509", "-key", private, "-out", cert, "-days", "30", "-subj", "/CN=" + name)
        with open(cert) as file:
            text = file.read()
        with open(cert, "w") as file:
            file.write(text * copies)
    return cert, private


def costly_group(bits=3072):
    """A file with a Diffie-Hellman group that is no named one, so that its exponents are as long as its prime: RFC 3526's prime with
    another generator."""
    path = os.path.join(FOLDER, f"dh{bits}.pem")
    openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", f"group:modp_{bits}", "-out", path)
    with open(path) as file:
        named = base64.b64decode("".join(line for line in file if not line.startswith("-")))
    at = named.index(b"\x02\x82")  # the prime, an INTEGER
    size = struct.unpack("!H", named[at + 2:at + 4])[0]
    body = named[at:at + 4 + size] + b"\x02\x01\x05"
    document = b"\x30\x82" + struct.pack("!H", len(body)) + body
    with open(path, "w") as file:
        file.write("-----BEGIN DH PARAMETERS-----\n" + base64.encodebytes(document).decode() + "-----END DH PARAMETERS-----\n")
    return path


def tls_kinds():
    return {
        "tls-flood": ThreadedTls(tls_flood),
        "tls-dhe": ThreadedTls(tls_flood, group=costly_group(), version=ssl.TLSVersion.TLSv1_2),
        "tls-chain": ThreadedTls(tls_flood, chain=certificate("chain", copies=80, curve="secp521r1")),
    }


async def hostile():
    ports = {}
    for name, serve in KINDS.items():
        server = await asyncio.start_server(guarded(serve), "127.0.0.1", 0, backlog=512)
        ports[name] = server.sockets[0].getsockname()[1]
    full = socket.create_server(("127.0.0.1", 0), backlog=0)  # answers no SYN once its queue is full
    ports["full-backlog"] = full.getsockname()[1]
    fillers = [socket.socket() for _ in range(4)]
    for link in fillers:
        link.setblocking(False)
        link.connect_ex(full.getsockname())
    ports.update({name: server.port for name, server in tls_kinds().items()})
    print("ready", *(f"{name}={port}" for name, port in ports.items()), flush=True)
    await asyncio.Event().wait()


def guarded(serve):
    async def run(reader, writer):
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.transport.abort()
    return run


async def honest():
    seen, failing = {}, set()

    async def serve(reader, writer):
        at = time.monotonic()
        head = await read_head(reader)
        path = head.split(b" ", 2)[1].decode()
        status = 503 if path in failing else 200
        seen.setdefault(path, collections.deque(maxlen=100)).append((at, status))
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        await writer.drain()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate())
    servers = [await asyncio.start_server(guarded_close(serve), "127.0.0.1", 0, backlog=4096, ssl=context) for context in (None, tls)]
    print("ready", *(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := (await commands.readline()).decode().split():
        if line[0] == "report":
            print(json.dumps({path: list(last) for path, last in seen.items()}), flush=True)
        elif line[0] == "fail":
            failing.add(line[1])
            print(time.monotonic(), flush=True)
        elif line[0] == "heal":
            failing.discard(line[1])
            print(time.monotonic(), flush=True)


def guarded_close(serve):
    async def run(reader, writer):
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()
    return run


class Sites:
    """This program as a process: Sites("honest") or Sites("hostile")."""

    def __init__(self, kind):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        words = self.process.stdout.readline().split()
        assert words[:1] == ["ready"], words
        if kind == "honest":
            self.port, self.tls_port = map(int, words[1:])
        else:
            self.ports = {name: int(port) for name, port in (word.split("=") for word in words[1:])}

    def tell(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def report(self):
        """{path: [[when, status], ...]}"""
        return self.tell("report")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def add_checks(client, honest, hostile, honest_count, hostile_count):
    """Checks with an interval of 10 s that fail at the first failure; every eighth honest one and the hostile tls-* speak TLS.
    Gives {path: id} of the honest ones."""
    common = {"RequestInterval": 10, "FailureThreshold": 1}
    kinds = sorted(hostile.ports) if hostile else []
    for number in range(hostile_count):
        kind = kinds[number % len(kinds)]
        tls = kind.startswith("tls-")
        client.create_health_check(f"hostile-{number}", Type="HTTPS_STR_MATCH" if tls else "HTTP_STR_MATCH", IPAddress="127.0.0.1",
                                   Port=hostile.ports[kind], ResourcePath=f"/{kind}/{number}", SearchString="needle", **common)
    ids = {}
    for number in range(honest_count):
        tls = number % 8 == 0
        path = f"/honest/{number}"
        ids[path] = client.create_health_check(f"honest-{number}", Type="HTTPS" if tls else "HTTP", IPAddress="127.0.0.1",
                                               Port=honest.tls_port if tls else honest.port, ResourcePath=path, **common)
    return ids


def lateness(report, interval, since=0.0):
    """Seconds by which each honest probe came later than its interval after the one before. The second probe comes early by design
    (fact route53-13), so what counts is from the third on."""
    return [after[0] - before[0] - interval for seen in report.values() for before, after in zip(seen[1:], seen[2:]) if before[0] >= since]


if __name__ == "__main__":
    try:
        asyncio.run(honest() if sys.argv[1] == "honest" else hostile())
    except (KeyboardInterrupt, BrokenPipeError):
        pass
