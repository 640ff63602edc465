// SPDX-License-Identifier: Apache-2.0
#include "services/route53/health_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "ports/rows.h"
#include "services/route53/health_row.h"

namespace sitelatch::route53 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view check_table = "route53.health_checks";
constexpr std::string_view health_table = "route53.health";
constexpr std::string_view departed_table = "route53.departed_checks";
constexpr std::chrono::minutes metric_evaluation_interval{1};

// FNV-1a: the same on every machine, so that runs repeat.
std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t h = 14695981039346656037u ^ seed;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211u;
  h ^= h >> 31;
  return h;
}

Duration spread_over(std::string_view id, std::uint64_t seed, Duration whole) {
  const auto whole_ms = std::chrono::duration_cast<milliseconds>(whole).count();
  return milliseconds{
      static_cast<std::int64_t>(hash(id, seed) % static_cast<std::uint64_t>(whole_ms))};
}

Duration request_interval(const HealthCheckConfig& config) {
  return seconds{config.request_interval_s.value_or(30)};
}

bool disabled(const HealthCheckConfig& config) { return config.disabled.value_or(false); }
bool inverted(const HealthCheckConfig& config) { return config.inverted.value_or(false); }

// Once a minute, at an offset of the check's own (fact route53-91).
Instant next_evaluation(std::string_view id, Instant now) {
  const auto due = std::chrono::floor<std::chrono::minutes>(now) +
                   spread_over(id, 2, metric_evaluation_interval);
  return due > now ? due : due + metric_evaluation_interval;
}

double in_ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

}  // namespace

std::string target_of(const HealthCheckConfig& c) {
  std::string out{name_of(c.type)};
  if (c.type == CheckType::calculated)
    return fmt::format("{} {} of {}", out, c.health_threshold.value_or(0), c.children.size());
  if (c.alarm) return fmt::format("{} {} in {}", out, c.alarm->name, c.alarm->region);
  const std::string host = c.ip_address ? *c.ip_address : c.host_name.value_or("");
  return fmt::format("{} {}:{}{}", out, host, c.port.value_or(0), c.resource_path.value_or(""));
}

ports::ProbeRequest probe_request(const HealthCheck& check) {
  const auto& c = check.config;
  ports::ProbeRequest out;
  const bool tls = c.type == CheckType::https || c.type == CheckType::https_str_match;
  out.kind = c.type == CheckType::tcp ? ports::ProbeRequest::Kind::tcp
             : tls                    ? ports::ProbeRequest::Kind::https
                                      : ports::ProbeRequest::Kind::http;
  out.health_check_id = check.id;
  out.address = c.ip_address.value_or("");
  out.host_name = c.host_name.value_or("");
  out.port = static_cast<std::uint16_t>(c.port.value_or(80));
  out.path = c.resource_path.value_or("/");
  if (!out.path.starts_with('/')) out.path.insert(0, 1, '/');  // fact route53-7
  if (is_string_match(c.type)) out.search_string = c.search_string;
  out.enable_sni = c.enable_sni.value_or(false);
  return out;
}

HealthChecks::HealthChecks(ports::Journal& journal, ports::Timers& timers, ports::Prober& prober,
                           HealthMetrics& metrics, const MetricDataStream* stream,
                           ManualResume& manual_resume, Changed changed)
    : journal_(journal),
      timers_(timers),
      prober_(prober),
      metrics_(metrics),
      stream_(stream),
      manual_resume_(manual_resume),
      changed_(std::move(changed)),
      samples_(timers, [this](const std::string& id, Instant at) { return sample(id, at); }) {
  load();
}

