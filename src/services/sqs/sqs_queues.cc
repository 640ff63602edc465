// SPDX-License-Identifier: Apache-2.0
// Sqs: queues, their attributes, permissions and tags.
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "base/text.h"
#include "services/sqs/refusals.h"
#include "services/sqs/sqs.h"

namespace sitelatch::sqs {
using aws::Value;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t longest_page = 1000;

const aws::TagRules tag_rules{
    [](const std::string& key) {
      return invalid_value(key, "TagKey", "Tag keys with the prefix aws: are reserved.");
    },
    nullptr,
    [] { return invalid_parameter("Too many tags added for queue. At most 50 are allowed."); }};

aws::Outcome<Done> check_tags(const Value& tags) {
  for (const auto& [key, value] : tags.members()) {
    if (key.empty() || utf8_length(key) > 128)
      return invalid_parameter("Tag keys must be between 1 and 128 characters in length.");
    if (utf8_length(value.string_or("")) > 256)
      return invalid_parameter("Tag values must be between 0 and 256 characters in length.");
  }
  return Done{};
}

// The queue with these settings; an empty value takes one away.
aws::Outcome<Queue> with_settings(Queue queue, const Value& attributes, bool fifo) {
  for (const auto& [name, given] : attributes.members()) {
    auto value = checked_setting(name, given.string_or(""), fifo);
    if (!value) return failure(value.error());
    if (value->empty())
      queue.settings.erase(name);
    else
      queue.settings[name] = std::move(*value);
  }
  // One kind of encryption takes the other's place, unless both are asked for.
  if (attributes.has("KmsMasterKeyId") && !attributes.has("SqsManagedSseEnabled") &&
      queue.settings.contains("KmsMasterKeyId"))
    queue.settings.erase("SqsManagedSseEnabled");
  if (auto checked = check_together(queue); !checked) return failure(checked.error());
  return queue;
}

Value ordered_settings(const Queue& queue) {
  Value out = Value::structure();
  for (const char* name :
       {"VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod", "DelaySeconds",
        "ReceiveMessageWaitTimeSeconds", "Policy", "RedrivePolicy", "RedriveAllowPolicy",
        "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled", "FifoQueue",
        "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"})
    if (const auto value = queue.setting(name); !value.empty()) out.set(name, value);
  if (queue.settings.contains("KmsMasterKeyId") && !out.has("KmsDataKeyReusePeriodSeconds"))
    out.set("KmsDataKeyReusePeriodSeconds", "300");
  return out;
}

aws::Outcome<std::int64_t> page_length(const Value& most) {
  const auto asked = most.integer_or(longest_page);
  if (asked < 1 || asked > longest_page)
    return invalid_value(std::to_string(asked), "MaxResults",
                         "MaxResults must be an integer between 1 and 1000.");
  return asked;
}

}  // namespace

std::string Sqs::url_of(const aws::Call& call, const Queue& queue) const {
  return call.endpoint + "/" + account_ + "/" + queue.name;
}

aws::Outcome<Done> Sqs::check_dead_letters(const Queue& queue) const {
  const auto redrive = queue.redrive();
  if (!redrive) return Done{};
  const auto refused = [&](std::string_view why) {
    return invalid_value(queue.setting("RedrivePolicy"), "RedrivePolicy", why);
  };
  const auto arn = aws::parse_arn(redrive->target_arn);
  if (!arn || arn->account != account_ || arn->region != queue.region)
    return refused("Dead letter target owner should be same as the source.");
  const auto* target = find(redrive->target_arn);
  if (!target) return refused("Dead letter target does not exist.");
  if (target->queue.fifo() != queue.fifo())
    return refused("Dead-letter queue must be same type of queue as the source.");
  if (!target->queue.takes_dead_letters_of(queue.arn))
    return refused(
        "The dead-letter queue's redrive allow policy does not permit this source queue.");
  return Done{};
}

