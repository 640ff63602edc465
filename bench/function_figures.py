# SPDX-License-Identifier: Apache-2.0
"""The native function beside the guide's Python, for the same event, in one interleaved run on the same host.

Both run under one fake Runtime API and one fake AWS behind TLS, with the machine's whole CA bundle. The Python has
the engine's runtime client, which starts faster than AWS's own. Rows of the native function:
  one request   one event, one signed TLS request and its answer (the read is refused, so nothing follows): the same
                traffic as the guide's one update, though not the update itself;
  full work     read, record, update under the version lock, note, notify, audit: six requests on one connection.
Traps met: an answer in two packets costs 40 ms of delayed ACK, so every answer is one send with TCP_NODELAY; the maximum
RSS of wait4 counts the parent that forked, so peak memory is VmHWM of the process itself.
"""
import json
import os
import queue
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "tests", name) for name in ("function", "guide", "support")]
from extract_guide import guide_script  # noqa: E402
from function_test import ALARM, ID, NOTIFY, RULE, TOPIC, alarm_event  # noqa: E402
from sitelatch import SHARED, SITELATCH  # noqa: E402

BUILD = os.path.dirname(os.path.abspath(SITELATCH))
BOOTSTRAP = os.environ.get("FUNCTION_BOOTSTRAP", os.path.join(BUILD, "src", "function", "bootstrap"))
COLD, WARM = int(os.environ.get("COLD_RUNS", "30")), int(os.environ.get("WARM_RUNS", "100"))
EVENT = json.dumps(alarm_event()).encode()


def read_message(stream):
    """(first line, headers, body), or nothing at the connection's end."""
    line = stream.readline().decode()
    if not line:
        return None
    headers = {}
    while True:
        field = stream.readline().decode().strip()
        if not field:
            break
        name, _, value = field.partition(":")
        headers[name.lower()] = value.strip()
    return line, headers, stream.read(int(headers.get("content-length", 0)))


def message(status, body, headers=()):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def listen(serve):
    server = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept():
        while True:
            client, _ = server.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=guarded, args=(client,), daemon=True).start()

    def guarded(client):
        try:
            serve(client)
        except OSError:
            client.close()  # the function was ended

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


class Aws:
    """One health check behind TLS. `refusing`: reads are refused; else everything is answered. A connection ends after the
    last request of an invocation, so that the next one needs a new one."""

    def __init__(self, directory):
        make = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=directory)
        make("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench", "-keyout", "ca.key", "-out", "ca.pem")
        make("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", "s.key", "-out", "s.csr")
        with open(os.path.join(directory, "ext"), "w") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        make("x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", "s.pem")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(directory, "s.pem"), os.path.join(directory, "s.key"))
        self.bundle = os.path.join(directory, "bundle.pem")
        with open(self.bundle, "w") as out:
            for path in ("/etc/ssl/certs/ca-certificates.crt", os.path.join(directory, "ca.pem")):
                with open(path) as file:
                    out.write(file.read())
        self.refusing, self.connections, self.requests, self.updates, self.version = False, 0, 0, 0, 1
        self.url = f"https://127.0.0.1:{listen(self.serve)}"

    def serve(self, client):
        client = self.context.wrap_socket(client, server_side=True)
        self.connections += 1
        stream = client.makefile("rb")
        while True:
            request = read_message(stream)
            if not request:
                break
            self.requests += 1
            status, body, last = self.answer(*request)
            client.sendall(message(status, body.encode(), [("Connection", "close")] if last else []))
            if last:
                break
        client.close()

    def check(self, root):
        return (f'<?xml version="1.0"?><{root} xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HealthCheck><Id>{ID}</Id><CallerReference>x'
                f"</CallerReference><HealthCheckConfig><Type>HTTPS</Type><ResourcePath>/lb-check</ResourcePath><FullyQualifiedDomainName>p.example.test"
                f"</FullyQualifiedDomainName><RequestInterval>30</RequestInterval><FailureThreshold>1</FailureThreshold></HealthCheckConfig>"
                f"<HealthCheckVersion>{self.version}</HealthCheckVersion></HealthCheck></{root}>")

    def answer(self, line, headers, body):
        if line.startswith("GET /2013"):
            if self.refusing:
                return 403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>", True
            return 200, self.check("GetHealthCheckResponse"), False
        if line.startswith("POST /2013"):
            self.updates += 1
            return 200, self.check("UpdateHealthCheckResponse"), b"<HealthCheckVersion>" not in body  # the guide's: its only one
        if "x-amz-target" in headers:
            return 200, "{}", True  # PutLogEvents: the native function's last
        if b"Action=ListTagsForResource" in body:
            return 200, "<R><ListTagsForResourceResult><Tags></Tags></ListTagsForResourceResult></R>", False
        return 200, "<R/>", False


