# SPDX-License-Identifier: Apache-2.0
"""Real processes for tests: the engine, sites, and the tools that speak to them. Standard library only.

Nothing here sleeps to wait for time to pass: engines run on a manual clock and are advanced, or a condition is polled
with an upper bound that only a broken program reaches.
"""
import atexit
import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.request

import warm_aws

# What whoever runs the tests has in a configuration file is none of theirs.
os.environ.setdefault("SITELATCH_CONFIG", "none")

SITELATCH = os.environ.get("SITELATCH_BINARY", "build/release/sitelatch")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SITELATCH_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))


def skip_loudly(what):
    print(f"SKIPPED: {what}", flush=True)


def wait_until(condition, what, limit=60.0):
    """Polls a condition that becomes true by what other processes do; fails with `what` when it never does."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)  # polling another process, not waiting for time
    raise AssertionError(f"never happened: {what}")


def has_failed(test):
    """Whether this unittest.TestCase, which is ending, has failed: its world then says more."""
    outcome = getattr(test._outcome, "result", None)
    return any(one is test for one, _ in [*getattr(outcome, "failures", []), *getattr(outcome, "errors", [])])


def threads_of(pid):
    """Where every thread of a process and of its children stands, for a process that does not answer."""
    def read(*parts):
        try:
            with open(os.path.join("/proc", *map(str, parts))) as file:
                return file.read().strip()
        except OSError as error:
            return error.strerror
    lines = []
    for task in sorted(os.listdir(f"/proc/{pid}/task"), key=int) if os.path.exists(f"/proc/{pid}/task") else []:
        at = (pid, "task", task)
        state = re.search(r"State:\s*(\S)", read(*at, "status"))
        lines.append(f"{pid}/{task} {read(*at, 'comm')}: {state.group(1) if state else '?'}, {read(*at, 'wchan')}, "
                     f"system call {read(*at, 'syscall')}")
        for child in read(*at, "children").split():
            lines += threads_of(int(child)) if child.isdigit() else []
    return lines


def wait_for_line(process, pattern, limit=120):
    """Reads the process's stdout until a line matches. A process that says nothing at all is ended, and where it stood
    is in the error."""
    stood = []

    def give_up():
        stood.extend([f"(it had said nothing for {limit} s)", *threads_of(process.pid)])
        process.kill()

    silence = threading.Timer(limit, give_up)
    silence.start()
    try:
        while True:
            line = process.stdout.readline()
            if not line:
                raise AssertionError("\n".join([f"{process.args}: ended before it said {pattern}", *stood]))
            found = re.match(pattern, line)
            if found:
                return found
    finally:
        silence.cancel()


class Process:
    """A `sitelatch` command that runs until it is told to end."""

    def __init__(self, *arguments, ready, stderr=None, env=None):
        self.process = subprocess.Popen([SITELATCH, *arguments], stdout=subprocess.PIPE, stderr=stderr, text=True, env=env)
        self.ready = wait_for_line(self.process, ready)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """SIGTERM; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        return status


