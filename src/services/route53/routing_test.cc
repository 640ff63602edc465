// SPDX-License-Identifier: Apache-2.0
// The failover truth table complete, and the other policies (facts route53-37, route53-77).
#include "services/route53/routing.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>

#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/type.h"

using namespace sitelatch;
using namespace sitelatch::route53;

namespace {

struct SmallWorld final : RoutingWorld {
  HostedZone its_zone;
  std::map<std::string, Status> statuses;
  SmallWorld() {
    its_zone.id = "Z";
    its_zone.name = wire("example.com");
  }
  const HostedZone* zone(const std::string& id) const override {
    return id == "Z" ? &its_zone : nullptr;
  }
  Status health(const std::string& id) const override { return statuses.at(id); }
  Resolution outside(const AliasTarget& target, std::uint16_t) const override {
    const auto found = targets.find(dns::name_to_text(target.name));
    return found == targets.end() ? Resolution{{}, true} : found->second;
  }
  std::map<std::string, Resolution> targets;  // outside of the zone
  std::string cidr_location(const std::string& collection,
                            const dns::Network& network) const override {
    std::string out;
    unsigned longest = 0;
    for (const auto& [block, location] : blocks)
      if (collection == "C" && dns::contains(block, network) && block.length >= longest)
        out = location, longest = block.length;
    return out;
  }
  std::map<dns::Network, std::string> blocks;  // of the collection C

  static std::string wire(const std::string& text) { return dns::name_from_text(text).value(); }
  RecordSet& add(const std::string& name, const std::string& set = "",
                 Policy policy = Policy::simple) {
    RecordSet record;
    record.name = wire(name);
    record.type = dns::type::a;
    record.set_identifier = set;
    record.policy = policy;
    auto& group = its_zone.groups[listing_key(record.name, record.type)];
    group.push_back(record);
    return group.back();
  }
  static void address(RecordSet& record, const std::string& value, std::uint32_t ttl = 60) {
    record.ttl = ttl;
    record.values = {value};
    record.rdata = {dns::rdata_from_text(dns::type::a, value).value()};
  }
  static void alias(RecordSet& record, const std::string& target, bool evaluate,
                    const std::string& zone_id = "Z") {
    record.alias = AliasTarget{zone_id, wire(target), evaluate};
  }
  Asker asker;  // nobody in particular
  Resolution resolve(const std::string& name) const {
    return Router{*this, "us-east-1", asker}.resolve({"Z", wire(name), dns::type::a});
  }
  // "192.0.2.1*3 192.0.2.2*1": what may be answered, with weights.
  std::string answers(const std::string& name) const {
    std::string out;
    for (const auto& choice : resolve(name).choices) {
      if (!out.empty()) out += ' ';
      for (std::size_t i = 0; i < choice.rrset.rdata.size(); ++i)
        out += (i ? "," : "") + dns::rdata_to_text(dns::type::a, choice.rrset.rdata[i]);
      out += "*" + std::to_string(choice.weight);
    }
    return out.empty() ? "-" : out;
  }
};

enum class Side { none, healthy, unhealthy };

}  // namespace

