// SPDX-License-Identifier: Apache-2.0
#include "services/route53/alias_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/type.h"
#include "ports/rows.h"
#include "services/route53/aws_zones.h"
#include "services/route53/ids.h"

namespace sitelatch::route53 {
namespace {

constexpr std::string_view target_table = "route53.alias_targets";
constexpr std::uint32_t usual_ttl_s = 60;  // of a load balancer's records (fact route53-131)
constexpr std::size_t most_targets = 1000, most_addresses = 16, most_watched = 1000;

std::string text_of(const std::string& rdata) {
  return dns::rdata_to_text(rdata.size() == 4 ? dns::type::a : dns::type::aaaa, rdata);
}
std::string plain(const std::string& wire_name) {
  auto out = dns::name_to_text(wire_name);
  out.pop_back();
  return out;
}

}  // namespace

AliasTargets::AliasTargets(ports::Journal& journal, ports::NameWatch* names, Changed changed)
    : journal_(journal), names_(names), changed_(std::move(changed)) {
  ports::take_rows(journal_, target_table,
                   [this](std::string_view key, std::string_view row) { load(key, row); });
}

bool AliasTargets::parse(Said& said) {
  said.ipv4.clear(), said.ipv6.clear();
  for (const auto& text : said.addresses) {
    auto v4 = dns::rdata_from_text(dns::type::a, text);
    auto v6 = dns::rdata_from_text(dns::type::aaaa, text);
    if (!v4 && !v6) return false;
    auto& list = v4 ? said.ipv4 : said.ipv6;
    auto& rdata = v4 ? *v4 : *v6;
    if (std::find(list.begin(), list.end(), rdata) == list.end()) list.push_back(std::move(rdata));
  }
  return true;
}

void AliasTargets::load(std::string_view key, std::string_view row) {
  const auto value = aws::stored_value(row);
  const auto name = dns::name_from_text(key);
  ports::expect_of_row(name.has_value(), "its name is none");
  Said said;
  said.addresses = value["addresses"].strings();
  const auto ttl = value["ttl"].integer();
  ports::expect_of_row(ttl >= 0 && ttl <= INT32_MAX, "its TTL is none");
  said.ttl = static_cast<std::uint32_t>(ttl);
  said.up = value["up"].boolean();
  said.zone_id = value["zone"].string_or("");
  ports::expect_of_row(parse(said), "its addresses are none");
  said_.emplace(*name, std::move(said));
}

void AliasTargets::write(const std::string& name, const Said& said) {
  auto addresses = aws::Value::list();
  for (const auto& text : said.addresses) addresses.push(text);
  journal_.put(target_table, dns::name_to_text(name),
               aws::to_json(aws::Value::structure({{"addresses", addresses},
                                                   {"ttl", static_cast<std::int64_t>(said.ttl)},
                                                   {"up", said.up},
                                                   {"zone", said.zone_id}})));
}

Result<std::string> AliasTargets::say(const TargetWord& word) {
  const auto wire = dns::name_from_text(word.name);
  if (!wire) return problem(fmt::format("\"{}\" is no name: {}", word.name, wire.error().text));
  const auto name = target_name(*wire);
  const auto* zone = aws_zone_holding(name);
  const auto known = said_.find(name);
  const bool placed = known != said_.end() && !known->second.zone_id.empty();
  if (word.zone_id.empty() && !placed && !(zone && may_be_target(*zone, name, dns::type::a)))
    return problem(fmt::format(
        "{} is in none of AWS's own zones that this engine knows, so no alias leads there. Names "
        "are like my-lb-123.eu-west-1.elb.amazonaws.com; of a zone that is missing here, give the "
        "id that AWS tells with --zone",
        plain(name)));
  if (known == said_.end() && said_.size() >= most_targets)
    return problem(fmt::format("there are {} targets already", most_targets));
  Said said = known == said_.end() ? Said{} : known->second;
  if (known == said_.end()) said.ttl = usual_ttl_s;
  if (word.addresses) said.addresses = *word.addresses;
  if (word.ttl) said.ttl = *word.ttl;
  if (word.up) said.up = *word.up;
  if (!word.zone_id.empty()) said.zone_id = bare_id(word.zone_id);
  if (said.addresses.size() > most_addresses)
    return problem(fmt::format("a target has at most {} addresses", most_addresses));
  if (said.ttl > INT32_MAX) return problem("a TTL is at most 2147483647");
  if (!parse(said)) return problem("an address is IPv4 or IPv6, like 192.0.2.1 or 2001:db8::1");
  write(name, said);
  said_.insert_or_assign(name, std::move(said));
  look(name);
  changed_(name);
  return name;
}

bool AliasTargets::take_back(const std::string& name) {
  if (said_.erase(name) == 0) return false;
  journal_.erase(target_table, dns::name_to_text(name));
  look(name);
  changed_(name);
  return true;
}

bool AliasTargets::declared(const std::string& zone_id, const std::string& name) const {
  const auto found = said_.find(target_name(name));
  return found != said_.end() && !zone_id.empty() && found->second.zone_id == zone_id;
}

void AliasTargets::use(const std::string& name, bool in_use) {
  if (in_use ? !used_.insert(name).second : used_.erase(name) == 0) return;
  look(name);
}

void AliasTargets::look(const std::string& name) {
  if (!names_) return;
  const bool wanted = used_.contains(name) && !has_said_addresses(name) &&
                      (aws_zone_holding(name) || said_.contains(name));
  const bool watching = watched_.contains(name);
  if (wanted && !watching && watched_.size() < most_watched) {
    watched_.emplace(name, std::nullopt);
    names_->watch(plain(name), lifetime_.guard([this, name](const ports::NameAnswer& answer) {
      told(name, answer);
    }));
  } else if (!wanted && watching) {
    watched_.erase(name);
    names_->forget(plain(name));
  }
}

void AliasTargets::told(const std::string& name, const ports::NameAnswer& answer) {
  const auto at = watched_.find(name);
  if (at == watched_.end()) return;  // told and forgotten have passed each other
  at->second = answer;
  changed_(name);
}

dns::Choices AliasTargets::answer(const std::string& name, std::uint16_t type) const {
  const auto* zone = aws_zone_holding(name);
  // Of a website every name below is taken, and answers nothing (fact route53-132).
  if (zone && zone->kind == AwsZone::Kind::website && name != zone->origin) return {};
  const auto of_type = [&](const std::vector<std::string>& from) {
    std::vector<std::string> out;
    const std::size_t size = type == dns::type::a ? 4 : type == dns::type::aaaa ? 16 : 0;
    std::copy_if(from.begin(), from.end(), std::back_inserter(out),
                 [&](const std::string& rdata) { return rdata.size() == size; });
    return out;
  };
  const auto say = [](std::uint32_t ttl, std::vector<std::string> rdata) -> dns::Choices {
    if (rdata.empty()) return {};
    return {{1, {ttl, std::move(rdata)}}};
  };
  if (has_said_addresses(name)) {
    const auto& said = said_.at(name);
    return say(said.ttl, of_type(type == dns::type::a ? said.ipv4 : said.ipv6));
  }
  if (type != dns::type::a && type != dns::type::aaaa) return {};
  const auto seen = watched_.find(name);
  if (seen == watched_.end()) return {};
  if (!seen->second || seen->second->kind == ports::NameAnswer::Kind::unknown)
    return {dns::Choice{1, {}, true}};
  const auto known = said_.find(name);
  return say(known == said_.end() ? usual_ttl_s : known->second.ttl,
             of_type(seen->second->addresses));
}

bool AliasTargets::up(const std::string& name) const {
  const auto found = said_.find(name);
  return found == said_.end() || found->second.up;
}

bool AliasTargets::has_said_addresses(const std::string& name) const {
  const auto found = said_.find(name);
  return found != said_.end() && !found->second.addresses.empty();
}

std::vector<std::string> AliasTargets::said() const {
  std::vector<std::string> out;
  for (const auto& [name, word] : said_) out.push_back(name);
  return out;
}

std::vector<TargetDescription> AliasTargets::describe() const {
  using From = TargetDescription::From;
  std::set<std::string> names = used_;
  for (const auto& [name, word] : said_) names.insert(name);
  std::vector<TargetDescription> out;
  for (const auto& name : names) {
    TargetDescription one;
    one.name = plain(name);
    one.up = up(name);
    const auto known = said_.find(name);
    one.ttl = known == said_.end() ? usual_ttl_s : known->second.ttl;
    const auto seen = watched_.find(name);
    if (has_said_addresses(name)) {
      one.from = From::said;
      one.addresses = known->second.addresses;
    } else if (seen != watched_.end()) {
      const auto& answer = seen->second;
      one.from = !answer || answer->kind == ports::NameAnswer::Kind::unknown ? From::unknown
                 : answer->kind == ports::NameAnswer::Kind::found            ? From::resolver
                                                                             : From::nothing;
      if (one.from == From::resolver)
        for (const auto& rdata : answer->addresses) one.addresses.push_back(text_of(rdata));
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace sitelatch::route53
