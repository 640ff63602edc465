// SPDX-License-Identifier: Apache-2.0
// Sns: subscriptions, from Subscribe over the confirmation to Unsubscribe.
#include <algorithm>

#include "base/check.h"
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

std::string endpoint_key(const Subscription& s) {
  return s.topic_arn + '\n' + s.protocol + '\n' + s.endpoint;
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

Value listed(const Subscription& s) {
  return Value::structure(
      {{"SubscriptionArn", s.state == State::pending ? "PendingConfirmation" : s.arn},
       {"Owner", s.owner},
       {"Protocol", s.protocol},
       {"Endpoint", s.endpoint},
       {"TopicArn", s.topic_arn}});
}

std::string as_text(bool value) { return value ? "true" : "false"; }

}  // namespace

void Sns::save(const Subscription& s) {
  dependencies_.journal.put("sns.subscriptions", s.arn, aws::to_json(to_value(s)));
}

void Sns::keep(Subscription s) {
  by_endpoint_[endpoint_key(s)] = s.arn;
  if (!s.token.empty()) by_token_[s.token] = s.arn;
  if (s.state != State::confirmed) expiring_.emplace(s.token_made + token_life, s.arn);
  subscriptions_[s.arn] = std::move(s);
}

void Sns::forget(const std::string& arn) {
  const auto found = subscriptions_.find(arn);
  if (found == subscriptions_.end()) return;
  by_endpoint_.erase(endpoint_key(found->second));
  by_token_.erase(found->second.token);
  subscriptions_.erase(found);
  dependencies_.journal.erase("sns.subscriptions", arn);
}

std::string Sns::fresh_token() {
  return std::string{token_start} +
         ports::random_hex(dependencies_.entropy, token_digits - token_start.size());
}

void Sns::watch_expiry() {
  if (expiring_.empty()) return expiry_.cancel();
  expiry_.set(dependencies_.timers, expiring_.begin()->first, [this] { forget_expired(); });
}

void Sns::forget_expired() {
  const Instant now = dependencies_.timers.now();
  while (!expiring_.empty() && expiring_.begin()->first <= now) {
    const std::string arn = expiring_.begin()->second;
    expiring_.erase(expiring_.begin());
    const auto found = subscriptions_.find(arn);
    if (found == subscriptions_.end() || found->second.state == State::confirmed) continue;
    if (found->second.token_made + token_life <= now) forget(arn);
  }
  watch_expiry();
}

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
  // The scope first: what a policy may look like depends on it.
  for (const bool scope : {true, false})
    for (const auto& [name, value] : call.input["Attributes"].members()) {
      if ((name == "FilterPolicyScope") != scope) continue;
      auto set = set_attribute(s, name, value.string_or(""), AttributeCall::subscribe);
      if (!set) return failure(set.error());
    }
  s.arn = topic.arn + ":" + ports::uuid(dependencies_.entropy);
  return s;
}

Value Sns::subscribe_reply(const aws::Call& call, const Subscription& present) const {
  const bool wants_arn = call.input["ReturnSubscriptionArn"].boolean_or(false);
  const bool is_known = present.state == State::confirmed || wants_arn;
  return Value::structure({{"SubscriptionArn", is_known ? present.arn : "pending confirmation"}});
}

aws::Outcome<> Sns::subscribe(const aws::Call& call) {
  auto topic = find_topic(call.input["TopicArn"].string(), call.region);
  if (!topic) return failure(topic.error());
  auto made = new_subscription(call, **topic);
  if (!made) return failure(made.error());

  if (const auto known = by_endpoint_.find(endpoint_key(*made)); known != by_endpoint_.end()) {
    Subscription& present = subscriptions_.at(known->second);
    if (present.state == State::confirmed || present.state == State::pending) {
      for (const auto& [name, value] : made->settings)
        if (present.setting(name) != value)
          return invalid_parameter(
              "Attributes Reason: Subscription already exists with different attributes");
      if (present.state == State::confirmed) return subscribe_reply(call, present);
      // Asking again for a pending one sends the question again (fact sns-13).
      queue_->add(confirmation(Notification::Kind::subscription_confirmation,
                               ports::uuid(dependencies_.entropy), present.topic_arn, present.arn,
                               present.token, call.now));
      return subscribe_reply(call, present);
    }
    forget(std::string{known->second});
  }

  made->token = fresh_token();
  made->token_made = call.now;
  const bool is_function = made->protocol == "lambda";
  if (is_function) {
    made->state = State::confirmed;
    made->confirmed_by_signed_call = true;
  }
  const std::string arn = made->arn;
  keep(std::move(*made));
  const Subscription& s = subscriptions_.at(arn);
  save(s);
  watch_expiry();
  need_signing_key();
  if (!is_function) {
    auto question =
        confirmation(Notification::Kind::subscription_confirmation,
                     ports::uuid(dependencies_.entropy), s.topic_arn, s.arn, s.token, call.now);
    question.signature_version = (*topic)->signature_version();
    queue_->add(std::move(question));
  }
  return subscribe_reply(call, s);
}

