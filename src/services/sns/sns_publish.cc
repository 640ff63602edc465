// SPDX-License-Identifier: Apache-2.0
// Sns: publishing, by callers and by other services.
#include "aws/auth/policy.h"
#include "aws/auth/sigv4_digest.h"
#include "base/text.h"
#include "services/sns/refusals.h"
#include "services/sns/sns.h"

namespace sitelatch::sns {
using aws::Value;

namespace {

// How AWS names the service in a refusal (fact sns-83).
std::string service_title(const std::string& principal) {
  return principal == "cloudwatch.amazonaws.com" ? "CloudWatch Alarms" : principal;
}

// What a FIFO topic needs of a message, and a standard one does not take; the id that stands for
// its content where that is the topic's choice.
aws::Outcome<Done> check_for_topic(const Topic& topic, Publication& p) {
  if (!topic.fifo()) {
    if (p.deduplication_id.empty()) return Done{};
    return invalid_parameter(
        "MessageDeduplicationId Reason: The request includes "
        "MessageDeduplicationId parameter that is not valid for this topic type");
  }
  if (p.group_id.empty())
    return invalid_parameter("The MessageGroupId parameter is required for FIFO topics");
  if (!p.deduplication_id.empty()) return Done{};
  if (topic.setting("ContentBasedDeduplication") != "true")
    return invalid_parameter(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
        "provided explicitly");
  p.deduplication_id = aws::hex_of(aws::sha256(p.message));
  return Done{};
}

// AWS's own key lets no other service use it: alarms do not reach a topic that is encrypted with it
// (fact sns-81).
bool encrypted_with_aws_key(const Topic& topic) {
  const auto key = topic.setting("KmsMasterKeyId");
  return key == "alias/aws/sns" || key.ends_with(":alias/aws/sns");
}

}  // namespace

aws::Outcome<> Sns::publish(const aws::Call& call) {
  const Value& input = call.input;
  const bool to_phone = input.has("PhoneNumber");
  if (to_phone && (input.has("TopicArn") || input.has("TargetArn")))
    return invalid_parameter(
        "PhoneNumber Reason: PhoneNumber, TopicArn and TargetArn exclude each other");
  if (!to_phone && !input.has("TopicArn") && !input.has("TargetArn"))
    return invalid_parameter("TopicArn or TargetArn Reason: no value for required parameter");
  if (input.has("TopicArn") && input.has("TargetArn"))
    return invalid_parameter("TopicArn Reason: TopicArn and TargetArn exclude each other");
  auto publication = read_publication(input);
  if (!publication) return failure(publication.error());
  if (publication->size_bytes > largest_message_bytes) return invalid_parameter("Message too long");
  if (to_phone) return publish_to_phone(input["PhoneNumber"].string(), publication->size_bytes);
  const auto arn = input.has("TopicArn") ? input["TopicArn"].string() : input["TargetArn"].string();
  if (!input.has("TopicArn") && arn.find(":endpoint/") != std::string::npos)
    return publish_to_endpoint(arn);
  auto topic = find_topic(arn, call.region);
  if (!topic) return failure(topic.error());
  if (auto fits = check_for_topic(**topic, *publication); !fits) return failure(fits.error());
  return send(**topic, std::move(*publication));
}

// FIFO topics take a message once in five minutes, and number what they take.
Value Sns::send(const Topic& topic, Publication publication) {
  if (!topic.fifo()) {
    publication.group_id.clear();
    return Value::structure({{"MessageId", deliverer_.send(topic, publication)}});
  }
  const auto now = timers_.now();
  const auto key = topic.setting("FifoThroughputScope") == "MessageGroup"
                       ? publication.group_id + " " + publication.deduplication_id
                       : publication.deduplication_id;
  if (const auto* taken = ledger_.find(topic.arn, key, now))
    return Value::structure(
        {{"MessageId", taken->message_id}, {"SequenceNumber", taken->sequence_number}});
  publication.id = ports::uuid(entropy_);
  publication.sequence_number = ledger_.take(topic.arn, key, publication.id, now);
  const auto id = deliverer_.send(topic, publication);
  return Value::structure({{"MessageId", id}, {"SequenceNumber", publication.sequence_number}});
}

aws::Outcome<> Sns::publish_batch(const aws::Call& call) {
  const Value& entries = call.input["PublishBatchRequestEntries"];
  if (auto ok = check_batch(entries); !ok) return failure(ok.error());
  auto topic = find_topic(call.input["TopicArn"].string(), call.region);
  if (!topic) return failure(topic.error());

  std::vector<Publication> publications;
  std::size_t size_bytes = 0;
  for (const auto& entry : entries.items()) {
    // One message that is not well formed fails the whole batch (fact sns-75).
    auto publication = read_publication(entry);
    if (!publication) return failure(publication.error());
    if (auto fits = check_for_topic(**topic, *publication); !fits) return failure(fits.error());
    size_bytes += publication->size_bytes;
    publications.push_back(std::move(*publication));
  }
  if (size_bytes > largest_message_bytes)
    return aws::refuse("BatchRequestTooLongException",
                       "The length of all the messages put together is more than the limit.");
  Value done = Value::list();
  for (std::size_t i = 0; i < publications.size(); ++i) {
    auto sent = send(**topic, std::move(publications[i]));
    sent.set("Id", entries.items()[i]["Id"]);
    done.push(std::move(sent));
  }
  return Value::structure({{"Successful", done}, {"Failed", Value::list()}});
}

aws::Outcome<std::string> Sns::publish_as_service(const ServiceMessage& m) {
  const Topic* found = topics_.find(m.topic_arn);
  if (!found) return not_found("Topic does not exist");
  const Topic& topic = *found;
  aws::ConditionKeys keys{{"aws:sourcearn", {m.source_arn}},
                          {"aws:sourceaccount", {m.source_account}}};
  // Alarms publish in the name of their account: that is how the default policy lets them in (fact
  // sns-80).
  if (m.service_principal == "cloudwatch.amazonaws.com")
    keys.set("aws:SourceOwner", m.source_account);
  if (!aws::resource_policy_allows(topic.policy(), m.service_principal, "SNS:Publish", topic.arn,
                                   keys))
    return aws::refuse("AuthorizationErrorException",
                       service_title(m.service_principal) +
                           " is not authorized to perform: SNS:Publish on resource: " + topic.arn);
  if (encrypted_with_aws_key(topic))
    return aws::refuse("KMSAccessDeniedException",
                       service_title(m.service_principal) +
                           " does not have authorization to access the SNS topic encryption key.");
  std::optional<std::string> subject;
  if (!m.subject.empty()) subject = m.subject;
  return publish_authorised(m.topic_arn, std::move(subject), m.message);
}

aws::Outcome<std::string> Sns::publish_authorised(const std::string& arn,
                                                  std::optional<std::string> subject,
                                                  const std::string& message,
                                                  MessageAttributes attributes) {
  const Topic* topic = topics_.find(arn);
  if (!topic) return not_found("Topic does not exist");
  Publication publication;
  publication.subject = std::move(subject);
  publication.message = message;
  publication.size_bytes = message.size();
  for (const auto& [name, attribute] : attributes)
    publication.size_bytes += name.size() + attribute.type.size() + attribute.value.size();
  publication.attributes = std::move(attributes);
  if (message.empty()) return invalid_parameter("Empty message");
  if (publication.size_bytes > largest_message_bytes) return invalid_parameter("Message too long");
  if (auto fits = check_for_topic(*topic, publication); !fits) return failure(fits.error());
  return send(*topic, std::move(publication))["MessageId"].string();
}

}  // namespace sitelatch::sns
