// SPDX-License-Identifier: Apache-2.0
// Sns: platform applications, endpoints and text messages: kept, and sent nowhere (fact sns-11).
#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/text.h"
#include "services/sns/refusals.h"
#include "services/sns/sns.h"

namespace sitelatch::sns {
using aws::Value;

namespace {

constexpr std::array platforms = {
    "ADM", "APNS",      "APNS_SANDBOX",      "BAIDU", "GCM",          "MPNS",
    "WNS", "APNS_VOIP", "APNS_VOIP_SANDBOX", "MACOS", "MACOS_SANDBOX"};
constexpr std::array application_settings = {
    "PlatformCredential",     "PlatformPrincipal",      "EventEndpointCreated",
    "EventEndpointDeleted",   "EventEndpointUpdated",   "EventDeliveryFailure",
    "SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate",
    "ApplePlatformTeamID",    "ApplePlatformBundleID"};
constexpr std::array endpoint_settings = {"CustomUserData", "Enabled", "Token"};
constexpr std::array sms_settings = {
    "MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate",
    "DefaultSenderID",   "DefaultSMSType",        "UsageReportS3Bucket"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// `settings` with what is given; an empty value takes one away.
template <class Names>
aws::Outcome<Settings> changed_settings(Settings settings, const Value& given, const Names& known) {
  for (const auto& [name, value] : given.members()) {
    if (!is_one_of(known, name))
      return invalid_parameter("Attributes Reason: Invalid attribute name: " + name);
    const auto text = value.string_or("");
    if (name == "Enabled" && lower(text) != "true" && lower(text) != "false")
      return invalid_parameter("Attributes Reason: Invalid value for attribute: Enabled");
    if (name == "CustomUserData" && text.size() > 2048)
      return invalid_parameter("CustomUserData Reason: it must be at most 2048 bytes long");
    if (text.empty())
      settings.erase(name);
    else
      settings[name] = name == "Enabled" ? lower(text) : text;
  }
  return settings;
}

Value told(const PlatformApplication& application) {
  Value out = Value::structure({{"Enabled", "true"}});
  for (const auto& [name, value] : application.settings)
    if (name != "PlatformCredential" && name != "PlatformPrincipal") out.set(name, value);
  return out;
}
Value told(const PlatformEndpoint& endpoint) {
  Value out = Value::structure();
  for (const auto& [name, value] : endpoint.settings) out.set(name, value);
  return out;
}

bool is_application_name(std::string_view name) {
  return !name.empty() && name.size() <= 256 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

aws::Outcome<Done> check_number(const std::string& number) {
  if (is_phone_number(number)) return Done{};
  return invalid_parameter("PhoneNumber Reason: input incorrectly formatted");
}

aws::Outcome<Done> check_sms_setting(const std::string& name, const std::string& value) {
  if (value.empty()) return Done{};
  const auto number = parse_int(value);
  if (name == "DefaultSMSType" && value != "Promotional" && value != "Transactional")
    return invalid_parameter("DefaultSMSType Reason: it must be Promotional or Transactional");
  if (name == "MonthlySpendLimit" && (!number || *number < 0))
    return invalid_parameter("MonthlySpendLimit Reason: it must be a number of US dollars");
  if (name == "DeliveryStatusSuccessSamplingRate" && (!number || *number < 0 || *number > 100))
    return invalid_parameter("DeliveryStatusSuccessSamplingRate Reason: it must be from 0 to 100");
  return Done{};
}

Failure<aws::Error> no_application() { return not_found("PlatformApplication does not exist"); }

}  // namespace

aws::Outcome<> Sns::create_platform_application(const aws::Call& call) {
  const auto& name = call.input["Name"].string();
  const auto& platform = call.input["Platform"].string();
  if (!is_one_of(platforms, platform))
    return invalid_parameter("Platform Reason: " + platform + " is not supported");
  if (!is_application_name(name))
    return invalid_parameter(
        "Name Reason: must be made up of only uppercase and lowercase ASCII letters, numbers, "
        "underscores, hyphens and periods, and must be between 1 and 256 characters long");
  auto settings = changed_settings({}, call.input["Attributes"], application_settings);
  if (!settings) return failure(settings.error());
  if (!settings->contains("PlatformCredential"))
    return invalid_parameter("Attributes Reason: PlatformCredential is required");
  const auto arn = topic_arn(call.region, account_, "app/" + platform + "/" + name);
  if (const auto* present = mobile_.application(arn); present && present->settings != *settings)
    return invalid_parameter(
        "Attributes Reason: Platform application already exists with different attributes");
  mobile_.save(PlatformApplication{arn, call.region, std::move(*settings)});
  return Value::structure({{"PlatformApplicationArn", arn}});
}

aws::Outcome<> Sns::get_platform_application_attributes(const aws::Call& call) {
  const auto* found = mobile_.application(call.input["PlatformApplicationArn"].string());
  if (!found) return no_application();
  return Value::structure({{"Attributes", told(*found)}});
}

aws::Outcome<> Sns::set_platform_application_attributes(const aws::Call& call) {
  const auto* found = mobile_.application(call.input["PlatformApplicationArn"].string());
  if (!found) return no_application();
  auto settings = changed_settings(found->settings, call.input["Attributes"], application_settings);
  if (!settings) return failure(settings.error());
  mobile_.save(PlatformApplication{found->arn, found->region, std::move(*settings)});
  return Value{};
}

aws::Outcome<> Sns::list_platform_applications(const aws::Call& call) {
  auto page = page_at("applications", call.input["NextToken"]);
  if (!page) return failure(page.error());
  for (const auto& each : mobile_.applications())
    if (each.second.region == call.region && !page->offer(each.first, [&] {
          return Value::structure(
              {{"PlatformApplicationArn", each.first}, {"Attributes", told(each.second)}});
        }))
      break;
  return Value::structure(
      {{"PlatformApplications", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Sns::delete_platform_application(const aws::Call& call) {
  mobile_.erase_application(call.input["PlatformApplicationArn"].string());
  return Value{};
}

aws::Outcome<> Sns::create_platform_endpoint(const aws::Call& call) {
  const auto& application_arn = call.input["PlatformApplicationArn"].string();
  if (!mobile_.application(application_arn)) return no_application();
  const auto& token = call.input["Token"].string();
  if (token.empty()) return invalid_parameter("Token Reason: it must not be empty");
  auto settings =
      changed_settings({{"Enabled", "true"}}, call.input["Attributes"], endpoint_settings);
  if (!settings) return failure(settings.error());
  (*settings)["Token"] = token;
  if (const auto data = call.input["CustomUserData"].string_or(""); !data.empty()) {
    if (data.size() > 2048)
      return invalid_parameter("CustomUserData Reason: it must be at most 2048 bytes long");
    (*settings)["CustomUserData"] = data;
  }
  for (const auto& [arn, endpoint] : mobile_.endpoints()) {
    if (endpoint.application_arn != application_arn || endpoint.setting("Token") != token) continue;
    if (endpoint.settings == *settings) return Value::structure({{"EndpointArn", arn}});
    return invalid_parameter("Token Reason: Endpoint " + arn +
                             " already exists with the same Token, but different attributes.");
  }
  // ...:app/GCM/name becomes ...:endpoint/GCM/name/ID
  auto arn = application_arn;
  arn.replace(arn.rfind(":app/"), 5, ":endpoint/");
  arn += "/" + ports::uuid(entropy_);
  mobile_.save(PlatformEndpoint{arn, application_arn, std::move(*settings)});
  return Value::structure({{"EndpointArn", arn}});
}

aws::Outcome<> Sns::get_endpoint_attributes(const aws::Call& call) {
  const auto* found = mobile_.endpoint(call.input["EndpointArn"].string());
  if (!found) return not_found("Endpoint does not exist");
  return Value::structure({{"Attributes", told(*found)}});
}

aws::Outcome<> Sns::set_endpoint_attributes(const aws::Call& call) {
  const auto* found = mobile_.endpoint(call.input["EndpointArn"].string());
  if (!found) return not_found("Endpoint does not exist");
  auto settings = changed_settings(found->settings, call.input["Attributes"], endpoint_settings);
  if (!settings) return failure(settings.error());
  mobile_.save(PlatformEndpoint{found->arn, found->application_arn, std::move(*settings)});
  return Value{};
}

aws::Outcome<> Sns::list_endpoints_by_platform_application(const aws::Call& call) {
  const auto& application_arn = call.input["PlatformApplicationArn"].string();
  if (!mobile_.application(application_arn)) return no_application();
  auto page = page_at("endpoints", call.input["NextToken"]);
  if (!page) return failure(page.error());
  for (const auto& each : mobile_.endpoints())
    if (each.second.application_arn == application_arn && !page->offer(each.first, [&] {
          return Value::structure({{"EndpointArn", each.first}, {"Attributes", told(each.second)}});
        }))
      break;
  return Value::structure({{"Endpoints", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Sns::delete_endpoint(const aws::Call& call) {
  mobile_.erase_endpoint(call.input["EndpointArn"].string());
  return Value{};
}

// Publish to one endpoint: it is taken, and goes nowhere.
aws::Outcome<> Sns::publish_to_endpoint(const std::string& arn) {
  const auto* found = mobile_.endpoint(arn);
  if (!found)
    return invalid_parameter("TargetArn Reason: No endpoint found for the target arn specified");
  if (found->setting("Enabled") != "true")
    return aws::refuse("EndpointDisabledException", "Endpoint is disabled");
  const auto id = ports::uuid(entropy_);
  log(LogLevel::warning, "sns",
      "message " + id + " for " + arn + " goes nowhere: this engine sends no mobile push");
  return Value::structure({{"MessageId", id}});
}

aws::Outcome<> Sns::publish_to_phone(const std::string& number, std::size_t bytes) {
  constexpr std::size_t longest = 1600;
  if (!is_phone_number(number))
    return invalid_parameter("PhoneNumber Reason: " + number + " is not valid to publish to");
  if (bytes > longest) return invalid_parameter("Message too long");
  const auto id = ports::uuid(entropy_);
  log(LogLevel::warning, "sns",
      "message " + id + " for " + number + " goes nowhere: this engine sends no text messages");
  return Value::structure({{"MessageId", id}});
}

aws::Outcome<> Sns::set_sms_attributes(const aws::Call& call) {
  auto settings = mobile_.sms_attributes(call.region);
  for (const auto& [name, given] : call.input["attributes"].members()) {
    const auto value = given.string_or("");
    if (!is_one_of(sms_settings, name))
      return invalid_parameter(name + " Reason: Unknown attribute");
    if (auto checked = check_sms_setting(name, value); !checked) return failure(checked.error());
    if (value.empty())
      settings.erase(name);
    else
      settings[name] = value;
  }
  mobile_.save_sms_attributes(call.region, settings);
  return Value::structure();
}

aws::Outcome<> Sns::get_sms_attributes(const aws::Call& call) {
  const auto wanted = call.input["attributes"].strings();
  Value out = Value::structure();
  for (const auto& [name, value] : mobile_.sms_attributes(call.region))
    if (wanted.empty() || is_one_of(wanted, name)) out.set(name, value);
  return Value::structure({{"attributes", out}});
}

// Nobody can answer STOP to what is not sent.
aws::Outcome<> Sns::check_if_phone_number_is_opted_out(const aws::Call& call) {
  if (auto checked = check_number(call.input["phoneNumber"].string()); !checked)
    return failure(checked.error());
  return Value::structure({{"isOptedOut", false}});
}

aws::Outcome<> Sns::opt_in_phone_number(const aws::Call& call) {
  if (auto checked = check_number(call.input["phoneNumber"].string()); !checked)
    return failure(checked.error());
  return Value::structure();
}

aws::Outcome<> Sns::list_phone_numbers_opted_out(const aws::Call& call) {
  if (call.input.has("nextToken")) return invalid_parameter("NextToken");
  return Value::structure({{"phoneNumbers", Value::list()}});
}

aws::Outcome<> Sns::list_origination_numbers(const aws::Call& call) {
  if (call.input.has("NextToken")) return invalid_parameter("NextToken");
  return Value::structure({{"PhoneNumbers", Value::list()}});
}

aws::Outcome<> Sns::get_sms_sandbox_account_status(const aws::Call&) {
  return Value::structure({{"IsInSandbox", true}});
}

aws::Outcome<> Sns::create_sms_sandbox_phone_number(const aws::Call& call) {
  const auto& number = call.input["PhoneNumber"].string();
  if (auto checked = check_number(number); !checked) return failure(checked.error());
  constexpr std::size_t most_numbers = 10;
  std::size_t present = 0;
  for (const auto& [key, each] : mobile_.sandbox())
    if (each.region == call.region && each.number != number) ++present;
  if (present >= most_numbers)
    return aws::refuse("UserErrorException",
                       "The number of destination phone numbers exceeds the limit of 10.");
  const auto password = ports::random_text(entropy_, 6, "0123456789");
  log(LogLevel::warning, "sns",
      "the one-time password of " + number + " is " + password +
          ": this engine sends no text messages");
  mobile_.save(SandboxNumber{call.region, number, password, false});
  return Value::structure();
}

aws::Outcome<> Sns::verify_sms_sandbox_phone_number(const aws::Call& call) {
  const auto* found = mobile_.sandbox_number(call.region, call.input["PhoneNumber"].string());
  if (!found)
    return aws::refuse("ResourceNotFoundException", "Destination phone number does not exist.");
  if (found->password != call.input["OneTimePassword"].string())
    return aws::refuse("VerificationException",
                       "The one-time password is wrong. The engine's log has it, for it sends no "
                       "text messages.");
  SandboxNumber verified = *found;
  verified.verified = true;
  mobile_.save(std::move(verified));
  return Value::structure();
}

aws::Outcome<> Sns::delete_sms_sandbox_phone_number(const aws::Call& call) {
  const auto& number = call.input["PhoneNumber"].string();
  if (!mobile_.sandbox_number(call.region, number))
    return aws::refuse("ResourceNotFoundException", "Destination phone number does not exist.");
  mobile_.erase_sandbox_number(call.region, number);
  return Value::structure();
}

aws::Outcome<> Sns::list_sms_sandbox_phone_numbers(const aws::Call& call) {
  auto page =
      aws::Page::at("sandbox", call.input["NextToken"], call.input["MaxResults"].integer_or(100));
  if (!page) return invalid_parameter("NextToken");
  for (const auto& each : mobile_.sandbox())
    if (each.second.region == call.region && !page->offer(each.second.number, [&] {
          return Value::structure({{"PhoneNumber", each.second.number},
                                   {"Status", each.second.verified ? "Verified" : "Pending"}});
        }))
      break;
  return Value::structure({{"PhoneNumbers", page->items()}, {"NextToken", page->next_token()}});
}

}  // namespace sitelatch::sns