aws::Outcome<> Sns::confirm_subscription(const aws::Call& call) {
  const auto& arn = call.input["TopicArn"].string();
  const auto parts = split(arn, ':');
  if (parts.size() < 6 || parts[2] != "sns" || parts[3] != region_of(call, arn))
    return invalid_parameter("Topic");
  const auto& token = call.input["Token"].string();
  const auto found = by_token_.find(token);
  if (found == by_token_.end()) {
    if (well_formed_token(token)) return aws::refuse("InvalidParameterException", "Invalid token");
    return invalid_parameter("Token");
  }
  Subscription& s = subscriptions_.at(found->second);
  // The token alone identifies the subscription; of the topic only the region must be right (fact
  // sns-14).
  if (split(s.topic_arn, ':')[3] != parts[3]) return invalid_parameter("Topic");
  if (s.state != State::confirmed) {
    s.state = State::confirmed;
    s.confirmed_by_signed_call = !is_anonymous(call);
    s.needs_signed_unsubscribe =
        !is_anonymous(call) && is_true(call.input["AuthenticateOnUnsubscribe"]);
    save(s);
  }
  return Value::structure({{"SubscriptionArn", s.arn}});
}

aws::Outcome<> Sns::unsubscribe(const aws::Call& call) {
  const auto& arn = call.input["SubscriptionArn"].string();
  const auto parts = split(arn, ':');
  if (parts.size() < 6)
    return invalid_parameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts.size()));
  if (parts.size() == 6) return invalid_parameter("SubscriptionId");
  if (parts[3] != region_of(call, arn)) return invalid_parameter("SubscriptionArn");
  const auto found = subscriptions_.find(arn);
  if (found == subscriptions_.end()) return Value{};  // fact sns-15
  Subscription& s = found->second;
  if (!is_anonymous(call)) {
    forget(std::string{arn});
    return Value{};
  }
  // Functions were subscribed by a signed call, and by one they leave (fact sns-16).
  if (s.needs_signed_unsubscribe || s.protocol == "lambda")
    return aws::refuse("AuthorizationErrorException",
                       "This subscription can only be ended by a signed request");
  if (s.state != State::confirmed) return Value{};
  by_token_.erase(s.token);
  s.token = fresh_token();
  s.token_made = call.now;
  s.state = State::deactivated;
  Subscription changed = s;
  keep(std::move(changed));
  save(s);
  watch_expiry();
  queue_->add(confirmation(Notification::Kind::unsubscribe_confirmation,
                           ports::uuid(dependencies_.entropy), s.topic_arn, s.arn, s.token,
                           call.now));
  return Value{};
}

// The subscriptions whose ARNs begin with `prefix`, a page of them.
aws::Outcome<> Sns::subscriptions_page(const std::string& prefix, const aws::Value& token) const {
  auto page = page_at("subscriptions", token);
  if (!page) return failure(page.error());
  for (auto at = subscriptions_.upper_bound(std::max(prefix, page->after()));
       at != subscriptions_.end() && at->first.starts_with(prefix); ++at) {
    if (at->second.state == State::deactivated) continue;
    if (!page->offer(at->first, [&] { return listed(at->second); })) break;
  }
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

aws::Outcome<Subscription*> Sns::find_subscription(const std::string& arn,
                                                   const std::string& region) {
  const auto parts = split(arn, ':');
  if (parts.size() < 6)
    return invalid_parameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts.size()));
  if (parts.size() == 6) return invalid_parameter("SubscriptionArn");
  const auto found = parts[3] == region ? subscriptions_.find(arn) : subscriptions_.end();
  if (found == subscriptions_.end() || found->second.state == State::deactivated)
    return not_found("Subscription does not exist");
  return &found->second;
}

Value Sns::attributes_of(const Subscription& s) const {
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
            effective_subscription_policy(topics_.at(s.topic_arn).setting("DeliveryPolicy"),
                                          s.setting("DeliveryPolicy")));
  return out;
}

aws::Outcome<> Sns::get_subscription_attributes(const aws::Call& call) {
  auto s = find_subscription(call.input["SubscriptionArn"].string(), call.region);
  if (!s) return failure(s.error());
  return Value::structure({{"Attributes", attributes_of(**s)}});
}

aws::Outcome<> Sns::set_subscription_attributes(const aws::Call& call) {
  auto s = find_subscription(call.input["SubscriptionArn"].string(), call.region);
  if (!s) return failure(s.error());
  auto set = set_attribute(**s, call.input["AttributeName"].string(),
                           call.input["AttributeValue"].string_or(""), AttributeCall::set);
  if (!set) return failure(set.error());
  save(**s);
  return Value{};
}

}  // namespace sitelatch::sns
