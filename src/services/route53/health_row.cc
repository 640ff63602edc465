// SPDX-License-Identifier: Apache-2.0
#include "services/route53/health_row.h"

#include <fmt/format.h>

#include "base/text.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {
char letter(Status status) { return status == Status::healthy ? 'h' : 'u'; }
char letter(Forced forced) {
  return forced == Forced::none ? 'a' : forced == Forced::up ? '+' : '-';
}
std::int64_t next_number(std::string_view& rest) {
  const auto end = rest.find(' ');
  const auto number = parse_int(rest.substr(0, end));
  ports::expect_of_row(number.has_value() && end != std::string_view::npos, "a number is missing");
  rest.remove_prefix(end + 1);
  return *number;
}
}  // namespace

std::string to_row(const StoredHealth& health) {
  const auto& failure = health.last_failure;
  return fmt::format("{} {} {} {} {}", letter(health.real_status), letter(health.forced),
                     unix_ms(health.since), failure ? unix_ms(failure->at) : 0,
                     failure ? failure->status : "");
}

StoredHealth health_from_row(std::string_view row) {
  ports::expect_of_row(row.size() > 4 && (row[0] == 'h' || row[0] == 'u'), "not a status");
  StoredHealth out;
  out.real_status = row[0] == 'h' ? Status::healthy : Status::unhealthy;
  out.forced = row[2] == '+' ? Forced::up : row[2] == '-' ? Forced::down : Forced::none;
  auto rest = row.substr(4);
  out.since = from_unix_ms(next_number(rest));
  const auto failed_at = next_number(rest);
  if (failed_at != 0) out.last_failure = ObservedStatus{std::string{rest}, from_unix_ms(failed_at)};
  return out;
}

}  // namespace sitelatch::route53
