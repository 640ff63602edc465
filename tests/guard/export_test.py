# SPDX-License-Identifier: Apache-2.0
"""sitelatch export on the real engine: the code adopts the guard and changes nothing, latched or not; the same code makes
a guard in an account that has none, which sitelatch finds; and it is removed without a rest. By terraform and by the aws
CLI where they are; CloudFormation has no engine, so its template is read and held against what the resources need."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from deploy_test import run_guide  # noqa: E402
from guard_world import BACKUP, LATCH, NAME, PRIMARY, World  # noqa: E402
from sitelatch import SITELATCH, Engine, Workplace, aws, aws_clis, skip_loudly  # noqa: E402

PROVIDER = "registry.terraform.io/hashicorp/aws/5.100.0"
HOSTILE = "it's ${x} %{y} $${z} \"q\" `w` \\ ü"


def provider_mirror():
    places = [os.environ.get("SITELATCH_TF_PLUGINS", ""), "/opt/tf-plugins", os.path.expanduser("~/.terraform.d/plugins"),
              "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins"]
    return next((place for place in places if place and glob.glob(os.path.join(place, PROVIDER, "*"))), None)


def no_terraform():
    if not shutil.which("terraform"):
        return "no terraform on this machine"
    return None if provider_mirror() else f"no plugin folder with {PROVIDER} on this machine"


class Folder:
    """One configuration in a folder of its own."""

    def __init__(self, place, name, environment, code):
        self.path = os.path.join(place.path, name)
        os.makedirs(self.path, exist_ok=True)
        self.environment = dict(environment, TF_IN_AUTOMATION="1", CHECKPOINT_DISABLE="1", TF_CLI_CONFIG_FILE="/dev/null")
        with open(os.path.join(self.path, "main.tf"), "w") as file:
            file.write(code)
        self.terraform("init", "-plugin-dir=" + provider_mirror())

    def terraform(self, *words, expect=0):
        run = subprocess.run(["terraform", words[0], "-no-color", *words[1:]], env=self.environment, cwd=self.path,
                             capture_output=True, text=True)
        assert run.returncode == expect, f"terraform {words}: {run.returncode}\n{run.stdout[-8000:]}\n{run.stderr[-3000:]}"
        return run.stdout

    def has_nothing_to_change(self):
        self.terraform("plan", "-detailed-exitcode")  # 2 where it would change something


class OtherAccount:
    """A second engine, that knows the same sites and has nothing but a zone."""

    def __init__(self, world, name):
        self.engine = world.place.keep(Engine(os.path.join(world.place.path, name), "--clock", "manual",
                                              log=os.path.join(world.place.path, name + ".log")))
        self.environment = self.engine.environment()
        self.environment["SITELATCH_DNS"] = self.engine.dns
        self.zone = aws("aws", self.environment, "route53", "create-hosted-zone", "--name", "example.test",
                        "--caller-reference", "zone")["HostedZone"]["Id"].split("/")[-1]

    def run(self, *words):
        return subprocess.run([SITELATCH, *words], env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def checks(self):
        return aws("aws", self.environment, "route53", "list-health-checks")["HealthChecks"]

    def primary(self):
        found = [check["Id"] for check in self.checks() if check["HealthCheckConfig"]["Type"] == "HTTP"]
        assert len(found) == 1, found
        return found[0]

    def becomes(self, state, check, most=40):
        for _ in range(most):
            answer = self.run("status", check, "--output", "json")
            seen = json.loads(answer.stdout)
            if seen["state"] == state:
                return seen
            self.engine.advance("30s")
        raise AssertionError(f"never {state}: {answer.stdout[-4000:]}\n{self.engine.log_text()[-2000:]}")

    def deploy(self, check, *words):
        process = subprocess.Popen([SITELATCH, "deploy", check, "--yes", *words], env=self.environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        while process.poll() is None:
            self.engine.advance("30s")
        text = process.communicate()[0]
        assert process.returncode == 0, text

    def rest(self):
        """What is there beside the zone."""
        said = []
        for service, operation, member in (("sns", "list-topics", "Topics"), ("cloudwatch", "describe-alarms", "MetricAlarms"),
                                           ("lambda", "list-functions", "Functions"), ("iam", "list-roles", "Roles"),
                                           ("events", "list-rules", "Rules"), ("logs", "describe-log-groups", "logGroups")):
            said += aws("aws", self.environment, service, operation, "--region", "us-east-1")[member]
        return said + self.checks()


@unittest.skipUnless(aws_clis(), "no aws CLI on this machine")
class Export(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(self.place.__exit__, None, None, None)
        self.world = World(self.place)
        self.zip = os.path.join(self.place.path, "guard.zip")

    def export(self, *words, status=0):
        answer = self.world.run("export", self.world.check, *words)
        self.assertEqual(answer.status, status, answer)
        return answer.out if status == 0 else answer.out + answer.err

    def tag_primary(self):
        self.world.aws("route53", "change-tags-for-resource", "--resource-type", "healthcheck", "--resource-id",
                       self.world.check, "--add-tags", json.dumps([{"Key": "Note", "Value": HOSTILE}]), parse=False)

    def deploy_guide(self):
        self.tag_primary()
        answer = self.world.deploy("--notify", "sre@example.org", "--tag", "team=web sites")
        self.assertEqual(answer.json["state"], "armed", answer)

    def deploy_config(self):
        self.tag_primary()
        for more in ((), ("--change-records",)):
            with self.world.clock_running("30s"):
                answer = self.world.run("deploy", self.world.check, "--form", "config", "--yes", *more)
            self.assertEqual(answer.status, 0, answer)

    def fails_over(self, engine, latched):
        self.world.primary.set("down")
        for _ in range(60):
            if engine.lookup(NAME) == (0, [BACKUP]) and latched():
                break
            engine.advance("15s")
        else:
            raise AssertionError("it never latched")
        self.world.primary.set("up")
        engine.advance("5m")
        self.assertEqual(engine.lookup(NAME), (0, [BACKUP]))

    def is_latched(self):
        return self.world.path() == LATCH

    # --- Terraform
    def adopts(self, code, latched):
        self.assertEqual(self.export("--with-records", "--function-zip", self.zip) if self.with_function else
                         self.export("--with-records"), code, "the same guard, the same code")
        folder = Folder(self.place, "adopted", self.world.environment, code)
        folder.terraform("fmt", "-check", "-diff")
        plan = folder.terraform("plan", "-var=function_zip=" + self.zip) if self.with_function else folder.terraform("plan")
        self.assertRegex(plan, r"Plan: \d+ to import, 0 to add, 0 to change, 0 to destroy")
        before = self.world.kept()
        folder.environment["TF_VAR_function_zip"] = self.zip
        folder.terraform("apply", "-auto-approve")
        self.assertEqual(self.world.kept(), before)
        folder.has_nothing_to_change()
        self.fails_over(self.world.engine, latched)
        folder.has_nothing_to_change()
        # And a person who exports now gets the same code: no latch is in it.
        self.assertEqual(self.export("--with-records"), code)

    @unittest.skipIf(no_terraform(), no_terraform())
    def test_terraform_adopts_the_guides(self):
        self.with_function = True
        self.deploy_guide()
        self.adopts(self.export("--with-records"), self.is_latched)

    @unittest.skipIf(no_terraform(), no_terraform())
    def test_terraform_adopts_config(self):
        self.with_function = False
        self.deploy_config()
        self.adopts(self.export("--with-records"), lambda: True)

    @unittest.skipIf(no_terraform(), no_terraform())
    def test_terraform_adopts_what_the_guide_made(self):
        """By hand, with the function in another Region and policies that sitelatch would not attach."""
        run_guide(self.world, self.world.check, 10)
        self.assertIn("one Region", self.export("--format", "cloudformation", status=3))
        self.assertIn("not what sitelatch brings", self.export("--function-zip", self.zip, status=3))
        folder = Folder(self.place, "adopted", self.world.environment, self.export("--with-records"))
        folder.terraform("fmt", "-check", "-diff")
        plan = folder.terraform("plan", "-var=function_zip=" + os.path.join(self.place.path, "lambda.zip"))
        # What the guide has not, deploy and this code would add: a topic for people, log groups.
        self.assertRegex(plan, r"Plan: 1\d to import, [1-4] to add, 0 to change, 0 to destroy")

    def made_elsewhere(self, folder, other):
        folder.environment.update({"TF_VAR_function_zip": self.zip, "TF_VAR_zone_" + self.zone(): other.zone})
        folder.terraform("apply", "-auto-approve", "-parallelism=40")
        folder.has_nothing_to_change()
        return other.primary()

    def zone(self):
        return self.world.zone.split("/")[-1]

    @unittest.skipIf(no_terraform(), no_terraform())
    def test_terraform_makes_the_guides_elsewhere(self):
        self.deploy_guide()
        other = OtherAccount(self.world, "other")
        folder = Folder(self.place, "elsewhere", other.environment,
                        self.export("--with-records", "--no-import", "--function-zip", self.zip))
        check = self.made_elsewhere(folder, other)
        other.becomes("armed", check)
        tags = aws("aws", other.environment, "route53", "list-tags-for-resource", "--resource-type", "healthcheck",
                   "--resource-id", check)["ResourceTagSet"]["Tags"]
        self.assertIn({"Key": "Note", "Value": HOSTILE}, tags)
        self.fails_over(other.engine, lambda: other.becomes("tripped", check))
        folder.has_nothing_to_change()
        folder.terraform("destroy", "-auto-approve", "-parallelism=40")
        self.assertEqual(other.rest(), [])

    @unittest.skipIf(no_terraform(), no_terraform())
    def test_terraform_makes_config_elsewhere(self):
        self.deploy_config()
        other = OtherAccount(self.world, "other")
        folder = Folder(self.place, "elsewhere", other.environment, self.export("--no-import", "--with-records"))
        check = self.made_elsewhere(folder, other)
        self.assertEqual(other.engine.lookup(NAME), (0, [PRIMARY]))
        other.deploy(check, "--form", "config", "--change-records")
        other.becomes("serving", check)
        listed = json.loads(other.run("status", "--all", "--output", "json").stdout)
        self.assertEqual([one["health_check_id"] for one in listed["guards"]], [check])
        self.fails_over(other.engine, lambda: True)
        folder.has_nothing_to_change()
        folder.terraform("destroy", "-auto-approve", "-parallelism=40")
        self.assertEqual(other.rest(), [])

    # --- the shell
    def script_makes(self, *words, cli=None):
        """By the first aws CLI of the machine, or by the one at a path; the script itself says where the engine is."""
        longer = cli is None
        cli, version = cli or aws_clis()[0]
        other = OtherAccount(self.world, "by-" + version)
        script = self.export("--format", "shell", "--with-records", *words)
        bin_ = os.path.join(self.place.path, "bin-" + version)
        os.makedirs(bin_, exist_ok=True)
        if not os.path.lexists(os.path.join(bin_, "aws")):
            os.symlink(cli, os.path.join(bin_, "aws"))
        environment = {**other.environment, "FUNCTION_ZIP": self.zip, "ZONE_" + self.zone(): other.zone,
                       "PATH": bin_ + ":" + other.environment["PATH"]}
        def run(*arguments):
            done = subprocess.run(["bash", "-c", script, "guard.sh", *arguments], capture_output=True, text=True,
                                  env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout.strip()
        check = run()
        self.assertEqual(check, other.primary())
        before = len(other.rest())
        self.assertEqual(run(), check)
        if longer:
            self.assertEqual(run(check), check)
        self.assertEqual(len(other.rest()), before)
        tags = aws("aws", other.environment, "route53", "list-tags-for-resource", "--resource-type", "healthcheck",
                   "--resource-id", check)["ResourceTagSet"]["Tags"]
        self.assertIn({"Key": "Note", "Value": HOSTILE}, tags)
        return other, check

    def test_a_script_makes_the_guides(self):
        self.deploy_guide()
        for cli in aws_clis():
            with self.subTest(cli=cli):
                other, check = self.script_makes("--function-zip", self.zip, cli=cli)
                other.becomes("armed", check)
                # What it made is what deploy would have made.
                plan = json.loads(other.run("deploy", check, "--plan", "--output", "json").stdout)
                self.assertEqual(plan["changes"], [], plan)
                self.fails_over(other.engine, lambda: other.becomes("tripped", check))

    def test_a_script_makes_config(self):
        self.deploy_config()
        other, check = self.script_makes()
        other.deploy(check, "--form", "config", "--change-records")
        other.becomes("serving", check)
        self.assertEqual(other.engine.lookup(NAME), (0, [PRIMARY]))

    # --- the engine's own
    def test_the_engines(self):
        answer = self.world.run("deploy", self.world.check, "--form", "engine", "--yes")
        self.assertEqual(answer.status, 0, answer)
        self.assertIn("no CloudFormation", self.export("--format", "cloudformation", status=3))
        self.assertIn("nothing to write", self.export("--function-zip", self.zip, status=2))
        self.tag_primary()
        other, check = self.script_makes()
        other.becomes("serving", check)
        if no_terraform():
            return skip_loudly(no_terraform())
        self.with_function = False
        self.adopts(self.export("--with-records"), lambda: True)

    # --- CloudFormation
    def test_cloudformation_holds_together(self):
        self.assertIn("sitelatch deploy", self.export("--format", "cloudformation", status=3))
        self.deploy_guide()
        self.template(self.export("--format", "cloudformation", "--with-records"), 18)
        answer = self.world.run("destroy", self.world.check, "--yes", "--logs")
        self.assertEqual(answer.status, 0, answer)
        self.deploy_config()
        self.template(self.export("--format", "cloudformation", "--with-records"), 7)

    def template(self, text, least):
        template = yaml_subset(text)
        resources, parameters = template["Resources"], template.get("Parameters", {})
        self.assertGreaterEqual(len(resources), least, list(resources))
        known = set(resources) | set(parameters) | {"AWS::AccountId"}
        needs = {}
        for name, resource in resources.items():
            self.assertRegex(name, r"^[A-Za-z0-9]+$")
            self.assertLessEqual(set(REQUIRED[resource["Type"]]), set(resource["Properties"]), name)
            needs[name] = {r for r in [*references(resource["Properties"]), *resource.get("DependsOn", [])]}
            self.assertLessEqual(needs[name], known, name)
        left = {name: need & set(resources) for name, need in needs.items()}
        while left:  # what needs nothing that is left goes; a circle stays
            ready = [name for name, need in left.items() if not need & set(left)]
            self.assertTrue(ready, f"a circle of {left}")
            for name in ready:
                del left[name]
        self.assertIn({"Key": "Note", "Value": HOSTILE}, resources["PrimaryHealthCheck"]["Properties"]["HealthCheckTags"])


REQUIRED = {
    "AWS::Route53::HealthCheck": ["HealthCheckConfig"], "AWS::SNS::Topic": ["TopicName"],
    "AWS::SNS::TopicPolicy": ["Topics", "PolicyDocument"], "AWS::SNS::Subscription": ["TopicArn", "Protocol", "Endpoint"],
    "AWS::CloudWatch::Alarm": ["ComparisonOperator", "EvaluationPeriods", "MetricName", "Namespace", "Period", "Statistic", "Threshold"],
    "AWS::Logs::LogGroup": ["LogGroupName"], "AWS::IAM::Role": ["AssumeRolePolicyDocument"],
    "AWS::IAM::Policy": ["PolicyName", "PolicyDocument", "Roles"], "AWS::Lambda::Function": ["Code", "Role", "Handler", "Runtime"],
    "AWS::Lambda::EventInvokeConfig": ["FunctionName", "Qualifier"], "AWS::Lambda::Permission": ["FunctionName", "Action", "Principal"],
    "AWS::Events::Rule": ["ScheduleExpression", "Targets"], "AWS::Route53::RecordSet": ["Name", "Type", "HostedZoneId"],
}


class Tagged(str):
    """The text of !Ref, !GetAtt or !Sub, with the tag."""
    tag = ""


def references(value):
    if isinstance(value, dict):
        return [r for one in value.values() for r in references(one)]
    if isinstance(value, list):
        return [r for one in value for r in references(one)]
    if isinstance(value, Tagged):
        if value.tag == "!Sub":
            return [name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", value)]
        return [value.split(".")[0]]
    return []


def yaml_subset(text):
    """What the printer writes of YAML, no more: block maps and lists, double-quoted texts, tags. PyYAML, where it is, says
    the same."""
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.split("\n") if line.strip() and not line.startswith("#")]

    def scalar(word):
        found = re.match(r"(!Ref|!GetAtt|!Sub) (.*)$", word)
        if found:
            out = Tagged(scalar(found.group(2)))
            out.tag = found.group(1)
            return out
        if word.startswith('"'):
            return json.loads(re.sub(r"\\x(..)", r"\\u00\1", word))
        if word in ("true", "false"):
            return word == "true"
        return {"[]": [], "{}": {}}.get(word, float(word) if re.fullmatch(r"-?\d+(\.\d+)?", word) else word)

    def split(line):
        quoted = re.match(r'("(?:\\.|[^"\\])*"):(?: (.*))?$', line)
        plain = re.match(r"(\w+):(?: (.*))?$", line)
        found = quoted or plain
        assert found, line
        return (json.loads(found.group(1)) if quoted else found.group(1)), found.group(2)

    def block(at, depth):
        if lines[at][1].startswith("- "):
            out = []
            while at < len(lines) and lines[at][0] == depth and lines[at][1].startswith("- "):
                rest = lines[at][1][2:]
                if re.match(r'(\w+|"(?:\\.|[^"\\])*"):( |$)', rest):
                    lines[at] = (depth + 2, rest)
                    one, at = block(at, depth + 2)
                else:
                    one, at = scalar(rest), at + 1
                out.append(one)
            return out, at
        out = {}
        while at < len(lines) and lines[at][0] == depth and not lines[at][1].startswith("- "):
            key, rest = split(lines[at][1])
            assert key not in out, key
            at += 1
            if rest is None:
                assert at < len(lines) and lines[at][0] > depth, key
                out[key], at = block(at, lines[at][0])
            else:
                out[key] = scalar(rest)
        return out, at

    out, at = block(0, 0)
    assert at == len(lines), lines[at]
    try:
        import yaml
    except ImportError:
        skip_loudly("no PyYAML: the template is read by this test alone")
        return out

    class Loader(yaml.SafeLoader):
        pass
    for tag in ("!Ref", "!GetAtt", "!Sub"):
        Loader.add_constructor(tag, lambda loader, node: loader.construct_scalar(node))
    assert yaml.load(text, Loader) == out, "PyYAML reads something else"
    return out


if __name__ == "__main__":
    for reason in (no_terraform(), None if aws_clis() else "no aws CLI on this machine"):
        if reason:
            skip_loudly(reason)
    unittest.main(verbosity=2)
