# SPDX-License-Identifier: Apache-2.0
"""Terraform with the real AWS provider, where both are on the machine. Standard library only."""
import glob
import os
import shutil
import subprocess

PROVIDER = "registry.terraform.io/hashicorp/aws/5.100.0"


def provider_mirror():
    """The folder that holds the provider, as `terraform init -plugin-dir` wants it."""
    places = [os.environ.get("SITELATCH_TF_PLUGINS", ""), "/opt/tf-plugins", os.path.expanduser("~/.terraform.d/plugins"),
              "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins"]
    return next((place for place in places if place and glob.glob(os.path.join(place, PROVIDER, "*"))), None)


def no_terraform():
    if not shutil.which("terraform"):
        return "no terraform on this machine"
    return None if provider_mirror() else f"no plugin folder with {PROVIDER} on this machine"


class Folder:
    """A configuration in a folder of its own: {path in it: text}. `checked`: the provider is taken as people take it, by `init`. Else it
    is run from where it is, because its 700 MB are else summed up at every command, which costs more than the command."""

    def __init__(self, place, name, environment, files, checked=False):
        self.path = os.path.join(place.path, name)
        # The collector is most of what the provider does before it does something.
        self.environment = dict(environment, TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1", GOGC="400", TF_CLI_CONFIG_FILE="/dev/null")
        for at, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(self.path, at)), exist_ok=True)
            with open(os.path.join(self.path, at), "w") as file:
                file.write(text)
        if checked:
            self.run("init", "-plugin-dir=" + provider_mirror())
            return
        settings = os.path.join(self.path, "terraform.rc")
        with open(settings, "w") as file:
            folder = glob.glob(os.path.join(provider_mirror(), PROVIDER, "*"))[0]
            file.write(f'provider_installation {{\n  dev_overrides {{\n    "hashicorp/aws" = "{folder}"\n  }}\n  direct {{}}\n}}\n')
        self.environment["TF_CLI_CONFIG_FILE"] = settings
        self.run("get")

    def run(self, *words, expect=0):
        run = subprocess.run(["terraform", words[0], "-no-color", *words[1:]], env=self.environment, cwd=self.path, capture_output=True,
                             text=True)
        assert run.returncode == expect, f"terraform {words}: {run.returncode}\n{run.stdout[-8000:]}\n{run.stderr[-3000:]}"
        return run.stdout

    def apply(self):
        self.run("apply", "-auto-approve", "-parallelism=40")

    def destroy(self):
        self.run("destroy", "-auto-approve", "-parallelism=40")

    def has_nothing_to_change(self):
        self.run("plan", "-detailed-exitcode")  # 2 where it would change something
