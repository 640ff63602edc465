// SPDX-License-Identifier: Apache-2.0
// CloudWatch, as AWS's clients see it: operations over MetricStore, AlarmBook and AlarmHistory.
// State is kept per region. Operations that are not listed are not faked; the gateway answers AWS's
// error for them.
#pragma once

#include <string>

#include "aws/service/operation_table.h"
#include "services/cloudwatch/alarm_actions.h"
#include "services/cloudwatch/alarm_book.h"
#include "services/cloudwatch/alarm_history.h"
#include "services/cloudwatch/composite_book.h"
#include "services/cloudwatch/metric_store.h"
#include "services/cloudwatch/mute_book.h"
#include "services/cloudwatch/stored_rows.h"

namespace sitelatch::cloudwatch {

class CloudWatch final : public aws::TableService<CloudWatch> {
 public:
  CloudWatch(ports::Journal& journal, ports::Timers& timers, ports::Entropy& entropy,
             AlarmActions& actions, std::string account, const Conditions* conditions = nullptr);

  static const aws::OperationTable<CloudWatch>& operation_table();
  std::string_view model_name() const override { return "cloudwatch"; }
  std::size_t largest_body(std::string_view operation) const override {
    return operation == "PutMetricData" ? 1u << 20 : 4u << 20;
  }

  // One sample of a metric that the engine itself measures (AWS/Route53, AWS/Lambda, AWS/SNS,
  // AWS/Events): kept at once, durable within a minute (fact cloudwatch-2), or with this batch
  // where losing it would delay what rests on it. Samples from before 1970 or older than 15 days
  // are dropped.
  enum class Durable { within_a_minute, with_this_batch };
  void put_datum(const std::string& region, const std::string& name_space, const std::string& name,
                 const std::vector<Dimension>& dimensions, double value, std::string_view unit,
                 Instant at, Durable durable = Durable::within_a_minute, double samples = 1);

  // For what rests on a metric by an alarm's settings (health checks): the alarm, or nullptr; and
  // what its metric says by such settings, whatever the alarm's state is.
  const MetricAlarm* alarm(std::string_view region, std::string_view name) const {
    return alarms_.find(region, name);
  }
  Verdict judge(const MetricAlarm& settings, Instant now) const {
    return alarms_.judge(settings, now);
  }

  // How many metric alarms are in which state, of all regions.
  std::map<State, std::size_t> alarms_by_state() const { return alarms_.by_state(); }

  // Writes measured samples that still wait, for an orderly end.
  void flush() { metrics_.flush(); }

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_alarm(const aws::Call& call) const;
  Question ask_of_named_alarms(const aws::Call& call) const;
  Question ask_to_put_alarm(const aws::Call& call) const;
  Question ask_to_put_composite(const aws::Call& call) const;
  Question ask_to_describe_alarms(const aws::Call& call) const;
  Question ask_of_tagged_alarm(const aws::Call& call) const;
  Question ask_to_put_mute_rule(const aws::Call& call) const;
  Question ask_of_mute_rule(const aws::Call& call) const;
  Question ask_of_dashboard(const aws::Call& call) const;
  Question ask_of_insight_rules(const aws::Call& call) const;
  Question ask_of_metric_streams(const aws::Call& call) const;
  // One question about a thing by its ARN, with its tags and the request's.
  aws::Permission question_about(const std::string& arn, const aws::Call& call) const;
  Question ask_to_put_data(const aws::Call& call) const;
  aws::Permission question_of(const std::string& alarm, aws::ConditionKeys keys,
                              const aws::Call& call) const;

  using Handler = aws::Outcome<>;
  // metric_operations.cc
  Handler put_metric_data(const aws::Call& call);
  Handler get_metric_statistics(const aws::Call& call);
  Handler get_metric_data(const aws::Call& call);
  Handler list_metrics(const aws::Call& call);
  // alarm_operations.cc
  Handler put_metric_alarm(const aws::Call& call);
  Handler describe_alarms(const aws::Call& call);
  Handler describe_alarms_for_metric(const aws::Call& call);
  Handler describe_alarm_history(const aws::Call& call);
  Handler delete_alarms(const aws::Call& call);
  Handler set_alarm_state(const aws::Call& call);
  Handler enable_alarm_actions(const aws::Call& call);
  Handler disable_alarm_actions(const aws::Call& call);
  Handler describe_alarm_contributors(const aws::Call& call);
  // composite_operations.cc
  Handler put_composite_alarm(const aws::Call& call);
  // mute_operations.cc
  Handler put_alarm_mute_rule(const aws::Call& call);
  Handler get_alarm_mute_rule(const aws::Call& call);
  Handler list_alarm_mute_rules(const aws::Call& call);
  Handler delete_alarm_mute_rule(const aws::Call& call);
  // dashboard_operations.cc
  Handler put_dashboard(const aws::Call& call);
  Handler get_dashboard(const aws::Call& call);
  Handler list_dashboards(const aws::Call& call);
  Handler delete_dashboards(const aws::Call& call);
  // insight_operations.cc
  Handler put_insight_rule(const aws::Call& call);
  Handler describe_insight_rules(const aws::Call& call);
  Handler enable_insight_rules(const aws::Call& call);
  Handler disable_insight_rules(const aws::Call& call);
  Handler delete_insight_rules(const aws::Call& call);
  Handler get_insight_rule_report(const aws::Call& call);
  Handler put_managed_insight_rules(const aws::Call& call);
  Handler list_managed_insight_rules(const aws::Call& call);
  Handler put_anomaly_detector(const aws::Call& call);
  Handler delete_anomaly_detector(const aws::Call& call);
  Handler describe_anomaly_detectors(const aws::Call& call);
  Handler put_metric_stream(const aws::Call& call);
  Handler get_metric_stream(const aws::Call& call);
  Handler list_metric_streams(const aws::Call& call);
  Handler delete_metric_stream(const aws::Call& call);
  Handler run_metric_streams(const aws::Call& call);
  Handler get_otel_enrichment(const aws::Call& call);
  Handler stop_otel_enrichment(const aws::Call& call);
  Handler start_otel_enrichment(const aws::Call& call);
  // `state` null: deletes them.
  Handler set_insight_rules(const aws::Call& call, const char* state);
  // tag_operations.cc
  Handler tag_resource(const aws::Call& call);
  Handler untag_resource(const aws::Call& call);
  Handler list_tags_for_resource(const aws::Call& call);

  std::string alarm_arn(const aws::Call& call, std::string_view name) const;
  // Of either type; nullptr: there is none.
  const AlarmBasics* any_alarm(std::string_view region, std::string_view name) const;
  Handler related_alarms(const aws::Call& call) const;
  void enable(const aws::Call& call, bool enabled);
  static std::string mute_rule_arn(const aws::Call& call, std::string_view name);
  static std::string dashboard_arn(const aws::Call& call, std::string_view name);
  static std::string insight_rule_arn(const aws::Call& call, std::string_view name);
  // The tags of whatever has this ARN; nothing: there is no such thing.
  std::optional<aws::Tags> tags_of(const aws::Call& call, const std::string& arn) const;
  void set_tags(const aws::Call& call, const std::string& arn, aws::Tags tags);

  ports::Timers& timers_;
  MetricStore metrics_;
  AlarmHistory history_;
  MuteBook mutes_;
  AlarmBook alarms_;
  CompositeBook composites_;
  StoredRows dashboards_;         // by name
  StoredRows insight_rules_;      // by <region>/<name>
  StoredRows anomaly_detectors_;  // by <region>/<what it watches>
};

}  // namespace sitelatch::cloudwatch