TEST_CASE("failover: the truth table, for every kind of record on either side") {
  // A side is plain with a check, or an alias whose own check and evaluated target both count.
  const std::optional<Status> states[] = {std::nullopt, Status::healthy, Status::unhealthy};
  int worlds = 0;
  for (const auto& p_check : states)
    for (const auto& s_check : states)
      for (const auto& p_target : states)
        for (const auto& s_target : states)
          for (const bool p_evaluates : {false, true})
            for (const bool s_evaluates : {false, true}) {
              SmallWorld w;
              const auto side = [&](const std::string& role, Failover failover,
                                    const std::optional<Status>& check,
                                    const std::optional<Status>& target, bool evaluates,
                                    const std::string& address) {
                auto& t = w.add(role + ".example.com");
                SmallWorld::address(t, address);
                if (target) t.health_check_id = role + "-target";
                if (target) w.statuses[role + "-target"] = *target;
                auto& r = w.add("client.example.com", role, Policy::failover);
                r.failover = failover;
                SmallWorld::alias(r, role + ".example.com", evaluates);
                if (check) r.health_check_id = role;
                if (check) w.statuses[role] = *check;
              };
              side("primary", Failover::primary, p_check, p_target, p_evaluates, "192.0.2.1");
              side("secondary", Failover::secondary, s_check, s_target, s_evaluates, "192.0.2.2");
              const bool p =
                  p_check != Status::unhealthy && (!p_evaluates || p_target != Status::unhealthy);
              const bool s =
                  s_check != Status::unhealthy && (!s_evaluates || s_target != Status::unhealthy);
              const bool answers_secondary = !p && s;
              ++worlds;
              REQUIRE(w.answers("client.example.com") ==
                      (answers_secondary ? "192.0.2.2*1" : "192.0.2.1*1"));
              REQUIRE(w.resolve("client.example.com").healthy == (p || s));
            }
  CHECK(worlds == 324);
}

TEST_CASE("failover with one side only answers with that side, healthy or not") {
  for (const auto role : {Failover::primary, Failover::secondary})
    for (const auto status : {Status::healthy, Status::unhealthy}) {
      SmallWorld w;
      auto& r = w.add("a.example.com", "x", Policy::failover);
      r.failover = role;
      r.health_check_id = "h";
      SmallWorld::address(r, "192.0.2.1");
      w.statuses["h"] = status;
      CHECK(w.answers("a.example.com") == "192.0.2.1*1");
    }
}

TEST_CASE("weighted: zero only when no other is healthy; nothing healthy: all by weight") {
  const auto world = [](Status one, Status three, Status zero) {
    SmallWorld w;
    for (const auto& [set, weight, address, status] : {std::tuple{"1", 1, "192.0.2.1", one},
                                                       {"3", 3, "192.0.2.3", three},
                                                       {"z", 0, "192.0.2.9", zero}}) {
      auto& r = w.add("w.example.com", set, Policy::weighted);
      r.weight = weight;
      r.health_check_id = set;
      SmallWorld::address(r, address);
      w.statuses[set] = status;
    }
    return w.answers("w.example.com");
  };
  const auto h = Status::healthy, u = Status::unhealthy;
  CHECK(world(h, h, h) == "192.0.2.1*1 192.0.2.3*3");
  CHECK(world(u, h, h) == "192.0.2.3*3");
  CHECK(world(u, u, h) == "192.0.2.9*1");
  CHECK(world(u, u, u) == "192.0.2.1*1 192.0.2.3*3");
  SmallWorld zeros;
  for (const auto set : {"a", "b"})
    SmallWorld::address(zeros.add("w.example.com", set, Policy::weighted),
                        set[0] == 'a' ? "192.0.2.1" : "192.0.2.2");
  CHECK(zeros.answers("w.example.com") == "192.0.2.1*1 192.0.2.2*1");
}

TEST_CASE("weighted over a weighted alias keeps the shares") {
  SmallWorld w;
  for (const auto& [set, weight, address] :
       {std::tuple{"a", 1, "192.0.2.1"}, {"b", 1, "192.0.2.2"}}) {
    auto& r = w.add("inner.example.com", set, Policy::weighted);
    r.weight = weight;
    SmallWorld::address(r, address);
  }
  auto& through = w.add("outer.example.com", "x", Policy::weighted);
  through.weight = 2;
  SmallWorld::alias(through, "inner.example.com", true);
  auto& plain = w.add("outer.example.com", "y", Policy::weighted);
  plain.weight = 2;
  SmallWorld::address(plain, "192.0.2.3");
  CHECK(w.answers("outer.example.com") == "192.0.2.1*100000 192.0.2.2*100000 192.0.2.3*200000");
}

