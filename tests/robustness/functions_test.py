#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile functions in the real engine, as root and not, on each network: the engine's ports stay the engine's, nothing
outlives it, and a package made to be slow is refused at once. What is done inside one function is tried in
src/net/functions/hostile_*_test.cc. Standard library only."""
import base64
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from signed_client import Client, address_of  # noqa: E402
from sitelatch import SITELATCH, Engine, Workplace, dns_lookup, skip_loudly, wait_until  # noqa: E402

# Evaluates the event's "do"; a name of errno when the kernel refuses.
EVALUATOR = '''#!/usr/bin/python3
import errno, http.client, json, os, socket, urllib.request
def get(url):
    try:
        return urllib.request.urlopen(url, timeout=3).status
    except urllib.error.HTTPError as error:
        return error.code
def take(port, *options):
    """Binds it with these options, on every loopback address, and keeps it."""
    kept = globals().setdefault("kept", [])
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            s = socket.socket(family, kind)
            for option in options:
                s.setsockopt(socket.SOL_SOCKET, option, 1)
            try:
                s.bind((address, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            if kind == socket.SOCK_STREAM:
                s.listen(5)
            kept.append(s)
    return "taken"
c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    c.request("GET", "/2018-06-01/runtime/invocation/next"); r = c.getresponse()
    event = json.loads(r.read()); id = r.headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        answer = eval(event["do"])
    except OSError as error:
        answer = errno.errorcode.get(getattr(error, "errno", None) or getattr(getattr(error, "reason", None), "errno", None), repr(error))
    except Exception as error:
        answer = repr(error)
    c.request("POST", f"/2018-06-01/runtime/invocation/{id}/response", json.dumps(answer)); c.getresponse().read()
'''


class Functions:
    """An engine with one function that evaluates."""

    def __init__(self, place, *options, engine=None):
        self.engine = engine or place.engine("--ephemeral", *options)
        self.client = Client(self.engine, timeout=60)
        self.client.create_function("evaluator", {"bootstrap": EVALUATOR}, timeout=30, memory=256)

    def do(self, text):
        status, body = self.client.invoke("evaluator", json.dumps({"do": text}).encode())
        assert status == 200, body
        return json.loads(body)

    def network(self):
        self.do("1")  # the host has tried it before its first function
        return re.findall(r"functions' network: (\w+)", self.engine.log_text())[-1]  # the log is the place's


def engine_of_nobody(test, place, *options):
    """An engine of a user without rights; None where that cannot be made here."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        skip_loudly("another user needs root and setpriv")
        return None
    home = tempfile.mkdtemp(prefix="sitelatch-nobody-")
    os.chown(home, 65534, 65534)
    program = os.path.join(home, "sitelatch")
    shutil.copy(SITELATCH, program)
    os.chmod(program, 0o755)
    test.addCleanup(shutil.rmtree, home, ignore_errors=True)
    wrapper = os.path.join(home, "as-nobody")
    with open(wrapper, "w") as file:
        file.write(f"#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups {program} \"$@\"\n")
    os.chmod(wrapper, 0o755)
    import sitelatch
    real, sitelatch.SITELATCH = sitelatch.SITELATCH, wrapper
    try:
        return place.keep(Engine(os.path.join(home, "state"), "--ephemeral", *options, log=os.path.join(home, "engine.log")))
    finally:
        sitelatch.SITELATCH = real