class Engine(Process):
    def __init__(self, data_dir, *options, api="127.0.0.1:0", dns="127.0.0.1:0", log=None, env=None):
        self.data_dir, self.options = data_dir, options
        self.log_path = log or os.path.join(os.path.dirname(os.path.abspath(data_dir)), "engine.log")
        with open(self.log_path, "a") as log_file:
            super().__init__("engine", "--data-dir", data_dir, "--api", api, "--dns", dns, *options,
                             ready=r"ready api=(http://\S+) dns=(\S+)", stderr=log_file, env=env)
        self.api, self.dns = self.ready.group(1), self.ready.group(2)

    def restarted(self):
        """The engine again after kill(): same directory, same ports."""
        return Engine(self.data_dir, *self.options, api=self.api.removeprefix("http://"), dns=self.dns, log=self.log_path)

    def environment(self, region="us-east-1"):
        text = subprocess.run([SITELATCH, "env", "--data-dir", self.data_dir, "--region", region], check=True,
                              capture_output=True, text=True).stdout
        script = text + "\nenv -0"
        out = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout
        return with_warm_aws(dict(item.split("=", 1) for item in out.split("\0") if "=" in item))

    def command(self, *words, check=True, limit=300):
        try:
            return subprocess.run([SITELATCH, words[0], "--data-dir", self.data_dir, *words[1:]], check=check,
                                  capture_output=True, text=True, timeout=limit)
        except subprocess.TimeoutExpired:
            raise AssertionError("\n".join([f"sitelatch {' '.join(words)}: no answer in {limit} s", self.log_text()[-3000:],
                                            *threads_of(self.process.pid)])) from None

    def advance(self, duration):
        return self.command("advance", duration).stdout.strip()

    def asking(self, **request):
        """A connection to the control socket on which this was asked; its answer is one line."""
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(300)
        link.connect(os.path.join(self.data_dir, "control.sock"))
        link.sendall(json.dumps(request).encode() + b"\n")
        return link

    def pass_time(self, seconds):
        """advance() without a process of its own; gives the engine's time, "2026-11-28T10:42:21.000Z"."""
        with self.asking(command="advance", nanoseconds=round(seconds * 1e9)) as link:
            return json.loads(link.makefile("rb").readline())["now"]

    def log_text(self):
        with open(self.log_path) as log_file:
            return log_file.read()

    def lookup(self, name, kind="A"):
        host, port = self.dns.rsplit(":", 1)
        return dns_lookup(host, int(port), name, kind)


class Site(Process):
    def __init__(self, name, listen="127.0.0.1:0"):
        super().__init__("site", "--listen", listen, "--name", name, ready=r"ready site=\S+ (http://\S+)")
        self.url = self.ready.group(1)
        self.address, port = self.url.removeprefix("http://").rsplit(":", 1)
        self.port = int(port)

    def set(self, state):
        request = urllib.request.Request(self.url + "/lb-check", data=state.encode(), method="POST")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(request, timeout=10).read()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise


TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "TXT": 16, "AAAA": 28}


def dns_over_tcp(host, port, query, timeout):
    with socket.create_connection((host, port), timeout=timeout) as client, client.makefile("rb") as answers:
        client.sendall(struct.pack("!H", len(query)) + query)
        size = answers.read(2)
        reply = answers.read(struct.unpack("!H", size)[0]) if len(size) == 2 else b""
    if len(reply) < 12 or len(reply) != struct.unpack("!H", size)[0]:
        raise ConnectionResetError(f"{host}:{port}: ended before it had answered")
    return reply


def dns_lookup(host, port, name, kind="A", timeout=5, tcp=False):
    """(rcode, [rdata]) by one query; A records as dotted text, others as bytes."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".")) + b"\0"
    query = struct.pack("!HHHHHH", 0x1234, 0, 1, 0, 0, 0) + question + struct.pack("!HH", TYPES[kind], 1)
    if tcp:
        reply = dns_over_tcp(host, port, query, timeout)
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(timeout)
            client.connect((host, port))  # so that a server that has ended is an error at once
            client.send(query)
            reply = client.recv(65535)
    _, flags, _, answers, _, _ = struct.unpack("!HHHHHH", reply[:12])
    if not flags & 0x8000:  # where nobody holds the port, the system may give it to this very socket, which then hears itself
        raise ConnectionRefusedError(f"{host}:{port}: nobody answers")
    at, out = 12 + len(question) + 4, []
    for _ in range(answers):
        while reply[at] and reply[at] < 192:
            at += 1 + reply[at]
        at += 2 if reply[at] else 1
        record_type, _, _, length = struct.unpack("!HHIH", reply[at:at + 10])
        data = reply[at + 10:at + 10 + length]
        at += 10 + length
        if record_type == TYPES[kind]:
            out.append(socket.inet_ntoa(data) if kind == "A" else data)
    return flags & 15, out


class Workplace:
    """A directory for one test, removed at the end; processes registered with it are ended."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="sitelatch-test-")
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and os.path.exists(os.path.join(self.path, "engine.log")):
            with open(os.path.join(self.path, "engine.log")) as log_file:
                print("--- the engine's log:\n" + "".join(log_file.readlines()[-60:]), flush=True)
        for process in reversed(self.processes):
            if process.process.poll() is None:
                process.kill()
        shutil.rmtree(self.path, ignore_errors=True)

    def engine(self, *options):
        return self.keep(Engine(os.path.join(self.path, "data"), *options))

    def site(self, name):
        return self.keep(Site(name))

    def keep(self, process):
        self.processes.append(process)
        return process


