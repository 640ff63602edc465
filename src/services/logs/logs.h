// SPDX-License-Identifier: Apache-2.0
// CloudWatch Logs, as AWS's clients see it: operations over LogStore. State is kept per region.
#pragma once

#include <string>

#include "aws/service/operation_table.h"
#include "services/logs/dependencies.h"
#include "services/logs/document_shelf.h"
#include "services/logs/filters.h"
#include "services/logs/log_store.h"
#include "services/logs/metric_publisher.h"
#include "services/logs/query_book.h"
#include "services/logs/subscription_sender.h"

namespace sitelatch::logs {

class Logs final : public aws::TableService<Logs> {
 public:
  Logs(const Dependencies& dependencies, std::string account);

  static const aws::OperationTable<Logs>& operation_table();
  std::string_view model_name() const override { return "logs"; }
  // A batch of 1 MiB, escaped in JSON.
  std::size_t largest_body(std::string_view operation) const override {
    return operation == "PutLogEvents" ? 8u << 20 : 1u << 20;
  }

  struct Line {
    Instant at;
    std::string message;
  };
  // What a function said: makes group and stream where they are missing. Whether it may was judged
  // by the caller. Lines out of order are put in order; empty ones are dropped; what is longer than
  // a MiB is cut.
  void append(const std::string& region, const std::string& group, const std::string& stream,
              std::vector<Line> lines);
  // Creating what exists needs no right: what append() would have to make.
  bool has_group(std::string_view region, std::string_view group) const {
    return store_.find(region, group) != nullptr;
  }
  bool has_stream(std::string_view region, std::string_view group, std::string_view stream) const {
    const Group* found = store_.find(region, group);
    return found && found->streams.find(stream) != found->streams.end();
  }

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_group(const aws::Call& call) const;
  Question ask_of_group_or_everything(const aws::Call& call) const;
  Question ask_to_create_group(const aws::Call& call) const;
  Question ask_of_stream(const aws::Call& call) const;
  aws::ConditionKeys keys_of(const std::string& group, const aws::Call& call) const;

