// SPDX-License-Identifier: Apache-2.0
// Route53: the service. Decodes inputs into the domain, asks it, encodes outputs; the rules live in
// the nouns it is composed of: HealthChecks (status, probing, metrics), ManualResume (latches),
// HostedZones and DnsAnswers (records, routing, publication), Tags, Changes. Global: one state
// whatever the region of the call.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/operation_table.h"
#include "ports/entropy.h"
#include "ports/journal.h"
#include "ports/prober.h"
#include "ports/timers.h"
#include "services/route53/alias_targets.h"
#include "services/route53/caller_references.h"
#include "services/route53/changes.h"
#include "services/route53/cidr_collections.h"
#include "services/route53/delegation_sets.h"
#include "services/route53/dns_answers.h"
#include "services/route53/health_checks.h"
#include "services/route53/health_metrics.h"
#include "services/route53/hosted_zones.h"
#include "services/route53/manual_resume.h"
#include "services/route53/metric_data_stream.h"
#include "services/route53/publisher.h"
#include "services/route53/query_logging.h"
#include "services/route53/query_logs.h"
#include "services/route53/tag_store.h"
#include "services/route53/traffic_policies.h"
#include "services/route53/view_sink.h"

namespace sitelatch::route53 {

struct Options {
  std::string home_region = "us-east-1";     // where latency records look from (fact route53-36)
  std::size_t most_health_checks = 100'000;  // AWS: 200 unless raised (fact route53-61)
  std::size_t most_hosted_zones = 10'000;    // AWS: 500 unless raised
  bool allow_link_local = false;             // endpoints of health checks (fact probe-13)
  std::size_t checkers = 1;                  // of a check, 1 to most_checkers (fact route53-94)
  bool strict_names = false;                 // no zone of example.com (fact route53-136)
  QueryLogs* query_logs = nullptr;           // none: there are no log groups
  std::shared_ptr<const AskerTable> askers = nullptr;  // none: nobody is anywhere (route53-137)
};

// AWS's usual quotas, told and enforced (fact route53-61).
inline constexpr std::size_t most_delegation_sets = 100;
inline constexpr std::size_t most_vpcs_a_zone = 300;
inline constexpr std::size_t most_traffic_policies = 50;
inline constexpr std::size_t most_traffic_instances = 5;

class Route53 final : public aws::TableService<Route53> {
 public:
  // Loads the journal and publishes the first view to `sink` at once. `stream` may be null: then
  // CLOUDWATCH_METRIC health checks are refused; so may `names`: then nobody looks up what aliases
  // lead to outside. Everything must outlive this.
  Route53(ports::Journal& journal, ports::Timers& timers, ports::Entropy& entropy,
          ports::Prober& prober, HealthMetrics& metrics, const MetricDataStream* stream,
          ViewSink& sink, Options options = {}, ports::NameWatch* names = nullptr);

  static const aws::OperationTable<Route53>& operation_table();
  std::string_view model_name() const override { return "route53"; }

  // `sitelatch health`: an operator's word over the real status, durable until `none`. Problem: no
  // such health check, or `up` while it is latched (fact route53-82).
  Result<Done> set_forced(const std::string& health_check_id, Forced forced);
  std::vector<HealthDescription> describe_health() const;
  // `sitelatch target`: what is behind aliases that leave the account; kept. Problem: no target can
  // have that name, or what is said of it makes no sense.
  Result<TargetDescription> say_of_target(const TargetWord& word);
  Result<TargetDescription> take_back_target(const std::string& name);  // as it is then
  std::vector<TargetDescription> describe_targets() const;
  // "us-east-1/1": the checkers of a check, or of one of all Regions. Problem: no such health
  // check, or one that nobody probes.
  Result<std::vector<std::string>> checkers(const std::string& health_check_id) const;
  std::vector<std::string> checkers() const;

