#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that no compiler holds: the arrows between folders, the shape of coroutines, licence lines, no
sleeping tests, no costly headers in headers, a test for every source or a reason for none."""
import os
import re
import shutil
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BANNED_ANYWHERE = {"regex": "costs 1.2 s a file, and its matching has no bound"}
BANNED_IN_HEADERS = re.compile(r"boost/|CLI/|fmt/|openssl/|sqlite3|pugixml|cbor|zip\.h|ares|curl/|iostream|regex")
# Headers that exist to hide a library behind them, private to their folder.
HIDING_HEADERS = {"aws/wire/json_parse.h", "net/probe/tls.h", "net/dns/resolver.h", "net/functions/test_zip.h", "net/io/curl_library.h",
                  "cli/validators.h"}
# Folders whose sources are tested by more than the *_test.cc beside them, and by what.
TESTED_FROM_AFAR = {"cli": "tests/guide, tests/robustness and the demo", "program": "every test of the binary",
                    "ports": "the tests of all services", "ports/sim": "the tests of all services", "base": "the tests of all folders",
                    "guard/apply": "tests/guard: both over the real wire",
                    "net/io": "the tests of the rooms beside it",
                    "function": "its own tests, as a program"}
# What tests of a folder link beyond it.
TEST_LINKS = {"client": {"net/http"}}
SLEEPS = re.compile(r"\b(?:time\.sleep|sleep_for|sleep_until|usleep|nanosleep|::sleep)\s*\(")
# What runs real processes for a real time may hold its breath.
REAL_TIME = {"src/net/functions/function_host_test.cc", "src/net/functions/hostile_test.cc"}
POLLING = re.compile(r"poll|not waiting for time|time to pass is not", re.IGNORECASE)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def files(*tops, ends=(".cc", ".h")):
    for top in tops:
        for folder, folders, names in os.walk(os.path.join(ROOT, top)):
            folders[:] = sorted(name for name in folders if name not in ("node_modules", "__pycache__", "build"))
            for name in sorted(names):
                if name.endswith(ends):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def code_of(text):
    """Without comments and without what strings say."""
    text = re.sub(r'R"(\w*)\((.*?)\)\1"', '""', text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def arrows():
    """folder -> (library, the libraries it links), from src/CMakeLists.txt."""
    out = {}
    for name, folder, rest in re.findall(r"^\s*sitelatch_folder\((\S+) (\S+)([^)]*)\)", read("src/CMakeLists.txt"), re.M):
        links = re.search(r"LINKS ([^)]*?)(?:\s+(?:LIBRARIES|COSTLY)|$)", rest.strip(), re.S)
        out[folder] = (name, links.group(1).split() if links else [])
    return out


def folder_of(path, folders):
    """The library's folder that a path below src/ lies in: the longest that fits."""
    fitting = [folder for folder in folders if path == folder or path.startswith(folder + "/")]
    return max(fitting, key=len) if fitting else None


