// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/site_names.h"

#include <doctest/doctest.h>

#include <map>

using namespace sitelatch::guard;

namespace {

// Zones and their records, as Route 53 has them.
struct Account {
  std::vector<NamedZone> zones;
  std::map<std::string, std::vector<NamedRecord>> records;  // by zone

  void zone(std::string id, std::string name, bool private_zone = false) {
    zones.push_back({std::move(id), std::move(name), private_zone});
  }
  NamedRecord& add(const std::string& zone, std::string name, std::string type) {
    NamedRecord record;
    record.name = std::move(name);
    record.type = std::move(type);
    return records[zone].emplace_back(std::move(record));
  }
  void pair(const std::string& zone, const std::string& name, const std::string& check,
            const std::string& type = "A") {
    auto& primary = add(zone, name, type);
    primary.failover = "PRIMARY";
    primary.health_check_id = check;
    auto& secondary = add(zone, name, type);
    secondary.failover = "SECONDARY";
    secondary.health_check_id = "check-of-backup";
  }
  void alias(const std::string& zone, const std::string& name, const std::string& to,
             const std::string& set = "", bool evaluate = true) {
    auto& record = add(zone, name, "A");
    record.set_identifier = set;
    record.alias = NamedRecord::Alias{zone, to, evaluate};
  }
  NamedChecks find(const std::string& name) const {
    const auto canonical = canonical_name(name);
    REQUIRE(canonical);
    return checks_of_name(*canonical, zones, [this](const NamedZone& in, const std::string& at) {
      RecordsAt out;
      const auto here = records.find(in.id);
      for (const auto& record : here == records.end() ? std::vector<NamedRecord>{} : here->second) {
        if (record.name == at) out.records.push_back(record);
        if (record.name == at || record.name.ends_with("." + at)) out.exists = true;
      }
      return out;
    });
  }
  std::string checks(const std::string& name) const {
    std::string out;
    for (const auto& check : find(name).checks) out += check.health_check_id + " ";
    return out;
  }
};

Account with_pair() {
  Account account;
  account.zone("Z1", "example.test.");
  account.pair("Z1", "client.example.test.", "check-1");
  return account;
}

}  // namespace

TEST_CASE("issue 8: what is meant as a DNS name, and its one spelling") {
  CHECK(looks_like_name("client.example.test"));
  CHECK(looks_like_name("test."));
  CHECK_FALSE(looks_like_name("233e180f-f023-45a3-954e-415303f21eab"));
  const auto spelt = [](std::string_view name) { return canonical_name(name).value_or("none"); };
  CHECK(spelt("Client.EXAMPLE.test") == "client.example.test.");
  CHECK(spelt("client.example.test.") == "client.example.test.");
  CHECK(spelt("*.example.test") == "\\052.example.test.");
  CHECK(spelt("\\052.example.test") == "\\052.example.test.");
  CHECK(spelt("\\101bc.example.test") == "abc.example.test.");  // an escaped letter is that letter
  CHECK(spelt("a\\056b.test") == "a\\056b.test.");              // a dot within a label
  CHECK(spelt("a+b_c-1.test") == "a\\053b_c-1.test.");
  for (const std::string wrong :
       {"", ".", "a..b", ".a", "b\xc3\xb8r.test", "a b.test", "\\09.test", "\\400.test"}) {
    CAPTURE(wrong);
    CHECK(spelt(wrong) == "none");
  }
  CHECK(spelt(std::string(63, 'a') + ".test") != "none");
  CHECK(spelt(std::string(64, 'a') + ".test") == "none");
  std::string longest;
  for (int i = 0; i < 4; ++i) longest += std::string(62, 'a') + ".";  // 4 * 63 + 1 = 253 bytes
  CHECK(spelt(longest) != "none");
  CHECK(spelt("aa." + longest) == "none");
}

TEST_CASE("issue 8: a name leads to the check of its PRIMARY record") {
  auto account = with_pair();
  CHECK(account.checks("CLIENT.example.test") == "check-1 ");
  account.pair("Z1", "client.example.test.", "check-1", "AAAA");
  const auto both = account.find("client.example.test.");
  REQUIRE(both.checks.size() == 1);
  CHECK(both.checks[0].records ==
        std::vector<std::string>{"PRIMARY A record of client.example.test., zone Z1",
                                 "PRIMARY AAAA record of client.example.test., zone Z1"});
}

TEST_CASE("issue 8: the longest zone answers, public and private apart") {
  auto account = with_pair();
  account.zone("Z2", "test.");
  account.pair("Z2", "client.example.test.", "check-of-the-outer-zone");
  CHECK(account.checks("client.example.test") == "check-1 ");
  account.zone("Z3", "example.test.", true);
  account.pair("Z3", "client.example.test.", "check-3");
  CHECK(account.checks("client.example.test") == "check-1 check-3 ");
  account.zone("Z4", "client.example.test.", true);  // within its networks it hides Z3
  CHECK(account.checks("client.example.test") == "check-1 ");
  account.zone("Z5", "ample.test.");  // no label of the name begins there
  account.pair("Z5", "client.example.test.", "check-5");
  CHECK(account.checks("client.example.test") == "check-1 ");
}

