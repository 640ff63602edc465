// SPDX-License-Identifier: Apache-2.0
#include "services/sns/subscription.h"

#include <array>
#include <string_view>

#include "base/text.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/refusals.h"

namespace sitelatch::sns {
namespace {
using aws::Value;
using Checked = aws::Outcome<Done>;

constexpr std::array protocols{"http", "https",  "email",    "email-json", "sms",
                               "sqs",  "lambda", "firehose", "application"};

bool is_function_arn(const std::string& text) {
  const auto parts = split(text, ':');
  return (parts.size() == 7 || parts.size() == 8) && parts[0] == "arn" &&
         parts[1].starts_with("aws") && parts[2] == "lambda" && !parts[3].empty() &&
         parts[4].size() == 12 && parts[5] == "function" && !parts[6].empty();
}

bool has_control_or_blank(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return true;
  return false;
}

bool is_mail_address(const std::string& text) {
  const auto at = text.rfind('@');
  return at != std::string::npos && at > 0 && at + 1 < text.size() && text.size() <= 320 &&
         !has_control_or_blank(text) && text.find_first_of("<>,;\"") == std::string::npos &&
         text.find('@') == at;
}

bool has_host(const std::string& url, std::size_t scheme_size) {
  return url.size() > scheme_size && url[scheme_size] != '/' && url[scheme_size] != '?' &&
         !has_control_or_blank(url);
}

bool allows_raw(const std::string& protocol) {
  return protocol == "http" || protocol == "https" || protocol == "sqs" || protocol == "firehose";
}

bool is_arn_of(const std::string& text, std::string_view service, std::string_view start) {
  const auto parts = split(text, ':');
  return parts.size() == 6 && parts[0] == "arn" && parts[1].starts_with("aws") &&
         parts[2] == service && !parts[3].empty() && parts[4].size() == 12 &&
         parts[5].starts_with(start) && parts[5].size() > start.size();
}

bool is_role_arn(const std::string& text) {
  const auto parts = split(text, ':');
  return parts.size() == 6 && parts[0] == "arn" && parts[2] == "iam" &&
         parts[5].starts_with("role/");
}

// The value is checked and normalised; the refusal has no prefix yet.
Result<std::string, std::string> checked_redrive(const std::string& value) {
  const auto policy = aws::from_json(value);
  if (!policy || !policy->is_struct())
    return failure(std::string{"RedrivePolicy: failed to parse JSON."});
  const Value& target = (*policy)["deadLetterTargetArn"];
  const auto parts =
      target.is_string() ? split(target.string(), ':') : std::vector<std::string_view>{};
  if (parts.size() < 6 || parts[0] != "arn" || parts[2] != "sqs")
    return failure(std::string{"RedrivePolicy: deadLetterTargetArn is an invalid arn"});
  return value;
}

Result<std::string, std::string> checked_value(const Subscription& s, const std::string& name,
                                               const std::string& value) {
  if (name == "RawMessageDelivery") {
    const auto wanted = lower(value);
    if (wanted != "true" && wanted != "false")
      return failure("RawMessageDelivery: Invalid value [" + value + "]. Must be true or false.");
    if (wanted == "true" && !allows_raw(s.protocol))
      return failure("Delivery protocol [" + s.protocol +
                     "] does not support raw message delivery.");
    return wanted;
  }
  if (name == "FilterPolicyScope") {
    if (value == "MessageAttributes" || value == "MessageBody") return value;
    return failure("FilterPolicyScope: Invalid value [" + value +
                   "]. Please use either MessageBody or MessageAttributes");
  }
  if (name == "RedrivePolicy") return value.empty() ? value : checked_redrive(value);
  if (name == "DeliveryPolicy") {
    if (value.empty()) return value;
    auto checked = check_subscription_delivery_policy(value);
    if (!checked) return failure("DeliveryPolicy: " + checked.error());
    return value;
  }
  if (name == "FilterPolicy") return value;
  if (name == "SubscriptionRoleArn" && s.protocol == "firehose") {
    if (is_role_arn(value)) return value;
    return failure(std::string{"SubscriptionRoleArn: an ARN of a role is needed"});
  }
  return failure(std::string{"AttributeName"});
}

Result<Done, std::string> renew_filter(Subscription& s) {
  const auto text = s.setting("FilterPolicy");
  s.filter.reset();
  if (text.empty() || text == "{}") return Done{};
  auto parsed = FilterPolicy::parse(text, s.scope());
  if (!parsed) return failure(parsed.error());
  s.filter = std::make_shared<const FilterPolicy>(std::move(*parsed));
  return Done{};
}

std::string_view state_name(Subscription::State state) {
  if (state == Subscription::State::pending) return "pending";
  return state == Subscription::State::confirmed ? "confirmed" : "deactivated";
}
Subscription::State state_from(std::string_view name) {
  if (name == "pending") return Subscription::State::pending;
  return name == "confirmed" ? Subscription::State::confirmed : Subscription::State::deactivated;
}

}  // namespace

std::string Subscription::setting(const std::string& name) const {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string{} : found->second;
}
FilterScope Subscription::scope() const {
  return setting("FilterPolicyScope") == "MessageBody" ? FilterScope::message_body
                                                       : FilterScope::message_attributes;
}

bool is_phone_number(const std::string& text) {
  return text.size() > 3 && text.size() <= 16 && text[0] == '+' &&
         text.find_first_not_of("0123456789", 1) == std::string::npos;
}

bool known_protocol(std::string_view protocol) {
  for (const std::string_view known : protocols)
    if (known == protocol) return true;
  return false;
}

Checked check_endpoint(const std::string& protocol, const std::string& endpoint) {
  if (protocol == "http" || protocol == "https") {
    const auto scheme = protocol + "://";
    if (!endpoint.starts_with(scheme))
      return invalid_parameter("Endpoint must match the specified protocol");
    if (!has_host(endpoint, scheme.size()))
      return invalid_parameter("Endpoint Reason: the URL is not well formed");
    return Done{};
  }
  if (protocol == "lambda")
    return is_function_arn(endpoint) ? Checked{Done{}} : invalid_parameter("Lambda endpoint ARN");
  if (protocol == "email" || protocol == "email-json")
    return is_mail_address(endpoint) ? Checked{Done{}} : invalid_parameter("Email address");
  if (protocol == "sqs")
    return is_arn_of(endpoint, "sqs", "") ? Checked{Done{}} : invalid_parameter("SQS endpoint ARN");
  if (protocol == "application")
    return is_arn_of(endpoint, "sns", "endpoint/") ? Checked{Done{}}
                                                   : invalid_parameter("Application endpoint ARN");
  if (protocol == "firehose")
    return is_arn_of(endpoint, "firehose", "deliverystream/")
               ? Checked{Done{}}
               : invalid_parameter("Firehose endpoint ARN");
  return is_phone_number(endpoint) ? Checked{Done{}}
                                   : invalid_parameter("Invalid SMS endpoint: " + endpoint);
}

bool is_delivered(std::string_view protocol) {
  return protocol != "sms" && protocol != "application" && protocol != "firehose";
}

Checked set_attribute(Subscription& subscription, const std::string& name, const std::string& value,
                      AttributeCall call) {
  const std::string prefix = call == AttributeCall::subscribe ? "Attributes Reason: " : "";
  auto checked = checked_value(subscription, name, value);
  if (!checked) return invalid_parameter(prefix + checked.error());
  Subscription changed = subscription;
  if (checked->empty())
    changed.settings.erase(name);
  else
    changed.settings[name] = *checked;
  if (name == "FilterPolicy" || name == "FilterPolicyScope")
    if (auto renewed = renew_filter(changed); !renewed)
      return invalid_parameter(prefix + renewed.error());
  subscription = std::move(changed);
  return Done{};
}

Value to_value(const Subscription& s) {
  Value settings = Value::structure();
  for (const auto& [name, value] : s.settings) settings.set(name, value);
  return Value::structure({{"arn", s.arn},
                           {"topic_arn", s.topic_arn},
                           {"protocol", s.protocol},
                           {"endpoint", s.endpoint},
                           {"owner", s.owner},
                           {"principal", s.principal},
                           {"state", state_name(s.state)},
                           {"confirmed_by_signed_call", s.confirmed_by_signed_call},
                           {"needs_signed_unsubscribe", s.needs_signed_unsubscribe},
                           {"token", s.token},
                           {"token_made_ms", unix_ms(s.token_made)},
                           {"settings", settings}});
}

Subscription subscription_from(const Value& value) {
  Subscription s;
  s.arn = value["arn"].string();
  s.topic_arn = value["topic_arn"].string();
  s.protocol = value["protocol"].string();
  s.endpoint = value["endpoint"].string();
  s.owner = value["owner"].string();
  s.principal = value["principal"].string();
  s.state = state_from(value["state"].string());
  s.confirmed_by_signed_call = value["confirmed_by_signed_call"].boolean();
  s.needs_signed_unsubscribe = value["needs_signed_unsubscribe"].boolean();
  s.token = value["token"].string();
  s.token_made = from_unix_ms(value["token_made_ms"].integer());
  for (const auto& [name, setting] : value["settings"].members())
    s.settings[name] = setting.string();
  (void)renew_filter(s);  // it was checked when it was set
  return s;
}

}  // namespace sitelatch::sns
