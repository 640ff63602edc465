// SPDX-License-Identifier: Apache-2.0
#include "console/view.h"

#include <doctest/doctest.h>

#include "console/reading.h"
#include "console/sightings.h"
#include "console/view_parts.h"
#include "guard/rules/trouble.h"

namespace sitelatch::console {
namespace {

using guard::Serving;

guard::DnsSnapshot answer(Serving serving) {
  guard::DnsSnapshot out;
  out.serving = serving;
  return out;
}

TEST_CASE("headline: who serves, of all name servers together") {
  const std::string name = "client.example.test";
  CHECK(headline({answer(Serving::primary)}, name) == "Primary serves client.example.test");
  CHECK(headline({answer(Serving::backup), answer(Serving::backup)}, name) ==
        "Backup serves client.example.test");
  CHECK(headline({answer(Serving::primary), answer(Serving::backup)}, name) ==
        "The name servers disagree about client.example.test");
  CHECK(headline({answer(Serving::neither)}, name) ==
        "DNS names neither site for client.example.test");
  CHECK(headline({answer(Serving::unknown), answer(Serving::backup)}, name) ==
        "Backup serves client.example.test");
  CHECK(headline({}, "") == "Who serves the site is not known");
}

TEST_CASE("fleet: the worst first, then by name; what cannot be read is trouble") {
  const auto row = [](const char* name, int trouble) {
    FleetRow out;
    out.guard.emplace();
    out.guard->name = name;
    out.guard->trouble = trouble;
    return out;
  };
  FleetRow unread;
  unread.id = "unread";
  const auto sound = guard::trouble_of(guard::State::armed, true);
  std::vector<FleetRow> rows = {row("b", sound), row("a", sound), unread,
                                row("z", guard::trouble_of(guard::State::drifted, false)),
                                row("l", guard::trouble_of(guard::State::tripped, false))};
  sort_by_trouble(rows);
  std::vector<std::string> order;
  for (const auto& one : rows) order.push_back(one.guard ? one.guard->name : one.id);
  CHECK(order == std::vector<std::string>{"z", "unread", "l", "a", "b"});
}

guard::CheckerSnapshot checker(bool success) {
  guard::CheckerSnapshot out;
  out.region = "eu-west-1";
  out.status = success ? "Success" : "Failure: refused";
  out.success = success;
  return out;
}

TEST_CASE("checkers: how many, and what the first bad one says; three of sixteen are enough") {
  std::vector<guard::CheckerSnapshot> sixteen(16, checker(false));
  CHECK(checkers_words(sixteen)->well == false);
  for (std::size_t i = 0; i < 3; ++i) sixteen[i] = checker(true);
  const auto said = checkers_words(sixteen);
  CHECK(said->well == true);
  CHECK(said->words == "3 of 16 got a good answer; eu-west-1: Failure: refused");
  CHECK(!checkers_words({}));
}

GuardView seen(Serving serving, bool primary_answers, int second) {
  GuardView out;
  out.at = from_civil(2026, 11, 28, 3, 0, second);
  out.servers = {answer(serving)};
  out.primary.from_here = Said{primary_answers, ""};
  return out;
}

TEST_CASE("sightings: only what changes between two looks") {
  Sightings sightings;
  sightings.note(seen(Serving::primary, true, 0));
  sightings.note(seen(Serving::primary, true, 1));
  CHECK(sightings.moments().empty());
  sightings.note(seen(Serving::primary, false, 2));
  sightings.note(seen(Serving::unknown, false, 3));  // nobody answered: no move
  sightings.note(seen(Serving::backup, false, 4));
  sightings.note(seen(Serving::backup, true, 5));
  std::vector<std::string> kinds;
  for (const auto& moment : sightings.moments()) kinds.push_back(moment.kind);
  CHECK(kinds == std::vector<std::string>{"failed", "dns-backup", "answers"});
  CHECK(sightings.moments()[1].precision == Precision::seen);
}

TEST_CASE("Backup without a check of its own is asked as Primary is, at its own address") {
  using aws::Value;
  const auto primary = Value::structure({{"Type", "HTTPS"},
                                         {"IPAddress", "192.0.2.1"},
                                         {"Port", 8443},
                                         {"FullyQualifiedDomainName", "primary.example.test"}});
  guard::RecordSnapshot record;
  record.type = "A";
  record.values = {"192.0.2.2"};
  CHECK(backup_config(primary, record)["IPAddress"].string() == "192.0.2.2");
  CHECK(backup_config(primary, record)["Port"].integer() == 8443);
  record.alias = guard::RecordSnapshot::Alias{"Z1", "backup.example.test.", false};
  const auto aliased = backup_config(primary, record);
  CHECK(aliased["FullyQualifiedDomainName"].string() == "backup.example.test");
  CHECK(!aliased.has("IPAddress"));
  record.alias.reset();
  record.type = "CNAME";
  CHECK(backup_config(primary, record).is_null());
}

TEST_CASE("the last drill: when, and what it came to; of an older guard the audit log knows when") {
  GuardView view;
  Beside beside;
  guard::AuditEntry drilled;
  drilled.at = from_civil(2026, 11, 1, 3, 0, 0);
  drilled.action = "drill";
  drilled.stage = "done";
  beside.audit = {drilled};
  fill_record(view, beside, {}, "");
  CHECK(view.last_drill == drilled.at);
  CHECK(view.drill.empty());
  fill_record(view, beside, {}, "2026-11-28T03:00:00Z alarm FAILED: nobody was reached");
  CHECK(view.last_drill == from_civil(2026, 11, 28, 3, 0, 0));
  CHECK(view.drill == "alarm FAILED: nobody was reached");
  GuardView garbled;
  fill_record(garbled, beside, {}, "yesterday, and well");
  CHECK(garbled.last_drill == drilled.at);
  CHECK(garbled.drill.empty());
}

TEST_CASE("hardened: the relay is a piece of what latches, and says when it does not") {
  using Health = guard::Link::Health;
  guard::View seen;
  seen.assessment.links = {{Health::ok, "relay", "", ""},
                           {Health::ok, "relay-url", "", ""},
                           {Health::ok, "relay-clock", "last answered at 2026-11-28T03:00:00Z", ""},
                           {Health::ok, "sentinel", "", ""}};
  const auto relay_of = [&seen] {
    const auto chain = view_of(seen, {}).chain;
    for (const auto& piece : chain)
      if (piece.name == "Relay") return piece;
    return Piece{};
  };
  CHECK(relay_of().name.empty());  // of the guide there is none
  seen.form = guard::Form::hardened;
  CHECK(relay_of().tone == Tone::good);
  CHECK(relay_of().detail == "looks every few seconds, last answered at 2026-11-28T03:00:00Z");
  seen.assessment.links[3].health = Health::unknown;
  CHECK(relay_of().tone == Tone::unknown);
  seen.assessment.links[1].health = Health::broken;
  CHECK(relay_of().tone == Tone::bad);
  CHECK(relay_of().detail == "relay-url: the alarm alone latches, minutes later");
}

TEST_CASE("JSON: absent is not known") {
  GuardView view;
  view.id = "abc";
  view.primary.minutes = {{from_civil(2026, 11, 28, 3, 0, 0), false, true},
                          {from_civil(2026, 11, 28, 3, 1, 0), true, true},
                          {from_civil(2026, 11, 28, 3, 2, 0), true, false}};
  const auto json = to_value(view);
  CHECK(json["id"].string() == "abc");
  CHECK(!json.has("name"));
  CHECK(!json["primary"].has("serves"));
  CHECK(json["primary"]["minutes"]["letters"].string() == "wmf");
}

}  // namespace
}  // namespace sitelatch::console
