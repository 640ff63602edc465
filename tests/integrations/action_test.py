#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The GitHub action as far as a machine can try it: its form, and its steps run as the runner would, with files for GITHUB_ENV,
GITHUB_OUTPUT and GITHUB_PATH, on the real binary. What a runner alone has (contexts, downloads, the end of a job) is not tried."""
import json
import os
import re
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import ROOT, SITELATCH, Workplace, skip_loudly, wait_until  # noqa: E402

ACTION = os.path.join(ROOT, "integrations", "github-action")
WORKFLOW = os.path.join(ROOT, "examples", "ci", "failover.yml")


def load(path):
    import yaml
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Runner:
    """A job on one machine: what steps write is what later ones have."""

    def __init__(self, place):
        self.temp = os.path.join(place, "runner")
        os.mkdir(self.temp)
        self.environment = {"PATH": os.environ["PATH"], "HOME": place, "RUNNER_TEMP": self.temp}
        self.said = ""

    def value(self, text, inputs, outputs, path):
        def of(found):
            kind, *names = found.group(1).split(".")
            if kind == "inputs":
                return inputs[names[0]]
            if kind == "steps":
                return outputs[names[0]][names[2]]
            assert found.group(1) == "github.action_path", found.group(0)
            return path
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", of, str(text))

    def uses(self, path, **given):
        """Runs a composite action; gives (whether it succeeded, its outputs)."""
        action = load(os.path.join(path, "action.yml"))
        inputs = {name: given.pop(name.replace("-", "_"), spec.get("default", "")) for name, spec in action.get("inputs", {}).items()}
        assert not given, given
        outputs = {}
        for step in action["runs"]["steps"]:
            more = {name: self.value(text, inputs, outputs, path) for name, text in step.get("env", {}).items()}
            good, outputs[step.get("id")] = self.run(step["run"], more)
            if not good:
                return False, {}
        return True, {name: self.value(spec["value"], inputs, outputs, path) for name, spec in action.get("outputs", {}).items()}

    def run(self, script, more):
        files = {name: os.path.join(self.temp, name) for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH")}
        for file in files.values():
            open(file, "w").close()
        step = subprocess.run(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script], cwd=self.temp, text=True, timeout=120,
                              env={**self.environment, **more, **files}, capture_output=True, stdin=subprocess.DEVNULL)
        self.said += step.stdout + step.stderr
        written = {}
        for name, file in files.items():
            with open(file) as opened:
                written[name] = opened.read().splitlines()
        self.environment.update(line.split("=", 1) for line in written["GITHUB_ENV"])
        for line in written["GITHUB_PATH"]:
            self.environment["PATH"] = line + ":" + self.environment["PATH"]
        return step.returncode == 0, dict(line.split("=", 1) for line in written["GITHUB_OUTPUT"])


class Action(unittest.TestCase):
    def setUp(self):
        try:
            import yaml  # noqa: F401
        except ImportError:
            if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
                os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # Debian's has it
            skip_loudly("no python3-yaml (scripts/setup test): the GitHub action is not tried")
            self.skipTest("SKIPPED: no yaml")
        self.place = Workplace()
        self.addCleanup(lambda: self.place.__exit__(None, None, None))
        self.runner = Runner(self.place.path)

    def test_its_form(self):
        for path in (ACTION, os.path.join(ACTION, "stop")):
            action = load(os.path.join(path, "action.yml"))
            self.assertLessEqual({"name", "description", "runs"}, set(action))
            self.assertEqual(action["runs"]["using"], "composite")
            inputs, steps = action.get("inputs", {}), [step.get("id") for step in action["runs"]["steps"]]
            for spec in inputs.values():
                self.assertLessEqual({"description"}, set(spec))
                self.assertLessEqual(set(spec), {"description", "default", "required"})
            for spec in action.get("outputs", {}).values():
                self.assertEqual(set(spec), {"description", "value"})
            with open(os.path.join(path, "action.yml"), encoding="utf-8") as file:
                text = file.read()
            self.assertEqual(set(re.findall(r"inputs\.([\w-]+)", text)), set(inputs), "every input is used, and is one")
            self.assertLessEqual(set(re.findall(r"steps\.(\w+)\.", text)), set(steps))
            for step in action["runs"]["steps"]:
                self.assertLessEqual(set(step), {"id", "name", "if", "shell", "env", "run"})
                self.assertEqual(step["shell"], "bash")
                self.assertNotIn("${{", step["run"], "an expression in a script is a command of whoever wrote the input")

    def test_its_steps(self):
        runner = self.runner
        good, outputs = runner.uses(ACTION, binary=os.path.abspath(SITELATCH), options="--realistic --seed 7")
        self.assertTrue(good, runner.said)
        pid = int(runner.environment["SITELATCH_PID"])
        self.addCleanup(lambda: running(pid) and os.kill(pid, 9))
        self.assertEqual(runner.environment["AWS_ENDPOINT_URL"], outputs["endpoint"])
        self.assertEqual(runner.environment["SITELATCH_DATA_DIR"], outputs["data-dir"])
        self.assertIn("::add-mask::", runner.said)
        with open(f"/proc/{pid}/cmdline") as file:
            self.assertIn("\0--realistic\0--seed\x007\0", file.read())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        health = json.load(opener.open(outputs["endpoint"] + "/_sitelatch/health"))
        self.assertEqual((health["clock"], health["dns"], health["reset"]), ("manual", outputs["dns"], "allowed"))
        # A later step has the program and the engine by its environment alone.
        self.assertTrue(runner.run("sitelatch advance 1h && sitelatch reset && sitelatch health", {})[0], runner.said)
        self.assertIn("There are no health checks.", runner.said)
        # The shim of the aws CLI comes before whatever aws there is.
        self.assertTrue(runner.run('test "$(command -v aws)" = "$SITELATCH_DATA_DIR/bin/aws"', {})[0])

        self.assertTrue(runner.uses(os.path.join(ACTION, "stop"))[0], runner.said)
        wait_until(lambda: not running(pid), "it has ended")
        self.assertIn("the account was reset", runner.said)  # the log
        self.assertTrue(runner.uses(os.path.join(ACTION, "stop"))[0], "a second time")

    def test_what_it_refuses(self):
        package = os.path.join(self.place.path, "x.deb")
        with open(package, "w") as file:
            file.write("no package")
        for given, says in (({"binary": "/nonexistent"}, "there is no program /nonexistent"),
                            ({"deb": "http://example.test/x.deb"}, "https, not http"),
                            ({"deb": "https://127.0.0.1:9/x.deb"}, "deb-sha256"),
                            ({"deb": package, "deb_sha256": "0" * 64}, "is not the package of that SHA-256"),
                            ({"deb": package + ".none"}, "there is no package"),
                            ({"binary": os.path.abspath(SITELATCH), "options": "--nonsense"}, "the engine did not start"),
                            ({"binary": os.path.abspath(SITELATCH), "clock": "$(touch hacked)"}, "the engine did not start")):
            runner = self.runner
            runner.said = ""
            self.assertFalse(runner.uses(ACTION, **given)[0], given)
            self.assertIn("::error::", runner.said)
            self.assertIn(says, runner.said)
        self.assertFalse(os.path.exists(os.path.join(self.runner.temp, "hacked")))
        self.runner.environment["AWS_PROFILE"] = "prod"
        self.assertFalse(self.runner.uses(ACTION, binary=os.path.abspath(SITELATCH))[0])
        self.assertIn("AWS_PROFILE is set", self.runner.said)

    def test_the_example_workflow_uses_what_there_is(self):
        steps = load(WORKFLOW)["jobs"]["outage"]["steps"]
        paths = [step["uses"].removeprefix("./.sitelatch/") for step in steps if step.get("uses", "").startswith("./.sitelatch/")]
        self.assertEqual(len(paths), 2)
        for path in paths:
            self.assertTrue(os.path.exists(os.path.join(ROOT, path, "action.yml")), path)
        self.assertIn("always()", [step.get("if") for step in steps])


if __name__ == "__main__":
    unittest.main()
