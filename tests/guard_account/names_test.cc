// SPDX-License-Identifier: Apache-2.0
// A DNS name in place of a health check's id: found by as few questions as it takes, and never
// guessed.
#include <doctest/doctest.h>

#include "account.h"
#include "guard/apply/find_check.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Another hosted zone, and in it a PRIMARY record with this check.
void second_zone(Account& account, const std::string& zone_name, const std::string& name,
                 const std::string& check) {
  const auto path = account.story
                        .ok("route53", "CreateHostedZone",
                            Value::structure({{"Name", zone_name},
                                              {"CallerReference", name}}))["HostedZone"]["Id"]
                        .string();
  const auto record = Value::structure(
      {{"Name", name},
       {"Type", "A"},
       {"TTL", 60},
       {"SetIdentifier", "primary"},
       {"Failover", "PRIMARY"},
       {"HealthCheckId", check},
       {"ResourceRecords", Value::list({Value::structure({{"Value", "192.0.2.9"}})})}});
  const auto change = Value::structure({{"Action", "CREATE"}, {"ResourceRecordSet", record}});
  account.story.ok(
      "route53", "ChangeResourceRecordSets",
      Value::structure({{"HostedZoneId", path.substr(path.rfind('/') + 1)},
                        {"ChangeBatch", Value::structure({{"Changes", Value::list({change})}})}}));
}

}  // namespace

TEST_CASE("issue 8: a DNS name is the id of the check on its PRIMARY record") {
  Account account;
  for (const std::string name : {"client.example.test", "Client.Example.TEST."}) {
    CAPTURE(name);
    const auto found = find_check(account, name);
    REQUIRE(found);
    CHECK(found->id == account.check());
    CHECK(holds(found->by, "PRIMARY A record \"primary\" of client.example.test., zone"));
  }
  CHECK(account.count("ListHostedZones") == 2);
  CHECK(account.count("ListResourceRecordSets") == 2);
  const auto asked = account.calls().size();
  const auto by_id = find_check(account, account.check());
  REQUIRE(by_id);
  CHECK(by_id->id == account.check());
  CHECK(account.calls().size() == asked);  // an id is not looked up
}

TEST_CASE("issue 8: a name of several checks is refused, and the checks are listed") {
  Account account;
  second_zone(account, "example.test", "client.example.test", account.story.backup_check);
  const auto found = find_check(account, "client.example.test");
  REQUIRE_FALSE(found);
  CHECK(found.error().kind == Error::Kind::usage);
  CHECK(holds(found.error().text, account.check()));
  CHECK(holds(found.error().text, account.story.backup_check));
}

TEST_CASE("issue 8: a wildcard is found as it is written, and by a name that it answers for") {
  Account account;
  second_zone(account, "wild.test", "*.wild.test", account.story.backup_check);
  for (const std::string name : {"*.wild.test", "\\052.wild.test", "anything.wild.test"}) {
    CAPTURE(name);
    const auto found = find_check(account, name);
    REQUIRE(found);
    CHECK(found->id == account.story.backup_check);
  }
}

TEST_CASE("issue 8: a name that leads nowhere says which zones were looked at") {
  Account account;
  const auto elsewhere = find_check(account, "client.example.org");
  REQUIRE_FALSE(elsewhere);
  CHECK(elsewhere.error().kind == Error::Kind::failed);
  CHECK(holds(elsewhere.error().text, "Its zones: example.test. (" + account.story.zone));
  const auto absent = find_check(account, "nobody.example.test");
  REQUIRE_FALSE(absent);
  CHECK(holds(absent.error().text, "Looked at: zone example.test. (" + account.story.zone));
  const auto none = find_check(account, "a..b");
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == Error::Kind::usage);
}

TEST_CASE("issue 8: who may not see the zones or their records is told which right is missing") {
  for (const char* operation : {"ListHostedZones", "ListResourceRecordSets"}) {
    Account account;
    account.deny(operation);
    const auto found = find_check(account, "client.example.test");
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == Error::Kind::no_answer);
    CHECK(holds(found.error().text, "route53:" + std::string{operation}));
    CHECK(holds(found.error().text, "the health check's id needs none of that"));
  }
}
