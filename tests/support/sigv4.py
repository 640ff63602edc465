# SPDX-License-Identifier: Apache-2.0
"""Requests signed by hand, to send what no client sends. Standard library only."""
import datetime
import hashlib
import hmac
import http.client
import urllib.parse

EMPTY = hashlib.sha256(b"").hexdigest()


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signer:
    def __init__(self, host, key_id, secret, token=None, region="us-east-1"):
        self.host, self.key_id, self.secret, self.token, self.region = host, key_id, secret, token, region

    def scope(self, at, service):
        return f"{at:%Y%m%d}/{self.region}/{service}/aws4_request"

    def signature(self, canonical, at, service):
        to_sign = "\n".join(["AWS4-HMAC-SHA256", f"{at:%Y%m%dT%H%M%SZ}", self.scope(at, service),
                             hashlib.sha256(canonical.encode()).hexdigest()])
        key = _hmac(("AWS4" + self.secret).encode(), f"{at:%Y%m%d}")
        for part in (self.region, service, "aws4_request"):
            key = _hmac(key, part)
        return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()

    def headers(self, service, body=b"", method="POST", path="/", query="", at=None, **headers):
        """The headers of a signed request."""
        at = at or datetime.datetime.now(datetime.timezone.utc)
        out = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        out.update({"host": self.host, "x-amz-date": f"{at:%Y%m%dT%H%M%SZ}"})
        if self.token:
            out["x-amz-security-token"] = self.token
        names = ";".join(sorted(out))
        canonical = "\n".join([method, path, query, *(f"{name}:{out[name].strip()}" for name in sorted(out)), "", names,
                               hashlib.sha256(body).hexdigest()])
        out["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.key_id}/{self.scope(at, service)}, SignedHeaders={names}, "
                                f"Signature={self.signature(canonical, at, service)}")
        return out

    def presigned(self, service, query, method="GET", path="/", expires=60, at=None):
        """The target of a presigned request."""
        at = at or datetime.datetime.now(datetime.timezone.utc)
        query = {**query, "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{self.key_id}/{self.scope(at, service)}",
                 "X-Amz-Date": f"{at:%Y%m%dT%H%M%SZ}", "X-Amz-Expires": str(expires), "X-Amz-SignedHeaders": "host"}
        if self.token:
            query["X-Amz-Security-Token"] = self.token
        text = "&".join(f"{urllib.parse.quote(name, safe='-_.~')}={urllib.parse.quote(value, safe='-_.~')}"
                        for name, value in sorted(query.items()))
        canonical = "\n".join([method, path, text, "host:" + self.host, "", "host", EMPTY])
        return f"{path}?{text}&X-Amz-Signature={self.signature(canonical, at, service)}"


def send(host, method, target, headers, body=b""):
    """(status, headers, body)."""
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()
