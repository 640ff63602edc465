# SPDX-License-Identifier: Apache-2.0
"""Working a guard at three in the morning: status, trip, switch-back, maintenance, reconcile, drill, log and doctor, by the
real binary on a real engine with the native function. Names say which need of needs.md a test shows. On a manual
clock: no waiting for time to pass."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, LATCH, NAME, OWN, PLANNED, PRIMARY, SITELATCH, World, has_failed, signal, tag, wait_until  # noqa: E402


class Base(unittest.TestCase):
    options = ()

    def setUp(self):
        self.world = World(*self.options)
        self.addCleanup(self.leave)

    def leave(self):
        self.world.close(has_failed(self))

    def outage(self):
        """Primary fails, and the function latches."""
        w = self.world
        w.primary.set("down")
        w.advance_until(lambda: w.path() == LATCH, "the latch")
        w.primary.set("up")

    def refused(self, *words, says, status=3, driven=False):
        w = self.world
        answer = (w.drive if driven else w.run)(*words)
        self.assertEqual(answer.returncode, status, (answer.stdout, answer.stderr))
        self.assertIn(says, answer.stdout + answer.stderr)
        return answer


class Status(Base):
    def unsafe_seconds(self, safety):
        """Of the guide's chain: a range, an alternative with its price, and the command that gives the same figures."""
        w = self.world
        self.assertEqual([safety[key] for key in ("form", "interval_s", "threshold", "function", "alarm_datapoints", "alarm_periods", "in_force")],
                         ["guide", 30, 1, "native", 1, 1, True])
        self.assertEqual(safety["unsafe_s"]["low"], 0)
        self.assertGreater(safety["unsafe_s"]["high"], 60)
        self.assertEqual([outage["outage_s"] for outage in safety["outages"]], [60, 120, 300])
        self.assertGreater(safety["outages"][0]["cases"][1]["leak_share"], 0.9)
        config = safety["alternatives"][0]
        self.assertEqual((config["form"], config["unsafe_s"]["high"]), ("config", 0))
        self.assertGreater(config["usd_a_month_more_high"], 0.5)
        self.assertGreater(config["outages"][-1]["cases"][1]["failover_s_p50"], safety["outages"][-1]["cases"][1]["failover_s_p50"])
        again = w.run(*safety["replay"].split()[1:], "--output", "json")
        self.assertEqual(again.returncode, 0, again.stderr)
        told = {(outage["outage_s"], case["case"]): {**case} for outage in safety["outages"] for case in outage["cases"]}
        same = {(row["outage_s"], row["case"]): row for row in json.loads(again.stdout)}
        for key, case in told.items():
            for name in case:
                self.assertEqual(case[name], same[key][name], (key, name))

    def test_need_12_status_states(self):
        """not-deployed, armed, maintenance, switched-over, tripped, drifted, partial, and their exit statuses."""
        w = self.world
        unguarded = w.status("not-deployed")
        self.assertEqual(unguarded["exit_code"], 10)
        self.assertFalse(unguarded["safety"]["in_force"])
        self.assertIn("Nothing latches now", unguarded["safety"]["sentence"])
        w.deploy()
        armed = w.status("armed")
        self.assertEqual(armed["exit_code"], 0)
        self.assertEqual(armed["dns"][0]["serves"], "primary")
        self.assertEqual(armed["dns"][0]["answer"], [PRIMARY])
        self.assertEqual(armed["dns"][0]["server"], w.engine.dns)
        self.assertTrue(armed["since"])
        self.assertGreater(len(armed["links"]), 15)
        self.unsafe_seconds(armed["safety"])

        self.assertEqual(w.run("disarm", w.check, "--for", "30m", "--reason", "x", "--keep", "primary", "--yes").returncode, 0)
        maintenance = w.status("maintenance")
        self.assertEqual((maintenance["exit_code"], maintenance["maintenance"]["keep"]), (13, "primary"))
        self.assertEqual(w.run("arm", w.check, "--yes").returncode, 0)
        w.status("armed")

        self.assertEqual(w.run("trip", w.check, "--planned", "--reason", "x", "--yes").returncode, 0)
        self.assertEqual(w.status("switched-over")["exit_code"], 15)
        w.advance("2m")
        self.assertEqual(w.status("switched-over")["dns"][0]["answer"], [BACKUP])
        w.update_check(f"<ResourcePath>{OWN}</ResourcePath>")
        self.assertEqual(w.status("drifted")["exit_code"], 18)
        w.advance("90s")
        w.status("switched-over")
        self.assertEqual(w.path(), PLANNED)

    def test_need_12_every_link_is_told(self):
        """Each piece taken away by hand is named by the link that it breaks; deploy mends it."""
        w = self.world
        w.deploy()
        name = "sitelatch-" + w.check
        links = lambda: {l["name"] for l in w.status()["links"] if l["health"] == "broken"}
        self.assertEqual(links(), set())
        w.api.query("cloudwatch", "DisableAlarmActions", "2010-08-01", **{"AlarmNames.member.1": name})
        self.assertEqual((w.status()["state"], links()), ("partial", {"alarm-actions"}))
        w.api.query("cloudwatch", "EnableAlarmActions", "2010-08-01", **{"AlarmNames.member.1": name})
        w.api.query("iam", "DeleteRolePolicy", "2010-05-08", RoleName=name, PolicyName="sitelatch-guard")
        self.assertIn("role-policy", links())
        w.api.send("lambda", "DELETE", f"/2015-03-31/functions/{name}/policy/sitelatch-sns")
        self.assertIn("sns-permission", links())
        w.api.target("events", "AWSEvents.DisableRule", {"Name": name})
        self.assertIn("schedule", links())
        status = w.status("partial")
        self.assertEqual(status["exit_code"], 11)
        for link in status["links"]:
            if link["health"] == "broken":
                self.assertTrue(link["why"] and w.check in link["mend"], link)
        w.deploy()
        self.assertEqual(links(), set())
        w.status("armed")

    def test_need_12_unlatched_but_unhealthy_and_latched_without_guard(self):
        w = self.world
        w.primary.set("down")
        w.advance("2m")
        w.status("not-deployed")
        w.primary.set("up")
        w.advance("3m")
        w.deploy()
        # Nothing of the chain runs: the function may not be invoked by anybody.
        name = "sitelatch-" + w.check
        for statement in ("sitelatch-sns", "sitelatch-schedule"):
            w.api.send("lambda", "DELETE", f"/2015-03-31/functions/{name}/policy/{statement}")
        w.primary.set("down")
        w.advance("4m")
        status = w.status("unlatched-but-unhealthy")
        self.assertEqual(status["exit_code"], 16)
        # need 16: what the chain missed is made good by hand.
        self.refused("reconcile", w.check, says="--yes")
        self.assertEqual(w.path(), OWN)
        self.assertEqual(w.run("reconcile", w.check, "--yes").returncode, 0)
        self.assertEqual(w.path(), LATCH)
        w.status("tripped")
        answer = w.run("destroy", w.check, "--keep-latched", "--yes")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(w.path(), LATCH)
        self.assertEqual(w.status("latched-without-guard")["exit_code"], 17)

    def test_need_23_an_empty_answer_of_dns_is_an_error(self):
        w = self.world
        w.deploy()
        # The PRIMARY record's name is answered by nobody: asked of a server that knows no such zone.
        other = w.place.path + "/other"
        from sitelatch import Engine
        empty = w.place.keep(Engine(other, "--clock", "manual"))
        answer = w.run("status", w.check, "--dns-server", empty.dns, "--output", "json")
        status = json.loads(answer.stdout)
        self.assertEqual((answer.returncode, status["state"]), (20, "armed"))
        self.assertTrue(status["dns"][0]["problem"])
        self.assertEqual(status["dns"][0]["serves"], "neither")
        # And a server that does not answer at all is said, not taken for agreement.
        dead = json.loads(w.run("status", w.check, "--dns-server", "127.0.0.1:1", "--output", "json").stdout)
        self.assertEqual(dead["dns"][0]["serves"], "unknown")
        self.assertIn("does not answer", dead["dns"][0]["problem"])

    def test_all_guards_and_text(self):
        w = self.world
        for words in (("status",), ("status", "--all")):  # issue 8: none is not well
            none = w.run(*words)
            self.assertEqual(none.returncode, 12)
            self.assertIn("No guard was found", none.stdout)
            told = w.json(*words, status=12)
            self.assertEqual((told["guards"], told["exit_code"]), ([], 12))
        w.deploy()
        listed = json.loads(w.run("status", "--all", "--output", "json").stdout)
        self.assertEqual([g["state"] for g in listed["guards"]], ["armed"])
        self.shows_the_same_at_three_lengths()
        text = w.run("status").stdout
        with self.assertRaises(json.JSONDecodeError):
            json.loads(text)

    def shows_the_same_at_three_lengths(self):
        w = self.world
        short = w.run("status", NAME).stdout.splitlines()
        self.assertRegex(short[0], rf"^{NAME}   armed   \d\d:\d\d:\d\dZ$")
        self.assertEqual(short[1], "  Next: Nothing to do.")
        self.assertTrue(short[2].startswith("  Primary serves. Armed: when Primary fails"), short)
        self.assertLess(len(short), 6, short)
        whole = w.run("status", NAME, "-v").stdout.splitlines()
        self.assertEqual(whole[1:len(short)], short[1:])
        for label in ("check    ", "alarm    ", "DNS      ", "ok       ", "unsafe   "):
            self.assertTrue([line for line in whole[len(short):] if line.startswith("  " + label)], (label, whole))
        self.assertEqual(w.run("status").stdout.splitlines()[1:], [line.replace(NAME, w.check) for line in short[1:]])
        # Several guards are rows, one that cannot be looked at too, and the gravest status is the answer.
        answer = w.run("status", "nobody.example.test", NAME)
        self.assertEqual(answer.returncode, 1, answer)
        heading, first, second = answer.stdout.splitlines()
        self.assertEqual(re.split(r"  +", heading), ["GUARD", "SERVES", "STATE", "SINCE", "LAST DRILL", "NEXT"])
        self.assertRegex(first, r"^nobody\.example\.test  not known  not seen  -  +-  +No ")
        self.assertRegex(second, rf"^{NAME} +Primary    armed     .*none in 30d  Nothing to do\.$")
        self.assertIn(NAME, w.run("status", "--all").stdout.splitlines()[1])
        both = w.run("status", NAME, w.check, "-v").stdout
        self.assertEqual((both.count("  alarm    "), both.count("\n\n")), (2, 1))

    def test_issue_8_a_dns_name_is_an_id(self):
        w = self.world
        w.drive("deploy", NAME, "--yes")
        for name in (NAME, NAME.upper() + "."):
            answer = w.run("status", name, "--output", "json")
            status = json.loads(answer.stdout)
            self.assertEqual((status["health_check_id"], status["state"]), (w.check, "armed"))
            self.assertIn(f"{name} is health check {w.check}: PRIMARY A record", answer.stderr)
        both = json.loads(w.run("status", NAME, "nobody.example.test", "--output", "json").stdout)
        self.assertEqual([one.get("state") for one in both["guards"]], ["armed", None])
        self.assertEqual(both["exit_code"], 1)
        self.assertIn("Looked at: zone example.test.", both["guards"][1]["error"])
        self.assertEqual(w.run("trip", NAME, "--reason", "by its name", "--yes").returncode, 0)
        self.assertEqual(w.path(), LATCH)
        for words in (("disarm", "--for", "1h", "--reason", "x", "--keep", "backup"), ("arm",), ("reconcile",), ("log",), ("destroy", "--plan"),
                      ("deploy", "--plan"), ("switch-back", "--reason", "x"), ("drill", "--yes"), ("trip", "--reason", "x"), ("status",)):
            answer = w.run(words[0], "elsewhere.example.org", *words[1:])
            self.assertEqual(answer.returncode, 1, (words, answer.stderr))
            self.assertIn("No hosted zone of this account has the name", answer.stderr, words)
        w.change_records(w.record("primary", PRIMARY, w.check).replace(f"<Name>{NAME}", "<Name>other.example.test"))
        w.change_records(w.record("primary", PRIMARY, w.backup_check).replace(f"<Name>{NAME}", "<Name>other.example.test")
                         .replace("<Type>A<", "<Type>AAAA<").replace(PRIMARY, "2001:db8::1"))
        answer = w.run("trip", "other.example.test", "--reason", "x", "--yes")
        self.assertEqual(answer.returncode, 2)
        for check in (w.check, w.backup_check):
            self.assertIn(check, answer.stderr)

    def test_issue_8_a_failover_and_a_way_back_wake_nobody_with_16(self):
        w = self.world
        w.deploy()
        w.advance("12m")
        w.primary.set("down")
        seen = []
        for _ in range(60):
            answer = w.run("status", w.check, "--output", "json")
            status = json.loads(answer.stdout)
            if not seen or seen[-1] != (status["state"], answer.returncode):
                seen.append((status["state"], answer.returncode))
            if status["state"] == "tripped" and answer.returncode == 14:
                break
            w.advance("10s")
        self.assertEqual([state for state, _ in seen if state != "armed"][0], "failing-over", seen)
        self.assertLessEqual({code for _, code in seen}, {0, 21, 14}, seen)
        w.primary.set("up")
        w.advance("5m")
        process = w.start("switch-back", w.check, "--reason", "in sync", "--yes")
        wait_until(lambda: w.path() == OWN, "the release")
        status = w.status("switching-back")
        self.assertEqual(status["exit_code"], 22)
        self.assertEqual(status["since"], status["release"]["at"])
        while process.poll() is None:
            w.advance("10s")
        process.communicate()
        self.assertEqual(process.returncode, 0)
        w.status("armed")

    def test_guard_on_aws_19_no_answer_is_no_agreement(self):
        w = self.world
        w.deploy()
        answer = w.run("status", w.check, "--dns-server", "127.0.0.1:1", "--output", "json")
        status = json.loads(answer.stdout)
        self.assertEqual((answer.returncode, status["state"], status["dns"][0]["serves"]), (20, "armed", "unknown"))
        self.assertIn("dns", [link["name"] for link in status["links"] if link["health"] == "broken"])

    def test_issue_8_who_waits_for_a_clock_that_nobody_moves_is_told(self):
        w = self.world
        process = w.start("deploy", w.check, "--yes")
        said = []
        for line in process.stderr:  # until it comes: the test's own limit is what ends a program that never says it
            said.append(line)
            if "clock is manual" in line:
                break
        process.kill()
        process.communicate()
        self.assertIn("sitelatch advance --data-dir", said[-1])
        self.assertIn(w.engine.data_dir, said[-1])

    def test_issue_8_credentials_that_are_no_good_end_every_command_alike(self):
        w = self.world
        w.deploy()
        wrong = {"AWS_SECRET_ACCESS_KEY": "of another", "AWS_MAX_ATTEMPTS": "1"}
        for words in (("status", w.check), ("status", "--all"), ("doctor",), ("log", w.check), ("deploy", w.check, "--plan"),
                      ("destroy", w.check, "--plan"), ("arm", w.check, "--yes"), ("trip", w.check, "--reason", "x", "--yes"),
                      ("disarm", w.check, "--for", "1h", "--reason", "x", "--keep", "primary", "--yes"), ("reconcile", w.check, "--yes"),
                      ("switch-back", w.check, "--reason", "x", "--yes"), ("drill", w.check, "--yes"), ("status", NAME)):
            answer = w.run(*words, env=wrong)
            self.assertEqual(answer.returncode, 5, (words, answer.stdout, answer.stderr))
            self.assertIn("signature was refused", answer.stderr, words)

    def test_issue_8_a_subscription_that_nobody_confirmed_is_told(self):
        w = self.world
        w.deploy()
        people = lambda status: next(link for link in status["links"] if link["name"] == "people")
        status = w.status("armed")
        self.assertEqual((status["exit_code"], people(status)["health"]), (0, "off"))
        w.deploy("--notify", "sre@example.org")
        status = w.status("armed")
        self.assertEqual((status["exit_code"], people(status)["health"]), (19, "broken"))
        self.assertIn("sre@example.org has not confirmed", people(status)["why"])

    def test_an_engine_that_is_gone_is_said(self):
        w = self.world
        w.engine.kill()
        answer = w.run("status", w.check, env={"AWS_MAX_ATTEMPTS": "1"})
        self.assertEqual(answer.returncode, 5)
        self.assertIn("Cannot", answer.stderr)


