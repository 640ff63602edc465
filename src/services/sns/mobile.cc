// SPDX-License-Identifier: Apache-2.0
#include "services/sns/mobile.h"

#include "aws/wire/stored.h"
#include "ports/rows.h"

namespace sitelatch::sns {
namespace {
using aws::Value;

constexpr std::string_view application_table = "sns.applications";
constexpr std::string_view endpoint_table = "sns.endpoints";
constexpr std::string_view sms_table = "sns.sms";
constexpr std::string_view sandbox_table = "sns.sandbox";

Value map_of(const Settings& settings) {
  Value out = Value::structure();
  for (const auto& [name, value] : settings) out.set(name, value);
  return out;
}
Settings settings_from(const Value& map) {
  Settings out;
  for (const auto& [name, value] : map.members()) out[name] = value.string();
  return out;
}

template <class T>
const T* found_in(const std::map<std::string, T>& things, const std::string& key) {
  const auto found = things.find(key);
  return found == things.end() ? nullptr : &found->second;
}

}  // namespace

Mobile::Mobile(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(
      journal_, application_table, [this](std::string_view key, std::string_view text) {
        const auto row = aws::stored_value(text);
        const auto arn = ports::text_of_key(key);
        applications_[arn] = {arn, row["region"].string(), settings_from(row["settings"])};
      });
  ports::take_rows(journal_, endpoint_table, [this](std::string_view key, std::string_view text) {
    const auto row = aws::stored_value(text);
    const auto arn = ports::text_of_key(key);
    endpoints_[arn] = {arn, row["application"].string(), settings_from(row["settings"])};
  });
  ports::take_rows(journal_, sms_table, [this](std::string_view key, std::string_view text) {
    sms_[ports::text_of_key(key)] = settings_from(aws::stored_value(text));
  });
  ports::take_rows(journal_, sandbox_table, [this](std::string_view key, std::string_view text) {
    const auto row = aws::stored_value(text);
    sandbox_[ports::text_of_key(key)] = {row["region"].string(), row["number"].string(),
                                         row["password"].string(), row["verified"].boolean()};
  });
}

const PlatformApplication* Mobile::application(const std::string& arn) const {
  return found_in(applications_, arn);
}
const PlatformEndpoint* Mobile::endpoint(const std::string& arn) const {
  return found_in(endpoints_, arn);
}

void Mobile::save(PlatformApplication application) {
  journal_.put(application_table, application.arn,
               aws::to_json(Value::structure(
                   {{"region", application.region}, {"settings", map_of(application.settings)}})));
  applications_[application.arn] = std::move(application);
}

void Mobile::save(PlatformEndpoint endpoint) {
  journal_.put(endpoint_table, endpoint.arn,
               aws::to_json(Value::structure({{"application", endpoint.application_arn},
                                              {"settings", map_of(endpoint.settings)}})));
  endpoints_[endpoint.arn] = std::move(endpoint);
}

void Mobile::erase_application(const std::string& arn) {
  std::erase_if(endpoints_, [&](const auto& each) {
    if (each.second.application_arn != arn) return false;
    journal_.erase(endpoint_table, each.first);
    return true;
  });
  if (applications_.erase(arn) > 0) journal_.erase(application_table, arn);
}

void Mobile::erase_endpoint(const std::string& arn) {
  if (endpoints_.erase(arn) > 0) journal_.erase(endpoint_table, arn);
}

Settings Mobile::sms_attributes(const std::string& region) const {
  const auto* found = found_in(sms_, region);
  return found ? *found : Settings{};
}

void Mobile::save_sms_attributes(const std::string& region, const Settings& settings) {
  journal_.put(sms_table, region, aws::to_json(map_of(settings)));
  sms_[region] = settings;
}

std::string Mobile::sandbox_key(const std::string& region, const std::string& number) {
  return region + "\n" + number;
}

const SandboxNumber* Mobile::sandbox_number(const std::string& region,
                                            const std::string& number) const {
  return found_in(sandbox_, sandbox_key(region, number));
}

void Mobile::save(SandboxNumber number) {
  auto key = sandbox_key(number.region, number.number);
  journal_.put(sandbox_table, key,
               aws::to_json(Value::structure({{"region", number.region},
                                              {"number", number.number},
                                              {"password", number.password},
                                              {"verified", number.verified}})));
  sandbox_[std::move(key)] = std::move(number);
}

void Mobile::erase_sandbox_number(const std::string& region, const std::string& number) {
  const auto key = sandbox_key(region, number);
  if (sandbox_.erase(key) > 0) journal_.erase(sandbox_table, key);
}

}  // namespace sitelatch::sns
