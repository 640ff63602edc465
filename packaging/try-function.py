# SPDX-License-Identifier: Apache-2.0
"""A function of the engine that runs as a service: it runs, sees processes of its own alone and nothing of the machine's
state; and a health check for a later look. By the test's own signed client (scripts/package --vm copies it)."""
import json
import sys

sys.path.insert(0, "/support")
from signed_client import Client  # noqa: E402

LOOKS = r"""#!/bin/sh
set -u
base="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
exec /usr/bin/python3 - <<'END'
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(base + "next") as order:
        order.read()
        name = order.headers["Lambda-Runtime-Aws-Request-Id"]
    seen = [p for p in os.listdir("/proc") if p.isdigit()] if os.path.isdir("/proc/self") else None
    told = {"processes": len(seen) if seen is not None else None, "state": os.path.exists("/var/lib/sitelatch/state.db")}
    urllib.request.urlopen(urllib.request.Request(base + name + "/response", json.dumps(told).encode(), method="POST")).read()
END
"""


class Engine:
    api, data_dir = "http://127.0.0.1:4566", "/var/lib/sitelatch"


client = Client(Engine, timeout=120)
client.create_function("looks", {"bootstrap": LOOKS}, timeout=60, memory=256)
status, body = client.invoke("looks")
told = json.loads(body)
print("- a function sees", told)
assert status == 200 and told.get("state") is False, told
assert told["processes"] is not None and told["processes"] < 8, "it has no /proc of its own"
client.create_health_check("kept", Type="HTTP", FullyQualifiedDomainName="try.example.test", Port=80)
