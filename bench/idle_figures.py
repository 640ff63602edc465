# SPDX-License-Identifier: Apache-2.0
"""What the console and the metrics cost an engine that nobody looks at, and one that is scraped: start to ready, memory, processor. Pairs of
engines beside each other, with and without, so that the machine's moods are in both. Prints a table; writes nothing."""
import http.client
import os
import statistics
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
os.environ.setdefault("SITELATCH_BINARY", os.path.join(ROOT, "build", "release", "sitelatch"))
from sitelatch import SITELATCH, Engine, Workplace  # noqa: E402

WITHOUT, WITH = ("--console", "off"), ("--console", "127.0.0.1:0", "--metrics", "127.0.0.1:0")
SECONDS = 30


def pss_mb(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def cpu_ms(pid):
    """Of all its threads, by the scheduler's own clock."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e6


def spread(samples, unit):
    samples = sorted(samples)
    return f"{statistics.median(samples):8.3f} {unit}   ({samples[0]:.3f} .. {samples[-1]:.3f}, {len(samples)} runs)"


def starts(place):
    times = {WITHOUT: [], WITH: []}
    for run in range(20):
        for options in times:
            begun = time.perf_counter()
            engine = Engine(os.path.join(place.path, f"start{run}-{len(options)}"), *options)
            times[options].append((time.perf_counter() - begun) * 1000)
            engine.stop()
    print(f"start to ready, neither           {spread(times[WITHOUT], 'ms')}")
    print(f"start to ready, both              {spread(times[WITH], 'ms')}")
    return statistics.median(times[WITH])


def idle(place):
    memory, processor = {WITHOUT: [], WITH: []}, {WITHOUT: [], WITH: []}
    engines = [(options, place.keep(Engine(os.path.join(place.path, f"idle{run}-{len(options)}"), *options)))
               for run in range(3) for options in memory]
    time.sleep(5)  # until what a start leaves to do is done
    before = [cpu_ms(engine.process.pid) for _, engine in engines]
    time.sleep(SECONDS)
    for (options, engine), was in zip(engines, before):
        processor[options].append((cpu_ms(engine.process.pid) - was) / SECONDS / 10)  # per cent of a core
        memory[options].append(pss_mb(engine.process.pid))
    for name, options in (("neither", WITHOUT), ("both", WITH)):
        print(f"idle memory, {name:8}             {spread(memory[options], 'MB PSS')}")
        print(f"idle processor, {name:8}          {spread(processor[options], '% of a core')}")
    scraped = engines[1][1]
    host, port = scraped.api.removeprefix("http://").rsplit(":", 1)
    link = http.client.HTTPConnection(host, int(port))
    was, sizes = cpu_ms(scraped.process.pid), []
    for _ in range(200):
        link.request("GET", "/_sitelatch/metrics")
        sizes.append(len(link.getresponse().read()))
    each = (cpu_ms(scraped.process.pid) - was) / 200
    print(f"a scrape                          {each:8.3f} ms of processor, {sizes[-1] / 1024:.1f} KB; every 15 s: {each / 150:.4f} % of a core")
    print(f"memory after 200 scrapes          {pss_mb(scraped.process.pid):8.3f} MB PSS")
    return (statistics.median(memory[WITH]) - statistics.median(memory[WITHOUT]),
            statistics.median(processor[WITH]) - statistics.median(processor[WITHOUT]))


if __name__ == "__main__":
    print(f"{SITELATCH}; {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} at the start (a quiet machine is below 0.2)")
    with Workplace() as place:
        ready = starts(place)
    with Workplace() as place:
        megabytes, per_cent = idle(place)
    print(f"both cost {megabytes:.2f} MB (goal: below 2), {per_cent:.4f} % of a core (goal: below 0.1); ready after {ready:.1f} ms (goal: below 30)")
