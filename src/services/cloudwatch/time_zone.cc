// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/time_zone.h"

#include <algorithm>
#include <utility>

namespace sitelatch::cloudwatch {
namespace {

using namespace std::chrono;

constexpr std::pair<std::string_view, std::string_view> zone_rules[] = {
#include "services/cloudwatch/zone_rules.inc"
};

bool is_leap_year(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

}  // namespace

// Of a rule that stands in our own table, or in a test.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  std::optional<TimeZone> read() {
    TimeZone out;
    if (!name() || !offset(out.standard_)) return std::nullopt;
    if (text_.empty()) return out;
    if (!name()) return std::nullopt;
    out.has_summer_ = true;
    out.summer_ = out.standard_ + hours{1};
    if (!text_.starts_with(",") && !offset(out.summer_)) return std::nullopt;
    if (!change(out.begins_) || !change(out.ends_) || !text_.empty()) return std::nullopt;
    return out;
  }

 private:
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool name() {
    const bool quoted = take('<');
    std::size_t end = 0;
    while (end < text_.size() && (quoted ? text_[end] != '>'
                                         : (text_[end] >= 'A' && text_[end] <= 'Z') ||
                                               (text_[end] >= 'a' && text_[end] <= 'z')))
      ++end;
    text_.remove_prefix(end);
    return end >= 3 && (!quoted || take('>'));
  }
  bool number(int& out) {
    std::size_t end = 0;
    out = 0;
    while (end < text_.size() && end < 4 && text_[end] >= '0' && text_[end] <= '9')
      out = out * 10 + (text_[end++] - '0');
    text_.remove_prefix(end);
    return end > 0;
  }
  bool clock(seconds& out) {
    const bool minus = take('-');
    if (!minus) take('+');
    int part = 0;
    if (!number(part)) return false;
    out = hours{part};
    for (const auto unit : {seconds{60}, seconds{1}}) {
      if (!take(':')) break;
      if (!number(part)) return false;
      out += unit * part;
    }
    if (minus) out = -out;
    return true;
  }
  // West of Greenwich is positive there, and negative here.
  bool offset(seconds& out) {
    if (!clock(out)) return false;
    out = -out;
    return true;
  }
  bool change(TimeZone::Change& out) {
    using Kind = TimeZone::Change::Kind;
    if (!take(',')) return false;
    if (take('M')) {
      if (!number(out.month) || !take('.') || !number(out.week) || !take('.') || !number(out.day))
        return false;
      if (out.month < 1 || out.month > 12 || out.week < 1 || out.week > 5 || out.day > 6)
        return false;
    } else {
      out.kind = take('J') ? Kind::day_without_leap : Kind::day;
      if (!number(out.day) || out.day > 365) return false;
    }
    return !take('/') || clock(out.time);
  }

  std::string_view text_;
};

std::optional<TimeZone> TimeZone::of_rule(std::string_view rule) { return RuleReader{rule}.read(); }

std::optional<TimeZone> TimeZone::named(std::string_view name) {
  const auto* found = std::find_if(std::begin(zone_rules), std::end(zone_rules),
                                   [&](const auto& zone) { return zone.first == name; });
  if (found == std::end(zone_rules)) return std::nullopt;
  return of_rule(found->second);
}

Instant TimeZone::in_year(const Change& change, int year) {
  constexpr auto day = hours{24};
  if (change.kind == Change::Kind::month_week_day) {
    const auto first = from_civil(year, change.month, 1, 0, 0, 0);
    auto at =
        first + day * ((change.day - civil(first).weekday + 7) % 7) + day * 7 * (change.week - 1);
    while (civil(at).month != change.month) at -= day * 7;
    return at + change.time;
  }
  const auto first = from_civil(year, 1, 1, 0, 0, 0);
  if (change.kind == Change::Kind::day) return first + day * change.day + change.time;
  const int later = is_leap_year(year) && change.day > 59 ? 1 : 0;
  return first + day * (change.day - 1 + later) + change.time;
}

Duration TimeZone::offset(Instant utc) const {
  if (!has_summer_) return standard_;
  const int year = civil(utc + standard_).year;
  const auto begin = in_year(begins_, year) - standard_, end = in_year(ends_, year) - summer_;
  const bool summer = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
  return summer ? summer_ : standard_;
}

Instant TimeZone::to_utc(Instant local) const {
  const auto summer = local - summer_, standard = local - standard_;
  if (!has_summer_) return standard;
  if (to_local(std::min(summer, standard)) == local) return std::min(summer, standard);
  if (to_local(std::max(summer, standard)) == local) return std::max(summer, standard);
  return standard;
}

}  // namespace sitelatch::cloudwatch
