# SPDX-License-Identifier: Apache-2.0
"""Every aws CLI on the machine against the real engine: what people and scripts type, and what they see when it is
refused."""
import base64
import json
import os
import signal
import subprocess
import sys
import unittest
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from sitelatch import Workplace, aws, aws_clis, skip_loudly, with_warm_aws  # noqa: E402

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
BASIC_EXECUTION = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
ECHO = "def handler(event, context):\n    print('seen', event)\n    return event\n"


def allow(action, resource="*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})


class Cli:
    """What goes through every CLI's own code: output, waiters, payloads, errors, logs tail."""
    cli = version = None

    @classmethod
    def setUpClass(cls):
        cls.place = Workplace()
        cls.addClassCleanup(cls.place.__exit__, None, None, None)
        cls.engine = cls.place.engine("--clock", "manual")
        cls.environment = with_warm_aws(cls.engine.environment(), cls.cli)
        cls.account = cls.aws("sts", "get-caller-identity")["Account"]

    @classmethod
    def aws(cls, *arguments, environment=None, **options):
        return aws("aws", {**cls.environment, **(environment or {})}, *arguments, **options)

    def refused(self, code, operation, message, *arguments, environment=None, prefix=False):
        """The CLI fails and says exactly this."""
        run = self.aws(*arguments, environment=environment, parse=False, check=False)
        self.assertNotIn(run.returncode, (0, 1, 130), run.stdout + run.stderr)
        said = run.stderr.strip().removeprefix("aws: [ERROR]: ")
        expected = f"An error occurred ({code}) when calling the {operation} operation"
        self.assertTrue(said.startswith(expected), said)
        text = said[len(expected):].removeprefix(" (reached max retries: 0)").removeprefix(": ")
        if prefix:
            self.assertTrue(text.startswith(message), text)
        else:
            self.assertEqual(text, message)

    def path(self, name):
        return os.path.join(self.place.path, name)

    def function(self, name, source=ECHO):
        """A function in eu-west-1 that is ready."""
        if self.aws("iam", "get-role", "--role-name", "functions", check=False).returncode:
            self.aws("iam", "create-role", "--role-name", "functions", "--assume-role-policy-document", TRUST)
            self.aws("iam", "wait", "role-exists", "--role-name", "functions", parse=False)
            self.aws("iam", "attach-role-policy", "--role-name", "functions", "--policy-arn", BASIC_EXECUTION, parse=False)
        with zipfile.ZipFile(self.path(name + ".zip"), "w") as package:
            package.writestr("lambda.py", source)
        self.aws("lambda", "create-function", "--function-name", name, "--runtime", "python3.11", "--handler", "lambda.handler",
                 "--role", f"arn:aws:iam::{self.account}:role/functions", "--zip-file", "fileb://" + self.path(name + ".zip"),
                 "--timeout", "60", "--region", "eu-west-1")
        self.aws("lambda", "wait", "function-active", "--function-name", name, "--region", "eu-west-1", parse=False)

    def test_invoke_and_tail(self):
        self.function("echo")
        out = self.path("out.json")
        payload = {"word": "größe"}
        raw = ["--cli-binary-format", "raw-in-base64-out"] if self.version.startswith("2") else []
        answer = self.aws("lambda", "invoke", "--function-name", "echo", "--payload", json.dumps(payload), *raw,
                          "--log-type", "Tail", "--region", "eu-west-1", out)
        self.assertEqual((answer["StatusCode"], answer["ExecutedVersion"]), (200, "$LATEST"))
        self.assertTrue(base64.b64decode(answer["LogResult"]).startswith(b"START RequestId: "))
        with open(out) as file:
            self.assertEqual(json.load(file), payload)
        answer = self.aws("lambda", "invoke", "--function-name", "echo", "--invocation-type", "Event", "--region", "eu-west-1", out)
        self.assertEqual(answer, {"StatusCode": 202})
        if self.version.startswith("2"):
            # By default version 2 takes payloads as base64.
            self.aws("lambda", "invoke", "--function-name", "echo", "--payload", base64.b64encode(b'{"a": 1}').decode(),
                     "--region", "eu-west-1", out)
            with open(out) as file:
                self.assertEqual(json.load(file), {"a": 1})
            self.tail()
        self.refused("ResourceNotFoundException", "Invoke",
                     f"Function not found: arn:aws:lambda:eu-west-1:{self.account}:function:none:$LATEST",
                     "lambda", "invoke", "--function-name", "none", "--region", "eu-west-1", out)

    def tail(self):
        tail = ["logs", "tail", "/aws/lambda/echo", "--region", "eu-west-1", "--since", "1h"]
        text = self.aws(*tail, parse=False)
        self.assertIn("START RequestId: ", text)
        self.assertIn("seen {'word': 'größe'}", text)
        self.assertRegex(text, r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00 \d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32} REPORT RequestId")
        filtered = self.aws(*tail, "--filter-pattern", "REPORT", "--format", "short", parse=False)
        self.assertTrue(all("REPORT" in line for line in filtered.splitlines() if line.strip()), filtered)
        # Of itself the CLI keeps what it writes to a pipe until it has 8 KiB.
        with subprocess.Popen(["aws", *tail, "--follow"], env={**self.environment, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, start_new_session=True) as follow:
            try:
                self.assertIn("START RequestId: ", "".join(follow.stdout.readline() for _ in range(4)))
                self.assertIsNone(follow.poll())
            finally:
                os.killpg(follow.pid, signal.SIGKILL)  # the shim and the CLI behind it

    def test_gzip(self):
        data = [{"MetricName": f"metric{i}", "Value": i} for i in range(50)]
        with open(self.path("data.json"), "w") as file:
            json.dump(data, file)
        self.aws("cloudwatch", "put-metric-data", "--namespace", "Gzip", "--metric-data", "file://" + self.path("data.json"),
                 environment={"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "1"}, parse=False)
        listed = self.aws("cloudwatch", "list-metrics", "--namespace", "Gzip")["Metrics"]
        self.assertEqual(len(listed), 50)

    def test_waits_for_route53(self):
        zone = self.aws("route53", "create-hosted-zone", "--name", "wait.test", "--caller-reference", "wait")
        self.engine.advance("1m")
        self.aws("route53", "wait", "resource-record-sets-changed", "--id", zone["ChangeInfo"]["Id"], parse=False)

    def test_wrong_credentials(self):
        invalid = "The security token included in the request is invalid."
        nobody = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}
        self.refused("InvalidClientTokenId", "GetCallerIdentity", invalid, "sts", "get-caller-identity", environment=nobody)
        self.refused("UnrecognizedClientException", "ListFunctions", invalid, "lambda", "list-functions", environment=nobody)
        self.refused("InvalidClientTokenId", "DescribeAlarms", invalid, "cloudwatch", "describe-alarms", environment=nobody)
        wrong = {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
        differs = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
                   "Key and signing method. Consult the service documentation for details.")
        self.refused("SignatureDoesNotMatch", "GetCallerIdentity", differs, "sts", "get-caller-identity", environment=wrong, prefix=True)
        self.refused("InvalidSignatureException", "ListFunctions", differs, "lambda", "list-functions", environment=wrong, prefix=True)
        self.refused("InvalidClientTokenId", "GetCallerIdentity", invalid, "sts", "get-caller-identity",
                     environment={"AWS_SESSION_TOKEN": "made up"})

    def test_unknown_operations(self):
        self.refused("UnknownOperationException", "ListPartnerEventSources", "", "events", "list-partner-event-sources",
                     "--name-prefix", "aws.partner/example.com", prefix=True)
        self.refused("InvalidAction", "GetOrganizationsAccessReport",
                     "Could not find operation GetOrganizationsAccessReport for version 2010-05-08",
                     "iam", "get-organizations-access-report", "--job-id", "00000000-0000-0000-0000-000000000000")
        run = self.aws("s3api", "list-buckets", parse=False, check=False)
        self.assertNotEqual(run.returncode, 0)
        run = self.aws("rds", "describe-db-instances", parse=False, check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("not handled", self.engine.log_text())

    def test_output_of_nothing(self):
        """Commands whose answers are empty print nothing, and exit 0."""
        self.aws("logs", "create-log-group", "--log-group-name", "nothing")
        for command in (["logs", "put-retention-policy", "--log-group-name", "nothing", "--retention-in-days", "7"],
                        ["logs", "tag-log-group", "--log-group-name", "nothing", "--tags", "a=b"],
                        ["cloudwatch", "delete-alarms", "--alarm-names", "no such alarm"],
                        ["logs", "delete-log-group", "--log-group-name", "nothing"]):
            self.assertEqual(self.aws(*command, parse=False), "", command)


class Stories(Cli):
    """Longer stories; every CLI sends the same bytes for them (fact wire-35), so one CLI tells them."""

    def test_the_keycloak_scripts(self):
        """keycloak-benchmark's provision/aws/route53: what they create, and their order of deleting."""
        run = self.aws
        checks = []
        for site in ("primary", "backup"):
            config = {"Type": "HTTPS", "ResourcePath": "/lb-check", "FullyQualifiedDomainName": f"{site}.kcb.test", "Port": 443,
                      "RequestInterval": 30, "FailureThreshold": 1, "EnableSNI": True}
            reference = "0123456789abcdef0123456789abcdef01234567-" + site
            checks.append(run("route53", "create-health-check", "--caller-reference", reference, "--health-check-config",
                              json.dumps(config), "--query", "HealthCheck.Id"))
        self.assertIn(checks[0], run("route53", "list-health-checks", "--query", "HealthChecks[].Id"))
        run("route53", "create-hosted-zone", "--name", "kcb.test", "--caller-reference", "kcb")
        zone = run("route53", "list-hosted-zones", "--query", "HostedZones[?Name=='kcb.test.'].Id | [0]").split("/")[-1]
        sets = [{"Name": f"{site}.kcb.test", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
                for site in ("primary", "backup")]
        sets += [{"Name": "client.kcb.test", "Type": "A", "SetIdentifier": f"client-{site}", "Failover": role,
                  "HealthCheckId": check, "AliasTarget": {"HostedZoneId": zone, "DNSName": f"{site}.kcb.test",
                                                          "EvaluateTargetHealth": True}}
                 for site, role, check in (("primary", "PRIMARY", checks[0]), ("backup", "SECONDARY", checks[1]))]

        def change(action):
            changes = [{"Action": action, "ResourceRecordSet": one} for one in (sets if action == "CREATE" else sets[::-1])]
            done = run("route53", "change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch",
                       json.dumps({"Comment": "interop", "Changes": changes}))
            self.engine.advance("1m")
            run("route53", "wait", "resource-record-sets-changed", "--id", done["ChangeInfo"]["Id"], parse=False)

        change("CREATE")
        self.assertEqual(self.engine.lookup("client.kcb.test"), (0, ["192.0.2.1"]))
        listed = run("route53", "list-resource-record-sets", "--hosted-zone-id", zone,
                     "--query", "ResourceRecordSets[?starts_with(Name, 'client.')]")
        self.assertEqual([one["Failover"] for one in listed], ["SECONDARY", "PRIMARY"])
        # The guide's own parts.
        name = checks[0]
        topic = run("sns", "create-topic", "--name", name, "--tags", f"Key=HealthCheckId,Value={name}")["TopicArn"]
        run("cloudwatch", "put-metric-alarm", "--alarm-name", name, "--namespace", "AWS/Route53", "--metric-name",
            "HealthCheckStatus", "--dimensions", f"Name=HealthCheckId,Value={name}", "--statistic", "Minimum", "--period", "60",
            "--evaluation-periods", "1", "--threshold", "1", "--comparison-operator", "LessThanThreshold", "--alarm-actions",
            topic, "--treat-missing-data", "notBreaching", parse=False)
        run("iam", "create-role", "--role-name", name, "--assume-role-policy-document", TRUST)
        policy = run("iam", "create-policy", "--policy-name", name, "--policy-document", allow("route53:UpdateHealthCheck"))
        for arn in (policy["Policy"]["Arn"], BASIC_EXECUTION):
            run("iam", "attach-role-policy", "--role-name", name, "--policy-arn", arn, parse=False)
        # Away with it, in the scripts' order: first the checks, then the records that refer to them.
        self.assertEqual(run("cloudwatch", "describe-alarms", "--alarm-names", name, "--query", "MetricAlarms[].AlarmName"), [name])
        run("cloudwatch", "delete-alarms", "--alarm-names", name, parse=False)
        topics = run("sns", "list-topics", "--query", "Topics[].TopicArn")
        tagged = [arn for arn in topics if name in json.dumps(run("sns", "list-tags-for-resource", "--resource-arn", arn))]
        self.assertEqual(tagged, [topic])
        run("sns", "delete-topic", "--topic-arn", topic, parse=False)
        run("iam", "detach-role-policy", "--role-name", name, "--policy-arn", BASIC_EXECUTION, parse=False)
        own = run("iam", "list-policies", "--scope", "Local", "--query", f"Policies[?PolicyName=='{name}'].Arn")
        self.assertEqual(own, [policy["Policy"]["Arn"]])
        run("iam", "detach-role-policy", "--role-name", name, "--policy-arn", own[0], parse=False)
        run("iam", "delete-policy", "--policy-arn", own[0], parse=False)
        run("iam", "delete-role", "--role-name", name, parse=False)
        self.refused("ResourceNotFoundException", "DeleteFunction",
                     f"Function not found: arn:aws:lambda:eu-west-1:{self.account}:function:{name}",
                     "lambda", "delete-function", "--function-name", name, "--region", "eu-west-1")
        for check in checks:
            run("route53", "delete-health-check", "--health-check-id", check, parse=False)
        change("DELETE")
        run("route53", "delete-hosted-zone", "--id", zone)

    def second_identity(self, name, policy):
        self.aws("iam", "create-user", "--user-name", name)
        if policy:
            self.aws("iam", "put-user-policy", "--user-name", name, "--policy-name", "p", "--policy-document", policy, parse=False)
        key = self.aws("iam", "create-access-key", "--user-name", name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def test_a_second_identity(self):
        ann = self.second_identity("ann", allow(["route53:GetHealthCheckCount", "cloudwatch:DescribeAlarms"]))
        user = f"arn:aws:iam::{self.account}:user/ann"
        self.aws("route53", "get-health-check-count", environment=ann)
        topic = self.aws("sns", "create-topic", "--name", "ann")["TopicArn"]

        def denied(action, resource):
            where = f" on resource: {resource}" if resource else ""
            return (f"User: {user} is not authorized to perform: {action}{where} because no identity-based policy allows the "
                    f"{action} action")
        self.refused("AccessDenied", "GetHealthCheck", denied("route53:GetHealthCheck", "arn:aws:route53:::healthcheck/x"),
                     "route53", "get-health-check", "--health-check-id", "x", environment=ann)
        self.refused("AuthorizationError", "Publish", denied("SNS:Publish", topic), "sns", "publish", "--topic-arn", topic,
                     "--message", "m", environment=ann)
        self.refused("AccessDeniedException", "GetFunction",
                     denied("lambda:GetFunction", f"arn:aws:lambda:us-east-1:{self.account}:function:f"),
                     "lambda", "get-function", "--function-name", "f", environment=ann)
        self.refused("AccessDeniedException", "FilterLogEvents",
                     denied("logs:FilterLogEvents", f"arn:aws:logs:us-east-1:{self.account}:log-group:g"),
                     "logs", "filter-log-events", "--log-group-name", "g", environment=ann)
        self.refused("AccessDenied", "SetAlarmState", denied("cloudwatch:SetAlarmState", f"arn:aws:cloudwatch:us-east-1:{self.account}:alarm:a"),
                     "cloudwatch", "set-alarm-state", "--alarm-name", "a", "--state-value", "OK", "--state-reason", "r", environment=ann)

    def test_a_role_is_assumed(self):
        bob = self.second_identity("bob", allow("sts:AssumeRole"))
        trust = json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.account}:user/bob"}, "Action": "sts:AssumeRole"}]})
        role = self.aws("iam", "create-role", "--role-name", "operators", "--assume-role-policy-document", trust)["Role"]["Arn"]
        self.aws("iam", "put-role-policy", "--role-name", "operators", "--policy-name", "p", "--policy-document",
                 allow("sns:*"), parse=False)
        given = self.aws("sts", "assume-role", "--role-arn", role, "--role-session-name", "shift", environment=bob)["Credentials"]
        operator = {"AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
                    "AWS_SESSION_TOKEN": given["SessionToken"]}
        self.assertEqual(self.aws("sts", "get-caller-identity", environment=operator)["Arn"],
                         f"arn:aws:sts::{self.account}:assumed-role/operators/shift")
        self.assertIn("Topics", self.aws("sns", "list-topics", environment=operator))
        eve = self.second_identity("eve", allow("sts:AssumeRole"))
        self.refused("AccessDenied", "AssumeRole", f"User: arn:aws:iam::{self.account}:user/eve is not authorized to perform: "
                     f"sts:AssumeRole on resource: {role}", "sts", "assume-role", "--role-arn", role, "--role-session-name", "x1",
                     environment=eve, prefix=True)


def load_tests(loader, tests, pattern):
    """One class for each CLI; with SITELATCH_CLI set, only that one."""
    del tests, pattern
    suite = unittest.TestSuite()
    for path, version in aws_clis():
        if os.environ.get("SITELATCH_CLI", version) == version:
            name = "Aws" + version.replace(".", "_")
            kind = Stories if path == aws_clis()[0][0] else Cli
            suite.addTests(loader.loadTestsFromTestCase(type(name, (kind, unittest.TestCase), {"cli": path, "version": version})))
    return suite


if __name__ == "__main__":
    if not aws_clis():
        skip_loudly("no aws CLI on this machine")
    if "SITELATCH_CLI" in os.environ:
        unittest.main(verbosity=2)
    # Side by side: a command of the CLI is a second of a processor.
    runs = [subprocess.Popen([sys.executable, os.path.abspath(__file__)], env={**os.environ, "SITELATCH_CLI": version},
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _, version in aws_clis()]
    for run in runs:
        print(run.communicate()[0], flush=True)
    sys.exit(max([run.returncode for run in runs], default=0))
