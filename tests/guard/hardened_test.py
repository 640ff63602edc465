#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guard of the form hardened by the real binary on a real engine with a manual clock and sixteen checkers: the real function's
relay, run by the engine's own probes of its URL, asks the engine's name server from its sandbox and latches, seconds after DNS has
failed over. From the guide there and back again."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, LATCH, NAME, OWN, PRIMARY, FormCase, tag  # noqa: E402


class Hardened(FormCase):
    options = ("--clock", "manual", "--checkers", "16")
    step = "10s"

    def state(self, expected, code, broken=()):
        answer = self.world.run("status", NAME, "--output", "json")
        status = json.loads(answer.stdout)
        self.assertEqual((status["state"], answer.returncode, status["exit_code"]), (expected, code, code), status)
        self.assertEqual({link["name"] for link in status["links"] if link["health"] == "broken"}, set(broken), status)
        return status

    def link(self, status, name):
        return next(link for link in status["links"] if link["name"] == name)

    def notified(self):
        """The record, as the functions and commands note it."""
        return self.world.api.query("sns", "ListTagsForResource", "2010-03-31",
                                    ResourceArn=next(t for t in self.world.topics() if t.endswith("-notify")))

    def threshold(self):
        return int(tag(self.world.check_xml(), "FailureThreshold"))

    def test_a_persons_way_through_it(self):
        w = self.world
        before = w.everything()
        w.deploy()
        guides = w.everything()
        plan = w.run("deploy", NAME, "--form", "hardened", "--plan")
        self.assertEqual(plan.returncode, 0, (plan.stdout, plan.stderr))
        self.assertIn("only with --change-records", plan.stdout)
        self.assertIn("--failure-threshold 1", plan.stdout, "the change that takes it back")
        for form in ("config", "engine"):
            self.assertIn("The guide's guard (alarm", w.json("deploy", NAME, "--form", form, "--plan")["notes"][0])
        self.assertEqual(w.everything(), guides)
        self.refused("deploy", NAME, "--form", "hardened", says="--yes")
        self.refused("deploy", NAME, "--form", "hardened", "--function", "python", "--yes", says="knows no relay")

        self.works("deploy", NAME, "--form", "hardened", "--yes", driven=True)
        w.advance("3m")
        self.assertEqual(self.threshold(), 1)
        status = self.state("armed", 19, ["failure-threshold"])
        self.assertEqual(status["form"], "hardened")
        self.assertIn("last answered at", self.link(status, "relay-clock")["why"])
        self.works("deploy", NAME, "--form", "hardened", "--change-records", "--yes", driven=True)
        self.assertEqual(self.threshold(), 3)
        status = self.state("armed", 0)
        self.assertEqual(w.dns(), PRIMARY)
        again = self.works("deploy", NAME, "--yes")
        self.assertIn("Nothing to change", again.stdout)
        self.refused("deploy", NAME, "--form", "config", "--yes", says="--form guide first")
        self.assertEqual(json.loads(w.run("deploy", NAME, "--form", "config", "--plan", "--output", "json").stdout)["result"], "refused")
        found = json.loads(w.run("doctor", "--output", "json").stdout)["findings"]
        self.assertEqual([f for f in found if f["kind"] == "problem"], [])
        # A maintenance is the guide's: frozen, and armed again. (The page for the night knows the relay.)
        self.works("disarm", NAME, "--keep", "primary", "--for", "30m", "--reason", "work", "--yes", driven=True)
        self.state("maintenance", 13)
        self.works("arm", NAME, "--yes", driven=True)
        self.state("armed", 0)
        self.assertIn("*Every* name server answers Backup", self.works("runbook", NAME).stdout)
        # Of the clock's check too the guard is found.
        clock = next(check for check in w.checks() if "lambda-url" in w.check_xml(check))
        self.assertEqual(json.loads(w.run("status", clock, "--output", "json").stdout)["health_check_id"], w.check)

        # An outage of some ninety seconds: over as soon as DNS has failed over.
        w.primary.set("down")
        w.advance_until(lambda: w.dns() == BACKUP, "the failover", step="2s", most=90)
        w.primary.set("up")
        waited = 0
        while w.path() != LATCH:
            w.advance("1s")
            waited += 1
            self.assertEqual(w.dns(), BACKUP)
            self.assertLess(waited, 10, "the relay did not latch\n" + w.engine.log_text()[-3000:])
        self.assertIn("by=relay", self.notified())
        for _ in range(30):
            w.advance("10s")
            self.assertEqual(w.dns(), BACKUP)
        self.assertEqual([entry["action"] for entry in w.log()].count("latch"), 1)
        self.state("tripped", 14)

        back = self.works("switch-back", NAME, "--reason", "in sync", "--yes", driven=True)
        self.assertEqual((w.dns(), w.path()), (PRIMARY, OWN), back.stderr)
        w.advance("12m")
        self.assertEqual(w.path(), OWN, "the relay leaves a switch back alone")
        self.state("armed", 0)

        # Nobody runs it any more: said, and the alarm's chain is still there.
        w.api.send("lambda", "PUT", f"/2017-10-31/functions/sitelatch-{w.check}-relay/concurrency",
                   b'{"ReservedConcurrentExecutions":0}')
        w.advance("5m")
        self.state("armed", 19, ["relay-concurrency", "relay-clock"])
        self.assertIn("the alarm alone", json.loads(w.run("status", NAME, "--output", "json").stdout)["safety"]["not_in_figures"][0])
        self.works("trip", NAME, "--reason", "stale sessions", "--yes")
        w.advance("3m")
        self.assertEqual(w.dns(), BACKUP)
        self.works("switch-back", NAME, "--reason", "mended", "--yes", driven=True)

        plan = w.json("deploy", NAME, "--form", "guide", "--plan")
        self.assertIn("the relay's clock", plan["removals"][0]["name"])
        self.assertEqual((plan["changes"], plan["sentence"]), ([], "Nothing was changed: this is the plan."))
        gone = w.json("deploy", NAME, "--form", "guide", "--yes", driven=True)
        self.assertEqual((gone["removals"], gone["result"]), (plan["removals"], "done"))
        now = w.everything()
        now["log groups"].remove(f"/aws/lambda/sitelatch-{w.check}-relay")
        self.assertEqual(now, guides)
        self.assertNotIn("form", self.state("armed", 0))
        self.works("deploy", NAME, "--form", "hardened", "--yes", driven=True)
        w.advance("3m")
        self.state("armed", 0)
        plan = self.works("destroy", NAME, "--plan")
        self.assertIn("the relay's clock", plan.stdout)
        self.works("destroy", NAME, "--logs", "--yes")
        self.assertEqual(w.everything(), before)
        self.assertEqual(w.dns(), PRIMARY)

    def test_the_drill_rehearses_the_real_relay(self):
        w = self.world
        w.deploy()
        self.works("deploy", NAME, "--form", "hardened", "--change-records", "--yes", driven=True)
        w.advance("3m")
        before = w.everything()
        report = w.json("drill", NAME, "--yes", driven=True)
        legs = {leg["name"]: leg["sentence"] for leg in report["legs"]}
        self.assertEqual(list(legs), ["self-test", "scratch-check", "sentinel", "deploy", "attach", "outage", "failover", "recovery", "latched",
                                      "stays-latched", "switch-back"])
        self.assertIn(f"sitelatch-{w.check}-relay", legs["self-test"])
        self.assertTrue(legs["latched"].startswith("by the relay, "), legs)
        self.assertEqual(report["left"], [])
        self.assertEqual(w.everything(), before)
        status = self.state("armed", 0)
        self.assertIn(" outage passed: Backup after ", status["last_drill"])
        self.assertIn("drill", [entry["action"] for entry in w.log()])
        # Part of it, as the guide's; and what there is no such drill of.
        alarm = w.drive("drill", NAME, "--scenario", "alarm", "--yes")
        self.assertEqual(alarm.returncode, 0, (alarm.stdout, alarm.stderr))
        self.assertIn("The relay and DNS are rehearsed by the scenarios", alarm.stderr)
        self.assertEqual(w.everything(), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
