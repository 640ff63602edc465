// SPDX-License-Identifier: Apache-2.0
#include "services/sns/filter_rules.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace sitelatch::sns {
namespace {
using aws::Value;
using Checked = Result<Done, std::string>;

Failure<std::string> refused(std::string text) {
  return failure("FilterPolicy: " + std::move(text));
}

constexpr std::array operators{"prefix",       "suffix",  "equals-ignore-case",
                               "anything-but", "numeric", "exists",
                               "cidr",         "wildcard"};
bool is_operator(std::string_view name) {
  for (const std::string_view known : operators)
    if (known == name) return true;
  return false;
}

std::string shown(const Value& value) {
  return value.is_string() ? value.string() : aws::to_json(value);
}

// An IPv4 network: address and mask length.
struct Network {
  std::uint32_t address;
  int bits;
};
std::optional<std::uint32_t> ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  std::uint32_t out = 0;
  for (const auto part : parts) {
    const auto number = part.size() <= 3 ? parse_int(part) : std::nullopt;
    if (!number || *number < 0 || *number > 255) return std::nullopt;
    out = out << 8 | static_cast<std::uint32_t>(*number);
  }
  return out;
}
std::uint32_t mask_of(int bits) { return bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits); }
std::optional<Network> network(std::string_view text) {
  const auto parts = split(text, '/');
  if (parts.size() != 2) return std::nullopt;
  const auto address = ipv4(parts[0]);
  const auto bits = parse_int(parts[1]);
  if (!address || !bits || *bits < 0 || *bits > 32) return std::nullopt;
  return Network{*address, static_cast<int>(*bits)};
}

Checked check_cidr(const Value& value) {
  if (!value.is_string()) return refused("prefix match pattern must be a string");
  const auto parts = split(value.string(), '/');
  if (parts.size() != 2) return refused("Malformed CIDR, one '/' required");
  if (!parse_int(parts[1])) return refused("Malformed CIDR, mask bits must be an integer");
  if (!network(value.string())) return refused("Nonstandard IP address: " + std::string{parts[0]});
  return Done{};
}

Checked check_comparison(const Value& sign, const Value& number) {
  if (number.is_number()) return Done{};
  return refused("Value of " + (sign.string() == "=" ? "equals" : sign.string()) +
                 " must be numeric");
}

Checked check_range(const Value::List& terms) {
  if (terms[0].string() != ">" && terms[0].string() != ">=")
    return refused("Too many elements in numeric expression");
  if (!terms[2].is_string()) return refused("Bad value in numeric range: " + shown(terms[2]));
  if (terms[2].string() != "<" && terms[2].string() != "<=")
    return refused("Bad numeric range operator: " + terms[2].string());
  if (auto ok = check_comparison(terms[2], terms.size() > 3 ? terms[3] : Value{}); !ok) return ok;
  if (terms[3].number() <= terms[1].number()) return refused("Bottom must be less than top");
  if (terms.size() > 4) return refused("Too many terms in numeric range expression");
  return Done{};
}

Checked check_numeric(const Value& value) {
  if (!value.is_list() || value.items().empty())
    return refused("Invalid member in numeric match: ]");
  const auto& terms = value.items();
  if (!terms[0].is_string()) return refused("Invalid member in numeric match: " + shown(terms[0]));
  const auto& sign = terms[0].string();
  if (sign != "<" && sign != "<=" && sign != "=" && sign != ">" && sign != ">=")
    return refused("Unrecognized numeric range operator: " + sign);
  if (auto ok = check_comparison(terms[0], terms.size() > 1 ? terms[1] : Value{}); !ok) return ok;
  return terms.size() == 2 ? Checked{Done{}} : check_range(terms);
}

Checked check_text(std::string_view name, const Value& value) {
  if (value.is_string()) return Done{};
  return refused(std::string{name} + " match pattern must be a string");
}

Checked check_anything_but(const Value& value) {
  if (value.is_struct()) {
    if (value.members().size() != 1) return refused("Only one key allowed in match expression");
    const auto& [name, inner] = value.members().front();
    if (name != "prefix" && name != "suffix" && name != "equals-ignore-case" && name != "wildcard")
      return refused("Unsupported anything-but pattern: " + name);
    return check_text(name, inner);
  }
  if (value.is_list()) {
    for (const auto& item : value.items())
      if (item.is_struct() || item.is_list())
        return refused("Match value must be String, number, true, false, or null");
    return value.items().empty() ? refused("Empty arrays are not allowed") : Checked{Done{}};
  }
  return Done{};
}

