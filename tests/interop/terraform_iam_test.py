# SPDX-License-Identifier: Apache-2.0
"""Terraform with the real AWS provider and all of IAM's kinds of resources: apply, a plan that shows no change, destroy."""
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from sitelatch import Workplace, skip_loudly  # noqa: E402
from terraform_test import Configuration, missing  # noqa: E402


def keys(folder):
    """A certificate of a test authority, the authority's, the key, and an SSH key: as Terraform's variables."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "web"):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name + ".key")
    openssl("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=Test CA", "-days", "30", "-out", "ca.pem")
    openssl("req", "-new", "-key", "web.key", "-subj", "/CN=www.example.test", "-out", "web.csr")
    openssl("x509", "-req", "-in", "web.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2", "-days", "30",
            "-out", "web.pem")
    texts = {"certificate": "web.pem", "certificate_chain": "ca.pem", "private_key": "web.key"}
    variables = {}
    for variable, name in texts.items():
        with open(os.path.join(folder, name)) as text:
            variables["TF_VAR_" + variable] = text.read()
    with open(os.path.join(HERE, "..", "..", "src", "services", "iam", "testing_keys.h")) as source:
        after = source.read().split("rsa_ssh =", 1)[1].split(";", 1)[0]
    variables["TF_VAR_ssh_key"] = "".join(after.split('"')[1::2])
    return variables


@unittest.skipIf(missing(), missing())
class TerraformIam(unittest.TestCase):
    def test_apply_plan_destroy(self):
        with Workplace() as place:
            engine = place.engine()
            environment = {**engine.environment(), **keys(place.path)}
            outputs = Configuration(place, "iam", environment).life()
            self.assertEqual(outputs, {"read_only": "arn:aws:iam::aws:policy/ReadOnlyAccess", "may_publish": True,
                                       "profile_role": "instance", "seed_length": 64})
            self.assertNotIn("not handled", engine.log_text())


if __name__ == "__main__":
    if missing():
        skip_loudly(missing())
    unittest.main(verbosity=2)
