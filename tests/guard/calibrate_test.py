# SPDX-License-Identifier: Apache-2.0
"""calibrate by the real binary on a real engine: what it says before, what it writes, and that it leaves nothing, also when it is
interrupted or killed. What each experiment finds is tested on virtual time (tests/guard_account/calibrate_test.cc)."""
import json
import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import SITELATCH, World, has_failed, wait_until  # noqa: E402

QUICK = "stale-version,metric-check-m-of-n"


class Calibrate(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.leave)
        self.file = os.path.join(self.world.place.path, "calibration.json")
        self.before = self.world.everything()

    def leave(self):
        self.world.close(has_failed(self))

    def document(self):
        with open(self.file) as file:
            return json.load(file)

    def test_it_says_what_it_costs_and_makes_nothing_without_consent(self):
        answer = self.world.run("calibrate", "--file", self.file)
        self.assertEqual(answer.returncode, 3, answer.stderr)
        for part in ("It takes about 1h15m", "USD", "stale-version", "china", "is not run", "removed at the end"):
            self.assertIn(part, answer.stderr)
        self.assertEqual(self.world.everything(), self.before)
        self.assertFalse(os.path.exists(self.file))

    def test_it_writes_what_it_measured(self):
        answer = self.world.drive("calibrate", "--only", QUICK + ",china", "--yes", "--file", self.file)
        self.assertEqual(answer.returncode, 0, (answer.stdout, answer.stderr))
        self.assertIn("2 confirmed, 0 refuted, 0 not settled, 1 not run.", answer.stdout)
        document = self.document()
        self.assertEqual({one["name"]: one["outcome"] for one in document["results"]},
                         {"stale-version": "confirmed", "metric-check-m-of-n": "confirmed", "china": "not run"})
        self.assertEqual((document["account"], document["interrupted"]), ("000000000000", False))
        self.assertRegex(document["begun"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(self.world.everything(), self.before)

    def test_a_function_is_made_and_run_and_gone(self):
        w = self.world
        answer = w.drive("calibrate", "--only", "fresh-role,delivery-to-europe", "--yes", "--file", self.file, "--output", "json")
        document = json.loads(answer.stdout)
        self.assertEqual(document, self.document())
        self.assertEqual({one["name"]: one["outcome"] for one in document["results"]},
                         {"fresh-role": "not settled", "delivery-to-europe": "confirmed"}, answer.stdout)
        self.assertEqual(document["not_removed"], [])
        self.assertEqual(w.everything(), self.before)

    def test_interrupted_it_removes_what_it_made_and_says_how_far_it_came(self):
        w = self.world
        process = w.start("calibrate", "--only", "stale-version,same-state-reason", "--yes", "--file", self.file)
        wait_until(lambda: len(w.checks()) == len(self.before["checks"]) + 2, "the scratch checks")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, (out, err))
        self.assertIn("Interrupted. ", out)
        self.assertEqual(w.everything(), self.before)
        self.assertTrue(self.document()["interrupted"])

    def test_what_a_killed_run_left_is_removed_by_the_next(self):
        w = self.world
        killed = w.run("calibrate", "--only", QUICK, "--yes", "--file", self.file, env={"SITELATCH_FAULT_EXIT_AFTER_CALLS": "18"})
        self.assertEqual(killed.returncode, 137, killed.stderr)
        self.assertNotEqual(w.everything(), self.before)
        answer = w.drive("calibrate", "--only", "stale-version", "--yes", "--file", self.file)
        self.assertEqual(answer.returncode, 0, (answer.stdout, answer.stderr))
        self.assertIn("An earlier run left", answer.stderr)
        self.assertEqual(w.everything(), self.before)

    def test_wrong_usage_makes_nothing(self):
        for words, status in ((("--only", "nothing"), 2), (("--like", "nowhere", "--yes"), 3),
                              (("--yes", "--file", "/nowhere/at/all.json"), 2)):
            answer = self.world.run("calibrate", *words)
            self.assertEqual(answer.returncode, status, (words, answer.stderr))
        self.assertEqual(self.world.everything(), self.before)

    def test_help(self):
        for command in ("calibrate", "runbook"):
            text = subprocess.run([SITELATCH, command, "--help"], capture_output=True, text=True).stdout
            for part in ("Exit status", "Examples:", "--output"):
                self.assertIn(part, text, command)


if __name__ == "__main__":
    unittest.main(verbosity=2)
