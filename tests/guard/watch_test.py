# SPDX-License-Identifier: Apache-2.0
"""`status --watch` and `log --follow` as a person and a program have them: the real binary, at a pseudo-terminal and without one, on
a real engine with a manual clock. Every look that is waited for comes because the clock was moved."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, NAME, PRIMARY, SITELATCH, World, wait_until  # noqa: E402

FAREWELL = "\x1b[?7h\x1b[?25h\r\n"


class Terminal:
    """A command at a terminal of our own, which understands as much of it as --watch uses."""

    def __init__(self, world, *words, rows=24, columns=80, **env):
        self.leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen([SITELATCH, *words], env={**world.environment, "TERM": "xterm", **env}, stdin=follower,
                                        stdout=follower, stderr=subprocess.PIPE, text=True)
        os.close(follower)
        self.read_so_far, self.said = b"", ""

    def read(self, limit=0.05):
        while select.select([self.leader], [], [], limit)[0]:
            try:
                self.read_so_far += os.read(self.leader, 65536)
            except OSError:  # the other end is closed
                break
        # The terminal makes CR LF of every LF, of those of --watch too.
        self.said = self.read_so_far.decode(errors="ignore").replace("\r\r\n", "\r\n")

    def screen(self):
        """What stands there after the last whole drawing."""
        self.read()
        drawn = [part for part in self.said.split("\x1b[H")[1:] if "\x1b[J" in part]
        if not drawn:
            return ""
        text = drawn[-1].split("\x1b[J")[0]
        assert all(line.endswith("\x1b[K") for line in text.split("\r\n")), repr(text)
        return text.replace("\x1b[K", "")

    def shows(self, pattern):
        return wait_until(lambda: re.search(pattern, self.screen()), f"{pattern} on the screen") and self.screen()

    def end(self, how):
        self.process.send_signal(how)
        status = self.process.wait(timeout=30)
        self.read()
        os.close(self.leader)
        self.process.stderr.close()
        return status


class Lines:
    """A command whose output goes into a pipe."""

    def __init__(self, world, *words, **env):
        self.process = subprocess.Popen([SITELATCH, *words], env={**world.environment, **env}, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self.rest = b""

    def next(self, limit=60):
        while b"\n" not in self.rest:
            if not select.select([self.process.stdout], [], [], limit)[0]:
                raise AssertionError(f"said nothing for {limit} s")
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                raise AssertionError(f"ended with {self.process.wait()}")
            self.rest += read
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def until(self, pattern):
        line = self.next()
        while not re.search(pattern, line):
            line = self.next()
        return line

    def end(self, how):
        """The status, and what else was said."""
        self.process.send_signal(how)
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, (self.rest + rest).decode()


class Watching(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.advance("1m")
        made = cls.world.run("deploy", NAME, "--form", "engine", "--change-records", "--yes")
        assert made.returncode == 0, made

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def tearDown(self):
        w = self.world
        w.primary.set("up")
        w.advance("2m")
        if w.dns() == BACKUP:
            self.assertEqual(w.run("switch-back", NAME, "--reason", "the end of a test", "--yes").returncode, 0)

    def started(self, *words, **env):
        return Lines(self.world, *words, **env)

    def test_a_failover_on_one_screen(self):
        w = self.world
        terminal = Terminal(w, "status", NAME, "--watch", "--every", "2s", NO_COLOR="1")
        screen = terminal.shows("Primary serves")
        self.assertRegex(screen.split("\r\n")[0], rf"^{NAME}   serving \(engine\) +\d\d:\d\d:\d\dZ$")
        self.assertIn("Next: Nothing to do.", screen)
        self.assertEqual(terminal.said.count("\x1b[2J"), 1)
        self.assertNotIn("\x1b[3", terminal.said)  # NO_COLOR
        w.primary.set("down")
        w.advance_until(lambda: w.dns() == BACKUP, "the failover", step="10s")
        screen = terminal.shows(r"(?s)latched \(engine\).*Backup serves since \d\d:\d\d:\d\dZ as seen from here")
        self.assertIn("switch-back", screen)
        self.assertEqual(terminal.said.count("\x1b[2J"), 1)  # in place
        # The engine goes and comes: the last screen stays, with a line more.
        w.engine.kill()
        screen = terminal.shows("Not reached since .*retrying")
        self.assertIn("latched (engine)", screen)
        w.engine = w.place.keep(w.engine.restarted())
        wait_until(lambda: "Not reached" not in terminal.screen(), "it was reached again")
        self.assertEqual(terminal.end(signal.SIGINT), 14)
        self.assertTrue(terminal.said.endswith(FAREWELL), repr(terminal.said[-60:]))
        self.assertIn("\x1b[?25l", terminal.said)

    def test_terms_and_signals(self):
        coloured = Terminal(self.world, "status", NAME, "--watch", rows=3, columns=40)
        screen = coloured.shows("more lines")
        self.assertEqual(len(screen.split("\r\n")), 3)
        self.assertIn("\x1b[32mserving (engine)\x1b[0m", screen)
        self.assertEqual(coloured.end(signal.SIGTERM), 0)
        self.assertTrue(coloured.said.endswith(FAREWELL))
        dumb = Terminal(self.world, "status", NAME, "--watch", TERM="dumb")
        wait_until(lambda: dumb.read() or "Next: " in dumb.said, "it was shown")
        self.assertEqual(dumb.end(signal.SIGINT), 0)
        self.assertNotIn("\x1b", dumb.said)

    def test_without_a_terminal_only_news_is_printed(self):
        w = self.world
        lines = self.started("status", NAME, "--watch", "--every", "2s", "-v")
        lines.until(r"^client\.example\.test   serving \(engine\)")
        lines.until(r"DNS      client.example.test. A -> ")
        for _ in range(3):
            w.advance("10s")
        self.assertEqual(w.run("trip", NAME, "--reason", "a test", "--yes").returncode, 0)
        w.advance("10s")
        # Between the two there was nothing but the blank line: the looks before were no news.
        self.assertEqual(lines.next(), "")
        self.assertRegex(lines.next(), r"^client\.example\.test   latched \(engine\)")
        self.assertEqual(lines.end(signal.SIGINT)[0], 14)

    def test_what_is_not_there_and_what_is_not_meant(self):
        absent = self.world.run("status", "nothing.example.test", "--watch")
        self.assertEqual(absent.returncode, 1, absent)
        self.assertNotIn("retrying", absent.stdout + absent.stderr)
        for words, said in ((["--watch", "--output", "json"], "--watch is for people"), (["--every", "3s"], "--watch")):
            answer = self.world.run("status", NAME, *words)
            self.assertEqual(answer.returncode, 2, answer)
            self.assertIn(said, answer.stdout + answer.stderr)

    def test_the_log_followed(self):
        w = self.world
        lines, entries = self.started("log", NAME, "--follow", "--output", "json"), []

        def comes(action, why):
            while not entries or tuple(map(entries[-1].get, ("action", "stage", "why"))) != (action, "done", why):
                entries.append(json.loads(lines.next()))

        comes("deploy", None)
        self.assertEqual(w.run("trip", NAME, "--reason", "followed", "--yes").returncode, 0)
        w.advance("10s")
        comes("trip", "followed")
        w.advance("2m")
        self.assertEqual(w.run("switch-back", NAME, "--reason", "followed back", "--yes").returncode, 0)
        w.advance("10s")
        comes("switch-back", "followed back")
        self.assertEqual(w.dns(), PRIMARY)
        w.advance("10s")
        status, rest = lines.end(signal.SIGINT)
        self.assertEqual((status, rest), (0, ""))
        told = [json.dumps(entry) for entry in entries]
        self.assertEqual(len(told), len(set(told)), "each entry once")
        text = self.started("log", NAME, "--follow")
        self.assertRegex(text.until("trip"), r"^\d{4}-\d\d-\d\dT\S+  trip  arn:aws:iam::")
        self.assertEqual(text.end(signal.SIGTERM)[0], 0)


if __name__ == "__main__":
    unittest.main(warnings="ignore", verbosity=2)
