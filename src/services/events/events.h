// SPDX-License-Identifier: Apache-2.0
// EventBridge, its scheduled rules on the default bus: rules, targets, and the firing of rules by
// engine time. Regional. Tables events.rules and events.retries. A tick and the dispatch of its
// events are one journal batch; ticks that fell due while the engine was down are not made up,
// except one that is less than a minute late (fact events-16). Event patterns, other buses and
// PutEvents are not offered: they are refused (facts events-1, events-2).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "aws/service/operation_table.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/timers.h"
#include "services/events/dependencies.h"
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

  std::size_t retries_waiting() const { return retries_.size(); }

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_bus(const aws::Call& call) const;
  Question ask_of_rule(const aws::Call& call) const;
  Question ask_of_tagged_rule(const aws::Call& call) const;
  Question ask_to_put_rule(const aws::Call& call) const;
  Question ask_to_put_targets(const aws::Call& call) const;
  aws::Permission question_of(const std::string& arn, const aws::Call& call) const;

  struct Scheduled {
    Rule rule;
    ports::Timer timer;
  };
  // A dispatch that failed and will be tried again.
  struct Retry {
    std::string rule_arn, region, rule_name, payload;
    aws::Value target;
    int failures = 0;
    Instant first{};
    ports::Timer timer;
  };

  aws::Outcome<> put_rule(const aws::Call&);
  aws::Outcome<> describe_rule(const aws::Call&);
  aws::Outcome<> list_rules(const aws::Call&);
  aws::Outcome<> enable_rule(const aws::Call&);
  aws::Outcome<> disable_rule(const aws::Call&);
  aws::Outcome<> delete_rule(const aws::Call&);
  aws::Outcome<> put_targets(const aws::Call&);
  aws::Outcome<> remove_targets(const aws::Call&);
  aws::Outcome<> list_targets_by_rule(const aws::Call&);
  aws::Outcome<> list_rule_names_by_target(const aws::Call&);
  aws::Outcome<> tag_resource(const aws::Call&);
  aws::Outcome<> untag_resource(const aws::Call&);
  aws::Outcome<> list_tags_for_resource(const aws::Call&);
  aws::Outcome<> list_event_buses(const aws::Call&);
  aws::Outcome<> describe_event_bus(const aws::Call&);

  std::string rule_arn(const std::string& region, const std::string& name) const;
  std::string bus_arn(const std::string& region) const;
  aws::Outcome<Done> check_bus(const aws::Call& call, std::string_view member) const;
  aws::Outcome<Scheduled*> find_rule(const aws::Call& call, std::string_view member);
  aws::Outcome<Scheduled*> find_tagged(const aws::Call& call);
  aws::Outcome<> set_state(const aws::Call& call, const std::string& state);
  std::size_t rules_in(const std::string& region) const;
  void save(const Rule& rule);

  // Firing (events_fire.cc).
  void load();
  void restart_countdown(Scheduled& scheduled);
  void arm(Scheduled& scheduled);
  void tick(const std::string& arn);
  void fire(const Rule& rule, Instant time);
  bool still_due(const Rule& rule) const;
  void deliver(const Rule& rule, const aws::Value& target, const std::string& payload);
  void retry_later(std::uint64_t id, Retry& retry);
  void try_again(std::uint64_t id);
  void save_retry(std::uint64_t id, const Retry& retry, Instant due);
  void drop_retry(std::uint64_t id);
  void give_up(const std::string& region, const std::string& rule_name,
               const std::string& target_arn, const std::string& why);

  Dependencies dependencies_;
  std::string account_;
  std::map<std::string, Scheduled> rules_;  // by ARN
  std::map<std::uint64_t, Retry> retries_;
  std::uint64_t last_retry_ = 0;
};

}  // namespace sitelatch::events
