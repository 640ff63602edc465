# SPDX-License-Identifier: Apache-2.0
"""`sitelatch playground` as somebody meets it who has never seen it: its printed commands are typed as they stand, into a shell of their
own, and at the end nothing of it is left, however it ended."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import SITELATCH, wait_until  # noqa: E402


def of_process(pid, *name):
    """Empty where it has ended meanwhile."""
    try:
        with open(os.path.join(f"/proc/{pid}", *name)) as file:
            return file.read()
    except OSError:
        return ""


def children_of(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task") if os.path.exists(f"/proc/{pid}/task") else []:
        for child in map(int, of_process(pid, "task", task, "children").split()):
            found += [child, *children_of(child)]
    return found


def is_there(pid):
    stat = of_process(pid, "stat")
    return bool(stat) and stat.rsplit(")", 1)[1].split()[0] not in "ZX"


class Playground(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sitelatch-playground-test-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        # As after an installation, and with the keys of a real account that nothing may use.
        os.symlink(os.path.abspath(SITELATCH), os.path.join(self.folder, "sitelatch"))
        self.environment = {**os.environ, "TMPDIR": self.folder, "PATH": self.folder + ":" + os.environ["PATH"],
                            "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    def start(self, *words):
        process = subprocess.Popen(["sitelatch", "playground", *words], env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(lambda: (process.kill(), process.communicate()) if process.poll() is None else None)
        return process

    def ready(self, process):
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                return said
        raise AssertionError((said, process.stderr.read(), process.wait()))

    def left(self):
        return [name for name in os.listdir(self.folder) if name != "sitelatch"]

    def test_its_commands_are_typed_as_they_stand(self):
        process = self.start("--scale", "30")
        said = self.ready(process)
        [directory] = self.left()
        self.assertIn(os.path.join(self.folder, directory), said)
        self.assertRegex(said, r"Console   http://127\.0\.0\.1:\d+/\?token=\S+")
        # Beside the engine's own trial of the functions' network, which ends by itself.
        wait_until(lambda: len(children_of(process.pid)) == 3, "what a playground has")
        everything = children_of(process.pid)
        part = said[said.index("In another terminal:"):]
        commands = [line.strip().split("   # ")[0].strip() for line in part.splitlines() if re.match(r"  [^# ]", line)]
        self.assertTrue(commands[0].startswith('eval "$('), commands)

        def typed(command):
            return subprocess.run(["sh", "-c", commands[0] + "\n" + command], env=self.environment, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL)

        def command(part):
            return next(one for one in commands if part in one)

        status = command("--watch").replace(" --watch", "")
        self.assertIn("client.example.test   armed", typed(status).stdout, typed(status))
        if shutil.which("dig"):
            self.assertEqual(typed(command("dig @")).stdout, "127.0.1.1\n")
        down, up = [one for one in commands if re.match(r"curl -d|kill -USR", one)]
        self.assertEqual(typed(down).returncode, 0)
        wait_until(lambda: typed(status).returncode == 14, "it is latched")
        self.assertEqual(typed(up).returncode, 0)
        tripped = typed(status)
        self.assertIn("client.example.test   tripped", tripped.stdout)
        self.assertIn("  Backup serves.", tripped.stdout)
        back = typed(command("switch-back"))
        self.assertEqual(back.returncode, 0, back)
        self.assertIn("Waiting until ", back.stderr)
        self.assertIn("switch-back", typed(command("sitelatch log")).stdout)
        self.assertEqual(typed(command("fault outage")).returncode, 0)
        self.assertEqual(typed("env | grep -c AKIAREAL").stdout, "0\n")

        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
        _, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, self.left()), (0, []), err)
        self.assertEqual([pid for pid in everything if is_there(pid)], [])

    def test_however_it_ends_no_process_is_left(self):
        early = self.start("--form", "config")
        wait_until(lambda: [pid for pid in children_of(early.pid) if "\0deploy\0" in of_process(pid, "cmdline")], "the deploy")
        everything = children_of(early.pid)
        early.send_signal(signal.SIGTERM)
        _, err = early.communicate(timeout=60)
        self.assertEqual((early.returncode, self.left()), (0, []), err)
        self.assertEqual([pid for pid in everything if is_there(pid)], [])

        killed = self.start("--form", "engine")
        self.ready(killed)
        wait_until(lambda: len(children_of(killed.pid)) == 3, "what a playground has")
        everything = children_of(killed.pid)
        killed.kill()
        killed.communicate()
        wait_until(lambda: not [pid for pid in everything if is_there(pid)], "what it has started ends with it")

    def test_its_files_are_kept_where_somebody_wants_them(self):
        kept = os.path.join(self.folder, "kept")
        process = self.start("--form", "engine", "--keep", kept)
        self.assertIn("(kept)", self.ready(process))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertIn("engine", os.listdir(kept))
        again = self.start("--keep", kept)
        self.assertIn("has something in it", again.communicate(timeout=60)[1])
        self.assertEqual(again.returncode, 2)
        designed = self.start("--form", "strict")
        self.assertIn("guide", designed.communicate(timeout=60)[1])
        self.assertEqual(designed.returncode, 2)
        abroad = self.start("--api", "0.0.0.0:0")
        self.assertIn("--api", abroad.communicate(timeout=60)[1])
        self.assertEqual((abroad.returncode, self.left()), (2, ["kept"]))


if __name__ == "__main__":
    unittest.main(warnings="ignore", verbosity=2)
