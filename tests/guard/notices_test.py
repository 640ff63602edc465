# SPDX-License-Identifier: Apache-2.0
"""Where notices go (docs/notices.md), rehearsed: stand-ins for PagerDuty's CloudWatch integration, for Amazon Q Developer
in chat and for Opsgenie's SNS integration subscribe by HTTP as those do. Each confirms by the link, checks the signature of
all that comes with the engine's certificate, and takes of it what the real one is documented to take. And a drill whose
code a person types."""
import email
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request
from base64 import b64decode

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import BACKUP, NAME, PRIMARY, SITELATCH, FormCase, wait_until  # noqa: E402
from sitelatch import skip_loudly  # noqa: E402

fetch = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
SIGNED = {"Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
          "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")}


class StandIns:
    """One server; a stand-in a path. What came is kept by path, once its signature was right."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sitelatch-notices-")
        self.came, self.refused, self.confirmed, self.broken = {}, [], set(), set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(outer.take(self.path, self.headers["x-amz-sns-message-type"], json.loads(body)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder)

    def take(self, path, kind, message):
        if path in self.broken:
            return 500
        if kind != message["Type"] or not self.is_signed(message):
            self.refused.append((path, message))
            return 403
        if message["Type"] == "SubscriptionConfirmation":
            fetch(message["SubscribeURL"], timeout=30).read()
            self.confirmed.add(path)
        else:
            self.came.setdefault(path.strip("/"), []).append(message)
        return 200

    def is_signed(self, message):
        """By the certificate that the message names, as AWS's guide has it."""
        lines = "".join(f"{key}\n{message[key]}\n" for key in SIGNED[message["Type"]] if key in message)
        place = os.path.join(self.folder, message["MessageId"] + threading.current_thread().name)
        with open(place + ".pem", "wb") as file:
            file.write(fetch(message["SigningCertURL"], timeout=30).read())
        with open(place + ".sig", "wb") as file:
            file.write(b64decode(message["Signature"]))
        key = subprocess.run(["openssl", "x509", "-in", place + ".pem", "-pubkey", "-noout"], capture_output=True, check=True).stdout
        with open(place + ".key", "wb") as file:
            file.write(key)
        digest = {"1": "-sha1", "2": "-sha256"}[message["SignatureVersion"]]
        return subprocess.run(["openssl", "dgst", digest, "-verify", place + ".key", "-signature", place + ".sig"], input=lines.encode(),
                              capture_output=True).returncode == 0


def alarm_of(message):
    try:
        body = json.loads(message["Message"])
    except ValueError:
        return None
    return body if isinstance(body, dict) and "AlarmName" in body else None


def pagerduty(messages):
    """Incidents by alarm: what begins with the state that the body has opens and resolves them; all else is thrown away."""
    incidents = {}
    for message in messages:
        alarm = alarm_of(message)
        if alarm and message.get("Subject", "").startswith(alarm["NewStateValue"] + ": "):
            incidents[alarm["AlarmName"]] = {"ALARM": "triggered", "OK": "resolved"}.get(alarm["NewStateValue"])
    return incidents


def chat(messages):
    """What is shown in the channel: alarms of CloudWatch, and its own schema."""
    shown = []
    for message in messages:
        alarm = alarm_of(message)
        if alarm and all(alarm.get(key) for key in ("AlarmName", "NewStateValue", "NewStateReason", "StateChangeTime", "Region", "AlarmArn")):
            shown.append((alarm["NewStateValue"], alarm.get("AlarmDescription")))
    return shown


def opsgenie(messages):
    """An alert a notification, by its subject."""
    return [message["Subject"] for message in messages if message.get("Subject")]