void HealthChecks::load() {
  ports::take_rows(journal_, check_table, [&](std::string_view id, std::string_view row) {
    auto entry = std::make_unique<Entry>();
    entry->check = health_check_from_row(ports::text_of_key(id), row);
    entry->checkers.resize(1);
    entry->since = entry->check.created;
    entries_.emplace_hint(entries_.end(), entry->check.id, std::move(entry));
  });
  ports::take_rows(journal_, health_table, [&](std::string_view id, std::string_view row) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    auto& entry = *found->second;
    const auto stored = health_from_row(row);
    // The stored status stands until the threshold is passed anew (fact route53-10).
    entry.checkers.front().status = stored.real_status;
    entry.forced = stored.forced;
    entry.since = stored.since;
    entry.last_failure = stored.last_failure;
  });
  ports::take_rows(journal_, departed_table, [&](std::string_view id, std::string_view row) {
    departed_.emplace(id, row == "h" ? Status::healthy : Status::unhealthy);
  });
  for (auto& [id, entry] : entries_)
    if (entry->check.config.type != CheckType::calculated) entry->status = effective_status(*entry);
  for (auto& [id, entry] : entries_) {
    if (entry->check.config.type == CheckType::calculated) {
      link_children(entry->check);
      entry->status = effective_status(*entry);
    }
    latch_if_due(*entry);  // of an engine that did not know the tag yet
    take_up(*entry);
  }
}

void HealthChecks::take_up(Entry& entry) {
  samples_.add(entry.check.id, entry.check.created);
  schedule_first(entry);
}

const HealthCheck* HealthChecks::find(const std::string& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second->check;
}

void HealthChecks::visit(const std::string& from,
                         const std::function<bool(const HealthCheck&)>& visitor) const {
  for (auto at = entries_.lower_bound(from); at != entries_.end(); ++at)
    if (!visitor(at->second->check)) return;
}

// --- changes of the configuration

void HealthChecks::add(HealthCheck check) {
  const auto id = check.id;
  auto owned = std::make_unique<Entry>();
  auto& entry = *owned;
  entry.check = std::move(check);
  entry.checkers.resize(1);
  entry.since = entry.check.created;
  ENSURE(entries_.emplace(id, std::move(owned)).second, "a health check id given twice");
  link_children(entry.check);
  write_check(entry);
  entry.status = effective_status(entry);
  take_up(entry);
}

void HealthChecks::replace(HealthCheck check) {
  auto& entry = *entries_.at(check.id);
  const bool probed_anew = probes_differently(entry.check.config, check.config);
  const bool was_disabled = disabled(entry.check.config);
  const auto real_before = real_status(entry);
  unlink_children(entry.check);
  entry.check = std::move(check);
  link_children(entry.check);
  write_check(entry);
  if (probed_anew) {
    ++entry.generation;  // invariant 3
    for (auto& checker : entry.checkers) checker.contrary_in_a_row = 0;
  }
  // Otherwise the rhythm of the probes goes on; the next one asks for what is configured then.
  if (disabled(entry.check.config))
    entry.timer.cancel();
  else if (was_disabled)
    schedule_first(entry);
  // What has changed of a metric's check counts with the change, and one that is enabled again does
  // not answer by data of before (fact route53-92).
  judge_metric(entry);
  keep(entry, real_before);
  refresh(entry);
}

void HealthChecks::remove(const std::string& id, bool keep_status) {
  const auto found = entries_.find(id);
  ENSURE(found != entries_.end());
  if (keep_status) {
    const auto last = found->second->status;
    departed_[id] = last;
    journal_.put(departed_table, id, last == Status::healthy ? "h" : "u");
  }
  unlink_children(found->second->check);
  journal_.erase(check_table, id);
  journal_.erase(health_table, id);
  manual_resume_.drop(id);
  entries_.erase(found);
}

void HealthChecks::forget_departed(const std::function<bool(const std::string& id)>& used) {
  for (auto at = departed_.begin(); at != departed_.end();) {
    if (is_child(at->first) || used(at->first)) {
      ++at;
    } else {
      journal_.erase(departed_table, at->first);
      at = departed_.erase(at);
    }
  }
}

void HealthChecks::link_children(const HealthCheck& check) {
  for (const auto& child : check.config.children) parents_.emplace(child, check.id);
}

void HealthChecks::unlink_children(const HealthCheck& check) {
  for (const auto& child : check.config.children) {
    auto [at, end] = parents_.equal_range(child);
    while (at != end) at = at->second == check.id ? parents_.erase(at) : std::next(at);
  }
}

// --- probing

