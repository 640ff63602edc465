# SPDX-License-Identifier: Apache-2.0
"""`sitelatch simulate` as people and programs meet it, with the real binary."""
import json
import os
import subprocess
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import SITELATCH, Workplace, aws, aws_clis, skip_loudly  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = {"form", "case", "outage_s", "runs", "failovers", "leaks", "leak_share", "unsafe_s_mean", "unsafe_s_p99", "never_latched",
          "failover_s_p50", "failover_s_p99"}


def simulate(*arguments, env=None):
    return subprocess.run([SITELATCH, "simulate", *arguments], capture_output=True, text=True, env=env)


def rows(*arguments):
    run = simulate(*arguments, "--output", "json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


class Simulate(unittest.TestCase):
    def test_json_has_its_fields_for_every_form_and_case(self):
        answer = rows("--runs", "20", "--outage", "60s,300")
        self.assertEqual(len(answer), 6 * 3 * 2)
        for row in answer:
            self.assertLessEqual(FIELDS, set(row))
            self.assertEqual(row["runs"], 20)
            self.assertAlmostEqual(row["leak_share"], row["leaks"] / row["failovers"] if row["failovers"] else 0, places=5)
            self.assertLessEqual(row["leak_share_low"], row["leak_share"])
            self.assertGreaterEqual(row["leak_share_high"], row["leak_share"])
        self.assertEqual({row["outage_s"] for row in answer}, {60, 300})
        self.assertEqual([row["form"] for row in answer[::6]], ["guide", "hardened", "config", "fast", "strict", "engine"])

    def test_the_guide_leaks_and_the_forms_whose_failover_is_the_latch_do_not(self):
        by_form = {row["form"]: row for row in rows("--runs", "200", "--outage", "60s", "--case", "base")}
        self.assertGreater(by_form["guide"]["leak_share"], 0.9)
        self.assertGreater(by_form["guide"]["unsafe_s_mean"], 30)
        self.assertTrue(20 < by_form["guide"]["failover_s_p50"] < 35, by_form["guide"])
        for form in ("config", "fast", "strict", "engine"):
            self.assertEqual(by_form[form]["failovers"], 200, form)
            self.assertEqual((by_form[form]["leaks"], by_form[form]["unsafe_s_mean"]), (0, 0), form)
        self.assertEqual(by_form["hardened"]["failovers"], 0)  # three failures in a row take longer
        self.assertIsNone(by_form["hardened"]["failover_s_p50"])

    def test_a_seed_gives_what_it_always_gave(self):
        golden = os.path.join(HERE, "simulate_golden.json")
        run = simulate("--outage", "60s,180s", "--runs", "40", "--seed", "11", "--output", "json")
        with open(golden, encoding="utf-8") as file:
            self.assertEqual(run.stdout, file.read(), "another compiler, machine or library: all must say the same; a change that is "
                                                      "meant is a new " + golden)
        self.assertNotEqual(simulate("--outage", "60s,180s", "--runs", "40", "--seed", "12", "--output", "json").stdout, run.stdout)

    def test_text_of_one_case_has_intervals_and_of_all_has_ranges(self):
        one = simulate("--form", "guide", "--outage", "90s", "--case", "base", "--runs", "50").stdout
        self.assertRegex(one, r"guide 30/1 +1m30s +100 .* \d+ \[\d+\.\d, \d+\.\d\]")
        every = simulate("--form", "guide", "--outage", "90s", "--runs", "50").stdout
        self.assertRegex(every, r"guide 30/1 +1m30s +100 .* \d+ \(\d+ to 100\)")

    def test_interval_and_threshold_count(self):
        quick, slow = (rows("--form", "guide", "--case", "base", "--outage", "300s", "--runs", "50", *tuning)[0]
                       for tuning in (["--interval", "10"], ["--threshold", "3"]))
        self.assertLess(quick["failover_s_p50"], 15)
        self.assertGreater(slow["failover_s_p50"], 80)

    def test_an_alarm_that_waits_longer_latches_later(self):
        one, three = (rows("--form", "guide", "--case", "base", "--outage", "180s", "--runs", "50", *alarm)[0]
                      for alarm in (["--alarm", "1/1"], ["--alarm", "3/3"]))
        self.assertLess(one["leak_share"], three["leak_share"])

    def test_an_assumption_is_overridden_and_listed(self):
        listed = simulate("--assumptions")
        self.assertEqual(listed.returncode, 0)
        for word in ("minute-visible", "samples", "update-reaches", "estimate", "fact "):
            self.assertIn(word, listed.stdout)
        names = {one["name"] for one in json.loads(simulate("--assumptions", "--output", "json").stdout)}
        self.assertIn("edge-delay", names)
        soon = rows("--form", "guide", "--case", "base", "--outage", "120s", "--runs", "100", "--assume", "minute-visible=0",
                    "--assume", "alarm-offset=1s")[0]
        self.assertLess(soon["leak_share"], rows("--form", "guide", "--case", "base", "--outage", "120s", "--runs", "100")[0]["leak_share"])

    def test_a_story_tells_the_leak_and_its_seed_repeats_it(self):
        row = rows("--form", "guide", "--case", "base", "--outage", "60s", "--runs", "20")[0]
        story = simulate("--form", "guide", "--case", "base", "--outage", "60s", "--seed", str(row["first_leak_seed"]), "--story")
        self.assertEqual(story.returncode, 0)
        for word in ("Primary refuses", "edge 0 names Backup", "LEAK", "names Primary again", "/lb-check-failed-over"):
            self.assertIn(word, story.stdout)
        lines = json.loads(simulate("--form", "guide", "--seed", str(row["first_leak_seed"]), "--story", "--output", "json").stdout)
        self.assertTrue(any(line["leak"] for line in lines))
        self.assertEqual([line["at_s"] for line in lines], sorted(line["at_s"] for line in lines))

    def test_a_profile_gives_a_year_and_its_mistakes_are_told_by_line(self):
        with Workplace() as place:
            path = os.path.join(place.path, "outages.txt")
            with open(path, "w", encoding="utf-8") as file:
                file.write("# a year\n60s 12\n20s 100\n1h 1 hangs\n5m 2 unreached\n")
            years = rows("--form", "guide,config", "--case", "base", "--profile", path, "--runs", "50")
            self.assertEqual([year["form"] for year in years], ["guide", "config"])
            guide, config = years
            self.assertEqual(guide["outages_a_year"], 115)
            self.assertGreater(guide["failovers_a_year"], 14)
            self.assertEqual(guide["false_failovers_a_year"], 2)
            self.assertGreater(guide["leaks_a_year"], 10)
            self.assertGreater(guide["unsafe_s_a_year"], 100)
            self.assertEqual((config["leaks_a_year"], config["unsafe_s_a_year"]), (0, 0))
            self.assertIn("Expected in a year", simulate("--form", "guide", "--profile", path, "--runs", "5").stdout)
            with open(path, "w", encoding="utf-8") as file:
                file.write("60s 12\n\nsoon 1\n")
            wrong = simulate("--profile", path)
            self.assertEqual(wrong.returncode, 2)
            self.assertIn("line 3", wrong.stderr)
            missing = simulate("--profile", os.path.join(place.path, "none"))
            self.assertEqual(missing.returncode, 2)
            self.assertIn("cannot be read", missing.stderr)

    def test_the_picture_is_one_file_with_a_curve_a_form(self):
        run = simulate("--form", "guide,config", "--outage", "30s,60s,120s", "--runs", "20", "--output", "svg")
        picture = xml.etree.ElementTree.fromstring(run.stdout)
        space = "{http://www.w3.org/2000/svg}"
        self.assertEqual(len(picture.findall(space + "polyline")), 2)
        self.assertIn("prefers-color-scheme:dark", run.stdout)
        self.assertNotIn("<script", run.stdout)
        self.assertNotIn("http", run.stdout.replace("http://www.w3.org/2000/svg", ""))

    def test_schedules_with_faults_go_on_by_their_seeds(self):
        whole = json.loads(simulate("--form", "config,engine", "--schedules", "60", "--output", "json").stdout)
        self.assertEqual([(one["form"], one["leaks"]) for one in whole], [("config", 0), ("engine", 0)])
        half = json.loads(simulate("--form", "config", "--schedules", "30", "--output", "json").stdout)[0]
        rest = json.loads(simulate("--form", "config", "--schedules", "30", "--seed", "31", "--output", "json").stdout)[0]
        self.assertEqual(half["failovers"] + rest["failovers"], whole[0]["failovers"])
        guide = simulate("--form", "guide", "--schedules", "60")
        self.assertEqual(guide.returncode, 1)
        self.assertIn("--story", guide.stdout)

    def test_what_is_in_the_schedules_is_counted_and_can_be_left_out(self):
        def of_hardened(*arguments):
            return json.loads(simulate("--form", "hardened", "--schedules", "1000", "--output", "json", *arguments).stdout)[0]

        whole, tame = of_hardened(), of_hardened("--without", "terraform,region")
        self.assertEqual(whole["with"]["primary"], 1000)
        self.assertGreater(whole["with"]["terraform"], 500)
        self.assertEqual((tame["with"]["terraform"], tame["with"]["region"]), (0, 0))
        self.assertEqual(tame["with"]["edge"], whole["with"]["edge"])
        self.assertGreater(whole["leaks"], tame["leaks"])
        self.assertRegex(simulate("--form", "hardened", "--schedules", "50").stdout, r"In them: primary 100 %, backup \d+ %, ")

    def test_wrong_usage_is_exit_status_2_and_says_what(self):
        for arguments, word in ((["--runs", "0"], "--runs"), (["--runs", "-5"], "--runs"), (["--runs", "many"], "--runs"),
                                (["--interval", "20"], "--interval"), (["--threshold", "11"], "--threshold"), (["--form", "best"], "--form"),
                                (["--case", "real"], "--case"), (["--outage", "soon"], "60s"), (["--outage", "0"], "60s"),
                                (["--outage", "2d"], "a day"), (["--assume", "edge-dleay=1s"], "edge-delay"), (["--seed", "x"], "--seed"),
                                (["--outage", "60s", "--profile", "x"], "excludes"), (["--alarm", "3/2"], "M/N"), (["--output", "pdf"], "--output"),
                                (["--story", "--form", "guide,config"], "one --form"), (["--without", "edge"], "--schedules"),
                                (["--schedules", "5", "--without", "weather"], "terraform")):
            answer = simulate(*arguments)
            self.assertEqual(answer.returncode, 2, arguments)
            self.assertIn(word, answer.stderr, arguments)

    def test_a_health_check_that_there_is_gives_its_settings(self):
        clis = aws_clis()
        if not clis:
            return skip_loudly("no aws CLI")
        with Workplace() as place:
            engine = place.engine("--clock", "manual", "--ephemeral")
            env = engine.environment()

            def make(reference, config):
                return aws("aws", env, "route53", "create-health-check", "--caller-reference", reference, "--health-check-config",
                           json.dumps(config))["HealthCheck"]["Id"]

            endpoint = make("a", {"Type": "HTTP", "IPAddress": "127.0.0.1", "Port": 9, "RequestInterval": 10, "FailureThreshold": 4})
            run = simulate(endpoint, "--case", "base", "--outage", "300s", "--runs", "20", "--output", "json", env=env)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual([(row["form"], row["interval_s"], row["threshold"]) for row in json.loads(run.stdout)], [("guide", 10, 4)])
            self.assertIn("no guard of its own", run.stderr)
            given = simulate(endpoint, "--threshold", "1", "--form", "config", "--case", "base", "--outage", "300s", "--runs", "5",
                             "--output", "json", env=env)
            self.assertEqual([(row["form"], row["interval_s"], row["threshold"]) for row in json.loads(given.stdout)], [("config", 10, 1)])
            aws("aws", env, "route53", "change-tags-for-resource", "--resource-type", "healthcheck", "--resource-id", endpoint, "--add-tags",
                "Key=sitelatch:form,Value=config", parse=False)
            deployed = simulate(endpoint, "--case", "base", "--outage", "300s", "--runs", "5", "--output", "json", env=env)
            self.assertEqual([row["form"] for row in json.loads(deployed.stdout)], ["config"], deployed.stderr)
            self.assertIn("its guard is of the form config", deployed.stderr)
            parent = make("b", {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [endpoint]})
            refused = simulate(parent, env=env)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("CALCULATED", refused.stderr)
            self.assertEqual(simulate("233e180f-f023-45a3-954e-415303f21eab", env=env).returncode, 1)
        self.assertEqual(simulate("233e180f-f023-45a3-954e-415303f21eab", "--endpoint-url", "http://127.0.0.1:9", env=env).returncode, 5)

    def test_help_has_examples(self):
        self.assertIn("xample", simulate("--help").stdout)


if __name__ == "__main__":
    unittest.main()