  // What DNS was asked and has answered: written where a zone's queries are logged.
  void log_queries(const std::vector<LoggedQuery>& queries);

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_health_check(const aws::Call& call) const;
  Question ask_of_zone(const aws::Call& call) const;
  Question ask_of_zone_of_records(const aws::Call& call) const;
  Question ask_to_create_zone(const aws::Call& call) const;
  Question ask_of_zone_and_vpc(const aws::Call& call) const;
  Question ask_of_vpc(const aws::Call& call) const;
  Question ask_of_delegation_set(const aws::Call& call) const;
  Question ask_of_cidr_collection(const aws::Call& call) const;
  Question ask_of_query_logging(const aws::Call& call) const;
  Question ask_of_traffic_policy(const aws::Call& call) const;
  Question ask_of_traffic_instance(const aws::Call& call) const;
  Question ask_to_create_traffic_instance(const aws::Call& call) const;
  Question ask_to_update_traffic_instance(const aws::Call& call) const;
  Question ask_to_list_query_logging(const aws::Call& call) const;
  Question ask_to_change_records(const aws::Call& call) const;
  Question ask_of_change(const aws::Call& call) const;
  Question ask_of_tagged(const aws::Call& call) const;
  Question ask_of_all_tagged(const aws::Call& call) const;

  using Out = aws::Outcome<>;
  using Call = aws::Call;

  // health_check_operations.cc
  Out create_health_check(const Call&);
  Out get_health_check(const Call&);
  Out update_health_check(const Call&);
  Out delete_health_check(const Call&);
  Out list_health_checks(const Call&);
  Out get_health_check_count(const Call&);
  Out get_health_check_status(const Call&);
  Out get_health_check_last_failure_reason(const Call&);
  Out get_checker_ip_ranges(const Call&);
  // hosted_zone_operations.cc
  Out create_hosted_zone(const Call&);
  Out get_hosted_zone(const Call&);
  Out delete_hosted_zone(const Call&);
  Out list_hosted_zones(const Call&);
  Out list_hosted_zones_by_name(const Call&);
  Out get_hosted_zone_count(const Call&);
  Out update_hosted_zone_comment(const Call&);
  Out get_account_limit(const Call&);
  Out get_hosted_zone_limit(const Call&);
  Out update_hosted_zone_features(const Call&);
  // vpc_operations.cc
  Out associate_vpc(const Call&);
  Out disassociate_vpc(const Call&);
  Out create_vpc_authorization(const Call&);
  Out delete_vpc_authorization(const Call&);
  Out list_vpc_authorizations(const Call&);
  Out list_hosted_zones_by_vpc(const Call&);
  // delegation_set_operations.cc
  Out create_reusable_delegation_set(const Call&);
  Out get_reusable_delegation_set(const Call&);
  Out delete_reusable_delegation_set(const Call&);
  Out list_reusable_delegation_sets(const Call&);
  Out get_reusable_delegation_set_limit(const Call&);
  // cidr_operations.cc
  Out create_cidr_collection(const Call&);
  Out change_cidr_collection(const Call&);
  Out delete_cidr_collection(const Call&);
  Out list_cidr_collections(const Call&);
  Out list_cidr_locations(const Call&);
  Out list_cidr_blocks(const Call&);
  // query_logging_operations.cc
  Out create_query_logging_config(const Call&);
  Out get_query_logging_config(const Call&);
  Out delete_query_logging_config(const Call&);
  Out list_query_logging_configs(const Call&);
  // traffic_policy_operations.cc
  Out create_traffic_policy(const Call&);
  Out create_traffic_policy_version(const Call&);
  Out get_traffic_policy(const Call&);
  Out update_traffic_policy_comment(const Call&);
  Out delete_traffic_policy(const Call&);
  Out list_traffic_policies(const Call&);
  Out list_traffic_policy_versions(const Call&);
  // traffic_instance_operations.cc
  Out create_traffic_policy_instance(const Call&);
  Out update_traffic_policy_instance(const Call&);
  Out delete_traffic_policy_instance(const Call&);
  Out get_traffic_policy_instance(const Call&);
  Out get_traffic_policy_instance_count(const Call&);
  Out list_traffic_policy_instances(const Call&);
  Out list_traffic_policy_instances_by_hosted_zone(const Call&);
  Out list_traffic_policy_instances_by_policy(const Call&);
  // geo_location_operations.cc
  Out get_geo_location(const Call&);
  Out list_geo_locations(const Call&);
  // dnssec_operations.cc
  Out get_dnssec(const Call&);
  Out create_key_signing_key(const Call&);
  Out no_key_signing_key(const Call&);
  Out enable_hosted_zone_dnssec(const Call&);
  Out disable_hosted_zone_dnssec(const Call&);
  // record_operations.cc
  Out change_resource_record_sets(const Call&);
  Out list_resource_record_sets(const Call&);
  Out get_change(const Call&);
  Out test_dns_answer(const Call&);
  // tag_operations.cc
  Out change_tags_for_resource(const Call&);
  Out list_tags_for_resource(const Call&);
  Out list_tags_for_resources(const Call&);

