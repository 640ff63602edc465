# SPDX-License-Identifier: Apache-2.0
"""make_zip.py BOOTSTRAP ZIP BUDGET: one executable file `bootstrap`, the same bytes for the same program on every machine."""
import sys
import zipfile

source, target, budget = sys.argv[1:]
entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
entry.create_system = 3  # Unix: the mode counts
entry.external_attr = (0o100755 << 16)
entry.compress_type = zipfile.ZIP_DEFLATED
with open(source, "rb") as program, zipfile.ZipFile(target, "w") as archive:
    archive.writestr(entry, program.read(), compresslevel=9)

size = len(open(target, "rb").read())
if size > int(budget):
    sys.exit(f"{target} has {size} bytes: the budget of the native function is {budget}")
