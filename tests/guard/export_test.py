# SPDX-License-Identifier: Apache-2.0
"""sitelatch export on the real engine, of a guard of each form: the code adopts the guard and changes nothing, latched or not; the same
code makes a guard in an account that has none, which sitelatch finds; and it is removed without a rest. By terraform and by the aws
CLI where they are; CloudFormation has no engine, so its template is read and held against what the resources need. One account has a
guard of each form, and every form is exported, applied and failed over at once: Terraform's provider costs seconds of CPU a command."""
import json
import os
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree
from xml.sax.saxutils import escape

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import guard_world  # noqa: E402
from deploy_test import run_guide  # noqa: E402
from operate_world import BACKUP, LATCH, PRIMARY, Api, World  # noqa: E402
from sitelatch import Engine, Workplace, aws_clis, skip_loudly, with_warm_aws  # noqa: E402
from terraform import Folder, no_terraform  # noqa: E402

HOSTILE = "it's ${x} %{y} $${z} \"q\" `w` \\ ü"
DEPLOY = {  # by form; the state of a guard that serves Primary, and of one that is latched
    "guide": ("--notify", "sre@example.org", "--tag", "team=web sites"),
    "config": ("--form", "config", "--change-records"),
    "hardened": ("--form", "hardened", "--change-records"),
    "engine": ("--form", "engine"),
}
SERVING = {"guide": "armed", "config": "serving", "hardened": "armed", "engine": "serving"}
LATCHED = {"guide": "tripped", "config": "latched", "hardened": "tripped", "engine": "latched"}
XMLNS = "https://route53.amazonaws.com/doc/2013-04-01/"


def name_of(form):
    return form + ".example.test"


class Account(World):
    """An engine that has nothing but a zone, and then a guard of each form: `guards` has their health checks."""

    def __init__(self, place, name, site):
        self.place, self.site, self.guards = place, site, {}
        self.engine = place.keep(Engine(os.path.join(place.path, name), "--clock", "manual", log=os.path.join(place.path, name + ".log")))
        self.environment = self.engine.environment()
        self.api = Api(self.environment)
        self.make_zone()

    def all_of(self, *commands):
        """Side by side, while time passes."""
        processes = [self.start(*words) for words in commands]
        for process in processes:
            while True:
                try:
                    out, err = process.communicate(timeout=0.05)
                    break
                except subprocess.TimeoutExpired:
                    self.engine.pass_time(15)
            assert process.returncode == 0, (process.args, out, err)

    def states(self):
        return {form: json.loads(self.run("status", check, "--output", "json").stdout)["state"] for form, check in self.guards.items()}

    def become(self, states):
        for _ in range(60):
            seen = self.states()
            if seen == states:
                return
            self.engine.pass_time(30)
        raise AssertionError(f"never {states}: {seen}\n{self.engine.log_text()[-2000:]}")

    def served(self):
        return {form: self.engine.lookup(name_of(form)) for form in self.guards}

    def all_serve(self, address):
        return self.served() == {form: (0, [address]) for form in self.guards}

    def fail_over(self):
        """All of them, by an outage of the site that is over when they are latched."""
        self.site.set("down")
        try:
            for _ in range(40):
                self.engine.pass_time(15)
                if self.all_serve(BACKUP) and self.states() == LATCHED:
                    break
            else:
                raise AssertionError((self.served(), self.states(), self.engine.log_text()[-2000:]))
        finally:
            self.site.set("up")
        self.engine.pass_time(300)
        assert self.all_serve(BACKUP), self.served()

    def tags(self, check):
        answer = xml.etree.ElementTree.fromstring(self.api.route53("GET", f"/tags/healthcheck/{check}"))
        return {tag.find(f"{{{XMLNS}}}Key").text: tag.find(f"{{{XMLNS}}}Value").text for tag in answer.iter(f"{{{XMLNS}}}Tag")}


class Source(Account, guard_world.Kept):
    """Deployed by sitelatch; what is exported."""

    def __init__(self, place, site):
        super().__init__(place, "source", site)
        for form in DEPLOY:
            check = self.guards[form] = self.make_check(site, form)
            self.change_records(self.record("primary", PRIMARY, check, name_of(form)), self.record("secondary", BACKUP, None, name_of(form)))
            self.api.route53("POST", f"/tags/healthcheck/{check}", f"""<ChangeTagsForResourceRequest xmlns="{XMLNS}"><AddTags><Tag>
              <Key>Note</Key><Value>{escape(HOSTILE)}</Value></Tag></AddTags></ChangeTagsForResourceRequest>""")
        self.engine.pass_time(60)
        self.zip = os.path.join(place.path, "guard.zip")

    def deploy(self):
        self.all_of(*(("deploy", check, *DEPLOY[form], "--yes") for form, check in self.guards.items()))

    def export(self, form, *words, status=0):
        answer = self.run("export", self.guards[form], *words)
        assert answer.returncode == status, (words, answer)
        return answer.stdout if status == 0 else answer.stdout + answer.stderr

    def codes(self, *words):
        return {form: self.export(form, "--with-records", *words) for form in self.guards}


