# SPDX-License-Identifier: Apache-2.0
"""The JavaScript SDK v3 from npm against the real engine (js/cases.mjs): the one client here that speaks CBOR."""
import os
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from sitelatch import Workplace, skip_loudly  # noqa: E402


class JavaScript(unittest.TestCase):
    def test_cases(self):
        for tool in ("node", "npm"):
            if not shutil.which(tool):
                skip_loudly(f"no {tool} on this machine")
                self.skipTest(tool)
        with Workplace() as place:
            folder = os.path.join(place.path, "js")
            shutil.copytree(os.path.join(HERE, "js"), folder)
            # Unpacked once: SITELATCH_JS_MODULES may name a node_modules folder that is there already.
            if os.environ.get("SITELATCH_JS_MODULES"):
                os.symlink(os.environ["SITELATCH_JS_MODULES"], os.path.join(folder, "node_modules"))
            else:
                try:
                    install = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder,
                                             capture_output=True, text=True, timeout=45)
                    trouble = install.returncode and (install.stderr.strip() or "npm install failed")
                except subprocess.TimeoutExpired:
                    trouble = "npm took too long"
                if trouble:
                    skip_loudly(f"the JavaScript SDK cannot be had: {trouble[-300:]}")
                    self.skipTest("no SDK")
            environment = {**place.engine().environment(), "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"}
            run = subprocess.run(["node", "cases.mjs"], cwd=folder, env=environment, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, timeout=120)
            print(run.stdout, flush=True)
            self.assertEqual(run.returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
