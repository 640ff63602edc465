# SPDX-License-Identifier: Apache-2.0
"""Terraform with the real AWS provider: apply, a plan that shows no change, destroy. The provider reads back everything
that it made, tags and defaults included, so a wrong answer shows as a change or an error."""
import concurrent.futures
import glob
import json
import os
import shutil
import subprocess
import sys
import unittest
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from sitelatch import Workplace, aws, aws_clis, skip_loudly  # noqa: E402

PROVIDER = "registry.terraform.io/hashicorp/aws/5.100.0"


def provider_mirror():
    """The folder that holds the provider, as `terraform init -plugin-dir` wants it."""
    places = [os.environ.get("SITELATCH_TF_PLUGINS", ""), "/opt/tf-plugins", os.path.expanduser("~/.terraform.d/plugins"),
              "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins"]
    return next((place for place in places if place and glob.glob(os.path.join(place, PROVIDER, "*"))), None)


def missing():
    if not shutil.which("terraform"):
        return "no terraform on this machine"
    if not provider_mirror():
        return f"no plugin folder with {PROVIDER} on this machine"
    return None


class Configuration:
    """One configuration in a folder of its own."""

    def __init__(self, place, name, environment):
        self.folder = os.path.join(place.path, "terraform-" + name)
        shutil.copytree(os.path.join(HERE, "terraform", name), self.folder)
        self.environment = dict(environment, TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1", TF_CLI_CONFIG_FILE="/dev/null")

    def run(self, *arguments, expect=0):
        run = subprocess.run(["terraform", *arguments], env=self.environment, cwd=self.folder, capture_output=True,
                             text=True)
        assert run.returncode == expect, f"terraform {arguments[0]}: {run.returncode}\n{run.stdout[-6000:]}\n{run.stderr}"
        return run.stdout

    def life(self, between=lambda: None):
        """Made, unchanged, gone. Gives the outputs."""
        self.run("init", "-no-color", "-plugin-dir=" + provider_mirror())
        self.run("apply", "-no-color", "-auto-approve", "-parallelism=40")
        self.run("plan", "-no-color", "-detailed-exitcode")  # 2 where it would change something
        outputs = {name: entry["value"] for name, entry in json.loads(self.run("output", "-json")).items()}
        between()
        self.run("destroy", "-no-color", "-auto-approve", "-parallelism=40")
        return outputs


@unittest.skipIf(missing(), missing())
class Terraform(unittest.TestCase):
    def test_apply_plan_destroy(self):
        with Workplace() as place:
            engine = place.engine()
            environment = engine.environment()
            environment["TF_VAR_function_zip"] = os.path.join(place.path, "function.zip")
            with zipfile.ZipFile(environment["TF_VAR_function_zip"], "w") as package:
                package.writestr("lambda.py", "def handler(event, context):\n    return event\n")
            names = ["guard", "logs", "zone", "route53", "events", "functions", "queues"]
            if aws_clis():
                aws("aws", environment, "route53", "create-hosted-zone", "--name", "example.test",
                    "--caller-reference", "terraform")
                names.append("records")
            else:
                skip_loudly("no aws CLI: no zone for Terraform's records")
            # Side by side: the provider waits 15 s after every change of a zone.
            with concurrent.futures.ThreadPoolExecutor() as pool:
                lives = {name: pool.submit(Configuration(place, name, environment).life) for name in names}
            self.assertEqual(lives["guard"].result(), {})
            self.assertEqual(lives["logs"].result(), {})
            self.assertEqual(lives["zone"].result(), {"zone_matches": True, "name_servers": 4})
            self.assertEqual(lives["route53"].result(), {"inner_matches": True, "servers_shared": True})
            self.assertEqual(lives["events"].result(), {"bus": "arn:aws:events:eu-central-1:000000000000:event-bus/orders"})
            self.assertEqual(lives["functions"].result(), {"layer_is_newest": True})
            lives["queues"].result()
            if "records" in lives:
                lives["records"].result()
            self.assertNotIn("not handled", engine.log_text())
            self.assertNotIn("answered twice", engine.log_text())


if __name__ == "__main__":
    if missing():
        skip_loudly(missing())
    unittest.main(verbosity=2)
