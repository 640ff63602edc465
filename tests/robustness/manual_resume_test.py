#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manual resume on the real engine: a real site that fails for a second, 20, 60 and 300 s of the engine's time and is back at once,
DNS asked over UDP all the while (SITELATCH_THOROUGH=1: without pause), kill -9 in between. From the first answer that names Backup until the release is asked
for, not one names Primary. The engine's clock is a manual one, so nothing here waits for time."""
import json
import os
import random
import re
import shlex
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from asker import BACKUP, PRIMARY, Asker  # noqa: E402
from signed_client import Client  # noqa: E402
from sitelatch import SITELATCH, Workplace, aws, aws_clis, skip_loudly, wait_until  # noqa: E402

SEED = int(os.environ.get("SITELATCH_SEED", "1"))
ROUTE53 = "https://route53.amazonaws.com/doc/2013-04-01/"
NAME = "www.example.test"
LENGTHS = (1, 20, 60, 300)  # seconds


class ManualResume(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.place = Workplace()
        self.addCleanup(self.place.__exit__, None, None, None)
        self.site = self.place.site("primary")
        self.engine = self.place.engine("--clock", "manual")
        self.make_pair()

    # --- the engine

    def api(self, method, path, body=""):
        """(status, text); made anew each time, since engines are killed here."""
        client = Client(self.engine)
        try:
            status, answer = client.send(method, "/2013-04-01/" + path, body.encode(), "route53")
            return status, answer.decode()
        finally:
            client.close()

    def ok(self, method, path, body=""):
        status, answer = self.api(method, path, body)
        self.assertEqual(status // 100, 2, answer)
        return answer

    def make_pair(self):
        answer = self.ok("POST", "hostedzone", f'<CreateHostedZoneRequest xmlns="{ROUTE53}"><Name>example.test</Name>'
                         "<CallerReference>z</CallerReference></CreateHostedZoneRequest>")
        zone = re.search(r"<Id>/hostedzone/([^<]+)", answer).group(1)
        client = Client(self.engine)
        self.check = client.create_health_check("primary", Type="HTTP", IPAddress=self.site.address, Port=self.site.port,
                                                ResourcePath="/lb-check", RequestInterval=10, FailureThreshold=1)
        client.close()
        change = ("<Change><Action>CREATE</Action><ResourceRecordSet><Name>{0}</Name><Type>A</Type><SetIdentifier>{1}</SetIdentifier>"
                  "<Failover>{1}</Failover><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{2}</Value></ResourceRecord>"
                  "</ResourceRecords>{3}</ResourceRecordSet></Change>")
        changes = [change.format(NAME, "PRIMARY", PRIMARY, f"<HealthCheckId>{self.check}</HealthCheckId>"),
                   change.format(NAME, "SECONDARY", BACKUP, "")]
        self.ok("POST", f"hostedzone/{zone}/rrset", f'<ChangeResourceRecordSetsRequest xmlns="{ROUTE53}"><ChangeBatch><Changes>'
                f'{"".join(changes)}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>')
        self.assertEqual(self.tag("sitelatch:manual-resume", "true")[0], 200)
        self.engine.advance("1m")

    def tag(self, key, value):
        return self.tags(f"<AddTags><Tag><Key>{key}</Key><Value>{value}</Value></Tag></AddTags>")

    def tags(self, changes):
        return self.api("POST", f"tags/healthcheck/{self.check}",
                        f'<ChangeTagsForResourceRequest xmlns="{ROUTE53}">{changes}</ChangeTagsForResourceRequest>')

    def update(self, fields):
        return self.ok("POST", f"healthcheck/{self.check}",
                       f'<UpdateHealthCheckRequest xmlns="{ROUTE53}">{fields}</UpdateHealthCheckRequest>')

    def described(self):
        return json.loads(self.engine.command("health", "--json").stdout)[0]

    def restart(self):
        self.engine.kill()
        self.engine = self.place.keep(self.engine.restarted())

    def killed_while_time_passes(self, duration, asker):
        """kill -9 somewhere on the way; what was left of the way is not gone again."""
        way = subprocess.Popen([SITELATCH, "advance", "--data-dir", self.engine.data_dir, duration], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        asker.hears(self.random.randrange(1, 60))
        self.restart()
        way.wait()

    def failed_over(self):
        return self.engine.lookup(NAME)[1] == [BACKUP]

    # --- the story

    def fail_over(self, length, asker, killed):
        """An outage of so many seconds, again at every second of the interval until a probe falls into it."""
        for _ in range(40):
            self.site.set("DOWN")
            if killed:
                self.killed_while_time_passes(f"{length}s", asker)
            self.engine.advance(f"{length}s")
            self.site.set("UP")
            if self.failed_over():
                return
            self.engine.advance("10s")
        self.fail(f"no outage of {length} s was seen")

    def try_everything(self):
        version = self.described()["latched"]["version"]
        self.update("<ResourcePath>/lb-check</ResourcePath>")
        self.update("<Disabled>true</Disabled>")
        self.engine.advance("20s")
        self.update("<Disabled>false</Disabled>")
        for changes in ("<RemoveTagKeys><Key>sitelatch:manual-resume</Key></RemoveTagKeys>",
                        "<AddTags><Tag><Key>sitelatch:manual-resume</Key><Value>false</Value></Tag></AddTags>",
                        "<RemoveTagKeys><Key>sitelatch:latched</Key></RemoveTagKeys>",
                        f"<AddTags><Tag><Key>sitelatch:resume</Key><Value>{version} seen before the edits</Value></Tag></AddTags>"):
            status, answer = self.tags(changes)
            self.assertEqual(status, 400, answer)
            self.assertIn("<Code>InvalidInput</Code>", answer)
            self.assertIn(f"{version + 3} &lt;reason&gt;", answer)
        refused = self.engine.command("health", self.check, "up", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("is latched, and a force is no release", refused.stderr)

    def release(self, asker):
        told = self.engine.command("health").stdout
        self.assertIn("latched since 20", told)
        self.assertIn("as probed it is healthy now", told)
        command = self.described()["latched"]["release"]
        self.assertIn(command, told)
        asker.heard[NAME].released.set()
        words = shlex.split(command.replace("<reason>", "looked at by hand"))
        clis = aws_clis()
        if clis:
            aws("aws", self.engine.environment(), *words[1:], parse=False)
        else:
            skip_loudly("no aws CLI: the command that `sitelatch health` shows was not run")
            key, value = re.fullmatch(r"Key=([^,]+),Value=(.*)", words[-1]).groups()
            self.assertEqual(self.tag(key, value)[0], 200)

    def test_no_answer_names_primary_from_failover_to_release(self):
        for length in LENGTHS:
            with self.subTest(length=length):
                asker = Asker(self.engine.dns, [NAME])
                try:
                    self.fail_over(length, asker, killed=length == 60)
                    for _ in range(3):
                        self.killed_while_time_passes("90s", asker)
                    self.try_everything()
                    self.restart()
                    self.engine.advance("10m")
                    asker.hears(50)
                    self.assertEqual(asker.heard[NAME].leaks, [])
                    self.release(asker)
                    wait_until(lambda: self.engine.lookup(NAME)[1] == [PRIMARY], "Primary after the release")
                    self.restart()
                    self.engine.advance("1m")
                    self.assertEqual(self.engine.lookup(NAME)[1], [PRIMARY])
                    asker.hears(3)  # it may have hung in a question to the engine that was killed
                finally:
                    asker.stop()
                self.assertEqual(asker.heard[NAME].changes, [PRIMARY, BACKUP, PRIMARY])
                print(f"outage of {length} s: {asker.heard[NAME].answers} answers, in the order {' '.join(asker.heard[NAME].changes)}", flush=True)
        log = self.engine.log_text()
        self.assertEqual(len(re.findall(rf"warning route53: health check {self.check} has latched: ", log)), len(LENGTHS))
        self.assertEqual(len(re.findall(rf"warning route53: health check {self.check} is released by \S+ at version \d+: "
                                        "looked at by hand", log)), len(LENGTHS))

    def test_without_manual_resume_the_same_outage_leaks(self):
        """That the test above can fail: without the tag Primary is named again by itself."""
        self.assertEqual(self.tag("sitelatch:manual-resume", "false")[0], 200)
        asker = Asker(self.engine.dns, [NAME])
        try:
            self.fail_over(20, asker, killed=False)
            asker.hears(20)
            self.engine.advance("1m")
            asker.hears(20)
        finally:
            asker.stop()
        self.assertNotEqual(asker.heard[NAME].leaks, [])


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # connections are left to the collector
