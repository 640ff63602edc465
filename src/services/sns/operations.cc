// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (fact sns-82).
#include "services/sns/sns.h"

namespace sitelatch::sns {
namespace {
using aws::Permission;

std::string topic_of(const aws::Call& call) {
  for (const char* member : {"TopicArn", "TargetArn", "ResourceArn"})
    if (call.input.has(member)) return call.input[member].string();
  return "*";
}

}  // namespace

const aws::OperationTable<Sns>& Sns::operation_table() {
  static const aws::OperationTable<Sns> table{
      "SNS",
      {
          {"CreateTopic", &Sns::create_topic, &Sns::ask_to_create_topic},
          {"DeleteTopic", &Sns::delete_topic, &Sns::ask_of_topic},
          {"ListTopics", &Sns::list_topics, &Sns::ask_of_everything},
          {"GetTopicAttributes", &Sns::get_topic_attributes, &Sns::ask_of_topic},
          {"SetTopicAttributes", &Sns::set_topic_attributes, &Sns::ask_of_topic},
          {"AddPermission", &Sns::add_permission, &Sns::ask_of_topic},
          {"RemovePermission", &Sns::remove_permission, &Sns::ask_of_topic},
          {"TagResource", &Sns::tag_resource, &Sns::ask_of_topic},
          {"UntagResource", &Sns::untag_resource, &Sns::ask_of_topic},
          {"ListTagsForResource", &Sns::list_tags_for_resource, &Sns::ask_of_topic},
          {"GetDataProtectionPolicy", &Sns::get_data_protection_policy, &Sns::ask_of_topic},
          {"PutDataProtectionPolicy", &Sns::put_data_protection_policy, &Sns::ask_of_topic},
          {"Subscribe", &Sns::subscribe_and_sign, &Sns::ask_to_subscribe},
          {"ConfirmSubscription", &Sns::confirm_subscription, &Sns::ask_unless_by_link},
          {"Unsubscribe", &Sns::unsubscribe, &Sns::ask_unless_by_link},
          {"ListSubscriptions", &Sns::list_subscriptions, &Sns::ask_of_everything},
          {"ListSubscriptionsByTopic", &Sns::list_subscriptions_by_topic, &Sns::ask_of_topic},
          {"GetSubscriptionAttributes", &Sns::get_subscription_attributes, &Sns::ask_of_everything},
          {"SetSubscriptionAttributes", &Sns::set_subscription_attributes, &Sns::ask_of_everything},
          {"Publish", &Sns::publish, &Sns::ask_to_publish},
          {"PublishBatch", &Sns::publish_batch, &Sns::ask_to_publish},
          // Of phones IAM knows no resources.
          {"CheckIfPhoneNumberIsOptedOut", &Sns::check_if_phone_number_is_opted_out,
           &Sns::ask_of_everything},
          {"CreatePlatformApplication", &Sns::create_platform_application, &Sns::ask_of_everything},
          {"CreatePlatformEndpoint", &Sns::create_platform_endpoint, &Sns::ask_of_everything},
          {"CreateSMSSandboxPhoneNumber", &Sns::create_sms_sandbox_phone_number,
           &Sns::ask_of_everything},
          {"DeleteEndpoint", &Sns::delete_endpoint, &Sns::ask_of_everything},
          {"DeletePlatformApplication", &Sns::delete_platform_application, &Sns::ask_of_everything},
          {"DeleteSMSSandboxPhoneNumber", &Sns::delete_sms_sandbox_phone_number,
           &Sns::ask_of_everything},
          {"GetEndpointAttributes", &Sns::get_endpoint_attributes, &Sns::ask_of_everything},
          {"GetPlatformApplicationAttributes", &Sns::get_platform_application_attributes,
           &Sns::ask_of_everything},
          {"GetSMSAttributes", &Sns::get_sms_attributes, &Sns::ask_of_everything},
          {"GetSMSSandboxAccountStatus", &Sns::get_sms_sandbox_account_status,
           &Sns::ask_of_everything},
          {"ListEndpointsByPlatformApplication", &Sns::list_endpoints_by_platform_application,
           &Sns::ask_of_everything},
          {"ListOriginationNumbers", &Sns::list_origination_numbers, &Sns::ask_of_everything},
          {"ListPhoneNumbersOptedOut", &Sns::list_phone_numbers_opted_out, &Sns::ask_of_everything},
          {"ListPlatformApplications", &Sns::list_platform_applications, &Sns::ask_of_everything},
          {"ListSMSSandboxPhoneNumbers", &Sns::list_sms_sandbox_phone_numbers,
           &Sns::ask_of_everything},
          {"OptInPhoneNumber", &Sns::opt_in_phone_number, &Sns::ask_of_everything},
          {"SetEndpointAttributes", &Sns::set_endpoint_attributes, &Sns::ask_of_everything},
          {"SetPlatformApplicationAttributes", &Sns::set_platform_application_attributes,
           &Sns::ask_of_everything},
          {"SetSMSAttributes", &Sns::set_sms_attributes, &Sns::ask_of_everything},
          {"VerifySMSSandboxPhoneNumber", &Sns::verify_sms_sandbox_phone_number,
           &Sns::ask_of_everything},
      }};
  return table;
}

Permission Sns::question_of(const std::string& topic, const aws::Call& call) const {
  Permission asked{action(call), {topic}, {}, ""};
  aws::add_request_tags(aws::read_tags(call.input["Tags"]), call.input["TagKeys"].strings(),
                        asked.keys);
  if (const Topic* found = topics_.find(topic)) {
    asked.resource_policy = found->policy();
    aws::add_resource_tags(found->tags, asked.keys);
  }
  return asked;
}

Sns::Question Sns::ask_of_topic(const aws::Call& call) const {
  return {question_of(topic_of(call), call)};
}

Sns::Question Sns::ask_to_create_topic(const aws::Call& call) const {
  const auto topic = topic_arn(call.region, account_, call.input["Name"].string_or(""));
  Question out{question_of(topic, call)};
  if (call.input["Tags"].items().empty()) return out;
  out.push_back(out.front());
  out.back().action = operation_table().action("TagResource");
  return out;
}

Sns::Question Sns::ask_to_publish(const aws::Call& call) const {
  auto asked = question_of(topic_of(call), call);
  asked.action = operation_table().action("Publish");  // PublishBatch has no action of its own
  return {std::move(asked)};
}

Sns::Question Sns::ask_to_subscribe(const aws::Call& call) const {
  auto asked = question_of(topic_of(call), call);
  asked.keys.set("sns:Protocol", call.input["Protocol"].string_or(""));
  asked.keys.set("sns:Endpoint", call.input["Endpoint"].string_or(""));
  return {std::move(asked)};
}

// The links in confirmations and notifications carry their own authority: the token, or the
// subscription's choice.
Sns::Question Sns::ask_unless_by_link(const aws::Call& call) const {
  if (call.caller.kind == aws::Caller::Kind::anonymous) return {};
  return call.input.has("TopicArn") ? ask_of_topic(call) : ask_of_everything(call);
}

}  // namespace sitelatch::sns
