# SPDX-License-Identifier: Apache-2.0
"""What a package brings besides the program: manual pages, completions, and what a service manager hears of the engine."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import SITELATCH, Engine, Workplace, skip_loudly  # noqa: E402

UNITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "systemd")


def run(*arguments, **more):
    return subprocess.run([SITELATCH, *arguments], capture_output=True, text=True, **more)


def commands_of(help_text):
    """Names under "Subcommands:" and the groups after it."""
    return re.findall(r"^  ([a-z][a-z-]+)  +\S", help_text.split("Subcommands:")[1].split("Start here")[0], re.M)


class Pages(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(lambda: self.place.__exit__(None, None, None))

    def test_every_command_has_a_page_and_groff_finds_no_fault_with_it(self):
        folder = os.path.join(self.place.path, "man")
        self.assertEqual(run("man-pages", folder).returncode, 0)
        names = set(os.listdir(folder))
        commands = commands_of(run("--help").stdout)
        self.assertGreater(len(commands), 20)
        for command in commands:
            self.assertIn(f"sitelatch-{command}.1", names)
        self.assertIn("sitelatch-fault-throttle.1", names)
        self.assertIn("sitelatch.toml.5", names)
        if not shutil.which("groff"):
            return skip_loudly("groff is not installed: manual pages are not read")
        for name in sorted(names):
            told = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-K", "utf8", os.path.join(folder, name)], capture_output=True, text=True,
                                  env={**os.environ, "LC_ALL": "C.UTF-8"})
            self.assertEqual(told.stderr, "", name)
        with open(os.path.join(folder, "sitelatch-status.1")) as file:
            self.assertIn("\\fB\\-\\-dns\\-server\\fR \\fIADDR:PORT\\fR", file.read())

    def test_the_page_of_handled_operations_is_what_this_engine_says(self):
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "coverage.md")) as page:
            self.assertEqual(page.read(), run("engine", "--coverage").stdout, "sitelatch engine --coverage > docs/coverage.md")

    def test_pages_that_cannot_be_written_are_told(self):
        file = os.path.join(self.place.path, "file")
        open(file, "w").close()
        told = run("man-pages", os.path.join(file, "in-it"))
        self.assertEqual(told.returncode, 1)
        self.assertIn("cannot write", told.stderr)

    def complete(self, *words):
        """What bash would offer for the last word."""
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); compopt() { :; }; COMPREPLY=(); _sitelatch; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return subprocess.run(["bash", "-c", script, "bash", self.bash, "sitelatch", *words], check=True, capture_output=True,
                              text=True).stdout.split()

    def test_bash_completes_commands_options_values_and_files(self):
        self.bash = os.path.join(self.place.path, "completion")
        with open(self.bash, "w") as file:
            file.write(run("completion", "bash").stdout)
        self.assertEqual(self.complete("st"), ["status"])
        self.assertEqual(self.complete("status", "--dns"), ["--dns-server"])
        self.assertEqual(self.complete("status", "--output", ""), ["text", "json", "prometheus"])
        self.assertEqual(self.complete("status", "--output", "=", "j"), ["json"])  # bash splits at the sign
        self.assertEqual(self.complete("status", "--region", ""), [])  # anything may come: nothing is offered
        self.assertIn("throttle", self.complete("fault", ""))
        self.assertEqual(self.complete("fault", "throttle", "--ser"), ["--service"])
        self.assertEqual(self.complete("fault", "scp", "/etc/hostn"), ["/etc/hostname"])
        self.assertEqual(self.complete("exec", "--", "st"), [])  # the words of another program
        self.assertNotIn("man-pages", self.complete(""))

    def test_zsh_and_fish_can_read_theirs(self):
        for shell in ("zsh", "fish"):
            told = run("completion", shell)
            self.assertEqual(told.returncode, 0)
            if not shutil.which(shell):
                skip_loudly(f"{shell} is not installed: its completion is not read")
                continue
            read = subprocess.run([shell, "-n"], input=told.stdout, capture_output=True, text=True)
            self.assertEqual((read.returncode, read.stderr), (0, ""), shell)
            if shell == "fish":
                offered = subprocess.run(["fish", "--no-config", "-c", 'source - ; complete -C "sitelatch fault throttle --serv"'],
                                         input=told.stdout, capture_output=True, text=True)
                self.assertIn("--service", offered.stdout)

    def test_an_unknown_shell_is_wrong_usage(self):
        told = run("completion", "csh")
        self.assertEqual(told.returncode, 2)
        self.assertIn("bash", told.stderr)

    # --- what systemd hears

    def listener(self):
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(heard.close)
        heard.settimeout(60)
        heard.bind(os.path.join(self.place.path, "notify"))
        return heard

    def engine(self, **environment):
        return self.place.keep(Engine(os.path.join(self.place.path, "data"), env={**os.environ, **environment}))

    def test_the_engine_tells_that_it_serves_lives_and_ends(self):
        heard = self.listener()
        engine = self.engine(NOTIFY_SOCKET=heard.getsockname(), WATCHDOG_USEC="200000")
        first = heard.recv(4096).decode()
        self.assertEqual(first.splitlines()[0], "READY=1")
        self.assertIn(engine.dns, first)
        for _ in range(3):
            self.assertEqual(heard.recv(4096), b"WATCHDOG=1")
        engine.process.send_signal(signal.SIGTERM)
        said = heard.recv(4096)
        while said == b"WATCHDOG=1":
            said = heard.recv(4096)
        self.assertEqual(said, b"STOPPING=1")
        self.assertEqual(engine.process.wait(timeout=60), 0)

    def test_a_watchdog_of_another_process_is_not_ours(self):
        heard = self.listener()
        engine = self.engine(NOTIFY_SOCKET=heard.getsockname(), WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        self.assertTrue(heard.recv(4096).startswith(b"READY=1"))
        engine.process.send_signal(signal.SIGTERM)
        self.assertEqual(heard.recv(4096), b"STOPPING=1")

    def rating(self, *files):
        """Of a unit and its drop-ins, by systemd itself."""
        unit = os.path.join(self.place.path, os.path.basename(files[0]))
        with open(unit, "w") as out:
            for name in files:
                with open(os.path.join(UNITS, name)) as file:
                    out.write(file.read() + "\n")
        told = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True)
        found = re.search(r"exposure level for \S+: ([\d.]+)", told.stdout)
        self.assertTrue(found, told.stdout + told.stderr)
        return float(found.group(1))

    def test_units_are_as_closed_as_the_documents_say(self):
        if not shutil.which("systemd-analyze"):
            return skip_loudly("systemd-analyze is not installed: units are not rated")
        self.assertLess(self.rating("sitelatch-status.service"), 2)
        self.assertLess(self.rating("sitelatch-engine.service", "sitelatch-engine-strict.conf"), 2)
        self.assertLess(self.rating("sitelatch-engine.service"), 3)  # functions need namespaces and mounts: docs/install.md

    def test_a_socket_that_is_none_changes_nothing(self):
        for address in ("", "relative", "/nowhere/at/all", "@", "/" + "x" * 300):
            engine = self.engine(NOTIFY_SOCKET=address, WATCHDOG_USEC="soon")
            self.assertEqual(engine.stop(), 0, address)


if __name__ == "__main__":
    unittest.main()
