// SPDX-License-Identifier: Apache-2.0
// HealthChecks and manual resume: when a check latches, and what ends it. The rules are latch.h's;
// here the version counts up with them, in the same batch of the journal, and people are told.
#include <fmt/format.h>

#include "base/log.h"
#include "services/route53/health_checks.h"
#include "services/route53/resume_tags.h"

namespace sitelatch::route53 {

Situation HealthChecks::situation(const Entry& entry) const {
  return {manual_resume_.armed(entry.check.id), own_status(entry),
          entry.check.config.disabled.value_or(false), entry.check.version, timers_.now()};
}

void HealthChecks::count_version_up(Entry& entry) {
  ++entry.check.version;
  write_check(entry);
}

void HealthChecks::latch_if_due(Entry& entry) {
  if (own_status(entry) == Status::healthy) return;
  const auto& id = entry.check.id;
  if (!manual_resume_.latch_if_due(id, situation(entry), why_unhealthy(entry))) return;
  count_version_up(entry);
  log(LogLevel::warning, "route53",
      fmt::format("health check {} has latched: {}. It stays unhealthy until it is released. {}",
                  id, words_of(*manual_resume_.of(id).latch), how_to_release(entry.check.version)));
}

void HealthChecks::tags_changed(const std::string& id) { refresh(*entries_.at(id)); }

void HealthChecks::trip(const std::string& id, const std::string& words) {
  auto& entry = *entries_.at(id);
  if (!manual_resume_.trip(id, situation(entry), words)) return;
  count_version_up(entry);
  log(LogLevel::warning, "route53",
      fmt::format("health check {} is latched {}. {}", id, words,
                  how_to_release(entry.check.version)));
  refresh(entry);
}

ReleaseVerdict HealthChecks::release(const std::string& id, const ReleaseAsked& asked) {
  auto& entry = *entries_.at(id);
  const auto verdict = manual_resume_.release(id, situation(entry), asked);
  if (verdict != ReleaseVerdict::released) return verdict;
  count_version_up(entry);
  log(LogLevel::warning, "route53",
      fmt::format("health check {} is released by {} at version {}: {}", id, asked.who,
                  asked.version, asked.reason));
  refresh(entry);
  return verdict;
}

std::string HealthChecks::why_unhealthy(const Entry& entry) const {
  const auto& config = entry.check.config;
  if (entry.forced == Forced::down) return "forced down by `sitelatch health`";
  const bool inverted = config.inverted.value_or(false);
  if (inverted && config.disabled.value_or(false)) return "disabled and inverted";
  const std::string turned = inverted ? "inverted, and " : "";
  if (config.type == CheckType::calculated)
    return fmt::format("{}{} of {} children are healthy, where {} are needed", turned,
                       healthy_children(entry.check), config.children.size(),
                       config.health_threshold.value_or(0));
  if (config.type == CheckType::cloudwatch_metric)
    return fmt::format("{}by the data of alarm {}", turned, config.alarm ? config.alarm->name : "");
  if (inverted) return "inverted, and the endpoint is healthy";
  const auto& seen = entry.last ? entry.last : entry.last_failure;
  return seen ? seen->status : "unhealthy when the engine started";
}

}  // namespace sitelatch::route53
