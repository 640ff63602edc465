// SPDX-License-Identifier: Apache-2.0
#include "witness.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "base/time.h"
#include "services/route53/health_row.h"
#include "test_engine.h"

namespace sitelatch::scenario {

std::string Witness::when() const { return iso8601_ms(timers_.now()); }

std::optional<Witness::Health> Witness::durable_health(const std::string& id) const {
  const auto row = journal_.durable("route53.health_checks", id);
  if (!row) return std::nullopt;
  auto& parsed = parsed_[id];
  if (parsed.row != *row) {
    const auto config = route53::health_check_from_row(id, *row).config;
    parsed = {*row,
              {true, true, true, route53::is_endpoint(config.type),
               config.failure_threshold.value_or(3), config.resource_path.value_or("")},
              config.disabled.value_or(false),
              config.inverted.value_or(false)};
  }
  Health out = parsed.health;
  auto forced = route53::Forced::none;
  if (const auto health = journal_.durable("route53.health", id)) {
    const auto stored = route53::health_from_row(*health);
    out.real = stored.real_status == route53::Status::healthy;
    forced = stored.forced;
  }
  const bool base = out.real || parsed.disabled;
  out.own =
      forced == route53::Forced::none ? base != parsed.inverted : forced == route53::Forced::up;
  out.effective = out.own && !journal_.durable("route53.latches", id);
  return out;
}

// A check that was deleted leaves its last status behind, which only route53 knows: nothing is
// expected then.
std::string Witness::expected() const {
  const auto primary = durable_health(pair_->primary_check),
             backup = durable_health(pair_->backup_check);
  const bool always = pair_->backup_check.empty();
  if (!primary || (!backup && !always)) return "";
  return !primary->effective && (always || backup->effective) ? pair_->backup_address
                                                              : pair_->primary_address;
}

void Witness::published(const dns::View& view) {
  if (!pair_) return;
  const auto answer = answer_of(view, pair_->name);
  if (answers_.empty() || answers_.back() != answer) answers_.push_back(answer);
  const auto wanted = expected();
  if (!wanted.empty()) CHECK_MESSAGE(answer == wanted, "W1 at ", when());
  if (latched_ && !both_down_is_known)
    CHECK_MESSAGE(answer != pair_->primary_address, "W3 at ", when());
  if (held_ && !both_down_is_known)
    CHECK_MESSAGE(answer != pair_->primary_address, "W5 at ", when());
}

// By what the rows say, not by what the engine thinks.
void Witness::hold_manual_resume() {
  const auto& id = pair_->primary_check;
  const auto health = durable_health(id);
  if (!health) return;  // deleted: what held it holds (fact route53-82)
  const bool latch = journal_.durable("route53.latches", id).has_value();
  const auto release = journal_.durable("route53.releases", id).value_or("");
  const auto tags = journal_.durable("route53.tags", "healthcheck/" + id).value_or("");
  const bool armed = tags.find(R"("sitelatch:manual-resume":"true")") != std::string::npos;
  const bool released = release != last_release_;
  last_release_ = release;
  if (armed && !health->own) CHECK_MESSAGE(latch, "W4 at ", when(), ": unhealthy without a latch");
  if (held_ && !latch) CHECK_MESSAGE(released, "W4 at ", when(), ": the latch went unreleased");
  if (!held_ && (latch || (armed && !health->own))) ++failovers_;
  held_ = latch || (armed && !health->own) || (held_ && !released);
}

void Witness::committed() {
  if (!pair_) return;
  hold_manual_resume();
  for (const auto& id : {pair_->primary_check, pair_->backup_check}) {
    const auto health = durable_health(id);
    if (!health) continue;
    const auto before = real_.try_emplace(id, true).first;
    if (health->probed && health->real && !before->second)
      CHECK_MESSAGE(good_in_a_row_[id] >= health->threshold, "W2 at ", when(), " of ", id);
    before->second = health->real;
    // Latched: what the function wrote holds an unhealthy Primary. Switched back: a person wrote
    // another path.
    if (id != pair_->primary_check) continue;
    const bool failed_over = health->path == "/lb-check-failed-over";
    latched_ = failed_over && (latched_ || !health->real);
  }
}

void Witness::probed(const std::string& id, bool success) {
  auto& good = good_in_a_row_[id];
  good = success ? good + 1 : 0;
}

void Witness::crashed() { good_in_a_row_.clear(); }

std::string Witness::answers() const { return join(answers_, " "); }

}  // namespace sitelatch::scenario
