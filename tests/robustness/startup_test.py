#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An engine that cannot start says why in one clear sentence and ends with a status that is not 0."""
import os
import socket
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import SITELATCH, Workplace, skip_loudly  # noqa: E402


def start(*options, **more):
    return subprocess.run([SITELATCH, "engine", *options], capture_output=True, text=True, timeout=60, **more)


class Startup(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.place.__enter__()
        self.addCleanup(self.place.__exit__, None, None, None)
        self.data = os.path.join(self.place.path, "data")

    def refused(self, *options, words, status=1, **more):
        run = start(*options, **more)
        self.assertEqual(run.returncode, status, run.stderr)
        self.assertEqual(run.stdout, "", "ready is not said")
        lines = run.stderr.strip().splitlines()
        self.assertTrue(lines)
        for word in words:
            self.assertIn(word, run.stderr)
        if status == 1:
            self.assertEqual(len(lines), 1, run.stderr)
            self.assertTrue(lines[0].startswith("sitelatch: "), run.stderr)

    def free(self, *options):
        return ["--data-dir", self.data, "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0", *options]

    def test_the_api_port_is_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            at = f"127.0.0.1:{taken.getsockname()[1]}"
            self.refused("--data-dir", self.data, "--api", at, "--dns", "127.0.0.1:0", words=[at, "in use", "--api"])

    def test_the_dns_port_is_in_use_over_tcp(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            at = f"127.0.0.1:{taken.getsockname()[1]}"
            self.refused("--data-dir", self.data, "--api", "127.0.0.1:0", "--dns", at, words=[at, "in use", "--dns"])

    def test_the_dns_port_is_in_use_over_udp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            at = f"127.0.0.1:{taken.getsockname()[1]}"
            self.refused("--data-dir", self.data, "--api", "127.0.0.1:0", "--dns", at, words=[at, "in use", "--dns"])

    def test_an_address_that_is_not_ours(self):
        self.refused("--data-dir", self.data, "--api", "192.0.2.1:0", "--dns", "127.0.0.1:0", words=["192.0.2.1"])

    def test_the_directory_is_held_by_another_engine(self):
        self.place.engine()
        self.refused(*self.free(), words=["another engine holds", self.data])

    def test_the_directory_cannot_be_made(self):
        os.makedirs(self.data)
        file = os.path.join(self.data, "file")
        open(file, "w").close()
        self.refused("--data-dir", os.path.join(file, "below"), "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0",
                     words=["data directory", "file"])

    def test_the_directory_cannot_be_written(self):
        if os.geteuid() == 0:
            skip_loudly("unwritable directory: root may write everywhere")
            self.skipTest("root")
        os.makedirs(self.data, mode=0o500)
        self.refused(*self.free(), words=["data directory"])

    def test_the_data_is_from_a_newer_version(self):
        self.assertEqual(self.place.engine().stop(), 0)
        with sqlite3.connect(os.path.join(self.data, "state.db")) as db:
            db.execute("PRAGMA user_version = 999")
        db.close()
        self.refused(*self.free(), words=["newer sitelatch", "999"])

    def test_the_data_is_not_a_database(self):
        os.makedirs(self.data, mode=0o700)
        with open(os.path.join(self.data, "state.db"), "wb") as file:
            file.write(b"This is not a database." * 200)
        self.refused(*self.free(), words=["state.db"])

    def test_credentials_for_everybody_beyond_loopback(self):
        self.refused("--data-dir", self.data, "--api", "0.0.0.0:0", "--dns", "127.0.0.1:0", "--accept-any-credentials",
                     words=["--accept-any-credentials", "loopback"])

    def test_options_that_make_no_sense(self):
        for options in (["--time-scale", "0"], ["--time-scale", "fast"], ["--clock", "sundial"], ["--account-id", "12"],
                        ["--account-id", "a" * 12], ["--log-level", "loud"], ["--no-such-option"], ["--api", "nowhere"],
                        ["--api", "127.0.0.1:99999"], ["--api", "127.0.0.1"], ["--dns", "example.test:53"], ["--dns", "[::1:0"]):
            with self.subTest(options):
                self.refused(*self.free()[:2], *options, words=[], status=2)

    def test_the_working_directory_is_gone(self):
        gone = os.path.join(self.place.path, "gone")
        os.makedirs(gone)
        run = subprocess.run(["sh", "-c", f'cd "{gone}" && rmdir "{gone}" && exec "{os.path.abspath(SITELATCH)}" engine --data-dir x '
                              "--api 127.0.0.1:0 --dns 127.0.0.1:0"], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertTrue(run.stderr.startswith("sitelatch: "), run.stderr)


if __name__ == "__main__":
    unittest.main()
