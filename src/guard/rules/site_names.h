// SPDX-License-Identifier: Apache-2.0
// Which health check a DNS name means. People know the name that users look up; AWS knows the check
// on its PRIMARY record. Pure: the records come by a function.
//   const auto found = checks_of_name("client.example.test", zones, records_at);
//   if (found.checks.size() == 1) use(found.checks.front().health_check_id);
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::guard {

// Meant as a DNS name: ids of health checks have no dots, escapes or wildcards.
bool looks_like_name(std::string_view text);

// The one spelling of a name: lower case, a dot at its end, and every byte but a to z, 0 to 9, -
// and _ as \ooo, three octal digits (Route 53, "DNS domain name format"; its wildcard is \052).
// Nothing: no name of DNS has this form (RFC 1035 section 2.3.4: labels of 1 to 63 bytes, 255 in
// all), or it is not ASCII (an internationalised name is xn--... in DNS).
std::optional<std::string> canonical_name(std::string_view name);

struct NamedZone {
  std::string id, name;  // name in its canonical form
  bool private_zone = false;
};

struct NamedRecord {
  std::string name, type, set_identifier;
  std::string failover, health_check_id;  // "PRIMARY", "SECONDARY" or empty
  struct Alias {
    std::string zone_id, name;
    bool evaluate_target_health = false;
  };
  std::optional<Alias> alias;
  std::string target;  // of a CNAME
};

struct RecordsAt {
  std::vector<NamedRecord> records;  // of exactly this name
  bool exists = false;               // there is something at the name or below it
};
// `name` in its canonical form.
using RecordsOf = std::function<RecordsAt(const NamedZone& zone, const std::string& name)>;

// A health check that a name leads to, and by which records.
struct NamedCheck {
  std::string health_check_id;
  std::vector<std::string> records;  // "PRIMARY A record \"eu\" of client.example.test., zone Z1"
};
struct NamedChecks {
  std::vector<NamedCheck> checks;
  std::vector<std::string> zones;  // those looked at: "example.test. (Z1, public)"
  std::vector<std::string> seen;   // what is there and leads to no check
};

// The zones that answer for the name: of the public ones those with the longest name, of the
// private ones too. Several zones may have one name.
std::vector<NamedZone> zones_of_name(const std::string& canonical,
                                     const std::vector<NamedZone>& all);

// Every check that a PRIMARY failover record of the name uses: its own, or where it is an alias
// that evaluates its target's health and has none, those behind it. A name that is an alias or a
// CNAME is followed, eight steps at most; where nothing has the name, a wildcard above it answers
// (RFC 4592).
NamedChecks checks_of_name(const std::string& canonical, const std::vector<NamedZone>& zones,
                           const RecordsOf& records);

// What is told when there is not exactly one; sentences.
std::string describe_ambiguity(std::string_view name, const NamedChecks& found);
std::string describe_absence(std::string_view name, const NamedChecks& found,
                             const std::vector<NamedZone>& all);

}  // namespace sitelatch::guard
