# SPDX-License-Identifier: Apache-2.0
"""An engine of a test session, and what tests do with it. Standard library only; boto3 is imported where it is asked for."""
import ctypes
import datetime
import http.client
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from . import dns

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_PR_SET_PDEATHSIG = 1


class EngineError(Exception):
    """What the engine, or its program, refused; in its words."""


def seconds_of(duration):
    """Seconds of "1h30m", "90s", "250ms", a timedelta or a number of seconds."""
    if isinstance(duration, datetime.timedelta):
        return duration.total_seconds()
    if isinstance(duration, (int, float)):
        return float(duration)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[dhms])", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is no duration: 90s, 5m, 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def find_binary(configured=None):
    """The sitelatch program: SITELATCH_BINARY, what was configured, or the one on PATH."""
    for choice, named in ((os.environ.get("SITELATCH_BINARY"), "SITELATCH_BINARY"), (configured, "the option sitelatch_binary")):
        if choice:
            found = shutil.which(choice)
            if not found:
                raise EngineError(f"{named} is {choice}, which is no program")
            return os.path.abspath(found)
    found = shutil.which("sitelatch")
    if not found:
        raise EngineError("there is no sitelatch on PATH: install its package, or say where it is by SITELATCH_BINARY or the option "
                          "sitelatch_binary")
    return found


def _die_with_parent():
    """For a child: it ends with the process that starts it, however that ends (Linux)."""
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return None
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class _Child:
    """A sitelatch command that runs until it is told to end; ready once it has said so."""

    def __init__(self, binary, words, ready, stderr, limit=60):
        self.process = subprocess.Popen([binary, *words], stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL, text=True,
                                        preexec_fn=_die_with_parent())
        hung = threading.Timer(limit, self.process.kill)
        hung.start()
        try:
            while True:
                line = self.process.stdout.readline()
                if not line:
                    self.process.wait()
                    raise EngineError(f"sitelatch {words[0]} ended (status {self.process.returncode}) before it was ready")
                found = re.match(ready, line)
                if found:
                    self.ready = found
                    return
        finally:
            hung.cancel()

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


class Engine:
    """One engine in a directory of its own, on ports that were free; in memory, its clock moved by tests."""

    def __init__(self, binary, options=()):
        self.binary = binary
        # Short: its control socket's path has to fit into 108 bytes.
        self.place = tempfile.mkdtemp(prefix="sitelatch-")
        self.data_dir = os.path.join(self.place, "data")
        self.log_path = os.path.join(self.place, "engine.log")
        words = ["engine", "--data-dir", self.data_dir, "--ephemeral", "--clock", "manual", "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0",
                 "--console", "off", *options]
        try:
            with open(self.log_path, "w", encoding="utf-8") as log:
                self._child = _Child(binary, words, r"ready api=(http://\S+) dns=(\S+)", log)
        except EngineError as error:
            said = self.log()
            shutil.rmtree(self.place, ignore_errors=True)
            raise EngineError(f"{error}: {said.strip()[-2000:]}") from None
        self.endpoint, self.dns = self._child.ready.group(1), self._child.ready.group(2)
        self.environment = self._environment()

    def _environment(self):
        """The variables that point tools at this engine and at nothing else, as `sitelatch env` says; None: to be unset."""
        text = subprocess.run([self.binary, "env", "--data-dir", self.data_dir], check=True, capture_output=True, text=True).stdout
        bare = {"PATH": os.environ.get("PATH", os.defpath)}
        shown = subprocess.run(["sh", "-c", text + "\nenv -0"], check=True, capture_output=True, text=True, env=bare).stdout
        variables = dict(item.split("=", 1) for item in shown.split("\0") if "=" in item)
        for name in ("PWD", "SHLVL", "_", "OLDPWD"):
            variables.pop(name, None)
        unset = [name for line in re.findall(r"^unset (.*)$", text, re.M) for name in line.split()]
        return {**{name: None for name in unset}, **variables}

    def log(self, since=0):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            file.seek(since)
            return file.read()

    def log_size(self):
        return os.path.getsize(self.log_path)

    def alive(self):
        return self._child.process.poll() is None

    def request(self, method, path, timeout=60):
        """(status, text) of one of the engine's own pages: /_sitelatch/health, /_sitelatch/metrics."""
        host, port = self.endpoint[len("http://"):].rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=timeout)  # no proxy
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ask(self, **request):
        """One command over the control socket."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(600)
            link.connect(os.path.join(self.data_dir, "control.sock"))
            link.sendall(json.dumps(request).encode() + b"\n")
            line = link.makefile("rb").readline()
        if not line:
            raise EngineError(f"the engine ended: {self.log()[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer

    def reset(self):
        status, text = self.request("POST", "/_sitelatch/reset")
        if status != 200:
            raise EngineError(f"the engine was not reset: {status} {text}")

    def close(self):
        self._child.end()
        shutil.rmtree(self.place, ignore_errors=True)


class Clock:
    """The engine's time. It stands still until it is moved; what is due meanwhile happens, in order, before advance() returns."""

    def __init__(self, engine):
        self._engine = engine

    def now(self):
        return _instant(self._engine.ask(command="clock")["now"])

    def advance(self, duration):
        """By "1h30m", a timedelta or seconds; gives the new time."""
        seconds = seconds_of(duration)
        if seconds <= 0:
            raise ValueError("time moves forward alone")
        return _instant(self._engine.ask(command="advance", nanoseconds=round(seconds * 1e9))["now"])

    def advance_until(self, condition, step="10s", most="1h"):
        """In steps until the condition holds; gives how long that took. AssertionError: it never did."""
        begun, limit = self.now(), seconds_of(most)
        while not condition():
            if (self.now() - begun).total_seconds() >= limit:
                raise AssertionError(f"not within {most}: {getattr(condition, '__name__', condition)}")
            self.advance(step)
        return self.now() - begun


