# SPDX-License-Identifier: Apache-2.0
"""boto3 against the real engine, with every Python on the machine that has boto3: old ones send CloudWatch the query
protocol, new ones JSON. The cases are in boto3_cases/, one file a service."""
import glob
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ASK = "import boto3, sys; print(boto3.__version__, sys.executable)"


def pythons():
    """[(path, boto3's version)], one for each version."""
    candidates = [sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"]
    candidates += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3")))
    found = {}
    for path in candidates:
        if os.access(path, os.X_OK):
            run = subprocess.run([path, "-c", ASK], capture_output=True, text=True)
            if run.returncode == 0:
                found.setdefault(run.stdout.split()[0], path)
    return [(path, version) for version, path in found.items()]


class Boto3(unittest.TestCase):
    def test_every_python(self):
        for path, version in pythons():
            with self.subTest(boto3=version):
                run = subprocess.run([path, "-W", "ignore", "-m", "unittest", "discover", "-s",
                                      os.path.join(HERE, "boto3_cases"), "-t", os.path.join(HERE, "boto3_cases"), "-p",
                                      os.environ.get("CASES", "*_cases.py")], stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True)
                print(f"boto3 {version}: {run.stdout.strip().splitlines()[-1]}", flush=True)
                self.assertEqual(run.returncode, 0, run.stdout)
                self.assertNotIn("Ran 0 tests", run.stdout)


if __name__ == "__main__":
    if not pythons():
        print("SKIPPED: no Python with boto3 on this machine", flush=True)
    unittest.main(verbosity=2)
