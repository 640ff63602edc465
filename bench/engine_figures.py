# SPDX-License-Identifier: Apache-2.0
"""The engine's own figures, side by side with moto_server where it is installed, in one run:
start to first answer, idle memory, the answer to each of the guide's calls, and the chain from an alarm's transition to
the rewritten path with the guide's Python function. Prints a table with medians and spread; writes nothing."""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
sys.path.insert(0, os.path.join(ROOT, "tests", "guide"))
os.environ.setdefault("SITELATCH_BINARY", os.path.join(ROOT, "build", "release", "sitelatch"))
from sitelatch import SITELATCH, Engine, Workplace, wait_until  # noqa: E402

try:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    sys.exit("bench/engine_figures.py needs botocore for signing (apt-get install python3-boto3)")


def spread(samples, unit="ms"):
    samples = sorted(samples)
    return f"{statistics.median(samples):8.2f} {unit}   ({samples[0]:.2f} .. {samples[-1]:.2f}, {len(samples)} runs)"


def memory_mb(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    return int(fields["Rss"].split()[0]) / 1024, int(fields["Pss"].split()[0]) / 1024


class Signed:
    """Signed requests over one kept connection; the time is from the first byte sent to the last byte read."""

    def __init__(self, engine):
        environment = engine.environment()
        self.credentials = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
        host, port = engine.api.removeprefix("http://").rsplit(":", 1)
        self.host = f"{host}:{port}"
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, service, method, path, body=b"", headers=None, region="us-east-1"):
        request = AWSRequest(method, f"http://{self.host}{path}", data=body, headers={"Host": self.host, **(headers or {})})
        SigV4Auth(self.credentials, service, region).add_auth(request)
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in request.headers.items())
        data = (head + f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        started = time.perf_counter()
        self.socket.sendall(data)
        reply = b""
        while b"\r\n\r\n" not in reply:
            reply += self.socket.recv(65536)
        header, rest = reply.split(b"\r\n\r\n", 1)
        length = next((int(line.split(b":")[1]) for line in header.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        while len(rest) < length:
            rest += self.socket.recv(65536)
        took = (time.perf_counter() - started) * 1000
        return int(header.split()[1]), rest, took

    def query(self, service, version, action, region="us-east-1", **parameters):
        from urllib.parse import urlencode
        body = urlencode({"Action": action, "Version": version, **parameters}).encode()
        return self.send(service, "POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, region)


def start_figures(place):
    times = []
    for run in range(20):
        started = time.perf_counter()
        engine = Engine(os.path.join(place.path, f"start{run}"))
        times.append((time.perf_counter() - started) * 1000)
        engine.stop()
    print(f"start to ready (new directory)     {spread(times)}")
    engine = Engine(os.path.join(place.path, "start0"))
    time.sleep(2)
    rss, pss = memory_mb(engine.process.pid)
    print(f"idle memory                        {rss:8.1f} MB RSS, {pss:.1f} MB PSS")
    engine.stop()


def moto_figures(place):
    moto = shutil.which("moto_server")
    if not moto:
        print("moto_server is not on this machine: no peer beside")
        return
    times = []
    for _ in range(3):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        started = time.perf_counter()
        process = subprocess.Popen([moto, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        def answers():
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return True
            except OSError:
                return False
        wait_until(answers, "moto_server listens")
        times.append((time.perf_counter() - started) * 1000)
        rss, _ = memory_mb(process.pid)
        process.kill()
        process.wait()
    print(f"peer: moto_server, start to listen  {spread(times)}, {rss:.0f} MB RSS")


POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "route53:UpdateHealthCheck", "Resource": "*"}]})
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


def answers(place):
    engine = place.engine()
    client = Signed(engine)
    check = ('<CreateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><CallerReference>{}</CallerReference>'
             "<HealthCheckConfig><IPAddress>127.0.0.1</IPAddress><Port>9</Port><Type>HTTP</Type><ResourcePath>/lb-check</ResourcePath>"
             "</HealthCheckConfig></CreateHealthCheckRequest>")
    calls = {
        "sns CreateTopic": lambda n: client.query("sns", "2010-03-31", "CreateTopic", Name=f"t{n}"),
        "cloudwatch PutMetricAlarm": lambda n: client.query(
            "monitoring", "2010-08-01", "PutMetricAlarm", AlarmName=f"a{n}", MetricName="HealthCheckStatus", Namespace="AWS/Route53",
            Statistic="Minimum", Period=60, EvaluationPeriods=1, Threshold="1.0", ComparisonOperator="LessThanThreshold"),
        "iam CreateRole": lambda n: client.query("iam", "2010-05-08", "CreateRole", RoleName=f"r{n}", AssumeRolePolicyDocument=TRUST),
        "iam CreatePolicy": lambda n: client.query("iam", "2010-05-08", "CreatePolicy", PolicyName=f"p{n}", PolicyDocument=POLICY),
        "iam AttachRolePolicy": lambda n: client.query("iam", "2010-05-08", "AttachRolePolicy", RoleName=f"r{n}",
                                                       PolicyArn=f"arn:aws:iam::000000000000:policy/p{n}"),
        "route53 CreateHealthCheck": lambda n: client.send("route53", "POST", "/2013-04-01/healthcheck", check.format(n).encode()),
        "route53 ListHealthChecks": lambda n: client.send("route53", "GET", "/2013-04-01/healthcheck"),
        "sns Publish": lambda n: client.query("sns", "2010-03-31", "Publish", TopicArn=f"arn:aws:sns:us-east-1:000000000000:t{n}", Message="m"),
        "sts GetCallerIdentity": lambda n: client.query("sts", "2011-06-15", "GetCallerIdentity"),
    }
    for name, call in calls.items():
        times = []
        for n in range(50):
            status, body, took = call(n)
            assert status in (200, 201), (name, status, body)
            times.append(took)
        print(f"{name:34} {spread(times)}")


def chain(place):
    """SetAlarmState to the rewritten path, through topic and function: the guide's Python, cold and warm."""
    from guide_test import Story, aws_clis, LATCH
    clis = aws_clis()
    if not clis:
        print("no aws CLI: the chain is not measured")
        return
    story = Story(place, clis[0][0], options=())
    story.run_guide()
    client = Signed(story.engine)
    arn = f"/2013-04-01/healthcheck/{story.primary_check}"
    for name, runs in (("cold", 1), ("warm", 10)):
        times = []
        for _ in range(runs):
            client.query("monitoring", "2010-08-01", "SetAlarmState", AlarmName=story.primary_check, StateValue="OK", StateReason="bench")
            client.send("route53", "POST", arn, b'<UpdateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
                        b"<ResourcePath>/lb-check</ResourcePath></UpdateHealthCheckRequest>")
            started = time.perf_counter()
            client.query("monitoring", "2010-08-01", "SetAlarmState", AlarmName=story.primary_check, StateValue="ALARM", StateReason="bench")
            while LATCH.encode() not in client.send("route53", "GET", arn)[1]:
                time.sleep(0.0005)
            times.append((time.perf_counter() - started) * 1000)
        print(f"alarm to latch, guide's Python, {name}  {spread(times)}")


def native_chain(place):
    """The same through the guard's native function, released by `switch-back` between rounds (scaled time, so that the
    waits for health are short; the chain itself runs as fast as it runs)."""
    from guide_test import LATCH, Story, aws_clis
    clis = aws_clis()
    if not clis:
        return
    story = Story(place, clis[0][0], options=("--time-scale", "60"))
    sitelatch = lambda *words: subprocess.run([SITELATCH, *words], env=story.environment, check=True, capture_output=True)
    sitelatch("deploy", story.primary_check, "--yes")
    client = Signed(story.engine)
    arn, alarm = f"/2013-04-01/healthcheck/{story.primary_check}", f"sitelatch-{story.primary_check}"
    times = []
    for _ in range(6):
        started = time.perf_counter()
        client.query("monitoring", "2010-08-01", "SetAlarmState", AlarmName=alarm, StateValue="ALARM", StateReason="bench")
        while LATCH.encode() not in client.send("route53", "GET", arn)[1]:
            time.sleep(0.0002)
        times.append((time.perf_counter() - started) * 1000)
        sitelatch("switch-back", story.primary_check, "--reason", "bench", "--yes")
    print(f"alarm to latch, native function, cold  {spread(times[:1])}")
    print(f"alarm to latch, native function, warm  {spread(times[1:])}")


if __name__ == "__main__":
    print(f"{SITELATCH}; {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} at the start (a quiet machine is below 0.2)")
    with Workplace() as place:
        start_figures(place)
        moto_figures(place)
        answers(place)
    with Workplace() as place:
        chain(place)
    with Workplace() as place:
        native_chain(place)