def aws_clis():
    """Every distinct aws CLI on this machine: [(path, version)]."""
    found, places, versions = [], set(), set()
    for path in [*(os.path.join(d, "aws") for d in os.environ.get("PATH", "").split(":")), "/usr/bin/aws"]:
        if not os.access(path, os.X_OK) or os.path.realpath(path) in places:
            continue
        places.add(os.path.realpath(path))
        run = subprocess.run([path, "--version"], capture_output=True, text=True)
        version = re.match(r"aws-cli/(\S+)", run.stdout + run.stderr)
        if run.returncode == 0 and version and version.group(1) not in versions:
            versions.add(version.group(1))
            found.append((path, version.group(1)))
    return found


class WarmCli:
    """An aws CLI that is imported once (warm_aws.py), at its first command, and ends with this process. `directory` has an
    `aws` for PATH."""

    of_path, making = {}, threading.Lock()

    @classmethod
    def directory_of(cls, path):
        """In place of the directory of `path`, which it is where that CLI has to be started each time."""
        with cls.making:
            if path not in cls.of_path:
                python = warm_aws.interpreter_of(path)
                cls.of_path[path] = cls(python, path).directory if python else os.path.dirname(path)
            return cls.of_path[path]

    def __init__(self, python, path):
        self.directory, self.server = tempfile.mkdtemp(prefix="sitelatch-aws-"), None
        at, script = os.path.join(self.directory, "socket"), os.path.join(self.directory, "aws")
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listening.bind(at)
        self.listening.listen(64)
        with open(script, "w") as file:
            file.write(f"#!/bin/sh\nexec {python} -IS {shlex.quote(warm_aws.__file__)} run {at} \"$@\"\n")
        os.chmod(script, 0o755)
        atexit.register(self.close)
        threading.Thread(target=self.start_when_asked, args=[python, path], daemon=True).start()

    def start_when_asked(self, python, path):
        select.select([self.listening], [], [])
        self.server = subprocess.Popen([python, warm_aws.__file__, "serve", path, str(self.listening.fileno())],
                                       stdin=subprocess.PIPE, pass_fds=[self.listening.fileno()])

    def close(self):
        if self.server:
            self.server.stdin.close()
            self.server.wait(timeout=30)
        shutil.rmtree(self.directory, ignore_errors=True)


def with_warm_aws(environment, cli=None):
    """The environment with an aws CLI (that one; else the first on PATH) that does not start anew each time, behind the
    engine's shim."""
    shim, rest = environment["PATH"].split(":", 1)
    cli = cli or shutil.which("aws", path=rest)
    return {**environment, "PATH": ":".join([shim, WarmCli.directory_of(cli), rest])} if cli else environment


def aws(cli, environment, *arguments, parse=True, check=True):
    """Runs one aws command; gives its JSON output. On failure raises with what the CLI said."""
    run = subprocess.run([shutil.which(cli, path=environment["PATH"]), *arguments, *(["--output", "json"] if parse else [])], env=environment,
                         capture_output=True, text=True, timeout=600)
    if check and run.returncode != 0:
        raise AssertionError(f"aws {' '.join(arguments)}: {run.stderr.strip()}")
    if not check:
        return run
    return json.loads(run.stdout) if parse and run.stdout.strip() else run.stdout
