// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (fact logs-16). Policies in the field name a group both
// as `log-group:name` and as `log-group:name:*`; either grants (fact logs-12).
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

// The group's name, however the operation calls it.
std::string named_group(const aws::Value& input) {
  std::string name;
  for (const auto* member :
       {"logGroupName", "logGroupIdentifier", "resourceArn", "resourceIdentifier"})
    if (input.has(member)) name = group_name_of(input[member].string());
  return name;
}

// Tags to set come as a map, keys of tags to take away as a list: `tags` is either.
aws::ConditionKeys request_keys(const aws::Value& input) {
  aws::ConditionKeys keys;
  aws::add_request_tags(input["tags"].is_struct() ? aws::read_tags(input["tags"]) : aws::Tags{},
                        input["tagKeys"].strings(), keys);
  if (input["tags"].is_list()) aws::add_request_tags({}, input["tags"].strings(), keys);
  return keys;
}

}  // namespace

const aws::OperationTable<Logs>& Logs::operation_table() {
  static const aws::OperationTable<Logs> table{
      "logs",
      {
          {"CreateLogGroup", &Logs::create_log_group, &Logs::ask_to_create_group},
          {"DeleteLogGroup", &Logs::delete_log_group, &Logs::ask_of_group},
          {"DescribeLogGroups", &Logs::describe_log_groups, &Logs::ask_of_everything},
          {"ListLogGroups", &Logs::list_log_groups, &Logs::ask_of_everything},
          {"CreateLogStream", &Logs::create_log_stream, &Logs::ask_of_stream},
          {"DeleteLogStream", &Logs::delete_log_stream, &Logs::ask_of_stream},
          {"DescribeLogStreams", &Logs::describe_log_streams, &Logs::ask_of_group},
          {"PutRetentionPolicy", &Logs::put_retention_policy, &Logs::ask_of_group},
          {"DeleteRetentionPolicy", &Logs::delete_retention_policy, &Logs::ask_of_group},
          {"PutLogGroupDeletionProtection", &Logs::put_log_group_deletion_protection,
           &Logs::ask_of_group},
          {"PutLogEvents", &Logs::put_log_events, &Logs::ask_of_stream},
          {"GetLogEvents", &Logs::get_log_events, &Logs::ask_of_stream},
          {"FilterLogEvents", &Logs::filter_log_events, &Logs::ask_of_group},
          {"TestMetricFilter", &Logs::test_metric_filter, &Logs::ask_of_everything},
          {"PutMetricFilter", &Logs::put_metric_filter, &Logs::ask_of_group},
          {"DescribeMetricFilters", &Logs::describe_metric_filters,
           &Logs::ask_of_group_or_everything},
          {"DeleteMetricFilter", &Logs::delete_metric_filter, &Logs::ask_of_group},
          {"PutSubscriptionFilter", &Logs::put_subscription_filter, &Logs::ask_of_group},
          {"DescribeSubscriptionFilters", &Logs::describe_subscription_filters,
           &Logs::ask_of_group},
          {"DeleteSubscriptionFilter", &Logs::delete_subscription_filter, &Logs::ask_of_group},
          {"StartQuery", &Logs::start_query, &Logs::ask_to_query},
          {"GetQueryResults", &Logs::get_query_results, &Logs::ask_of_everything},
          {"StopQuery", &Logs::stop_query, &Logs::ask_of_everything},
          {"DescribeQueries", &Logs::describe_queries, &Logs::ask_of_everything},
          {"ListLogGroupsForQuery", &Logs::list_log_groups_for_query, &Logs::ask_of_everything},
          {"GetLogRecord", &Logs::get_log_record, &Logs::ask_of_everything},
          {"GetLogGroupFields", &Logs::get_log_group_fields, &Logs::ask_of_group},
          {"PutResourcePolicy", &Logs::put_resource_policy, &Logs::ask_of_everything},
          {"DescribeResourcePolicies", &Logs::describe_resource_policies, &Logs::ask_of_everything},
          {"DeleteResourcePolicy", &Logs::delete_resource_policy, &Logs::ask_of_everything},
          {"PutDataProtectionPolicy", &Logs::put_data_protection_policy, &Logs::ask_of_group},
          {"GetDataProtectionPolicy", &Logs::get_data_protection_policy, &Logs::ask_of_group},
          {"DeleteDataProtectionPolicy", &Logs::delete_data_protection_policy, &Logs::ask_of_group},
          {"PutIndexPolicy", &Logs::put_index_policy, &Logs::ask_of_group},
          {"DescribeIndexPolicies", &Logs::describe_index_policies, &Logs::ask_to_query},
          {"DescribeFieldIndexes", &Logs::describe_field_indexes, &Logs::ask_to_query},
          {"DeleteIndexPolicy", &Logs::delete_index_policy, &Logs::ask_of_group},
          {"PutAccountPolicy", &Logs::put_account_policy, &Logs::ask_of_everything},
          {"DescribeAccountPolicies", &Logs::describe_account_policies, &Logs::ask_of_everything},
          {"DeleteAccountPolicy", &Logs::delete_account_policy, &Logs::ask_of_everything},
          {"PutDestination", &Logs::put_destination, &Logs::ask_of_destination},
          {"PutDestinationPolicy", &Logs::put_destination_policy, &Logs::ask_of_destination},
          {"DescribeDestinations", &Logs::describe_destinations, &Logs::ask_of_everything},
          {"DeleteDestination", &Logs::delete_destination, &Logs::ask_of_destination},
          {"PutQueryDefinition", &Logs::put_query_definition, &Logs::ask_of_everything},
          {"DescribeQueryDefinitions", &Logs::describe_query_definitions, &Logs::ask_of_everything},
          {"DeleteQueryDefinition", &Logs::delete_query_definition, &Logs::ask_of_everything},
          {"AssociateKmsKey", &Logs::associate_kms_key, &Logs::ask_of_group},
          {"DisassociateKmsKey", &Logs::disassociate_kms_key, &Logs::ask_of_group},
          {"CreateExportTask", &Logs::create_export_task, &Logs::ask_of_group},
          {"DescribeExportTasks", &Logs::describe_export_tasks, &Logs::ask_of_everything},
          {"CancelExportTask", &Logs::cancel_export_task, &Logs::ask_of_everything},
          {"PutDeliverySource", &Logs::put_delivery_source, &Logs::ask_of_delivery},
          {"GetDeliverySource", &Logs::get_delivery_source, &Logs::ask_of_delivery},
          {"DescribeDeliverySources", &Logs::describe_delivery_sources, &Logs::ask_of_delivery},
          {"DeleteDeliverySource", &Logs::delete_delivery_source, &Logs::ask_of_delivery},
          {"PutDeliveryDestination", &Logs::put_delivery_destination, &Logs::ask_of_delivery},
          {"GetDeliveryDestination", &Logs::get_delivery_destination, &Logs::ask_of_delivery},
          {"DescribeDeliveryDestinations", &Logs::describe_delivery_destinations,
           &Logs::ask_of_delivery},
          {"DeleteDeliveryDestination", &Logs::delete_delivery_destination, &Logs::ask_of_delivery},
          {"PutDeliveryDestinationPolicy", &Logs::put_delivery_destination_policy,
           &Logs::ask_of_delivery},
          {"GetDeliveryDestinationPolicy", &Logs::get_delivery_destination_policy,
           &Logs::ask_of_delivery},
          {"DeleteDeliveryDestinationPolicy", &Logs::delete_delivery_destination_policy,
           &Logs::ask_of_delivery},
          {"CreateDelivery", &Logs::create_delivery, &Logs::ask_of_delivery},
          {"GetDelivery", &Logs::get_delivery, &Logs::ask_of_delivery},
          {"DescribeDeliveries", &Logs::describe_deliveries, &Logs::ask_of_delivery},
          {"UpdateDeliveryConfiguration", &Logs::update_delivery_configuration,
           &Logs::ask_of_delivery},
          {"DeleteDelivery", &Logs::delete_delivery, &Logs::ask_of_delivery},
          {"CreateLogAnomalyDetector", &Logs::create_log_anomaly_detector,
           &Logs::ask_to_create_detector},
          {"GetLogAnomalyDetector", &Logs::get_log_anomaly_detector, &Logs::ask_of_detector},
          {"ListLogAnomalyDetectors", &Logs::list_log_anomaly_detectors, &Logs::ask_of_everything},
          {"UpdateLogAnomalyDetector", &Logs::update_log_anomaly_detector, &Logs::ask_of_detector},
          {"DeleteLogAnomalyDetector", &Logs::delete_log_anomaly_detector, &Logs::ask_of_detector},
          {"ListAnomalies", &Logs::list_anomalies, &Logs::ask_of_detector},
          {"UpdateAnomaly", &Logs::update_anomaly, &Logs::ask_of_detector},
          {"ListIntegrations", &Logs::list_integrations, &Logs::ask_of_everything},
          {"GetIntegration", &Logs::no_such_integration, &Logs::ask_of_everything},
          {"DeleteIntegration", &Logs::no_such_integration, &Logs::ask_of_everything},
          {"DescribeImportTasks", &Logs::describe_import_tasks, &Logs::ask_of_everything},
          {"CancelImportTask", &Logs::no_such_import, &Logs::ask_of_everything},
          {"GetTransformer", &Logs::get_transformer, &Logs::ask_of_group},
          {"CreateLookupTable", &Logs::create_lookup_table, &Logs::ask_of_table},
          {"UpdateLookupTable", &Logs::update_lookup_table, &Logs::ask_of_table},
          {"GetLookupTable", &Logs::get_lookup_table, &Logs::ask_of_table},
          {"DescribeLookupTables", &Logs::describe_lookup_tables, &Logs::ask_of_everything},
          {"DeleteLookupTable", &Logs::delete_lookup_table, &Logs::ask_of_table},
          {"ListScheduledQueries", &Logs::list_scheduled_queries, &Logs::ask_of_everything},
          {"GetScheduledQuery", &Logs::no_such_scheduled_query, &Logs::ask_of_everything},
          {"UpdateScheduledQuery", &Logs::no_such_scheduled_query, &Logs::ask_of_everything},
          {"DeleteScheduledQuery", &Logs::no_such_scheduled_query, &Logs::ask_of_everything},
          {"GetScheduledQueryHistory", &Logs::no_such_scheduled_query, &Logs::ask_of_everything},
          {"DescribeImportTaskBatches", &Logs::no_such_import, &Logs::ask_of_everything},
          {"DeleteTransformer", &Logs::get_transformer, &Logs::ask_of_group},
          {"GetLogFields", &Logs::no_such_data_source, &Logs::ask_of_everything},
          {"ListAggregateLogGroupSummaries", &Logs::list_aggregate_log_group_summaries,
           &Logs::ask_of_everything},
          {"TagResource", &Logs::tag_resource, &Logs::ask_of_tagged},
          {"UntagResource", &Logs::untag_resource, &Logs::ask_of_tagged},
          {"ListTagsForResource", &Logs::list_tags_for_resource, &Logs::ask_of_tagged},
          {"TagLogGroup", &Logs::tag_log_group, &Logs::ask_of_group},
          {"UntagLogGroup", &Logs::untag_log_group, &Logs::ask_of_group},
          {"ListTagsLogGroup", &Logs::list_tags_log_group, &Logs::ask_of_group},
      }};
  return table;
}

