#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the engine sends out on behalf of callers: no notification reaches a machine's metadata, by address, by name or by
redirect; no password of a mail server travels in the clear; nothing that a caller says becomes a header or a command."""
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from signed_client import Client  # noqa: E402
from sitelatch import SITELATCH, Engine, Workplace, skip_loudly, wait_until  # noqa: E402

VERSION = "2010-03-31"


class FakeSmtp:
    """Takes mail on loopback and remembers every line. Offers AUTH, and STARTTLS if asked to (which then fails)."""

    def __init__(self, starttls=False):
        self.lines, self.messages, self.starttls = [], [], starttls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def close(self):
        self.listener.close()

    def run(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        with link, link.makefile("rb") as stream:
            say = lambda text: link.sendall(text.encode() + b"\r\n")
            try:
                say("220 fake ESMTP")
                while line := stream.readline():
                    self.lines.append(line)
                    word = line[:4].upper()
                    if word == b"EHLO":
                        link.sendall(b"250-fake\r\n" + (b"250-STARTTLS\r\n" if self.starttls else b"") + b"250 AUTH PLAIN LOGIN\r\n")
                    elif word == b"STAR":
                        say("220 go ahead")
                        self.lines.append(stream.readline())  # what comes after it in the clear
                        return
                    elif word == b"AUTH":
                        say("235 accepted")
                    elif word == b"DATA":
                        say("354 go on")
                        message = b""
                        while (part := stream.readline()) not in (b".\r\n", b""):
                            message += part
                        self.messages.append(message)
                        say("250 taken")
                    elif word == b"QUIT":
                        return say("221 bye")
                    else:
                        say("250 ok")
            except OSError:
                return


class Sink:
    """An HTTP server on loopback that counts what it gets, and answers as told."""

    def __init__(self, location=None):
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_POST(self):
                outer.requests.append((self.path, self.rfile.read(int(self.headers.get("Content-Length", 0)))))
                self.send_response(302 if location else 200)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Base(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.place.__enter__()
        self.addCleanup(self.place.__exit__, None, None, None)

    def topic(self, engine):
        client = Client(engine)
        self.addCleanup(client.close)
        status, body = client.query("sns", Action="CreateTopic", Version=VERSION, Name="t")
        self.assertEqual(status, 200, body)
        return client, re.search(rb"<TopicArn>([^<]+)<", body).group(1).decode()

    def subscribe(self, client, topic, protocol, endpoint):
        return client.query("sns", Action="Subscribe", Version=VERSION, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)


class LinkLocal(Base):
    def given_up(self, engine):
        """Lines of the log about messages that could not be delivered."""
        return [line for line in engine.log_text().splitlines() if "does not reach" in line]

    def refused(self, client, topic, engine, url):
        before = len(self.given_up(engine))
        status, body = self.subscribe(client, topic, url.split(":")[0], url)
        if status == 400:
            return  # said at once: as good
        self.assertEqual(status, 200, body)
        # The confirmation is tried, and tried again: on the manual clock, which waits for what is under way.
        engine.advance("4h")
        wait_until(lambda: len(self.given_up(engine)) > before, f"{url} is given up")
        self.assertIn("--allow-link-local", self.given_up(engine)[-1])

    def test_no_notification_reaches_the_metadata_of_the_machine(self):
        engine = self.place.engine("--clock", "manual")
        client, topic = self.topic(engine)
        for url in ("http://169.254.169.254/latest/meta-data/iam/security-credentials/", "http://2852039166/", "http://0xa9fea9fe/",
                    "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/", "http://[fe80::1]/", "https://169.254.169.254/",
                    "http://[fd00:ec2::254]/", "http://0.0.0.0:1/", "http://224.0.0.1/"):
            with self.subTest(url):
                self.refused(client, topic, engine, url)
        # Private and loopback addresses are what a machine of one's own has.
        sink = Sink()
        self.addCleanup(sink.close)
        self.assertEqual(self.subscribe(client, topic, "http", f"http://127.0.0.1:{sink.port}/x")[0], 200)
        wait_until(lambda: sink.requests, "loopback is posted to")

    def test_a_redirect_does_not_lead_there(self):
        target = Sink()
        redirecting = Sink(location=f"http://127.0.0.1:{target.port}/")
        self.addCleanup(target.close)
        self.addCleanup(redirecting.close)
        engine = self.place.engine("--clock", "manual")
        client, topic = self.topic(engine)
        self.assertEqual(self.subscribe(client, topic, "http", f"http://127.0.0.1:{redirecting.port}/")[0], 200)
        wait_until(lambda: redirecting.requests, "it is posted to")
        engine.advance("4h")
        self.assertEqual(target.requests, [])

    def test_it_is_the_address_that_counts_and_not_the_name(self):
        if os.geteuid() != 0 or not shutil.which("unshare") or \
                subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
            skip_loudly("names that resolve to link-local addresses: needs a mount namespace")
            self.skipTest("unshare -m")
        hosts, script = os.path.join(self.place.path, "hosts"), os.path.join(self.place.path, "engine")
        with open(hosts, "w") as file:
            file.write("127.0.0.1 localhost good.test\n169.254.169.254 metadata.test\n")
        with open(script, "w") as file:
            file.write(f'#!/bin/sh\nmount --bind "{hosts}" /etc/hosts && exec "{os.path.abspath(SITELATCH)}" "$@"\n')
        os.chmod(script, 0o700)
        import sitelatch
        old, sitelatch.SITELATCH = sitelatch.SITELATCH, script
        try:
            popen = subprocess.Popen
            subprocess.Popen = lambda words, **more: popen(["unshare", "-m", *words], **more)
            engine = self.place.keep(Engine(os.path.join(self.place.path, "data"), "--clock", "manual"))
        finally:
            subprocess.Popen, sitelatch.SITELATCH = popen, old
        client, topic = self.topic(engine)
        self.refused(client, topic, engine, "http://metadata.test/")
        sink = Sink()
        self.addCleanup(sink.close)
        self.assertEqual(self.subscribe(client, topic, "http", f"http://good.test:{sink.port}/")[0], 200)
        wait_until(lambda: sink.requests, "the good name is posted to")

    def test_it_can_be_allowed(self):
        sink = Sink()
        self.addCleanup(sink.close)
        engine = self.place.engine("--allow-link-local")
        client, topic = self.topic(engine)
        self.assertEqual(self.subscribe(client, topic, "http", f"http://0.0.0.0:{sink.port}/")[0], 200)
        wait_until(lambda: sink.requests, "it is posted to")


class Mail(Base):
    PASSWORD = "s3cret-pass"

    def mailed(self, server, url):
        """An engine with that mail server, after a mail was due."""
        self.addCleanup(server.close)
        engine = self.place.engine("--smtp", url.format(port=server.port), "--clock", "manual")
        client, topic = self.topic(engine)
        self.assertEqual(self.subscribe(client, topic, "email", "ops@example.test")[0], 200)
        return engine, client, topic

    def test_no_password_where_starttls_is_not_offered_or_stripped(self):
        for server in (FakeSmtp(), FakeSmtp(starttls=True)):
            with self.subTest(starttls=server.starttls):
                engine, _, _ = self.mailed(server, f"smtp://user:{self.PASSWORD}@127.0.0.1:{{port}}")
                wait_until(lambda: any(b"EHLO" in line for line in server.lines), "the server is spoken to")
                engine.advance("8h")
                wait_until(lambda: "does not reach" in engine.log_text(), "the mail is given up")
                if not server.starttls:
                    self.assertIn("offers no STARTTLS", engine.log_text())
                said = b"".join(server.lines)
                self.assertNotIn(b"AUTH", said)
                self.assertNotIn(self.PASSWORD.encode(), said)
                self.assertEqual(server.messages, [])
                self.assertNotIn(self.PASSWORD, engine.log_text())
                # Nor does everybody on the machine read it in the list of processes.
                with open(f"/proc/{engine.process.pid}/cmdline", "rb") as file:
                    self.assertNotIn(self.PASSWORD.encode(), file.read())
                engine.kill()

    def test_without_a_password_mail_goes_as_before(self):
        server = FakeSmtp()
        self.mailed(server, "smtp://127.0.0.1:{port}")
        wait_until(lambda: server.messages, "the mail arrives")
        self.assertIn(b"To: ops@example.test", server.messages[0])

    def test_nothing_said_by_a_caller_becomes_a_command_or_a_header(self):
        server = FakeSmtp()
        engine, client, topic = self.mailed(server, "smtp://127.0.0.1:{port}")
        wait_until(lambda: server.messages, "the confirmation arrives")
        token = re.search(rb"Token=3?D?=?\r?\n?([0-9a-fA-F]+)", server.messages[0].replace(b"=\r\n", b""))
        self.assertIsNotNone(token, server.messages[0])
        self.assertEqual(client.query("sns", Action="ConfirmSubscription", Version=VERSION, TopicArn=topic, Token=token.group(1).decode())[0], 200)
        for address in ("a@b\r\nRCPT TO:<victim@example.test>", "a@b> SIZE=1", "a@b>\r\nDATA", "<a@b>", "a b@c", "a@b,c@d", "a@b\n", "a@b\0c"):
            with self.subTest(address):
                self.assertEqual(self.subscribe(client, topic, "email", address)[0], 400)
        for subject in ("x\r\nBcc: victim@example.test", "x\nBcc: y", "x\0y"):
            with self.subTest(subject):
                self.assertEqual(client.query("sns", Action="Publish", Version=VERSION, TopicArn=topic, Message="m", Subject=subject)[0], 400)
        body = "one\r\n.\r\nMAIL FROM:<x@y>\r\nRCPT TO:<victim@example.test>\r\nDATA\r\nSubject: forged\r\n.\r\n"
        before = len(server.messages)
        self.assertEqual(client.query("sns", Action="Publish", Version=VERSION, TopicArn=topic, Message=body, Subject="S\u00fcbject")[0], 200)
        wait_until(lambda: len(server.messages) > before, "the message arrives")
        commands = b"".join(server.lines)
        self.assertNotIn(b"victim", commands)
        head = server.messages[before].split(b"\r\n\r\n")[0]
        self.assertNotIn(b"forged", head)
        self.assertIn(b"Subject: =?UTF-8?B?", head)
        self.assertEqual(len(server.messages), before + 1)


if __name__ == "__main__":
    unittest.main()
