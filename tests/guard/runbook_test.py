# SPDX-License-Identifier: Apache-2.0
"""The page for the night without sitelatch: the very commands that it prints, run by the real aws CLI against a real engine with
the native function. They latch and release, and the function does not undo it; a release without the record is undone."""
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, LATCH, OWN, PRIMARY, World, has_failed  # noqa: E402
from sitelatch import WarmCli, aws_clis  # noqa: E402

CLIS = aws_clis()


@unittest.skipUnless(CLIS, "SKIPPED: there is no aws CLI on this machine, so the page's commands are not run")
class Page(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.leave)
        self.world.first_deploy = self.world.deploy()

    def leave(self):
        self.world.close(has_failed(self))

    def page(self, *options):
        answer = self.world.run("runbook", self.world.check, *options)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return answer.stdout

    def blocks(self, heading):
        """The blocks of commands below a heading that begins so."""
        section = re.search(rf"^## {re.escape(heading)}.*?(?=^## |\Z)", self.page(), re.M | re.S)
        self.assertTrue(section, heading)
        return re.findall(r"```sh\n(.*?)```", section.group(0), re.S)

    def shell(self, commands, cli=None):
        """As at that person's terminal, whose clock is right: it says the engine's time."""
        w = self.world
        tools = os.path.join(w.place.path, "tools")
        os.makedirs(tools, exist_ok=True)
        now = w.advance("1s")
        # Old CLIs do not know AWS_ENDPOINT_URL.
        for name, command in (("date", f"{shutil.which('date')} -u -d '{now}'"),
                              ("aws", f"{WarmCli.directory_of(cli or CLIS[0][0])}/aws --endpoint-url {w.environment['AWS_ENDPOINT_URL']}")):
            with open(os.path.join(tools, name), "w") as script:
                script.write(f"#!/bin/sh\nexec {command} \"$@\"\n")
            os.chmod(os.path.join(tools, name), 0o755)
        run = subprocess.run(["sh", "-c", commands], capture_output=True, text=True, timeout=300,
                             env={**w.environment, "PATH": tools + ":" + w.environment["PATH"], "AWS_PAGER": ""})
        self.assertEqual(run.returncode, 0, (commands, run.stdout, run.stderr))
        return run.stdout

    def outage(self):
        w = self.world
        w.primary.set("down")
        w.advance_until(lambda: w.path() == LATCH, "the latch")
        w.primary.set("up")

    def wait_for_alarm(self):
        """What the page says to check first."""
        w = self.world
        w.advance_until(lambda: w.alarm() == "ALARM", "the alarm has seen the latch")
        w.advance("3m")

    def test_latch_and_release_by_hand_and_the_function_does_not_undo_it(self):
        w = self.world
        for cli, version in CLIS:
            print(f"aws-cli {version}", flush=True)
            self.shell(self.blocks("Latch")[0], cli)
            self.assertEqual(w.path(), LATCH)
            w.advance_until(lambda: w.dns() == BACKUP, "Backup serves")
            self.wait_for_alarm()
            self.assertEqual(w.status("tripped")["exit_code"], 14)
            self.shell(self.blocks("Release: give")[0], cli)
            self.assertEqual(w.path(), OWN)
            w.advance_until(lambda: w.dns() == PRIMARY, "Primary serves")
            for _ in range(15):
                w.advance("1m")
                self.assertEqual(w.path(), OWN, "the function undid the release")
            w.status("armed")
        self.assertEqual(w.status()["release"]["number"], len(CLIS))
        # It still guards.
        self.outage()

    def test_the_same_release_without_its_record_is_undone(self):
        """What the page is for: else the tests above could not fail."""
        w = self.world
        self.outage()
        self.wait_for_alarm()
        commands = self.blocks("Release: give")[0]
        check_alone = "\n".join([re.search(r"^VERSION=.*?\)$", commands, re.M | re.S).group(0),
                                 commands[commands.index("aws route53 update-health-check"):]])
        self.shell(check_alone)
        self.assertEqual(w.path(), OWN)
        w.advance_until(lambda: w.path() == LATCH, "the function latches again", most=12)

    def test_a_release_of_a_latch_of_the_function(self):
        w = self.world
        self.outage()
        self.wait_for_alarm()
        self.shell(self.blocks("Release: give")[0])
        for _ in range(15):
            w.advance("1m")
            self.assertEqual(w.path(), OWN)
        w.status("armed")

    def test_a_release_where_the_record_may_not_be_written(self):
        w = self.world
        self.outage()
        self.wait_for_alarm()
        self.shell(self.blocks("Release, where")[0])
        for _ in range(15):
            w.advance("1m")
            self.assertEqual(w.path(), OWN)
        w.drive("switch-back", w.check, "--reason", "released by hand", "--window", "5s", "--yes")  # deploy arms it
        w.deploy()
        for _ in range(5):
            w.advance("1m")
            self.assertEqual(w.path(), OWN)
        w.status("armed")

    def test_a_release_that_failed_half_way_leaves_the_latch_held(self):
        w = self.world
        self.outage()
        self.wait_for_alarm()
        commands = self.blocks("Release: give")[0]
        self.shell(commands[:commands.index(" &&\naws route53 update-health-check")])
        self.assertEqual(w.path(), LATCH)
        for _ in range(3):
            w.advance("1m")
        w.update_check(f"<ResourcePath>{OWN}</ResourcePath>")  # somebody else's mistake
        w.advance_until(lambda: w.path() == LATCH, "held again within three minutes", most=12)

    def test_what_it_shows_can_be_seen_and_told(self):
        w = self.world
        seen = self.shell(self.blocks("See")[0])
        for part in (OWN, "Success", '"OK"', "sitelatch:release"):
            self.assertIn(part, seen)
        self.shell(self.blocks("Latch")[1])  # tells people
        self.assertIn("200", self.shell(self.blocks("Before a release")[0]))
        servers = re.findall(r"dig \+noall \+answer @(\S+) client.example.test. A", self.page())
        self.assertEqual(len(servers), 4)

    def test_it_is_kept_beside_the_audit_log(self):
        w = self.world
        page = self.page("--store")
        events = w.api.target("logs", "Logs_20140328.FilterLogEvents",
                              {"logGroupName": "/sitelatch/" + w.check, "logStreamNames": ["runbook"]})["events"]
        self.assertEqual([event["message"] for event in events], [page])
        self.assertEqual([entry for entry in w.log() if "# When" in json_text(entry)], [])

    def test_deploy_writes_it_or_says_where_to_get_it(self):
        w = self.world
        file = os.path.join(w.place.path, "runbook.md")
        self.assertIn("sitelatch runbook " + w.check, w.first_deploy.stderr)
        w.deploy("--runbook", file)
        with open(file) as page:
            self.assertTrue(page.read().startswith("# When sitelatch is not at hand"))
        answer = w.deploy("--runbook", "/nowhere/at/all.md")  # the guard stands all the same
        self.assertIn("The runbook was not written: /nowhere/at/all.md cannot be written", answer.stderr)

    def test_there_must_be_a_guard(self):
        answer = self.world.run("runbook", self.world.backup_check)
        self.assertEqual(answer.returncode, 3)
        self.assertIn("sitelatch deploy " + self.world.backup_check, answer.stderr)
        self.assertEqual(self.world.run("runbook", "no id").returncode, 2)


def json_text(entry):
    return " ".join(str(value) for value in entry.values())


if __name__ == "__main__":
    unittest.main(verbosity=2)
