#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The models of docs/proof end as they say; and scripts/proof does not take for a pass what is none."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODELS = os.path.join(ROOT, "docs", "proof")


def proof(*arguments, **environment):
    done = subprocess.run([os.path.join(ROOT, "scripts", "proof"), *arguments], capture_output=True, text=True, timeout=800,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout + done.stderr


class WithoutSpin(unittest.TestCase):
    def test_a_machine_without_spin_is_told_and_what_is_skipped_is_said(self):
        with tempfile.TemporaryDirectory() as empty:
            os.symlink(shutil.which("python3"), os.path.join(empty, "python3"))
            os.symlink("/usr/bin/env", os.path.join(empty, "env"))
            status, said = proof("guide", PATH=empty)
            self.assertEqual(status, 2, said)
            self.assertIn("scripts/setup test", said)
            status, said = proof("--skip-without-spin", PATH=empty)
            self.assertEqual(status, 0, said)
            self.assertIn("SKIPPED", said)

    def test_what_is_not_there_is_named(self):
        self.assertEqual(proof("gide")[0], 2)
        self.assertEqual(proof("guide", "--run", "nothing")[0], 2)


@unittest.skipUnless(shutil.which("spin") and shutil.which("cc"), "SKIPPED: no spin (scripts/setup test)")
class Proof(unittest.TestCase):
    def test_every_run_of_every_model(self):
        status, said = proof()
        print(said)
        self.assertEqual(status, 0, said)
        for model in ("guide", "hardened", "config", "fast", "strict", "engine"):
            self.assertRegex(said, rf"(?m)^{model} .* holds +holds ")
            self.assertGreaterEqual(len(re.findall(rf"(?m)^{model} .* (?:sentence|undoes) ", said)), 2, model)
        self.assertRegex(said, r"(?m)^guide +leak +shortest +sentence +sentence ")

    def test_a_limit_that_was_met_is_no_pass(self):
        status, said = proof("engine", "--run", "possible", "--depth", "100")
        self.assertEqual(status, 1, said)
        self.assertIn("max search depth too small", said)

    @unittest.skipUnless(os.environ.get("SITELATCH_THOROUGH"), "a long form (SITELATCH_THOROUGH=1)")
    def test_a_limit_of_memory_is_no_pass(self):
        status, said = proof("engine", "--run", "safe", "--memory", "140")
        self.assertEqual(status, 1, said)
        self.assertRegex(said, "met a limit|without a result|did not search everything")

    def changed(self, model, old, new):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        shutil.copytree(MODELS, folder, dirs_exist_ok=True)
        path = os.path.join(folder, model + ".pml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count(old), 1, f"{model}.pml has no longer once: {old}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
        return folder

    def test_a_model_in_which_nothing_happens_is_no_pass(self):
        folder = self.changed("engine", "running && doing == IDLE && healthy_now != verdict ->", "false ->")
        status, said = proof("engine", "--run", "safe", "--in", folder)
        self.assertEqual(status, 1, said)
        self.assertIn("never reached", said)
        status, said = proof("engine", "--run", "possible", "--in", folder)
        self.assertEqual(status, 1, said)
        self.assertIn("reached was expected, holds was found", said)

    def test_a_safeguard_that_is_gone_fails_with_its_story(self):
        folder = self.changed("config", "#define c_should_be (two_of_two -> (well && status) : (well || status))", "#define c_should_be (well)")
        status, said = proof("config", "--run", "safe", "--in", folder)
        self.assertEqual(status, 1, said)
        self.assertIn("holds was expected, sentence was found", said)
        self.assertIn("LEAK", said)

    def test_a_story_that_is_no_longer_true_is_told(self):
        folder = self.changed("guide", "as guide.story", "as other.story")
        with open(os.path.join(folder, "other.story"), "w", encoding="utf-8") as file:
            file.write("03:00:00  all is well\n")
        status, said = proof("guide", "--run", "leak", "--in", folder)
        self.assertEqual(status, 1, said)
        self.assertIn("another story", said)

    def test_a_counterexample_that_grows_is_told(self):
        folder = self.changed("guide", "in 60 steps", "in 20 steps")
        status, said = proof("guide", "--run", "leak", "--in", folder)
        self.assertEqual(status, 1, said)
        self.assertIn("20 were to be enough", said)


if __name__ == "__main__":
    unittest.main()
