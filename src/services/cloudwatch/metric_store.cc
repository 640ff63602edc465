// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/metric_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "base/log.h"
#include "ports/rows.h"

namespace sitelatch::cloudwatch {
namespace {

using namespace std::chrono;
constexpr std::int64_t hour_s = 3600, minute_s = 60;
constexpr std::int64_t hours_in_memory = 3;
constexpr std::int64_t days_kept = 15;
constexpr std::string_view series_table = "cloudwatch.series";
constexpr std::string_view hours_table = "cloudwatch.hours";
constexpr std::string_view minutes_table = "cloudwatch.minutes";

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}
std::int64_t hour_of(Instant t) { return floor_div(unix_seconds(t), hour_s); }
std::int64_t minute_of(Instant t) { return floor_div(unix_seconds(t), minute_s); }
Instant from_seconds(std::int64_t s) { return Instant{seconds{s}}; }

std::string number_key(std::int64_t number) {
  return fmt::format("{:08x}", static_cast<std::uint32_t>(std::max<std::int64_t>(number, 0)));
}
std::string row_key(std::int64_t chunk, std::uint32_t series) {
  return number_key(chunk) + number_key(series);
}

aws::Value to_value(const MetricStore::Series& series) {
  aws::Value dimensions = aws::Value::list();
  for (const auto& dimension : series.id.dimensions)
    dimensions.push(aws::Value::list({dimension.name, dimension.value}));
  return aws::Value::structure({{"region", series.id.region},
                                {"namespace", series.id.name_space},
                                {"name", series.id.name},
                                {"dimensions", dimensions},
                                {"last_seen", unix_ms(series.last_seen)}});
}
MetricId id_from(const aws::Value& value) {
  MetricId id{value["region"].string_or(""),
              value["namespace"].string_or(""),
              value["name"].string_or(""),
              {}};
  for (const auto& pair : value["dimensions"].items())
    if (pair.items().size() == 2)
      id.dimensions.push_back({pair.items()[0].string(), pair.items()[1].string()});
  return id;
}

}  // namespace

MetricStore::MetricStore(ports::Journal& journal, ports::Timers& timers,
                         const Conditions* conditions)
    : journal_(journal),
      timers_(timers),
      conditions_(conditions),
      memory_from_hour_(hour_of(timers.now()) - hours_in_memory) {
  load_all();
  age();
}

void MetricStore::load_all() {
  ports::take_rows(journal_, series_table, [this](std::string_view key, std::string_view json) {
    const auto value = aws::stored_value(json);
    auto kept = std::make_unique<Kept>();
    kept->number = static_cast<std::uint32_t>(std::stoul(std::string{key}, nullptr, 16));
    kept->id = id_from(value);
    kept->last_seen = kept->last_seen_written = from_unix_ms(value["last_seen"].integer_or(0));
    last_number_ = std::max(last_number_, kept->number);
    auto* series = kept.get();
    // Both are the only ones of their name: who replaced one would leave the other index behind.
    ports::expect_of_row(series_.emplace(series->id.key(), std::move(kept)).second,
                         "another row is of the same metric");
    ports::expect_of_row(by_number_.emplace(series->number, series).second,
                         "another row has the same number");
  });
  ports::take_rows(
      journal_, hours_table,
      [this](std::string_view key, std::string_view bytes) {
        ports::expect_of_row(key.size() > 8, "its key names no hour and series");
        const auto hour = std::stoll(std::string{key.substr(0, 8)}, nullptr, 16);
        ports::expect_of_row(hour >= 0 && hour <= hour_of(latest), "its key names no hour");
        const auto number =
            static_cast<std::uint32_t>(std::stoul(std::string{key.substr(8)}, nullptr, 16));
        const auto found = by_number_.find(number);
        auto chunk = Chunk::decode(bytes);
        if (found == by_number_.end() || !chunk) {
          log(LogLevel::warning, "cloudwatch",
              "a row of metric data cannot be read and is left alone");
          return;
        }
        auto& series = *found->second;
        chunk->visit(0, Chunk::slots, [&](std::uint16_t slot, Unit, const Aggregate&) {
          series.last_seen =
              std::max(series.last_seen, from_seconds(hour * hour_s + slot * minute_s));
        });
        series.recent.emplace(hour, std::move(*chunk));
      },
      number_key(memory_from_hour_));
}

