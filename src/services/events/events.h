// SPDX-License-Identifier: Apache-2.0
// EventBridge: buses, rules with event patterns and schedules, targets, and the handing over of
// events. Regional. Tables events.buses, events.rules and events.retries. An event is matched and
// handed over in the call that brings it, and so in one journal batch: acknowledged means queued
// with every target, or kept to be tried again. A tick and its events are one batch too; ticks that
// fell due while the engine was down are not made up, except one that is less than a minute late
// (fact events-16). API destinations, connections, global endpoints and partner sources are not
// offered.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/service/operation_table.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"
#include "services/events/archive.h"
#include "services/events/bus.h"
#include "services/events/dependencies.h"
#include "services/events/event.h"
#include "services/events/pattern.h"
#include "services/events/rule.h"

namespace sitelatch::events {

// What EventBridge needs, all of it owned by the engine and outliving it.
struct Dependencies {
  ports::Journal& journal;
  ports::Timers& timers;
  ports::Entropy& entropy;
  Targets& targets;
  RuleMetrics& metrics;
};

class Events final : public aws::TableService<Events> {
 public:
  Events(Dependencies dependencies, std::string account);

  static const aws::OperationTable<Events>& operation_table();
  std::string_view model_name() const override { return "events"; }
  // Ten entries in JSON within JSON.
  std::size_t largest_body(std::string_view operation) const override {
    return operation == "PutEvents" ? 8u << 20 : 4u << 20;
  }

  // An event of one of AWS's services, to the default bus of its region.
  struct ServiceEvent {
    std::string region, source, detail_type;
    std::vector<std::string> resources;
    std::string detail;  // a JSON object
    Instant time;
  };
  void publish(const ServiceEvent& event);

  std::size_t retries_waiting() const { return retries_.size(); }

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_bus(const aws::Call& call) const;
  Question ask_of_rule(const aws::Call& call) const;
  Question ask_of_tagged(const aws::Call& call) const;
  Question ask_to_put_rule(const aws::Call& call) const;
  Question ask_to_put_targets(const aws::Call& call) const;
  Question ask_to_create_bus(const aws::Call& call) const;
  Question ask_to_put_events(const aws::Call& call) const;
  Question ask_of_archive(const aws::Call& call) const;
  Question ask_of_replay(const aws::Call& call) const;
  aws::Permission question_of(const std::string& arn, const aws::Call& call) const;
  std::string asked_rule(const aws::Call& call) const;

  struct Entry {
    Rule rule;
    std::optional<EventPattern> pattern;
    ports::Timer timer;
  };
  // What one target gets of one event.
  struct Handover {
    std::string rule_arn, region, bus, rule_name, payload;
    std::string event, event_id;  // for the dead-letter queue
    Instant ingested{};
    int hops = 0;
    aws::Value target;
  };
  // One that failed and will be tried again.
  struct Retry {
    Handover handover;
    int failures = 0;
    Instant first{};
    ports::Timer timer;
  };
  struct Replaying {
    Replay replay;
    ports::Timer timer;
  };
  struct GivenUp {
    std::string code, reason;
    std::string exhausted;  // the condition; empty: it was no matter of retries
    int retries = 0;
  };

  using Handler = aws::Outcome<>;
  // Rules and targets (events.cc).
  Handler put_rule(const aws::Call&);
  Handler describe_rule(const aws::Call&);
  Handler list_rules(const aws::Call&);
  Handler enable_rule(const aws::Call&);
  Handler disable_rule(const aws::Call&);
  Handler delete_rule(const aws::Call&);
  Handler put_targets(const aws::Call&);
  Handler remove_targets(const aws::Call&);
  Handler list_targets_by_rule(const aws::Call&);
  Handler list_rule_names_by_target(const aws::Call&);
  // Buses, and the tags of both (events_buses.cc).
  Handler create_event_bus(const aws::Call&);
  Handler update_event_bus(const aws::Call&);
  Handler delete_event_bus(const aws::Call&);
  Handler list_event_buses(const aws::Call&);
  Handler describe_event_bus(const aws::Call&);
  Handler put_permission(const aws::Call&);
  Handler remove_permission(const aws::Call&);
  Handler tag_resource(const aws::Call&);
  Handler untag_resource(const aws::Call&);
  Handler list_tags_for_resource(const aws::Call&);
  // Archives and replays (events_archives.cc).
  Handler create_archive(const aws::Call&);
  Handler update_archive(const aws::Call&);
  Handler delete_archive(const aws::Call&);
  Handler describe_archive(const aws::Call&);
  Handler list_archives(const aws::Call&);
  Handler start_replay(const aws::Call&);
  Handler describe_replay(const aws::Call&);
  Handler list_replays(const aws::Call&);
  Handler cancel_replay(const aws::Call&);
  // What can only be empty here (events_absent.cc).
  Handler list_nothing(const aws::Call&);
  Handler not_there(const aws::Call&);
  // Events (events_put.cc).
  Handler put_events(const aws::Call&);
  Handler test_event_pattern(const aws::Call&);