class Tidy(unittest.TestCase):
    def assertNone(self, findings, rule):
        self.assertFalse(findings, rule + ":\n  " + "\n  ".join(findings))

    def test_includes_obey_the_arrows(self):
        known = arrows()
        self.assertGreater(len(known), 15, "src/CMakeLists.txt is not understood any more")
        by_name = {name: folder for folder, (name, _) in known.items()}

        def reachable(folder, seen):
            for name in known[folder][1]:
                if name in by_name and by_name[name] not in seen:
                    seen.add(by_name[name])
                    reachable(by_name[name], seen)
            return seen

        allowed = {folder: reachable(folder, {folder}) for folder in known}
        findings = []
        for path in files("src"):
            inside = path.removeprefix("src/")
            folder = folder_of(inside, known)
            if folder is None:
                continue
            is_test = re.search(r"test|fixture", os.path.basename(path))
            may = allowed[folder] | (({"ports/sim"} | TEST_LINKS.get(folder, set())) if is_test else set())
            for included in re.findall(r'^#include "([^"]+)"', read(path), re.M):
                to = folder_of(included, known)
                if to is not None and to not in may:
                    findings.append(f"{path} includes {included}: {folder} does not stand on {to}")
        self.assertNone(findings, "each folder includes only what it links")

    def test_services_know_nothing_of_each_other(self):
        findings = []
        for path in files("src/services"):
            own = path.split("/")[2]
            for other in re.findall(r'^#include "services/([^/"]+)/', read(path), re.M):
                if other != own:
                    findings.append(f"{path} includes services/{other}")
        self.assertNone(findings, "services meet in engine/")

    def test_guard_and_engine_meet_over_the_wire(self):
        findings = [f"{path}: {other}" for top, others in (("src/guard", ("engine", "services", "store")), ("src/engine", ("guard",)),
                                                            ("src/services", ("guard", "engine", "client")), ("src/function", ("engine", "services")))
                    for path in files(top) for other in re.findall(r'^#include "([^/"]+)/', read(path), re.M) if other in others]
        self.assertNone(findings, "the guard cannot tell the engine from AWS")

    def test_services_do_no_io(self):
        banned = re.compile(r"^#include <(sys/socket|netinet/|thread|mutex|condition_variable|fstream|filesystem|poll|sys/epoll|boost/asio)", re.M)
        clocks = re.compile(r"\b(?:system_clock|steady_clock|high_resolution_clock)::now\b")
        findings = []
        for path in files("src/services", "src/dns", "src/guard/rules"):
            if "test" in os.path.basename(path) or "fixture" in path:
                continue
            text = code_of(read(path))
            findings += [f"{path}: {word}" for word in banned.findall(text) + clocks.findall(text)]
        self.assertNone(findings, "what decides does no I/O and has no clock")

    def test_coroutines_have_the_one_safe_shape(self):
        findings = []
        for path in files("src", "tests", "bench"):
            for number, line in enumerate(code_of(read(path)).splitlines(), 1):
                if "co_await" not in line and "co_yield" not in line:
                    continue
                whole = line.strip()
                good = re.fullmatch(r"(?:co_await [^?{}]+;|(?:const )?(?:auto|[\w:<>, ]+)[&*]? \w+ = co_await [^?{}]+[;(]?.*)", whole)
                if not good or re.match(r"(?:if|while|switch|for|return|co_return)\b", whole) or "[" in whole:
                    findings.append(f"{path}:{number}: {whole}")
        self.assertNone(findings, "a co_await is a whole initialiser or a whole statement (house-style: g++ 12 miscompiles the rest)")

    def test_every_source_has_its_licence_line(self):
        findings = []
        for path in files("src", "tests", "fuzz", "bench", ends=(".cc", ".h", ".py", ".txt", ".sh")):
            if path.endswith(".txt") and not path.endswith("CMakeLists.txt"):
                continue
            head = read(path)[:300].splitlines()[:3]
            if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
                findings.append(path)
        for path in files("src"):
            if path.endswith(".h") and "#pragma once" not in read(path):
                findings.append(f"{path}: no #pragma once")
        self.assertNone(findings, "every source begins with its SPDX line")

    def test_no_test_sleeps(self):
        findings = []
        sources = [path for path in files("src", "tests", ends=(".cc", ".h", ".py")) if "test" in path and "tidy_test" not in path and path not in REAL_TIME]
        for path in sources:
            lines = (read(path) if path.endswith(".py") else re.sub(r'"(?:\\.|[^"\\\n])*"', '""', read(path))).splitlines()
            for number, line in enumerate(lines, 1):
                near = " ".join(lines[max(0, number - 4):number + 1])
                if SLEEPS.search(line) and not POLLING.search(near):
                    findings.append(f"{path}:{number}: {line.strip()}")
        self.assertNone(findings, "tests do not wait for time to pass (polling another process says so beside it)")

    def test_banned_headers(self):
        findings = []
        for path in files("src", "tests", "fuzz"):
            text = read(path)
            for header in re.findall(r"^#include <([^>]+)>", text, re.M):
                if header in BANNED_ANYWHERE:
                    findings.append(f"{path}: <{header}>: {BANNED_ANYWHERE[header]}")
                elif path.endswith(".h") and path.startswith("src/") and BANNED_IN_HEADERS.match(header) and \
                        path.removeprefix("src/") not in HIDING_HEADERS and "test" not in path:
                    findings.append(f"{path}: <{header}> is for .cc files")
        self.assertNone(findings, "costly headers stay in few places")

    def test_every_folder_with_sources_has_tests(self):
        findings = []
        for folder in arrows():
            names = os.listdir(os.path.join(ROOT, "src", folder)) if os.path.isdir(os.path.join(ROOT, "src", folder)) else []
            sources = [name for name in names if name.endswith(".cc") and not name.endswith("_test.cc")]
            if sources and not any(name.endswith("_test.cc") for name in names) and folder not in TESTED_FROM_AFAR:
                findings.append(f"src/{folder}: {len(sources)} sources, no test")
        self.assertNone(findings, "every folder has a test, or a reason stands in TESTED_FROM_AFAR")

    def test_format(self):
        long_lines = [f"{path}:{number}" for path in files("src", "tests", "fuzz", "bench", ends=(".cc", ".h", ".inc"))
                      if "/runtimes/" not in path  # Python in a raw string
                      for number, line in enumerate(read(path).splitlines(), 1) if len(line) > 100]
        self.assertNone(long_lines, "no line is longer than 100 columns: a text is cut (\"...\" on the next line goes on)")
        program = shutil.which("clang-format")
        version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout if program else ""
        if not re.search(r"version 14\.", version):
            self.skipTest("SKIPPED: formatted by clang-format 14, which is not on this machine")
        sources = list(files("src", "tests", "fuzz", "bench"))
        run = subprocess.run([program, "--dry-run", "-Werror", "--ferror-limit=1", *sources], cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, "clang-format -i what is named here:\n" +
                         "\n".join(line for line in run.stderr.splitlines() if "error:" in line))

    def test_facts_that_are_cited_exist(self):
        numbers = re.findall(r"^- ([a-z0-9]+-\d+): ", "\n".join(read(path) for path in files("docs/facts", ends=(".md",))), re.M)
        facts = set(numbers)
        self.assertNone(sorted({fact for fact in numbers if numbers.count(fact) > 1}), "a fact has its number for itself")
        self.assertGreater(len(facts), 300, "docs/facts/ is not understood any more")
        # "fact sns-3", "facts sns-3, sns-4 and sns-7 to sns-9", over the ends of comment lines and of strings.
        one, glue = r"[a-z0-9]+-\d+", r"(?:,? and |,? to |, )"
        cited = re.compile(rf"\b[Ff]acts? ({one}(?:{glue}{one})*)\b")
        findings = []
        for path in files("src", "tests", "docs", "fuzz", "bench", ends=(".cc", ".h", ".inc", ".py", ".md", ".txt", ".sh")):
            if path.startswith("tests/tidy/"):
                continue
            text = re.sub(r"\s*\n\s*(?:// |# )?", " ", read(path))
            for fact in {fact for chain in cited.findall(text) for fact in re.findall(one, chain)} - facts:
                findings.append(f"{path}: fact {fact}")
        self.assertNone(findings, "a cited fact stands in docs/facts/")

    def test_sources_are_within_reach(self):
        outside = re.compile(r"aws-semantics|(?<!SITELATCH_)\bshared/")
        findings = [f"{path}:{number}: {line.strip()}" for path in files("src", ends=(".cc", ".h", ".inc", ".txt", ".py"))
                    for number, line in enumerate(read(path).splitlines(), 1) if outside.search(line)]
        findings += [f"{path}: aws-semantics" for path in files("docs", "tests", ends=(".md", ".py", ".cc", ".h"))
                     if not path.startswith("tests/tidy/") and "aws-semantics" in read(path)]
        self.assertNone(findings, "code rests on docs/facts/ or on a page that everybody can read, on nothing outside the repository")


if __name__ == "__main__":
    unittest.main()
