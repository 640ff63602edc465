// SPDX-License-Identifier: Apache-2.0
#include "services/route53/delegation_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "aws/wire/stored.h"
#include "base/check.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {

constexpr std::string_view sets_table = "route53.delegation_sets";
}  // namespace

aws::Value server_list(const std::vector<std::string>& servers) {
  auto out = aws::Value::list();
  for (const auto& server : servers) out.push(server);
  return out;
}

aws::Value to_value(const DelegationSet& set) {
  return aws::Value::structure({{"Id", "/delegationset/" + set.id},
                                {"CallerReference", set.caller_reference},
                                {"NameServers", server_list(set.name_servers)}});
}

// 512 a top level, 8 to a second-level name.
std::vector<std::string> new_name_servers(ports::Entropy& entropy) {
  constexpr std::array<std::string_view, 4> tops = {"com", "net", "org", "co.uk"};
  std::vector<std::string> out;
  for (unsigned top = 0; top < tops.size(); ++top) {
    std::array<unsigned char, 2> bytes{};
    entropy.fill(bytes);
    const unsigned n = (bytes[0] * 256u + bytes[1]) % 512u;
    out.push_back(fmt::format("ns-{}.awsdns-{:02}.{}", top * 512 + n, n / 8, tops[top]));
  }
  return out;
}

DelegationSets::DelegationSets(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, sets_table, [&](std::string_view key, std::string_view row) {
    const auto value = aws::stored_value(row);
    DelegationSet set{ports::text_of_key(key), value["ref"].string(), value["servers"].strings()};
    ports::expect_of_row(!set.name_servers.empty(), "no name servers");
    sets_.emplace(set.id, set);
  });
}

const DelegationSet* DelegationSets::find(const std::string& id) const {
  const auto found = sets_.find(id);
  return found == sets_.end() ? nullptr : &found->second;
}

bool DelegationSets::reference_used(const std::string& caller_reference) const {
  return std::any_of(sets_.begin(), sets_.end(), [&](const auto& entry) {
    return entry.second.caller_reference == caller_reference;
  });
}

void DelegationSets::visit(const std::string& from,
                           const std::function<bool(const DelegationSet&)>& visitor) const {
  for (auto at = sets_.lower_bound(from); at != sets_.end(); ++at)
    if (!visitor(at->second)) return;
}

const DelegationSet& DelegationSets::add(DelegationSet set) {
  journal_.put(sets_table, set.id,
               aws::to_json(aws::Value::structure(
                   {{"ref", set.caller_reference}, {"servers", server_list(set.name_servers)}})));
  const auto id = set.id;
  const auto [at, is_new] = sets_.emplace(id, std::move(set));
  ENSURE(is_new, "a delegation set's id given twice");
  return at->second;
}

void DelegationSets::remove(const std::string& id) {
  journal_.erase(sets_table, id);
  sets_.erase(id);
}

}  // namespace sitelatch::route53
