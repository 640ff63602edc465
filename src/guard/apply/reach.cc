// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/reach.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/config_observe.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

std::size_t confirmed(const std::vector<ObservedSubscription>& subscriptions) {
  return static_cast<std::size_t>(std::count_if(subscriptions.begin(), subscriptions.end(),
                                                [](const auto& one) { return !one.pending; }));
}

Failure<Error> nobody_is_told(const std::string& why, const std::string& id, Form form) {
  return failure(error_of(
      Error::Kind::refused,
      fmt::format("{}, so nobody would hear of a latch either: sitelatch deploy {}{} --notify "
                  "ENDPOINT",
                  why, id, form == Form::config ? " --form config" : "")));
}

Result<PeopleTopic, Error> people_of_guide(Context& context, const std::string& id) {
  const auto seen = view(context.aws, context.clock, id, context.chain_and_records());
  if (!seen) return failure(seen.error());
  const auto& o = seen->snapshot.observed;
  if (!o.notify_topic) return nobody_is_told("The guard has no topic for people", id, Form::guide);
  return PeopleTopic{o.notify_topic->arn, seen->plan.notify_topic.region,   id, site_name(*seen),
                     Form::guide,         confirmed(o.notify_subscriptions)};
}

Result<PeopleTopic, Error> people_of_config(Context& context, const std::string& id) {
  ConfigLook how;
  how.dns = how.probes = false;
  const auto seen = look_at_config(context, id, how);
  if (!seen) return failure(seen.error());
  const auto& people = seen->observed.people;
  if (!people.topic) return nobody_is_told("The guard has no topic for people", id, Form::config);
  auto name = people.site;
  if (name.ends_with('.')) name.pop_back();
  return PeopleTopic{people.topic->arn,
                     seen->plan.region,
                     id,
                     name,
                     Form::config,
                     confirmed(people.subscriptions)};
}

client::Outcome<Texts> tags_of(Context& context, const PeopleTopic& topic) {
  const auto read = context.aws.call("sns", "ListTagsForResource",
                                     Value::structure({{"ResourceArn", topic.arn}}), topic.region);
  if (!read) return failure(read.error());
  Texts tags;
  for (const auto& each : (*read)["Tags"].items())
    tags[each["Key"].string_or("")] = each["Value"].string_or("");
  return tags;
}

client::Outcome<Value> put_tag(Context& context, const PeopleTopic& topic, std::string_view key,
                               const std::string& value) {
  return context.aws.call(
      "sns", "TagResource",
      Value::structure(
          {{"ResourceArn", topic.arn},
           {"Tags", Value::list({Value::structure({{"Key", key}, {"Value", value}})})}}),
      topic.region);
}

std::string find(const Texts& tags, std::string_view key) {
  const auto found = tags.find(std::string{key});
  return found == tags.end() ? std::string{} : found->second;
}

Instant aws_now(Context& context) {
  return Instant{context.clock.now().time_since_epoch()} + context.aws.clock_offset();
}

}  // namespace

Result<PeopleTopic, Error> people_of(Context& context, const std::string& id, Form form) {
  if (form == Form::config) return people_of_config(context, id);
  if (form == Form::engine)
    return failure(error_of(Error::Kind::refused,
                            "The form engine tells nobody, so nobody can be reached by it."));
  return people_of_guide(context, id);
}

std::optional<Error> nobody_hears(const PeopleTopic& topic) {
  if (topic.subscribed > 0) return std::nullopt;
  return nobody_is_told("Nobody has confirmed a subscription to topic " + topic.arn,
                        topic.health_check_id, topic.form)
      .error;
}

Result<std::string> Reach::ask(const PeopleTopic& topic) {
  topic_ = topic;
  const auto code = ports::random_text(context_.entropy, 8, code_letters);
  asked_at_ = context_.clock.now();
  const auto at = aws_now(context_);
  const Asked asked{digest_of_code(code), at, at + *options_.limit};
  const auto tagged = put_tag(context_, topic_, tag::asked, tag_text(asked));
  if (!tagged)
    return failure(Problem{
        client::explain(tagged.error(), "note the drill's question on topic " + topic_.arn)});
  asked_ = asked;
  const auto sent = publish(context_, topic_.arn, topic_.region,
                            message_of(asked, code, topic_.health_check_id, topic_.dns_name));
  if (!sent) return failure(sent.error());
  return fmt::format(
      "asked {} on topic {} to answer within {}",
      counted(static_cast<std::int64_t>(topic_.subscribed), "subscriber", "subscribers"),
      topic_.arn, sitelatch::describe(*options_.limit));
}