def _instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Site:
    """A small web site with /lb-check, at an address of its own."""

    def __init__(self, binary, name, address):
        self.name, self.address, self._binary = name, address, binary
        self.port, self._child = 0, None
        self.start()

    def start(self):
        """At the port it had before."""
        if self._child:
            return
        self._child = _Child(self._binary, ["site", "--listen", f"{self.address}:{self.port}", "--name", self.name],
                             r"ready site=\S+ (http://\S+)", subprocess.DEVNULL)
        self.url = self._child.ready.group(1)
        self.port = int(self.url.rsplit(":", 1)[1])

    def down(self):
        """It answers 503 to its check; a site whose machine is gone: stop()."""
        self._set("DOWN")

    def up(self):
        """Well again, and started if it was stopped."""
        self.start()
        self._set("UP")

    def stop(self):
        """Nobody answers at all."""
        if self._child:
            self._child.end(signal.SIGKILL)
            self._child = None

    def _set(self, state):
        connection = http.client.HTTPConnection(self.address, self.port, timeout=30)
        try:
            connection.request("POST", "/lb-check", state)
            connection.getresponse().read()
        finally:
            connection.close()


class Pair:
    """A name with a PRIMARY and a SECONDARY record; `backup_check` is None unless it was asked for."""

    def __init__(self, name, zone_id, primary, backup, primary_check, backup_check):
        self.name, self.zone_id, self.primary, self.backup = name, zone_id, primary, backup
        self.primary_check, self.backup_check = primary_check, backup_check


class Guard:
    """A guard of a pair, by the commands that a person has."""

    def __init__(self, sitelatch, name):
        self._sitelatch, self.name = sitelatch, name

    def status(self):
        """What `sitelatch status` knows, as it says it in JSON; "state" is "armed", "latched", ..."""
        answer = self._sitelatch.run("status", self.name, "--output", "json", check=False)
        if not answer.stdout:
            raise EngineError(answer.stderr.strip())
        return json.loads(answer.stdout)

    @property
    def state(self):
        return self.status()["state"]

    def switch_back(self, reason="pytest", *options):
        return self._sitelatch.drive("switch-back", self.name, "--reason", reason, "--yes", *options)

    def trip(self, reason="pytest", *options):
        return self._sitelatch.drive("trip", self.name, "--reason", reason, "--yes", *options)


