#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/safety.md, by `sitelatch simulate`: prints them and writes them between the page's marks.
No measurement of time: the same on every machine."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "safety.md")
BINARY = os.environ.get("SITELATCH_BINARY", os.path.join(ROOT, "build", "release", "sitelatch"))
RUNS = os.environ.get("SITELATCH_RUNS", "1000")
OUTAGES = (20, 30, 60, 90, 120, 180, 300)
CASES = ("optimistic", "base", "pessimistic")
# Of the design on paper that this page is held against: leaks in per cent by case; None: no failover.
DESIGN = {
    ("guide", 30, 1): ((96, 100, 100), (99, 100, 100), (62, 99, 100), (14, 84, 100), (0, 49, 100), (0, 1, 98), (0, 0, 25)),
    ("guide", 30, 3): (None, None, None, (14, 85, 100), (0, 51, 100), (0, 1, 97), (0, 0, 23)),
    ("guide", 30, 10): (None, None, None, None, None, None, (0, 0, 24)),
    ("hardened", 30, 3): (None, None, None, (0, 0, 0.1), (0, 0, 0), (0, 0, 0), (0, 0, 0)),
    ("config", 30, 1): ((0, 0, 0),) * 7,
    ("fast", 10, 2): ((0, 0, 0),) * 7,
    ("strict", 30, 1): ((0, 0, 0),) * 7,
}
DESIGN_FAILOVER = {("guide", 30, 1): {"base": (28, 33), "pessimistic": (35, 43)}, ("hardened", 30, 3): {"base": (88, 93), "pessimistic": (95, 102)},
                   ("fast", 10, 2): {"base": (33, 40), "pessimistic": (47, 58)}, ("strict", 30, 1): {"base": (103, 152), "pessimistic": (202, 285)},
                   ("config", 30, 1): {"base": (120, 181), "pessimistic": (250, 345)}}
DESIGN_UNSAFE = {30: {"base": (86, 143), "pessimistic": (206, 304)}, 60: {"base": (62, 120), "pessimistic": (195, 293)},
                 120: {"base": (23, 65), "pessimistic": (143, 250)}}
DESIGN_RUNS = 1000  # "1,000 to 1,500 runs a cell"


def simulate(*arguments):
    run = subprocess.run([BINARY, "simulate", *arguments], capture_output=True, text=True, check=True)
    return run.stdout


def rows(*arguments):
    return json.loads(simulate(*arguments, "--output", "json"))


def key(row):
    return row["form"], row["interval_s"], row["threshold"]


def name(of):
    return f"{of[0]} {of[1]}/{of[2]}"


def share(row):
    if row["failovers"] == 0:
        return "–"
    value = 100 * row["leak_share"]
    return f"{value:.1f}" if 0 < value < 1 or 99 < value < 100 else f"{value:.0f}"


def number(value):
    return "–" if value is None else f"{value:.0f}"


def line(*cells):
    return "| " + " | ".join(cells) + " |\n"


def head(*cells):
    return line(*cells) + "|" + "---|" * len(cells) + "\n"


def everything():
    outages = ",".join(f"{length}s" for length in OUTAGES)
    found = rows("--outage", outages, "--runs", RUNS)
    for threshold in ("3", "10"):
        found += rows("--form", "guide", "--threshold", threshold, "--outage", outages, "--runs", RUNS)
    return {(key(row), row["outage_s"], row["case"]): row for row in found}


def leaks(found):
    forms = list(dict.fromkeys(of for of, _, _ in found))
    out = head("outage, s", *(name(of) for of in forms))
    for outage in OUTAGES:
        cells = []
        for of in forms:
            shares = [share(found[of, outage, case]) for case in CASES]
            cells.append("–" if set(shares) == {"–"} else "0" if set(shares) == {"0"} else "/".join(shares))
        out += line(str(outage), *cells)
    return out


def times(found):
    out = head("form", "outage, s", "fail over, %", "failover p50/p99, s: base", "pessimistic", "unsafe s of a leak, mean/p99: base", "pessimistic",
               "never latched, % of leaks: base", "pessimistic")
    for of in dict.fromkeys(of for of, _, _ in found):
        for outage in (30, 60, 120) if of == ("guide", 30, 1) else (300,):
            cells = [found[of, outage, case] for case in ("base", "pessimistic")]
            out += line(name(of), str(outage), "/".join(f"{100 * found[of, outage, case]['failovers'] / found[of, outage, case]['runs']:.0f}" for case in CASES),
                        *(f"{number(row['failover_s_p50'])}/{number(row['failover_s_p99'])}" for row in cells),
                        *(f"{number(row['unsafe_s_mean'])}/{number(row['unsafe_s_p99'])}" if row["leaks"] else "–" for row in cells),
                        *(number(100 * row["never_latched"] / row["leaks"]) if row["leaks"] else "–" for row in cells))
    return out


