#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pytest plugin with Debian's pytest and the real binary: its own tests by two workers, each with an engine of its own; what a failing
test and a missing program look like; and the example of examples/ci."""
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import ROOT, SITELATCH, Workplace, skip_loudly  # noqa: E402

PLUGIN = os.path.join(ROOT, "integrations", "pytest")
FAILING = """
def test_that_fails(sitelatch):
    sitelatch.client("sns").create_topic(Name="t")
    assert sitelatch.resolve("nobody.example.test") == ["192.0.2.1"]
"""


def python_with(*modules):
    """One that has all of them: this one, or Debian's."""
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):
        if subprocess.run([python, "-c", "import " + ", ".join(modules)], capture_output=True).returncode == 0:
            return python
    return None


class Plugin(unittest.TestCase):
    def setUp(self):
        self.python = python_with("pytest", "boto3")
        if not self.python:
            skip_loudly("no Python here has pytest and boto3 (scripts/setup test): the pytest plugin is not tried")
            self.skipTest("SKIPPED: no pytest")
        self.place = Workplace()
        self.addCleanup(lambda: self.place.__exit__(None, None, None))

    def pytest(self, *words, **env):
        run = subprocess.run([self.python, "-m", "pytest", "-p", "pytest_sitelatch.plugin", "-p", "no:cacheprovider", "-q", *words],
                             cwd=self.place.path, capture_output=True, text=True, timeout=600,
                             env={**os.environ, "PYTHONPATH": PLUGIN, "SITELATCH_BINARY": os.path.abspath(SITELATCH), "TMPDIR": self.place.path,
                                  "AWS_PROFILE": "nobody", **env})
        return run.returncode, run.stdout + run.stderr

    def test_its_fixtures_by_two_workers(self):
        workers = ("-n", "2") if python_with("xdist") == self.python else ()
        if not workers:
            skip_loudly("no pytest-xdist (scripts/setup test): the plugin is not tried in parallel")
        status, said = self.pytest(*workers, os.path.join(PLUGIN, "tests"))
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"\b9 passed")
        left = [name for name in os.listdir(self.place.path) if name.startswith("sitelatch-")]
        self.assertEqual(left, [], "engines leave nothing behind")

    def test_who_fails_sees_what_the_engine_said_and_who_has_no_engine_what_to_do(self):
        with open(os.path.join(self.place.path, "test_it.py"), "w", encoding="utf-8") as file:
            file.write(FAILING)
        status, said = self.pytest("test_it.py")
        self.assertEqual(status, 1, said)
        self.assertIn("nobody.example.test A: REFUSED", said)
        self.assertIn("what the sitelatch engine logged", said)
        status, said = self.pytest("test_it.py", SITELATCH_BINARY="", PATH="/nonexistent")
        self.assertEqual(status, 1, said)
        self.assertIn("there is no sitelatch on PATH", said)
        status, said = self.pytest("test_it.py", SITELATCH_BINARY="/bin/false")
        self.assertIn("before it was ready", said)

    def test_the_example_proves_an_hour_of_outage(self):
        status, said = self.pytest(os.path.join(ROOT, "examples", "ci", "test_outage.py"))
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"\b3 passed")


class Package(unittest.TestCase):
    def test_what_the_readme_names_is_there_and_all_is_named(self):
        with open(os.path.join(PLUGIN, "README.md"), encoding="utf-8") as file:
            readme = file.read()
        with open(os.path.join(PLUGIN, "pytest_sitelatch", "plugin.py"), encoding="utf-8") as file:
            fixtures = re.findall(r"@pytest\.fixture.*\ndef (\w+)", file.read())
        self.assertGreater(len(fixtures), 8)
        self.assertEqual(set(re.findall(r"^\| `(sitelatch\w*)`", readme, re.M)), set(fixtures))

    def test_its_version_is_the_products(self):
        with open(os.path.join(PLUGIN, "pyproject.toml"), encoding="utf-8") as file:
            project = file.read()
        with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
            self.assertIn(re.search(r'^version = "([^"]+)"', project, re.M).group(1), re.search(r"project\(.*\)", file.read()).group(0))
        self.assertIn('sitelatch = "pytest_sitelatch.plugin"', project)


if __name__ == "__main__":
    unittest.main()