class Network(unittest.TestCase):
    def check_reach(self, functions):
        api, dns = functions.engine.api, functions.engine.dns
        self.assertEqual(functions.do("get(os.environ['AWS_ENDPOINT_URL'])"), functions.do(f"get('{api}')"))
        self.assertNotIn(functions.do(f"get('{api}')"), (None, "ECONNREFUSED"))
        ask = ("(lambda s: (s.settimeout(5), s.connect(('127.0.0.1', {})), s.send(bytes.fromhex('123401000001000000000000"
               "076578616d706c6504746573740000010001')), s.recv(512).hex()[:4])[3])(socket.socket(2, 2))")
        self.assertEqual(functions.do(ask.format(address_of(dns)[1])), "1234")

    def check_ports(self, functions):
        """However a function asks for the engine's ports, the engine goes on answering on them."""
        for port in (address_of(functions.engine.api)[1], address_of(functions.engine.dns)[1]):
            for options in ((), (2,), (15,), (2, 15)):
                functions.do(f"take({port}, *{options})")
        host, port = address_of(functions.engine.dns)
        for _ in range(300):
            self.assertEqual(dns_lookup(host, port, "nothing.test")[0], 5)  # refused: no such zone, and the engine says so
        self.assertTrue(functions.client.alive())

    def test_every_network(self):
        with Workplace() as place:
            for network in ("isolated", "outbound", "host"):
                with self.subTest(network):
                    try:
                        functions = Functions(place, "--function-network", network)
                    except AssertionError:
                        skip_loudly(f"--function-network {network} is refused here")
                        continue
                    self.assertEqual(functions.network(), network)
                    self.check_reach(functions)
                    self.check_ports(functions)
                    if network == "host":
                        self.assertEqual(functions.do("take(0, 15)"), "EPERM")
                    functions.engine.stop()

    def test_an_engine_that_is_not_root(self):
        with Workplace() as place:
            for options in ((), ("--function-network", "host")):
                engine = engine_of_nobody(self, place, *options)
                if engine is None:
                    return
                with self.subTest(options):
                    functions = Functions(place, engine=engine)
                    self.check_reach(functions)
                    self.check_ports(functions)
                    self.assertIn("the engine is not root", engine.log_text())
                    if functions.network() == "host":
                        self.assertEqual(functions.do("take(0, 15)"), "EPERM")
                    control = os.path.join(engine.data_dir, "control.sock")
                    self.assertTrue(os.path.exists(control))
                    self.assertIn(functions.do(f"socket.socket(socket.AF_UNIX).connect('{control}')"), ("ENOENT", "EAFNOSUPPORT"))

    def test_what_is_not_a_network(self):
        told = subprocess.run([SITELATCH, "engine", "--function-network", "all"], capture_output=True, text=True)
        self.assertEqual(told.returncode, 2)
        self.assertIn("isolated", told.stderr)


def programs_of(parent):
    """Command lines of all processes below one, with their ids."""
    parents, found, open_ids = {}, {}, [parent]
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as file:
                parents.setdefault(int(file.read().rsplit(")", 1)[1].split()[1]), []).append(int(name))
        except OSError:
            pass
    while open_ids:
        for child in parents.get(open_ids.pop(), []):
            try:
                with open(f"/proc/{child}/cmdline") as file:
                    found[child] = file.read().replace("\0", " ")
            except OSError:
                continue
            open_ids.append(child)
    return found


def groups_of(pid):
    """Control groups that an engine with this process id has made."""
    found = []
    for root, directories, _ in os.walk("/sys/fs/cgroup"):
        found += [os.path.join(root, name) for name in directories if name.startswith(f"sitelatch-{pid}-")]
    return found


class Ending(unittest.TestCase):
    def test_nothing_outlives_an_engine_that_is_killed(self):
        with Workplace() as place:
            functions = Functions(place)
            functions.do("os.fork() or [os.setsid(), [os.sched_yield() for _ in iter(int, 1)]]")
            pid = functions.engine.process.pid
            children = programs_of(pid)
            self.assertGreaterEqual(len(children), 3, children)
            functions.engine.kill()
            wait_until(lambda: not [child for child in children if os.path.exists(f"/proc/{child}")], "the functions' processes end")
            left = groups_of(pid)
            engine = functions.engine.restarted()
            place.keep(engine)
            if left:
                self.assertEqual(groups_of(pid), [])
            mine = engine.process.pid
            engine.stop()
            self.assertEqual(groups_of(mine), [])


def deep_zip(entries, depth):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(entries):
            archive.writestr(f"{number % 2}/" + "d/" * depth + str(number), b"")
    return packed.getvalue()


class Packages(unittest.TestCase):
    def create(self, functions, name, package):
        """How long it took, and the answer."""
        text = json.dumps({"FunctionName": name, "Runtime": "provided.al2023", "Handler": "x",
                           "Role": "arn:aws:iam::000000000000:role/functions",
                           "Code": {"ZipFile": base64.b64encode(package).decode()}}).encode()
        begin = time.monotonic()
        status, body = functions.client.send("POST", "/2015-03-31/functions", text, "lambda", content_type="application/json")
        return time.monotonic() - begin, status, body

    def test_a_package_of_deep_directories_holds_nothing_up(self):
        """Row 10: 90,000 entries 110 deep took 4.2 s of the control thread."""
        thorough = os.environ.get("SITELATCH_THOROUGH") == "1"
        with Workplace() as place:
            functions = Functions(place)
            functions.do("1")
            for entries, depth in ((90_000 if thorough else 9_000, 110), (9_000, 97)):
                with self.subTest(depth):
                    package = deep_zip(entries, depth)
                    # What any request of this size costs here and now: no zip, refused at its first look.
                    usual, status, _ = self.create(functions, "usual", b"x" * len(package))
                    self.assertEqual(status, 400)
                    took, status, body = self.create(functions, f"deep-{depth}", package)
                    self.assertEqual(status, 400 if depth > 100 else 201, body)
                    self.assertLess(took, 3 + 5 * usual)
            self.assertEqual(functions.do("6 * 7"), 42)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    unittest.main(verbosity=2, warnings="ignore")
