#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""200 hostile sites beside 1,000 honest checks: how late the honest ones are, and when a real failure is seen.
hostile_sites.py [HONEST [HOSTILE [SECONDS]]]; the same without the hostile ones first, for comparison."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "support"))
from hostile_site import Sites, add_checks, lateness  # noqa: E402
from signed_client import Client  # noqa: E402
from sitelatch import Workplace, wait_until  # noqa: E402

INTERVAL = 10.0


def measure(honest_count, hostile_count, seconds):
    honest, hostile = Sites("honest"), Sites("hostile") if hostile_count else None
    with Workplace() as place:
        try:
            engine = place.engine("--ephemeral", "--log-level", "error")
            client = Client(engine)
            ids = add_checks(client, honest, hostile, honest_count, hostile_count)
            since = time.monotonic()
            wait_until(lambda: time.monotonic() - since > seconds, "the time to watch has passed", limit=seconds + 60)
            late = sorted(lateness(honest.report(), INTERVAL))
            failing = list(ids)[::max(1, honest_count // 20)][:20]
            told = {path: honest.tell("fail", path) for path in failing}
            seen = {}

            def all_seen():
                for path in failing:
                    if path not in seen and any(word.startswith("Failure") for word in client.health_check_statuses(ids[path])):
                        seen[path] = time.monotonic() - told[path]
                return len(seen) == len(failing)
            wait_until(all_seen, "every failure is seen", limit=60)
            with open(f"/proc/{engine.process.pid}/status") as file:
                rss = next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024
            assert engine.stop() == 0
        finally:
            honest.stop()
            if hostile:
                hostile.stop()

    def at(share):
        return late[min(len(late) - 1, int(share * len(late)))] * 1000

    print(f"{honest_count} honest beside {hostile_count} hostile, {seconds} s: {len(late)} intervals, late by "
          f"{at(0.5):.1f} ms (median), {at(0.99):.1f} (p99), {late[-1] * 1000:.1f} (most); "
          f"{len(seen)} failures seen within {max(seen.values()):.2f} s of an interval of {INTERVAL:.0f} s; engine {rss} MB", flush=True)


def main():
    honest, hostile, seconds = [*map(int, sys.argv[1:]), *(1000, 200, 60)[len(sys.argv) - 1:]]
    measure(honest, 0, seconds)
    measure(honest, hostile, seconds)


if __name__ == "__main__":
    main()
