// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/health.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::guard {
namespace {
// How far the metric may lag before nobody can say what Route 53 thinks.
constexpr auto longest_lag = std::chrono::minutes{5};

std::optional<int> two_digits(std::string_view text, std::size_t at) {
  const auto value = parse_int(text.substr(at, 2));
  return value && *value >= 0 ? std::optional{static_cast<int>(*value)} : std::nullopt;
}

// "22/11/26 11:59:00": day, month, year.
std::optional<Instant> datapoint_time(std::string_view text) {
  constexpr std::string_view form = "dd/mm/yy hh:mm:ss";
  if (text.size() != form.size()) return std::nullopt;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool letter = form[i] >= 'a' && form[i] <= 'z';
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (letter ? !digit : text[i] != form[i]) return std::nullopt;
  }
  const auto day = two_digits(text, 0), month = two_digits(text, 3), year = two_digits(text, 6),
             hour = two_digits(text, 9), minute = two_digits(text, 12),
             second = two_digits(text, 15);
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59 ||
      *second > 59)
    return std::nullopt;
  return from_civil(2000 + *year, *month, *day, *hour, *minute, *second);
}
}  // namespace

std::optional<bool> verdict(const std::vector<StatusMinute>& minutes, Instant now) {
  if (minutes.empty() || minutes.back().begins + std::chrono::minutes{1} < now - longest_lag)
    return std::nullopt;
  bool healthy = true;  // as new checks are
  for (const auto& minute : minutes)
    healthy = minute.any_healthy && minute.any_unhealthy ? !healthy : minute.any_healthy;
  return healthy;
}

std::optional<Instant> unhealthy_since(const std::vector<StatusMinute>& minutes) {
  std::optional<Instant> since;
  for (auto minute = minutes.rbegin(); minute != minutes.rend() && minute->any_unhealthy; ++minute)
    since = minute->begins;
  return since;
}

std::optional<Instant> last_failure(const std::vector<StatusMinute>& minutes, Instant since) {
  std::optional<Instant> last;
  for (const auto& minute : minutes)
    if (minute.begins >= since && minute.any_unhealthy) last = minute.begins;
  return last;
}

std::optional<Instant> fell_again(const std::vector<StatusMinute>& minutes, Instant since) {
  bool healthy = false;
  for (const auto& minute : minutes) {
    if (minute.begins < since) continue;
    if (healthy && minute.any_unhealthy) return minute.begins;
    healthy = healthy || minute.any_healthy;
  }
  return std::nullopt;
}

std::optional<std::string> doubt(const PrimaryHealth& health, Instant now, Duration how_long) {
  if (!health.now) return "it is not known whether Route 53 finds Primary healthy";
  if (!*health.now) return "Route 53 finds Primary unhealthy";
  if (health.probes_fail)
    return "the last probes of Primary by Route 53's checkers failed, and DNS may answer Backup "
           "already";
  if (!health.minutes)
    return "HealthCheckStatus of the last minutes cannot be seen, so nobody knows whether Primary "
           "has just failed";
  const auto& minutes = *health.minutes;
  // A minute counts from its end: the one in which the time begins is part of it.
  const auto since = now - how_long - std::chrono::minutes{1};
  if (const auto failed = last_failure(minutes, since))
    return "Route 53 found Primary unhealthy at " + iso8601_seconds(*failed) +
           ", and DNS may have answered Backup since; try again at " +
           iso8601_seconds(*failed + how_long + std::chrono::minutes{1});
  const auto newest = minutes.empty() ? Instant{} : minutes.back().begins;
  if (newest + std::chrono::minutes{1} < now - longest_lag)
    return "CloudWatch has no HealthCheckStatus of the last five minutes, so nobody knows whether "
           "Primary has just failed";
  return std::nullopt;
}

std::optional<Instant> oldest_datapoint(std::string_view reason) {
  std::optional<Instant> oldest;
  for (auto open = reason.find('('); open != reason.npos; open = reason.find('(', open + 1)) {
    const auto close = reason.find(')', open);
    if (close == reason.npos) break;
    const auto time = datapoint_time(reason.substr(open + 1, close - open - 1));
    if (time && (!oldest || *time < *oldest)) oldest = time;
  }
  return oldest;
}

}  // namespace sitelatch::guard
