#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Probes beside what disturbs them: functions that start, and sites that are hostile. The whole of it, which takes minutes, with
SITELATCH_THOROUGH=1."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from hostile_site import Sites, add_checks, lateness  # noqa: E402
from signed_client import Client  # noqa: E402
from sitelatch import Workplace, skip_loudly, wait_until  # noqa: E402

THOROUGH = os.environ.get("SITELATCH_THOROUGH") == "1"


class Probes(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.__exit__, None, None, None)

    def sites(self, kind):
        sites = Sites(kind)
        self.addCleanup(sites.stop)
        return sites

    def test_cold_starts_beside_probes(self):
        """Each start holds copies of the prober's sockets from clone to exec."""
        engine = self.place.engine("--ephemeral", "--time-scale", "200")
        client, honest = Client(engine, timeout=120), self.sites("honest")
        add_checks(client, honest, None, 190, 0)
        client.create_function("brief", {"bootstrap": "#!/bin/sh\nexit 0\n"})
        for _ in range(3000 if THOROUGH else 60):
            status, body = client.invoke("brief")
            self.assertEqual(status, 200, body)
            self.assertIn(b"Runtime.ExitError", body)
        wait_until(lambda: len(honest.report()) == 190, "every check was probed")
        self.assertTrue(Client(engine).alive())
        self.assertEqual(engine.stop(), 0)
        self.assertNotIn("Sanitizer", engine.log_text())

    def test_hostile_sites_beside_honest_ones(self):
        honest_count, hostile_count = (1000, 200) if THOROUGH else (100, 42)
        honest, hostile = self.sites("honest"), self.sites("hostile")
        engine = self.place.engine("--ephemeral")
        client = Client(engine)
        ids = add_checks(client, honest, hostile, honest_count, hostile_count)
        wait_until(lambda: min((len(seen) for seen in honest.report().values()), default=0) >= 3 and
                   len(honest.report()) == honest_count, "three probes of every honest check", limit=90)
        late = max(lateness(honest.report(), 10))
        # A machine that is shared or instruments the engine is late by itself; 45 s, as it was, is not that. The figure itself is
        # what `scripts/bench hostile` measures.
        allowed = 2
        self.assertLess(late, allowed)
        path = "/honest/1"
        told = honest.tell("fail", path)
        wait_until(lambda: any(word.startswith("Failure") for word in client.health_check_statuses(ids[path])), "the failure is seen")
        self.assertLess(time.monotonic() - told, 10 + allowed)
        self.assertEqual(engine.stop(), 0)
        self.assertNotIn("Sanitizer", engine.log_text())


if __name__ == "__main__":
    if not THOROUGH:
        skip_loudly("3,000 cold starts, and 1,000 checks beside 200 hostile ones: SITELATCH_THOROUGH=1 runs them")
    unittest.main(warnings="ignore")  # connections are left to the collector
