// SPDX-License-Identifier: Apache-2.0
// Sns: subscriptions, from Subscribe over the confirmation to Unsubscribe.
#include "base/log.h"
#include "base/text.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/refusals.h"
#include "services/sns/sns.h"

namespace sitelatch::sns {
using aws::Value;
using State = Subscription::State;

namespace {

constexpr std::string_view token_start = "2336412f37";  // as AWS's begin
constexpr std::size_t token_digits = 192;

bool well_formed_token(std::string_view token) {
  return token.size() == token_digits && token.starts_with(token_start) &&
         token.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string fresh_token(ports::Entropy& entropy) {
  return std::string{token_start} + ports::random_hex(entropy, token_digits - token_start.size());
}

bool is_anonymous(const aws::Call& call) {
  return call.caller.kind == aws::Caller::Kind::anonymous;
}

// The model has this flag as text, its documentation as a boolean.
bool is_true(const Value& flag) {
  return flag.is_bool() ? flag.boolean() : lower(flag.string_or("")) == "true";
}

// An unsigned call names no region: the ARN in it does.
std::string region_of(const aws::Call& call, const std::string& arn) {
  const auto parts = split(arn, ':');
  return is_anonymous(call) && parts.size() > 3 ? std::string{parts[3]} : call.region;
}

// Whose owner has asked by a signed call, and needs not be asked back: all but http(s) and mail.
bool needs_no_confirmation(std::string_view protocol) {
  return !protocol.starts_with("http") && !protocol.starts_with("email");
}

// Facts sns-91, sns-92.
aws::Outcome<Done> check_fifo_endpoint(const Topic& topic, const Subscription& s) {
  if (topic.fifo() && s.protocol != "sqs")
    return invalid_parameter("Invalid protocol type: " + s.protocol);
  if (!topic.fifo() && s.protocol == "sqs" && s.endpoint.ends_with(".fifo"))
    return invalid_parameter(
        "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS "
        "topics");
  return Done{};
}

Value listed(const Subscription& s) {
  return Value::structure(
      {{"SubscriptionArn", s.state == State::pending ? "PendingConfirmation" : s.arn},
       {"Owner", s.owner},
       {"Protocol", s.protocol},
       {"Endpoint", s.endpoint},
       {"TopicArn", s.topic_arn}});
}

Value subscribe_reply(const aws::Call& call, const Subscription& present) {
  const bool wants_arn = call.input["ReturnSubscriptionArn"].boolean_or(false);
  const bool is_known = present.state == State::confirmed || wants_arn;
  return Value::structure({{"SubscriptionArn", is_known ? present.arn : "pending confirmation"}});
}

std::string as_text(bool value) { return value ? "true" : "false"; }

Value attributes_of(const Subscription& s, const Topics& topics) {
  Value out =
      Value::structure({{"SubscriptionPrincipal", s.principal},
                        {"Owner", s.owner},
                        {"RawMessageDelivery", "false"},
                        {"TopicArn", s.topic_arn},
                        {"Endpoint", s.endpoint},
                        {"Protocol", s.protocol},
                        {"PendingConfirmation", as_text(s.state == State::pending)},
                        {"ConfirmationWasAuthenticated", as_text(s.confirmed_by_signed_call)},
                        {"SubscriptionArn", s.arn}});
  for (const auto& [name, value] : s.settings)
    if (name != "FilterPolicyScope") out.set(name, value);
  if (out.has("FilterPolicy")) {
    const bool on_body = s.scope() == FilterScope::message_body;
    out.set("FilterPolicyScope", on_body ? "MessageBody" : "MessageAttributes");
  }
  if (s.protocol == "http" || s.protocol == "https")
    out.set("EffectiveDeliveryPolicy",
            effective_subscription_policy(topics.at(s.topic_arn).setting("DeliveryPolicy"),
                                          s.setting("DeliveryPolicy")));
  return out;
}

}  // namespace

aws::Outcome<Subscription> Sns::new_subscription(const aws::Call& call, const Topic& topic) {
  Subscription s;
  s.topic_arn = topic.arn;
  s.protocol = call.input["Protocol"].string();
  s.endpoint = call.input["Endpoint"].string_or("");
  s.owner = account_;
  s.principal = call.caller.principal_arn.empty() ? call.caller.arn : call.caller.principal_arn;
  if (!known_protocol(s.protocol))
    return invalid_parameter("Amazon SNS does not support this protocol string: " + s.protocol);
  if (s.endpoint.empty()) return invalid_parameter("Endpoint");
  if (auto checked = check_endpoint(s.protocol, s.endpoint); !checked)
    return failure(checked.error());
  if (auto checked = check_fifo_endpoint(topic, s); !checked) return failure(checked.error());
  // The scope first: what a policy may look like depends on it.
  for (const bool scope : {true, false})
    for (const auto& [name, value] : call.input["Attributes"].members()) {
      if ((name == "FilterPolicyScope") != scope) continue;
      auto set = set_attribute(s, name, value.string_or(""), AttributeCall::subscribe);
      if (!set) return failure(set.error());
    }
  if (s.protocol == "firehose" && s.setting("SubscriptionRoleArn").empty())
    return invalid_parameter("SubscriptionRoleArn: it is needed for the protocol firehose");
  s.arn = topic.arn + ":" + ports::uuid(entropy_);
  return s;
}

// Subscribe for an endpoint that is confirmed, or asked already (fact sns-12).
aws::Outcome<> Sns::subscribe_again(const aws::Call& call, const Subscription& present,
                                    const Subscription& wanted) {
  for (const auto& [name, value] : wanted.settings)
    if (present.setting(name) != value)
      return invalid_parameter(
          "Attributes Reason: Subscription already exists with different attributes");
  // Asking again for a pending one sends the question again (fact sns-13).
  if (present.state == State::pending)
    deliverer_.send_confirmation(confirmation(Notification::Kind::subscription_confirmation,
                                              ports::uuid(entropy_), present.topic_arn, present.arn,
                                              present.token, call.now));
  return subscribe_reply(call, present);
}

aws::Outcome<> Sns::subscribe(const aws::Call& call) {
  auto topic = find_topic(call.input["TopicArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  auto made = new_subscription(call, **topic);
  if (!made) return failure(made.error());

  if (const Subscription* present = subscriptions_.find_same(*made)) {
    if (present->state != State::deactivated) return subscribe_again(call, *present, *made);
    subscriptions_.forget(present->arn);
  }

  made->token = fresh_token(entropy_);
  made->token_made = call.now;
  const bool at_once = needs_no_confirmation(made->protocol);
  if (at_once) {
    made->state = State::confirmed;
    made->confirmed_by_signed_call = true;
  }
  const Subscription& s = subscriptions_.save(std::move(*made));
  deliverer_.need_signing_key();
  if (!is_delivered(s.protocol))
    log(LogLevel::warning, "sns",
        "the subscription of " + s.protocol + " " + s.endpoint + " to " + s.topic_arn +
            " is kept, and nothing is delivered to it: this engine has no " + s.protocol);
  if (!at_once) {
    auto question = confirmation(Notification::Kind::subscription_confirmation,
                                 ports::uuid(entropy_), s.topic_arn, s.arn, s.token, call.now);
    question.signature_version = (*topic)->signature_version();
    deliverer_.send_confirmation(std::move(question));
  }
  return subscribe_reply(call, s);
}

// A queue has its messages in the call that publishes them, so there is to be a key by then: the
// first of them is answered when it is made (fact sns-41).
void Sns::subscribe_and_sign(const aws::Call& call, const aws::Answer& answer) {
  auto outcome = subscribe(call);
  if (!outcome || call.input["Protocol"].string() != "sqs") return answer(std::move(outcome));
  deliverer_.when_signing([answer, outcome = std::move(outcome)] { answer(outcome); });
}

aws::Outcome<> Sns::confirm_subscription(const aws::Call& call) {
  const auto& arn = call.input["TopicArn"].string();
  const auto parts = split(arn, ':');
  if (parts.size() < 6 || parts[2] != "sns" || parts[3] != region_of(call, arn))
    return invalid_parameter("Topic");
  const auto& token = call.input["Token"].string();
  const Subscription* found = subscriptions_.find_by_token(token);
  if (!found) {
    if (well_formed_token(token)) return aws::refuse("InvalidParameterException", "Invalid token");
    return invalid_parameter("Token");
  }
  // The token alone identifies the subscription; of the topic only the region must be right (fact
  // sns-14).
  if (split(found->topic_arn, ':')[3] != parts[3]) return invalid_parameter("Topic");
  if (found->state != State::confirmed) {
    Subscription changed = *found;
    changed.state = State::confirmed;
    changed.confirmed_by_signed_call = !is_anonymous(call);
    changed.needs_signed_unsubscribe =
        !is_anonymous(call) && is_true(call.input["AuthenticateOnUnsubscribe"]);
    subscriptions_.save(std::move(changed));
  }
  return Value::structure({{"SubscriptionArn", found->arn}});
}

aws::Outcome<> Sns::unsubscribe(const aws::Call& call) {
  const auto& arn = call.input["SubscriptionArn"].string();
  const auto parts = split(arn, ':');
  if (parts.size() < 6)
    return invalid_parameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts.size()));
  if (parts.size() == 6) return invalid_parameter("SubscriptionId");
  if (parts[3] != region_of(call, arn)) return invalid_parameter("SubscriptionArn");
  const Subscription* found = subscriptions_.find(arn);
  if (!found) return Value{};  // fact sns-15
  if (!is_anonymous(call)) {
    subscriptions_.forget(arn);
    return Value{};
  }
  // Functions were subscribed by a signed call, and by one they leave (fact sns-16).
  if (found->needs_signed_unsubscribe || needs_no_confirmation(found->protocol))
    return aws::refuse("AuthorizationErrorException",
                       "This subscription can only be ended by a signed request");
  if (found->state != State::confirmed) return Value{};
  Subscription changed = *found;
  changed.token = fresh_token(entropy_);
  changed.token_made = call.now;
  changed.state = State::deactivated;
  const Subscription& s = subscriptions_.save(std::move(changed));
  deliverer_.send_confirmation(confirmation(Notification::Kind::unsubscribe_confirmation,
                                            ports::uuid(entropy_), s.topic_arn, s.arn, s.token,
                                            call.now));
  return Value{};
}

// The subscriptions whose ARNs begin with `prefix`, a page of them.
aws::Outcome<> Sns::subscriptions_page(const std::string& prefix, const aws::Value& token) const {
  auto page = page_at("subscriptions", token);
  if (!page) return failure(page.error());
  subscriptions_.visit(prefix, page->after(), [&](const Subscription& s) {
    return s.state == State::deactivated || page->offer(s.arn, [&] { return listed(s); });
  });
  return Value::structure({{"Subscriptions", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Sns::list_subscriptions(const aws::Call& call) {
  return subscriptions_page(topic_arn(call.region, account_, ""), call.input["NextToken"]);
}

aws::Outcome<> Sns::list_subscriptions_by_topic(const aws::Call& call) {
  auto topic = find_topic(call.input["TopicArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  return subscriptions_page((*topic)->arn + ":", call.input["NextToken"]);
}

aws::Outcome<const Subscription*> Sns::find_subscription(const std::string& arn,
                                                         const std::string& region) const {
  const auto parts = split(arn, ':');
  if (parts.size() < 6)
    return invalid_parameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts.size()));
  if (parts.size() == 6) return invalid_parameter("SubscriptionArn");
  const Subscription* found = parts[3] == region ? subscriptions_.find(arn) : nullptr;
  if (!found || found->state == State::deactivated) return not_found("Subscription does not exist");
  return found;
}

aws::Outcome<> Sns::get_subscription_attributes(const aws::Call& call) {
  auto s = find_subscription(call.input["SubscriptionArn"].string(), call.region);
  if (!s) return failure(s.error());
  return Value::structure({{"Attributes", attributes_of(**s, topics_)}});
}

aws::Outcome<> Sns::set_subscription_attributes(const aws::Call& call) {
  auto s = find_subscription(call.input["SubscriptionArn"].string(), call.region);
  if (!s) return failure(s.error());
  Subscription changed = **s;
  auto set = set_attribute(changed, call.input["AttributeName"].string(),
                           call.input["AttributeValue"].string_or(""), AttributeCall::set);
  if (!set) return failure(set.error());
  subscriptions_.save(std::move(changed));
  return Value{};
}

}  // namespace sitelatch::sns
