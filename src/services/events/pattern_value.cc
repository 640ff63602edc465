// SPDX-License-Identifier: Apache-2.0
#include "services/events/pattern_value.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::events {
namespace {
using aws::Value;
using Operator = ValueTest::Operator;

bool equal_numbers(const Value& a, const Value& b) {
  const auto x = comparable(a.number()), y = comparable(b.number());
  if (x && y) return *x == *y;
  return a == b;
}

bool same_text(const std::string& wanted, const std::string& text) {
  if (wanted == text) return true;
  const auto address = parse_address(wanted);
  return address && address == parse_address(text);
}

bool starts_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}
bool ends_ignoring_case(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         equal_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

// The literal runs between the stars of a valid wildcard pattern; a backslash takes a star's or a
// backslash's meaning away.
std::vector<std::string> runs_of(std::string_view pattern) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*')
      out.emplace_back();
    else
      out.back() += pattern[i] == '\\' && i + 1 < pattern.size() ? pattern[++i] : pattern[i];
  }
  return out;
}

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  const auto runs = runs_of(pattern);
  if (runs.size() == 1) return text == runs.front();
  if (!text.starts_with(runs.front())) return false;
  text.remove_prefix(runs.front().size());
  for (std::size_t i = 1; i + 1 < runs.size(); ++i) {
    const auto found = text.find(runs[i]);
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + runs[i].size());
  }
  return text.ends_with(runs.back());
}

bool matches_text(Operator by, const std::string& wanted, const std::string& text) {
  switch (by) {
    case Operator::equals:
      return same_text(wanted, text);
    case Operator::equals_ignoring_case:
      return equal_ignoring_case(wanted, text);
    case Operator::prefix:
      return text.starts_with(wanted);
    case Operator::prefix_ignoring_case:
      return starts_ignoring_case(text, wanted);
    case Operator::suffix:
      return text.ends_with(wanted);
    case Operator::suffix_ignoring_case:
      return ends_ignoring_case(text, wanted);
    case Operator::wildcard:
      return matches_wildcard(wanted, text);
    default:
      return false;
  }
}

bool in_range(const ValueTest& test, const Value& value) {
  const auto number = value.is_number() ? comparable(value.number()) : std::nullopt;
  if (!number) return false;
  if (test.bottom && (test.bottom->open ? *number <= test.bottom->at : *number < test.bottom->at))
    return false;
  return !test.top || (test.top->open ? *number < test.top->at : *number <= test.top->at);
}

bool in_block(const ValueTest& test, const Value& value) {
  const auto address = value.is_string() ? parse_address(value.string()) : std::nullopt;
  return address && address->size == test.from.size && *address >= test.from && *address <= test.to;
}

bool applies(const ValueTest& test, const Value& value) {
  switch (test.by) {
    case Operator::exists:
      return true;
    case Operator::range:
      return in_range(test, value);
    case Operator::addresses:
      return in_block(test, value);
    case Operator::literal:
      return value == test.values.front();
    case Operator::number:
      return value.is_number() &&
             std::any_of(test.values.begin(), test.values.end(),
                         [&](const Value& wanted) { return equal_numbers(wanted, value); });
    default:
      return value.is_string() &&
             std::any_of(test.texts.begin(), test.texts.end(), [&](const std::string& wanted) {
               return matches_text(test.by, wanted, value.string());
             });
  }
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  constexpr std::size_t longest = 45;
  if (text.size() > longest) return std::nullopt;
  const std::string copy{text};
  Address out;
  if (text.find(':') == std::string_view::npos) {
    out.size = 4;
    if (inet_pton(AF_INET, copy.c_str(), out.bytes.data()) == 1) return out;
    return std::nullopt;
  }
  out.size = 16;
  if (text.find('.') == std::string_view::npos &&
      inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1)
    return out;
  return std::nullopt;
}

std::optional<std::int64_t> comparable(double number) {
  constexpr double most = 5e9, millionths = 1e6;
  if (!(number >= -most && number <= most)) return std::nullopt;
  return static_cast<std::int64_t>(millionths * (most + number));
}

std::string cidr_problem(std::string_view cidr, Addresses& out) {
  auto parts = split(cidr, '/');
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  if (parts.size() != 2) return "Malformed CIDR, one '/' required";
  const auto bits = parse_int(parts[1]);
  if (!bits) return "Malformed CIDR, mask bits must be an integer";
  if (*bits < 0) return "Malformed CIDR, mask bits must not be negative";
  const auto from = parse_address(parts[0]);
  if (!from) {
    const bool looks_like_one =
        parts[0].find_first_not_of("0123456789.") == std::string_view::npos ||
        (parts[0].find(':') != std::string_view::npos &&
         parts[0].find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos);
    return (looks_like_one ? "Invalid IP address: " : "Nonstandard IP address: ") +
           std::string{parts[0]};
  }
  const auto all = static_cast<std::int64_t>(from->size) * 8;
  if (*bits >= all) return fmt::format("IPv{} mask bits must be < {}", all == 32 ? 4 : 6, all);
  out.from = out.to = *from;
  for (std::int64_t bit = *bits; bit < all; ++bit)
    out.to.bytes[static_cast<std::size_t>(bit / 8)] |=
        static_cast<std::uint8_t>(0x80 >> static_cast<unsigned>(bit % 8));
  return {};
}

std::string wildcard_problem(std::string_view pattern) {
  // Places are counted with the value's quote in front.
  std::size_t stars = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char follows = i + 1 < pattern.size() ? pattern[i + 1] : '"';
    if (pattern[i] == '*') {
      if (follows == '*') return fmt::format("Consecutive wildcard characters at pos {}", i + 1);
      ++stars;
    } else if (pattern[i] == '\\') {
      if (follows != '*' && follows != '\\')
        return fmt::format("Invalid escape character at pos {}", i + 1);
      ++i;
    }
  }
  // AWS's limit is on a machine's states; what is known of it is that six stars are too many and
  // five are not (fact events-48).
  constexpr std::size_t most_stars = 5;
  if (stars > most_stars)
    return "Rule is too complex - try using fewer wildcard characters or fewer repeating character "
           "sequences after a wildcard character";
  return {};
}

bool ValueTest::holds(const Value& value) const { return applies(*this, value) != negated; }

}  // namespace sitelatch::events
