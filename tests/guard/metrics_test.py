# SPDX-License-Identifier: Apache-2.0
"""`status --output prometheus` by the real binary on a real engine, read by Prometheus's own promtool; the alert rules and the dashboard of
packaging/, tried by promtool and held against docs/metrics.md."""
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, NAME, World  # noqa: E402
from sitelatch import Workplace, skip_loudly  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RULES = os.path.join(ROOT, "packaging", "prometheus", "sitelatch.rules.yml")
DASHBOARDS = [os.path.join(ROOT, "packaging", "grafana", name) for name in ("sitelatch.json", "sitelatch-engine.json")]
METRIC = re.compile(r"\bsitelatch_(?:guard|status|dns|engine)_[a-z_]+\b")
SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')


def promtool(*arguments, text=None):
    """What it found fault with; None: it is not installed, which is said."""
    program = shutil.which("promtool")
    if not program:
        return skip_loudly("promtool is not installed (Debian's package prometheus): metrics and rules are not read by it")
    run = subprocess.run([program, *arguments], input=text, capture_output=True, text=True)
    return "" if run.returncode == 0 else run.stdout + run.stderr


def metrics_in(text):
    """Their names; of a histogram that of all of it."""
    return {re.sub("_(?:bucket|sum|count)$", "", name) for name in METRIC.findall(text)}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def samples(text):
    """{(metric, label, ...): value}; every line is one, or HELP and TYPE."""
    out = {}
    for line in text.splitlines():
        if line.startswith("# "):
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or "")
        key = (found.group(1), *(f"{name}={value}" for name, value in labels))
        assert key not in out, line
        out[key] = float(found.group(3))
    return out


