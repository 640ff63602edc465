#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sandbox of functions as a user has it who is not root: the unit tests of net/functions again, as nobody. What such a
user is given differs (user namespaces, one within another), so that a pass as root says little."""
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = os.environ["SITELATCH_FUNCTION_TESTS"]


class Unprivileged(unittest.TestCase):
    def test_functions_of_a_user_that_is_not_root(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: not root, so the tests of net_functions were run by such a user already")
        if not shutil.which("setpriv"):
            self.skipTest("SKIPPED: no setpriv (util-linux) here")
        nobody = pwd.getpwnam("nobody")
        # The way to the build may be closed to others.
        with tempfile.TemporaryDirectory(dir="/tmp") as directory:
            program = shutil.copy(TESTS, directory)
            os.chown(directory, nobody.pw_uid, nobody.pw_gid)
            environment = {**os.environ, "HOME": directory, "TMPDIR": directory}
            run = subprocess.run(["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", program],
                                 cwd=directory, env=environment, capture_output=True, text=True, timeout=800)
        sys.stdout.write("".join(line + "\n" for line in run.stdout.splitlines() if "SKIPPED" in line))
        self.assertEqual(run.returncode, 0, run.stdout[-8000:] + run.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
