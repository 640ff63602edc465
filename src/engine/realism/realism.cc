// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/realism.h"

#include <fmt/format.h>

#include <algorithm>

namespace sitelatch::realism {
namespace {

// In the service's own words (fact realism-2).
aws::Error throttled(std::string_view service) {
  if (service == "lambda")
    return {"TooManyRequestsException", "Rate exceeded", 429,
            aws::Value::structure({{"Reason", "CallerRateLimitExceeded"}})};
  return {"Throttling", "Rate exceeded", 0, {}};
}

aws::Error out_of_order() {
  return {"ServiceUnavailable", "Service is unable to handle request.", 503, {}};
}

// FNV-1a: the same on every machine.
std::uint64_t hash(std::string_view text) {
  std::uint64_t out = 14695981039346656037u;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return out;
}

}  // namespace

Realism::Realism(Options options) : options_(options), random_(options.seed) {}

std::uint64_t Realism::add(Fault fault) {
  faults_.add(++last_id_, std::move(fault));
  return last_id_;
}

std::uint64_t Realism::add(CheckerFault fault) {
  checker_faults_.add(++last_id_, std::move(fault));
  return last_id_;
}

Result<std::uint64_t> Realism::add_service_control(std::string name, const std::string& document) {
  auto policy = aws::parse_policy(document, aws::PolicyUse::identity);
  if (!policy) return failure(policy.error());
  scps_[++last_id_] = {std::move(name), std::move(*policy)};
  attach();
  return last_id_;
}

bool Realism::clear(std::uint64_t id) {
  const bool was_scp = scps_.erase(id) > 0;
  attach();
  return faults_.clear(id) || checker_faults_.clear(id) || was_scp;
}

void Realism::clear() {
  faults_.clear();
  checker_faults_.clear();
  scps_.clear();
  attach();
}

void Realism::attach() {
  attached_.clear();
  for (const auto& [id, scp] : scps_) attached_.push_back(scp.policy);
}

std::vector<Realism::Entry> Realism::entries(Instant now) {
  std::vector<Entry> out;
  for (const auto& [id, fault] : faults_.faults(now)) out.push_back({id, describe(fault)});
  for (const auto& [id, fault] : checker_faults_.faults(now)) out.push_back({id, describe(fault)});
  for (const auto& [id, scp] : scps_)
    out.push_back({id, fmt::format("service control policy {}", scp.name)});
  std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
  return out;
}

Ruling Realism::rule(const Request& request, Instant now) {
  Ruling ruling;
  if (faults_.take(FaultKind::outage, request, now))
    ruling.refusal = out_of_order();
  else if (faults_.take(FaultKind::throttle, request, now) ||
           (options_.realistic && !limits_.take(request, now)))
    ruling.refusal = throttled(request.service);
  if (ruling.refusal) return ruling;
  ruling.denied = faults_.take(FaultKind::deny, request, now).has_value();
  if (ruling.denied) return ruling;
  ruling.answer_lost = faults_.take(FaultKind::lose_answer, request, now).has_value();
  if (options_.realistic) ruling.rights_age = age_of_rights();
  if (!may_be_old(request)) return ruling;
  if (options_.realistic) ruling.answer_age = random_.within({{}, oldest_answer(request)});
  if (const auto lag = faults_.take(FaultKind::lag, request, now))
    ruling.answer_age = std::max(ruling.answer_age, lag->behind);
  return ruling;
}

Duration Realism::horizon(Instant now) const {
  const auto usual = options_.realistic ? oldest_of_all : Duration{};
  return std::max(usual, faults_.longest_lag(now));
}

Duration Realism::age_of_rights() {
  return options_.realistic ? random_.within(rights_lag) : Duration{};
}
Duration Realism::settling() {
  return options_.realistic ? random_.within(settling_time) : Duration{};
}
Duration Realism::checker_delay() {
  return options_.realistic ? random_.within(checker_lag) : Duration{};
}

Duration Realism::lateness(std::string_view metric_key, Instant period_start) const {
  if (!options_.realistic) return {};
  const auto period = static_cast<std::uint64_t>(unix_seconds(period_start));
  return metric_lateness.at(
      fraction_of(scramble(options_.seed ^ scramble(period ^ hash(metric_key)))));
}

}  // namespace sitelatch::realism
