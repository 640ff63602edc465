// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/site_names.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

constexpr int longest_way = 8;

bool is_plain(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// The byte that \ooo stands for; nothing: these are no three octal digits.
std::optional<unsigned char> octal(std::string_view digits) {
  if (digits.size() < 3) return std::nullopt;
  int value = 0;
  for (const char digit : digits.substr(0, 3)) {
    if (digit < '0' || digit > '7') return std::nullopt;
    value = value * 8 + (digit - '0');
  }
  if (value > 255) return std::nullopt;
  return static_cast<unsigned char>(value);
}

void append_escaped(std::string& out, unsigned char c) {
  if (is_plain(c)) {
    out += static_cast<char>(c);
    return;
  }
  out += '\\';
  for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + ((c >> shift) & 7));
}

bool under(std::string_view name, std::string_view zone) {
  if (zone == ".") return true;
  return name == zone || (name.size() > zone.size() && name.ends_with(zone) &&
                          name[name.size() - zone.size() - 1] == '.');
}

// "b.c." of "a.b.c."; a dot within a label is escaped.
std::string parent_of(const std::string& name) { return name.substr(name.find('.') + 1); }

std::string words(const NamedZone& zone) {
  return zone.name + " (" + zone.id + ", " + (zone.private_zone ? "private" : "public") + ")";
}
std::string words(const NamedRecord& record, const NamedZone& zone) {
  std::string out = record.failover.empty() ? "" : record.failover + " ";
  out += record.type + " record ";
  if (!record.set_identifier.empty()) out += "\"" + record.set_identifier + "\" ";
  return out + "of " + record.name + ", zone " + zone.id;
}

class Search {
 public:
  Search(const std::vector<NamedZone>& zones, const RecordsOf& records)
      : zones_(zones), records_(records) {}

  void find(const std::string& name, int steps) {
    for (const auto& zone : zones_of_name(name, zones_)) find_in(zone, name, steps);
  }
  NamedChecks take() { return std::move(out_); }

 private:
  void find_in(const NamedZone& zone, const std::string& name, int steps) {
    if (steps >= longest_way || !visited_.emplace(zone.id, name).second) return;
    look_at(zone);
    const auto here = answering(zone, name);
    bool primary = false;
    for (const auto& record : here) {
      if (record.failover != "PRIMARY") continue;
      primary = true;
      use(zone, record, steps);
    }
    if (primary) return;
    for (const auto& record : here) follow(zone, record, steps);
  }

  void look_at(const NamedZone& zone) {
    auto text = words(zone);
    if (std::find(out_.zones.begin(), out_.zones.end(), text) == out_.zones.end())
      out_.zones.push_back(std::move(text));
  }

  // The records that answer for a name: its own, or those of the wildcard below the nearest name
  // above it that exists.
  std::vector<NamedRecord> answering(const NamedZone& zone, const std::string& name) {
    auto at = records_(zone, name);
    if (at.exists) return std::move(at.records);
    for (auto above = name; above != zone.name;) {
      above = parent_of(above);
      if (above == zone.name || records_(zone, above).exists)
        return records_(zone, "\\052." + above).records;
    }
    return {};
  }

  void use(const NamedZone& zone, const NamedRecord& record, int steps) {
    if (!record.health_check_id.empty()) return add(record.health_check_id, words(record, zone));
    const bool by_target = record.alias && record.alias->evaluate_target_health;
    if (!by_target || record.alias->zone_id != zone.id) {
      out_.seen.push_back(words(record, zone) + ", without a health check");
      return;
    }
    const auto target = canonical_name(record.alias->name);
    if (!target || steps + 1 >= longest_way) return;
    const auto behind = records_(zone, *target).records;
    const bool pair = std::any_of(behind.begin(), behind.end(),
                                  [](const auto& one) { return one.failover == "PRIMARY"; });
    for (const auto& one : behind)
      if (one.type == record.type && (!pair || one.failover == "PRIMARY"))
        use(zone, one, steps + 1);
  }