std::optional<Acknowledged> Reach::look() {
  for (auto line = options_.typed(); line; line = options_.typed()) {
    if (digest_of_code(*line) == asked_->digest)
      return Acknowledged{asked_->digest, aws_now(context_), ""};
    if (!trim(*line).empty()) context_.progress("That is not the code in the message.");
  }
  const auto tags = tags_of(context_, topic_);
  unseen_ = tags ? "" : client::explain(tags.error(), "see whether somebody has answered");
  if (!tags) return std::nullopt;  // looked for again
  auto given = read_acknowledged(find(*tags, tag::acknowledged));
  if (given && given->digest == asked_->digest) return given;
  return std::nullopt;
}

Result<std::string> Reach::wait() {
  client::Backoff backoff;
  backoff.every = std::chrono::seconds{1};
  backoff.growth = 1.2;
  backoff.longest = std::chrono::seconds{5};
  backoff.at_most = std::max(
      Duration::zero(),
      *options_.limit - std::chrono::duration_cast<Duration>(context_.clock.now() - asked_at_));
  context_.progress("Waiting for the code that was sent: sitelatch acknowledge " +
                    topic_.health_check_id + " CODE, or type it here.");
  (void)client::wait_until(context_.clock, backoff, [this] {
    given_ = look();
    return given_.has_value();
  });
  waited_ = true;
  if (!given_)
    return failure(Problem{fmt::format(
        "nobody was reached: the code was not given back within {}{}. Who is subscribed: aws sns "
        "list-subscriptions-by-topic --topic-arn {}",
        sitelatch::describe(*options_.limit), unseen_.empty() ? "" : " (" + unseen_ + ")",
        topic_.arn)});
  return outcome() +
         (given_->who.empty() ? ", by the code typed here" : ", answered by " + given_->who);
}

std::string Reach::outcome() const {
  if (!asked_) return {};
  if (!given_) return waited_ ? "nobody was reached" : "nobody had answered when it ended";
  const auto took = std::max(Duration{std::chrono::seconds{1}}, given_->at - asked_->at);
  return "a person was reached after " +
         sitelatch::describe(std::chrono::duration_cast<std::chrono::seconds>(took));
}

Result<Done> Reach::close() {
  if (!asked_) return Done{};
  if (!given_ && !waited_) given_ = look();
  const auto gone = context_.aws.call(
      "sns", "UntagResource",
      Value::structure(
          {{"ResourceArn", topic_.arn}, {"TagKeys", Value::list({tag::asked, tag::acknowledged})}}),
      topic_.region);
  if (!gone && !client::is_absent(gone.error()))
    return failure(Problem{
        client::explain(gone.error(), "take the drill's question from topic " + topic_.arn)});
  if (!given_ && !unseen_.empty()) return failure(Problem{unseen_});
  return Done{};
}

Result<Asked, Error> acknowledge(Context& context, const std::string& id, Form form,
                                 const std::string& code) {
  const auto topic = people_of(context, id, form);
  if (!topic) return failure(topic.error());
  const auto tags = tags_of(context, *topic);
  if (!tags) return failure(error_of(tags.error(), "see whether a drill waits for this code"));
  const auto asked = read_asked(find(*tags, tag::asked));
  const auto now = aws_now(context);
  if (const auto why = not_waited_for(asked, code, now))
    return failure(error_of(Error::Kind::refused, "Not taken: " + *why + "."));
  const auto caller = read_caller(context.aws);
  if (!caller) return failure(error_of(caller.error(), "see who you are"));
  const auto tagged = put_tag(context, *topic, tag::acknowledged,
                              tag_text(Acknowledged{asked->digest, now, caller->arn}));
  if (!tagged) return failure(error_of(tagged.error(), "give the code back"));
  return *asked;
}

}  // namespace sitelatch::guard
