# SPDX-License-Identifier: Apache-2.0
"""Least privilege, shown complete: on a real engine every right of the function's role is taken away in turn, and the real
function's self-test names exactly that one. What it cannot name itself (the rights to its own log) is named by `status`."""
import base64
import http.client
import json
import os
import re
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from operate_world import LATCH, OWN, World, has_failed, tag  # noqa: E402

IAM, EVERYTHING = "2010-05-08", "*"


class Guarded(World):
    """A deployed guard, its role's policy, and its function called by hand."""

    def __init__(self):
        super().__init__()
        self.name = "sitelatch-" + self.check

    def arm(self):
        self.deploy()
        listed = self.api.query("iam", "ListRolePolicies", IAM, RoleName=self.name)
        self.policy_name = tag(listed, "member")
        self.policy = self.read_policy()

    def read_policy(self):
        xml = self.api.query("iam", "GetRolePolicy", IAM, RoleName=self.name, PolicyName=self.policy_name)
        return json.loads(urllib.parse.unquote(tag(xml, "PolicyDocument")))

    def write_policy(self, policy):
        self.api.query("iam", "PutRolePolicy", IAM, RoleName=self.name, PolicyName=self.policy_name,
                       PolicyDocument=json.dumps(policy))

    def write_policy_without(self, sid, action):
        """The policy as deployed, without one action of one statement."""
        statements = []
        for statement in self.policy["Statement"]:
            actions = [one for one in statement["Action"] if (statement["Sid"], one) != (sid, action)]
            if actions:
                statements.append({**statement, "Action": actions})
        assert statements != self.policy["Statement"], (sid, action)
        self.write_policy({**self.policy, "Statement": statements})

    def invoke(self, event):
        """(function error or None, answer, the log's tail)"""
        path, body = f"/2015-03-31/functions/{self.name}/invocations", json.dumps(event).encode()
        connection = http.client.HTTPConnection(self.api.host, timeout=60)
        connection.request("POST", path, body, self.api.signer.headers("lambda", body, "POST", path, x_amz_log_type="Tail"))
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status == 200, (answer.status, text)
        return (answer.getheader("X-Amz-Function-Error"), json.loads(text),
                base64.b64decode(answer.getheader("X-Amz-Log-Result") or "").decode())

    def self_test(self):
        error, answer, log = self.invoke({"sitelatch": "self-test"})
        assert error is None, (answer, log)
        missing = [right for right in answer["rights"] if not right["ok"]]
        assert answer["self_test"] == ("failed" if missing else "ok"), answer
        return missing, log

    def function_log(self):
        events = self.api.target("logs", "Logs_20140328.FilterLogEvents", {"logGroupName": "/aws/lambda/" + self.name})["events"]
        return "".join(event["message"] for event in events)

    def record_tags(self):
        """The tags of the notify topic."""
        account = tag(self.api.query("sts", "GetCallerIdentity", "2011-06-15"), "Account")
        xml = self.api.query("sns", "ListTagsForResource", "2010-03-31",
                             ResourceArn=f"arn:aws:sns:us-east-1:{account}:{self.name}-notify")
        return dict(re.findall("<Key>([^<]*)</Key><Value>([^<]*)</Value>", xml))

    def set_alarm(self, state):
        self.api.query("cloudwatch", "SetAlarmState", "2010-08-01", AlarmName=self.name, StateValue=state, StateReason="a test")


