# SPDX-License-Identifier: Apache-2.0
"""Takes the ten commands out of the guide's text by machine: its own health check id and its callout marks left out,
its scratch files moved to a directory of the test's. Where the guide is absent, own_guide.sh makes the same calls."""
import glob
import os
import re


def commands(text):
    """The command blocks of the guide, in order, each as it would be pasted."""
    blocks, current = [], None
    for line in text.splitlines():
        if line.strip() == "Command:":
            current = []
            blocks.append(current)
        elif current is not None:
            if re.match(r"^ {1,3}\S", line) or re.match(r"^    \d+ Replace", line) or (line and not line.startswith(" ")):
                current = None  # the next step, a callout's explanation, or the end of the list
            else:
                current.append(line[4:])
    return ["\n".join(block).rstrip() + "\n" for block in blocks]


def script(text, health_check_id, scratch):
    out = "set -eu\n"
    for block in commands(text):
        block = re.sub(r"PRIMARY_HEALTH_ID=\S+", f"PRIMARY_HEALTH_ID={health_check_id}", block)
        block = re.sub(r"\\\(\d+\)$", r"\\", block, flags=re.MULTILINE)   # `--region eu-west-1 \(1)`
        block = re.sub(r" \(\d+\)$", "", block, flags=re.MULTILINE)
        out += block.replace("/tmp/lambda", f"{scratch}/lambda")
    return out


def guide_script(shared, health_check_id, scratch):
    """(script, where it came from)"""
    for path in sorted(glob.glob(os.path.join(shared, "seeds", "*.txt"))):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if "Deploy an AWS Route 53 Failover Lambda" in text:
            assert len(commands(text)) == 10, f"{path}: ten steps expected, {len(commands(text))} found"
            return script(text, health_check_id, scratch), path
    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), "own_guide.sh")
    with open(own, encoding="utf-8") as file:
        return f"PRIMARY_HEALTH_ID={health_check_id}\nSCRATCH={scratch}\n" + file.read(), own
