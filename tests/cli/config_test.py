# SPDX-License-Identifier: Apache-2.0
"""The configuration file as commands meet it: guards by name, what wins over what, files that are refused, and nobody types
--check twice. One engine for all of it."""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "guard"))
from operate_world import BACKUP, NAME, PRIMARY, SITELATCH, World, has_failed  # noqa: E402
from sitelatch import Workplace  # noqa: E402


class Files(unittest.TestCase):
    """Without an engine: what is read, and what is refused."""

    def setUp(self):
        self.place = Workplace()
        self.addCleanup(lambda: self.place.__exit__(None, None, None))
        self.home = os.path.join(self.place.path, "conf")
        self.folder = os.path.join(self.home, "sitelatch")
        os.makedirs(self.folder)

    def write(self, text, name="sitelatch.toml", mode=0o644):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def run_it(self, *words, **variables):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "SITELATCH_CONFIG"))}
        return subprocess.run([SITELATCH, *words], env={**environment, "XDG_CONFIG_HOME": self.home, **variables}, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=60)

    def wrong(self, *words, says, **variables):
        told = self.run_it(*words, **variables)
        self.assertEqual(told.returncode, 2, (words, told.stdout, told.stderr))
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, told.stderr)

    def test_every_fault_has_its_file_its_line_and_what_is_allowed(self):
        path = self.write('form = "guid"\nregion = "eu-wset-1"\n[guards.shop]\nhealth-check = "a.example"\nchek = "x"\nwindow = "soon"\n'
                          'output = "json"\ntag = ["team"]\n[guards.bank]\n')
        says = [f"{path}:1: form takes guide, ", 'not "guid". Did you mean guide?', f"{path}:2: region: ",
                f'{path}:5: there is no key "chek" in [guards.shop]. Did you mean check?', f"{path}:6: window: ", "such as 90s, 5m or 1h30m",
                f"{path}:7: output does not stand in [guards.shop]", f"{path}:8: tag: ", f"{path}:9: guard bank has no health-check"]
        self.wrong("config", "check", says=says)
        self.wrong("status", "shop", says=says + ["--config none"])
        self.wrong("config", "check", path, says=says, XDG_CONFIG_HOME="/nowhere")
        # It is one document for a program too.
        told = json.loads(self.run_it("status", "--all", "--output", "json").stdout)
        self.assertEqual((told["result"], told["exit_code"]), ("failed", 2))
        self.assertIn(f"{path}:1", told["sentence"])

    def test_a_file_that_others_can_write_is_refused(self):
        path = self.write("", mode=0o666)
        self.wrong("trip", "shop", "--reason", "x", says=[f"{path} is refused", f"chmod go-w {path}"])
        os.chmod(path, 0o600)
        self.assertEqual(self.run_it("config", "check").returncode, 0)
        self.wrong("config", "check", self.folder, says="is not a file")
        self.wrong("status", "--config", path + "x", says=f"{path}x (--config, or SITELATCH_CONFIG) is not there")
        self.wrong("status", says="is not there", SITELATCH_CONFIG=path + "x")

    def test_a_file_that_is_named_is_read_alone_and_none_is_none(self):
        self.write('profile = "mine"\n')
        other = self.write('region = "eu-west-1"\n[guards.shop]\nhealth-check = "a.example"\n', "other.toml")
        show = ["config", "show", "--output", "json"]
        for words, variables in (([*show, "--config", other], {}), (["--config", other, *show], {}), (["--config=" + other, *show], {}),
                                 (show, {"SITELATCH_CONFIG": other})):
            told = json.loads(self.run_it(*words, **variables).stdout)
            self.assertEqual(told["files"], [other], words)
            self.assertEqual(told["settings"]["all"], {"region": {"value": "eu-west-1", "file": other, "line": 1}})
        self.assertEqual(json.loads(self.run_it(*show, "--config", "none").stdout)["files"], [])
        self.assertIn('"mine"', self.run_it(*show).stdout)
        self.assertIn("There is no configuration file", self.run_it("config", "show", XDG_CONFIG_HOME="/nowhere").stderr)

    def test_what_holds_and_from_where(self):
        path = self.write('profile = "prod"\n[guards.shop]\nhealth-check = "a.example"\ncheck = ["one", "two"]\n')
        shown = self.run_it("config", "show", "shop").stdout
        self.assertRegex(shown, rf"health-check +a\.example +\({path}:3\)")
        self.assertRegex(shown, rf"check +one +\({path}:4\)\n +two\n")
        self.assertRegex(shown, rf"profile +prod +\({path}:1\)")
        for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
            shown = self.run_it("config", "show", "shop", **{name: "hushed"}).stdout
            self.assertIn(f"prod  ({path}:1, gives way to {name} of the environment)", shown)
            self.assertNotIn("hushed", shown)
        self.wrong("config", "show", "shpo", says="Did you mean shop?")

    def test_the_example_is_a_file_and_the_manual_page_has_every_key(self):
        example = self.run_it("config", "example").stdout
        self.write(example)
        self.assertIn("sound, 0 guards", self.run_it("config", "check").stdout)
        used = "\n".join(line[1:] for line in example.splitlines() if line.startswith("#") and not line.startswith(("# ", "#\n")) and line != "#")
        self.write(used)
        self.assertIn("sound, 1 guard", self.run_it("config", "check").stdout, used)
        self.run_it("man-pages", os.path.join(self.place.path, "man"))
        with open(os.path.join(self.place.path, "man", "sitelatch.toml.5")) as file:
            page = file.read().replace("\\-", "-")
        keys = {line.split(" = ")[0] for line in used.splitlines() if " = " in line}
        self.assertGreater(len(keys), 20)
        for key in keys:
            self.assertIn(f"\\fB{key}\\fR = ", page)

    def test_each_key_is_an_option_of_a_command(self):
        options = self.run_it("completion", "bash").stdout
        for line in self.run_it("config", "example").stdout.splitlines():
            if line.startswith("#") and not line.startswith("# ") and " = " in line:
                key = line[1:].split(" = ")[0]
                if key != "health-check":
                    self.assertIn(f"--{key} ", options + " ", key)

    def test_shells_complete_the_names(self):
        self.write('[guards.shop]\nhealth-check = "a.example"\n[guards.shelter]\nhealth-check = "b.example"\n')
        self.assertEqual(self.run_it("config", "names").stdout.split(), ["shop", "shelter"])
        completion = os.path.join(self.place.path, "completion")
        with open(completion, "w") as file:
            file.write(self.run_it("completion", "bash").stdout)
        script = ('source "$1"; COMP_WORDS=(sitelatch trip sh); COMP_CWORD=2; compopt() { :; }; _sitelatch; printf "%s\\n" "${COMPREPLY[@]}"')
        told = subprocess.run(["bash", "-c", script, "bash", completion], capture_output=True, text=True,
                              env={**os.environ, "XDG_CONFIG_HOME": self.home, "SITELATCH_CONFIG": "",
                                   "PATH": os.path.dirname(os.path.abspath(SITELATCH)) + ":" + os.environ["PATH"]})
        self.assertEqual(told.stdout.split(), ["shop", "shelter"], told.stderr)
        self.write("wrong\n")
        self.assertEqual(self.run_it("config", "names").stdout, "")


