# SPDX-License-Identifier: Apache-2.0
"""Signed calls over a kept connection, counted; an answer that was not expected is an error of the soak."""
import collections
import http.client
import json
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sigv4 import Signer  # noqa: E402

XMLNS = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'
VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15", "sns": "2010-03-31", "monitoring": "2010-08-01"}
TARGETS = {"logs": "Logs_20140328", "events": "AWSEvents"}


def tag(xml, name):
    found = re.search(f"<{name}>([^<]*)</{name}>", xml)
    return found.group(1) if found else None


class Errors:
    """What went wrong, by kind; the first few of each kind in words."""

    def __init__(self):
        self.count, self.said = collections.Counter(), []

    def add(self, kind, text):
        self.count[kind] += 1
        if self.count[kind] <= 5:
            self.said.append(f"{kind}: {text}")
            print(f"ERROR {kind}: {text}", flush=True)


class Calls:
    """One actor's calls. Not for several threads."""

    def __init__(self, environment, errors, region="us-east-1", credentials=None):
        self.host = environment["AWS_ENDPOINT_URL"].removeprefix("http://")
        key, secret, token = credentials or (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], None)
        self.signer = Signer(self.host, key, secret, token, region=region)
        self.errors, self.connection = errors, http.client.HTTPConnection(self.host, timeout=60)
        self.made = collections.Counter()

    def close(self):
        self.connection.close()

    def send(self, service, method, path, body=b"", query="", expect=(200, 201, 202, 204), name=None, **headers):
        self.made[name or f"{service} {method}"] += 1
        signed = self.signer.headers(service, body, method, urllib.parse.quote(path, safe="/-_.~"), query, **headers)
        for attempt in (1, 2):
            try:
                self.connection.request(method, path + ("?" + query if query else ""), body, signed)
                answer = self.connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                self.connection.close()  # a kept connection may be closed when it has idled: once
                if attempt == 2:
                    self.errors.add("connection", f"{name or service} {path}: {error!r}")
                    return ""
            except OSError as error:
                self.connection.close()
                self.errors.add("connection", f"{name or service} {path}: {error!r}")
                return ""
        if answer.status not in expect:
            self.errors.add("answer", f"{name or service} {method} {path}: {answer.status} {text[:300]}")
        return text

    def query(self, service, action, expect=(200,), **fields):
        form = urllib.parse.urlencode({"Action": action, "Version": VERSIONS[service], **fields}).encode()
        return self.send(service, "POST", "/", form, expect=expect, name=f"{service} {action}",
                         content_type="application/x-www-form-urlencoded")

    def target(self, service, operation, expect=(200,), **body):
        text = self.send(service, "POST", "/", json.dumps(body).encode(), expect=expect, name=f"{service} {operation}",
                         x_amz_target=f"{TARGETS[service]}.{operation}", content_type="application/x-amz-json-1.1")
        return json.loads(text) if text.startswith("{") else {}

    def functions(self, method, path, body=None, expect=(200, 201, 202, 204), query="", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        text = self.send("lambda", method, "/2015-03-31/functions" + path, data, query, expect,
                         name=f"lambda {method} {path.rsplit('/', 1)[-1] if path.count('/') > 1 else ''}".strip(), **headers)
        return json.loads(text) if text.startswith("{") else {}

    def route53(self, method, path, body="", expect=(200, 201), query=""):
        return self.send("route53", method, "/2013-04-01" + path, body.encode(), query, expect,
                         name=f"route53 {method} /{path.split('/')[1]}")

    # --- what several actors need
    def create_check(self, reference, port, kind="HTTP", interval=30, threshold=1, more=""):
        path = "<ResourcePath>/lb-check</ResourcePath>" if kind != "TCP" else ""
        return tag(self.route53("POST", "/healthcheck", f"""<CreateHealthCheckRequest {XMLNS}><CallerReference>{reference}</CallerReference>
          <HealthCheckConfig><IPAddress>127.0.0.1</IPAddress><Port>{port}</Port><Type>{kind}</Type>{path}{more}
          <RequestInterval>{interval}</RequestInterval><FailureThreshold>{threshold}</FailureThreshold></HealthCheckConfig>
          </CreateHealthCheckRequest>"""), "Id")

    def update_check(self, check, inner):
        self.route53("POST", f"/healthcheck/{check}", f"<UpdateHealthCheckRequest {XMLNS}>{inner}</UpdateHealthCheckRequest>")

    def path_of(self, check):
        return tag(self.route53("GET", f"/healthcheck/{check}"), "ResourcePath")

    def create_zone(self, name, reference):
        return tag(self.route53("POST", "/hostedzone", f"<CreateHostedZoneRequest {XMLNS}><Name>{name}</Name><CallerReference>{reference}"
                                "</CallerReference></CreateHostedZoneRequest>"), "Id").split("/")[-1]

    def change_records(self, zone, *changes):
        self.route53("POST", f"/hostedzone/{zone}/rrset/", f"<ChangeResourceRecordSetsRequest {XMLNS}><ChangeBatch><Changes>"
                     f"{''.join(changes)}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>")


def record(action, name, value, role=None, check=None, kind="A"):
    failover = f"<SetIdentifier>{role}</SetIdentifier><Failover>{role}</Failover>" if role else ""
    health = f"<HealthCheckId>{check}</HealthCheckId>" if check else ""
    return (f"<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type>{failover}<TTL>60</TTL>"
            f"<ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>{health}</ResourceRecordSet></Change>")
