// SPDX-License-Identifier: Apache-2.0
// The alarm mute rules of all regions (journal: cloudwatch.mutes, <region>/<name> -> JSON). While a
// rule is active the alarms that it names change their states and do not act; what they owe when no
// rule mutes them any more, they are told then (fact cloudwatch-46).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "aws/service/tags.h"
#include "ports/journal.h"
#include "ports/timers.h"
#include "services/cloudwatch/mute_schedule.h"

namespace sitelatch::cloudwatch {

struct MuteRule {
  std::string region, name, arn;
  std::optional<std::string> description;
  MuteSchedule::Text text;
  MuteSchedule schedule;  // of text
  bool has_targets = false;
  std::vector<std::string> alarms;
  std::optional<Instant> start, expire;
  Instant updated;
  aws::Tags tags;

  bool active(Instant now) const;
  std::string_view status(Instant now) const;  // "SCHEDULED", "ACTIVE", "EXPIRED"
};

class MuteBook {
 public:
  MuteBook(ports::Journal& journal, ports::Timers& timers);
  MuteBook(const MuteBook&) = delete;
  MuteBook& operator=(const MuteBook&) = delete;

  void put(MuteRule rule);  // creates or overwrites; the tags of one that exists stay
  const MuteRule* find(std::string_view region, std::string_view name) const;
  bool erase(std::string_view region, std::string_view name);
  void set_tags(std::string_view region, std::string_view name, aws::Tags tags);
  using Visitor = std::function<bool(const MuteRule&)>;
  void visit(std::string_view region, std::string_view after, const Visitor& visit) const;
  std::size_t count(std::string_view region) const;

  bool mutes(std::string_view region, std::string_view alarm) const;  // now
  // Who is told of each alarm that no rule mutes any more.
  using Unmuted = std::function<void(const std::string& region, const std::string& alarm)>;
  void on_unmuted(Unmuted unmuted) { unmuted_ = std::move(unmuted); }

 private:
  struct Entry {
    MuteRule rule;
    ports::Timer change;
  };
  void load();
  void index(const MuteRule& rule, bool there);
  void write(const MuteRule& rule);
  void schedule(Entry& entry);
  void tell(const MuteRule& rule) const;

  ports::Journal& journal_;
  ports::Timers& timers_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;  // by "<region>/<name>"
  std::map<std::string, std::set<std::string>, std::less<>> rules_of_;  // alarm -> keys of entries_
  Unmuted unmuted_;
};

}  // namespace sitelatch::cloudwatch