  std::string rule_arn(const std::string& region, std::string_view bus,
                       std::string_view name) const;
  std::string bus_arn(const std::string& region, std::string_view name) const;
  // The name of a bus that is called by its name or ARN; another account's or region's is an ARN
  // still.
  std::string bus_name(const std::string& region, const aws::Value& named) const;
  bool has_bus(const std::string& region, const std::string& name) const;
  aws::Outcome<std::string> find_bus(const aws::Call& call, std::string_view member) const;
  EventBus bus_of(const std::string& region, const std::string& name) const;
  void save(EventBus bus);
  aws::Outcome<Entry*> find_rule(const aws::Call& call, std::string_view member);
  Handler set_state(const aws::Call& call, const std::string& state);
  // The rules of a bus whose names begin so, by name, until the visitor answers false.
  template <class Visit>
  void visit_rules(const std::string& region, const std::string& bus, std::string_view prefix,
                   Visit&& visit) const;
  std::size_t rules_on(const std::string& region, const std::string& bus) const;
  void save(const Rule& rule);
  std::string own_arn(const std::string& region, std::string_view kind,
                      std::string_view name) const;
  aws::Outcome<Archive*> find_archive(const aws::Call& call);
  aws::Outcome<Done> take_archive_settings(const aws::Value& input, Archive& archive) const;
  void put_archive_rule(const Archive& archive);
  void save(const Archive& archive);
  aws::DispatchOutcome keep_in_archive(const Handover& handover);
  void expire(Archive& archive);
  aws::Outcome<Replaying*> find_replay(const aws::Call& call);
  void save(const Replay& replay);
  void arm(Replaying& running);
  void go_on(const std::string& arn);
  aws::Outcome<aws::Tags> tags_of(const aws::Call& call) const;
  Handler change_tags(const aws::Call& call, aws::Tags tags);

  // Firing (events_fire.cc).
  void load();
  void restart_countdown(Entry& entry);
  void arm(Entry& entry);
  void tick(const std::string& arn);
  bool still_due(const Rule& rule) const;
  // To all rules of the bus, or to these.
  void route(const Event& event, const std::string& region, const std::string& bus,
             const std::vector<std::string>& wanted = {});
  void fire(const Rule& rule, const Event& event);
  void deliver(Handover handover);
  aws::DispatchOutcome hand_over(const Handover& handover);
  aws::DispatchOutcome hand_to_bus(const Handover& handover, const std::string& arn);
  void retry_later(std::uint64_t id, Retry& retry, const aws::DispatchOutcome& outcome);
  void try_again(std::uint64_t id);
  void save_retry(std::uint64_t id, const Retry& retry, Instant due);
  void drop_retry(std::uint64_t id);
  void give_up(const Handover& handover, const GivenUp& why);
  void count(const Handover& handover, std::string_view metric);

  Dependencies dependencies_;
  std::string account_;
  std::map<std::string, EventBus> buses_;  // by ARN
  std::map<std::string, Entry> rules_;     // by ARN
  std::map<std::uint64_t, Retry> retries_;
  std::uint64_t last_retry_ = 0;
  std::map<std::string, Archive> archives_;   // by ARN
  std::map<std::string, Replaying> replays_;  // by ARN
  std::uint32_t last_archive_ = 0;
};

template <class Visit>
void Events::visit_rules(const std::string& region, const std::string& bus, std::string_view prefix,
                         Visit&& visit) const {
  const auto begin = rule_arn(region, bus, prefix);
  for (auto at = rules_.lower_bound(begin); at != rules_.end() && at->first.starts_with(begin);
       ++at) {
    // Behind the default bus's "rule/" stand the other buses' rules too.
    if (at->second.rule.bus == bus && !visit(at->second)) return;
  }
}

}  // namespace sitelatch::events
