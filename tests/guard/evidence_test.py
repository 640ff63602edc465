# SPDX-License-Identifier: Apache-2.0
"""What a person saw before a release, as `log` shows it: the real binary, a real engine."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, LATCH, World  # noqa: E402


class Evidence(unittest.TestCase):
    def test_the_log_has_what_was_seen_before_the_release(self):
        w = World()
        self.addCleanup(w.close)
        w.deploy()
        w.primary.set("down")
        w.advance_until(lambda: w.path() == LATCH, "the latch")
        w.primary.set("up")
        w.advance("5m")
        answer = w.drive("switch-back", w.check, "--reason", "in sync", "--check", "echo three caches agree; echo odd >&2", "--yes")
        self.assertEqual(answer.returncode, 0, (answer.stdout, answer.stderr))
        self.assertIn(f"-> {BACKUP} by {w.engine.dns}", answer.stderr)
        entry = next(one for one in w.log() if one["action"] == "switch-back")
        self.assertEqual(entry["stage"], "done")
        seen = entry["seen"]
        self.assertRegex(seen["check"], rf"^ResourcePath={LATCH}, version \d+, unhealthy$")
        self.assertRegex(seen["alarm"], r"^ALARM since .*, actions on$")
        self.assertEqual([(one["server"], one["answer"]) for one in seen["dns"]], [(w.engine.dns, [BACKUP])])
        self.assertEqual([(one["status"], one["output"]) for one in seen["commands"]], [(0, "three caches agree\nodd\n")])
        self.assertEqual(len(seen["primary"]), 3)
        text = w.run("log", w.check).stdout
        for part in ("seen at", "three caches agree", f"-> {BACKUP}"):
            self.assertIn(part, text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