void HealthChecks::schedule_first(Entry& entry) {
  const auto& config = entry.check.config;
  entry.spread = false;
  if (disabled(config) || config.type == CheckType::calculated) return;
  const auto due = timers_.now() + spread_over(entry.check.id, 0, seconds{1});
  if (config.type == CheckType::cloudwatch_metric)
    entry.timer.set(timers_, due, [this, &entry] { evaluate_metric(entry); });
  else if (!entry.probing)
    entry.timer.set(timers_, due, [this, &entry] { probe(entry); });
}

void HealthChecks::schedule_next(Entry& entry) {
  const auto& config = entry.check.config;
  if (disabled(config) || entry.probing) return;
  const auto interval = request_interval(config);
  // The second probe comes early by a share of the interval that the id decides: thousands of
  // checks that were started in one second are then spread over all of the interval for good (fact
  // route53-13).
  const auto wait =
      entry.spread ? interval : seconds{1} + spread_over(entry.check.id, 1, interval - seconds{1});
  entry.spread = true;
  entry.timer.set(timers_, timers_.now() + wait, [this, &entry] { probe(entry); });
}

void HealthChecks::probe(Entry& entry) {
  ENSURE(!entry.probing, "invariant 2: one probe at a time");
  entry.probing = true;
  prober_.probe(probe_request(entry.check),
                lifetime_.guard([this, id = entry.check.id, generation = entry.generation](
                                    const ports::Observation& observation) {
                  on_observation(id, generation, observation);
                }));
}

void HealthChecks::on_observation(const std::string& id, std::uint32_t generation,
                                  const ports::Observation& observation) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  auto& entry = *found->second;
  entry.probing = false;
  if (generation == entry.generation && !disabled(entry.check.config)) record(entry, observation);
  schedule_next(entry);
}

void HealthChecks::record(Entry& entry, const ports::Observation& observation) {
  const auto before = real_status(entry);
  auto& checker = entry.checkers.front();
  checker = observe(checker, observation.success, entry.check.config.failure_threshold.value_or(3));
  entry.last = ObservedStatus{observation.status, timers_.now()};
  if (!observation.success) entry.last_failure = entry.last;
  entry.connect = observation.connect;
  entry.tls_handshake = observation.tls_handshake;
  entry.first_byte = observation.first_byte;
  entry.fresh_latency = true;
  keep(entry, before);
}

// After observations or data: a status that has changed is kept, also where a force or Disabled
// hides it.
void HealthChecks::keep(Entry& entry, Status real_before) {
  if (real_status(entry) == real_before) return;
  const auto status_before = entry.status;
  refresh(entry);
  if (entry.status == status_before) write_health(entry);
}

void HealthChecks::judge_metric(Entry& entry) {
  const auto& check = entry.check;
  if (!stream_ || !check.alarm_configuration || disabled(check.config)) return;
  auto& real = entry.checkers.front().status;
  switch (
      stream_->evaluate(check.config.alarm->region, *check.alarm_configuration, timers_.now())) {
    case MetricDataStream::State::ok:
      real = Status::healthy;
      return;
    case MetricDataStream::State::alarm:
      real = Status::unhealthy;
      return;
    case MetricDataStream::State::insufficient_data:
      break;
  }
  const auto& lacking = check.config.insufficient_data_status;
  if (lacking == "Healthy") real = Status::healthy;
  if (lacking == "Unhealthy") real = Status::unhealthy;
}

void HealthChecks::evaluate_metric(Entry& entry) {
  const auto before = real_status(entry);
  judge_metric(entry);
  keep(entry, before);
  entry.timer.set(timers_, next_evaluation(entry.check.id, timers_.now()),
                  [this, &entry] { evaluate_metric(entry); });
}

// --- status

Status HealthChecks::real_status(const Entry& entry) const {
  const auto& config = entry.check.config;
  if (config.type == CheckType::calculated)
    return aggregate_children(healthy_children(entry.check), config.health_threshold.value_or(0));
  return aggregate(entry.checkers);
}

