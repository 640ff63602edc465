// SPDX-License-Identifier: Apache-2.0
// CloudWatch Logs, as AWS's clients see it: operations over LogStore. State is kept per region.
#pragma once

#include <string>

#include "aws/service/operation_table.h"
#include "services/logs/log_store.h"

namespace sitelatch::logs {

class Logs final : public aws::TableService<Logs> {
 public:
  Logs(ports::Journal& journal, ports::Timers& timers, std::string account);

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
  // tag_operations.cc
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
  aws::Outcome<> add_tags(aws::Outcome<Group*> group, const aws::Value& added);
  aws::Outcome<> remove_tags(aws::Outcome<Group*> group, const aws::Value& keys);

  LogStore store_;
  std::string account_;
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
