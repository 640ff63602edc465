# SPDX-License-Identifier: Apache-2.0
"""Every form of the latch on the running engine, with real sites and the real binary: outages of a second, 20, 60 and 300 s of the
engine's time, Primary back at once, DNS asked over UDP and TCP all the while (SITELATCH_THOROUGH=1: without a pause), and kill -9 of
the engine at places that the seed chooses. From the first answer that names Backup until somebody switches back, nobody hears anything
else; an outage that a form does not fail over for leaves Primary in every answer. The guide's form is there so that a leak is seen where there is one. Each pair has a site, a health check, a name and a guard
of its own, and all share one engine and its time, which is a manual clock's: nothing here waits for time."""
import json
import os
import random
import re
import subprocess
import sys
import unittest
from datetime import datetime, timedelta

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from asker import BACKUP, PRIMARY, Asker  # noqa: E402
from operate_world import Api, World, has_failed, tag  # noqa: E402
from sitelatch import Workplace  # noqa: E402

SEED = int(os.environ.get("SITELATCH_SEED", "1"))
LENGTHS = (1, 20, 60, 300)  # seconds
INTERVAL = 30  # seconds, of every check
KILLS = 40 if os.environ.get("SITELATCH_THOROUGH") else 8  # in the outages, and again while latched


class Form:
    """A row of the table below: how a pair of this form is guarded, and what is true of it."""

    def __init__(self, deploy, *, lengths=LENGTHS, rides_out=(), leaks=False, held_minutes=0, serving="serving", latched="latched"):
        self.deploy = deploy.split()  # words after the health check's id
        self.lengths = lengths  # of outages, each with a pair of its own, that fails over
        self.rides_out = rides_out  # of outages that do not, one after the other, of one pair
        self.leaks = leaks  # its failover is not its latch: Primary is named between the two
        self.held_minutes = held_minutes  # of a switch back, in which Backup is still the answer
        self.serving, self.latched = serving, latched  # as status says it


# A form that is built is a row here.
FORMS = {
    "engine": Form("--form engine --change-records"),
    "config": Form("--form config --change-records", held_minutes=14),
    # Three probes in a row have to fail, which they do in 90 s at the soonest. Its relay has the minute in which the check cannot be
    # healthy again: 90 s, of which nothing is left when DNS has failed over, leak by four in five under the guide at this threshold.
    "hardened": Form("--form hardened --change-records", lengths=(90, 300), rides_out=(1, 20, 60), serving="armed", latched="tripped"),
    "guide": Form("--form guide", lengths=(20,), leaks=True, serving="armed", latched="tripped"),
}


class Pair:
    """A name with a Primary and a Backup, and how long its Primary will be out; 0: for as long as its form rides out."""

    def __init__(self, kind, length):
        self.kind, self.form, self.length, self.rides_out = kind, FORMS[kind], length, not length
        self.name = f"{kind}-{length or 'rides-out'}.example.test"
        self.site = self.check = self.heard = None

    def state(self):
        """As status has to say it."""
        return self.form.latched if self.failed_over() else self.form.serving

    def failed_over(self):
        return BACKUP in self.heard.changes


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Pairs(World):
    """As many pairs as there are rows and lengths, on one engine."""

    def __init__(self, pairs):
        self.place, self.pairs = Workplace(), pairs
        self.engine = self.place.engine("--clock", "manual")
        self.environment = self.engine.environment()
        self.api = Api(self.environment)
        self.make_zone()
        for pair in pairs:
            pair.site = self.place.site(pair.name.split(".")[0])
            pair.check = self.make_check(pair.site, pair.name)
            self.change_records(self.record("primary", PRIMARY, pair.check, pair.name), self.record("secondary", BACKUP, None, pair.name))
        self.engine.pass_time(60)
        self.asker = Asker(self.engine.dns, [pair.name for pair in pairs])
        for pair in pairs:
            pair.heard = self.asker.heard[pair.name]

    def close(self, failed=False):
        self.asker.stop()
        super().close(failed)

    def now(self):
        return instant(self.engine.pass_time(0.001))

    def next_probe(self, pair):
        """When Primary is asked next: an interval after the last time, as long as nothing restarts."""
        checked = instant(tag(self.api.route53("GET", f"/healthcheck/{pair.check}/status"), "CheckedTime"))
        now = self.now()
        while checked <= now + timedelta(seconds=1):
            checked += timedelta(seconds=INTERVAL)
        return checked

    def live(self, seconds, step=5):
        """So much time passes, and every name is asked about every `step` seconds of it."""
        while seconds > 0:
            self.engine.pass_time(min(step, seconds))
            self.asker.hears()
            seconds -= step

    def killed(self, seconds, turns):
        """kill -9 on the way through so much time, after DNS has answered so often; what was left of the way is not gone again."""
        with self.engine.asking(command="advance", nanoseconds=round(seconds * 1e9)):
            if turns:
                self.asker.hears(turns)
            self.engine.kill()
        self.engine = self.place.keep(self.engine.restarted())
        self.asker.hears()


