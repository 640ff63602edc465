// SPDX-License-Identifier: Apache-2.0
// One resource of a guard at a time, from AWS's answers into what the rules call observed. A
// resource that is not there is nothing; what may not be seen is noted and is nothing too; any
// other error stops all further reading, but the silence of one service where reading is to go on
// despite it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guard/apply/observe.h"

namespace sitelatch::guard {

class Reading {
 public:
  explicit Reading(client::Aws& aws) : aws_(aws) {}

  // Nobody has said that anything is in this region: what a service control policy closes there is
  // not there. (A denial for want of a right is still noted.)
  void guess(std::string region) { guessed_.insert(std::move(region)); }
  // A service that does not answer is noted like a denial, and in its region asked no more.
  void go_on_despite_silence() { despite_silence_ = true; }
  // How often something was denied, whether or not it was noted.
  std::size_t denials() const { return blind_.size() + closed_; }
  // Nothing: not there, not to be seen, or reading has stopped.
  std::optional<client::Value> ask(std::string_view what, std::string_view service,
                                   std::string_view operation, client::Value input,
                                   std::string_view region = {});
  void note(std::string_view what, const client::Error& error);
  void stop(const client::Error& error) {
    if (!fatal_) fatal_ = error;
  }
  const std::optional<client::Error>& fatal() const { return fatal_; }
  const std::vector<ReadFailure>& blind() const { return blind_; }

  Texts tags(std::string_view service, std::string_view arn_member, const std::string& arn,
             std::string_view region);
  std::optional<ObservedTopic> topic(const std::string& arn, std::string_view region);
  std::vector<ObservedSubscription> subscriptions(const std::string& topic_arn,
                                                  std::string_view region);
  std::optional<ObservedFunction> function(const std::string& name, std::string_view region);
  // The same where it is only searched for: a denial means that it is not there, and is given back.
  std::optional<ObservedFunction> search_function(const std::string& name, std::string_view region,
                                                  std::optional<client::Error>& denial);
  void invocation(ObservedFunction& function,
                  std::string_view region);  // permissions, event-invoke configuration
  std::optional<ObservedRole> role(const std::string& name);
  std::optional<ObservedSchedule> schedule(const std::string& name, std::string_view region);
  std::optional<ObservedLogGroup> log_group(const std::string& name, std::string_view region);
  struct Where {
    const Names& names;
    std::string function_region, home;
  };
  std::optional<ObservedDeliveries> deliveries(const Where& where, Instant now);
  // Of a topic, in the last hours, to anybody; nothing: it cannot be seen.
  std::optional<double> failed_deliveries(const std::string& topic, const std::string& region,
                                          Instant now);
  // HealthCheckStatus of the time before `now`, oldest minute first.
  std::optional<std::vector<StatusMinute>> status_minutes(const std::string& health_check_id,
                                                          std::string_view region, Instant now,
                                                          Duration back = std::chrono::minutes{15});
  // What Route 53 makes of a check, by its metric in `region`, the control region (rules/health.h).
  struct Health {
    std::optional<bool> healthy;
    std::optional<std::vector<StatusMinute>> minutes;
    std::vector<CheckerSnapshot> checkers;  // their last probes, where they were asked
    Instant now{};                          // by the checkers' clock, where they were asked
  };
  // GetHealthCheckStatus is allowed an account once a second (fact client-11): `if_needed` asks the
  // checkers only where the metric has nothing of the last minutes by our own clock.
  enum class Probes { shown, if_needed };
  Health health(const Check& check, std::string_view region, Instant now, Probes probes);
  // The mute rules that an alarm is subject to. An emulator, or a region, without them has none.
  struct Mutes {
    std::vector<ObservedMute> rules;
    std::string unseen;  // why they may not be listed; empty: they were
  };
  Mutes mutes(const std::string& alarm, std::string_view region);
  // JSON; empty: none, or it may not be seen.
  std::string filter_policy(const std::string& subscription_arn, std::string_view region);
  // Why the alarm's last actions failed, newest first, in CloudWatch's words; an action that worked
  // ends the list. It keeps two weeks of them.
  std::vector<std::string> failed_actions(const std::string& alarm, std::string_view region);

 private:
  // Whether the last ask() was denied: then the rights of what hangs together with it are tried
  // too, so that all that are missing are told at once.
  bool was_denied(std::size_t blind_before) const { return blind_.size() > blind_before; }
  ObservedFunction function_from(const client::Value& reply, const std::string& name);

  std::optional<client::Value> delivery_metrics(client::Value queries, const std::string& region,
                                                Instant now);
  const client::Error* silence_of(std::string_view service, std::string_view region) const;

  client::Aws& aws_;
  bool despite_silence_ = false;
  std::map<std::pair<std::string, std::string>, client::Error> silent_;  // by service and region
  std::set<std::string, std::less<>> guessed_;
  std::size_t closed_ = 0;  // calls that an organisation's policy denied in a guessed region
  std::optional<client::Error> fatal_;
  std::vector<ReadFailure> blind_;
};

ObservedAlarm alarm_from(const client::Value& wire);
Texts texts_from(const client::Value& map);              // {"key": "value"}
Texts tags_from(const client::Value& list);              // [{Key, Value}]
std::string document_from(const std::string& document);  // IAM's documents come percent-encoded

// Of a function's resource policy (JSON text), the statements that allow.
std::vector<ObservedPermission> permissions_from(const std::string& policy);

}  // namespace sitelatch::guard