class Guards(unittest.TestCase):
    """On an engine."""

    def setUp(self):
        self.world = World()
        self.addCleanup(lambda: self.world.close(has_failed(self)))
        self.path = os.path.join(self.world.place.path, "sitelatch.toml")
        self.ran = os.path.join(self.world.place.path, "ran")

    def write(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    def run_it(self, *words, status=0, says=None, env=None, driven=False):
        told = (self.world.drive if driven else self.world.run)(*words, env={"SITELATCH_CONFIG": self.path, **(env or {})})
        self.assertEqual(told.returncode, status, (words, told.stdout, told.stderr))
        if says:
            self.assertIn(says, told.stdout + told.stderr)
        return told

    def test_a_guard_by_its_name_from_deploy_to_switch_back(self):
        w = self.world
        w.advance("1m")
        guard = f'[guards.shop]\nhealth-check = "{NAME}"\nform = "engine"\ncheck = ["[ -e {self.ran} ]"]\n'
        self.write(guard)
        told = self.run_it("deploy", "shop", "--change-records", "--yes", "--output", "json")
        self.assertIn(f"Guard shop is {NAME}, by {self.path}:1.", told.stderr)
        w.advance("1m")
        self.run_it("deploy", "shop", "--change-records", "--yes")
        self.assertEqual(json.loads(self.run_it("status", "shop", "--output", "json").stdout)["guard"], "shop")
        self.run_it("status", "shpo", status=2, says="Did you mean shop?")

        # Its check is not met: neither by its name, nor by its DNS name, nor by its id is it forgotten.
        self.run_it("trip", "shop", "--reason", "x", "--yes")
        self.assertEqual(w.dns(), BACKUP)
        for word in ("shop", NAME.upper() + ".", w.check):
            self.run_it("switch-back", word, "--reason", "x", "--yes", status=3, says=self.ran)
        self.write(guard.replace(NAME, w.check))
        for word in (NAME, w.check):
            self.run_it("switch-back", word, "--reason", "x", "--yes", status=3, says=self.ran)
        self.assertEqual(w.dns(), BACKUP)
        # What the command line says wins; and "[ ... ]" is a command there too.
        self.run_it("switch-back", "shop", "--reason", "x", "--yes", "--check", "[ -e /nowhere ]", status=3, says="/nowhere")
        with open(self.ran, "w"):
            pass
        self.run_it("switch-back", w.check, "--reason", "x", "--yes", says="Guard shop is")
        self.assertEqual(w.dns(), PRIMARY)

        # All that the file names, and what it does not name is said.
        self.write(f'[guards.shop]\nhealth-check = "{NAME}"\n[guards.gone]\nhealth-check = "gone.example.test"\n')
        told = json.loads(self.run_it("status", "--all", "--output", "json", status=1).stdout)
        self.assertEqual([one["guard"] for one in told["guards"]], ["shop", "gone"])
        self.assertEqual(told["not_in_file"], [])
        self.write('[guards.gone]\nhealth-check = "gone.example.test"\n')
        told = json.loads(self.run_it("status", "--all", "--output", "json", status=1, says=f"Not looked at: 1 guard").stdout)
        self.assertEqual(told["not_in_file"], [w.check])
        self.write("")
        told = json.loads(self.run_it("status", "--all", "--output", "json").stdout)
        self.assertEqual([one["health_check_id"] for one in told["guards"]], [w.check])

    def test_what_wins_over_what(self):
        w = self.world
        # The file alone leads to the engine; the environment wins over it, the command line over that.
        url, keys = w.environment["AWS_ENDPOINT_URL"], {"AWS_ENDPOINT_URL": ""}
        guard = f'[guards.shop]\nhealth-check = "{NAME}"\n'
        self.write(f'endpoint-url = "{url}"\n' + guard)
        self.run_it("status", "shop", "--output", "json", env=keys, status=10)
        self.write('endpoint-url = "http://127.0.0.1:1"\n' + guard + f'endpoint-url = "{url}"\n')
        self.run_it("status", "shop", env=keys, status=10)
        nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
        told = self.run_it("status", "shop", env=nowhere, status=5)
        self.assertIn("Note: what " + self.path + " says of endpoint-url of guard shop gives way to AWS_ENDPOINT_URL", told.stderr)
        self.run_it("status", "shop", "--endpoint-url", url, env=nowhere, status=10)
        # A guard of another account is not looked for in this one.
        self.write(guard + 'profile = "production"\n')
        told = self.run_it("status", "--all", env={"AWS_PROFILE": "default"}, status=12)
        self.assertIn("No guard was found", told.stdout)


if __name__ == "__main__":
    unittest.main()
