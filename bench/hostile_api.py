#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All attacks on the API at once, from about 200 connections, and what honest callers, health checks and DNS notice of it.
hostile_api.py [SECONDS [CHECKS]]; the same without attackers first, for comparison."""
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "support"))
os.environ.setdefault("SITELATCH_BINARY", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "build", "release", "sitelatch"))
import hostile_callers  # noqa: E402
from hostile_site import Sites, add_checks, lateness  # noqa: E402
from signed_client import Client  # noqa: E402
from sitelatch import Workplace, dns_lookup  # noqa: E402

INTERVAL = 10.0


class Honest(threading.Thread):
    """A hundred signed reads a second over one connection, and ten DNS questions."""

    def __init__(self, engine):
        super().__init__()
        self.client, self.dns = Client(engine), engine.dns.rsplit(":", 1)
        self.reads, self.answers, self.most_mb, self.pid, self.ended = [], [], 0.0, engine.process.pid, False

    def run(self):
        while not self.ended:
            begun = time.perf_counter()
            assert self.client.alive()
            self.reads.append(time.perf_counter() - begun)
            if len(self.reads) % 10 == 0:
                asked = time.perf_counter()
                dns_lookup(self.dns[0], int(self.dns[1]), "www.example.test")
                self.answers.append(time.perf_counter() - asked)
                self.most_mb = max(self.most_mb, hostile_callers.rss_mb(self.pid))
            time.sleep(max(0, 0.01 - (time.perf_counter() - begun)))


def at(times, share):
    return sorted(times)[min(len(times) - 1, int(share * len(times)))] * 1000


def measure(counts, seconds, checks):
    honest_sites = Sites("honest")
    with Workplace() as place:
        try:
            engine = place.engine("--ephemeral", "--log-level", "error")
            client = Client(engine)
            client.query("iam", Action="CreateUser", Version="2010-05-08", UserName="nobody")
            made = client.query("iam", Action="CreateAccessKey", Version="2010-05-08", UserName="nobody")[1].decode()
            keys = tuple(made.split(f"<{name}>")[1].split("<")[0] for name in ("AccessKeyId", "SecretAccessKey"))
            add_checks(client, honest_sites, None, checks, 0)
            crowd = hostile_callers.start(engine, counts, seconds, keys)
            honest = Honest(engine)
            honest.start()
            report = json.loads(crowd.communicate()[0])
            honest.ended = True
            honest.join()
            late = lateness(honest_sites.report(), INTERVAL)
            assert engine.stop() == 0
        finally:
            honest_sites.stop()
    print(f"{sum(counts.values())} hostile connections, {seconds} s: {sum(report['opened'].values())} opened, {report['megabytes']} MB taken, "
          f"answers {report['answers']}", flush=True)
    print(f"  {len(honest.reads)} signed reads: {at(honest.reads, 0.5):.2f} ms (median), {at(honest.reads, 0.99):.2f} (p99), "
          f"{max(honest.reads) * 1000:.1f} (most); {len(honest.answers)} DNS answers: {at(honest.answers, 0.99):.2f} ms (p99), "
          f"{max(honest.answers) * 1000:.1f} (most); {len(late)} intervals of {checks} checks, late by {at(late, 0.99):.1f} ms (p99), "
          f"{max(late) * 1000:.1f} (most); engine {honest.most_mb:.0f} MB", flush=True)


def main():
    seconds, checks = [*map(int, sys.argv[1:]), *(60, 100)[len(sys.argv) - 1:]]
    measure({"silent": 0}, seconds, checks)
    measure(hostile_callers.EVERYTHING, seconds, checks)


if __name__ == "__main__":
    main()