aws::ConditionKeys Logs::keys_of(const std::string& group, const aws::Call& call) const {
  auto keys = request_keys(call.input);
  if (const auto* found = store_.find(call.region, group))
    aws::add_resource_tags(found->tags, keys);
  return keys;
}

Logs::Question Logs::ask_of_group(const aws::Call& call) const {
  const auto group = named_group(call.input);
  const auto arn = group_arn(call.region, call.account, group);
  return {{action(call), {arn, arn + ":*"}, keys_of(group, call), ""}};
}

Logs::Question Logs::ask_of_group_or_everything(const aws::Call& call) const {
  return named_group(call.input).empty() ? ask_of_everything(call) : ask_of_group(call);
}

Logs::Question Logs::ask_to_create_group(const aws::Call& call) const {
  auto out = ask_of_group(call);
  if (!call.input.has("tags")) return out;
  out.push_back(out.front());
  out.back().action = operation_table().action("TagResource");
  return out;
}

Logs::Question Logs::ask_of_stream(const aws::Call& call) const {
  const auto group = named_group(call.input);
  const auto arn = group_arn(call.region, call.account, group) +
                   ":log-stream:" + call.input["logStreamName"].string_or("");
  return {{action(call), {arn}, keys_of(group, call), ""}};
}

}  // namespace sitelatch::logs
