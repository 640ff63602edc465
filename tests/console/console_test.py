# SPDX-License-Identifier: Apache-2.0
"""The console in a real browser (Debian's Chromium, playwright-core from npm): the story of the demo watched and driven
from the page, on an engine whose clock is moved by hand (browser/story.mjs). And what needs no browser: what the engine
pays for a console that nobody looks at.

SITELATCH_SCREENSHOTS=DIR keeps the pictures (docs/console.md has them)."""
import email
import http.client
import os
import re
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "guard"))
from operate_world import NAME, SITELATCH, World, wait_until  # noqa: E402
from sitelatch import Site, skip_loudly  # noqa: E402

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


class Sites(World):
    """Two sites at one port of two addresses, as DNS names them."""

    def __init__(self, *options):
        super().__init__(*options)
        self.primary = self.place.keep(Site("primary", "127.0.1.1:0"))
        self.backup = self.place.keep(Site("backup", f"127.0.1.2:{self.primary.port}"))
        self.check = self.make_check(self.primary, "the-primary")
        self.change_records(self.record("primary", self.primary.address, self.check), self.record("secondary", self.backup.address, None))

    def confirm_mail(self):
        """As a person does who follows the link in the mail."""
        folder = os.path.join(self.engine.data_dir, "mail")

        def link():
            for name in os.listdir(folder):
                with open(os.path.join(folder, name)) as file:
                    if found := re.search(r"http://\S+Action=ConfirmSubscription\S+", email.message_from_file(file).get_payload(decode=True).decode()):
                        return found.group(0)
            return None

        url = wait_until(link, "the mail that asks for confirmation")
        answer, body = get(url, "/" + url.split("/", 3)[3])
        assert answer.status == 200, body

    def console_url(self):
        return re.search(r"console=(\S+)", self.engine.ready.string).group(1)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        found = [int(word) for word in file.read().split()]
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(word) for word in file.read().split()]
        except OSError:
            pass
    return set(found)


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read().split("\0")
    except OSError:
        return []


def get(url, path="/", **headers):
    connection = http.client.HTTPConnection(url.split("//")[1].split("/")[0], timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


class Door(unittest.TestCase):
    """The engine's console: nothing until somebody comes."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def consoles(self):
        return [pid for pid in children_of(self.world.engine.process.pid) if "console" in command_of(pid)]

    def test_it_is_started_by_the_first_who_comes_and_ends_with_the_engine(self):
        url = re.search(r"console=(\S+)", self.world.engine.ready.string).group(1)
        self.assertEqual(self.consoles(), [], "an engine whose page nobody has opened")
        answer, _ = get(url)
        self.assertEqual(answer.status, 401)
        answer, _ = get(url, "/" + url.rsplit("/", 1)[1])
        self.assertEqual(answer.status, 303)
        cookie = answer.getheader("Set-Cookie").split(";")[0]
        self.assertNotIn(url.split("token=")[1], cookie)
        pids = self.consoles()
        self.assertEqual(len(pids), 1)
        self.assertNotIn(url.split("token=")[1], " ".join(command_of(pids[0])), "the token is not for everybody on the machine")
        answer, body = get(url, "/api/events?of=fleet", Cookie=cookie)
        self.assertEqual(answer.status, 200)
        self.assertIn('"kind":"fleet"', body)
        # Killed, it is there again for the next who comes, and knows the session.
        os.kill(pids[0], 9)
        answer, _ = get(url, "/", Cookie=cookie)
        self.assertEqual(answer.status, 200)
        again = wait_until(self.consoles, "another console")
        self.assertNotEqual(again, pids)
        self.assertEqual(self.world.engine.stop(), 0)
        wait_until(lambda: not command_of(again[0]), "the console ends with its engine")

    def test_off_is_off(self):
        other = self.world.place.keep(type(self.world.engine)(os.path.join(self.world.place.path, "other"), "--console", "off"))
        self.assertNotIn("console=", other.ready.string)

    def test_beyond_this_machine_it_is_refused(self):
        for words in (["engine", "--data-dir", os.path.join(self.world.place.path, "third"), "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0",
                       "--console", "0.0.0.0:0"], ["console", "--listen", "0.0.0.0:0"]):
            run = subprocess.run([SITELATCH, *words], capture_output=True, text=True, timeout=60, env=self.world.environment)
            self.assertEqual(run.returncode, 1, run)
            self.assertIn("own addresses alone", run.stderr)


class Browser(unittest.TestCase):
    def modules(self, folder):
        if os.environ.get("SITELATCH_BROWSER_MODULES"):
            os.symlink(os.environ["SITELATCH_BROWSER_MODULES"], os.path.join(folder, "node_modules"))
            return None
        try:
            install = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, capture_output=True, text=True, timeout=90)
        except subprocess.TimeoutExpired:
            return "npm took too long"
        return install.returncode and (install.stderr.strip() or "npm ci failed")

    def test_the_story(self):
        for tool, found in (("chromium", CHROMIUM), ("node", shutil.which("node")), ("npm", shutil.which("npm"))):
            if not found:
                skip_loudly(f"no {tool} on this machine (scripts/setup browser)")
                self.skipTest(tool)
        world = Sites()
        self.addCleanup(world.close)
        folder = os.path.join(world.place.path, "browser")
        shutil.copytree(os.path.join(HERE, "browser"), folder, ignore=shutil.ignore_patterns("node_modules"))
        if trouble := self.modules(folder):
            skip_loudly(f"playwright-core cannot be had: {trouble[-300:]}")
            self.skipTest("no playwright-core")
        world.deploy("--notify", "oncall@example.test")
        world.confirm_mail()
        environment = {**world.environment, "CHROMIUM": CHROMIUM, "SITELATCH": SITELATCH, "NAME": NAME, "DATA": world.engine.data_dir,
                       "CONSOLE": world.console_url(), "PRIMARY": world.primary.url, "CHECK": world.check,
                       "SCREENSHOTS": os.environ.get("SITELATCH_SCREENSHOTS", folder)}
        run = subprocess.run(["node", "story.mjs"], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, timeout=800)
        print(run.stdout, flush=True)
        if run.returncode:
            print(world.engine.log_text()[-2000:], flush=True)
        self.assertEqual(run.returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