class RealSites(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.kills = 0
        self.pairs = [Pair(kind, length) for kind, form in FORMS.items() for length in (*form.lengths, *([0] if form.rides_out else []))]
        self.world = Pairs(self.pairs)
        self.addCleanup(self.leave)

    def leave(self):
        self.world.close(has_failed(self))

    # --- what happens

    def kill(self, most):
        """At a place within the next `most` seconds."""
        self.kills += 1
        self.world.killed(min(60, most), self.random.randrange(4))

    def command(self, pair, *words):
        return subprocess.Popen([os.environ.get("SITELATCH_BINARY", "build/release/sitelatch"), *words], env=self.world.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)

    def drive(self, processes, between=lambda seconds: None):
        """Until all of them have ended, while time passes; {pair: what it said}, each in good order."""
        said, seconds = {}, 0
        while processes:
            self.world.live(30)
            seconds += 30
            between(seconds)
            for pair, process in list(processes.items()):
                try:
                    said[pair] = process.communicate(timeout=0.2 / len(processes))[0]
                except subprocess.TimeoutExpired:
                    continue
                del processes[pair]
                self.assertEqual(process.returncode, 0, (pair.name, said[pair]))
        return said

    def outages(self, pairs, kills):
        """Each Primary is out once, so that a probe falls into it, and is back after as long as it is out. `kills`: how often the engine
        is killed on the way."""
        events = []
        for pair in pairs:
            probe = self.world.next_probe(pair)
            if pair.form.leaks and probe.second >= 30:  # in a minute's first half: well again before the alarm has seen the minute
                probe += timedelta(seconds=INTERVAL)
            down = probe - timedelta(seconds=self.random.uniform(0.2, min(pair.length, INTERVAL) - 0.2))
            events += [(down, pair, "DOWN"), (down + timedelta(seconds=pair.length), pair, "UP")]
        events.sort(key=lambda event: event[0])
        deadly = set(self.random.sample(range(len(events)), min(kills, len(events))))
        now = self.world.now()
        for number, (at, pair, state) in enumerate(events):
            ahead = (at - now).total_seconds()
            if number in deadly and ahead > 0:
                self.kill(ahead)
                now = self.world.now()
                ahead = (at - now).total_seconds()
            if ahead > 0:
                self.world.live(ahead, step=1)
                now = at
            pair.site.set(state)

    def fail_over(self, pairs, kills):
        """Twice with kills on the way. Whose engine was killed in the moment of the outage has not failed over, and fails once more."""
        for attempt in range(5):
            waiting = [pair for pair in pairs if not pair.failed_over() and not (attempt and pair.rides_out)]
            if not waiting:
                return
            self.outages(waiting, kills if attempt < 2 else 0)
            self.world.live(240, step=5 if kills else 1)
        self.assertEqual([pair.name for pair in pairs if not pair.failed_over() and not pair.rides_out], [], "outages that nobody has seen")

    def ride_out(self, pairs):
        """Outages that end before the check may fall, with an engine that lives: no answer but Primary."""
        for number in range(max(len(pair.form.rides_out) for pair in pairs)):
            for pair in pairs:
                pair.length = pair.form.rides_out[min(number, len(pair.form.rides_out) - 1)]
            self.outages(pairs, kills=0)
            self.world.live(2 * INTERVAL)
        for pair in pairs:
            self.assertEqual(pair.heard.changes, [PRIMARY], pair.name)
            self.assertEqual(self.status(pair), pair.form.serving, pair.name)

    # --- what is true

    def hold(self, pairs):
        for pair in pairs:
            self.assertEqual(pair.heard.leaks, [], pair.name)
            self.assertEqual(pair.heard.changes[-1:] if pair.failed_over() else pair.heard.changes,
                             [BACKUP] if pair.failed_over() else [PRIMARY], pair.name)

    def status(self, pair):
        answer = self.world.run("status", pair.name, "--output", "json")
        return json.loads(answer.stdout)["state"]

    def test_no_answer_names_primary_from_failover_to_switch_back(self):
        world = self.world
        self.drive({pair: self.command(pair, "deploy", pair.check, *pair.form.deploy, "--yes") for pair in self.pairs})
        for pair in self.pairs:
            self.assertEqual(pair.heard.changes, [PRIMARY], pair.name)

        # A form whose failover is not its latch is seen to leak. Once it is latched it does not.
        leaking = [pair for pair in self.pairs if pair.form.leaks]
        self.fail_over(leaking, kills=0)
        for pair in leaking:
            self.assertEqual(pair.heard.changes, [PRIMARY, BACKUP, PRIMARY, BACKUP], pair.name)
            self.assertNotEqual(pair.heard.leaks, [], pair.name)
            pair.heard.leaks.clear()

        self.ride_out([pair for pair in self.pairs if pair.rides_out])
        # With kills on the way a check may fall in a shorter outage than it else does: an engine that starts probes anew.
        self.fail_over([pair for pair in self.pairs if not pair.form.leaks], KILLS)
        for _ in range(KILLS):
            self.kill(60)
            world.live(self.random.uniform(60, 180))
        self.hold(self.pairs)
        for pair in self.pairs:
            self.assertEqual(self.status(pair), pair.state(), pair.name)
            print(f"{pair.name}: {pair.heard.answers} answers, {' '.join(pair.heard.changes)}", flush=True)

        latched = [pair for pair in self.pairs if pair.failed_over()]
        begun = {pair: self.command(pair, "switch-back", pair.name, "--reason", "looked at", "--yes") for pair in latched}

        def released(seconds):
            for pair in latched:
                if seconds >= 60 * pair.form.held_minutes:
                    pair.heard.released.set()
            if seconds == 300:
                self.kill(60)

        released(0)
        self.drive(begun, released)
        world.asker.hears()
        for pair in self.pairs:
            self.assertEqual(pair.heard.leaks, [], pair.name)
            self.assertEqual(pair.heard.changes[-2:], [BACKUP, PRIMARY] if pair in latched else [PRIMARY], pair.name)
            self.assertEqual(self.status(pair), pair.form.serving, pair.name)
        self.kill(60)
        world.live(120)
        for pair in self.pairs:
            self.assertEqual(pair.heard.changes[-1], PRIMARY, pair.name)
        print(f"{self.kills} kills, {sum(pair.heard.answers for pair in self.pairs)} answers", flush=True)


if __name__ == "__main__":
    unittest.main(warnings="ignore", verbosity=2)  # connections are left to the collector
