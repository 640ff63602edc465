#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real engine under a mixed, moderate load for hours: does anything in it grow? Standard library only; seeded
(SITELATCH_SEED), though threads and the network make no two runs alike. scripts/soak starts it.

Every minute it samples memory, descriptors, threads, processes, files and latencies into a CSV; at the end it fits slopes
after the warm-up (watch.py has the bounds) and fails when something is not level, when an answer was an error, when DNS
named Primary under a latch, when a kind of load did not take place, or when the idle engine does not give back what the
load had. The engine's time runs 60 times as fast, so two hours see a day's retentions turn over five times."""
import argparse
import base64
import itertools
import os
import random
import re
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
import chain  # noqa: E402
import watch  # noqa: E402
from calls import Calls, Errors, record, tag  # noqa: E402
from hostile import Stranger  # noqa: E402
from lives import HANDLER, POLICY, TOPIC_POLICY, TRUST, Lives, zipped  # noqa: E402
from neighbours import Neighbours, Site  # noqa: E402
from sitelatch import SITELATCH, Workplace, aws_clis, dns_lookup, wait_until  # noqa: E402

SITES, TIME_SCALE = 24, 60


class Dns:
    def __init__(self, engine, latencies):
        host, port = engine.dns.rsplit(":", 1)
        self.address, self.latencies = (host, int(port)), latencies

    def ask(self, name):
        started = time.perf_counter()
        try:
            code, answers = dns_lookup(*self.address, name)
        except OSError as error:
            return [repr(error)]
        self.latencies.add((time.perf_counter() - started) * 1000)
        return answers if code == 0 else [code]

    def ask_by_tcp(self, name):
        question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0" + struct.pack("!HH", 1, 1)
        query = struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0) + question
        with socket.create_connection(self.address, timeout=10) as link:
            link.sendall(struct.pack("!H", len(query)) + query)
            return link.recv(65536)[2:4] == query[:2]


class Soak:
    def __init__(self, place, hours, sample_every, load):
        self.random = random.Random(int(os.environ.get("SITELATCH_SEED", "1")))
        self.errors, self.stopped, self.load = Errors(), threading.Event(), load
        self.reads, self.answers = watch.Latencies(), watch.Latencies()
        self.neighbours = Neighbours(SITES)
        self.began, self.hours, self.sample_every = time.time(), hours, sample_every
        self.engine = place.engine("--time-scale", str(TIME_SCALE))
        self.environment = self.engine.environment()
        self.environment["SITELATCH_DNS"] = self.engine.dns
        self.dns = Dns(self.engine, self.answers)
        self.serials, self.place, self.actors, self.pairs = itertools.count(), place, [], []
        self.end = None

    # --- what lives ask of it
    def calls_as(self, credentials, region="us-east-1"):
        return Calls(self.environment, self.errors, region, credentials)

    def serial(self):
        return next(self.serials)

    def engine_ms(self):
        """The engine's time, which runs faster (to within what its start took)."""
        return int((self.began + (time.time() - self.began) * TIME_SCALE) * 1000)

    def arn(self, service, rest, region="us-east-1"):
        return f"arn:aws:{service}:{region}:000000000000:{rest}"

    def ending(self):
        return self.stopped.is_set()

    def keep_logs_short(self, group, region="us-east-1"):
        calls = self.calls_as(None, region)
        calls.target("logs", "CreateLogGroup", expect=(200, 400), logGroupName=group)
        calls.target("logs", "PutRetentionPolicy", logGroupName=group, retentionInDays=1)
        calls.close()

    # --- the world
    def furnish(self):
        """What stays: a zone, a topic with a sink, a function, checks with records and alarms, and the guarded pairs."""
        calls = self.calls = self.calls_as(None)
        self.zone = calls.create_zone("soak.test", "soak")
        self.topic_arn = tag(calls.query("sns", "CreateTopic", Name="soak-standing"), "TopicArn")
        calls.query("sns", "SetTopicAttributes", TopicArn=self.topic_arn, AttributeName="Policy", AttributeValue=TOPIC_POLICY.replace(
            '"Resource": "*"', f'"Resource": "{self.topic_arn}"'))
        calls.query("sns", "Subscribe", TopicArn=self.topic_arn, Protocol="http", Endpoint=f"http://127.0.0.1:{self.neighbours.sink.port}/")
        token = wait_until(lambda: self.neighbours.sink.token_of(self.topic_arn), "the sink is asked to confirm")
        calls.query("sns", "ConfirmSubscription", TopicArn=self.topic_arn, Token=token)
        self.role_arn = tag(calls.query("iam", "CreateRole", RoleName="soak-standing", AssumeRolePolicyDocument=TRUST), "Arn")
        calls.query("iam", "PutRolePolicy", RoleName="soak-standing", PolicyName="p", PolicyDocument=POLICY.replace('"sns:*"', '"sns:*", "logs:*"'))
        function = calls.functions("POST", "", {"FunctionName": "soak-standing", "Runtime": "python3.11", "Handler": "handler.handler",
                                                "Role": self.role_arn, "Code": {"ZipFile": base64.b64encode(zipped(HANDLER)).decode()}})
        calls.functions("POST", "/soak-standing/policy", {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"})
        calls.query("sns", "Subscribe", TopicArn=self.topic_arn, Protocol="lambda", Endpoint=function["FunctionArn"])
        self.keep_logs_short("/aws/lambda/soak-standing")
        self.names = []
        kinds = [("HTTP", ""), ("TCP", ""), ("HTTP_STR_MATCH", "<SearchString>alive</SearchString>")]
        for number, site in enumerate(self.neighbours.sites[2:]):
            kind, more = kinds[number % 3]
            check = calls.create_check(f"site-{number}", site.port, kind, threshold=1 + number % 3, more=more)
            name = f"s{number}.soak.test"
            self.names.append(name)
            calls.change_records(self.zone, record("UPSERT", name, f"203.0.113.{number + 1}", "PRIMARY", check),
                                 record("UPSERT", name, f"203.0.113.{number + 101}", "SECONDARY"))
            if number < 10:
                calls.query("monitoring", "PutMetricAlarm", AlarmName=f"site-{number}", Namespace="AWS/Route53", MetricName="HealthCheckStatus",
                            Statistic="Minimum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="LessThanThreshold", **{
                                "Dimensions.member.1.Name": "HealthCheckId", "Dimensions.member.1.Value": check,
                                "AlarmActions.member.1": self.topic_arn})
        self.pairs.append(chain.GuardPair(self))
        if aws_clis():
            self.pairs.append(chain.GuidePair(self, os.path.join(self.place.path, "guide")))
        else:
            print("SKIPPED: no aws CLI on this machine: the guide's own pair")

    # --- the load
    def every(self, seconds, step, close=None):
        """An actor: `step` again and again, with pauses of about that long."""
        chance = random.Random(self.random.random())

        def run():
            while not self.stopped.wait(chance.uniform(0.5, 1.5) * seconds / self.load):
                try:
                    step()
                except Exception as error:  # noqa: BLE001: whatever a step of the load trips over is the soak's finding
                    self.errors.add("load", repr(error))
            if close:
                close()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.actors.append(thread)

    def start_load(self):
        self.lives = Lives(self, self.calls)
        reader, standing = self.calls_as(None), self.calls_as(None)
        self.stranger = Stranger(self.engine, random.Random(self.random.random()))
        by_tcp = itertools.cycle(self.names)

        def read():
            started = time.perf_counter()
            reader.query("sts", "GetCallerIdentity")
            self.reads.add((time.perf_counter() - started) * 1000)

        def resolve():
            self.dns.ask(self.random.choice(self.names))
            for pair in self.pairs:
                pair.watch()

        def resolve_by_tcp():
            if not self.dns.ask_by_tcp(next(by_tcp)):
                self.errors.add("dns", "TCP: another's answer")

        def invoke():
            answer = standing.functions("POST", "/soak-standing/invocations", {"size": 100})
            if "count" not in answer:
                self.errors.add("function", f"soak-standing: {answer}")

        def disturb():
            site = self.random.choice(self.neighbours.sites[2:])
            site.way = None if site.way or self.random.random() < 0.4 else self.random.choice(Site.ways)

        self.every(0.15, self.lives.step, self.lives.finish)
        self.every(1.0, read, reader.close)
        self.every(0.1, resolve)
        self.every(1.0, resolve_by_tcp)
        self.every(2.0, invoke, standing.close)
        self.every(1.0, disturb)
        self.every(2.0, self.stranger.step, self.stranger.close)
        self.actors += [chain.start(pair) for pair in self.pairs]

    # --- looking
    def sample(self, before):
        figures = {**watch.process_figures(self.engine.process.pid), **watch.directory_figures(self.engine.data_dir)}
        figures["minute"] = (time.monotonic() - self.started) / 60
        elapsed = max(time.monotonic() - before[0], 0.001)
        figures["cpu_percent"] = (figures["cpu"] - before[1]) / elapsed * 100
        figures["read_p50_ms"], figures["read_p99_ms"] = self.reads.take()
        figures["dns_p50_ms"], figures["dns_p99_ms"] = self.answers.take()
        figures.update(calls=sum(self.calls.made.values()), probes=sum(site.probes for site in self.neighbours.sites),
                       deliveries=self.neighbours.sink.deliveries, latches=sum(pair.latches for pair in self.pairs),
                       errors=sum(self.errors.count.values()), machine_load=os.getloadavg()[0])
        return figures, (time.monotonic(), figures["cpu"])

    def watch(self, samples):
        self.started = time.monotonic()
        before = (self.started, watch.process_figures(self.engine.process.pid)["cpu"])
        said = 0.0
        end = self.started + self.hours * 3600
        # A short run waits for the first latches.
        while time.monotonic() < end or (time.monotonic() < end + 60 and not all(pair.latches for pair in self.pairs)):
            time.sleep(min(self.sample_every, max(1.0, end - time.monotonic())))  # a soak is time
            if self.engine.process.poll() is not None:
                raise AssertionError(f"the engine ended with {self.engine.process.returncode}\n{self.engine.log_text()[-4000:]}")
            row, before = self.sample(before)
            samples.add(row)
            if row["minute"] - said >= 5 or self.hours < 0.2:
                said = row["minute"]
                print(f"minute {row['minute']:6.1f}: RSS {row['rss_mb']:.1f} MB, {row['descriptors']} descriptors, {row['threads']} threads, "
                      f"{row['children']} children, CPU {row['cpu_percent']:.0f}%, WAL {row['wal_mb']:.1f} MB, read p99 {row['read_p99_ms']:.1f} ms, "
                      f"DNS p99 {row['dns_p99_ms']:.1f} ms, {row['calls']} calls, {row['latches']} latches, {row['errors']} errors", flush=True)

    def stop_load(self):
        self.stopped.set()
        for site in self.neighbours.sites:
            site.way = None
        for actor in self.actors:
            actor.join(timeout=120)
            if actor.is_alive():
                self.errors.add("load", "an actor does not end")
        self.calls.close()


def is_at_rest(now, idle):
    """Whether the engine has given back what the load had. Warm functions stay a while, each with its descriptors."""
    return now["descriptors"] <= idle["descriptors"] + 4 + 6 * now["children"] and now["threads"] <= idle["threads"] + 1


def wait_for_rest(soak, idle, limit=90):
    end = time.monotonic() + limit
    while True:
        now = watch.process_figures(soak.engine.process.pid)
        if is_at_rest(now, idle) or time.monotonic() > end:
            return now
        time.sleep(1)  # polling another process, not waiting for time


def complaints(log):
    """The engine's warnings and errors by their words, names and numbers left out: [(how often, an example)]."""
    kinds = {}
    for line in log.splitlines():
        found = re.match(r"\S+ (warning|error) (.*)", line)
        if found:
            kind = re.sub(r"[0-9a-f]{8}-[-0-9a-f]+|\d+", "#", found.group(0).split(" ", 1)[1])[:80]
            count, example = kinds.get(kind, (0, line))
            kinds[kind] = (count + 1, example)
    return sorted(kinds.values(), reverse=True)


def verdicts(soak, samples, warm_up, idle, rested, long_enough):
    """What is wrong, in sentences."""
    out = [f"{count} errors: {kind}" for kind, count in soak.errors.count.items()]
    out += [f"no {kind} lived to its end" for kind, lived in soak.lives.lived.items() if lived == 0]
    out += [f"{pair.name} was never latched" for pair in soak.pairs if pair.latches == 0]
    if soak.neighbours.sink.deliveries == 0:
        out.append("SNS delivered nothing")
    if not is_at_rest(rested, idle):
        out.append(f"at rest again: {rested['descriptors']} descriptors and {rested['threads']} threads, before the load "
                   f"{idle['descriptors']} and {idle['threads']}")
    if long_enough:
        slopes = samples.slopes(warm_up)
        out += [f"{name} grows by {slopes[name]:.2f} an hour (bound: {bound:g})" for name, bound in watch.BOUNDS.items() if slopes[name] > bound]
    return out


def run(hours, sample_every, load, csv_path):
    with Workplace() as place:
        soak = Soak(place, hours, sample_every, load)
        soak.furnish()
        idle = watch.process_figures(soak.engine.process.pid)
        samples = watch.Record(csv_path)
        print(f"{SITELATCH}; {hours:g} hours; seed {os.environ.get('SITELATCH_SEED', '1')}; time runs {TIME_SCALE} times as fast; samples in {csv_path}",
              flush=True)
        soak.start_load()
        soak.watch(samples)
        soak.stop_load()
        rested = wait_for_rest(soak, idle)
        warm_up = min(25.0, hours * 60 / 3)
        long_enough = hours >= 0.5
        watch.table(samples, warm_up if long_enough else 0)
        print(f"\nlives led to their end: {', '.join(f'{kind} {lived}' for kind, lived in soak.lives.lived.items())}; strangers {soak.stranger.done}; "
              f"latches and switch backs {', '.join(f'{pair.name} {pair.latches}' for pair in soak.pairs)}")
        print(f"signed read p50 {watch.quantiles(soak.reads.all)[0]:.2f} ms, p99 {watch.quantiles(soak.reads.all)[1]:.2f} ms; DNS p50 "
              f"{watch.quantiles(soak.answers.all)[0]:.2f} ms, p99 {watch.quantiles(soak.answers.all)[1]:.2f} ms; at rest: {rested['rss_mb']:.1f} MB RSS "
              f"(before the load {idle['rss_mb']:.1f}), {rested['descriptors']} descriptors ({idle['descriptors']}), {rested['threads']} threads "
              f"({idle['threads']}), {rested['children']} children")
        wrong = verdicts(soak, samples, warm_up, idle, rested, long_enough)
        for count, example in complaints(soak.engine.log_text())[:12]:
            print(f"the engine's log, {count} times: {example[:240]}")
        status = soak.engine.stop()
        if status != 0:
            wrong.append(f"the engine ended with {status}")
        soak.neighbours.close()
        for line in soak.errors.said:
            print(line)
        for line in wrong:
            print(f"NOT LEVEL: {line}")
        if not wrong:
            print("level" if long_enough else "no error; too short to fit slopes")
        return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("hours", type=float, nargs="?", default=2.0)
    parser.add_argument("--sample-every", type=float, default=None, metavar="SECONDS", help="default: 60, or less in a short run")
    parser.add_argument("--load", type=float, default=1.0, metavar="FACTOR", help="times the usual number of calls")
    parser.add_argument("--csv", default=None, metavar="FILE")
    options = parser.parse_args()
    every = options.sample_every or min(60.0, max(1.0, options.hours * 3600 / 40))
    path = options.csv or os.path.join(os.path.dirname(os.path.abspath(SITELATCH)), f"soak-{time.strftime('%Y%m%d-%H%M%S')}.csv")
    sys.exit(run(options.hours, every, options.load, path))
