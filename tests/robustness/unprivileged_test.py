#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sandbox of functions as a user has it who is not root: the unit tests of net/functions again, as nobody. What such a
user is given differs (user namespaces, one within another), so that a pass as root says little. What starts no function, and
what is about the time of the host's own threads, is the same for both: as nobody only with SITELATCH_THOROUGH=1."""
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = os.environ["SITELATCH_FUNCTION_TESTS"]
SAME_FOR_ROOT = ["-sfe=*cgroup_test.cc,*code_cache_test.cc,*code_test.cc,*runtime_api_test.cc,*workers_test.cc",
                 "-tce=code that is slow to unpack*,a flood at its Runtime API*,who floods the function host*"]
THOROUGH = os.environ.get("SITELATCH_THOROUGH") == "1"


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
            run = subprocess.run(["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", program,
                                  *([] if THOROUGH else SAME_FOR_ROOT)],
                                 cwd=directory, env=environment, capture_output=True, text=True, timeout=800)
        sys.stdout.write("".join(line + "\n" for line in run.stdout.splitlines() if "SKIPPED" in line))
        self.assertEqual(run.returncode, 0, run.stdout[-8000:] + run.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
