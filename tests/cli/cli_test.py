# SPDX-License-Identifier: Apache-2.0
"""The commands as a person meets them: what they print, what they refuse and how, with the real binary."""
import json
import os
import stat
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from signed_client import Client  # noqa: E402
from sitelatch import SITELATCH, Workplace, aws, aws_clis, skip_loudly, wait_until  # noqa: E402


def run(*arguments, env=None):
    return subprocess.run([SITELATCH, *arguments], capture_output=True, text=True, env=env)


class Commands(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(lambda: self.place.__exit__(None, None, None))

    def test_help_has_an_example_for_every_command(self):
        for command in ("engine", "env", "exec", "advance", "health", "fault", "fault throttle", "fault deny", "fault outage", "fault lag",
                        "fault lose-answer", "fault checkers", "fault scp", "fault list", "fault clear", "site", "demo", "simulate"):
            answer = run(*command.split(), "--help")
            self.assertEqual(answer.returncode, 0, command)
            self.assertIn("xample", answer.stdout, command)
        self.assertEqual(run("--version").returncode, 0)

    def test_wrong_usage_is_exit_status_2_and_says_what(self):
        for arguments in (["nonsense"], ["engine", "--api", "here"], ["engine", "--account-id", "12"],
                          ["engine", "--time-scale", "0"], ["advance"], ["advance", "soon"], ["advance", "0s"], ["health", "x"], []):
            answer = run(*arguments)
            self.assertEqual(answer.returncode, 2, arguments)
            self.assertTrue(answer.stderr.strip(), arguments)

    def test_commands_without_an_engine_say_how_to_start_one(self):
        missing = os.path.join(self.place.path, "none")
        for arguments in (["env"], ["exec", "--", "true"], ["advance", "1s"], ["health"], ["fault", "list"]):
            answer = run(arguments[0], "--data-dir", missing, *arguments[1:])
            self.assertEqual(answer.returncode, 1)
            self.assertIn("no engine is running", answer.stderr)
            self.assertIn("sitelatch engine", answer.stderr)

    def test_issue_8_env_without_an_engine_leaves_no_credentials_in_force(self):
        users = {**os.environ, "AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "t", "AWS_ACCESS_KEY_ID": "AKIAREAL",
                 "AWS_SECRET_ACCESS_KEY": "real", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x", "AWS_ENDPOINT_URL_SNS": "https://elsewhere"}
        missing = os.path.join(self.place.path, "none")
        for words in (["--data-dir", missing], ["--data-dir", missing, "--reigon", "x"], ["--region", "nowhere-9"]):
            script = f'eval "$({SITELATCH} env {" ".join(words)})"; echo "status=$?"; env'
            told = subprocess.run(["sh", "-c", script], env=users, capture_output=True, text=True)
            now = dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)
            self.assertEqual(now["status"], "1", words)
            for gone in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                         "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ENDPOINT_URL_SNS"):
                self.assertNotIn(gone, now, words)
            self.assertEqual((now["AWS_SHARED_CREDENTIALS_FILE"], now["AWS_CONFIG_FILE"]), ("/dev/null", "/dev/null"), words)
            self.assertEqual(now["AWS_ENDPOINT_URL"], "http://127.0.0.1:9", words)
            self.assertIn("out of force", told.stderr, words)
            if aws_clis():
                failed = subprocess.run(["sh", "-c", script.split(";")[0] + "; aws sts get-caller-identity"], env=users,
                                        capture_output=True, text=True)
                self.assertNotEqual(failed.returncode, 0, words)
                self.assertIn("credentials", failed.stderr, words)

    def test_issue_8_every_command_goes_to_the_engine_that_env_points_at(self):
        engine = self.place.engine("--clock", "manual")
        environment = engine.environment()
        self.assertEqual(environment["SITELATCH_DATA_DIR"], engine.data_dir)
        elsewhere = {**environment, "XDG_STATE_HOME": os.path.join(self.place.path, "empty")}
        for words in (["advance", "1s"], ["health"], ["env"], ["exec", "--", "true"], ["fault", "list"]):
            answer = run(*words, env=elsewhere)
            self.assertEqual(answer.returncode, 0, (words, answer.stderr))

    def test_issue_8_an_unknown_command_is_exit_status_2_with_what_was_meant(self):
        for words, meant in ((["statsu"], "status"), (["statsu", "--help"], "status"), (["deply", "x"], "deploy"),
                             (["switchback"], "switch-back"), (["help", "advnace"], "advance"),
                             (["help", "stauts"], "status"), (["fault", "throtle", "--for", "1m"], "throttle"),
                             (["help", "fault", "dny"], "deny"), (["deploy", "x", "--form", "hardend"], "hardened"),
                             (["drill", "x", "--scenario=outge"], "outage"), (["engine", "--clock", "manul"], "manual"),
                             (["fault", "deny", "--servcie", "iam"], "--service")):
            answer = run(*words)
            self.assertEqual((answer.returncode, answer.stdout), (2, ""), words)
            self.assertIn(f"Did you mean {meant}?", answer.stderr, words)
        nothing_near = run("frobnicate", "--help")
        self.assertEqual((nothing_near.returncode, nothing_near.stdout), (2, ""))
        self.assertIn('no command "frobnicate"', nothing_near.stderr)
        self.assertNotIn("Did you mean", nothing_near.stderr)
        option = run("advance", "1s", "--data-dri", "x")
        self.assertEqual(option.returncode, 2)
        self.assertIn("Did you mean --data-dir?", option.stderr)
        self.assertIn("sitelatch advance --help", option.stderr)
        far = run("deploy", "x", "--form", "frobnicate")
        self.assertEqual((far.returncode, far.stdout), (2, ""))
        self.assertNotIn("Did you mean", far.stderr)
        self.assertIn("hardened", far.stderr)
        self.assertEqual(run("help", "fault", "deny").stdout, run("fault", "deny", "--help").stdout)
        self.assertEqual(run("help", "advance").stdout, run("advance", "--help").stdout)
        self.assertEqual(run("help").stdout, run("--help").stdout)

    def test_issue_8_a_region_that_aws_does_not_have_is_refused(self):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                       "AWS_MAX_ATTEMPTS": "1"}
        refused = run("status", "x-1", "--region", "us-esat-1", env=environment)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("Did you mean us-east-1?", refused.stderr)
        self.assertIn("SITELATCH_NEW_REGIONS=us-esat-1", refused.stderr)
        by_environment = run("status", "x-1", env={**environment, "AWS_REGION": "nowhere-9"})
        self.assertEqual(by_environment.returncode, 5)
        self.assertIn("AWS_REGION: ", by_environment.stderr)
        insisted = run("status", "x-1", "--region", "nowhere-9", env={**environment, "SITELATCH_NEW_REGIONS": "nowhere-9"})
        self.assertIn("nothing accepts connections", insisted.stderr)

    def test_env_points_tools_at_the_engine_and_nothing_else(self):
        engine = self.place.engine()
        users = {**os.environ, "AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL_SNS": "https://elsewhere",
                 "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "NO_PROXY": "intranet", "HTTPS_PROXY": "http://proxy:1"}
        text = subprocess.run([SITELATCH, "env", "--data-dir", engine.data_dir], env=users, capture_output=True, text=True).stdout
        out = subprocess.run(["sh", "-c", text + "\nenv -0"], env=users, capture_output=True, text=True).stdout
        now = dict(item.split("=", 1) for item in out.split("\0") if "=" in item)
        self.assertEqual(now["AWS_ENDPOINT_URL"], engine.api)
        self.assertEqual(now["AWS_REGION"], now["AWS_DEFAULT_REGION"])
        for gone in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_SNS"):
            self.assertNotIn(gone, now)
        self.assertNotEqual(now["AWS_ACCESS_KEY_ID"], "AKIAREAL")
        self.assertTrue(now["AWS_SHARED_CREDENTIALS_FILE"].startswith(engine.data_dir))
        self.assertEqual(sorted(now["NO_PROXY"].split(",")), ["127.0.0.1", "intranet", "localhost"])
        mode = stat.S_IMODE(os.stat(os.path.join(engine.data_dir, "credentials")).st_mode)
        self.assertEqual(mode, 0o600)
        again = subprocess.run([SITELATCH, "env", "--data-dir", engine.data_dir], env={**users, **now}, capture_output=True, text=True).stdout
        self.assertIn("NO_PROXY=127.0.0.1,localhost,intranet", again, "repeating it adds nothing")

    def test_the_key_pair_is_made_once(self):
        engine = self.place.engine()
        first = engine.environment()["AWS_ACCESS_KEY_ID"]
        self.assertEqual(engine.stop(), 0)
        again = self.place.keep(engine.restarted())
        self.assertEqual(again.environment()["AWS_ACCESS_KEY_ID"], first)

    def test_exec_runs_one_command_and_hands_its_status_on(self):
        engine = self.place.engine()
        shown = run("exec", "--data-dir", engine.data_dir, "--", "sh", "-c", "echo $AWS_ENDPOINT_URL; exit 7")
        self.assertEqual((shown.returncode, shown.stdout.strip()), (7, engine.api))
        self.assertEqual(run("exec", "--data-dir", engine.data_dir, "--", "no-such-command").returncode, 127)

    def test_every_aws_cli_reaches_the_engine(self):
        engine = self.place.engine()
        if not aws_clis():
            skip_loudly("no aws CLI on this machine")
        for path, version in aws_clis():
            environment = engine.environment()
            shim, rest = environment["PATH"].split(":", 1)
            environment["PATH"] = ":".join([shim, os.path.dirname(path), rest])
            self.assertEqual(aws("aws", environment, "sts", "get-caller-identity")["Account"], "000000000000", version)

    def test_a_manual_clock_stands_still_until_advanced(self):
        engine = self.place.engine("--clock", "manual")
        first = engine.advance("1s")
        second = engine.advance("1h30m")
        self.assertEqual(second[11:13], f"{(int(first[11:13]) + 1 + (1 if int(first[14:16]) >= 30 else 0)) % 24:02}")
        refused = engine.command("advance", "500d", check=False)
        self.assertEqual(refused.returncode, 1)
        wall = run("engine", "--data-dir", engine.data_dir, "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0")
        self.assertEqual(wall.returncode, 1)
        self.assertIn("another engine holds the data directory", wall.stderr)

    def test_time_goes_on_from_where_it_was(self):
        engine = self.place.engine("--clock", "manual")
        before = engine.advance("48h")
        engine.kill()
        again = self.place.keep(engine.restarted())
        self.assertGreater(again.advance("1s"), before)

    def test_a_running_clock_is_not_advanced(self):
        engine = self.place.engine()
        refused = engine.command("advance", "1s", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--clock manual", refused.stderr)

    def test_health_is_listed_and_forced_apart_from_the_real_status(self):
        clis = aws_clis()
        if not clis:
            skip_loudly("no aws CLI: health is not tried")
            return
        engine, site = self.place.engine("--clock", "manual"), self.place.site("primary")
        self.assertIn("no health checks", engine.command("health").stdout)
        config = {"Type": "HTTP", "IPAddress": site.address, "Port": site.port, "ResourcePath": "/lb-check"}
        check = aws("aws", engine.environment(), "route53", "create-health-check", "--caller-reference", "c",
                    "--health-check-config", json.dumps(config))["HealthCheck"]["Id"]
        engine.advance("2m")
        engine.command("health", check, "down")
        listed = json.loads(engine.command("health", "--json").stdout)[0]
        self.assertEqual((listed["status"], listed["realStatus"], listed["forced"]), ("unhealthy", "healthy", "down"))
        engine.kill()
        engine = self.place.keep(engine.restarted())
        self.assertIn("unhealthy", engine.command("health").stdout, "a forced status survives")
        engine.command("health", check, "auto")
        self.assertNotIn("unhealthy", engine.command("health").stdout)
        unknown = engine.command("health", "00000000-0000-0000-0000-000000000000", "up", check=False)
        self.assertEqual(unknown.returncode, 1)

    def test_faults_are_set_listed_and_cleared_and_a_restart_forgets_them(self):
        engine = self.place.engine("--clock", "manual")
        self.assertIn("No faults are set.", engine.command("fault", "list").stdout)
        told = engine.command("fault", "outage", "--service", "lambda", "--region", "eu-west-1", "--for", "1h").stdout
        self.assertRegex(told, r"^1  outage lambda in eu-west-1, until \S+Z\n$")
        engine.command("fault", "lag", "--service", "sns", "--operation", "List*", "--behind", "20s", "--count", "2")
        policy = os.path.join(self.place.path, "deny.json")
        with open(policy, "w", encoding="utf-8") as file:
            json.dump({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sns:*", "Resource": "*"}]}, file)
        engine.command("fault", "scp", policy)
        listed = json.loads(engine.command("fault", "list", "--json").stdout)
        self.assertEqual([entry["id"] for entry in listed], [1, 2, 3])
        self.assertEqual(listed[1]["text"], "lag sns List*, 20s behind, 2 more requests")
        self.assertEqual(listed[2]["text"], f"service control policy {policy}")
        engine.command("fault", "clear", "2")
        engine.advance("1h")
        self.assertEqual([entry["id"] for entry in json.loads(engine.command("fault", "list", "--json").stdout)], [3])
        again = engine.command("fault", "clear", "2", check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("fault list", again.stderr)
        engine.kill()
        engine = self.place.keep(engine.restarted())
        self.assertIn("No faults are set.", engine.command("fault", "list").stdout)
        after = run("fault", "list", "--data-dir", engine.data_dir)
        self.assertEqual((after.returncode, after.stdout), (0, "No faults are set.\n"), "the directory may come after it, too")

    def test_a_fault_that_could_hit_nothing_is_refused(self):
        engine = self.place.engine()
        for arguments, why in ((("--service", "dynamodb"), "no service \"dynamodb\" here: cloudwatch, events, iam"),
                               (("--service", "sns", "--operation", "Nonsense"), "no operation Nonsense"),
                               (("--service", "sns", "--region", "mars"), "not a region"),
                               (("--service", "route53", "--region", "eu-west-1"), "control plane is in us-east-1")):
            refused = engine.command("fault", "throttle", *arguments, check=False)
            self.assertEqual(refused.returncode, 1, arguments)
            self.assertIn(why, refused.stderr)
        for arguments in (("throttle",), ("throttle", "--service", "sns", "--count", "0"), ("throttle", "--service", "sns", "--for", "soon"),
                          ("nonsense",), ()):
            self.assertEqual(engine.command("fault", *arguments, check=False).returncode, 2, arguments)
        nothing = engine.command("fault", "scp", os.path.join(self.place.path, "none.json"), check=False)
        self.assertEqual(nothing.returncode, 1)
        self.assertIn("cannot read", nothing.stderr)

    def test_checkers_are_cut_off_and_reach_again(self):
        site = self.place.site("primary")
        engine = self.place.engine("--clock", "manual", "--checkers", "16")
        client = Client(engine)
        check = client.create_health_check("x", Type="HTTP", IPAddress=site.address, Port=site.port, ResourcePath="/lb-check",
                                           RequestInterval=10, FailureThreshold=1)
        engine.advance("20s")
        self.assertIn("16 of 16 checkers find it healthy", engine.command("health").stdout)
        self.assertEqual(client.health_check_statuses(check), ["Success: HTTP Status Code 200, OK"] * 16)
        told = engine.command("fault", "checkers", check, "--cut-off", "13").stdout
        self.assertEqual(told, f"1  checkers of health check {check}: 13 cut off\n")
        engine.advance("1m")
        self.assertIn("3 of 16 checkers find it healthy", engine.command("health").stdout)
        self.assertNotIn("unhealthy", engine.command("health").stdout)
        engine.command("fault", "checkers", "all", "--cut-off", "sa-east-1/2,eu-west-1", "--for", "2m")
        listed = [entry["text"] for entry in json.loads(engine.command("fault", "list", "--json").stdout)]
        self.assertEqual(len(listed), 2)
        self.assertRegex(listed[1], r"^checkers of all health checks: sa-east-1/2, eu-west-1 cut off, until \S+Z$")
        engine.advance("1m")
        self.assertIn("unhealthy", engine.command("health").stdout)
        words = client.health_check_statuses(check)
        self.assertEqual(sum(each.startswith("Failure: Connection timed out.") for each in words), 14)
        engine.advance("2m")
        self.assertNotIn("unhealthy", engine.command("health").stdout, "the second fault is over")
        engine.command("fault", "clear")
        engine.advance("1m")
        self.assertIn("16 of 16 checkers find it healthy", engine.command("health").stdout)

    def test_a_fault_of_checkers_that_are_not_there_is_refused(self):
        engine = self.place.engine("--clock", "manual")
        client = Client(engine)
        check = client.create_health_check("x", Type="HTTP", IPAddress="127.0.1.1", Port=1)
        for arguments, why in ((("all",), "--cut-off 13, or --loss 40%"),
                               (("all", "--cut-off", "2"), "there is one checker here (sitelatch engine --checkers 16"),
                               ((check, "--cut-off", "eu-west-1"), "there is no checker eu-west-1 here: us-east-1/1"),
                               (("all", "--cut-off", "0"), "a number above zero"),
                               (("all", "--cut-off", "us-east-1,"), "single ones"),
                               (("all", "--loss", "140%"), "1% to 100%"), (("all", "--loss", "some"), "1% to 100%"),
                               (("nobody", "--cut-off", "1"), "there is no health check nobody")):
            refused = engine.command("fault", "checkers", *arguments, check=False)
            self.assertEqual(refused.returncode, 1, arguments)
            self.assertIn(why, refused.stderr)
        self.assertIn("No faults are set.", engine.command("fault", "list").stdout)
        for arguments in (("checkers",), ("checkers", "all", "--cut-off"), ("checkers", "all", "--loss", "40%", "--for", "soon")):
            self.assertEqual(engine.command("fault", *arguments, check=False).returncode, 2, arguments)
        for number in ("0", "17", "many"):
            self.assertEqual(run("engine", "--checkers", number).returncode, 2, number)
        engine.command("fault", "checkers", "all", "--cut-off", "1")
        engine.advance("2m")
        self.assertIn("unhealthy", engine.command("health").stdout, "the only one")

    def test_faults_are_what_the_aws_cli_meets(self):
        clis = aws_clis()
        if not clis:
            skip_loudly("no aws CLI: faults are not tried with it")
            return
        engine = self.place.engine("--clock", "manual")
        environment = {**engine.environment(), "AWS_MAX_ATTEMPTS": "1"}

        def topics():
            return subprocess.run(["aws", "sns", "list-topics"], env=environment, capture_output=True, text=True)

        for kind, meets in (("throttle", "Throttling"), ("deny", "not authorized to perform: SNS:ListTopics"), ("outage", "ServiceUnavailable"),
                            ("lose-answer", "onnection")):
            engine.command("fault", kind, "--service", "sns")
            answer = topics()
            self.assertNotEqual(answer.returncode, 0, kind)
            self.assertIn(meets, answer.stderr, kind)
            engine.command("fault", "clear")
            self.assertEqual(topics().returncode, 0, kind)
        engine.command("fault", "lose-answer", "--service", "sns", "--operation", "CreateTopic", "--count", "1")
        made = subprocess.run(["aws", "sns", "create-topic", "--name", "t"], env=environment, capture_output=True, text=True)
        self.assertNotEqual(made.returncode, 0)
        self.assertIn(":t", topics().stdout, "it was carried out all the same")

    def test_a_realistic_engine_says_so(self):
        engine = self.place.engine("--clock", "manual", "--realistic", "--seed", "5")
        self.assertIn("--realistic", engine.command("fault", "list").stdout)
        self.assertIn("seed 5", engine.log_text())

    def test_ephemeral_keeps_nothing(self):
        engine = self.place.engine("--ephemeral")
        self.assertFalse(os.path.exists(os.path.join(engine.data_dir, "state.db")))
        self.assertEqual(engine.stop(), 0)

    def test_any_credentials_only_on_loopback(self):
        refused = run("engine", "--data-dir", os.path.join(self.place.path, "d"), "--api", "0.0.0.0:0", "--dns", "127.0.0.1:0",
                      "--accept-any-credentials")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("loopback", refused.stderr)


class PracticeSite(unittest.TestCase):
    def setUp(self):
        self.place = Workplace()
        self.addCleanup(lambda: self.place.__exit__(None, None, None))

    def get(self, url):
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def test_up_down_and_nothing_else(self):
        site = self.place.site("primary")
        self.assertEqual(self.get(site.url + "/lb-check"), (200, "UP\n"))
        site.set("down")
        self.assertEqual(self.get(site.url + "/lb-check"), (503, "DOWN\n"))
        site.set("up")
        self.assertEqual(self.get(site.url + "/lb-check")[0], 200)
        self.assertIn("primary", self.get(site.url + "/")[1])
        for path in ("/lb-check-failed-over", "/lb-check/", "/x", "//"):
            self.assertEqual(self.get(site.url + path)[0], 404, path)
        self.assertEqual(site.stop(), 0)


class Demo(unittest.TestCase):
    def test_the_demo_verifies_every_step(self):
        if not aws_clis():
            skip_loudly("no aws CLI: the demo is not tried")
            return
        told = run("demo", "--plain")
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
        for sentence in ("DNS names Backup", "Primary is latched", "Backup still serves", "DNS names Primary, and Primary serves"):
            self.assertIn(sentence, told.stdout)
        self.assertNotIn("\033", told.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