def split_blocks(code, head):
    """The blocks that begin with that line, and the code without them."""
    pattern = re.compile(r"\n" + re.escape(head) + r" \{\n.*?\n\}\n", re.S)
    return pattern.findall(code), pattern.sub("", code)


def modules(codes, **variables):
    """One configuration of the codes of several guards: a module each, whose provider and import blocks are the root's, since Terraform
    wants import blocks there, and starts the provider anew for each provider block. Gives the files, and how many are imported."""
    files, imports = {}, 0
    root = 'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n  }\n}\nprovider "aws" {\n  region = "us-east-1"\n}\n'
    for form, code in codes.items():
        providers, code = split_blocks(code, 'provider "aws"')
        assert providers == ['\nprovider "aws" {\n  region = "us-east-1"\n}\n'], providers
        blocks, files[f"{form}/main.tf"] = split_blocks(code, "import")
        imports += len(blocks)
        root += "".join(block.replace("to = ", f"to = module.{form}.") for block in blocks)
        given = {name: value for name, value in variables.items() if f'variable "{name}"' in code}
        root += f'module "{form}" {{\n  source = "./{form}"\n' + "".join(f"  {n} = {json.dumps(v)}\n" for n, v in given.items()) + "}\n"
    return {"main.tf": root, **files}, imports


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Workplace()
        cls.addClassCleanup(cls.place.__exit__, None, None, None)
        cls.site = cls.place.site("primary")
        cls.source = Source(cls.place, cls.site)
        cls.refused_before = [cls.source.export("guide", "--format", "cloudformation", status=3)]
        cls.source.deploy()
        cls.source.export("guide", "--function-zip", cls.source.zip)

    def elsewhere(self, name):
        return Account(self.place, name, self.site)

    def make_whole(self, account):
        """What deploy does after the code has been applied elsewhere."""
        account.engine.pass_time(60)
        account.all_of(*(("deploy", account.guards[form], *DEPLOY[form], "--yes") for form in ("config", "hardened")))
        account.become(SERVING)
        self.assertTrue(account.all_serve(PRIMARY), account.served())

    def test_what_is_not_there_is_not_exported(self):
        self.assertIn("sitelatch deploy", self.refused_before[0])
        self.assertIn("no CloudFormation", self.source.export("engine", "--format", "cloudformation", status=3))
        self.assertIn("nothing to write", self.source.export("engine", "--function-zip", self.source.zip, status=2))

    def test_the_relays_secret_is_in_no_code(self):
        function = f"/2015-03-31/functions/sitelatch-{self.source.guards['hardened']}-relay/configuration"
        secret = json.loads(self.source.api.send("lambda", "GET", function))["Environment"]["Variables"]["SITELATCH_RELAY_PATH"]
        self.assertRegex(secret, "^/[0-9a-f]{32}$")
        for words in ((), ("--no-import",), ("--format", "shell"), ("--format", "cloudformation")):
            self.assertNotIn(secret[1:], self.source.export("hardened", "--with-records", *words))

    # --- Terraform
    @unittest.skipIf(no_terraform(), no_terraform())
    def test_terraform_adopts_them(self):
        source = self.source
        codes = source.codes()
        printed = Folder(self.place, "printed", source.environment,
                         {"main.tf": "terraform {}\n"} | {f"{form}/main.tf": code for form, code in codes.items()})
        printed.run("fmt", "-check", "-diff", "-recursive")
        files, imports = modules(codes, function_zip=source.zip)
        folder = Folder(self.place, "adopted", source.environment, files)
        plan = folder.run("plan", "-out=adoption")
        self.assertIn(f"Plan: {imports} to import, 0 to add, 0 to change, 0 to destroy", plan)
        before = source.kept()
        folder.run("apply", "adoption")
        self.assertEqual(source.kept(), before)
        source.fail_over()
        folder.has_nothing_to_change()
        # And a person who exports now gets the same code: no latch is in it.
        self.assertEqual(source.codes(), codes)

    @unittest.skipIf(no_terraform(), no_terraform())
    @unittest.skipUnless(aws_clis(), "no aws CLI on this machine")
    def test_terraform_adopts_what_the_guide_made(self):
        """By hand, with the function in another Region and policies that sitelatch would not attach. The code as it is printed, and the
        provider as people get it."""
        by_hand = Source.__new__(Source)
        Account.__init__(by_hand, self.place, "by-hand", self.site)
        check = by_hand.guards["guide"] = by_hand.make_check(self.site, "primary")
        by_hand.change_records(by_hand.record("primary", PRIMARY, check, name_of("guide")))
        run_guide(by_hand, check, 10)
        self.assertIn("one Region", by_hand.export("guide", "--format", "cloudformation", status=3))
        self.assertIn("not what sitelatch brings", by_hand.export("guide", "--function-zip", "unwritten.zip", status=3))
        folder = Folder(self.place, "of-the-guide", by_hand.environment, {"main.tf": by_hand.export("guide", "--with-records")}, checked=True)
        folder.run("fmt", "-check", "-diff")
        plan = folder.run("plan", "-var=function_zip=" + os.path.join(self.place.path, "lambda.zip"))
        # What the guide has not, deploy and this code would add: a topic for people, log groups.
        self.assertRegex(plan, r"Plan: 1\d to import, [1-4] to add, 0 to change, 0 to destroy")

    @unittest.skipIf(no_terraform(), no_terraform())
    def test_terraform_makes_them_elsewhere(self):
        other = self.elsewhere("other")
        files, _ = modules(self.source.codes("--no-import"), function_zip=self.source.zip, name_servers=other.engine.dns,
                           **{"zone_" + self.source.zone: other.zone})
        folder = Folder(self.place, "elsewhere", other.environment, files)
        folder.apply()
        with open(os.path.join(folder.path, "terraform.tfstate")) as state:
            for resource in json.load(state)["resources"]:
                if (resource["type"], resource["name"]) == ("aws_route53_health_check", "primary"):
                    other.guards[resource["module"].removeprefix("module.")] = resource["instances"][0]["attributes"]["id"]
        self.assertEqual(sorted(other.guards), sorted(DEPLOY))
        for check in other.guards.values():
            self.assertEqual(other.tags(check).get("Note"), HOSTILE)
        self.make_whole(other)
        other.fail_over()
        folder.has_nothing_to_change()
        folder.destroy()
        self.assertEqual({kind: left for kind, left in other.everything().items() if left}, {})

    # --- the shell
    def script(self, account, form, cli):
        """By the aws CLI of that path; the script itself says where the engine is. Gives the health check."""
        script = self.source.export(form, "--format", "shell", "--with-records")
        environment = {**with_warm_aws(account.environment, cli), "FUNCTION_ZIP": self.source.zip, "ZONE_" + self.source.zone: account.zone}
        done = subprocess.run(["bash", "-c", script, "guard.sh"], capture_output=True, text=True, env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    @unittest.skipUnless(aws_clis(), "no aws CLI on this machine")
    def test_scripts_make_them(self):
        """Each by one aws CLI, and once more by another while it is latched."""
        other = self.elsewhere("by-script")
        for form in DEPLOY:
            other.guards[form] = self.script(other, form, aws_clis()[0][0])
            self.assertEqual(other.tags(other.guards[form]).get("Note"), HOSTILE)
        # What they made is what deploy would have made.
        for form in ("guide", "hardened"):
            plan = json.loads(other.run("deploy", other.guards[form], "--plan", "--output", "json").stdout)
            self.assertEqual((plan["changes"], plan.get("relay_changes", [])), ([], []), plan)
        self.make_whole(other)
        other.fail_over()
        before = other.everything()
        for form in DEPLOY:
            self.assertEqual(self.script(other, form, aws_clis()[-1][0]), other.guards[form])
        self.assertEqual(other.everything(), before)
        other.engine.pass_time(600)
        self.assertEqual(other.states(), LATCHED)
        self.assertTrue(other.all_serve(BACKUP), other.served())

    # --- CloudFormation
    def test_cloudformation_holds_together(self):
        for form, least in (("guide", 18), ("config", 7), ("hardened", 27)):
            with self.subTest(form=form):
                self.template(self.source.export(form, "--format", "cloudformation", "--with-records"), least)

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
    "AWS::Lambda::Url": ["TargetFunctionArn", "AuthType"], "AWS::Events::Rule": ["ScheduleExpression", "Targets"],
    "AWS::Route53::RecordSet": ["Name", "Type", "HostedZoneId"],
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
