// SPDX-License-Identifier: Apache-2.0
#include "client/http_date.h"

#include "base/text.h"

namespace sitelatch::client {
namespace {

constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

bool in(std::optional<std::int64_t> number, std::int64_t from, std::int64_t to) {
  return number && *number >= from && *number <= to;
}

}  // namespace

std::optional<WallInstant> parse_http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT")
    return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t length) {
    return parse_int(text.substr(at, length));
  };
  const auto month = months.find(text.substr(8, 3));
  const auto day = number(5, 2), year = number(12, 4), hour = number(17, 2), minute = number(20, 2),
             second = number(23, 2);
  if (month == std::string_view::npos || month % 3 != 0 || !in(day, 1, 31) ||
      !in(year, 1970, 9999) || !in(hour, 0, 23) || !in(minute, 0, 59) || !in(second, 0, 60))
    return std::nullopt;
  const auto t =
      from_civil(static_cast<int>(*year), static_cast<int>(month / 3) + 1, static_cast<int>(*day),
                 static_cast<int>(*hour), static_cast<int>(*minute), static_cast<int>(*second));
  return WallInstant{t.time_since_epoch()};
}

}  // namespace sitelatch::client
