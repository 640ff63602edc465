// SPDX-License-Identifier: Apache-2.0
// Mobile: what SNS keeps of mobile push and text messages: platform applications, their endpoints,
// the SMS attributes and sandbox numbers of each region. It is kept and told; nothing is sent to a
// phone (fact sns-11). Journal tables sns.applications, sns.endpoints (by ARN), sns.sms (region)
// and sns.sandbox (region, line feed, number).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ports/journal.h"

namespace sitelatch::sns {

using Settings = std::map<std::string, std::string>;

struct PlatformApplication {
  std::string arn, region;
  Settings settings;  // with the credentials, which are not told
};

struct PlatformEndpoint {
  std::string arn, application_arn;
  Settings settings;  // Token, Enabled, CustomUserData
  std::string setting(const std::string& name) const {
    const auto found = settings.find(name);
    return found == settings.end() ? std::string{} : found->second;
  }
};

struct SandboxNumber {
  std::string region, number, password;
  bool verified = false;
};

class Mobile {
 public:
  explicit Mobile(ports::Journal& journal);  // throws ports::BadRow
  Mobile(const Mobile&) = delete;
  Mobile& operator=(const Mobile&) = delete;

  const std::map<std::string, PlatformApplication>& applications() const { return applications_; }
  const std::map<std::string, PlatformEndpoint>& endpoints() const { return endpoints_; }
  const PlatformApplication* application(const std::string& arn) const;
  const PlatformEndpoint* endpoint(const std::string& arn) const;
  void save(PlatformApplication application);
  void save(PlatformEndpoint endpoint);
  void erase_application(const std::string& arn);  // with its endpoints
  void erase_endpoint(const std::string& arn);

  Settings sms_attributes(const std::string& region) const;
  void save_sms_attributes(const std::string& region, const Settings& settings);

  // By region and number.
  const std::map<std::string, SandboxNumber>& sandbox() const { return sandbox_; }
  static std::string sandbox_key(const std::string& region, const std::string& number);
  const SandboxNumber* sandbox_number(const std::string& region, const std::string& number) const;
  void save(SandboxNumber number);
  void erase_sandbox_number(const std::string& region, const std::string& number);

 private:
  ports::Journal& journal_;
  std::map<std::string, PlatformApplication> applications_;
  std::map<std::string, PlatformEndpoint> endpoints_;
  std::map<std::string, Settings> sms_;  // by region
  std::map<std::string, SandboxNumber> sandbox_;
};

}  // namespace sitelatch::sns