  void follow(const NamedZone& zone, const NamedRecord& record, int steps) {
    const auto to = record.alias ? record.alias->name : record.target;
    const auto target = canonical_name(to);
    const bool elsewhere = record.alias && record.alias->zone_id != zone.id;
    out_.seen.push_back(words(record, zone) + (to.empty() ? "" : ", which leads to " + to));
    if (to.empty() || !target || elsewhere) return;
    if (record.alias)
      find_in(zone, *target, steps + 1);
    else
      find(*target, steps + 1);
  }

  void add(const std::string& id, std::string record) {
    for (auto& check : out_.checks) {
      if (check.health_check_id != id) continue;
      if (std::find(check.records.begin(), check.records.end(), record) == check.records.end())
        check.records.push_back(std::move(record));
      return;
    }
    out_.checks.push_back({id, {std::move(record)}});
  }

  const std::vector<NamedZone>& zones_;
  const RecordsOf& records_;
  std::set<std::pair<std::string, std::string>> visited_;
  NamedChecks out_;
};

}  // namespace

bool looks_like_name(std::string_view text) {
  return text.find_first_of(".\\*") != std::string_view::npos;
}

std::optional<std::string> canonical_name(std::string_view name) {
  std::string out;
  std::size_t label = 0, whole = 1;
  for (std::size_t i = 0; i < name.size(); ++i) {
    auto c = static_cast<unsigned char>(name[i]);
    if (c == '.') {
      if (label == 0) return std::nullopt;
      out += '.';
      whole += label + 1;
      label = 0;
      continue;
    }
    if (c == '\\') {
      const auto byte = octal(name.substr(i + 1));
      if (!byte) return std::nullopt;
      c = *byte;
      i += 3;
    } else if (c <= ' ' || c >= 127) {
      return std::nullopt;
    }
    if (c >= 'A' && c <= 'Z') c = static_cast<unsigned char>(c - 'A' + 'a');
    if (++label > 63) return std::nullopt;
    append_escaped(out, c);
  }
  if (label > 0) {
    out += '.';
    whole += label + 1;
  }
  if (out.empty() || whole > 255) return std::nullopt;
  return out;
}

std::vector<NamedZone> zones_of_name(const std::string& canonical,
                                     const std::vector<NamedZone>& all) {
  std::vector<NamedZone> out;
  for (const bool private_zone : {false, true}) {
    std::size_t longest = 0;
    for (const auto& zone : all)
      if (zone.private_zone == private_zone && under(canonical, zone.name))
        longest = std::max(longest, zone.name.size());
    for (const auto& zone : all)
      if (zone.private_zone == private_zone && under(canonical, zone.name) &&
          zone.name.size() == longest)
        out.push_back(zone);
  }
  return out;
}

NamedChecks checks_of_name(const std::string& canonical, const std::vector<NamedZone>& zones,
                           const RecordsOf& records) {
  Search search(zones, records);
  search.find(canonical, 0);
  return search.take();
}

std::string describe_ambiguity(std::string_view name, const NamedChecks& found) {
  std::string out =
      std::string{name} + " leads to " +
      counted(static_cast<std::int64_t>(found.checks.size()), "health check", "health checks") +
      "; give the id of the one that is meant:";
  for (const auto& check : found.checks)
    out += "\n  " + check.health_check_id + "  " + join(check.records, "; ");
  return out;
}

std::string describe_absence(std::string_view name, const NamedChecks& found,
                             const std::vector<NamedZone>& all) {
  if (found.zones.empty()) {
    std::vector<std::string> names;
    for (const auto& zone : all) names.push_back(words(zone));
    return "No hosted zone of this account has the name " + std::string{name} + ". " +
           (names.empty() ? "It has no hosted zones." : "Its zones: " + join(names, ", ") + ".");
  }
  auto out = "No PRIMARY failover record with a health check has the name " + std::string{name} +
             ". Looked at: " + (found.zones.size() == 1 ? "zone " : "zones ") +
             join(found.zones, ", ") + ".";
  if (found.seen.empty()) return out + " Nothing there has this name.";
  return out + " There is: " + join(found.seen, "; ") + ".";
}

}  // namespace sitelatch::guard