class Runtime:
    """The fake Runtime API of one process."""

    def __init__(self):
        self.events, self.answers, self.asked = queue.Queue(), queue.Queue(), queue.Queue()
        self.address = f"127.0.0.1:{listen(self.serve)}"

    def serve(self, client):
        stream, number = client.makefile("rb"), 0
        while True:
            request = read_message(stream)
            if not request:
                return client.close()
            line, _, body = request
            if line.startswith("GET"):
                self.asked.put(time.perf_counter())
                event = self.events.get()
                number += 1
                client.sendall(message(200, event, [("Lambda-Runtime-Aws-Request-Id", f"i-{number}"),
                                                    ("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60000))]))
            else:
                self.answers.put((time.perf_counter(), line.split()[1].rsplit("/", 1)[1], body))
                client.sendall(message(202, b"{}"))


class Function:
    def __init__(self, kind):
        self.kind, self.runtime = kind, Runtime()
        environment = dict(kind.environment, AWS_LAMBDA_RUNTIME_API=self.runtime.address)
        null = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
        self.started = time.perf_counter()
        self.pid = os.posix_spawn(kind.command[0], kind.command, environment, file_actions=null)

    def invoke(self):
        """Milliseconds from the event's departure to the answer's arrival."""
        before, requests = self.kind.aws.connections, self.kind.aws.requests
        sent = time.perf_counter()
        self.runtime.events.put(EVENT)
        at, outcome, body = self.runtime.answers.get(timeout=60)
        assert outcome == self.kind.expected, (self.kind.name, outcome, body)
        assert self.kind.aws.requests - requests == self.kind.requests, (self.kind.name, self.kind.aws.requests - requests, body)
        assert self.kind.early or self.kind.aws.connections > before, "a kept connection"
        self.answered = at
        return (at - sent) * 1000

    def wait_until_it_asks(self):
        return (self.runtime.asked.get(timeout=60) - self.started) * 1000

    def peak_mb(self):
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) / 1024

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.wait4(self.pid, 0)


class Kind:
    def __init__(self, name, command, environment, aws, refusing, expected, requests):
        self.name, self.command, self.environment, self.aws = name, command, environment, aws
        self.refusing, self.expected, self.requests, self.early = refusing, expected, requests, False
        self.init, self.first, self.cold, self.warm, self.memory = [], [], [], [], []

    def run_cold(self):
        """From the start of the process to its first answer; the event waits from the beginning."""
        self.aws.refusing, self.early = self.refusing, True
        function = Function(self)
        function.invoke()
        self.cold.append((function.answered - function.started) * 1000)
        asked = function.wait_until_it_asks()
        self.init.append(asked)
        self.memory.append(function.peak_mb())
        function.end()

    def run_warm(self, function):
        self.aws.refusing, self.early = self.refusing, False
        self.warm.append(function.invoke())


def python_with_boto3():
    for path in (sys.executable, "/usr/bin/python3"):
        found = subprocess.run([path, "-I", "-c", "import boto3, sys; print(sys.executable, sys.version.split()[0], boto3.__version__)"], capture_output=True, text=True)
        if found.returncode == 0 and tuple(map(int, found.stdout.split()[2].split(".")[:2])) >= (1, 28):
            return found.stdout.split()
    sys.exit("bench/function_figures.py needs boto3 1.28 or newer, which knows AWS_ENDPOINT_URL")


def guide_source(directory):
    """The guide's lambda.py, as its own command writes it."""
    text, _ = guide_script(SHARED, ID, directory)
    found = re.search(r"cat\b[^\n]*lambda\.py[^\n]*\n(.*?)\n(EOF|PYTHON)\s*$", text, re.S | re.M)
    assert found, "the guide's function is not where it was"
    with open(os.path.join(directory, "guide_function.py"), "w") as file:
        file.write(found[1])


def kinds(directory, aws):
    os.makedirs(os.path.join(directory, "root"), exist_ok=True)
    with open(os.path.join(ROOT, "src", "net", "runtimes", "python_bootstrap.inc")) as file:
        client = re.match(r'R"PY\((.*)\)PY"', file.read(), re.S)[1]
    with open(os.path.join(directory, "bootstrap.py"), "w") as file:
        file.write(client)
    guide_source(directory)
    common = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token", "AWS_REGION": "us-east-1",
              "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": aws.url, "AWS_CA_BUNDLE": aws.bundle, "AWS_EC2_METADATA_DISABLED": "true"}
    native = dict(common, SITELATCH_HEALTH_CHECK_ID=ID, SITELATCH_ALARM_ARN=ALARM, SITELATCH_ALARM_TOPIC_ARN=TOPIC, SITELATCH_NOTIFY_TOPIC_ARN=NOTIFY,
                  SITELATCH_RULE_ARN=RULE, SITELATCH_AUDIT_GROUP="/sitelatch/" + ID, SITELATCH_ORIGINAL_PATH="/lb-check", SITELATCH_LATCH="path")
    python, version, boto3 = python_with_boto3()
    print(f"Python {version}, boto3 {boto3}")
    guide = dict(common, LAMBDA_TASK_ROOT=directory, _HANDLER="guide_function.handler", PATH="/usr/bin:/bin", HOME=directory)
    return (Kind("the guide's Python", [python, "-u", os.path.join(directory, "bootstrap.py")], guide, aws, False, "response", 1),
            Kind("native, one request", [BOOTSTRAP], native, aws, True, "error", 1),
            Kind("native, full work", [BOOTSTRAP], native, aws, False, "response", 6))


def spread(samples):
    samples = sorted(samples)
    return f"{statistics.median(samples):7.2f} ({samples[0]:.2f} .. {samples[-1]:.2f})"


def ratio(python, native, digits=1):
    """The ratio of the medians, and the spread of the ratios of runs side by side."""
    pairs = sorted(a / b for a, b in zip(python, native))
    return f"{statistics.median(python) / statistics.median(native):6.{digits}f}x ({pairs[0]:.{digits}f} .. {pairs[-1]:.{digits}f})"


def table(all_kinds):
    print(f"{'':22} {'cold start to answer, ms':28} {'of it: init, ms':26} {'warm, new TLS, ms':26} peak RSS, MB")
    for kind in all_kinds:
        print(f"{kind.name:22} {spread(kind.cold):28} {spread(kind.init):26} {spread(kind.warm):26} {spread(kind.memory)}")
    guide = all_kinds[0]
    for kind in all_kinds[1:]:
        print(f"ratio to {kind.name[8:]:13} {ratio(guide.cold, kind.cold):28} {'':26} {ratio(guide.warm, kind.warm):26} {ratio(guide.memory, kind.memory)}")
    print(f"{'goals':22} {'>= 40x':28} {'':26} {'>= 20x':26} >= 8x")


if __name__ == "__main__":
    print(f"{BOOTSTRAP}; {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} at the start (a quiet machine is below 0.2)")
    directory = tempfile.mkdtemp(prefix="sitelatch-bench-")
    try:
        world = Aws(directory)
        rows = kinds(directory, world)
        for row in rows:  # files into the page cache, .pyc made
            row.run_cold()
            row.init, row.cold, row.memory = [], [], []
        for turn in range(COLD):
            for n in range(len(rows)):  # no row always after the same one
                rows[(turn + n) % len(rows)].run_cold()
        running = [(row, Function(row)) for row in rows]
        for row, function in running:  # its first event, and the connection that was opened during init
            row.aws.refusing, row.early = row.refusing, True
            function.invoke()
        for turn in range(WARM):
            for n in range(len(running)):
                row, function = running[(turn + n) % len(running)]
                row.run_warm(function)
        for _, function in running:
            function.end()
        table(rows)
        archive = os.path.join(os.path.dirname(BOOTSTRAP), "function.zip")
        print(f"bootstrap {os.path.getsize(BOOTSTRAP) / 1e6:.2f} MB, zip {os.path.getsize(archive) / 1e6:.2f} MB (goal: below 2.7 MB); "
              f"load {os.getloadavg()[0]:.1f} at the end")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
