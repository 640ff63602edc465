#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The data directory against those who share the machine: what is open, planted or another's is refused in one sentence, by
the engine and by the commands that read its keys; what the engine makes is its user's alone."""
import os
import shutil
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import SITELATCH, Workplace, skip_loudly  # noqa: E402

SOMEBODY = 65533


def run(*words):
    return subprocess.run([SITELATCH, *words], capture_output=True, text=True, timeout=60)


class DataDirectory(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.place.__enter__()
        self.addCleanup(self.place.__exit__, None, None, None)
        self.data = os.path.join(self.place.path, "data")

    def refused(self, *words, data=None, commands=True):
        """By the engine and by env, exec and health; each says the same in one line, and env what it did to the shell."""
        data = data or self.data
        tries = [("engine", "--data-dir", data, "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0")]
        if commands:
            tries += [("env", "--data-dir", data), ("exec", "--data-dir", data, "--", "true"), ("health", "--data-dir", data)]
        for command in tries:
            with self.subTest(command[0]):
                done = run(*command)
                self.assertEqual(done.returncode, 1, done)
                if command[0] == "env":  # evaluated by a shell it must leave no credentials in force, and fail
                    self.assertNotIn("export AWS_ACCESS_KEY_ID", done.stdout)
                    self.assertTrue(done.stdout.endswith("\nfalse\n"), done.stdout)
                else:
                    self.assertEqual(done.stdout, "")
                self.assertEqual(len(done.stderr.strip().splitlines()), 2 if command[0] == "env" else 1, done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)

    def stopped_engine(self):
        self.assertEqual(self.place.engine().stop(), 0)

    def test_everything_it_makes_is_its_users_alone_whatever_the_umask(self):
        old = os.umask(0)
        try:
            engine = self.place.engine()
        finally:
            os.umask(old)
        self.assertIn("AWS_ACCESS_KEY_ID", engine.environment())
        seen = set()
        for folder, folders, files in os.walk(self.data):
            for name in (*folders, *files):
                path = os.path.join(folder, name)
                mode = stat.S_IMODE(os.lstat(path).st_mode)
                inside = os.path.relpath(path, self.data)
                seen.add(inside)
                if not inside.startswith("functions/"):  # what functions are to read lies below a closed door
                    self.assertEqual(mode & 0o077, 0, f"{inside}: {mode:o}")
        self.assertEqual(stat.S_IMODE(os.stat(self.data).st_mode), 0o700)
        self.assertLessEqual({"lock", "state.db", "credentials", "engine.json", "config", "bin/aws", "control.sock"}, seen)

    def test_a_directory_that_others_may_read(self):
        self.stopped_engine()
        for mode in (0o755, 0o750, 0o711, 0o777):
            os.chmod(self.data, mode)
            self.refused("open to other users", f"chmod 700 {self.data}")
        os.chmod(self.data, 0o700)
        self.place.engine()

    def test_an_empty_directory_is_closed(self):
        os.mkdir(self.data)
        os.chmod(self.data, 0o777)
        self.place.engine()
        self.assertEqual(stat.S_IMODE(os.stat(self.data).st_mode), 0o700)

    def test_a_link_in_its_place_or_in_it(self):
        self.stopped_engine()
        link = os.path.join(self.place.path, "link")
        os.symlink(self.data, link)
        self.refused("symbolic link", data=link)
        victim = os.path.join(self.place.path, "victim")
        for name in ("credentials", "engine.json", "lock", "config", "state.db", "state.db-wal", "control.sock", "mail", "functions", "bin"):
            with self.subTest(name):
                with open(victim, "w") as file:
                    file.write("precious")
                path, kept = os.path.join(self.data, name), os.path.join(self.place.path, "kept")
                if os.path.lexists(path):
                    os.rename(path, kept)
                os.symlink(victim, path)
                self.refused(name, "symbolic link", commands=False)
                os.unlink(path)
                if os.path.lexists(kept):
                    os.rename(kept, path)
                with open(victim) as file:
                    self.assertEqual(file.read(), "precious")
        self.place.engine()

    def test_the_attack_that_worked(self):
        # credentials.new as a link: a root engine wrote the keys through it.
        os.mkdir(self.data, 0o700)
        victim = os.path.join(self.place.path, "victim")
        with open(victim, "w") as file:
            file.write("precious")
        for name in ("credentials.new", "engine.json.new", "config.new"):
            os.symlink(victim, os.path.join(self.data, name))
        self.place.engine()
        with open(victim) as file:
            self.assertEqual(file.read(), "precious")
        self.assertFalse(os.path.islink(os.path.join(self.data, "credentials")))

    def test_a_way_that_strangers_may_change(self):
        shared = os.path.join(self.place.path, "shared")
        os.mkdir(shared)
        os.chmod(shared, 0o777)
        inside = os.path.join(shared, "data")
        self.refused("everybody may write", f"chmod o-w {shared}", data=inside, commands=False)
        os.chmod(shared, 0o1777)
        run_once = subprocess.Popen([SITELATCH, "engine", "--data-dir", inside, "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0"],
                                    stdout=subprocess.PIPE, text=True)
        self.assertTrue(run_once.stdout.readline().startswith("ready "))
        run_once.terminate()
        self.assertEqual(run_once.wait(30), 0)
        run_once.stdout.close()
        os.chmod(shared, 0o777)
        self.refused("everybody may write", data=inside)

    def test_what_belongs_to_another_user(self):
        if os.geteuid() != 0:
            skip_loudly("directories of other users: they are made by root")
            self.skipTest("not root")
        self.stopped_engine()
        theirs = os.path.join(self.place.path, "theirs")
        os.mkdir(theirs, 0o700)
        os.chown(theirs, SOMEBODY, SOMEBODY)
        self.refused("another user", data=theirs)
        self.refused("another user", data=os.path.join(theirs, "data"), commands=False)
        for name in ("credentials", "engine.json"):
            with self.subTest(name):
                path = os.path.join(self.data, name)
                if not os.path.exists(path):
                    open(path, "w").close()
                os.chown(path, SOMEBODY, SOMEBODY)
                self.refused(name, "another user", commands=False)
                os.chown(path, 0, 0)
        shutil.rmtree(theirs)


if __name__ == "__main__":
    unittest.main()