aws::Outcome<> Sqs::create_queue(const aws::Call& call) {
  const auto& name = call.input["QueueName"].string();
  const auto& attributes = call.input["Attributes"];
  const bool fifo = lower(attributes["FifoQueue"].string_or("")) == "true";
  if (auto checked = check_queue_name(name, fifo); !checked) return failure(checked.error());
  Queue fresh;
  fresh.region = call.region;
  fresh.name = name;
  fresh.account = account_;
  fresh.arn = queue_arn(call.region, account_, name);
  fresh.created = fresh.modified = timers_.now();
  auto wanted = with_settings(fresh, attributes, fifo);
  if (!wanted) return failure(wanted.error());

  if (const auto* present = find(fresh.arn)) {
    for (const auto& [attribute, value] : attributes.members())
      if (wanted->setting(attribute) != present->queue.setting(attribute))
        return aws::refuse("QueueNameExists",
                           fmt::format("A queue already exists with the same name and a different "
                                       "value for attribute {}",
                                       attribute));
    return Value::structure({{"QueueUrl", url_of(call, present->queue)}});
  }
  if (auto checked = check_dead_letters(*wanted); !checked) return failure(checked.error());
  if (auto checked = check_tags(call.input["tags"]); !checked) return failure(checked.error());
  auto tags = aws::with_tags({}, aws::read_tags(call.input["tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  wanted->tags = std::move(*tags);

  auto& held = queues_[fresh.arn];
  held = std::make_unique<Held>(journal_, *wanted);
  save(*held, std::move(*wanted));
  flush();
  return Value::structure({{"QueueUrl", url_of(call, held->queue)}});
}

aws::Outcome<> Sqs::delete_queue(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  Held& held = **found;
  const auto arn = held.queue.arn;
  held.backlog.clear();
  const auto [from, to] = rows_of(arn);
  journal_.erase_range(deduplication_table, from, to);
  journal_.erase("sqs.queues", arn);
  auto polls = std::move(held.polls);
  queues_.erase(arn);
  for (auto& poll : polls) {
    poll.deadline.cancel();
    poll.answer(no_such_queue());
  }
  return Value{};
}

aws::Outcome<> Sqs::get_queue_url(const aws::Call& call) {
  const auto owner = call.input["QueueOwnerAWSAccountId"].string_or(account_);
  const auto* held = find(queue_arn(call.region, owner, call.input["QueueName"].string()));
  if (!held) return no_such_queue();
  return Value::structure({{"QueueUrl", url_of(call, held->queue)}});
}

aws::Outcome<> Sqs::list_queues(const aws::Call& call) {
  auto most = page_length(call.input["MaxResults"]);
  if (!most) return failure(most.error());
  auto page = aws::Page::at("queues", call.input["NextToken"], *most);
  if (!page) return invalid_parameter("Invalid or expired next token.");
  const auto prefix = queue_arn(call.region, account_, call.input["QueueNamePrefix"].string_or(""));
  for (auto at = queues_.lower_bound(std::max(prefix, page->after()));
       at != queues_.end() && at->first.starts_with(prefix); ++at)
    if (!page->offer(at->first, [&] { return url_of(call, at->second->queue); })) break;
  Value out = Value::structure();
  if (!page->items().items().empty()) out.set("QueueUrls", page->items());
  if (call.input.has("MaxResults")) out.set("NextToken", page->next_token());
  return out;
}

aws::Outcome<> Sqs::list_dead_letter_source_queues(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  auto most = page_length(call.input["MaxResults"]);
  if (!most) return failure(most.error());
  auto page = aws::Page::at("sources", call.input["NextToken"], *most);
  if (!page) return invalid_parameter("Invalid or expired next token.");
  for (const auto& each : queues_) {
    const auto redrive = each.second->queue.redrive();
    if (!redrive || redrive->target_arn != (*found)->queue.arn) continue;
    if (!page->offer(each.first, [&] { return url_of(call, each.second->queue); })) break;
  }
  Value out = Value::structure({{"queueUrls", page->items()}});
  if (call.input.has("MaxResults")) out.set("NextToken", page->next_token());
  return out;
}

aws::Outcome<> Sqs::get_queue_attributes(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  const auto& held = **found;
  Value all = ordered_settings(held.queue);
  all.set("QueueArn", held.queue.arn);
  all.set("ApproximateNumberOfMessages", std::to_string(held.backlog.visible()));
  all.set("ApproximateNumberOfMessagesNotVisible", std::to_string(held.backlog.in_flight()));
  all.set("ApproximateNumberOfMessagesDelayed", std::to_string(held.backlog.delayed()));
  all.set("CreatedTimestamp", std::to_string(unix_seconds(held.queue.created)));
  all.set("LastModifiedTimestamp", std::to_string(unix_seconds(held.queue.modified)));
  flush();
  Value chosen = Value::structure();
  for (const auto& name : call.input["AttributeNames"].strings()) {
    if (!is_attribute(name)) return unknown_attribute(name);
    if (name == "All") chosen = all;
    if (all.has(name)) chosen.set(name, all[name]);
  }
  if (chosen.members().empty()) return Value::structure();
  return Value::structure({{"Attributes", chosen}});
}

aws::Outcome<> Sqs::set_queue_attributes(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  Held& held = **found;
  const auto& attributes = call.input["Attributes"];
  auto changed = with_settings(held.queue, attributes, held.queue.fifo());
  if (!changed) return failure(changed.error());
  if (attributes.has("RedrivePolicy"))
    if (auto checked = check_dead_letters(*changed); !checked) return failure(checked.error());
  const auto now = timers_.now();
  changed->modified = now;
  save(held, std::move(*changed));
  if (held.queue.fifo() && attributes.has("DelaySeconds"))
    held.backlog.delay_from_sending(held.queue.seconds("DelaySeconds"), now);
  held.backlog.settle(now, now - held.queue.seconds("MessageRetentionPeriod"));
  flush();
  return Value{};
}

aws::Outcome<> Sqs::purge_queue(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  Held& held = **found;
  const auto now = timers_.now();
  if (held.queue.purged && now - *held.queue.purged < 60s)
    return aws::refuse(
        "PurgeQueueInProgress",
        fmt::format("Only one PurgeQueue operation on {} is allowed every 60 seconds.",
                    held.queue.name));
  held.backlog.clear();
  Queue changed = held.queue;
  changed.purged = now;
  save(held, std::move(changed));
  flush();
  return Value{};
}

aws::Outcome<> Sqs::add_permission(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  auto policy = with_permission(
      (*found)->queue, {call.input["Label"].string(), call.input["AWSAccountIds"].strings(),
                        call.input["Actions"].strings()});
  if (!policy) return failure(policy.error());
  Queue changed = (*found)->queue;
  changed.settings["Policy"] = std::move(*policy);
  changed.modified = timers_.now();
  save(**found, std::move(changed));
  flush();
  return Value{};
}

aws::Outcome<> Sqs::remove_permission(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  auto policy = without_permission((*found)->queue, call.input["Label"].string());
  if (!policy) return failure(policy.error());
  Queue changed = (*found)->queue;
  if (policy->empty())
    changed.settings.erase("Policy");
  else
    changed.settings["Policy"] = std::move(*policy);
  changed.modified = timers_.now();
  save(**found, std::move(changed));
  flush();
  return Value{};
}

aws::Outcome<> Sqs::tag_queue(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  if (call.input["Tags"].members().empty()) return missing_parameter("Tags");
  if (auto checked = check_tags(call.input["Tags"]); !checked) return failure(checked.error());
  auto tags = aws::with_tags((*found)->queue.tags, aws::read_tags(call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  Queue changed = (*found)->queue;
  changed.tags = std::move(*tags);
  save(**found, std::move(changed));
  flush();
  return Value{};
}

aws::Outcome<> Sqs::untag_queue(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  const auto keys = call.input["TagKeys"].strings();
  if (keys.empty())
    return invalid_parameter("Tag keys must be between 1 and 128 characters in length.");
  Queue changed = (*found)->queue;
  changed.tags = aws::without_tags(changed.tags, keys);
  save(**found, std::move(changed));
  flush();
  return Value{};
}

aws::Outcome<> Sqs::list_queue_tags(const aws::Call& call) {
  auto found = find_queue(call);
  if (!found) return failure(found.error());
  const auto& tags = (*found)->queue.tags;
  if (tags.empty()) return Value::structure();
  return Value::structure({{"Tags", aws::tag_map(tags)}});
}

}  // namespace sitelatch::sqs
