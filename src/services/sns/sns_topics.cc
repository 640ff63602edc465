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
aws::Outcome<std::map<std::string, std::string>> requested_settings(const Value& attributes,
                                                                    bool fifo) {
  std::map<std::string, std::string> out;
  if (fifo) out = {{"FifoTopic", "true"}, {"ContentBasedDeduplication", "false"}};
  for (const auto& [name, given] : attributes.members()) {
    const auto value = given.string_or("");
    if (name == "FifoTopic") {
      if (lower(value) == "true" || lower(value) == "false") continue;
      return invalid_parameter("Attributes Reason: FifoTopic must be true or false");
    }
    if (name == "ContentBasedDeduplication" && !fifo)
      return invalid_parameter(
          "Attributes Reason: Content-based deduplication can only be set for FIFO topics");
    if (auto checked = check_topic_attribute(name, value, fifo); !checked) {
      if (checked.error().message != "Invalid parameter: AttributeName")
        return failure(checked.error());
      return invalid_parameter("Attributes Reason: Unknown attribute " + name);
    }
    if (!value.empty()) out[name] = name == "ContentBasedDeduplication" ? lower(value) : value;
  }
  return out;
}

// Kept as it is; nothing is inspected (fact sns-9).
aws::Outcome<Done> check_data_protection(const std::string& policy) {
  if (policy.empty()) return Done{};
  const auto document = aws::from_json(policy);
  if (!document || !document->is_struct() || !(*document)["Statement"].is_list())
    return invalid_parameter(
        "DataProtectionPolicy Reason: it is no JSON document with a Statement");
  return Done{};
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
  const bool fifo = lower(call.input["Attributes"]["FifoTopic"].string_or("")) == "true";
  constexpr std::string_view suffix = ".fifo";
  if (fifo && (!name.ends_with(suffix) || name.size() > 256 ||
               !valid_topic_name(std::string_view{name}.substr(0, name.size() - suffix.size()))))
    return aws::refuse(
        "InvalidParameterException",
        "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase "
        "ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 "
        "characters "
        "long.");
  if (!fifo && !valid_topic_name(name)) return invalid_parameter("Topic Name");
  const auto protection = call.input["DataProtectionPolicy"].string_or("");
  if (auto checked = check_data_protection(protection); !checked) return failure(checked.error());
  auto settings = requested_settings(call.input["Attributes"], fifo);
  if (!settings) return failure(settings.error());
  const auto wanted = aws::read_tags(call.input["Tags"]);
  auto tags = aws::with_tags({}, wanted, tag_rules);
  if (!tags) return failure(tags.error());

  const auto arn = topic_arn(call.region, account_, name);
  if (const Topic* present = topics_.find(arn)) return same_topic(*present, *settings, wanted);
  topics_.save(
      {call.region, name, arn, account_, std::move(*settings), std::move(*tags), protection});
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
  ledger_.forget_topic(arn);
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
  if (auto checked = check_topic_attribute(name, value, (*topic)->fifo()); !checked)
    return failure(checked.error());
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

aws::Outcome<> Sns::put_data_protection_policy(const aws::Call& call) {
  auto topic = tagged_topic(call.input["ResourceArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  const auto& policy = call.input["DataProtectionPolicy"].string();
  if (auto checked = check_data_protection(policy); !checked) return failure(checked.error());
  Topic changed = **topic;
  changed.data_protection = policy;
  topics_.save(std::move(changed));
  return Value{};
}

aws::Outcome<> Sns::get_data_protection_policy(const aws::Call& call) {
  auto topic = tagged_topic(call.input["ResourceArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  return Value::structure({{"DataProtectionPolicy", (*topic)->data_protection}});
}

std::optional<std::string> Sns::topic_policy(const std::string& arn) const {
  const Topic* topic = topics_.find(arn);
  if (!topic) return std::nullopt;
  return topic->policy();
}

}  // namespace sitelatch::sns