class Sitelatch:
    """What a test has: an engine that is as new, its clock, sites, names and guards."""

    def __init__(self, engine):
        self.engine, self.endpoint, self.dns = engine, engine.endpoint, engine.dns
        self.clock = Clock(engine)
        self._sites, self._numbers = [], itertools.count(1)

    @property
    def environment(self):
        """Of a process that speaks to the engine and to nothing else."""
        return {name: value for name, value in {**os.environ, **self.engine.environment}.items() if value is not None}

    def session(self, region="us-east-1"):
        """A boto3 session with the keys of the account's root. Whoever runs the tests may have AWS_PROFILE set, and files of AWS's: they have
        no say in it."""
        try:
            import boto3
            import botocore.session
        except ImportError:
            raise EngineError("boto3 is not installed: pip install boto3") from None
        none = (None, None, None, None)
        core = botocore.session.Session(session_vars={"profile": none, "config_file": (None, None, self.engine.data_dir + "/config", None),
                                                      "credentials_file": (None, None, self.engine.data_dir + "/credentials", None)})
        return boto3.Session(botocore_session=core, aws_access_key_id=self.engine.environment["AWS_ACCESS_KEY_ID"],
                             aws_secret_access_key=self.engine.environment["AWS_SECRET_ACCESS_KEY"], region_name=region)

    def client(self, service, region="us-east-1", **more):
        """A boto3 client of a service. Its config, where it is given, is taken as it is."""
        session = self.session(region)
        if "config" not in more:
            from botocore.config import Config
            more["config"] = Config(retries={"max_attempts": 2}, proxies={})
        return session.client(service, endpoint_url=self.endpoint, **more)

    def resolve(self, name, kind="A"):
        """Who serves: the records of that type, as texts, sorted. None: []."""
        return dns.ask(self.dns, name, kind)

    def site(self, name="site"):
        """A site at a loopback address that no other of this test has, so that DNS tells them apart."""
        site = Site(self.engine.binary, name, f"127.0.1.{next(self._numbers)}")
        self._sites.append(site)
        return site

    def pair(self, name, primary=None, backup=None, interval=10, threshold=3, ttl=60, check_backup=False):
        """`name` in a hosted zone of its own (the name without its first label), served by Primary while that is well. A guard wants the
        SECONDARY record without a health check: with one Route 53 answers Primary, latched or not, once both look unhealthy."""
        primary, backup = primary or self.site("primary"), backup or self.site("backup")
        route53 = self.client("route53")

        def check(site):
            return route53.create_health_check(CallerReference=f"{name} {site.name} {site.address}", HealthCheckConfig={
                "Type": "HTTP", "IPAddress": site.address, "Port": site.port, "ResourcePath": "/lb-check",
                "RequestInterval": interval, "FailureThreshold": threshold})["HealthCheck"]["Id"]

        checks = {"PRIMARY": check(primary), **({"SECONDARY": check(backup)} if check_backup else {})}
        zone = route53.create_hosted_zone(Name=name.split(".", 1)[1], CallerReference=name)["HostedZone"]["Id"].split("/")[-1]
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [
            {"Action": "CREATE", "ResourceRecordSet": {
                "Name": name, "Type": "A", "TTL": ttl, "SetIdentifier": role.lower(), "Failover": role,
                "ResourceRecords": [{"Value": site.address}], **({"HealthCheckId": checks[role]} if role in checks else {})}} for role, site in (("PRIMARY", primary), ("SECONDARY", backup))]})
        return Pair(name, zone, primary, backup, checks["PRIMARY"], checks.get("SECONDARY"))

    def guard(self, pair, form="engine", *options):
        """Deploys a guard of a pair (or of a health check's id, or a name) and waits until it is armed, moving the clock meanwhile."""
        name = pair.name if isinstance(pair, Pair) else pair
        self.drive("deploy", name, "--form", form, "--yes", *([] if form == "guide" else ["--change-records"]), *options)
        return Guard(self, name)

    def run(self, *words, check=True, limit=120):
        """A sitelatch command on this engine. One that waits for the engine's time: drive()."""
        answer = subprocess.run([self.engine.binary, *words], env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                timeout=limit)
        return self._done(words, answer) if check else answer

    def drive(self, *words, step="30s", check=True, limit=300):
        """A sitelatch command that waits for the engine, whose clock is moved until it ends."""
        process = subprocess.Popen([self.engine.binary, *words], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, text=True)
        end = time.monotonic() + limit
        try:
            while True:
                try:
                    out, err = process.communicate(timeout=0.05)
                    break
                except subprocess.TimeoutExpired:
                    if time.monotonic() > end:
                        raise EngineError(f"sitelatch {' '.join(words)}: not done after {limit} s") from None
                    self.clock.advance(step)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        answer = subprocess.CompletedProcess(words, process.returncode, out, err)
        return self._done(words, answer) if check else answer

    def _done(self, words, answer):
        if answer.returncode != 0:
            raise EngineError(f"sitelatch {' '.join(words)}: exit status {answer.returncode}\n{answer.stdout}{answer.stderr}")
        return answer

    def reset(self):
        """The account as new, as it is before every test. Sites stay."""
        self.engine.reset()

    def close(self):
        for site in self._sites:
            site.stop()