class Notices(FormCase):
    def setUp(self):
        if not shutil.which("openssl"):
            skip_loudly("no openssl on this machine, with which the stand-ins check signatures")
            self.skipTest("no openssl")
        super().setUp()
        self.stand_ins = StandIns()
        self.addCleanup(self.stand_ins.close)

    def subscribe(self, topic, name):
        w = self.world
        w.api.query("sns", "Subscribe", "2010-03-31", TopicArn=topic, Protocol="http", Endpoint=self.stand_ins.url(name))
        wait_until(lambda: f"/{name}" in self.stand_ins.confirmed, f"{name} confirms")

    def mails(self, part):
        folder = os.path.join(self.world.engine.data_dir, "mail")
        found = []
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name)) as file:
                mail = email.message_from_file(file)
            if part in mail["Subject"]:
                found.append((mail["Subject"], mail.get_payload(decode=True).decode()))
        return found

    def test_pager_chat_and_mail_hear_of_a_failover(self):
        w, came = self.world, self.stand_ins.came
        w.deploy("--notify", "oncall@example.org")
        alarms, people = sorted(w.topics(), key=len)
        self.assertTrue(people.endswith("-notify"))
        link = re.search(r"http://\S+Action=ConfirmSubscription\S+", wait_until(lambda: self.mails("Confirmation"), "the mail")[0][1]).group(0)
        fetch(link, timeout=30).read()
        for topic, name in ((alarms, "pagerduty"), (alarms, "chat"), (people, "opsgenie"), (people, "pagerduty-misplaced"), (people, "broken")):
            self.subscribe(topic, name)
        w.advance("2m")
        # Further subscribers of the alarm's topic are nobody's trouble.
        self.assertEqual(w.status("armed")["exit_code"], 0)

        self.stand_ins.broken.add("/broken")
        w.primary.set("down")
        w.advance_until(lambda: w.dns() == BACKUP, "the failover")
        w.advance_until(lambda: w.run("status", w.check).returncode == 14, "the latch")
        wait_until(lambda: {"pagerduty", "chat", "opsgenie", "pagerduty-misplaced"} <= set(came), "all have heard")
        self.assertEqual(pagerduty(came["pagerduty"]), {"sitelatch-" + w.check: "triggered"})
        self.assertEqual(pagerduty(came["pagerduty-misplaced"]), {}, "a notice is no alarm: thrown away")
        (state, words), = chat(came["chat"])
        self.assertEqual(state, "ALARM")
        self.assertIn(f"Primary of {NAME} unhealthy", words)
        self.assertIn(f"sitelatch switch-back {w.check} --reason", words)
        self.assertEqual(chat(came["opsgenie"]), [])
        self.assertRegex(opsgenie(came["opsgenie"])[0], rf"^Sitelatch: Backup serves {NAME} since \S+Z$")
        self.assertIn(f"sitelatch switch-back {w.check} --reason", came["opsgenie"][0]["Message"])
        self.assertEqual(len(self.mails(f"Backup serves {NAME} since")), 1)
        self.assertEqual(self.stand_ins.refused, [])

        # Who does not take it is told elsewhere than on that way.
        w.advance("5m")
        w.primary.set("up")
        w.advance("1m")
        broken = {one["name"]: one for one in w.status("tripped")["links"] if one["health"] == "broken"}
        self.assertIn("notify-deliveries", broken, broken)
        doctor = json.loads(w.run("doctor", "--output", "json").stdout)
        self.assertIn("notify-deliveries", json.dumps(doctor))

        # An hour later, once.
        w.advance("58m")
        self.assertEqual(len(self.mails(f"Backup still serves {NAME} since")), 1)
        w.advance("10m")
        self.assertEqual(len(self.mails(f"Backup still serves {NAME} since")), 1)
        self.assertIn("remind", [entry["action"] for entry in w.log()])

        back = self.works("switch-back", w.check, "--reason", "in sync", "--yes", driven=True)
        self.assertIn("Primary serves", back.stdout)
        self.assertEqual(w.dns(), PRIMARY)
        self.assertEqual(pagerduty(came["pagerduty"]), {"sitelatch-" + w.check: "triggered"}, "no OK is sent: a person resolves it")

    def test_a_signature_that_is_not_right_is_refused(self):
        """The stand-in can tell: it is what this test rests on."""
        w = self.world
        topic = re.search("<TopicArn>([^<]*)<", w.api.query("sns", "CreateTopic", "2010-03-31", Name="pages")).group(1)
        self.subscribe(topic, "pagerduty")
        w.api.query("sns", "Publish", "2010-03-31", TopicArn=topic, Subject="x", Message="y")
        message, = wait_until(lambda: self.stand_ins.came.get("pagerduty"), "the message")
        self.assertTrue(self.stand_ins.is_signed(message))
        for key, other in (("Message", "z"), ("Subject", "ALARM: z"), ("TopicArn", topic + "x")):
            self.assertFalse(self.stand_ins.is_signed({**message, key: other}), key)

    def test_a_drill_whose_code_is_typed(self):
        w = self.world
        w.deploy("--notify", "oncall@example.org")
        self.refused("drill", w.check, "--reach", "--yes", says="nobody has confirmed")
        link = re.search(r"http://\S+Action=ConfirmSubscription\S+", wait_until(lambda: self.mails("Confirmation"), "the mail")[0][1]).group(0)
        fetch(link, timeout=30).read()
        self.refused("acknowledge", w.check, "K7Q4-2MXD", says="no drill of this guard waits")
        drill = subprocess.Popen([SITELATCH, "drill", w.check, "--reach", "--yes"], env=w.environment, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            wait_until(lambda: self.mails("Sitelatch drill"), "the code")
            (subject, body), = self.mails("Sitelatch drill")
            self.assertIn("nothing has failed", subject)
            code = re.search(r"answer with (\S+),", subject).group(1)
            self.assertIn(f"sitelatch acknowledge {w.check} {code}", body)
            drill.stdin.write(f"what?\n{code.lower().replace('-', ' ')}\n")
            drill.stdin.flush()
            while drill.poll() is None:
                w.advance("10s")
            said = drill.stdout.read()
        finally:
            if drill.poll() is None:
                drill.kill()
            drill.wait()
            drill.stdin.close()
            drill.stdout.close()
        self.assertEqual(drill.returncode, 0, said)
        self.assertRegex(said, r"ok +person .*by the code typed here")
        self.assertIn("That is not the code", said)
        self.assertIn("A person was reached after", said)
        self.assertRegex(w.status()["last_drill"], r"alarm passed: a person was reached after ")
        self.assertIn("drill", w.run("status", w.check, "-v").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
