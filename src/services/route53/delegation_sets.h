// SPDX-License-Identifier: Apache-2.0
// DelegationSets: the reusable ones, four name servers each, which several public zones may share.
// Table route53.delegation_sets; which zone uses which is in the zone's own row. A set that no
// zone shares has no name and is nobody's but its zone's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "ports/entropy.h"
#include "ports/journal.h"

namespace sitelatch::route53 {

struct DelegationSet {
  std::string id;  // without /delegationset/
  std::string caller_reference;
  std::vector<std::string> name_servers;  // four, without final dot
};

// Four servers, one of each top level, numbered as AWS numbers them (fact route53-43).
std::vector<std::string> new_name_servers(ports::Entropy& entropy);

aws::Value server_list(const std::vector<std::string>& servers);
aws::Value to_value(const DelegationSet& set);  // AWS's shape DelegationSet

class DelegationSets {
 public:
  explicit DelegationSets(ports::Journal& journal);

  std::size_t size() const { return sets_.size(); }
  const DelegationSet* find(const std::string& id) const;
  bool reference_used(const std::string& caller_reference) const;
  // In the order of ids from `from` on, until the visitor answers false.
  void visit(const std::string& from,
             const std::function<bool(const DelegationSet&)>& visitor) const;

  const DelegationSet& add(DelegationSet set);
  void remove(const std::string& id);

 private:
  ports::Journal& journal_;
  std::map<std::string, DelegationSet> sets_;
};

}  // namespace sitelatch::route53