TEST_CASE("issue 8: an alias and a CNAME are followed to the pair behind them") {
  auto account = with_pair();
  account.alias("Z1", "www.example.test.", "client.example.test.");
  account.alias("Z1", "shop.example.test.", "www.example.test.");
  CHECK(account.checks("shop.example.test") == "check-1 ");
  account.zone("Z2", "other.test.");
  account.add("Z2", "app.other.test.", "CNAME").target = "Client.Example.test";
  CHECK(account.checks("app.other.test") == "check-1 ");
  account.alias("Z1", "round.example.test.", "about.example.test.");
  account.alias("Z1", "about.example.test.", "round.example.test.");
  CHECK(account.checks("round.example.test") == "");
}

TEST_CASE("issue 8: a PRIMARY alias without a check has that of the records behind it") {
  Account account;
  account.zone("Z1", "example.test.");
  account.alias("Z1", "client.example.test.", "primary.example.test.");
  account.records["Z1"].back().failover = "PRIMARY";
  account.add("Z1", "primary.example.test.", "A").health_check_id = "check-1";
  account.add("Z1", "primary.example.test.", "AAAA").health_check_id = "check-of-another-type";
  CHECK(account.checks("client.example.test") == "check-1 ");
  account.records["Z1"].front().alias->evaluate_target_health = false;
  CHECK(account.checks("client.example.test") == "");
}

TEST_CASE("issue 8: several pairs behind one name are all told, with their ids") {
  Account account;
  account.zone("Z1", "example.test.");
  account.alias("Z1", "client.example.test.", "eu.example.test.", "europe");
  account.alias("Z1", "client.example.test.", "us.example.test.", "america");
  account.pair("Z1", "eu.example.test.", "check-eu");
  account.pair("Z1", "us.example.test.", "check-us");
  const auto found = account.find("client.example.test");
  REQUIRE(found.checks.size() == 2);
  const auto text = describe_ambiguity("client.example.test", found);
  CHECK(text.find("2 health checks") != std::string::npos);
  CHECK(text.find("\n  check-eu  PRIMARY A record of eu.example.test., zone Z1") !=
        std::string::npos);
  CHECK(text.find("check-us") != std::string::npos);

  Account sets;  // one name, several sets of one role
  sets.zone("Z1", "example.test.");
  for (const std::string set : {"first", "second"}) {
    sets.pair("Z1", "client.example.test.", "check-" + set);
    sets.records["Z1"].end()[-2].set_identifier = set;
  }
  const auto both = sets.find("client.example.test");
  REQUIRE(both.checks.size() == 2);
  CHECK(describe_ambiguity("x", both).find("record \"second\" of") != std::string::npos);
}

TEST_CASE("issue 8: a wildcard answers for what is not there, and only for that") {
  auto account = with_pair();
  account.pair("Z1", "\\052.example.test.", "check-of-all");
  CHECK(account.checks("*.example.test") == "check-of-all ");
  CHECK(account.checks("anything.example.test") == "check-of-all ");
  CHECK(account.checks("a.b.example.test") == "check-of-all ");
  CHECK(account.checks("client.example.test") == "check-1 ");
  CHECK(account.checks("below.client.example.test") == "");
  account.add("Z1", "x.deep.example.test.", "TXT");
  CHECK(account.checks("deep.example.test") == "");  // exists, by what is below it
}

TEST_CASE("issue 8: what leads nowhere says where it was looked for and what is there") {
  auto account = with_pair();
  account.zone("Z3", "example.test.", true);
  account.add("Z1", "plain.example.test.", "A");
  const auto absence = [&](const std::string& name) {
    return describe_absence(name, account.find(name), account.zones);
  };
  CHECK(absence("plain.example.test") ==
        "No PRIMARY failover record with a health check has the name plain.example.test. Looked "
        "at: zones example.test. (Z1, public), example.test. (Z3, private). There is: A record of "
        "plain.example.test., zone Z1.");
  CHECK(absence("none.example.test").ends_with("Nothing there has this name."));
  CHECK(absence("elsewhere.example.org") ==
        "No hosted zone of this account has the name elsewhere.example.org. Its zones: "
        "example.test. (Z1, public), example.test. (Z3, private).");
  account.records["Z1"].front().health_check_id.clear();
  CHECK(absence("client.example.test")
            .ends_with("There is: PRIMARY A record of client.example.test., zone Z1, without a "
                       "health check."));
  CHECK(describe_absence("a.b", {}, {}).ends_with("It has no hosted zones."));
}
