# SPDX-License-Identifier: Apache-2.0
"""An engine with faults of the machine below it: the other half of tests/torture/fault_shim.cc, which says what they are.

The control page is shared memory: the words may be read and set while the engine runs."""
import mmap
import os
import struct

SHIM = os.environ.get("SITELATCH_FAULT_SHIM", "build/release/tests/torture/libfault_shim.so")

WORDS = ("operations", "fault_at", "fault", "lasts", "power", "seed", "space", "struck", "reads", "read_fault_at", "wall_offset_ns",
         "clone_error", "thread_error", "new_fails_in", "forgotten", "kind_struck", "sync_lies", "spare_log")
KINDS = {name: number for number, name in enumerate(
    ("none", "kill_before", "kill_after", "torn", "short_write", "no_space", "io_error", "sync_drops", "sync_forgets"))}
OPERATIONS = ("nothing", "write", "truncate", "sync", "create", "rename", "unlink")


class Faults:
    """The control page of one engine. Words are attributes: faults.space = 0; faults.struck."""

    def __init__(self, path, data_dir):
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "data_dir", os.path.realpath(data_dir))
        with open(path, "wb") as file:
            file.write(bytes(4096))
        with open(path, "r+b") as file:
            object.__setattr__(self, "page", mmap.mmap(file.fileno(), 4096))
        self.clear()

    def __getattr__(self, word):
        return struct.unpack_from("<q", self.page, 8 * WORDS.index(word))[0]

    def __setattr__(self, word, value):
        struct.pack_into("<q", self.page, 8 * WORDS.index(word), value)

    def clear(self):
        for word in WORDS:
            setattr(self, word, 0)
        self.space = -1

    def strike(self, kind, at, power=False, lasts=False, seed=1):
        """The `at`th change to the directory's files from the engine's start on; after its start: from now on."""
        self.fault, self.power, self.lasts, self.seed = KINDS[kind], int(power), int(lasts), seed
        self.fault_at = at

    def strike_next(self, kind, **more):
        self.strike(kind, self.operations + 1, **more)

    def environment(self):
        """For the engine's process."""
        more = {"LD_PRELOAD": os.path.abspath(SHIM), "SITELATCH_FAULTS": self.path, "SITELATCH_FAULT_DIR": self.data_dir}
        # ASan, where it is in the engine, wants to be the first; what it intercepts the shim leads to it all the same.
        more["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return {**os.environ, **more}

    def close(self):
        self.page.close()
