#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The soak's load for twenty seconds: no error, nothing left over. Only with SITELATCH_THOROUGH=1; whether anything grows
takes hours to see (scripts/soak)."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sitelatch import skip_loudly  # noqa: E402

if os.environ.get("SITELATCH_THOROUGH") != "1":
    skip_loudly("the soak's short form runs with SITELATCH_THOROUGH=1")
    sys.exit(0)
soak = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soak.py")
with tempfile.TemporaryDirectory(prefix="sitelatch-soak-") as place:
    sys.exit(subprocess.run([sys.executable, soak, "0.0056", "--csv", os.path.join(place, "soak.csv")]).returncode)