class TripAndSwitchBack(Base):
    def test_need_14_trip_by_hand(self):
        """Emergency and planned are different values; neither overwrites the other; without a guard it works too."""
        w = self.world
        answer = w.json("trip", w.check, "--reason", "no guard yet", "--yes")
        self.assertEqual((w.path(), answer["result"]), (LATCH, "done"))
        w.update_check(f"<ResourcePath>{OWN}</ResourcePath>")
        w.deploy()
        self.refused("trip", w.check, "--reason", "nobody is asked", says="--yes")
        self.refused("trip", w.check, "--yes", says="--reason", status=2)
        self.assertEqual(w.path(), OWN)
        self.assertEqual(w.run("trip", w.check, "--planned", "--reason", "move", "--yes").returncode, 0)
        self.assertEqual(w.path(), PLANNED)
        version = w.version()
        # need 7: never overwritten, by hand, by the alarm or by the schedule.
        self.refused("trip", w.check, "--reason", "again", "--yes", says="already")
        self.assertEqual(w.json("trip", w.check, "--planned", "--reason", "again", "--yes")["result"], "unchanged")
        w.primary.set("down")
        w.advance("6m")
        self.assertEqual((w.path(), w.version()), (PLANNED, version))
        w.status("switched-over")

    def test_need_15_switch_back_in_its_order(self):
        """outage, latched by the native function, tripped; a failing check refuses, a passing one releases; armed again."""
        w = self.world
        w.deploy()
        self.outage()
        self.assertEqual(w.status("tripped")["dns"][0]["serves"], "backup")
        w.advance("2m")
        self.assertEqual(w.dns(), BACKUP)
        version = w.version()

        self.refused("switch-back", w.check, "--reason", "x", says="--yes", driven=True)
        self.refused("switch-back", w.check, "--yes", says="--reason", status=2)
        no = self.refused("switch-back", w.check, "--reason", "x", "--yes", "--check", "true", "--check", "echo caches differ; exit 4",
                          says="caches differ", driven=True)
        self.assertIn("status 4", no.stderr)
        self.assertIn("--force checks", no.stderr)
        self.refused("switch-back", w.check, "--reason", "x", "--yes", "--expected-version", str(version + 1), says="has changed", driven=True)
        w.primary.set("down")
        self.refused("switch-back", w.check, "--reason", "x", "--yes", says="--force primary", driven=True)
        w.primary.set("up")
        self.assertEqual((w.path(), w.version()), (LATCH, version), "nothing of this released anything")

        marker = w.place.path + "/ran"
        done = w.json("switch-back", w.check, "--reason", "sites are in sync", "--yes", "--check", f"touch {marker}", "--check",
                      'test -n "$SITELATCH_HEALTH_CHECK_ID"', driven=True)
        self.assertTrue(os.path.exists(marker))
        self.assertEqual((done["result"], done["release"], done["version"]), ("done", 1, version + 1))
        self.assertEqual(done["dns"][0]["serves"], "primary")
        self.assertEqual((w.path(), w.dns()), (OWN, PRIMARY))
        self.assertEqual(w.status("armed")["release"]["number"], 1)

        # need 20: who, when, why, before, after, version, request id.
        entry = [e for e in w.log() if e["action"] == "switch-back"][-1]
        self.assertEqual((entry["why"], entry["stage"], entry["version"]), ("sites are in sync", "done", str(version + 1)))
        self.assertIn(":root", entry["who"])
        self.assertTrue(entry["request_id"] and entry["at"])
        self.assertIn(LATCH, entry["before"])
        self.assertIn(OWN, entry["after"])
        self.assertTrue([e for e in w.log() if e["action"] == "latch" and e["who"] == "function"])

        # It fires again: evidence of after the release is news.
        self.outage()
        w.status("tripped")

    def test_need_15_latched_again_when_primary_does_not_become_healthy(self):
        w = self.world
        w.deploy()
        self.outage()
        w.advance("2m")
        process = w.start("switch-back", w.check, "--reason", "too early", "--yes", "--window", "6s", "--output", "json")
        wait_until(lambda: w.path() == OWN, "the release")
        w.primary.set("down")
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 6, (out, err))
        self.assertEqual(json.loads(out)["result"], "latched-again")
        self.assertIn("latching again", err)
        self.assertEqual(w.path(), LATCH)
        w.status("tripped")

    def test_need_15_force_is_named_and_audited(self):
        w = self.world
        w.deploy()
        self.outage()
        w.advance("2m")
        self.refused("switch-back", w.check, "--reason", "x", "--yes", "--force", "everything", says="--force takes", status=2)
        done = w.drive("switch-back", w.check, "--reason", "we know better", "--yes", "--check", "false", "--force", "checks")
        self.assertEqual(done.returncode, 0, done.stderr)
        entry = [e for e in w.log() if e["action"] == "switch-back"][-1]
        self.assertEqual((entry["forced"], entry["why"]), ("checks", "we know better"))

    def test_a_person_types_the_name(self):
        """On a terminal the name itself is asked for; anything else releases nothing."""
        import pty
        w = self.world
        w.deploy()
        self.outage()
        w.advance("2m")
        for typed, status, path in (("yes", 3, LATCH), (NAME, 0, OWN)):
            main, terminal = pty.openpty()
            process = subprocess.Popen([SITELATCH, "switch-back", w.check, "--reason", "x"], env=w.environment, stdin=terminal,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            os.close(terminal)
            os.write(main, (typed + "\n").encode())
            while True:
                try:
                    out, err = process.communicate(timeout=0.3)
                    break
                except subprocess.TimeoutExpired:
                    w.advance("10s")
            os.close(main)
            self.assertEqual(process.returncode, status, (out, err))
            self.assertIn(f"Type {NAME} to go on", err)
            self.assertEqual(w.path(), path)

    def test_an_interrupt_comes_between_two_steps_and_says_how_far_it_came(self):
        w = self.world
        w.deploy()
        self.outage()
        w.advance("2m")
        process = w.start("switch-back", w.check, "--reason", "x", "--yes")
        wait_until(lambda: w.path() == OWN, "the release")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, (out, err))
        self.assertIn("Interrupted. Release 1 was made before", out + err)
        done = w.drive("switch-back", w.check, "--reason", "x", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        w.status("armed")

    def test_two_people_at_once_release_once(self):
        w = self.world
        w.deploy()
        self.outage()
        w.advance("2m")
        version = w.version()
        both = [w.start("switch-back", w.check, "--reason", f"person {n}", "--yes") for n in (1, 2)]
        while any(p.poll() is None for p in both):
            w.advance("10s")
        texts = [p.communicate() for p in both]
        self.assertIn(0, [p.returncode for p in both], texts)
        self.assertEqual(w.version(), version + 1, texts)
        self.assertEqual(w.path(), OWN)
        w.status("armed")

    def test_need_16_foreign_undo_is_latched_again_within_a_minute(self):
        w = self.world
        w.deploy()
        self.outage()
        w.advance("2m")
        w.update_check(f"<ResourcePath>{OWN}</ResourcePath>")
        w.status("drifted")
        w.advance("61s")
        self.assertEqual(w.path(), LATCH)
        again = [e for e in w.log() if e["action"] == "latch-again"]
        self.assertEqual(again[-1]["who"], "function")
        self.assertIn("undid", again[-1]["why"])
        # And by hand, at once.
        w.update_check(f"<ResourcePath>{OWN}</ResourcePath>")
        self.assertEqual(w.run("reconcile", w.check, "--yes").returncode, 0)
        self.assertEqual(w.path(), LATCH)
        self.assertIn("latched already", w.run("reconcile", w.check, "--yes").stdout)
        # A switch-back after all that is not undone by the alarm's late echo.
        done = w.drive("switch-back", w.check, "--reason", "in sync", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        w.advance("10m")
        self.assertEqual(w.path(), OWN)
        w.status("armed")


class Inverted(Base):
    def test_need_10_latched_by_disabled_and_inverted(self):
        w = self.world
        w.deploy("--latch", "inverted")
        w.primary.set("down")
        w.advance_until(lambda: tag(w.check_xml(), "Inverted") == "true", "the latch")
        self.assertEqual((tag(w.check_xml(), "Disabled"), w.path()), ("true", OWN))
        w.primary.set("up")
        w.advance("3m")
        self.assertEqual(w.dns(), BACKUP)
        w.status("tripped")
        done = w.drive("switch-back", w.check, "--reason", "in sync", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((tag(w.check_xml(), "Disabled"), tag(w.check_xml(), "Inverted")), ("false", "false"))
        self.assertEqual(w.dns(), PRIMARY)
        w.status("armed")


class Maintenance(Base):
    def disarm(self, keep, length="30m"):
        w = self.world
        answer = w.run("disarm", w.check, "--for", length, "--reason", "rolling restart", "--keep", keep, "--yes")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return answer

    def test_need_13_keep_primary_ends_by_itself_and_says_so(self):
        w = self.world
        w.deploy()
        for words, says, status in ((("--for", "30m", "--keep", "primary"), "--reason", 2), (("--for", "30m", "--reason", "x"), "--keep", 2),
                                    (("--reason", "x", "--keep", "primary"), "--for", 2), (("--for", "9d", "--reason", "x", "--keep", "primary"), "7 days", 3)):
            self.refused("disarm", w.check, "--yes", *words, says=says, status=status)
        self.disarm("primary")
        w.primary.set("down")
        w.advance("10m")
        self.assertEqual((w.path(), w.dns()), (OWN, PRIMARY), "frozen: a restart moves nothing")
        w.primary.set("up")
        w.status("maintenance")
        w.advance("21m")
        w.advance("2m")
        w.status("armed")
        self.assertTrue([e for e in w.log() if e["action"] == "end-freeze" and e["who"] == "function"])
        self.outage()

    def test_need_13_a_primary_that_fails_after_its_maintenance_is_latched(self):
        w = self.world
        w.deploy()
        self.disarm("primary", "5m")
        w.primary.set("down")
        w.advance("4m")
        self.assertEqual(w.path(), OWN)
        w.advance_until(lambda: w.path() == LATCH, "the latch after the maintenance", most=60)

    def test_need_13_keep_backup_is_a_planned_switch_over(self):
        w = self.world
        w.deploy()
        self.disarm("backup", "10m")
        self.assertEqual(w.path(), PLANNED)
        self.assertEqual(w.status("maintenance")["maintenance"]["keep"], "backup")
        w.advance("12m")
        self.assertEqual((w.path(), w.dns()), (PLANNED, BACKUP), "the end of a maintenance never gives traffic back")
        w.status("switched-over")
        self.refused("arm", w.check, "--yes", says="switch-back")

    def test_need_13_arming_refuses_while_it_could_not_fire(self):
        w = self.world
        w.deploy()
        name = "sitelatch-" + w.check
        w.api.query("cloudwatch", "DisableAlarmActions", "2010-08-01", **{"AlarmNames.member.1": name})
        for statement in ("sitelatch-sns", "sitelatch-schedule"):
            w.api.send("lambda", "DELETE", f"/2015-03-31/functions/{name}/policy/{statement}")
        w.primary.set("down")
        w.advance("4m")
        answer = self.refused("arm", w.check, "--yes", says="could not fire")
        self.assertIn("unhealthy", answer.stderr)
        self.refused("disarm", w.check, "--for", "5m", "--reason", "x", "--keep", "primary", "--yes", says="failing")
        w.primary.set("up")
        w.advance("5m")
        w.deploy()
        w.status("armed")


    def test_guard_on_aws_1_and_21_in_the_alarms_lag(self):
        """Route 53 has failed over and the alarm has not noticed: no freeze brings Primary back, and reconcile latches."""
        w = self.world
        w.deploy()
        now = w.advance("12m")
        w.advance(f"{70 - int(now[17:19])}s")  # the failover is within this minute, which the metric shows when it is over
        w.primary.set("down")
        w.advance_until(lambda: w.dns() == BACKUP, "the failover", step="5s")
        self.assertEqual((w.alarm(), w.path()), ("OK", OWN))
        self.refused("disarm", w.check, "--for", "30m", "--reason", "x", "--keep", "primary", "--yes", says="last probes of Primary")
        # A blip of the probes latches nothing: the metric decides, and it is ahead of the alarm too.
        w.advance_until(lambda: w.status("failing-over")["health_check"]["healthy"] is False, "the metric", step="5s")
        self.assertEqual((w.alarm(), w.path()), ("OK", OWN))
        done = w.run("reconcile", w.check, "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Route 53 finds Primary unhealthy", done.stdout)
        self.assertEqual(w.path(), LATCH)

    def test_arm_asks_primary_itself(self):
        w = self.world
        w.deploy()
        w.advance("12m")
        self.disarm("primary")
        w.primary.set("down")  # frozen as healthy: Route 53 does not see it
        refused = self.refused("arm", w.check, "--yes", says="--force primary")
        self.assertIn("answers 503", refused.stderr)
        w.status("maintenance")
        self.refused("arm", w.check, "--yes", "--force", "everything", says="--force takes primary", status=2)
        self.assertEqual(w.run("arm", w.check, "--yes", "--force", "primary").returncode, 0)
        w.advance_until(lambda: w.path() == LATCH, "the latch")
        self.assertEqual([e.get("forced") for e in w.log() if e["action"] == "arm"][-1], "primary")


class HalfBlind(Base):
    def operator(self, *actions):
        """Variables of a user who may do just that."""
        w = self.world
        w.api.query("iam", "CreateUser", "2010-05-08", UserName="half-blind")
        w.api.query("iam", "PutUserPolicy", "2010-05-08", UserName="half-blind", PolicyName="half", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}))
        key = w.api.query("iam", "CreateAccessKey", "2010-05-08", UserName="half-blind")
        return {"AWS_ACCESS_KEY_ID": tag(key, "AccessKeyId"), "AWS_SECRET_ACCESS_KEY": tag(key, "SecretAccessKey")}

    def test_guard_on_aws_20_route53_and_sns_alone_release_nothing_and_latch_all_the_same(self):
        w = self.world
        w.deploy()
        self.outage()
        w.advance("3m")
        half = self.operator("route53:*", "sns:*")
        version = w.version()
        for words in (("switch-back", w.check, "--reason", "x", "--yes"), ("arm", w.check, "--yes")):
            refused = w.run(*words, env=half)
            self.assertEqual(refused.returncode, 5, (words, refused.stdout, refused.stderr))
            for right in ("cloudwatch:DescribeAlarms", "lambda:GetFunction", "logs:DescribeLogGroups"):
                self.assertIn(right, refused.stderr, words)
        self.assertEqual((w.path(), w.version(), w.dns()), (LATCH, version, BACKUP))
        w.update_check(f"<ResourcePath>{OWN}</ResourcePath>")
        tripped = w.run("trip", w.check, "--reason", "at night", "--yes", env=half)
        self.assertEqual((tripped.returncode, w.path()), (0, LATCH), tripped.stderr)


class Drill(Base):
    def test_need_17_shadow_leaves_nothing_and_moves_nothing(self):
        w = self.world
        w.deploy()
        before, version = w.everything(), w.version()
        self.refused("drill", w.check, says="--yes")
        for scenario, legs in (("alarm", ["self-test", "scratch-check", "deploy", "armed", "alarm", "latched", "switch-back"]),
                               ("outage", ["self-test", "scratch-check", "deploy", "armed", "outage", "unhealthy", "latched", "recovery",
                                           "stays-latched", "switch-back"])):
            report = w.json("drill", w.check, "--scenario", scenario, "--yes", driven=True)
            self.assertEqual([leg["name"] for leg in report["legs"]], legs)
            self.assertTrue(all(leg["passed"] and leg["seconds"] >= 0 for leg in report["legs"]), report)
            self.assertIn("USD", report["cost"])
            self.assertEqual(w.everything(), before)
            self.assertEqual((w.version(), w.dns()), (version, PRIMARY))
        blip = w.json("drill", w.check, "--scenario", "blip", "--yes", driven=True)
        self.assertEqual(blip["result"], "passed")
        self.assertEqual(w.everything(), before)
        w.status("armed")

    def test_need_17_removes_what_it_made_when_interrupted_and_after_a_kill(self):
        w = self.world
        w.deploy()
        before = w.everything()
        for sign in (signal.SIGINT, signal.SIGTERM):
            process = w.start("drill", w.check, "--yes")
            wait_until(lambda: len(w.everything()["alarms"]) > len(before["alarms"]), "the scratch guard")
            process.send_signal(sign)
            out, err = process.communicate(timeout=60)
            self.assertNotEqual(process.returncode, 0)
            self.assertIn("Interrupted", out + err)
            self.assertEqual(w.everything(), before)
        process = w.start("drill", w.check, "--yes")
        wait_until(lambda: len(w.everything()["alarms"]) > len(before["alarms"]), "the scratch guard")
        process.kill()
        process.communicate()
        self.assertNotEqual(w.everything(), before)
        self.assertIn("drill-remains", [f["name"] for f in w.json("doctor", status=7)["findings"]])
        done = w.drive("drill", w.check, "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("earlier drill", done.stderr)
        self.assertEqual(w.everything(), before)

    def test_need_17_a_function_without_a_right_fails_its_self_test(self):
        w = self.world
        w.deploy()
        name = "sitelatch-" + w.check
        w.api.query("iam", "DeleteRolePolicy", "2010-05-08", RoleName=name, PolicyName="sitelatch-guard")
        before = w.everything()
        report = w.json("drill", w.check, "--yes", status=7, driven=True)
        self.assertEqual((report["legs"][0]["name"], report["legs"][0]["passed"]), ("self-test", False))
        self.assertEqual(w.everything(), before)


class Doctor(Base):
    def findings(self, status=7):
        return {(f["name"], f["subject"]) for f in self.world.json("doctor", status=status)["findings"] if f["kind"] == "problem"}

    def unsafe(self, *words, status=0):
        return [f for f in self.world.json("doctor", *words, status=status)["findings"] if f["name"] == "unsafe-seconds"]

    def says_how_safe(self):
        """issue 9: the unsafe seconds of this configuration, what shrinks them, at which price; deploy's plan says the same."""
        w = self.world
        [found] = self.unsafe()
        self.assertEqual((found["kind"], found["subject"]), ("note", w.check))
        for word in ("before the latch", "false latches", "USD a month", "not measured on AWS", "sitelatch simulate --form guide"):
            self.assertIn(word, found["why"])
        for word in (f"sitelatch deploy {w.check} --form config --plan", f"--health-check-id {w.check} --failure-threshold 3"):
            self.assertIn(word, found["mend"])
        [measured] = self.unsafe("--assume", "minute-visible=0..1s")
        self.assertNotEqual(measured["why"], found["why"])
        self.assertIn("--assume minute-visible=0..1s", measured["why"])
        self.assertIn("minute-visble", w.run("doctor", "--assume", "minute-visble=1s").stderr)
        outages = os.path.join(w.place.path, "outages.txt")
        with open(outages, "w", encoding="utf-8") as file:
            file.write("60s 12\n20s 100\n")
        self.assertIn("In a year of these outages: ", self.unsafe("--outages", outages)[0]["why"])
        with open(outages, "w", encoding="utf-8") as file:
            file.write("soon 12\n")
        wrong = w.run("doctor", "--outages", outages)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("line 1", wrong.stderr)
        plan = json.loads(w.run("deploy", w.check, "--plan", "--output", "json").stdout)["safety"]
        self.assertEqual((plan["cost"]["usd_a_month_low"], plan["cost"]["usd_a_month_high"]), (0.12, 0.17))
        self.assertEqual((plan["cost_of_health_check"]["usd_a_month_low"], plan["cost_of_health_check"]["usd_a_month_high"]), (0.5, 0.75))
        self.assertIn("The guard costs 0.12 to 0.17 USD a month", " ".join(w.run("deploy", w.check, "--plan").stdout.split()))
        brief = w.run("status", w.check, "-v").stdout.splitlines()
        [at] = [i for i, line in enumerate(brief) if line.startswith("  unsafe   ")]
        for line in brief[at:]:
            self.assertLessEqual(len(line), 80)

    def test_need_18_on_day_one(self):
        """A pair of sites that nobody guards; then the holes that a guard does not close by itself."""
        w = self.world
        self.assertIn(("no-guard", w.check), self.findings())
        w.deploy()
        self.assertEqual(self.findings(status=0), set())
        self.says_how_safe()
        # need 3: the SECONDARY's own check hands a latched Primary the traffic when both look unhealthy.
        w.change_records(w.record("secondary", BACKUP, w.backup_check))
        report = w.json("doctor", status=7)
        hole = [f for f in report["findings"] if f["name"] == "secondary-health"][0]
        self.assertIn("Not in these figures: while both sites look unhealthy", self.unsafe(status=7)[0]["why"])
        self.assertIn("change", hole)
        w.change_records(w.record("secondary", BACKUP, None))
        w.update_check("<Disabled>true</Disabled>")
        self.assertIn(("disabled-healthy", w.check), self.findings())
        w.update_check("<Disabled>false</Disabled>")
        # Another alarm on the same check that runs something.
        w.api.query("cloudwatch", "PutMetricAlarm", "2010-08-01", AlarmName="other", Namespace="AWS/Route53", MetricName="HealthCheckStatus",
                    Statistic="Minimum", Period="60", EvaluationPeriods="1", Threshold="1", ComparisonOperator="LessThanThreshold",
                    **{"Dimensions.member.1.Name": "HealthCheckId", "Dimensions.member.1.Value": w.check,
                       "AlarmActions.member.1": "arn:aws:lambda:us-east-1:000000000000:function:somebody-elses"})
        self.assertIn(("other-writer", w.check), self.findings())
        w.api.query("cloudwatch", "DeleteAlarms", "2010-08-01", **{"AlarmNames.member.1": "other"})
        self.assertEqual(self.findings(status=0), set())

    def test_need_27_orphans(self):
        w = self.world
        gone = "11111111-2222-3333-4444-555555555555"
        w.api.query("sns", "CreateTopic", "2010-03-31", Name=gone)
        w.api.query("cloudwatch", "PutMetricAlarm", "2010-08-01", AlarmName=gone, Namespace="AWS/Route53", MetricName="HealthCheckStatus",
                    Statistic="Minimum", Period="60", EvaluationPeriods="1", Threshold="1", ComparisonOperator="LessThanThreshold",
                    **{"Dimensions.member.1.Name": "HealthCheckId", "Dimensions.member.1.Value": gone})
        self.assertLessEqual({("orphan", "topic " + gone), ("orphan", "alarm " + gone)}, self.findings())


class CutOff(Base):
    """Every command killed at every call of AWS in turn, then run again: the same end, and a latch is never released on
    the way by anything but a release that was asked for, written down and numbered."""

    def snapshot(self):
        w = self.world
        self.assertEqual(w.engine.stop(), 0)
        self.saved = w.place.path + "/saved"
        shutil.copytree(w.engine.data_dir, self.saved)

    def restore(self):
        w = self.world
        w.engine.kill() if w.engine.process.poll() is None else None
        shutil.rmtree(w.engine.data_dir)
        shutil.copytree(self.saved, w.engine.data_dir)
        w.engine = w.place.keep(w.engine.restarted())
        w.advance("30s")  # the checkers have not reported yet to an engine that has just started

    def cut(self, words, calls, step):
        """From the snapshot, cut off after that many calls; False: it came to its end before."""
        w = self.world
        self.restore()
        cut = w.drive(*words, env={"SITELATCH_FAULT_EXIT_AFTER_CALLS": str(calls)}, step=step)
        if cut.returncode != 137:
            self.assertEqual(cut.returncode, 0, (calls, cut.stdout, cut.stderr))
        return cut.returncode == 137

    def first_write(self, words, step):
        """The call that writes the intent into the audit log, the first that changes anything: looking comes before."""
        w = self.world
        low, high = 1, 400  # low: nothing written; high: written, or at its end
        self.restore()
        known = len(w.log())
        while high - low > 1:
            middle = (low + high) // 2
            if self.cut(words, middle, step) and len(w.log()) == known:
                low = middle
            else:
                high = middle
        return low

    def cut_everywhere(self, words, between, end, step="20s", after=16):
        """At a few calls of looking (at all of them with SITELATCH_THOROUGH set), and at each from the first that writes."""
        w = self.world
        self.snapshot()
        first = self.first_write(words, step)
        looking = range(1, first) if os.environ.get("SITELATCH_THOROUGH") else (1, first // 2)
        for calls in [*looking, *range(first, first + after)]:
            if not self.cut(words, calls, step):
                self.assertGreater(calls, first + 2, "it was cut off among its writes")
                return
            between(calls)
            again = w.drive(*words, step=step)
            self.assertEqual(again.returncode, 0, (calls, again.stdout, again.stderr))
            end(calls)

    def test_trip_cut_off_at_every_call(self):
        w = self.world
        w.deploy()

        def end(calls):
            self.assertEqual(w.path(), LATCH, calls)
            status = w.status("tripped")
            self.assertEqual(status["release"]["number"], 0)
            w.update_check(f"<ResourcePath>{OWN}</ResourcePath>")
            w.status("drifted")  # it knows that it was latched: the note was written

        self.cut_everywhere(("trip", w.check, "--reason", "cut", "--yes"), lambda calls: self.assertIn(w.path(), (OWN, LATCH)), end)

    def test_switch_back_cut_off_at_every_call(self):
        w = self.world
        w.deploy()
        self.outage()
        w.advance("3m")

        def between(calls):
            status = w.status()
            if w.path() == LATCH:
                return
            self.assertEqual(w.path(), OWN)
            # A release, and one that was asked for: its number was written before.
            self.assertGreaterEqual(status["release"]["number"], 1, calls)
            self.assertTrue([e for e in w.log() if e["action"] == "switch-back"], calls)

        def end(calls):
            self.assertEqual((w.path(), w.dns()), (OWN, PRIMARY), calls)
            w.status("armed")

        self.cut_everywhere(("switch-back", w.check, "--reason", "cut", "--yes"), between, end)

    def test_disarm_and_arm_cut_off_at_every_call(self):
        w = self.world
        w.deploy()
        w.advance("12m")  # disarm wants ten minutes of a healthy Primary

        def end(calls):
            self.assertEqual(tag(w.check_xml(), "Disabled"), "true", calls)
            w.status("maintenance")

        self.cut_everywhere(("disarm", w.check, "--for", "30m", "--reason", "cut", "--keep", "primary", "--yes"),
                            lambda calls: self.assertEqual(w.path(), OWN), end)
        w.status("maintenance")
        shutil.rmtree(self.saved)
        self.cut_everywhere(("arm", w.check, "--yes"), lambda calls: None, lambda calls: w.status("armed"))


class Speed(Base):
    def test_status_is_one_look(self):
        """At most one call a link, two for the form of the latch, and a tenth of a second (release build, quiet machine; here the calls are what counts)."""
        w = self.world
        w.deploy()
        w.status("armed")
        calls = 0
        while w.run("status", w.check, env={"SITELATCH_FAULT_EXIT_AFTER_CALLS": str(calls + 1)}).returncode == 137:
            calls += 1
        links = len(w.status()["links"])
        self.assertLessEqual(calls, links + 2, "at most one call a link, and two for the form")
        fastest = min(self.timed() for _ in range(5))
        print(f"status: {fastest * 1000:.0f} ms, {calls} calls, {links} links", flush=True)

    def timed(self):
        begun = time.monotonic()
        self.assertEqual(self.world.run("status", self.world.check).returncode, 0)
        return time.monotonic() - begun


class Help(unittest.TestCase):
    def test_guard_on_aws_29_a_drill_does_not_promise_seconds(self):
        text = subprocess.run([SITELATCH, "drill", "--help"], capture_output=True, text=True).stdout
        self.assertNotIn("seconds", text)
        self.assertIn("8 to 15", text)
        self.assertIn("blip 10 to 20", text)
        self.assertIn("On an engine", text)

    def test_every_command_documents_its_exit_statuses_with_an_example(self):
        for command in ("status", "doctor", "arm", "disarm", "trip", "switch-back", "reconcile", "drill", "log", "policy"):
            text = subprocess.run([SITELATCH, command, "--help"], capture_output=True, text=True).stdout
            self.assertIn("Exit status", text, command)
            self.assertIn("xample", text, command)
            self.assertIn("--output", text, command)


if __name__ == "__main__":
    unittest.main(verbosity=2)