Status HealthChecks::effective_status(const Entry& entry) const {
  return status_of(manual_resume_.of(entry.check.id), own_status(entry));
}

Status HealthChecks::own_status(const Entry& entry) const {
  if (entry.forced == Forced::up) return Status::healthy;
  if (entry.forced == Forced::down) return Status::unhealthy;
  const auto base = disabled(entry.check.config) ? Status::healthy : real_status(entry);
  return inverted(entry.check.config) ? opposite(base) : base;
}

int HealthChecks::healthy_children(const HealthCheck& check) const {
  return static_cast<int>(
      std::count_if(check.config.children.begin(), check.config.children.end(),
                    [&](const std::string& child) { return status(child) == Status::healthy; }));
}

Status HealthChecks::status(const std::string& id) const {
  if (const auto found = entries_.find(id); found != entries_.end()) return found->second->status;
  const auto gone = departed_.find(id);
  return gone == departed_.end() ? Status::healthy : gone->second;
}

void HealthChecks::refresh(Entry& entry) {
  latch_if_due(entry);
  const auto now_is = effective_status(entry);
  if (now_is == entry.status) return;
  entry.status = now_is;
  entry.since = timers_.now();
  write_health(entry);
  const auto id = entry.check.id;
  if (log_enabled(LogLevel::debug))
    log(LogLevel::debug, "route53",
        fmt::format("health check {} is {}", id,
                    now_is == Status::healthy ? "healthy" : "unhealthy"));
  changed_(id);
  const auto [begin, end] = parents_.equal_range(id);
  for (auto at = begin; at != end; ++at) refresh(*entries_.at(at->second));
}

void HealthChecks::set_forced(const std::string& id, Forced forced) {
  auto& entry = *entries_.at(id);
  entry.forced = forced;
  const auto before = entry.status;
  refresh(entry);
  if (entry.status == before) write_health(entry);
}

std::optional<HealthDescription> HealthChecks::describe(const std::string& id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  const auto& entry = *found->second;
  const auto& config = entry.check.config;
  return HealthDescription{id,
                           target_of(config),
                           entry.status,
                           real_status(entry),
                           entry.forced,
                           disabled(config),
                           inverted(config),
                           entry.since,
                           entry.last,
                           entry.last_failure,
                           entry.check.version,
                           manual_resume_.armed(id),
                           manual_resume_.of(id),
                           own_status(entry) == Status::unhealthy ? why_unhealthy(entry) : ""};
}

// --- metrics

bool HealthChecks::sample(const std::string& id, Instant at) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  auto& entry = *found->second;
  const auto& config = entry.check.config;
  metrics_.publish("HealthCheckStatus", id, entry.status == Status::healthy ? 1 : 0, "None", at);
  if (config.type == CheckType::calculated)
    metrics_.publish("ChildHealthCheckHealthyCount", id, healthy_children(entry.check), "Count",
                     at);
  if (!is_endpoint(config.type) || disabled(config)) return true;
  metrics_.publish("HealthCheckPercentageHealthy", id, percentage_healthy(entry.checkers),
                   "Percent", at);
  if (!config.measure_latency.value_or(false) || !entry.fresh_latency) return true;
  entry.fresh_latency = false;  // each measurement is published once
  const auto publish = [&](std::string_view name, const std::optional<Duration>& value) {
    if (value) metrics_.publish(name, id, in_ms(*value), "Milliseconds", at);
  };
  const bool https = config.type == CheckType::https || config.type == CheckType::https_str_match;
  if (!https) publish("ConnectionTime", entry.connect);
  if (https) publish("SSLHandshakeTime", entry.tls_handshake);
  if (config.type != CheckType::tcp) publish("TimeToFirstByte", entry.first_byte);
  return true;
}

// --- journal

void HealthChecks::write_check(const Entry& entry) {
  journal_.put(check_table, entry.check.id, to_row(entry.check));
}

void HealthChecks::write_health(const Entry& entry) {
  journal_.put(health_table, entry.check.id,
               to_row(StoredHealth{entry.checkers.front().status, entry.forced, entry.since,
                                   entry.last_failure}));
}

}  // namespace sitelatch::route53
