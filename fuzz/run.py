#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shares MINUTES of processor time out over the fuzzers of build/fuzz, runs as many at a time as there are processors,
and tells in a table what they did. A fuzzer that finds something is started again until its time is over, so that one
finding does not hide the others. scripts/fuzz builds, and calls this."""
import concurrent.futures
import dataclasses
import glob
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz"
# Of the shared time, beside 1 for the others: where most code lies behind one door.
WEIGHTS = {"handlers": 8, "journal_rows": 3, "wire": 3, "policies": 2, "http_requests": 2}
# What an input may cost. Inputs of handlers are whole stories.
LONGEST_S = {"handlers": 20, "journal_rows": 20}
LONGEST_INPUT = {"handlers": 1024, "journal_rows": 512, "zips": 2048, "schedule": 128, "control": 512}
MOST_RESTARTS = 5
MEMORY_MB = 2048


@dataclasses.dataclass
class Outcome:
    name: str
    executions: int = 0
    edges: int = 0
    features: int = 0
    corpus: int = 0
    cpu_s: float = 0.0
    findings: list = dataclasses.field(default_factory=list)
    trouble: str = ""


def environment():
    env = dict(os.environ)
    env["ASAN_OPTIONS"] = "detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=0:handle_abort=1"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1"
    env["TZ"] = "UTC"
    return env


def cpu_of(pid):
    """Seconds of processor time of a process that has ended and is not yet reaped: asked before by wait4."""
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def once(outcome, seconds, run):
    """One run of a fuzzer; takes what its log says into the outcome. Answers its exit status. No seconds: its seeds, once."""
    name = outcome.name
    corpus, found, log = BUILD / "corpus" / name, BUILD / "findings" / name, BUILD / "logs" / f"{name}-{run}.log"
    for folder in (corpus, found, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = ROOT / "fuzz" / "seeds" / name
    what = [str(corpus), str(seeds), f"-max_total_time={max(1, round(seconds))}"] if seconds else [*map(str, sorted(seeds.iterdir())), "-runs=1"]
    command = [str(BUILD / "fuzz" / f"fuzz_{name}"), *what,
               f"-timeout={LONGEST_S.get(name, 5)}", f"-rss_limit_mb={MEMORY_MB}", f"-max_len={LONGEST_INPUT.get(name, 4096)}", f"-artifact_prefix={found}/",
               "-print_final_stats=1", "-use_value_profile=0", "-reload=0"]
    words = ROOT / "fuzz" / "dictionaries" / f"{name}.dict"
    if words.exists():
        command.append(f"-dict={words}")
    before = set(found.iterdir())
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment(), cwd=BUILD)
        status, cpu = cpu_of(process.pid)
        process.returncode = status
    text = log.read_text(errors="replace")
    counted = re.findall(r"stat::number_of_executed_units:\s*(\d+)", text) or re.findall(r"^#(\d+)\s", text, re.M)
    outcome.executions += int(counted[-1]) if counted else 0 if seconds else text.count("Executed ")
    for attribute, pattern in (("edges", r"cov: (\d+)"), ("features", r"ft: (\d+)"), ("corpus", r"corp: (\d+)")):
        seen = re.findall(pattern, text)
        if seen:
            setattr(outcome, attribute, max(getattr(outcome, attribute), int(seen[-1])))
    outcome.cpu_s += cpu
    new = sorted(set(found.iterdir()) - before)
    outcome.findings += [(path, reason_in(text), log) for path in new]
    if status != 0 and not new:
        outcome.trouble = f"ended with {status}: {log.relative_to(ROOT)}"
    return status


def reason_in(text):
    for pattern in (r"fuzz: broken promise: .*", r"ENSURE\(.*", r"runtime error: .*", r"ERROR: (?:AddressSanitizer|libFuzzer): .*"):
        found = re.search(pattern, text)
        if found:
            return found.group(0)[:160]
    return "see the log"


def fuzz(name, seconds):
    """Until its processor time is used: on a busy machine libFuzzer's clock, the wall's, is over before."""
    outcome = Outcome(name)
    run, struck = 0, 0
    while True:
        left = seconds and seconds - outcome.cpu_s
        if run > 0 and left < 5:
            break
        if once(outcome, left, run) != 0:
            struck += 1
        run += 1
        if outcome.trouble or struck == MOST_RESTARTS:
            break
    return outcome


def line(*cells):
    print("{:<16} {:>12} {:>8} {:>9} {:>7} {:>8} {:>8}  {}".format(*cells), flush=True)


def show(outcome):
    rate = round(outcome.executions / outcome.cpu_s) if outcome.cpu_s else 0
    line(outcome.name, outcome.executions, outcome.edges, outcome.features, outcome.corpus, f"{outcome.cpu_s:.0f}", rate,
         outcome.trouble or (f"{len(outcome.findings)} FOUND" if outcome.findings else "-"))


def main():
    minutes = 0 if sys.argv[1] == "--seeds" else float(sys.argv[1])
    built = sorted(pathlib.Path(path).name.removeprefix("fuzz_") for path in glob.glob(str(BUILD / "fuzz" / "fuzz_*"))
                   if os.access(path, os.X_OK) and os.path.isfile(path) and not path.endswith("fuzz_replay"))
    names = sys.argv[2:] or built
    unknown = [name for name in names if name not in built]
    if unknown or not names:
        sys.exit(f"no such fuzzer: {' '.join(unknown) or 'none is built'}; there are: {' '.join(built)}")
    jobs = int(os.environ.get("SITELATCH_FUZZ_JOBS") or len(os.sched_getaffinity(0)))
    total = sum(WEIGHTS.get(name, 1) for name in names)
    share = {name: 60 * minutes * WEIGHTS.get(name, 1) / total for name in names}
    print(f"{len(names)} targets, {minutes:g} minutes of processor time, {jobs} at a time\n", flush=True)
    line("target", "executions", "edges", "features", "corpus", "CPU s", "exec/s", "findings")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # The longest first, so that they do not end alone.
        running = [pool.submit(fuzz, name, share[name]) for name in sorted(names, key=lambda name: -share[name])]
        outcomes = []
        for done in concurrent.futures.as_completed(running):
            outcomes.append(done.result())
            show(outcomes[-1])
    print()
    line("all", sum(o.executions for o in outcomes), "", "", sum(o.corpus for o in outcomes), f"{sum(o.cpu_s for o in outcomes):.0f}", "",
         f"{sum(len(o.findings) for o in outcomes)} found")
    for outcome in outcomes:
        for path, reason, log in outcome.findings:
            print(f"\n{outcome.name}: {reason}\n  input:  {path.relative_to(ROOT)}\n  log:    {log.relative_to(ROOT)}\n"
                  f"  again:  build/fuzz/fuzz/fuzz_{outcome.name} {path.relative_to(ROOT)}\n"
                  f"  in any build, for a debugger: build/dev/fuzz/fuzz_replay {outcome.name} {path.relative_to(ROOT)}\n"
                  f"  mended? keep it: cp {path.relative_to(ROOT)} fuzz/seeds/{outcome.name}/found-WHAT")
    sys.exit(1 if any(o.findings or o.trouble for o in outcomes) else 0)


if __name__ == "__main__":
    main()
