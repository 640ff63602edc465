# SPDX-License-Identifier: Apache-2.0
"""DNS asked again as soon as it has answered, and what it said. Standard library only."""
import itertools
import os
import threading

from signed_client import address_of
from sitelatch import dns_lookup

PRIMARY, BACKUP = "192.0.2.1", "192.0.2.2"
PAUSE = 0 if os.environ.get("SITELATCH_THOROUGH") else 0.001  # between two questions: whoever asks without one takes a core to itself
TCP_EVERY = 23  # one question of so many


class Heard:
    """What DNS said of one name. A leak is whatever but Backup was said after Backup, and before a person has released: Primary, and
    also a refusal or nothing, since neither is what a latched pair answers."""

    def __init__(self):
        self.answers, self.changes, self.leaks = 0, [], []
        self.released = threading.Event()

    def note(self, said):
        self.answers += 1
        if not self.changes or self.changes[-1] != said:
            self.changes.append(said)
        if BACKUP in self.changes and said != BACKUP and not self.released.is_set():
            self.leaks.append((self.answers, said))


class Asker:
    """Asks for these names in turn until told to stop, over UDP and now and then over TCP. While nobody answers an engine that was
    killed is on its way back, and what it was asked goes unanswered: that is no answer."""

    def __init__(self, address, names):
        self.address = address_of(address)
        self.heard = {name: Heard() for name in names}
        self.turns, self.turned, self.hurry, self.stopped = 0, threading.Condition(), 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        questions = itertools.count(1)
        while not self.stopped.is_set():
            for name, heard in self.heard.items():
                try:
                    rcode, answer = dns_lookup(*self.address, name, timeout=0.5, tcp=next(questions) % TCP_EVERY == 0)
                    heard.note(" ".join(answer) if answer and not rcode else f"rcode {rcode}")
                except OSError:
                    self.stopped.wait(0.001)  # the engine is dead for the moment; a poll of it
                    break
                if not self.hurry:
                    self.stopped.wait(PAUSE)
            else:
                with self.turned:
                    self.turns += 1
                    self.turned.notify_all()

    def hears(self, turns=1):
        """Until every name was asked about so often, each time from now on."""
        with self.turned:
            end = self.turns + turns + 1  # the turn that is under way may have begun before
            self.hurry += 1
            try:
                if not self.turned.wait_for(lambda: self.turns >= end, timeout=60):
                    raise AssertionError("never happened: DNS answers")
            finally:
                self.hurry -= 1

    def stop(self):
        self.stopped.set()
        self.thread.join()