TEST_CASE("multivalue: up to eight healthy; nothing healthy: up to eight of all") {
  SmallWorld w;
  for (int i = 0; i < 10; ++i) {
    auto& r =
        w.add("m.example.com", std::string(1, static_cast<char>('a' + i)), Policy::multivalue);
    r.health_check_id = std::to_string(i);
    SmallWorld::address(r, "192.0.2." + std::to_string(i));
    w.statuses[std::to_string(i)] = i < 2 ? Status::healthy : Status::unhealthy;
  }
  CHECK(w.answers("m.example.com") == "192.0.2.0,192.0.2.1*1");
  for (auto& [id, status] : w.statuses) status = Status::healthy;
  const auto all = w.resolve("m.example.com");
  REQUIRE(all.choices.size() == 10);
  std::map<std::string, int> seen;
  for (const auto& choice : all.choices) {
    CHECK(choice.rrset.rdata.size() == 8);
    for (const auto& rdata : choice.rrset.rdata) ++seen[rdata];
  }
  for (const auto& [rdata, times] : seen) CHECK(times == 8);  // nobody is favoured
  for (auto& [id, status] : w.statuses) status = Status::unhealthy;
  CHECK(w.resolve("m.example.com").choices.size() == 10);
  CHECK_FALSE(w.resolve("m.example.com").healthy);
}

TEST_CASE("an unhealthy branch is backed out of only where its target's health is evaluated") {
  SmallWorld w;
  w.statuses["leaf"] = Status::unhealthy;
  auto& leaf = w.add("leaf.example.com");
  leaf.health_check_id = "leaf";
  SmallWorld::address(leaf, "192.0.2.1", 17);
  SmallWorld::alias(w.add("middle.example.com"), "leaf.example.com", true);
  auto& primary = w.add("top.example.com", "p", Policy::failover);
  SmallWorld::alias(primary, "middle.example.com", true);
  auto& secondary = w.add("top.example.com", "s", Policy::failover);
  secondary.failover = Failover::secondary;
  SmallWorld::address(secondary, "192.0.2.2");
  CHECK(w.answers("top.example.com") == "192.0.2.2*1");
  w.its_zone.groups.at(listing_key(SmallWorld::wire("middle.example.com"), dns::type::a))
      .front()
      .alias->evaluate_target_health = false;
  CHECK(w.answers("top.example.com") == "192.0.2.1*1");
  CHECK(w.resolve("top.example.com").choices.front().rrset.ttl == 17);  // the target's TTL
}

TEST_CASE("circles and endless chains of aliases end, as no data and unhealthy") {
  SmallWorld w;
  SmallWorld::alias(w.add("a.example.com"), "b.example.com", true);
  SmallWorld::alias(w.add("b.example.com"), "a.example.com", true);
  CHECK(w.answers("a.example.com") == "-");
  CHECK_FALSE(w.resolve("a.example.com").healthy);
  for (int i = 0; i < 1000; ++i)
    SmallWorld::alias(w.add("c" + std::to_string(i) + ".example.com"),
                      "c" + std::to_string(i + 1) + ".example.com", true);
  CHECK(w.answers("c0.example.com") == "-");
}

TEST_CASE("an alias tree that branches everywhere costs no more than its nodes") {
  SmallWorld w;
  const int levels = 25;
  for (int i = 0; i < levels; ++i)
    for (const auto set : {"l", "r"}) {
      auto& r = w.add("n" + std::to_string(i) + ".example.com", set, Policy::weighted);
      r.weight = 1;
      SmallWorld::alias(r, "n" + std::to_string(i + 1) + ".example.com", true);
    }
  SmallWorld::address(w.add("n25.example.com"), "192.0.2.1");
  CHECK(w.resolve("n0.example.com").choices.size() == 1);
}