MetricStore::Kept& MetricStore::series_of(const MetricId& id, Instant at) {
  auto key = id.key();
  if (const auto found = series_.find(key); found != series_.end()) return *found->second;
  auto kept = std::make_unique<Kept>();
  kept->number = ++last_number_;
  kept->id = id;
  kept->last_seen = at;
  auto& out = *kept;
  by_number_[out.number] = kept.get();
  series_[std::move(key)] = std::move(kept);
  write_series(out);
  return out;
}

void MetricStore::write_series(Kept& series) {
  series.last_seen_written = series.last_seen;
  journal_.put(series_table, number_key(series.number), aws::to_json(to_value(series)));
}

void MetricStore::write_chunk(const Kept& series, std::int64_t hour) {
  if (const auto chunk = series.recent.find(hour); chunk != series.recent.end())
    journal_.put(hours_table, row_key(hour, series.number), chunk->second.encode());
}

void MetricStore::add(const MetricId& id, const Datum& datum, Write write) {
  const auto hour = hour_of(datum.at);
  if (hour < 0) return;
  auto& series = series_of(id, datum.at);
  const auto slot = static_cast<std::uint16_t>(minute_of(datum.at) - hour * 60);
  series.last_seen = std::max(series.last_seen, datum.at);
  // Last seen is told from the recent chunks at start; the row needs it only now and then.
  if (series.last_seen - series.last_seen_written > hours{1}) write_series(series);
  if (datum.resolution == Resolution::second) add_second(series, datum);
  if (hour < memory_from_hour_) {
    auto chunk = load(hours_table, hour, series.number);
    chunk.add(slot, datum.unit, datum.aggregate);
    journal_.put(hours_table, row_key(hour, series.number), chunk.encode());
    return;
  }
  series.recent[hour].add(slot, datum.unit, datum.aggregate);
  if (write == Write::at_once)
    write_chunk(series, hour);
  else
    wait_to_write(series);
}

void MetricStore::add_second(const Kept& series, const Datum& datum) {
  const auto minute = minute_of(datum.at);
  auto chunk = load(minutes_table, minute, series.number);
  chunk.add(static_cast<std::uint16_t>(unix_seconds(datum.at) - minute * minute_s), datum.unit,
            datum.aggregate);
  journal_.put(minutes_table, row_key(minute, series.number), chunk.encode());
}

Chunk MetricStore::load(std::string_view table, std::int64_t chunk, std::uint32_t number) const {
  const auto key = row_key(chunk, number);
  Chunk out;
  journal_.scan(table, key, key + '\0', [&out](std::string_view, std::string_view bytes) {
    if (auto found = Chunk::decode(bytes)) out = std::move(*found);
    return false;
  });
  return out;
}

// Series take turns over the minute, so that ten thousand of them are not one stall.
void MetricStore::wait_to_write(Kept& series) {
  if (series.waits) return;
  series.waits = true;
  waiting_[series.number % 60].push_back(series.number);
  ++waiting_count_;
  if (waiting_count_ == 1) arm_writer();
}

void MetricStore::arm_writer() {
  const auto now = unix_seconds(timers_.now());
  for (std::int64_t wait = 1; wait <= 60; ++wait) {
    const auto second = static_cast<std::size_t>((now + wait) % 60);
    if (waiting_[second].empty()) continue;
    writer_.set(timers_, from_seconds(now + wait), [this, second] {
      write_waiting(second);
      if (waiting_count_ > 0) arm_writer();
    });
    return;
  }
}

void MetricStore::write_waiting(std::size_t second) {
  const auto numbers = std::move(waiting_[second]);
  waiting_[second].clear();
  waiting_count_ -= numbers.size();
  const auto hour = hour_of(timers_.now());
  for (const auto number : numbers) {
    const auto found = by_number_.find(number);
    if (found == by_number_.end()) continue;
    auto& series = *found->second;
    series.waits = false;
    // Samples of the last minute lie in this hour or in the one before; their instants may be a
    // little ahead.
    for (const auto touched : {hour - 1, hour, hour + 1}) write_chunk(series, touched);
  }
}

void MetricStore::flush() {
  for (std::size_t second = 0; second < waiting_.size(); ++second) write_waiting(second);
}

const MetricStore::Series* MetricStore::find(const MetricId& id) const {
  const auto found = series_.find(id.key());
  return found == series_.end() ? nullptr : found->second.get();
}

void MetricStore::visit_series(
    const std::string& region,
    const std::function<void(const std::string& key, const Series&)>& visit) const {
  std::vector<std::pair<const std::string*, const Series*>> sorted;
  for (const auto& [key, kept] : series_)
    if (kept->id.region == region) sorted.emplace_back(&key, kept.get());
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return *a.first < *b.first; });
  for (const auto& [key, series] : sorted) visit(*key, *series);
}

