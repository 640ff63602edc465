// SPDX-License-Identifier: Apache-2.0
#include "settings/keys.h"

#include <algorithm>

namespace sitelatch::settings {

const std::vector<Key>& keys() {
  static const std::vector<Key> all = {
      {"health-check",
       Place::guard,
       false,
       "ID|NAME",
       "\"client.example.com\"",
       "the health check of Primary: its id, or the DNS name whose PRIMARY record uses it; may be "
       "left out where the guard's own name is that",
       {},
       {}},
      {"profile",
       Place::anywhere,
       false,
       "NAME",
       "\"production\"",
       "profile of ~/.aws/config: the account",
       {},
       {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"}},
      {"region",
       Place::anywhere,
       false,
       "REGION",
       "\"eu-west-1\"",
       "region of the calls that do not say one",
       {},
       {"AWS_REGION", "AWS_DEFAULT_REGION"}},
      {"endpoint-url",
       Place::anywhere,
       false,
       "URL",
       "\"http://127.0.0.1:4566\"",
       "where all services are, in place of AWS's own",
       {},
       {"AWS_ENDPOINT_URL*"}},
      {"dns-server",
       Place::anywhere,
       false,
       "ADDR:PORT",
       "\"10.0.0.53:53\"",
       "ask this server who serves, in place of the zone's own",
       {},
       {"SITELATCH_DNS"}},
      {"check",
       Place::anywhere,
       true,
       "CMD",
       "[\"/usr/local/bin/sites-in-sync shop\"]",
       "commands that must exit 0 before a switch back: are the sites in sync? They are run by sh, "
       "where sitelatch is run: name them by their whole paths",
       {"switch-back"},
       {}},
      {"window",
       Place::anywhere,
       false,
       "DURATION",
       "\"15m\"",
       "how long Primary may take to become healthy after a switch back before it is latched again",
       {"switch-back"},
       {}},
      {"notify",
       Place::anywhere,
       false,
       "ENDPOINT",
       "\"oncall@example.com\"",
       "of deploy, who hears of a latch: a mail address, an https URL, the ARN of a queue or "
       "function. Who reads the file reads this: no URL with a key in it",
       {"deploy"},
       {}},
      {"form",
       Place::anywhere,
       false,
       "FORM",
       "\"hardened\"",
       "the form of the latch that deploy makes, and that a policy is for",
       {"deploy", "policy"},
       {}},
      {"latch",
       Place::anywhere,
       false,
       "path|inverted",
       "\"path\"",
       "of deploy: how the check is latched",
       {"deploy"},
       {}},
      {"function",
       Place::anywhere,
       false,
       "native|python",
       "\"native\"",
       "of deploy: which function latches",
       {"deploy"},
       {}},
      {"function-region",
       Place::anywhere,
       false,
       "REGION",
       "\"eu-west-1\"",
       "of deploy: where the function runs",
       {"deploy"},
       {}},
      {"kms-key",
       Place::anywhere,
       true,
       "ARN",
       "[\"arn:aws:kms:us-east-1:123456789012:key/mrk-1234\"]",
       "of deploy: encrypt the topics with these keys",
       {"deploy"},
       {}},
      {"permissions-boundary",
       Place::anywhere,
       false,
       "ARN",
       "\"arn:aws:iam::123456789012:policy/boundary\"",
       "of deploy: the boundary of the function's role",
       {"deploy"},
       {}},
      {"role-path",
       Place::anywhere,
       false,
       "/PATH/",
       "\"/service/\"",
       "of deploy: the path of the function's role",
       {"deploy"},
       {}},
      {"tag",
       Place::anywhere,
       true,
       "KEY=VALUE",
       "[\"team=web\", \"cost-center=42\"]",
       "of deploy: tags for every resource",
       {"deploy"},
       {}},
      {"accept-hole",
       Place::anywhere,
       true,
       "NAME",
       "[\"unreachable-primary\"]",
       "of deploy and disarm: holes that somebody has decided to live with, by the names that a "
       "refusal gave them",
       {"deploy", "disarm"},
       {}},
      {"runbook",
       Place::anywhere,
       false,
       "FILE",
       "\"/srv/runbooks/shop.md\"",
       "of deploy: write the page for the night without this program here",
       {"deploy"},
       {}},
      {"scenario",
       Place::anywhere,
       false,
       "SCENARIO",
       "\"outage\"",
       "of drill: what is rehearsed",
       {"drill"},
       {}},
      {"assume",
       Place::anywhere,
       true,
       "NAME=VALUE",
       "[\"minute-visible=5s..45s\"]",
       "other values of what the simulated unsafe seconds assume of AWS (sitelatch simulate "
       "--assumptions)",
       {"deploy", "status", "doctor"},
       {}},
      {"output",
       Place::top,
       false,
       "text|json",
       "\"text\"",
       "text for people, json for programs",
       {},
       {}},
      {"outages",
       Place::top,
       false,
       "FILE",
       "\"/etc/sitelatch/outages.txt\"",
       "of doctor: what a year of outages means for each guard",
       {"doctor"},
       {}},
      {"profile",
       Place::console,
       true,
       "NAME",
       "[\"production\", \"staging\"]",
       "the accounts of the page, in place of those of the guards above",
       {"console"},
       {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"}},
      {"region",
       Place::console,
       true,
       "REGION",
       "[\"eu-west-1\", \"us-east-1\"]",
       "their regions: each profile with each",
       {"console"},
       {"AWS_REGION", "AWS_DEFAULT_REGION"}},
      {"listen",
       Place::console,
       false,
       "ADDR:PORT",
       "\"127.0.0.1:4567\"",
       "where the page is served, on this machine alone",
       {"console"},
       {}},
  };
  return all;
}

const Key* find_key(Place section, std::string_view name) {
  const auto stands = [&](const Key& key) {
    if (key.name != name) return false;
    return key.place == section ||
           (key.place == Place::anywhere && (section == Place::top || section == Place::guard));
  };
  const auto found = std::find_if(keys().begin(), keys().end(), stands);
  return found == keys().end() ? nullptr : &*found;
}

std::string_view where_it_stands(Place place) {
  switch (place) {
    case Place::anywhere:
      return "at the top of the file, for all guards, or in a guard's table, for it alone";
    case Place::guard:
      return "in a guard's table, such as [guards.shop]";
    case Place::top:
      return "at the top of the file, before the first [table]";
    case Place::console:
      return "in the table [console]";
  }
  return {};
}

const std::vector<std::string_view>& rules_of_the_file() {
  static const std::vector<std::string_view> all = {
      "Read are /etc/sitelatch/sitelatch.toml and $XDG_CONFIG_HOME/sitelatch/sitelatch.toml "
      "(~/.config where that is not set), the later winning key by key; or the file that --config "
      "or SITELATCH_CONFIG names, alone. --config none reads no file.",
      "A key is the option of its name without the dashes: what the command line says wins over "
      "the environment, that over a guard's table, that over the top of the file. A list is "
      "replaced as a whole.",
      "Wherever a command takes ID|NAME it takes the name of a guard in the file. What the file "
      "says of a guard holds too where its health check is named by its id or DNS name.",
      "A file that others than its owner or root can write is refused, because it names commands "
      "that are run. It holds no secrets: keys are found as the aws CLI finds them. What a person "
      "has to say each time (--yes, --force, --reason) is not in it.",
  };
  return all;
}

namespace {

void add_wrapped(std::string& out, std::string_view text) {
  std::string line = "#";
  const auto flush = [&] { out += line + "\n"; };
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    if (line.size() + 1 + word.size() > 100) {
      flush();
      line.resize(1);
    }
    line += ' ';
    line += word;
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  flush();
}

void add_keys(std::string& out, const std::vector<Place>& places) {
  for (const auto& key : keys()) {
    if (std::find(places.begin(), places.end(), key.place) == places.end()) continue;
    out += "\n";
    add_wrapped(out, key.what);
    out += "#";
    out += key.name;
    out += " = ";
    out += key.example;
    out += "\n";
  }
}

}  // namespace

std::string example() {
  std::string out = "# sitelatch.toml: guards and defaults of sitelatch; see sitelatch.toml(5).\n";
  for (const auto& rule : rules_of_the_file()) {
    out += "#\n";
    add_wrapped(out, rule);
  }
  out += "\n# --- for all commands and all guards\n";
  add_keys(out, {Place::top, Place::anywhere});
  out += "\n# --- a guard: the name is yours, letters, digits, '-', '_' and '.'; all keys above";
  out += " but\n# output and outages may stand here too, for it alone\n#[guards.shop]\n";
  add_keys(out, {Place::guard});
  out += "\n# --- sitelatch console\n#[console]\n";
  add_keys(out, {Place::console});
  return out;
}

}  // namespace sitelatch::settings