TEST_CASE("an alias to what is not served here: no data, and healthy; to what is gone: unhealthy") {
  SmallWorld w;
  SmallWorld::alias(w.add("lb.example.com"), "lb-1.elb.amazonaws.com", true, "Z35SXDOTRQ7X7K");
  CHECK(w.answers("lb.example.com") == "-");
  CHECK(w.resolve("lb.example.com").healthy);
  SmallWorld::alias(w.add("gone.example.com"), "nothing.example.com", true);
  CHECK(w.answers("gone.example.com") == "-");
  CHECK_FALSE(w.resolve("gone.example.com").healthy);
}

TEST_CASE("geolocation: every kind of place, healthy or not, against the documented order") {
  // Of the records there are, an asker is told the healthy one that is meant for him most of all;
  // nothing healthy among those for him: the first of them; none for him: no data.
  const GeoLocation places[] = {
      {"", "US", "CA"}, {"", "US", ""}, {"NA", "", ""}, {"", "*", ""}, {"EU", "", ""}};
  struct Who {
    Asker asker;
    std::vector<std::size_t> order;  // of `places`
  };
  const Who askers[] = {{{"NA", "US", "CA", "", {}}, {0, 1, 2, 3}},
                        {{"NA", "US", "NY", "", {}}, {1, 2, 3}},
                        {{"NA", "CA", "", "", {}}, {2, 3}},
                        {{"EU", "DE", "", "", {}}, {4, 3}},
                        {{"AS", "", "", "", {}}, {3}},
                        {{}, {3}}};
  int worlds = 0;
  for (unsigned there = 1; there < 32; ++there)
    for (unsigned well = 0; well < 32; ++well) {
      if ((well & ~there) != 0) continue;
      SmallWorld w;
      for (std::size_t i = 0; i < 5; ++i) {
        if ((there >> i & 1) == 0) continue;
        auto& r = w.add("g.example.com", std::to_string(i), Policy::geolocation);
        r.geo = places[i];
        r.health_check_id = std::to_string(i);
        SmallWorld::address(r, "192.0.2." + std::to_string(i));
        w.statuses[std::to_string(i)] = (well >> i & 1) != 0 ? Status::healthy : Status::unhealthy;
      }
      for (const auto& who : askers) {
        w.asker = who.asker;
        std::string wanted = "-";
        for (const bool healthy : {false, true})  // a healthy one overrides
          for (auto at = who.order.rbegin(); at != who.order.rend(); ++at)
            if (((healthy ? well : there) >> *at & 1) != 0)
              wanted = "192.0.2." + std::to_string(*at) + "*1";
        REQUIRE(w.answers("g.example.com") == wanted);
        REQUIRE(w.resolve("g.example.com").by_asker);
        REQUIRE(w.resolve("g.example.com").healthy == (well != 0));
        ++worlds;
      }
    }
  CHECK(worlds == 6 * (3 * 3 * 3 * 3 * 3 - 1));
}

TEST_CASE("CIDR records: the location that holds the asker, else the default, else no data") {
  SmallWorld w;
  w.blocks = {{dns::network_from_text("192.0.2.0/24").value(), "office"},
              {dns::network_from_text("192.0.2.128/25").value(), "lab"}};
  for (const auto& [set, address] : {std::pair{"office", "192.0.2.1"}, {"*", "192.0.2.3"}}) {
    auto& r = w.add("c.example.com", set, Policy::cidr);
    r.cidr = {"C", set};
    SmallWorld::address(r, address);
  }
  const auto told = [&](const char* network) {
    w.asker.network = network ? dns::network_from_text(network).value() : dns::Network{};
    return w.answers("c.example.com");
  };
  CHECK(told("192.0.2.5") == "192.0.2.1*1");
  CHECK(told("192.0.2.200") == "192.0.2.3*1");  // the lab has no record
  CHECK(told("198.51.100.1") == "192.0.2.3*1");
  CHECK(told(nullptr) == "192.0.2.3*1");
  auto& group = w.its_zone.groups.at(listing_key(SmallWorld::wire("c.example.com"), dns::type::a));
  group.erase(group.begin() + 1);
  CHECK(told("198.51.100.1") == "-");
  CHECK(told("192.0.2.5") == "192.0.2.1*1");
}

