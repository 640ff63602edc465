// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/journal_history.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace sitelatch::realism {
namespace {

// Minutes of measurements are many, and late in a way of their own (cloudwatch::Conditions).
bool is_measurement(std::string_view table) {
  return table == "cloudwatch.hours" || table == "cloudwatch.minutes";
}

}  // namespace

std::optional<std::string> JournalHistory::row(std::string_view table, std::string_view key) const {
  std::optional<std::string> found;
  const auto end = std::string{key} + '\0';
  journal_.scan(table, key, end, [&](std::string_view, std::string_view value) {
    found.emplace(value);
    return false;
  });
  return found;
}

bool JournalHistory::remembering(std::string_view table) {
  const auto horizon = horizon_();
  while (!changes_.empty() && changes_.front().at + horizon <= timers_.now()) {
    changes_.pop_front();
    ++first_number_;
  }
  return horizon > Duration{} && !is_measurement(table);
}

void JournalHistory::remember(std::string_view table, std::string_view key,
                              std::optional<std::string> before) {
  changes_.push_back({timers_.now(), std::string{table}, std::string{key}, std::move(before)});
}

void JournalHistory::put(std::string_view table, std::string_view key, std::string_view value) {
  if (remembering(table)) remember(table, key, row(table, key));
  journal_.put(table, key, value);
}

void JournalHistory::erase(std::string_view table, std::string_view key) {
  if (remembering(table)) remember(table, key, row(table, key));
  journal_.erase(table, key);
}

void JournalHistory::erase_range(std::string_view table, std::string_view from,
                                 std::string_view to) {
  if (remembering(table))
    journal_.scan(table, from, to, [&](std::string_view key, std::string_view value) {
      remember(table, key, std::string{value});
      return true;
    });
  journal_.erase_range(table, from, to);
}

std::optional<std::uint64_t> JournalHistory::first_change_after(Instant t,
                                                                std::string_view prefix) const {
  const auto from = std::partition_point(changes_.begin(), changes_.end(),
                                         [t](const Change& change) { return change.at <= t; });
  const auto found = std::find_if(from, changes_.end(), [prefix](const Change& change) {
    return change.table.starts_with(prefix);
  });
  if (found == changes_.end()) return std::nullopt;
  return first_number_ + static_cast<std::uint64_t>(found - changes_.begin());
}

void JournalHistory::scan_before(std::uint64_t number, std::string_view table,
                                 std::string_view from, std::string_view to,
                                 const Visitor& visit) const {
  std::map<std::string_view, const std::optional<std::string>*> then;
  for (auto at = changes_.begin() + static_cast<std::ptrdiff_t>(number - first_number_);
       at != changes_.end(); ++at)
    if (at->table == table && at->key >= from && (to.empty() || at->key < to))
      then.emplace(at->key, &at->before);  // the first change of a row is the one that counts

  auto next = then.begin();
  bool goes_on = true;
  const auto tell = [&](std::string_view key, std::string_view value) {
    goes_on = visit(key, value);
  };
  const auto tell_those_before = [&](std::optional<std::string_view> key) {
    for (; goes_on && next != then.end() && (!key || next->first < *key); ++next)
      if (*next->second) tell(next->first, **next->second);
  };
  journal_.scan(table, from, to, [&](std::string_view key, std::string_view value) {
    tell_those_before(key);
    if (!goes_on) return false;
    if (next == then.end() || next->first != key) {
      tell(key, value);
    } else {
      if (*next->second) tell(key, **next->second);
      ++next;
    }
    return goes_on;
  });
  tell_those_before(std::nullopt);
}

void PastJournal::scan_back(std::string_view table, std::string_view from, std::string_view to,
                            const Visitor& visit) const {
  std::vector<std::pair<std::string, std::string>> rows;
  scan(table, from, to, [&rows](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  });
  for (auto at = rows.rbegin(); at != rows.rend(); ++at)
    if (!visit(at->first, at->second)) return;
}

}  // namespace sitelatch::realism
