// SPDX-License-Identifier: Apache-2.0
// Sns: topics, their attributes, permissions and tags.
#include <algorithm>

#include "base/text.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/refusals.h"
#include "services/sns/sns.h"

namespace sitelatch::sns {
using aws::Value;

namespace {

// The attributes of CreateTopic, as far as they say something; refused ones in AWS's words.
aws::Outcome<std::map<std::string, std::string>> requested_settings(const Value& attributes) {
  std::map<std::string, std::string> out;
  for (const auto& [name, given] : attributes.members()) {
    const auto value = given.string_or("");
    if (name == "FifoTopic" && lower(value) == "false") continue;
    if (name == "FifoTopic" || name == "ContentBasedDeduplication" ||
        name == "FifoThroughputScope" || name == "ArchivePolicy")
      return invalid_parameter("Attributes Reason: Sitelatch's engine has no FIFO topics: " + name);
    if (auto checked = check_topic_attribute(name, value); !checked) {
      if (checked.error().message != "Invalid parameter: AttributeName")
        return failure(checked.error());
      return invalid_parameter("Attributes Reason: Unknown attribute " + name);
    }
    if (!value.empty()) out[name] = value;
  }
  return out;
}

bool has_all_tags(const aws::Tags& present, const aws::Tags& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& tag) {
    const auto* value = aws::find_tag(present, tag.key);
    return value && *value == tag.value;
  });
}

// CreateTopic for a name that is taken: fact sns-2.
aws::Outcome<> same_topic(const Topic& topic, const std::map<std::string, std::string>& settings,
                          const aws::Tags& tags) {
  for (const auto& [name, value] : settings)
    if (topic.setting(name) != value)
      return invalid_parameter("Attributes Reason: Topic already exists with different attributes");
  if (!has_all_tags(topic.tags, tags))
    return invalid_parameter("Tags Reason: Topic already exists with different tags");
  return Value::structure({{"TopicArn", topic.arn}});
}

// The topic with one attribute set; an empty value is none.
Topic with_setting(Topic topic, const std::string& name, const std::string& value) {
  if (value.empty())
    topic.settings.erase(name);
  else
    topic.settings[name] = value;
  return topic;
}

}  // namespace

