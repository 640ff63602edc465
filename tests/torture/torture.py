#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the real engine over and over, with faults of the disk below it (fault_shim.cc), and holds every restart against what was
acknowledged: every change that was answered with 200 is there, every other one wholly or not at all, and no DNS answer names a
Primary that is unhealthy or latched.

  torture.py [--kills N] [--seconds S] [--seed SEED] [--every-operation]

With --every-operation first every change to the journal's files in turn over a recorded story, for each kind of end; then seeds:
worlds that live through some hundred engines each, under a random fault or killed at a random instant. A failure prints its seed;
`--world SEED` runs that world alone (time is real, so the instant of a fault may differ by a little)."""
import argparse
import collections
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from faults import Faults, OPERATIONS  # noqa: E402
from sitelatch import SITELATCH, dns_lookup  # noqa: E402
from world import BACKUP, CLIENT_NAME, PRIMARY, Broken, Client, World, logs  # noqa: E402

TIME_SCALE = "600"
GONE = OSError  # what a call to an engine that has ended raises


class Site:
    """The endpoint of every health check: /ok is 200 while it is up, 503 while it is down; /backup is always 200, the rest 404."""

    def __init__(self):
        self.up, self.heard = True, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            link, _ = self.listener.accept()
            try:
                link.settimeout(1)
                head = link.recv(4096)
                self.heard += 1
                path = head.split(b" ")[1:2]
                status = b"404 Absent"
                if path == [b"/backup"] or (path == [b"/ok"] and self.up):
                    status = b"200 OK"
                elif path == [b"/ok"]:
                    status = b"503 Down"
                link.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            except OSError:
                pass
            link.close()


class Engine:
    """One life. `ready` is false when it ended before it could serve."""

    def __init__(self, data_dir, faults, errors):
        self.data_dir, self.faults, self.error_path = data_dir, faults, errors
        with open(errors, "wb") as error_file:
            self.process = subprocess.Popen(
                [SITELATCH, "engine", "--data-dir", data_dir, "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--time-scale", TIME_SCALE],
                stdout=subprocess.PIPE, stderr=error_file, close_fds=False, env=faults.environment())
        said = re.match(rb"ready api=http://(\S+) dns=(\S+)", self.process.stdout.readline())
        self.ready = said is not None
        if self.ready:
            self.api, self.dns = said.group(1).decode(), said.group(2).decode().rsplit(":", 1)
            with open(os.path.join(data_dir, "credentials")) as file:
                self.key = re.findall(r"= (\S+)", file.read())[:2]

    def lookup(self):
        for _ in range(100):
            try:
                return dns_lookup(self.dns[0], int(self.dns[1]), CLIENT_NAME, timeout=0.2)
            except socket.timeout:
                if self.process.poll() is not None:
                    raise ConnectionResetError("the engine has ended") from None
        raise Broken("DNS does not answer")

    def end(self):
        """Its end, made certain: how it ended, in words, after a look at what it said."""
        self.process.kill()
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        with open(self.error_path, errors="replace") as file:
            lines = file.read().splitlines()
        said = [line for line in lines if not re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z (debug|info|warning|error) ", line)]
        if status == -9 and not said:
            return "killed"
        if status == 1 and len(said) == 1 and said[0].startswith("sitelatch: "):
            return said[0].removeprefix("sitelatch: ")
        raise Broken(f"it ended with status {status} and said {said}")


class Failover:
    """The story that DNS tells, held at every look: Primary, down, Backup, latched, Backup although the site is up, switched back."""

    def __init__(self, world):
        self.world, self.site, self.phase, self.looks, self.rounds, self.held = world, world.site, "up", 0, 0, 0
        self.site.up = True

    def path(self):
        return self.world.model["check", self.world.checks[0]][0]

    def look(self, engine):
        """One answer. While Primary is unhealthy or latched it may not name it."""
        code, addresses = engine.lookup()
        self.looks += 1
        if code != 0 or addresses not in ([PRIMARY], [BACKUP]):
            raise Broken(f"DNS answers {code} {addresses}")
        if self.phase in ("failed over", "latched") and addresses != [BACKUP]:
            raise Broken(f"DNS names Primary, which is {self.phase}")
        return addresses == [PRIMARY]

    def step(self, engine, before_restart):
        """Goes on with the story where it can; gives the call that it needs made, if it does."""
        names_primary = self.look(engine)
        self.held += before_restart
        check = self.world.checks[0]
        if self.phase == "up" and names_primary and self.held >= 2:
            self.phase, self.site.up = "down", False
        elif self.phase == "down" and not names_primary:
            self.phase = "failed over"
        elif self.phase == "failed over":
            if self.path() != "/ok":
                self.phase, self.site.up, self.held = "latched", True, 0
            else:
                return self.world.set_path(check, "/latched")
        elif self.phase == "latched" and self.held >= 4:
            self.phase = "switching back"
            return self.world.set_path(check, "/ok")
        elif self.phase == "switching back":
            if self.path() != "/ok":
                return self.world.set_path(check, "/ok")
            if names_primary:
                self.phase, self.held = "up", 0
                self.rounds += 1
        return None


class Torture:
    def __init__(self, options):
        self.options, self.site, self.engine = options, Site(), None
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # the shim has its own idea of what a sync is
        self.place = tempfile.mkdtemp(prefix="sitelatch-torture-", dir=base)
        self.data = os.path.join(self.place, "data")
        self.faults = Faults(os.path.join(self.place, "faults"), self.data)
        self.by_kind, self.by_end, self.by_operation = collections.Counter(), collections.Counter(), collections.Counter()
        self.kills = self.restarts = self.checked = self.looks = self.switches = self.acknowledged = self.undecided = 0
        self.until = time.monotonic() + options.seconds if options.seconds else None

    def enough(self):
        return self.kills >= self.options.kills or (self.until and time.monotonic() > self.until)

    def start(self):
        self.faults.sync_lies = int(self.options.lying_disk)
        self.engine = Engine(self.data, self.faults, os.path.join(self.place, "errors"))
        return self.engine

    def fresh(self, seed):
        """A new directory with what every world begins with, by an engine without faults."""
        shutil.rmtree(self.data, ignore_errors=True)
        forgotten = self.faults.path + ".forgotten"
        if os.path.exists(forgotten):
            os.unlink(forgotten)
        self.site.up = True
        self.faults.clear()
        world = World(seed, self.site)
        engine = self.start()
        if not engine.ready:
            raise Broken("no start on a new directory: " + engine.end())
        client = Client(engine)
        world.make(client)
        client.close()
        engine.end()
        return world

    def ended(self, engine, what):
        """Books the end of an engine that was under `what`."""
        struck = self.faults.struck
        how = engine.end()
        self.kills += 1
        if self.kills % 1000 == 0:
            print(f"seed {self.options.seed}: {self.kills} ends so far", flush=True)
        self.by_kind[what if struck or what == "random instant" else "random instant"] += 1
        if struck:
            self.by_operation[OPERATIONS[self.faults.kind_struck] if self.faults.kind_struck else "read"] += 1
        if how != "killed":
            self.by_end[f"{what}: " + re.sub(r"/\S+/(data/?)?", "", how)] += 1

    def alive_on(self, world, story, plan):
        """Starts an engine, under `plan` from its first change on if there is one, and checks it. None when it ended before that."""
        for _ in range(20):
            self.faults.struck = self.faults.kind_struck = self.faults.operations = self.faults.reads = 0
            what = plan() if plan else None
            engine = self.start()
            if what and (self.faults.struck or not engine.ready):
                self.ended(engine, what)
                self.faults.clear()
                plan = None
                continue
            if not engine.ready:
                raise Broken("no start without a fault: " + engine.end())
            try:
                if story:
                    story.look(engine)
                links = [Client(engine) for _ in range(4)]
                seen = world.observe(links)
            except GONE as gone:
                if not self.faults.struck:
                    raise Broken(f"it ended without a fault: {engine.end()}, {gone}") from gone
                self.ended(engine, what)
                self.faults.clear()
                plan = None
                continue
            self.restarts += 1
            self.checked += world.compare(seen)
            return engine, links, what
        raise Broken("it never got up")

    def round(self, engine, links, world, extra, kill_after):
        """Some changes at once, one a connection. False when the engine has ended; its silence leaves them open."""
        calls = [extra] if extra else []
        busy = set(extra.changes) if extra else set()
        for _ in range(world.random.randrange(1, len(links) + 1) - len(calls)):
            call = world.next_call(busy)
            busy |= set(call.changes)
            calls.append(call)
        sent, alive = [], True
        for call, link in zip(calls, links):
            try:
                link.send(call)
            except GONE:
                alive = False
            sent.append((call, link))
        if kill_after is not None:
            end = time.perf_counter() + kill_after
            while time.perf_counter() < end:
                pass
            engine.process.kill()
            alive = False
        for call, link in sent:
            try:
                status, body = link.receive()
            except GONE:
                alive = False
                world.open.append(call.changes)
                self.undecided += 1
                continue
            if status // 100 != 2:
                raise Broken(f"{call.service} {call.method} {call.path} {call.body[:300]}: {status} {body[:300]}")
            world.model.update(call.changes)
            self.acknowledged += 1
        return alive

    # --- every change to the files in turn ---

    def every_operation(self, seed, kind, power):
        base = os.path.join(self.place, "base")
        first = self.fresh(seed)
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(self.data, base, ignore=lambda *_: ["control.sock", "functions"])
        for number in range(1, 100000):
            if self.enough():
                return
            shutil.rmtree(self.data, ignore_errors=True)
            shutil.copytree(base, self.data)
            world = World(seed, self.site)
            world.zone, world.checks, world.stamp, world.model = first.zone, first.checks, first.stamp, dict(first.model)
            self.faults.clear()
            self.faults.strike(kind, number, power=power, seed=number)
            what = kind + (" and power lost" if power else "")
            engine = self.start()
            reached = True
            if engine.ready:
                links = [Client(engine) for _ in range(2)]
                reached = not all(self.round(engine, links, world, None, None) for _ in range(20))
                for link in links:
                    link.close()
            struck = self.faults.struck
            self.ended(engine, what)
            self.faults.clear()
            engine, links, _ = self.alive_on(world, None, None)
            for link in links:
                link.close()
            engine.end()
            if not struck:
                if reached:
                    raise Broken("it ended without a fault")
                return

    # --- seeds ---

    def plan(self, world):
        """A random fault: (its name, a function that sets it so that it strikes some changes from now on)."""
        pick = world.random
        kind = pick.choices(
            ("random instant", "kill_before", "kill_after", "torn", "short_write", "no_space", "io_error", "sync_drops", "sync_forgets",
             "read", "disk full"), (20, 15, 10, 10, 4, 5, 5, 6, 10, 4, 6))[0]
        if kind == "random instant":
            return kind, lambda: kind
        power = pick.random() < (1 if self.options.lying_disk else 0.6) and kind in ("kill_before", "kill_after", "torn")
        distance, seed = pick.randrange(1, 60), pick.randrange(1 << 30)
        name = kind + (" and power lost" if power else "")

        def set_it():
            if kind == "read":
                self.faults.read_fault_at = self.faults.reads + 1 + distance % 8
            elif kind == "disk full":
                self.faults.space = distance * 1500
            else:
                self.faults.strike(kind, self.faults.operations + distance, power=power, seed=seed)
            return name
        return name, set_it

    def world(self, seed, lives):
        world = self.fresh(seed)
        story = Failover(world)
        pick = world.random
        for life in range(lives):
            if self.enough():
                break
            self.life = f"world {seed}, engine {life}"
            name, set_it = self.plan(world)
            from_the_start = pick.random() < 0.3
            self.faults.clear()
            if len([key for key in world.model if key[0] == "event"]) > 30:
                self.forget_events(world)
            engine, links, what = self.alive_on(world, story, set_it if from_the_start else None)
            if what is None:
                what = set_it() if not from_the_start else "random instant"
            last = pick.randrange(1, 14)
            try:
                for number in range(last + 1):
                    kill_after = pick.random() * 0.003 if number == last else None
                    extra = story.step(engine, number == 0)
                    if not self.round(engine, links, world, extra, kill_after):
                        break
            except GONE:  # DNS of an engine that has ended
                engine.process.wait(timeout=30)
            self.ended(engine, what)
            for link in links:
                link.close()
        self.looks += story.looks
        self.switches += story.rounds

    def forget_events(self, world):
        """The stream anew, so that what is read stays little: by an engine without faults."""
        engine, links, _ = self.alive_on(world, None, None)
        links[0].ok(logs("DeleteLogStream", {"logGroupName": "g", "logStreamName": "s"}))
        links[0].ok(logs("CreateLogStream", {"logGroupName": "g", "logStreamName": "s"}))
        for link in links:
            link.close()
        engine.end()
        world.model = {key: value for key, value in world.model.items() if key[0] != "event"}

    def run(self):
        begun = time.monotonic()
        seed, part = self.options.seed, None
        try:
            if self.options.world is not None:
                self.world(self.options.world, 1000)
            else:
                exhaustive = [(kind, power) for kind in ("kill_before", "kill_after", "torn") for power in (False, True)]
                exhaustive += [("no_space", False), ("io_error", False), ("sync_drops", False), ("short_write", False)]
                if self.options.every_operation:
                    for kind, power in exhaustive:
                        self.life = f"every operation, seed {seed}, {kind}, power {power}, operation {self.faults.fault_at}"
                        self.every_operation(seed, kind, power)
                    part = self.kills
                number = 0
                while not self.enough():
                    self.world(seed * 100000 + number, 300)
                    number += 1
        except Broken as broken:
            print(f"BROKEN (seed {seed}; {getattr(self, 'life', '')}): {broken}", flush=True)
            if self.options.lying_disk:
                shutil.rmtree(self.place, ignore_errors=True)
            else:
                print(f"the directory is kept: {self.place}", flush=True)
            return 1
        finally:
            if self.engine:
                self.engine.process.kill()
        took = time.monotonic() - begun
        print(f"seed {seed}: {self.kills} ends in {took:.0f} s ({self.kills / took:.1f} a second), of them {part or 0} at every change in turn; "
              f"{self.restarts} restarts checked, {self.checked} values compared; {self.acknowledged} changes acknowledged, {self.undecided} without "
              f"an answer; {self.looks} DNS answers held against the latch, {self.switches} whole failovers")
        for title, counter in (("under", self.by_kind), ("at a", self.by_operation)):
            print(f"  {title}: " + "; ".join(f"{name} {count}" for name, count in counter.most_common()))
        print(f"  ended by itself, with one sentence: {self.by_end.total()}")
        for name, count in self.by_end.most_common():
            print(f"    {count} under {name}")
        shutil.rmtree(self.place, ignore_errors=True)
        return 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seconds", type=float, default=0)
    options.add_argument("--seed", type=int, default=int(os.environ.get("SITELATCH_SEED", "1")))
    options.add_argument("--every-operation", action="store_true")
    options.add_argument("--lying-disk", action="store_true", help="syncs do nothing: the torture must see it, or it sees nothing")
    options.add_argument("--world", type=int, default=None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its engine does not outlive it
    return Torture(options.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
