# SPDX-License-Identifier: Apache-2.0
"""`sitelatch policy` with the real binary: what it prints is a policy, and a user who has exactly that may work the guard.
That each statement is needed is tests/guard_account/policy_test.cc."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import World, tag  # noqa: E402

IAM = "2010-05-08"


class Policy(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def printed(self, *words):
        answer = self.world.run("policy", *words)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return json.loads(answer.stdout)

    def keys_of_user_with(self, policy, name):
        """Two managed policies: one takes 6,144 characters, which a deployer's statements exceed."""
        w = self.world
        w.api.query("iam", "CreateUser", IAM, UserName=name)
        for part in (0, 1):
            document = json.dumps({**policy, "Statement": policy["Statement"][part::2]})
            arn = tag(w.api.query("iam", "CreatePolicy", IAM, PolicyName=f"{name}-{part}", PolicyDocument=document), "Arn")
            w.api.query("iam", "AttachUserPolicy", IAM, UserName=name, PolicyArn=arn)
        key = w.api.query("iam", "CreateAccessKey", IAM, UserName=name)
        return {"AWS_ACCESS_KEY_ID": tag(key, "AccessKeyId"), "AWS_SECRET_ACCESS_KEY": tag(key, "SecretAccessKey"),
                "AWS_SESSION_TOKEN": ""}

    def test_it_prints_without_an_account_and_with_one(self):
        w = self.world
        nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        for audience in ("viewer", "operator", "deployer"):
            answer = w.run("policy", audience, env=nobody)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            general = json.loads(answer.stdout)
            self.assertIn("sitelatch-*", answer.stdout)
            exact = self.printed(audience, w.check)
            self.assertEqual(general["Version"], exact["Version"])
            for statement in exact["Statement"]:
                for resource in statement["Resource"]:
                    self.assertTrue(resource == "*" or resource.endswith("hostedzone/*") or w.check in resource, statement)
        self.assertEqual(w.run("policy", "viewer", w.check, env=nobody).returncode, 5)
        self.assertEqual(w.run("policy", "viewer", "../x").returncode, 2)
        self.assertEqual(w.run("policy", "root").returncode, 2)

    def test_an_operator_works_the_guard_and_a_viewer_looks(self):
        w = self.world
        w.deploy()
        viewer = self.keys_of_user_with(self.printed("viewer", w.check), "viewer")
        operator = self.keys_of_user_with(self.printed("operator", w.check), "operator")
        self.assertEqual(w.run("status", w.check, env=viewer).returncode, 0)
        denied = w.run("trip", w.check, "--reason", "x", "--yes", env=viewer)
        self.assertEqual(denied.returncode, 5, denied.stderr)
        self.assertIn("route53:UpdateHealthCheck", denied.stderr)
        done = w.run("trip", w.check, "--reason", "x", "--yes", env=operator)
        self.assertEqual(done.returncode, 0, done.stderr)
        w.advance("4m")
        self.assertEqual(w.status("tripped")["exit_code"], 14)
        back = w.drive("switch-back", w.check, "--reason", "x", "--yes", env=operator)
        self.assertEqual(back.returncode, 0, back.stderr)
        w.status("armed")

    def test_a_deployer_makes_and_removes_the_guard(self):
        w = self.world
        before = w.everything()
        deployer = self.keys_of_user_with(self.printed("deployer", w.check), "deployer")
        made = w.drive("deploy", w.check, "--yes", env=deployer)
        self.assertEqual(made.returncode, 0, made.stderr)
        w.status("armed")
        gone = w.run("destroy", w.check, "--yes", "--logs", env=deployer)
        self.assertEqual(gone.returncode, 0, gone.stderr)
        self.assertEqual(w.everything(), before)
        w.status("not-deployed")

    def test_missing_rights_are_told_once_in_one_list_and_nothing_is_made(self):
        w = self.world
        before = w.everything()
        lacking = ["cloudwatch:PutMetricAlarm", "iam:PassRole", "sns:Subscribe"]
        policy = self.printed("deployer", w.check)
        statements = [{**one, "Action": [action for action in one["Action"] if action not in lacking]}
                      for one in policy["Statement"]]
        # IAM tells whoever may ask it about himself.
        statements.append({"Effect": "Allow", "Action": ["iam:SimulatePrincipalPolicy"], "Resource": ["*"]})
        policy["Statement"] = [one for one in statements if one["Action"]]
        halfway = self.keys_of_user_with(policy, "halfway")
        answer = w.run("deploy", w.check, "--yes", "--output", "json", env=halfway)
        self.assertEqual(answer.returncode, 5, (answer.stdout, answer.stderr))
        told = json.loads(answer.stdout)
        self.assertEqual(sorted({one["action"] for one in told["missing_rights"]}), lacking)
        self.assertIn("Nothing was made", told["sentence"])
        self.assertIn(f"sitelatch policy deployer {w.check}", told["sentence"])
        lines = [f"\n  {one['action']} on {one['resource']}" for one in told["missing_rights"]]
        for line in lines:
            self.assertEqual((told["sentence"] + "\n").count(line + "\n"), 1, told["sentence"])
        self.assertEqual(w.everything(), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
