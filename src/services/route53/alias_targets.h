// SPDX-License-Identifier: Apache-2.0
// AliasTargets: what lies behind aliases that leave the account: a load balancer's addresses and
// whether it is well. Said by a person (`sitelatch target`, kept over restarts), else looked up by
// the machine's resolver, else not known (facts route53-131 and route53-133). Owns the table
// route53.alias_targets. Names are wire form, by target_name().
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/view.h"
#include "ports/journal.h"
#include "ports/lifetime.h"
#include "ports/name_watch.h"

namespace sitelatch::route53 {

// What a person says of a target; what is left out stays as it was.
struct TargetWord {
  std::string name;                                   // text
  std::optional<std::vector<std::string>> addresses;  // none in the list: they are looked up again
  std::optional<std::uint32_t> ttl;
  std::optional<bool> up;
  std::string zone_id;  // of a zone of AWS's that this engine does not know
};

struct TargetDescription {
  std::string name;
  bool up = true;
  std::uint32_t ttl = 0;
  enum class From { said, resolver, nothing, unknown, off };
  From from = From::off;
  std::vector<std::string> addresses;
  std::size_t aliases = 0;
};

class AliasTargets {
 public:
  using Changed = std::function<void(const std::string& name)>;
  // `names` may be null: then nothing is looked up. `changed` is never called from the constructor.
  AliasTargets(ports::Journal& journal, ports::NameWatch* names, Changed changed);

  // Problem: no target's name, too many, or addresses that are none.
  Result<std::string> say(const TargetWord& word);  // the name
  bool take_back(const std::string& name);          // all that was said of it
  // A target that a person has put into this zone by id.
  bool declared(const std::string& zone_id, const std::string& name) const;

  // Some alias leads there, or none any more.
  void use(const std::string& name, bool in_use);

  // What it answers now; NODATA where there is nothing, and a failing choice where it is not known.
  dns::Choices answer(const std::string& name, std::uint16_t type) const;
  bool up(const std::string& name) const;
  bool has_said_addresses(const std::string& name) const;
  std::vector<std::string> said() const;  // names

  std::vector<TargetDescription> describe() const;

 private:
  struct Said {
    std::vector<std::string> addresses;  // text
    std::uint32_t ttl = 0;
    bool up = true;
    std::string zone_id;
    std::vector<std::string> ipv4, ipv6;  // rdata
  };
  void load(std::string_view key, std::string_view row);
  static bool parse(Said& said);
  void write(const std::string& name, const Said& said);
  void look(const std::string& name);  // starts or ends looking it up
  void told(const std::string& name, const ports::NameAnswer& answer);

  ports::Journal& journal_;
  ports::NameWatch* names_;
  Changed changed_;
  std::map<std::string, Said> said_;
  std::set<std::string> used_;
  std::map<std::string, std::optional<ports::NameAnswer>> watched_;
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::route53