aws::Outcome<const Topic*> Sns::find_topic(const std::string& arn,
                                           const std::string& region) const {
  const auto parts = split(arn, ':');
  if (parts.size() < 6)
    return invalid_parameter("TopicArn Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts.size()));
  if (parts[0] != "arn" || parts[2] != "sns" || parts[3] != region)
    return invalid_parameter("TopicArn");
  const Topic* found = topics_.find(arn);
  if (!found) return not_found("Topic does not exist");
  return found;
}

aws::Outcome<const Topic*> Sns::tagged_topic(const std::string& arn,
                                             const std::string& region) const {
  auto topic = find_topic(arn, region);
  if (!topic && topic.error().code == "NotFoundException")
    return aws::refuse("ResourceNotFoundException", "Resource does not exist");
  return topic;
}

aws::Outcome<> Sns::create_topic(const aws::Call& call) {
  const auto& name = call.input["Name"].string();
  if (name.ends_with(".fifo"))
    return invalid_parameter("Topic Name Reason: Sitelatch's engine has no FIFO topics");
  if (!valid_topic_name(name)) return invalid_parameter("Topic Name");
  if (call.input.has("DataProtectionPolicy"))
    return invalid_parameter(
        "DataProtectionPolicy Reason: Sitelatch's engine does not inspect messages");
  auto settings = requested_settings(call.input["Attributes"]);
  if (!settings) return failure(settings.error());
  const auto wanted = aws::read_tags(call.input["Tags"]);
  auto tags = aws::with_tags({}, wanted, tag_rules);
  if (!tags) return failure(tags.error());

  const auto arn = topic_arn(call.region, account_, name);
  if (const Topic* present = topics_.find(arn)) return same_topic(*present, *settings, wanted);
  topics_.save({call.region, name, arn, account_, std::move(*settings), std::move(*tags)});
  return Value::structure({{"TopicArn", arn}});
}

aws::Outcome<> Sns::delete_topic(const aws::Call& call) {
  auto topic = find_topic(call.input["TopicArn"].string(), call.region);
  if (!topic) {
    if (topic.error().code == "NotFoundException") return Value{};  // fact sns-3
    return failure(topic.error());
  }
  const std::string arn = (*topic)->arn;
  subscriptions_.forget_topic(arn);
  topics_.erase(arn);
  return Value{};
}

aws::Outcome<> Sns::list_topics(const aws::Call& call) {
  auto page = page_at("topics", call.input["NextToken"]);
  if (!page) return failure(page.error());
  topics_.visit(topic_arn(call.region, account_, ""), page->after(), [&](const Topic& topic) {
    return page->offer(topic.arn, [&] { return Value::structure({{"TopicArn", topic.arn}}); });
  });
  return Value::structure({{"Topics", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Sns::get_topic_attributes(const aws::Call& call) {
  auto found = find_topic(call.input["TopicArn"].string(), call.region);
  if (!found) return failure(found.error());
  const Topic& topic = **found;
  int confirmed = 0, pending = 0;
  subscriptions_.visit_topic(topic.arn, [&](const Subscription& s) {
    confirmed += s.state == Subscription::State::confirmed;
    pending += s.state == Subscription::State::pending;
  });
  Value attributes = Value::structure(
      {{"Policy", topic.policy()},
       {"Owner", topic.owner},
       {"SubscriptionsPending", std::to_string(pending)},
       {"TopicArn", topic.arn},
       {"EffectiveDeliveryPolicy", effective_topic_policy(topic.setting("DeliveryPolicy"))},
       {"SubscriptionsConfirmed", std::to_string(confirmed)},
       {"DisplayName", topic.setting("DisplayName")},
       {"SubscriptionsDeleted", "0"}});
  for (const auto& [name, value] : topic.settings) attributes.set(name, value);
  return Value::structure({{"Attributes", attributes}});
}

aws::Outcome<> Sns::set_topic_attributes(const aws::Call& call) {
  auto topic = find_topic(call.input["TopicArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  const auto& name = call.input["AttributeName"].string();
  const auto value = call.input["AttributeValue"].string_or("");
  if (auto checked = check_topic_attribute(name, value); !checked) return failure(checked.error());
  topics_.save(with_setting(**topic, name, value));
  return Value{};
}

aws::Outcome<> Sns::add_permission(const aws::Call& call) {
  auto topic = find_topic(call.input["TopicArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  auto policy =
      with_permission(**topic, {call.input["Label"].string(), call.input["AWSAccountId"].strings(),
                                call.input["ActionName"].strings()});
  if (!policy) return failure(policy.error());
  topics_.save(with_setting(**topic, "Policy", *policy));
  return Value{};
}

aws::Outcome<> Sns::remove_permission(const aws::Call& call) {
  auto topic = find_topic(call.input["TopicArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  auto policy = without_permission(**topic, call.input["Label"].string());
  if (!policy) return failure(policy.error());
  topics_.save(with_setting(**topic, "Policy", *policy));
  return Value{};
}

aws::Outcome<> Sns::tag_resource(const aws::Call& call) {
  auto topic = tagged_topic(call.input["ResourceArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  auto tags = aws::with_tags((*topic)->tags, aws::read_tags(call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  Topic changed = **topic;
  changed.tags = std::move(*tags);
  topics_.save(std::move(changed));
  return Value::structure();
}

aws::Outcome<> Sns::untag_resource(const aws::Call& call) {
  auto topic = tagged_topic(call.input["ResourceArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  Topic changed = **topic;
  changed.tags = aws::without_tags(changed.tags, call.input["TagKeys"].strings());
  topics_.save(std::move(changed));
  return Value::structure();
}

aws::Outcome<> Sns::list_tags_for_resource(const aws::Call& call) {
  auto topic = tagged_topic(call.input["ResourceArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  return Value::structure({{"Tags", aws::tag_list((*topic)->tags)}});
}

// No topic here has one (CreateTopic refuses it): Terraform asks all the same.
aws::Outcome<> Sns::get_data_protection_policy(const aws::Call& call) {
  auto topic = tagged_topic(call.input["ResourceArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  return Value::structure({{"DataProtectionPolicy", ""}});
}

std::optional<std::string> Sns::topic_policy(const std::string& arn) const {
  const Topic* topic = topics_.find(arn);
  if (!topic) return std::nullopt;
  return topic->policy();
}

}  // namespace sitelatch::sns