  Out existing_health_check(const HealthCheck& check, const HealthCheckConfig& asked) const;
  aws::Outcome<Done> copy_alarm(HealthCheck& check) const;
  aws::Outcome<Done> refuse_restricted(const std::optional<std::string>& address) const;
  Out observations(const Call& call, std::optional<ObservedStatus> CheckerReport::*which) const;
  aws::Outcome<const HealthCheck*> health_check(const aws::Value& id) const;
  aws::Outcome<const HostedZone*> hosted_zone(const aws::Value& id) const;
  aws::Outcome<const HostedZone*> signable_zone(const aws::Value& id) const;
  aws::Outcome<const DelegationSet*> delegation_set(const aws::Value& id) const;
  std::size_t zones_of(const DelegationSet& set) const;
  aws::Outcome<Done> may_share(const DelegationSet& set, const std::string& wire_name) const;
  aws::Outcome<const CidrCollection*> cidr_collection(const aws::Value& id) const;
  aws::Outcome<const QueryLoggingConfig*> query_logging_config(const aws::Value& id) const;
  aws::Outcome<const TrafficPolicyVersion*> traffic_policy(const aws::Value& id,
                                                           const aws::Value& version) const;
  aws::Outcome<const TrafficPolicyVersion*> policy_to_apply(const aws::Value& in) const;
  aws::Outcome<const TrafficInstance*> traffic_instance(const aws::Value& id) const;
  HostedZone tree_of(const TrafficInstance& instance) const;
  bool has_record(const TrafficInstance& instance) const;
  void plant_trees();
  void apply_instance(TrafficInstance& instance);
  BatchWorld batch_world() const;
  void forget_departed_checks();
  void want_queries();
  const QueryLoggingConfig* logging_of(std::string_view wire_name) const;
  std::string missing(const CidrLocation& location) const;
  std::set<std::string> locations_in_use(const std::string& collection_id) const;
  // The private zone of this name that the VPC has already.
  const HostedZone* namesake_in(const Vpc& vpc, const std::string& wire_name) const;
  Out set_vpcs(const HostedZone& zone, std::vector<Vpc> vpcs, const Call& call);
  struct Tagged {
    std::string type, id;
    std::string key() const { return type + "/" + id; }  // in the tag store
  };
  aws::Outcome<Tagged> tagged_resource(const aws::Value& type, const aws::Value& id) const;
  aws::Value tag_set(const Tagged& resource) const;
  Out trip(const std::string& id, const std::string& reason, const Call& call);
  Out release(const std::string& id, const std::string& text, const Call& call);
  std::function<void()> when_published(const std::string& change_id);

  ports::Entropy& entropy_;
  ports::Timers& timers_;
  const MetricDataStream* stream_;
  Options options_;
  CallerReferences references_;
  TagStore tags_;
  ManualResume manual_resume_;
  Changes changes_;
  HostedZones zones_;
  DelegationSets delegation_sets_;
  CidrCollections cidr_collections_;
  QueryLogging query_logging_;
  TrafficPolicies traffic_;
  Publisher publisher_;
  HealthChecks checks_;
  AliasTargets targets_;
  DnsAnswers answers_;
};

}  // namespace sitelatch::route53
