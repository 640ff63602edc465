# SPDX-License-Identifier: Apache-2.0
"""The guide's whole chain in a soak, round after round: Primary fails, DNS fails over, the alarm latches through topic and
function, Primary comes back and does not serve, a person switches back. Two pairs: the guide's own commands with its
Python function, and the guard (`sitelatch deploy`) with the native one."""
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guide"))
from calls import record, tag  # noqa: E402
from extract_guide import guide_script  # noqa: E402
from sitelatch import SHARED, SITELATCH  # noqa: E402

LATCH = "/lb-check-failed-over"


class Pair:
    """A Primary and a Backup under one name. While `latched` DNS must answer Backup and nothing else: anyone may look."""

    def __init__(self, soak, name, site, address):
        self.soak, self.site, self.name = soak, site, f"{name}.soak.test"
        self.calls = soak.calls_as(None)
        self.primary, self.backup = address, address.replace("192.0.2.", "198.51.100.")
        self.check = self.calls.create_check(f"pair-{name}", site.port)
        self.calls.change_records(soak.zone, record("UPSERT", self.name, self.primary, "PRIMARY", self.check),
                                  record("UPSERT", self.name, self.backup, "SECONDARY"))
        self.alarm = self.check
        self.latched, self.turn, self.latches = False, 0, 0

    def watch(self):
        """One query; says so when it names Primary under the latch."""
        latched, turn = self.latched, self.turn
        answer = self.soak.dns.ask(self.name)
        if latched and self.latched and turn == self.turn and answer != [self.backup]:
            self.soak.errors.add("latch", f"{self.name} answered {answer} between failover and switch back")
        return answer

    def until(self, condition, what, limit=120):
        end = time.monotonic() + limit
        while time.monotonic() < end and not self.soak.stopped.is_set():
            if condition():
                return True
            self.soak.stopped.wait(0.25)
        if not self.soak.stopped.is_set():
            self.soak.errors.add("chain", f"{self.name}: never happened: {what}")
        return False

    def serves(self, address):
        return lambda: self.watch() == [address]

    def alarm_is_ok(self):
        return tag(self.calls.query("monitoring", "DescribeAlarms", **{"AlarmNames.member.1": self.alarm}), "StateValue") == "OK"

    def round(self):
        if not self.until(self.serves(self.primary), "Primary serves"):
            return
        # An alarm acts on a transition alone: one that is still in ALARM when Primary fails again latches nothing.
        if not self.until(self.alarm_is_ok, "the alarm is OK again"):
            return
        self.soak.stopped.wait(self.soak.random.uniform(1, 12))
        self.site.way = self.soak.random.choice(("down", "reset", "garbage"))
        failed_over = self.until(self.serves(self.backup), "the failover")
        if failed_over and self.until(lambda: self.calls.path_of(self.check) == LATCH, "the latch"):
            self.turn, self.latched = self.turn + 1, True
            self.latches += 1
            self.site.way = None
            # Long enough for many probes: Primary is well again, and must not serve.
            self.soak.stopped.wait(self.soak.random.uniform(3, 10))
            self.watch()
            self.latched = False
            self.switch_back()
        self.site.way = None

    def run(self):
        while not self.soak.stopped.is_set():
            self.round()
        self.calls.close()


class GuidePair(Pair):
    def __init__(self, soak, scratch):
        super().__init__(soak, "guide", soak.neighbours.sites[0], "192.0.2.81")
        os.makedirs(scratch, exist_ok=True)
        text, _ = guide_script(SHARED, self.check, scratch)
        run = subprocess.run(["bash", "-c", text], env=soak.environment, capture_output=True, text=True, cwd=scratch)
        assert run.returncode == 0, run.stderr
        soak.keep_logs_short(f"/aws/lambda/{self.check}", "eu-west-1")
        # The guide leaves it at three seconds, in which a Python that waits for a busy machine does not come to its call.
        there = soak.calls_as(None, "eu-west-1")
        there.functions("PUT", f"/{self.check}/configuration", {"Timeout": 60})
        there.close()

    def switch_back(self):
        self.calls.update_check(self.check, "<ResourcePath>/lb-check</ResourcePath>")


class GuardPair(Pair):
    def __init__(self, soak):
        super().__init__(soak, "guard", soak.neighbours.sites[1], "192.0.2.82")
        self.alarm = f"sitelatch-{self.check}"
        self.command("deploy", self.check, "--yes")
        soak.keep_logs_short(f"/aws/lambda/sitelatch-{self.check}")

    def command(self, *words):
        run = subprocess.run([SITELATCH, *words], env=self.soak.environment, capture_output=True, text=True, timeout=300)
        if run.returncode != 0 and not self.soak.stopped.is_set():
            self.soak.errors.add("guard", f"{words}: {run.returncode} {run.stdout[-300:]} {run.stderr[-300:]}")

    def switch_back(self):
        self.command("switch-back", self.check, "--reason", "soak", "--yes")


def start(pair):
    thread = threading.Thread(target=pair.run, daemon=True)
    thread.start()
    return thread