bool matches_number(double x, std::string_view sign, double bound) {
  if (sign == "<") return x < bound;
  if (sign == "<=") return x <= bound;
  if (sign == ">") return x > bound;
  if (sign == ">=") return x >= bound;
  return x == bound;
}
bool matches_numeric(const Value& terms, const Value& value) {
  if (!value.is_number()) return false;
  const auto& list = terms.items();
  for (std::size_t i = 0; i + 1 < list.size(); i += 2)
    if (!matches_number(value.number(), list[i].string(), list[i + 1].number())) return false;
  return true;
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  return a == b;
}

bool matches_text(std::string_view name, const std::string& pattern, const Value& value) {
  if (!value.is_string()) return false;
  const std::string& text = value.string();
  if (name == "prefix") return text.starts_with(pattern);
  if (name == "suffix") return text.ends_with(pattern);
  if (name == "equals-ignore-case") return equal_ignoring_case(text, pattern);
  if (name == "wildcard") {
    // Only * has a meaning here; wildcard_match() also gives one to ?, so runs between stars are
    // compared by hand.
    std::size_t at = 0;
    const auto runs = split(pattern, '*');
    if (runs.size() == 1) return text == pattern;
    if (!text.starts_with(runs.front())) return false;
    at = runs.front().size();
    for (std::size_t i = 1; i + 1 < runs.size(); ++i) {
      const auto found = text.find(runs[i], at);
      if (found == std::string::npos) return false;
      at = found + runs[i].size();
    }
    return text.size() >= at + runs.back().size() && text.ends_with(runs.back());
  }
  return false;
}

bool in_network(const std::string& cidr, const Value& value) {
  const auto net = network(cidr);
  const auto address = value.is_string() ? ipv4(value.string()) : std::nullopt;
  return net && address && ((*address ^ net->address) & mask_of(net->bits)) == 0;
}

bool is_excluded(const Value& but, const Value& value) {
  if (but.is_list()) {
    for (const auto& item : but.items())
      if (equal(item, value)) return true;
    return false;
  }
  if (but.is_struct()) {
    const auto& [name, pattern] = but.members().front();
    return matches_text(name, pattern.string(), value);
  }
  return equal(but, value);
}

bool matches_rule(const Value& rule, const Value& value) {
  if (!rule.is_struct()) return equal(rule, value);
  const auto& [name, operand] = rule.members().front();
  if (name == "exists") return operand.boolean();
  if (name == "numeric") return matches_numeric(operand, value);
  if (name == "anything-but") return !is_excluded(operand, value);
  if (name == "cidr") return in_network(operand.string(), value);
  return matches_text(name, operand.string(), value);
}

}  // namespace

bool is_alternatives(const Value& list) {
  if (!list.is_list() || list.items().size() < 2) return false;
  for (const auto& item : list.items())
    if (!item.is_struct() || item.members().empty() || is_operator(item.members().front().name))
      return false;
  return true;
}

Checked check_filter_rule(const Value& rule) {
  if (rule.is_list()) return refused("Match value must be String, number, true, false, or null");
  if (!rule.is_struct()) return Done{};
  if (rule.members().size() != 1) return refused("Only one key allowed in match expression");
  const auto& [name, operand] = rule.members().front();
  if (name == "prefix" || name == "suffix" || name == "equals-ignore-case" || name == "wildcard")
    return check_text(name, operand);
  if (name == "anything-but") return check_anything_but(operand);
  if (name == "numeric") return check_numeric(operand);
  if (name == "cidr") return check_cidr(operand);
  if (name != "exists") return refused("Unrecognized match type " + name);
  if (operand.is_bool()) return Done{};
  return refused("exists match pattern must be either true or false.");
}

bool matches_any_rule(const Value& rules, const Value::List* values) {
  for (const auto& rule : rules.items()) {
    const bool asks_absence = rule.is_struct() && rule.has("exists") && !rule["exists"].boolean();
    if (!values || asks_absence) {
      if (!values && asks_absence) return true;
      continue;
    }
    if (rule.is_struct() && rule.has("exists")) return true;
    for (const auto& value : *values)
      if (matches_rule(rule, value)) return true;
  }
  return false;
}

}  // namespace sitelatch::sns
