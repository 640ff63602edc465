# SPDX-License-Identifier: Apache-2.0
"""Some of what nobody sends on purpose, a little at a time, as a part of a soak's load: the attacks in earnest are in
tests/robustness. Every connection is bounded in bytes and in time."""
import gzip
import socket
import struct


def address_of(text):
    host, port = text.removeprefix("http://").rsplit(":", 1)
    return host, int(port)


class Stranger:
    def __init__(self, engine, random):
        self.api, self.dns, self.random = address_of(engine.api), address_of(engine.dns), random
        self.held, self.done = [], 0
        self.ways = [self.random_bytes, self.cut_off, self.slow, self.endless_chunk_extension, self.trailers, self.huge_header, self.form_of_many,
                     self.smuggling, self.dns_garbage, self.dns_tcp_stall]

    def step(self):
        try:
            self.random.choice(self.ways)()
        except OSError:
            pass  # it was shown the door
        self.done += 1
        while len(self.held) > 20:
            self.held.pop(0).close()

    def close(self):
        for link in self.held:
            link.close()
        self.held = []

    def say(self, data, where=None, hold=False):
        link = socket.create_connection(where or self.api, timeout=2)
        link.sendall(data)
        if hold:
            self.held.append(link)
            return
        link.settimeout(0.2)
        try:
            link.recv(65536)
        finally:
            link.close()

    def random_bytes(self):
        self.say(self.random.randbytes(self.random.randrange(2000)))

    def cut_off(self):
        whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789"
        self.say(whole[:self.random.randrange(len(whole))])

    def slow(self):
        self.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nab", hold=True)

    def endless_chunk_extension(self):
        self.say(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 500_000)

    def trailers(self):
        self.say(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 50_000)

    def huge_header(self):
        self.say(b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")

    def form_of_many(self):
        body = gzip.compress(b"a&" * 500_000)
        self.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def smuggling(self):
        self.say(b"POST / HTTP/1.1\r\nHost: x\r\nHost: y\r\nTransfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\nabcdGET / HTTP/1.1\r\n\r\n")

    def dns_garbage(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            for _ in range(20):
                link.sendto(self.random.randbytes(self.random.randrange(1, 600)), self.dns)

    def dns_tcp_stall(self):
        self.say(struct.pack("!H", 500) + b"ab", self.dns, hold=True)
