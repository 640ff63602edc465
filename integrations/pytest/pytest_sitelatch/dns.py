# SPDX-License-Identifier: Apache-2.0
"""One DNS question over UDP, and over TCP where the answer was cut. Standard library only."""
import ipaddress
import os
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


class DnsError(Exception):
    """An answer other than NOERROR and NXDOMAIN; `rcode` is its name."""

    def __init__(self, name, kind, rcode):
        super().__init__(f"{name} {kind}: {rcode}")
        self.rcode = rcode


def ask(server, name, kind="A", timeout=5.0):
    """What `server` ("127.0.0.1:5300") answers: texts of the records of that type, sorted; none: the name or the type is not there."""
    if kind not in TYPES:
        raise ValueError(f"{kind}: one of {', '.join(TYPES)}")
    host, port = server.rsplit(":", 1)
    to = (host.strip("[]"), int(port))
    number = os.urandom(2)
    labels = [label.encode("idna") if not label.isascii() else label.encode() for label in name.rstrip(".").split(".")]
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + struct.pack("!HH", TYPES[kind], 1)
    query = number + struct.pack("!HHHHH", 0, 1, 0, 0, 0) + question
    reply = _over_udp(to, query, timeout)
    if reply[2] & 2:  # cut off
        reply = _over_tcp(to, query, timeout)
    rcode = RCODES.get(reply[3] & 15, str(reply[3] & 15))
    if rcode not in ("NOERROR", "NXDOMAIN"):
        raise DnsError(name, kind, rcode)
    return sorted(_records(reply, 12 + len(question), TYPES[kind]))


def _over_udp(to, query, timeout):
    with socket.socket(socket.AF_INET6 if ":" in to[0] else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        client.connect(to)
        client.send(query)
        while True:
            reply = client.recv(65535)
            if reply[:2] == query[:2] and len(reply) >= 12:
                return reply


def _over_tcp(to, query, timeout):
    with socket.create_connection(to, timeout=timeout) as client, client.makefile("rb") as answers:
        client.sendall(struct.pack("!H", len(query)) + query)
        size = answers.read(2)
        return answers.read(struct.unpack("!H", size)[0])


def _name_at(message, at):
    """(the name, where it ends); pointers lead back (RFC 1035 section 4.1.4)."""
    labels, end = [], None
    while message[at]:
        if message[at] >= 192:
            end = end or at + 2
            to = struct.unpack("!H", message[at:at + 2])[0] & 0x3FFF
            if to >= at:
                raise ValueError("a name that points forward")
            at = to
        else:
            labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
            at += 1 + message[at]
    return ".".join(labels) + ".", end or at + 1


def _records(message, at, wanted):
    for _ in range(struct.unpack("!H", message[6:8])[0]):
        _, at = _name_at(message, at)
        kind, _, _, length = struct.unpack("!HHIH", message[at:at + 10])
        at += 10
        if kind == wanted:
            yield _text(message, at, length, kind)
        at += length


def _text(message, at, length, kind):
    data = message[at:at + length]
    if kind in (TYPES["A"], TYPES["AAAA"]):
        return str(ipaddress.ip_address(data))
    if kind in (TYPES["NS"], TYPES["CNAME"]):
        return _name_at(message, at)[0]
    if kind == TYPES["MX"]:
        return f"{struct.unpack('!H', data[:2])[0]} {_name_at(message, at + 2)[0]}"
    if kind == TYPES["TXT"]:
        parts, place = [], 0
        while place < length:
            parts.append(data[place + 1:place + 1 + data[place]].decode("utf-8", "replace"))
            place += 1 + data[place]
        return "".join(parts)
    primary, place = _name_at(message, at)
    return f"{primary} {_name_at(message, place)[0]}"