class Metrics(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.advance("1m")
        self.file = os.path.join(self.world.place.path, "sitelatch.prom")

    def look(self, *words, status=0, **more):
        answer = self.world.run("status", *words, "--output", "prometheus", **more)
        self.assertEqual(answer.returncode, status, (words, answer.stdout, answer.stderr))
        return answer

    def test_an_account_from_no_guard_to_a_latch(self):
        w = self.world
        none = self.look(status=12)
        self.assertIn("No guard was found", none.stderr)
        self.assertEqual(samples(none.stdout)["sitelatch_status_guards",], 0)

        self.assertEqual(w.run("deploy", NAME, "--form", "engine", "--change-records", "--yes").returncode, 0)
        w.advance("1m")
        answer = self.look(NAME)
        self.assertFalse(promtool("check", "metrics", text=answer.stdout))
        told = samples(answer.stdout)
        mine = ("health_check_id=" + w.check, "name=" + NAME, "form=engine")
        self.assertEqual(told["sitelatch_guard_state", *mine, "state=serving"], 1)
        self.assertEqual(sum(value for key, value in told.items() if key[0] == "sitelatch_guard_state"), 1)
        self.assertEqual(told["sitelatch_guard_exit_status", *mine], 0)
        self.assertEqual(told["sitelatch_guard_primary_healthy", *mine], 1)
        self.assertEqual(told["sitelatch_dns_names", *mine, "site=primary"], 1)
        self.assertEqual(told["sitelatch_guard_leak_ratio", *mine, "case=base"], 0)
        self.assertEqual(told["sitelatch_status_exit_status",], 0)
        self.assertNotIn(("sitelatch_guard_release", *mine), told)  # this form has none
        documented = metrics_in(read(os.path.join(ROOT, "docs", "metrics.md")))
        self.assertLessEqual({key[0] for key in told}, documented)

        w.primary.set("down")
        w.advance_until(lambda: w.dns() == BACKUP, "the failover", step="1s")
        w.primary.set("up")
        w.advance("2m")
        told = samples(self.look(NAME, status=14).stdout)
        self.assertEqual(told["sitelatch_guard_state", *mine, "state=latched"], 1)
        self.assertEqual(told["sitelatch_guard_primary_healthy", *mine], 1)  # Primary, not its check
        self.assertEqual(told["sitelatch_dns_names", *mine, "site=backup"], 1)
        self.assertGreater(told["sitelatch_guard_state_since_seconds", *mine], 1.6e9)

    def test_one_that_cannot_be_read_keeps_no_other_from_being_written(self):
        w = self.world
        self.assertEqual(w.run("deploy", NAME, "--form", "engine", "--change-records", "--yes").returncode, 0)
        w.advance("1m")
        hostile = 'a"} 1\n\\.example.org'
        answer = self.look(w.check, hostile, NAME, "--output-file", self.file, status=2)
        self.assertEqual(answer.stdout, "")
        self.assertIn("example.org", answer.stderr)
        text = read(self.file)
        self.assertFalse(promtool("check", "metrics", text=text))
        told = samples(text)
        self.assertEqual(told["sitelatch_guard_readable", "name=" + 'a\\"} 1\\n\\\\.example.org'], 0)
        self.assertEqual(told["sitelatch_guard_readable", "health_check_id=" + w.check], 1)
        self.assertEqual(told["sitelatch_status_guards",], 2)
        self.assertEqual(told["sitelatch_status_exit_status",], 2)
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o644)
        self.assertEqual([name for name in os.listdir(w.place.path) if name.startswith("sitelatch.prom")], ["sitelatch.prom"])

        # AWS is not there: what was written stays, and grows old.
        self.look("--all", "--output-file", self.file, status=5, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"})
        self.assertEqual(read(self.file), text)
        nowhere = self.look(w.check, "--output-file", os.path.join(self.file, "x"), status=1)
        self.assertIn("cannot be written", nowhere.stderr)

    def test_wrong_usage(self):
        for words, said in ((("status", "--output-file", self.file), "--output prometheus"), (("log", NAME, "--output", "prometheus"), "prometheus")):
            answer = self.world.run(*words)
            self.assertEqual(answer.returncode, 2, words)
            self.assertIn(said, answer.stderr)
        self.assertFalse(os.path.exists(self.file))


class Packaging(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(lambda: self.place.__exit__(None, None, None))

    def dashboard_queries(self):
        return [target["expr"] for path in DASHBOARDS for panel in json.loads(read(path))["panels"] for target in panel.get("targets", [])]

    def test_alerts_fire_on_what_they_are_for(self):
        self.assertFalse(promtool("check", "rules", RULES))
        for path in (RULES, os.path.join(ROOT, "tests", "guard", "alerts.yml")):
            shutil.copy(path, self.place.path)
        self.assertFalse(promtool("test", "rules", os.path.join(self.place.path, "alerts.yml")))

    def test_every_alert_is_tried(self):
        alerts = re.findall(r"- alert: (\w+)", read(RULES))
        self.assertGreater(len(alerts), 10)
        tried = read(os.path.join(ROOT, "tests", "guard", "alerts.yml"))
        self.assertEqual([alert for alert in alerts if not re.search(rf"\b{alert}\b", tried)], [])

    def test_prometheus_can_read_the_dashboards_queries(self):
        queries = self.dashboard_queries()
        self.assertGreater(len(queries), 6)
        rules = os.path.join(self.place.path, "queries.yml")
        with open(rules, "w", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": [{"record": f"query:{i}", "expr": query.replace("$name", "a")}
                                                                  for i, query in enumerate(queries)]}]}, file)
        self.assertFalse(promtool("check", "rules", rules))

    def test_what_rules_and_dashboard_ask_for_is_documented_and_written(self):
        documented = metrics_in(read(os.path.join(ROOT, "docs", "metrics.md")))
        written = set()
        for source in ("cli/guard_metrics.cc", "engine/engine_metrics.cc"):
            names = re.findall(r'\{"(sitelatch_\w+)",', read(os.path.join(ROOT, "src", source)))
            self.assertGreater(len(names), 10)
            written |= set(names)
        self.assertEqual(documented, written)
        for query in [*re.findall(r"expr: (?:>-\n)?((?:.|\n)*?)\n +(?:for|labels):", read(RULES)), *self.dashboard_queries()]:
            self.assertTrue(metrics_in(query), query)
            self.assertLessEqual(metrics_in(query), documented, query)


if __name__ == "__main__":
    unittest.main()
