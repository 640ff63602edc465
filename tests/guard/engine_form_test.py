# SPDX-License-Identifier: Apache-2.0
"""A guard of the form engine as a person works it: by the real binary on a real engine with a manual clock. From the plan to an
outage with kill -9 in it, a switch back, a trip, refusals that say what to do, the audit log, and away again."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, NAME, PRIMARY, FormCase  # noqa: E402


class EngineForm(FormCase):
    def setUp(self):
        super().setUp()
        self.world.advance("1m")

    def state(self, expected, code, name=NAME):
        answer = self.world.run("status", name, "--output", "json")
        status = json.loads(answer.stdout)
        self.assertEqual((status["state"], answer.returncode, status["exit_code"]), (expected, code, code), status)
        return status

    def killed(self):
        self.world.engine.kill()
        self.world.engine = self.world.place.keep(self.world.engine.restarted())

    def test_a_persons_way_through_it(self):
        w = self.world
        # A check on SECONDARY is a hole in this form, and part of the plan.
        w.change_records(w.record("secondary", BACKUP, w.backup_check))
        before = w.everything()
        plan = self.works("deploy", NAME, "--form", "engine", "--plan")
        for said in ("arm      health check " + w.check, "make     log group /sitelatch/" + w.check, "only with --change-records",
                     "the one that takes it back"):
            self.assertIn(said, plan.stdout)
        self.assertEqual(w.everything(), before)
        self.refused("deploy", NAME, "--form", "engine", says="--yes")
        first = self.works("deploy", NAME, "--form", "engine", "--yes")
        self.assertIn("holes in the latch", first.stdout + first.stderr)
        self.state("drifted", 18)
        w.advance("1m")
        self.works("deploy", NAME, "--form", "engine", "--change-records", "--yes")
        status = self.state("serving", 0)
        self.assertEqual((status["form"], status["armed"]), ("engine", True))
        self.assertIn("Nothing to change", self.works("deploy", w.check, "--form", "engine", "--yes").stdout)
        every = json.loads(self.works("status", "--all", "--output", "json").stdout)["guards"]
        self.assertEqual([guard["health_check_id"] for guard in every], [w.check])
        self.refused("switch-back", NAME, "--reason", "x", "--yes", says="nothing is latched")

        # An outage of a second that a probe falls into, and kill -9.
        w.primary.set("down")
        w.advance_until(lambda: w.dns() == BACKUP, "the failover", step="1s")
        w.primary.set("up")
        self.killed()
        w.advance("5m")
        self.assertEqual(w.dns(), BACKUP)
        status = self.state("latched", 14)
        self.assertTrue(status["primary_healthy"])
        self.assertIn("switch-back", status["next"])
        self.refused("destroy", w.check, "--yes", says="is latched")
        version = str(status["latch"]["version"])
        self.refused("switch-back", NAME, "--reason", "x", "--expected-version", "1", "--yes", says="latched in version " + version)
        self.refused("switch-back", NAME, "--reason", "x", "--check", "false", "--yes", says="--check")
        self.assertEqual(w.dns(), BACKUP)
        self.works("switch-back", NAME, "--reason", "in sync", "--expected-version", version, "--check", "true", "--yes")
        self.assertEqual(w.dns(), PRIMARY)
        self.killed()
        self.state("serving", 0)

        w.advance("1m")  # a manual clock stands still while commands' clocks do not: entries are told apart by minutes
        self.works("trip", NAME, "--reason", "stale sessions", "--yes")
        self.assertEqual(w.dns(), BACKUP)
        self.assertIn("stale sessions", self.state("latched", 14)["sentence"])
        # Released into health only.
        w.primary.set("down")
        w.advance("2m")
        self.refused("switch-back", NAME, "--reason", "x", "--yes", says="last probes")
        w.primary.set("up")
        w.advance("2m")
        self.works("switch-back", NAME, "--reason", "mended", "--yes")
        self.state("serving", 0)
        w.advance("1m")

        self.works("destroy", NAME, "--yes")
        self.state("not-deployed", 10, w.check)
        entries = w.log()
        self.assertEqual([(entry["action"], entry["stage"]) for entry in entries],
                         [("deploy", "done"), ("deploy", "done"), ("switch-back", "done"), ("trip", "done"), ("switch-back", "done"),
                          ("destroy", "done")])
        self.assertEqual([entry.get("why") for entry in entries], [None, None, "in sync", "stale sessions", "mended", None])
        for entry in entries:
            self.assertRegex(entry["who"], r"^arn:aws:iam::\d{12}:root$")
        self.assertIn("SECONDARY", entries[1]["note"])
        released = entries[2]
        self.assertEqual((released["before"], released["after"]), (f"latched in version {version}", "not latched"))
        self.assertEqual([one["status"] for one in released["seen"]["commands"]], [0])
        self.assertEqual(len(released["seen"]["primary"]), 3)
        text = self.works("log", w.check).stdout
        self.assertIn("not latched -> latched in version", text)

        # Again, and this time with the log.
        self.works("deploy", NAME, "--form", "engine", "--yes")
        self.works("destroy", NAME, "--logs", "--yes")
        self.assertEqual(w.everything(), before)
        self.assertEqual(w.dns(), PRIMARY)


if __name__ == "__main__":
    unittest.main(warnings="ignore", verbosity=2)
