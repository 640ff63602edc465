#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the programs are built with against the use of a memory error: looked up in the ELF files themselves, by readelf.
SITELATCH_BINARY and FUNCTION_BOOTSTRAP name them; SITELATCH_BUILD_TYPE is CMake's, SITELATCH_SANITIZERS is not empty in
sanitizer builds (they bring checks of their own, and FORTIFY would hide errors from them)."""
import os
import re
import shutil
import subprocess
import unittest

PROGRAM = os.environ.get("SITELATCH_BINARY", "build/release/sitelatch")
BOOTSTRAP = os.environ.get("FUNCTION_BOOTSTRAP", os.path.join(os.path.dirname(PROGRAM), "src/function/bootstrap"))
RELEASE = os.environ.get("SITELATCH_BUILD_TYPE", "Release") == "Release" and not os.environ.get("SITELATCH_SANITIZERS")


def readelf(path, *options):
    return subprocess.run(["readelf", "--wide", *options, path], check=True, capture_output=True, text=True).stdout


class Hardening(unittest.TestCase):
    def setUp(self):
        if not shutil.which("readelf"):
            self.skipTest("SKIPPED: readelf (binutils) is not on this machine")

    def flags_of_stack(self, path):
        return re.search(r"GNU_STACK(?:\s+0x\w+){5}\s+(\S+)", readelf(path, "--program-headers")).group(1)

    def test_addresses_cannot_be_guessed(self):
        self.assertRegex(readelf(PROGRAM, "--file-header"), r"Type:\s+DYN", "sitelatch is position-independent")
        self.assertRegex(readelf(PROGRAM, "--dynamic"), r"FLAGS_1\).*\bPIE\b")

    def test_what_the_loader_has_filled_in_is_read_only(self):
        self.assertIn("GNU_RELRO", readelf(PROGRAM, "--program-headers"))
        self.assertRegex(readelf(PROGRAM, "--dynamic"), r"BIND_NOW|FLAGS_1\).*\bNOW\b")
        self.assertNotIn("TEXTREL", readelf(PROGRAM, "--dynamic"))

    def test_stacks_are_not_executable_and_no_memory_is_both(self):
        for path in (PROGRAM, BOOTSTRAP):
            with self.subTest(path):
                self.assertEqual(self.flags_of_stack(path), "RW")
                for line in readelf(path, "--program-headers").splitlines():
                    self.assertFalse(re.match(r"\s+LOAD\b.*\bRWE\b", line), line)

    def test_overwritten_stacks_are_noticed(self):
        self.assertRegex(readelf(PROGRAM, "--dyn-syms"), r"__stack_chk_(fail|guard)")

    def test_no_directory_is_searched_for_libraries_but_the_systems(self):
        self.assertNotRegex(readelf(PROGRAM, "--dynamic"), r"RPATH|RUNPATH")

    def test_libc_calls_are_checked_in_releases(self):
        if not RELEASE:
            self.skipTest("FORTIFY belongs to optimised builds")
        checked = set(re.findall(r"\b__(\w+)_chk\b", readelf(PROGRAM, "--dyn-syms")))
        self.assertGreaterEqual(len(checked & {"memcpy", "read", "recv", "poll", "readlinkat", "memset", "snprintf", "fdelt"}), 2, checked)

    def test_the_function(self):
        self.assertIn("GNU_RELRO", readelf(BOOTSTRAP, "--program-headers"))
        self.assertNotIn("INTERP", readelf(BOOTSTRAP, "--program-headers"), "static: no loader")
        if re.search(r"Type:\s+EXEC", readelf(BOOTSTRAP, "--file-header")):
            print("SKIPPED: the function at addresses that cannot be guessed: this machine's linker packs no relocations")
        else:
            self.assertRegex(readelf(BOOTSTRAP, "--dynamic"), r"FLAGS_1\).*\bPIE\b")
        # It is stripped, and the C library has checks of its own: whether ours are in is seen in what it was linked from.
        objects = [path for path in os.environ.get("FUNCTION_OBJECTS", "").split(":") if os.path.exists(path)]
        if not objects:
            self.skipTest("SKIPPED: FUNCTION_OBJECTS names no object files")
        symbols = "".join(readelf(path, "--symbols") for path in objects)
        self.assertIn("__stack_chk_fail", symbols)

if __name__ == "__main__":
    unittest.main()
