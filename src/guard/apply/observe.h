// SPDX-License-Identifier: Apache-2.0
// Reading what is there for the guard of one health check, as the rules want it (rules/state.h).
// Follows the chain from the alarm to the function and its role, so that resources are found by
// what they are connected to, and by the names that deploy (sitelatch-<id>) and the guide (<id>)
// give. Nothing is changed. Missing things are facts; what the caller may not see is listed in
// `blind` and stays absent; only a call that fails altogether (no credentials, no network) is an
// error. A service that does not answer, or is throttled to the end, is the one or the other
// (Query::despite_silence).
//   auto seen = observe(aws, {.health_check_id = id});
//   const auto plan = make_plan(seen->settings);
//   assess(*plan, seen->observed, now)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "guard/rules/state.h"

namespace sitelatch::guard {

// On the function: the RoleId that it was last given. A role made again under its name has another,
// and Lambda's hold on the old one does not carry over.
inline constexpr std::string_view role_id_tag = "sitelatch:role-id";

// On the alarm's topic, which is always in the control region: where the rest of the guard is.
inline constexpr std::string_view function_region_tag = "sitelatch:function-region";

class AllRecords;

struct Query {
  std::string health_check_id;
  std::string function_region;  // where deploy was told to look; empty: what the resources tell,
                                // else the control region
  bool records = true;  // search the hosted zones for records that use the check (a call a zone)
  AllRecords* all_records = nullptr;  // where they are read from; nothing: anew. Borrowed
  bool deliveries = true;             // metrics of the last hours
  bool probes = true;                 // what each of Route 53's checkers says
  bool despite_silence = false;       // what a service does not answer is listed in `blind` too, so
                                      // that the rest of AWS can be worked with
  bool other_regions =
      false;  // a role but no function: look for it in every region that needs no opting in
};

// Something that the caller may not see.
struct ReadFailure {
  std::string what;  // "the policy of function sitelatch-..."
  client::Error why;
};
std::string describe(const ReadFailure& blind);  // "cannot see ...: denied ..."
// The service did not answer, could not, or had too much to do; a right is not what is missing.
bool is_silence(const client::Error& error);
const ReadFailure* first_silence(const std::vector<ReadFailure>& blind);  // nullptr: none

// One record set, as much of it as failover needs.
struct RecordSnapshot {
  std::string zone_id, zone_name;  // without "/hostedzone/"; the name with its dot
  bool private_zone = false;
  std::string name, type, set_identifier;  // name as Route 53 gives it, with its dot
  std::string failover;                    // "PRIMARY", "SECONDARY" or empty
  std::string health_check_id;
  std::vector<std::string> values;
  struct Alias {
    std::string zone_id, name;
    bool evaluate_target_health = false;
  };
  std::optional<Alias> alias;
  client::Value wire;  // the ResourceRecordSet itself, to change and send back
};

// PRIMARY (or any) record that uses the check, with what stands beside and behind it.
struct RecordsSnapshot {
  std::vector<RecordSnapshot> users;        // records with this HealthCheckId, any routing
  std::vector<RecordSnapshot> secondaries;  // SECONDARY records of the same name and type
  std::vector<RecordSnapshot>
      targets;  // records of our zones on the alias chains of `users`, nearest first
  std::vector<RecordSnapshot> secondary_targets;  // and on those of `secondaries`
  // The sentinel of the form `hardened` (rules/hardened_form.h): nobody looks it up, so it is none
  // of the above.
  std::vector<RecordSnapshot> sentinels{};
};

// The name that users look up: of the first PRIMARY record that uses the check, without its dot;
// empty: there is none.
std::string primary_name(const RecordsSnapshot& records);

// What one of Route 53's checkers says.
struct CheckerSnapshot {
  std::string region, address, status;
  std::optional<Instant> at;
  bool success = false;
};

// A KMS key, where its policy may be seen (few may).
struct KeySnapshot {
  std::string arn;
  bool there = true;
  std::string policy;  // document
};

struct Snapshot {
  Settings settings;  // as the resources tell it: names, function's region and kind, latch kind,
                      // endpoint, key, record
  Observed observed;
  std::vector<ReadFailure> blind;
  std::string caller_arn;      // who asks
  Instant now;                 // by AWS's clock as far as what was read tells it, else by ours
  Duration clock_offset{};     // AWS's time less ours, as far as the client has learnt it
  client::Value check_config;  // HealthCheckConfig, for site_of(); null: the check is gone
  std::string linked_service;  // the AWS service that manages the check; empty: its owner does
  std::vector<CheckerSnapshot> checkers;
  std::optional<RecordsSnapshot> records;   // nothing: not looked at, or not to be seen
  std::vector<ObservedAlarm> other_alarms;  // a second alarm by one of our two names
  std::vector<KeySnapshot> keys;            // of the topics, as far as they were looked at and seen
};
// `now` by our clock; where the checkers' reports are newer, theirs counts.
client::Outcome<Snapshot> observe(client::Aws& aws, const Query& look, Instant now);
// Check, checkers and alarm once more, for whoever waits for them to change.
client::Outcome<Done> refresh(client::Aws& aws, Snapshot& snapshot);

// Parts of it, for whoever needs only them.
struct CheckSnapshot {
  Check check;
  client::Value config;
  std::string linked_service;  // "servicediscovery.amazonaws.com"
};
client::Outcome<std::optional<CheckSnapshot>> read_check(client::Aws& aws, std::string_view id);
client::Outcome<std::vector<CheckerSnapshot>> read_checkers(client::Aws& aws, std::string_view id);
// Checkers probe endpoints; GetHealthCheckStatus refuses checks that others' states make up
// (CALCULATED, CLOUDWATCH_METRIC, RECOVERY_CONTROL).
bool has_checkers(const Check& check);
// By the last probes alone, before FailureThreshold: more than 18 % of the checkers succeeded
// (inverted checks the other way round); nothing without checkers' reports. What Route 53 makes of
// them is Reading::health().
std::optional<bool> healthy_by(const Check& check, const std::vector<CheckerSnapshot>& checkers);
// Route 53's verdict alone, as observe() has it, for whoever waits for one. Nothing: not known yet.
client::Outcome<std::optional<bool>> read_verdict(client::Aws& aws, const Check& check,
                                                  std::string_view partition, Instant now);
client::Outcome<std::optional<ObservedAlarm>> read_alarm(client::Aws& aws, std::string_view region,
                                                         std::string_view name);
client::Outcome<RecordsSnapshot> read_records(client::Aws& aws, std::string_view health_check_id);

// Every record of every hosted zone, read at the first question and then kept: for a run that looks
// at several checks.
class AllRecords {
 public:
  explicit AllRecords(client::Aws& aws) : aws_(aws) {}
  client::Outcome<RecordsSnapshot> using_check(std::string_view health_check_id);

 private:
  client::Aws& aws_;
  std::optional<std::vector<std::vector<RecordSnapshot>>> zones_;
};
// Nothing: it may not be seen, or is no key's ARN.
std::optional<KeySnapshot> read_key(client::Aws& aws, const std::string& key_arn);
// Settings of a guard that does not exist yet: partition, account, names.
struct Caller {
  std::string account, partition, arn;
};
client::Outcome<Caller> read_caller(client::Aws& aws);

// Every health check that has a guard, ours or the guide's: by the names and tags of alarms and
// topics.
client::Outcome<std::vector<std::string>> guarded_checks(client::Aws& aws);

}  // namespace sitelatch::guard
