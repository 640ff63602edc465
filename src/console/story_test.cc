// SPDX-License-Identifier: Apache-2.0
#include "console/story.h"

#include <doctest/doctest.h>

namespace sitelatch::console {
namespace {

Instant at(int minute, int second = 0) { return from_civil(2026, 11, 28, 3, minute, second); }

guard::AuditEntry entry(Instant when, const char* action, const char* who, const char* stage = "",
                        const char* change = "") {
  guard::AuditEntry out;
  out.at = when;
  out.action = action;
  out.who = who;
  out.stage = stage;
  out.change_id = change;
  return out;
}

std::vector<std::string> kinds_of(const std::vector<Moment>& story) {
  std::vector<std::string> out;
  for (const auto& moment : story) out.push_back(moment.kind);
  return out;
}

using Kinds = std::vector<std::string>;

StoryParts failover() {
  StoryParts parts;
  parts.minutes = {
      {at(9), false, true}, {at(10), false, true}, {at(11), true, true}, {at(12), true, false}};
  parts.alarm = {{at(12, 39), "OK", "ALARM", ""}};
  parts.audit = {entry(at(2), "arm", "function"), entry(at(12, 41), "latch", "function")};
  parts.sightings = {{at(11, 36), "dns-backup", "All name servers say Backup", Precision::seen}};
  return parts;
}

TEST_CASE("story: failure, DNS, alarm, latch, in their order, and nothing of before") {
  const auto story = story_of(failover());
  CHECK(kinds_of(story) == Kinds{"failed", "dns-backup", "alarm", "latched"});
  CHECK(story[0].at == at(11));
  CHECK(story[0].precision == Precision::minute);
  CHECK(story[3].words == "Latched by the function");
}

TEST_CASE("story: the release belongs to it") {
  auto parts = failover();
  parts.audit.push_back(entry(at(40), "switch-back",
                              "arn:aws:sts::111122223333:assumed-role/oncall/anna", "asked", "c1"));
  parts.audit.push_back(entry(at(41), "switch-back",
                              "arn:aws:sts::111122223333:assumed-role/oncall/anna", "done", "c1"));
  const auto story = story_of(parts);
  REQUIRE(kinds_of(story) == Kinds{"failed", "dns-backup", "alarm", "latched", "released"});
  CHECK(story.back().words == "Switched back by role oncall (anna)");
  CHECK(story.back().at == at(41));
}

TEST_CASE("story: hours later the metric is forgotten, and the alarm's own datapoint tells when") {
  auto parts = failover();
  parts.minutes.clear();
  parts.sightings.clear();
  parts.alarm[0].reason =
      "Threshold Crossed: 1 datapoint [0.0 (28/11/26 03:11:00)] was less than the threshold (1.0).";
  const auto story = story_of(parts);
  CHECK(kinds_of(story) == Kinds{"failed", "alarm", "latched"});
  CHECK(story[0].at == at(11));
}

TEST_CASE("story: of two failovers the last") {
  auto parts = failover();
  parts.audit.push_back(entry(at(59), "trip", "arn:aws:iam::111122223333:user/anna"));
  const auto story = story_of(parts);
  CHECK(kinds_of(story) == Kinds{"latched"});
  CHECK(story[0].words == "Tripped by hand, user anna");
}

TEST_CASE("story: it begins after the release of the one before, however soon that was") {
  auto parts = failover();
  parts.audit.push_back(entry(at(16), "switch-back", "anna"));
  parts.audit.push_back(entry(at(18), "trip", "anna"));
  const auto story = story_of(parts);
  CHECK(kinds_of(story) == Kinds{"latched"});
  CHECK(story[0].at == at(18));
}

TEST_CASE("story: a trip that was refused is no latch") {
  StoryParts parts;
  parts.audit = {entry(at(1), "trip", "function", "failed")};
  CHECK(story_of(parts).empty());
}

TEST_CASE("story: nothing happened") {
  StoryParts parts;
  parts.minutes = {{at(9), false, true}};
  parts.audit = {entry(at(2), "arm", "function")};
  CHECK(story_of(parts).empty());
}

TEST_CASE("story: who, in short") {
  CHECK(who_in_short("function") == "the function");
  CHECK(who_in_short("arn:aws:iam::1:root") == "the account's root");
  CHECK(who_in_short("arn:aws:iam::1:user/team/anna") == "user anna");
  CHECK(who_in_short("anna") == "anna");
}

}  // namespace
}  // namespace sitelatch::console
