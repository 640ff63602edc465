# SPDX-License-Identifier: Apache-2.0
"""One connection to the engine with signed calls in every protocol, and the few calls that many tests begin with.
Standard library only; keys come from the engine's data directory."""
import base64
import http.client
import io
import json
import os
import re
import socket
import urllib.parse
import zipfile

from sigv4 import Signer

JSON_TARGETS = {"monitoring": ("GraniteServiceVersion20100801", "1.0"), "logs": ("Logs_20140328", "1.1"), "events": ("AWSEvents", "1.1")}


def address_of(text):
    """("127.0.0.1", 4566) of "http://127.0.0.1:4566" or "127.0.0.1:4566"."""
    host, port = text.removeprefix("http://").rsplit(":", 1)
    return host, int(port)


def keys_of(data_dir):
    """(access key id, secret) of the engine's root."""
    with open(os.path.join(data_dir, "credentials")) as file:
        text = file.read()
    return (re.search(r"aws_access_key_id = (\S+)", text).group(1), re.search(r"aws_secret_access_key = (\S+)", text).group(1))


class Client:
    """Not for several threads at once: each takes its own. Answers are (status, body)."""

    def __init__(self, engine, timeout=30, region="us-east-1", keys=None):
        self.host = engine.api.removeprefix("http://")
        self.signer = Signer(self.host, *(keys or keys_of(engine.data_dir)), region=region)
        self.connection = http.client.HTTPConnection(self.host, timeout=timeout)

    def close(self):
        self.connection.close()

    def send(self, method, path, body, service, **headers):
        """`path` without a query; header names with _ for -."""
        self.connection.request(method, path, body, self.signer.headers(service, body, method, path, **headers))
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def query(self, service, **fields):
        """The query protocol: iam, sts, sns."""
        return self.send("POST", "/", urllib.parse.urlencode(fields).encode(), service,
                         content_type="application/x-www-form-urlencoded")

    def json(self, service, operation, document):
        """The JSON protocol by X-Amz-Target: monitoring, logs, events."""
        target, version = JSON_TARGETS[service]
        return self.send("POST", "/", json.dumps(document).encode(), service, content_type=f"application/x-amz-json-{version}",
                         x_amz_target=f"{target}.{operation}")

    def alive(self):
        status, body = self.query("sts", Action="GetCallerIdentity", Version="2011-06-15")
        return status == 200 and b":root<" in body

    def create_health_check(self, reference, **config):
        """Fields of HealthCheckConfig; gives the id. `create_health_check("one", Type="HTTP", IPAddress="127.0.0.1", Port=80)`"""
        status, body = self.try_health_check(reference, **config)
        assert status == 201, body
        return re.search(rb"<Id>([^<]+)</Id>", body).group(1).decode()

    def try_health_check(self, reference, **config):
        order = ("IPAddress", "Port", "Type", "ResourcePath", "FullyQualifiedDomainName", "SearchString", "RequestInterval",
                 "FailureThreshold", "EnableSNI")
        fields = "".join(f"<{name}>{str(config[name]).lower() if isinstance(config[name], bool) else config[name]}</{name}>"
                         for name in order if name in config)
        document = ('<CreateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
                    f"<CallerReference>{reference}</CallerReference><HealthCheckConfig>{fields}</HealthCheckConfig>"
                    "</CreateHealthCheckRequest>")
        return self.send("POST", "/2013-04-01/healthcheck", document.encode(), "route53", content_type="application/xml")

    def health_check_statuses(self, check):
        """The words of every checker: ["Success: HTTP Status Code 200, OK", ...]."""
        status, body = self.send("GET", f"/2013-04-01/healthcheck/{check}/status", b"", "route53")
        assert status == 200, body
        return re.findall(r"<Status>([^<]*)</Status>", body.decode())

    def create_function(self, name, files, runtime="provided.al2023", timeout=3, memory=128):
        """A function of {file name: text}; makes its role when it is the first. Files may be executed."""
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        status, body = self.query("iam", Action="CreateRole", Version="2010-05-08", RoleName="functions",
                                  AssumeRolePolicyDocument=json.dumps(trust))
        assert status in (200, 409), body
        status, body = self.query("iam", Action="GetRole", Version="2010-05-08", RoleName="functions")
        role = re.search(r"<Arn>([^<]+)</Arn>", body.decode()).group(1)
        document = {"FunctionName": name, "Runtime": runtime, "Role": role, "Handler": "main.handler", "Timeout": timeout,
                    "MemorySize": memory, "Code": {"ZipFile": base64.b64encode(zip_of(files)).decode()}}
        status, body = self.send("POST", "/2015-03-31/functions", json.dumps(document).encode(), "lambda",
                                 content_type="application/json")
        assert status == 201, body

    def invoke(self, name, payload=b"{}"):
        return self.send("POST", f"/2015-03-31/functions/{name}/invocations", payload, "lambda", content_type="application/json")


def zip_of(files):
    """A zip of {name: text or bytes}, each with its execute bits."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


# An engine under the thread sanitizer does the same, some ten times as slowly.
SLOWNESS = 10 if "TSAN_OPTIONS" in os.environ else 1


def say(engine, data, read=True, finish=True):
    """Raw bytes to the API; what comes back until the engine closes or a moment has passed."""
    with socket.create_connection(address_of(engine.api), timeout=10) as link:
        try:
            link.sendall(data)
            if finish:
                link.shutdown(socket.SHUT_WR)
            link.settimeout((5 if finish else 0.3) * SLOWNESS)
            out = b""
            while read:
                part = link.recv(65536)
                if not part:
                    break
                out += part
            return out
        except OSError:
            return b""  # the engine has closed already
