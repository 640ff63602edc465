#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The guard's commands speak to servers whose certificate names them in subjectAltName, and to no others: a common name is a
text for people. (The native function: tests/function.)"""
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import SITELATCH, skip_loudly  # noqa: E402

CHECK = "233e180f-f023-45a3-954e-415303f21eab"


class Names(unittest.TestCase):
    def setUp(self):
        if not shutil.which("openssl"):
            skip_loudly("certificates: openssl makes them")
            self.skipTest("openssl")
        self.folder = tempfile.mkdtemp(prefix="sitelatch-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout", self.at("ca.key"),
                     "-out", self.at("ca.pem"))

    def at(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    def asked(self, common, alternative, host):
        """(requests that a server with such a certificate got, what the command said)."""
        with open(self.at("ext"), "w") as file:
            file.write(f"subjectAltName={alternative}\n" if alternative else "basicConstraints=CA:FALSE\n")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={common}", "-keyout", self.at("s.key"), "-out", self.at("s.csr"))
        self.openssl("x509", "-req", "-in", self.at("s.csr"), "-CA", self.at("ca.pem"), "-CAkey", self.at("ca.key"), "-CAcreateserial",
                     "-days", "2", "-extfile", self.at("ext"), "-out", self.at("s.pem"))
        requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                requests.append(self.path)
                self.send_response(403)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.at("s.pem"), self.at("s.key"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "AWS_ENDPOINT_URL": f"https://{host}:{server.server_address[1]}",
                       "AWS_CA_BUNDLE": self.at("ca.pem"), "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
                       "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        done = subprocess.run([SITELATCH, "status", CHECK], env=environment, capture_output=True, text=True, timeout=120)
        server.shutdown()
        server.server_close()
        self.assertNotEqual(done.returncode, 0)
        return requests, done.stdout + done.stderr

    def test_only_subject_alt_names_count(self):
        for common, alternative, host, good in (("x", "DNS:localhost", "localhost", True), ("x", "IP:127.0.0.1", "127.0.0.1", True),
                                                ("localhost", None, "localhost", False), ("127.0.0.1", None, "127.0.0.1", False),
                                                ("localhost", "email:a@example.test", "localhost", False)):
            with self.subTest(common=common, alternative=alternative):
                requests, said = self.asked(common, alternative, host)
                self.assertEqual(bool(requests), good, said)
                if not good:
                    self.assertIn("certificate", said)


if __name__ == "__main__":
    unittest.main()
