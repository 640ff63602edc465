# SPDX-License-Identifier: Apache-2.0
"""A guard of the form config as a person works it: by the real binary on a real engine with a manual clock. From a first
look to a failover, a switch back with Ctrl-C in it, a trip, somebody's meddling, and away again."""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, NAME, PRIMARY, FormCase, signal, tag, wait_until  # noqa: E402


class Config(FormCase):
    def state(self, expected, code, name=None):
        w = self.world
        answer = w.run("status", name or w.check, "--output", "json")
        status = json.loads(answer.stdout)
        self.assertEqual((status["state"], answer.returncode, status["exit_code"]), (expected, code, code), status)
        return status

    def deployed(self):
        w = self.world
        self.works("deploy", NAME, "--form", "config", "--yes", driven=True)
        self.works("deploy", NAME, "--form", "config", "--change-records", "--yes", driven=True)
        self.assertEqual(w.dns(), PRIMARY)

    def fails_over(self):
        w = self.world
        w.primary.set("down")
        w.advance_until(lambda: w.dns() == BACKUP, "the failover")
        w.primary.set("up")
        w.advance("5m")
        self.assertEqual(w.dns(), BACKUP)

    def test_a_persons_way_through_it(self):
        w = self.world
        before = w.everything()
        plan = w.run("deploy", NAME, "--form", "config", "--plan")
        self.assertEqual(plan.returncode, 0, plan.stderr)
        self.assertIn("only with --change-records", plan.stdout)
        self.assertIn("The guard costs 1.10 USD a month", " ".join(plan.stdout.split()))
        self.assertEqual(w.everything(), before)
        self.refused("deploy", NAME, "--form", "config", says="--yes")
        self.refused("deploy", NAME, "--form", "strict", says="not built yet: --form strict")
        self.refused("deploy", NAME, "--form", "config", "--latch", "path", says="it takes", status=2)

        first = self.works("deploy", NAME, "--form", "config", "--yes", driven=True)
        self.assertRegex(first.stderr, r"\d+ of 15 good minutes")
        self.assertIn("--change-records", first.stdout)
        self.assertIn('"Action":"UPSERT"', first.stdout.replace(" ", ""))
        self.state("not-attached", 11)
        self.works("deploy", NAME, "--form", "config", "--change-records", "--yes", driven=True)
        status = self.state("serving", 0)
        self.assertEqual((status["records"]["on_hold"], status["form"]), (1, "config"))
        safety = status["safety"]
        self.assertEqual((safety["unsafe_s"], safety["alternatives"], safety["in_force"]), ({"low": 0, "high": 0, "may_never_latch": False}, [], True))
        self.assertIn("the failover is the latch", safety["sentence"])
        # By the name, which now leads to the hold check, and by that check itself.
        self.state("serving", 0, NAME)
        self.state("serving", 0, status["hold"]["id"])
        listed = json.loads(w.run("status", "--all", "--output", "json").stdout)
        self.assertEqual([one["health_check_id"] for one in listed["guards"]], [w.check])
        doctor = w.run("doctor", "--output", "json")
        found = [f for f in json.loads(doctor.stdout)["findings"] if f["kind"] == "problem"]
        self.assertEqual(found, [], doctor.stdout)
        self.assertIn(("ok", "unsafe-seconds"), [(f["kind"], f["name"]) for f in json.loads(doctor.stdout)["findings"]])
        # A plain deploy takes the form that is there.
        again = self.works("deploy", w.check, "--yes")
        self.assertIn("Nothing to change", again.stdout)
        self.refused("deploy", w.check, "--form", "guide", says="destroy")
        self.refused("disarm", w.check, "--for", "1h", "--reason", "x", "--keep", "primary", says="--keep backup")
        self.refused("arm", w.check, says="nothing to arm")
        self.refused("drill", NAME, "--scenario", "alarm", says="no alarm that acts", status=2)

        self.fails_over()
        status = self.state("latched", 14)
        self.assertTrue(status["endpoint"]["healthy"])
        self.assertIn("switch-back", status["next"])
        text = w.run("status", NAME).stdout.splitlines()
        self.assertRegex(text[1], "^  Next: .*switch-back")
        whole = w.run("status", NAME, "-v").stdout
        for label in ("endpoint ", "both     ", "hold     ", "records  ", "DNS      "):
            self.assertIn("\n  " + label, whole)
        self.refused("destroy", w.check, "--change-records", "--yes", says="switch back first")

        # Ctrl-C on the way back: nothing is left half open.
        process = w.start("switch-back", NAME, "--reason", "in sync", "--yes")
        wait_until(lambda: self.threshold() == 1, "the switch back begins")
        w.advance("6m")
        self.assertEqual(self.state("switching-back", 22)["good_minutes"] > 3, True)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, (out, err))
        self.assertIn("the latch stands", err)
        self.assertEqual(self.threshold(), 2)
        w.advance("30m")
        self.assertEqual(w.dns(), BACKUP)
        self.state("latched", 14)

        back = self.works("switch-back", NAME, "--reason", "in sync", "--check", "true", "--yes", driven=True)
        self.assertIn("good minutes", back.stderr)
        self.assertEqual(w.dns(), PRIMARY)
        self.state("serving", 0)
        self.refused("switch-back", NAME, "--reason", "again", "--yes", says="nothing is latched")

        # A planned switch-over is a trip whose reason says for how long.
        self.works("disarm", NAME, "--for", "2h", "--reason", "stale sessions", "--keep", "backup", "--yes")
        self.assertIn("planned, for about 2", self.state("tripped", 14)["sentence"])
        self.assertEqual(w.dns(), BACKUP)
        self.assertIn("stale sessions", self.state("tripped", 14)["sentence"])
        w.advance("20m")
        self.works("switch-back", NAME, "--reason", "mended", "--yes", driven=True)
        self.state("serving", 0)
        actions = [entry["action"] for entry in w.log()]
        self.assertEqual([a for a in actions if a == "trip"], ["trip"])
        self.assertIn("switch-back", actions)

        self.refused("destroy", w.check, "--yes", says="--change-records")
        self.works("destroy", w.check, "--change-records", "--logs", "--yes")
        self.assertEqual(w.everything(), before)
        self.assertEqual(w.dns(), PRIMARY)
        self.state("not-deployed", 10)

    def threshold(self):
        w = self.world
        found = [check for check in w.checks() if "<Type>CALCULATED<" in w.check_xml(check)]
        return int(tag(w.check_xml(found[0]), "HealthThreshold"))

    def test_a_drill_rehearses_dns_and_people_are_told(self):
        w = self.world
        w.advance("3m")  # of a check that nobody has data of yet nothing is rehearsed
        before = w.everything()
        drilled = self.works("drill", w.check, "--form", "config", "--scenario", "trip", "--yes", driven=True)
        self.assertIn("DNS answers Backup", drilled.stdout)
        self.assertIn("of 15 good minutes", drilled.stderr)
        self.assertEqual(w.everything(), before)
        self.assertEqual(w.dns(), PRIMARY)
        self.works("deploy", NAME, "--form", "config", "--notify", "sre@example.org", "--yes", driven=True)
        self.works("deploy", NAME, "--change-records", "--yes", driven=True)
        status = self.state("serving", 19)
        self.assertIn("nobody has confirmed", json.dumps(status["problems"]))
        self.assertEqual([one["endpoint"] for one in status["notify"]["subscriptions"]], ["sre@example.org"])
        self.assertIn("trip passed", status["last_drill"])
        policy = json.loads(self.works("policy", "operator", w.check).stdout)
        held = [one["Resource"] for one in policy["Statement"] if one["Sid"] == "Latch"]
        self.assertEqual(sorted(r.split("/")[-1] for r in held[0]),
                         sorted([status["hold"]["id"], status["combined"]["id"]]))

    def test_what_somebody_changes_is_told_and_mended(self):
        w = self.world
        self.deployed()
        hold = self.state("serving", 0)["hold"]["id"]
        w.api.route53("POST", "/healthcheck/" + hold, """<UpdateHealthCheckRequest
          xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Disabled>true</Disabled><Inverted>false</Inverted></UpdateHealthCheckRequest>""")
        status = self.state("drifted", 18)
        self.assertIn("nothing fails over", status["sentence"])
        doctor = w.run("doctor", "--output", "json")
        self.assertEqual(doctor.returncode, 7)
        self.assertIn("hold-not-inverted", [f["name"] for f in json.loads(doctor.stdout)["findings"]])
        self.works("deploy", w.check, "--yes", driven=True)
        w.advance("3m")
        self.state("serving", 0)
        self.assertEqual(w.dns(), PRIMARY)
        # Terraform takes the tags of the endpoint's check.
        w.api.route53("POST", "/tags/healthcheck/" + w.check, """<ChangeTagsForResourceRequest
          xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><RemoveTagKeys><Key>sitelatch:form</Key><Key>sitelatch:hold-check</Key>
          <Key>sitelatch:combined-check</Key></RemoveTagKeys></ChangeTagsForResourceRequest>""")
        self.state("serving", 0)
        self.works("trip", w.check, "--reason", "x", "--yes")
        self.assertEqual(w.dns(), BACKUP)

    def test_from_guide_to_config_nothing_is_without_a_latch_but_for_a_moment(self):
        w = self.world
        w.deploy()
        self.works("deploy", w.check, "--form", "config", "--yes", driven=True)
        answer = w.run("status", w.check, "--output", "json")
        status = json.loads(answer.stdout)
        self.assertEqual((answer.returncode, status["state"], status["guide"]["state"]), (0, "not-attached", "armed"))
        self.refused("deploy", w.check, "--form", "config", "--change-records", "--yes", says="--form guide")
        # The guide's guard is still the one that is worked.
        self.works("disarm", w.check, "--for", "1h", "--reason", "x", "--keep", "primary", "--yes")
        self.works("arm", w.check, "--yes")
        self.works("trip", w.check, "--reason", "x", "--yes")
        w.advance("3m")
        self.assertEqual(w.dns(), BACKUP)
        self.works("switch-back", w.check, "--reason", "x", "--yes", driven=True)
        self.works("deploy", w.check, "--form", "config", "--yes", driven=True)
        self.works("destroy", w.check, "--form", "guide", "--yes")
        self.works("deploy", w.check, "--form", "config", "--change-records", "--yes", driven=True)
        self.state("serving", 0)
        self.assertEqual(w.dns(), PRIMARY)


if __name__ == "__main__":
    unittest.main(verbosity=2)