def wilson(hits, of):
    z, p = 1.96, hits / of
    middle, spread, whole = p + z * z / (2 * of), z * (p * (1 - p) / of + z * z / (4 * of * of)) ** 0.5, 1 + z * z / of
    return (middle - spread) / whole, (middle + spread) / whole


def beyond_noise(row, design):
    if row["failovers"] == 0:
        return False
    low, high = wilson(design / 100 * DESIGN_RUNS, DESIGN_RUNS)
    # The page's figures are whole per cents.
    return row["leak_share_low"] > high + 0.005 or row["leak_share_high"] < low - 0.005


def differences(found):
    out = head("cell", "case", "design, %", "here, % (95 %)")
    for of, cells in DESIGN.items():
        for outage, design in zip(OUTAGES, cells):
            for index, case in enumerate(CASES):
                row = found[of, outage, case]
                if design is None:
                    if row["failovers"]:
                        out += line(f"{name(of)}, {outage} s", case, "no failover", f"{100 * row['failovers'] / row['runs']:.1f} % fail over")
                elif beyond_noise(row, design[index]):
                    out += line(f"{name(of)}, {outage} s", case, str(design[index]),
                                f"{share(row)} ({100 * row['leak_share_low']:.1f} to {100 * row['leak_share_high']:.1f})")
    return out


def differing_times(found):
    out = head("figure", "case", "design, s", "here, s")
    for of, by_case in DESIGN_FAILOVER.items():
        for case, (median, tail) in by_case.items():
            row = found[of, 300, case]
            out += line(f"{name(of)}: failover p50/p99", case, f"{median}/{tail}", f"{number(row['failover_s_p50'])}/{number(row['failover_s_p99'])}")
    for outage, by_case in DESIGN_UNSAFE.items():
        for case, (mean, tail) in by_case.items():
            row = found[("guide", 30, 1), outage, case]
            out += line(f"guide, {outage} s: leak to latch, mean; unsafe mean/p99", case, f"{mean}; –/{tail}",
                        f"{number(row['unsafe_to_latch_s_mean'])}; {number(row['unsafe_s_mean'])}/{number(row['unsafe_s_p99'])}")
    return out


def in_words(one, ends):
    if one["unit"] == "ms":
        low, high = (f"{end / 1000:g}s" for end in ends)
    else:
        low, high = (str(end) for end in ends)
    return low if low == high else f"{low}..{high}"


def sensitivity():
    """One at a time: the base case, and one assumption of the optimistic or the pessimistic."""
    assumptions = json.loads(simulate("--assumptions", "--output", "json"))
    cells = (("guide", "90s"), ("guide", "120s"), ("guide", "180s"), ("hardened", "90s"))

    def row_of(*assumed):
        out = []
        for form, outage in cells:
            row = rows("--form", form, "--case", "base", "--outage", outage, "--runs", RUNS, *assumed)[0]
            out.append((share(row), row["unsafe_s_mean"]))
        return out

    out = head("the base case, but", "guide, 90 s: leaks, %", "120 s", "180 s", "unsafe s of a leak of 120 s", "hardened, 90 s: leaks, %")

    def written(what, values):
        return line(what, values[0][0], values[1][0], values[2][0], number(values[1][1]), values[3][0])

    base = row_of()
    out += written("(as it is)", base)
    for one in assumptions:
        for case in ("optimistic", "pessimistic"):
            if one[case] == one["base"]:
                continue
            value = in_words(one, one[case])
            values = row_of("--assume", f"{one['name']}={value}")
            if values != base:
                out += written(f"{one['name']} {value} ({case})", values)
    return out


def put(page, part, text):
    begin, end = f"<!-- {part}: by scripts/bench safety -->\n", f"<!-- end of {part} -->\n"
    before, rest = page.split(begin)
    return before + begin + text + end + rest.split(end)[1]


def main():
    found = everything()
    parts = {"leaks": leaks(found), "times": times(found), "assumptions": simulate("--assumptions", "--output", "markdown"),
             "sensitivity": sensitivity(), "differences": differences(found), "times that differ": differing_times(found)}
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    for part, text in parts.items():
        print(f"\n## {part}\n\n{text}")
        page = put(page, part, text)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)
    print(f"written to {os.path.relpath(PAGE)}", file=sys.stderr)


if __name__ == "__main__":
    main()