void MetricStore::visit_slots(const Series& series, const Window& window,
                              const SlotVisitor& visit) const {
  const auto from = unix_seconds(window.from);
  const auto period = duration_cast<seconds>(window.period).count();
  const auto to = from + period * static_cast<std::int64_t>(window.count);
  const bool fine = period % minute_s != 0 || from % minute_s != 0;
  const std::int64_t slot_s = fine ? 1 : minute_s;
  const std::int64_t chunk_s = slot_s * Chunk::slots;
  const auto kept = by_number_.find(series.number);
  const auto oldest =
      unix_seconds(timers_.now()) - (fine ? 3 * hour_s : days_kept * 24 * hour_s) - chunk_s;
  for (auto chunk = floor_div(std::max({from, oldest, std::int64_t{0}}), chunk_s);
       chunk * chunk_s < to; ++chunk) {
    const auto start = chunk * chunk_s;
    const auto slot_at = [&](std::int64_t second) {
      return static_cast<std::uint16_t>(std::clamp<std::int64_t>(
          floor_div(second - start + slot_s - 1, slot_s), 0, Chunk::slots));
    };
    const auto read = [&](const Chunk& found) {
      found.visit(slot_at(from), slot_at(to),
                  [&](std::uint16_t slot, Unit unit, const Aggregate& aggregate) {
                    visit(from_seconds(start + slot * slot_s), unit, aggregate);
                  });
    };
    if (fine) {
      const auto found = load(minutes_table, chunk, series.number);
      if (found.empty())
        visit_minute(series, chunk, visit);
      else
        read(found);
    } else if (chunk >= memory_from_hour_) {
      if (kept == by_number_.end()) return;
      if (const auto found = kept->second->recent.find(chunk); found != kept->second->recent.end())
        read(found->second);
      else if (kept->second->recent.empty() || chunk > kept->second->recent.rbegin()->first)
        return;  // nothing newer
    } else {
      read(load(hours_table, chunk, series.number));
    }
  }
}

// Whether this slot has arrived, for those that may be late.
bool MetricStore::seen(const Series& series, Instant slot) const {
  if (!conditions_) return true;
  const auto minute = from_seconds(floor_div(unix_seconds(slot), minute_s) * minute_s);
  const auto age = timers_.now() - (minute + seconds{minute_s});
  const auto longest = conditions_->longest_lateness();
  return longest == Duration{} || age >= longest || age >= conditions_->lateness(series.id, minute);
}

// A minute that was not measured by the second stands at its first second (fact cloudwatch-3).
void MetricStore::visit_minute(const Series& series, std::int64_t minute,
                               const SlotVisitor& visit) const {
  visit_slots(series, {from_seconds(minute * minute_s), seconds{minute_s}, 1}, visit);
}

std::vector<Aggregate> MetricStore::read(const Series& series, std::optional<Unit> unit,
                                         const Window& window) const {
  std::vector<Aggregate> out(window.count);
  visit_slots(series, window, [&](Instant start, Unit of, const Aggregate& aggregate) {
    if ((unit && of != *unit) || start < window.from || !seen(series, start)) return;
    const auto index = static_cast<std::size_t>((start - window.from) / window.period);
    if (index < out.size()) out[index].add(aggregate);
  });
  return out;
}

std::vector<Unit> MetricStore::units(const Series& series, const Window& window) const {
  std::vector<Unit> out;
  visit_slots(series, window, [&](Instant start, Unit unit, const Aggregate&) {
    if (!seen(series, start)) return;
    if (std::find(out.begin(), out.end(), unit) == out.end()) out.push_back(unit);
  });
  return out;
}

// Forgets what is too old, once an hour.
void MetricStore::age() {
  const auto now = timers_.now();
  flush();
  memory_from_hour_ = hour_of(now) - hours_in_memory;
  journal_.erase_range(hours_table, "", number_key(hour_of(now) - days_kept * 24));
  journal_.erase_range(minutes_table, "", number_key(minute_of(now) - 3 * 60));
  for (auto at = series_.begin(); at != series_.end();) {
    auto& series = *at->second;
    series.recent.erase(series.recent.begin(), series.recent.lower_bound(memory_from_hour_));
    if (now - series.last_seen < hours{24 * days_kept}) {
      ++at;
      continue;
    }
    journal_.erase(series_table, number_key(series.number));
    by_number_.erase(series.number);
    at = series_.erase(at);
  }
  ageing_.set(timers_, from_seconds((hour_of(now) + 1) * hour_s), [this] { age(); });
}

}  // namespace sitelatch::cloudwatch