TEST_CASE("latency: the asker's Region, one of its area, the home Region, any") {
  SmallWorld w;
  for (const std::string region : {"ap-northeast-1", "eu-central-1", "eu-west-1", "us-east-1"}) {
    auto& r = w.add("l.example.com", region, Policy::latency);
    r.region = region;
    r.health_check_id = region;
    SmallWorld::address(r, "192.0.2." + std::to_string(region.size()));
    w.statuses[region] = Status::healthy;
    r.rdata = {dns::rdata_from_text(dns::type::a, region == "ap-northeast-1" ? "192.0.2.1"
                                                  : region == "eu-central-1" ? "192.0.2.2"
                                                  : region == "eu-west-1"    ? "192.0.2.3"
                                                                             : "192.0.2.4")
                   .value()};
  }
  const auto told = [&](const std::string& region) {
    w.asker.region = region;
    return w.answers("l.example.com");
  };
  CHECK(told("eu-west-1") == "192.0.2.3*1");
  CHECK(told("eu-north-1") == "192.0.2.2*1");
  CHECK(told("") == "192.0.2.4*1");
  CHECK(told("sa-east-1") == "192.0.2.4*1");
  w.statuses["eu-west-1"] = Status::unhealthy;
  CHECK(told("eu-west-1") == "192.0.2.2*1");
  w.statuses["us-east-1"] = Status::unhealthy;
  CHECK(told("") == "192.0.2.1*1");
  CHECK(w.resolve("l.example.com").by_asker);
}

TEST_CASE("whether an answer depends on who asks is known through aliases and weights") {
  SmallWorld w;
  auto& here = w.add("g.example.com", "de", Policy::geolocation);
  here.geo.country = "DE";
  SmallWorld::address(here, "192.0.2.1");
  SmallWorld::address(w.add("plain.example.com"), "192.0.2.2");
  SmallWorld::alias(w.add("a.example.com"), "g.example.com", true);
  for (const auto target : {"g.example.com", "plain.example.com"}) {
    auto& r = w.add("w.example.com", target, Policy::weighted);
    r.weight = 1;
    SmallWorld::alias(r, target, true);
  }
  CHECK(w.resolve("a.example.com").by_asker);
  CHECK(w.resolve("w.example.com").by_asker);
  CHECK_FALSE(w.resolve("plain.example.com").by_asker);
  CHECK(w.answers("w.example.com") == "192.0.2.2*1");
  w.asker = {"EU", "DE", "", "", {}};
  CHECK(w.resolve("w.example.com").choices.size() == 2);
}

TEST_CASE("latency and geolocation: the documented stand-in for where the asker is") {
  SmallWorld w;
  for (const auto& [region, address] :
       {std::pair{"eu-west-1", "192.0.2.1"}, {"us-east-1", "192.0.2.2"}}) {
    auto& r = w.add("l.example.com", region, Policy::latency);
    r.region = region;
    r.health_check_id = region;
    SmallWorld::address(r, address);
    w.statuses[region] = Status::healthy;
  }
  CHECK(w.answers("l.example.com") == "192.0.2.2*1");
  w.statuses["us-east-1"] = Status::unhealthy;
  CHECK(w.answers("l.example.com") == "192.0.2.1*1");
  for (const auto& [set, country, address] :
       {std::tuple{"de", "DE", "192.0.2.3"}, {"rest", "*", "192.0.2.4"}}) {
    auto& r = w.add("g.example.com", set, Policy::geolocation);
    r.geo.country = country;
    SmallWorld::address(r, address);
  }
  CHECK(w.answers("g.example.com") == "192.0.2.4*1");
}
