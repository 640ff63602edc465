// SPDX-License-Identifier: Apache-2.0
// Simple Notification Service: topics, subscriptions, publishing, and the deliveries to functions,
// http(s) endpoints and mailboxes, each retried by AWS's schedule. Regional by ARN. This answers
// the API: what it keeps is in Topics and Subscriptions, and what is published goes to the
// Deliverer; each writes through to journal tables of its own. A notification for a function goes
// to its asynchronous queue in the very call that publishes it, and so in the same journal batch:
// acknowledged means queued, neither lost nor doubled by a crash. Everything else leaves the
// process from the delivery queue. To SQS queues a notification goes as to functions; what
// endpoints this engine does not have is kept, and nothing delivered (fact sns-11).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/operation_table.h"
#include "ports/entropy.h"
#include "services/sns/deliverer.h"
#include "services/sns/dependencies.h"
#include "services/sns/fifo_ledger.h"
#include "services/sns/mobile.h"
#include "services/sns/notification.h"
#include "services/sns/subscriptions.h"
#include "services/sns/topics.h"

namespace sitelatch::sns {

class Sns final : public aws::TableService<Sns> {
 public:
  // `endpoint` is how subscribers reach this engine ("http://127.0.0.1:4566"), for the links in
  // notifications; `certificate_url` as in Envelope.
  Sns(Dependencies dependencies, std::string account, std::string endpoint,
      std::string certificate_url = {});

  static const aws::OperationTable<Sns>& operation_table();
  std::string_view model_name() const override { return "sns"; }
  bool allows_anonymous(std::string_view operation) const override;

  // Publishing by an AWS service on behalf of a resource: judged by the topic's policy alone. Gives
  // the message id.
  struct ServiceMessage {
    std::string service_principal;  // "cloudwatch.amazonaws.com"
    std::string source_arn, source_account;
    std::string topic_arn, subject, message;  // an empty subject is none
  };
  aws::Outcome<std::string> publish_as_service(const ServiceMessage& message);
  // Publishing that the caller has already authorised (a function's destination, by its role).
  // Gives the message id.
  aws::Outcome<std::string> publish_authorised(const std::string& topic_arn,
                                               std::optional<std::string> subject,
                                               const std::string& message,
                                               MessageAttributes attributes = {});
  // The policy that takes part in the authorisation of publish_authorised; nothing: no such topic.
  std::optional<std::string> topic_policy(const std::string& topic_arn) const;

  // The PEM that the gateway serves at "/SimpleNotificationService-<32 hex>.pem"; nothing: another
  // name.
  std::optional<std::string> certificate(std::string_view path) const {
    return deliverer_.certificate(path);
  }

  std::size_t deliveries_waiting() const { return deliverer_.waiting(); }

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_topic(const aws::Call& call) const;
  Question ask_to_create_topic(const aws::Call& call) const;
  Question ask_to_publish(const aws::Call& call) const;
  Question ask_to_subscribe(const aws::Call& call) const;
  Question ask_unless_by_link(const aws::Call& call) const;
  aws::Permission question_of(const std::string& topic, const aws::Call& call) const;

  aws::Outcome<> create_topic(const aws::Call&);
  aws::Outcome<> delete_topic(const aws::Call&);
  aws::Outcome<> list_topics(const aws::Call&);
  aws::Outcome<> get_topic_attributes(const aws::Call&);
  aws::Outcome<> set_topic_attributes(const aws::Call&);
  aws::Outcome<> add_permission(const aws::Call&);
  aws::Outcome<> remove_permission(const aws::Call&);
  aws::Outcome<> tag_resource(const aws::Call&);
  aws::Outcome<> untag_resource(const aws::Call&);
  aws::Outcome<> list_tags_for_resource(const aws::Call&);
  aws::Outcome<> get_data_protection_policy(const aws::Call&);
  aws::Outcome<> put_data_protection_policy(const aws::Call&);

  aws::Outcome<> subscribe(const aws::Call&);
  void subscribe_and_sign(const aws::Call&, const aws::Answer&);
  aws::Outcome<> confirm_subscription(const aws::Call&);
  aws::Outcome<> unsubscribe(const aws::Call&);
  aws::Outcome<> list_subscriptions(const aws::Call&);
  aws::Outcome<> list_subscriptions_by_topic(const aws::Call&);
  aws::Outcome<> get_subscription_attributes(const aws::Call&);
  aws::Outcome<> set_subscription_attributes(const aws::Call&);

  aws::Outcome<> publish(const aws::Call&);
  aws::Outcome<> publish_batch(const aws::Call&);
  aws::Outcome<> publish_to_endpoint(const std::string& arn);
  aws::Outcome<> publish_to_phone(const std::string& number, std::size_t bytes);

  // sns_mobile.cc
  aws::Outcome<> check_if_phone_number_is_opted_out(const aws::Call&);
  aws::Outcome<> create_platform_application(const aws::Call&);
  aws::Outcome<> create_platform_endpoint(const aws::Call&);
  aws::Outcome<> create_sms_sandbox_phone_number(const aws::Call&);
  aws::Outcome<> delete_endpoint(const aws::Call&);
  aws::Outcome<> delete_platform_application(const aws::Call&);
  aws::Outcome<> delete_sms_sandbox_phone_number(const aws::Call&);
  aws::Outcome<> get_endpoint_attributes(const aws::Call&);
  aws::Outcome<> get_platform_application_attributes(const aws::Call&);
  aws::Outcome<> get_sms_attributes(const aws::Call&);
  aws::Outcome<> get_sms_sandbox_account_status(const aws::Call&);
  aws::Outcome<> list_endpoints_by_platform_application(const aws::Call&);
  aws::Outcome<> list_origination_numbers(const aws::Call&);
  aws::Outcome<> list_phone_numbers_opted_out(const aws::Call&);
  aws::Outcome<> list_platform_applications(const aws::Call&);
  aws::Outcome<> list_sms_sandbox_phone_numbers(const aws::Call&);
  aws::Outcome<> opt_in_phone_number(const aws::Call&);
  aws::Outcome<> set_endpoint_attributes(const aws::Call&);
  aws::Outcome<> set_platform_application_attributes(const aws::Call&);
  aws::Outcome<> set_sms_attributes(const aws::Call&);
  aws::Outcome<> verify_sms_sandbox_phone_number(const aws::Call&);

  // What operations have in common (sns_topics.cc, sns_subscriptions.cc). An ARN that is garbled or
  // of another region is refused, one of nothing is not found, in the words of each operation.
  aws::Outcome<const Topic*> find_topic(const std::string& arn, const std::string& region) const;
  aws::Outcome<const Topic*> tagged_topic(const std::string& arn, const std::string& region) const;
  aws::Outcome<const Subscription*> find_subscription(const std::string& arn,
                                                      const std::string& region) const;
  aws::Outcome<Subscription> new_subscription(const aws::Call& call, const Topic& topic);
  aws::Outcome<> subscribe_again(const aws::Call& call, const Subscription& present,
                                 const Subscription& wanted);
  aws::Outcome<> subscriptions_page(const std::string& prefix, const aws::Value& token) const;

  aws::Value send(const Topic& topic, Publication publication);

  ports::Timers& timers_;
  ports::Entropy& entropy_;
  std::string account_;
  Topics topics_;
  Subscriptions subscriptions_;
  FifoLedger ledger_;
  Mobile mobile_;
  Deliverer deliverer_;
};

}  // namespace sitelatch::sns