  using Handler = aws::Outcome<>;
  // group_operations.cc
  Handler create_log_group(const aws::Call& call);
  Handler delete_log_group(const aws::Call& call);
  Handler describe_log_groups(const aws::Call& call);
  Handler list_log_groups(const aws::Call& call);
  Handler create_log_stream(const aws::Call& call);
  Handler delete_log_stream(const aws::Call& call);
  Handler describe_log_streams(const aws::Call& call);
  Handler put_retention_policy(const aws::Call& call);
  Handler delete_retention_policy(const aws::Call& call);
  Handler put_log_group_deletion_protection(const aws::Call& call);
  // event_operations.cc
  Handler put_log_events(const aws::Call& call);
  Handler get_log_events(const aws::Call& call);
  Handler filter_log_events(const aws::Call& call);
  Handler test_metric_filter(const aws::Call& call);
  // filter_operations.cc
  Handler put_metric_filter(const aws::Call& call);
  Handler describe_metric_filters(const aws::Call& call);
  Handler delete_metric_filter(const aws::Call& call);
  Handler put_subscription_filter(const aws::Call& call);
  Handler describe_subscription_filters(const aws::Call& call);
  Handler delete_subscription_filter(const aws::Call& call);
  aws::Outcome<Done> judge_destination(const aws::Call& call, const std::string& group_name) const;
  // query_operations.cc
  Question ask_to_query(const aws::Call& call) const;
  Handler start_query(const aws::Call& call);
  Handler get_query_results(const aws::Call& call);
  Handler stop_query(const aws::Call& call);
  Handler describe_queries(const aws::Call& call);
  Handler list_log_groups_for_query(const aws::Call& call);
  Handler get_log_record(const aws::Call& call);
  Handler get_log_group_fields(const aws::Call& call);
  // policy_operations.cc
  Handler put_resource_policy(const aws::Call& call);
  Handler describe_resource_policies(const aws::Call& call);
  Handler delete_resource_policy(const aws::Call& call);
  Handler put_data_protection_policy(const aws::Call& call);
  Handler get_data_protection_policy(const aws::Call& call);
  Handler delete_data_protection_policy(const aws::Call& call);
  Handler put_index_policy(const aws::Call& call);
  Handler describe_index_policies(const aws::Call& call);
  Handler describe_field_indexes(const aws::Call& call);
  Handler delete_index_policy(const aws::Call& call);
  Handler put_account_policy(const aws::Call& call);
  Handler describe_account_policies(const aws::Call& call);
  Handler delete_account_policy(const aws::Call& call);
  void forget_policies(const Group& group);
  // definition_operations.cc
  Question ask_of_destination(const aws::Call& call) const;
  Handler put_destination(const aws::Call& call);
  Handler put_destination_policy(const aws::Call& call);
  Handler describe_destinations(const aws::Call& call);
  Handler delete_destination(const aws::Call& call);
  Handler put_query_definition(const aws::Call& call);
  Handler describe_query_definitions(const aws::Call& call);
  Handler delete_query_definition(const aws::Call& call);
  Handler associate_kms_key(const aws::Call& call);
  Handler disassociate_kms_key(const aws::Call& call);
  aws::Outcome<Group*> keyed_group(const aws::Call& call);
  Handler create_export_task(const aws::Call& call);
  Handler describe_export_tasks(const aws::Call& call);
  Handler cancel_export_task(const aws::Call& call);
  // delivery_operations.cc
  Question ask_of_delivery(const aws::Call& call) const;
  std::string resource_arn(const aws::Call& call, std::string_view kind,
                           std::string_view name) const;
  aws::Outcome<> describe_kind(const aws::Call& call, std::string_view kind,
                               std::string_view member);
  bool in_a_delivery(const aws::Call& call, std::string_view member,
                     const std::string& value) const;
  Handler put_delivery_source(const aws::Call& call);
  Handler get_delivery_source(const aws::Call& call);
  Handler describe_delivery_sources(const aws::Call& call);
  Handler delete_delivery_source(const aws::Call& call);
  Handler put_delivery_destination(const aws::Call& call);
  Handler get_delivery_destination(const aws::Call& call);
  Handler describe_delivery_destinations(const aws::Call& call);
  Handler delete_delivery_destination(const aws::Call& call);
  Handler put_delivery_destination_policy(const aws::Call& call);
  Handler get_delivery_destination_policy(const aws::Call& call);
  Handler delete_delivery_destination_policy(const aws::Call& call);
  Handler create_delivery(const aws::Call& call);
  Handler get_delivery(const aws::Call& call);
  Handler describe_deliveries(const aws::Call& call);
  Handler update_delivery_configuration(const aws::Call& call);
  Handler delete_delivery(const aws::Call& call);
  // detector_operations.cc
  Question ask_of_detector(const aws::Call& call) const;
  Question ask_to_create_detector(const aws::Call& call) const;
  Handler create_log_anomaly_detector(const aws::Call& call);
  Handler get_log_anomaly_detector(const aws::Call& call);
  Handler list_log_anomaly_detectors(const aws::Call& call);
  Handler update_log_anomaly_detector(const aws::Call& call);
  Handler delete_log_anomaly_detector(const aws::Call& call);
  Handler list_anomalies(const aws::Call& call);
  Handler update_anomaly(const aws::Call& call);
  Handler list_integrations(const aws::Call& call);
  Handler no_such_integration(const aws::Call& call);
  Handler describe_import_tasks(const aws::Call& call);
  Handler no_such_import(const aws::Call& call);
  Handler get_transformer(const aws::Call& call);
  // lookup_operations.cc
  Question ask_of_table(const aws::Call& call) const;
  Handler create_lookup_table(const aws::Call& call);
  Handler update_lookup_table(const aws::Call& call);
  Handler get_lookup_table(const aws::Call& call);
  Handler describe_lookup_tables(const aws::Call& call);
  Handler delete_lookup_table(const aws::Call& call);
  Handler list_scheduled_queries(const aws::Call& call);
  Handler no_such_scheduled_query(const aws::Call& call);
  Handler no_such_data_source(const aws::Call& call);
  Handler list_aggregate_log_group_summaries(const aws::Call& call);
  // tag_operations.cc
  Question ask_of_tagged(const aws::Call& call) const;
  Handler tag_resource(const aws::Call& call);
  Handler untag_resource(const aws::Call& call);
  Handler list_tags_for_resource(const aws::Call& call);
  Handler tag_log_group(const aws::Call& call);
  Handler untag_log_group(const aws::Call& call);
  Handler list_tags_log_group(const aws::Call& call);

  aws::Outcome<Group*> existing_group(const aws::Call& call, std::string_view name);
  // By logGroupName or logGroupIdentifier (a name or an ARN).
  aws::Outcome<Group*> asked_group(const aws::Call& call);
  aws::Outcome<Group*> tagged_group(const aws::Call& call);
  // What else has tags, by its ARN: of a kind of document and in this region and account.
  struct Place {
    std::string_view kind;
    std::string name;
  };
  static std::optional<Place> tagged_document(const aws::Call& call);
  aws::Outcome<> change_tags(const aws::Call& call, const Place& place,
                             const std::function<aws::Outcome<aws::Tags>(aws::Tags)>& change);
  aws::Outcome<> add_tags(aws::Outcome<Group*> group, const aws::Value& added);
  aws::Outcome<> remove_tags(aws::Outcome<Group*> group, const aws::Value& keys);

  // Events come in: kept, and what the group's filters make of them done.
  void take_in(const Group& group, Stream& stream, const std::vector<NewEvent>& events);

  Dependencies dependencies_;
  std::string account_;
  LogStore store_;
  FilterBook filters_;
  DocumentShelf documents_;
  MetricPublisher publisher_;
  SubscriptionSender sender_;
  QueryBook queries_;
};

std::string group_arn(std::string_view region, std::string_view account, std::string_view name);
// The name in a log group's ARN (with or without `:*` or a stream behind it); the text itself when
// it is no ARN.
std::string group_name_of(std::string_view identifier);

extern const aws::TagRules tag_rules;
inline auto invalid_parameter(std::string text) {
  return aws::refuse("InvalidParameterException", std::move(text));
}
inline auto invalid_token() { return invalid_parameter("The specified nextToken is invalid."); }
inline auto no_such_stream() {
  return aws::refuse("ResourceNotFoundException", "The specified log stream does not exist.");
}

}  // namespace sitelatch::logs