class Rights(unittest.TestCase):
    def setUp(self):
        self.world = Guarded()
        self.addCleanup(self.leave)
        self.world.arm()

    def leave(self):
        self.world.close(has_failed(self))

    def rights(self):
        return [(statement["Sid"], action) for statement in self.world.policy["Statement"] for action in statement["Action"]]

    def test_every_right_in_turn_is_named_by_the_self_test(self):
        w = self.world
        version, record = w.version(), w.record_tags()
        self.assertEqual(w.self_test()[0], [])
        rights = self.rights()
        self.assertGreaterEqual(len(rights), 10)
        for sid, action in rights:
            with self.subTest(sid=sid, action=action):
                w.write_policy_without(sid, action)
                missing, log = w.self_test()
                if sid == "Log":  # Lambda's own writing, which no function sees; status does
                    self.assertEqual(missing, [])
                    self.assert_drifted()
                    continue
                self.assertEqual([right["right"] for right in missing], [action])
                self.assertRegex(missing[0]["detail"], r"AccessDenied|AuthorizationError")
                # SNS writes its own name in capitals.
                # What has no resource type names none.
                where = "because " if action == "cloudwatch:GetMetricStatistics" else "on resource: "
                self.assertIn(f"is not authorized to perform: {action} {where}".lower(), missing[0]["detail"].lower())
                self.assertIn(f"sitelatch self-test {action}: FAILED", log)
        self.assert_drifted()
        w.write_policy(w.policy)
        self.assertEqual(w.self_test()[0], [])
        w.status("armed")
        self.assertEqual((w.path(), w.version()), (OWN, version), "a self-test changes nothing")
        # "0" is how the record says "never", as does its absence.
        self.assertEqual(w.record_tags(), {**record, "sitelatch:notified": "0"}, "a self-test changes nothing")

    def assert_drifted(self):
        status = self.world.status("drifted")
        link = next(link for link in status["links"] if link["name"] == "role-policy")
        self.assertEqual(link["health"], "broken")
        self.assertIn("sitelatch-guard", link["why"])

    def test_without_the_rights_to_its_log_it_acts_and_nothing_is_logged(self):
        w = self.world
        w.self_test()
        before = w.function_log()
        self.assertIn("self-test", before)
        w.write_policy({**w.policy, "Statement": [one for one in w.policy["Statement"] if one["Sid"] != "Log"]})
        self.assertEqual(w.self_test()[0], [])
        self.assertEqual(w.function_log(), before)
        w.write_policy(w.policy)
        w.self_test()
        self.assertGreater(len(w.function_log()), len(before))

    def test_nothing_beyond_what_it_needs(self):
        """Every statement names whole actions on whole ARNs of this guard; only log streams end in a wildcard."""
        w = self.world
        for statement in w.policy["Statement"]:
            self.assertEqual(statement["Effect"], "Allow")
            for action in statement["Action"]:
                self.assertNotIn(EVERYTHING, action)
            if statement["Action"] == ["cloudwatch:GetMetricStatistics"]:  # CloudWatch knows no narrower resource
                self.assertEqual(statement["Resource"], [EVERYTHING])
                continue
            for resource in statement["Resource"]:
                self.assertRegex(resource, "^arn:aws:[a-z0-9]+:")
                self.assertIn(w.check, resource)
                self.assertNotIn(EVERYTHING, resource.removesuffix(":*") if ":logs:" in resource else resource)
        attached = w.api.query("iam", "ListAttachedRolePolicies", IAM, RoleName=w.name)
        self.assertNotIn("PolicyArn", attached)

    def test_an_alarm_without_the_right_to_latch_fails_aloud_and_the_schedule_makes_good(self):
        w = self.world
        w.write_policy_without("LatchCheck", "route53:UpdateHealthCheck")
        w.primary.set("down")
        w.set_alarm("ALARM")
        # Past both retries of the asynchronous invocation (after one minute and two more).
        for _ in range(8):
            w.advance("1m")
        self.assertEqual(w.path(), OWN)
        self.assertEqual(w.alarm(), "ALARM")
        log = w.function_log()
        self.assertIn("sitelatch error: the health check cannot be changed: AccessDenied", log)
        self.assertIn("is not authorized to perform: route53:UpdateHealthCheck on resource: "
                      f"arn:aws:route53:::healthcheck/{w.check}", log)
        message = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": [self.rule()]}
        error, answer, _ = w.invoke(message)
        # guard-on-aws 23: a tick ends well, and says what it could not do.
        self.assertIsNone(error)
        self.assertIn("route53:UpdateHealthCheck", answer["warnings"][0])

        w.write_policy(w.policy)
        self.assertEqual(w.path(), OWN)
        w.advance("60s")
        w.advance_until(lambda: w.path() == LATCH, "the latch by the schedule", step="1s", most=5)
        entries = [entry for entry in w.log() if entry.get("action") == "latch"]
        self.assertEqual(len(entries), 1, entries)

    def rule(self):
        rules = self.world.api.target("events", "AWSEvents.ListRules", {})["Rules"]
        return next(rule["Arn"] for rule in rules if rule["Name"] == self.world.name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
