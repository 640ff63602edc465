// SPDX-License-Identifier: Apache-2.0
// What an account's IAM holds beside identities and policies: instance profiles, identity
// providers, MFA devices, server certificates, and the account's settings. Typed, in memory,
// written through to the journal (tables iam.instance_profiles, ..., iam.account); rules are in
// iam_*.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/service/tags.h"
#include "base/time.h"
#include "services/iam/kept.h"

namespace sitelatch::iam {

// In rows a tag is [key, value].
aws::Value tag_rows(const aws::Tags& tags);
aws::Tags tags_from_rows(const aws::Value& list);

struct InstanceProfile {  // by lower-case name
  std::string name, path = "/", id;
  Instant created{};
  std::string role_id;  // "AROA...", or empty: at most one role
  aws::Tags tags;
};

struct OidcProvider {  // by ARN
  std::string url;     // without "https://"
  std::vector<std::string> client_ids, thumbprints;
  Instant created{};
  aws::Tags tags;
};

struct SamlProvider {  // by ARN
  std::string name, metadata, id;
  Instant created{}, valid_until{};
  std::string encryption;  // "Required", "Allowed" or empty
  struct Key {
    std::string id;
    Instant added{};
  };
  std::vector<Key> keys;  // their ids: what they are made of serves nothing here and is not kept
  aws::Tags tags;
};

struct MfaDevice {  // by serial number, which is its ARN
  std::string name, path = "/";
  std::string seed;     // bytes, hexadecimal in the row
  std::string user_id;  // "AIDA...", or empty: nobody's
  Instant created{}, enabled{};
  std::int64_t drift = 0;      // of its clock, in steps
  std::int64_t last_step = 0;  // no code of this step or an earlier one is taken again
  aws::Tags tags;
};

struct ServerCertificate {  // by name
  std::string name, path = "/", id, body, chain;
  Instant uploaded{}, expires{};
  aws::Tags tags;
};

struct PasswordPolicy {
  std::int64_t minimum_length = 6;
  bool symbols = false, numbers = false, uppercase = false, lowercase = false;
  bool users_may_change = false;
  std::int64_t max_age_days = 0, remembered = 0;  // 0: none
  std::optional<bool> hard_expiry;
};

// The one row of iam.account.
struct AccountSettings {
  std::string alias;
  std::optional<PasswordPolicy> password_policy;
  std::string token_version = "v1Token";  // of STS's global endpoint
  std::string credential_report;          // CSV, or empty: none yet
  Instant report_made{};
};

// What DeleteServiceLinkedRole answered, for those who ask how it went.
struct DeletionTask {  // by task id
  Instant made{};
};

// A job of GenerateServiceLastAccessedDetails.
struct AccessJob {  // by job id
  std::string arn, granularity;
  Instant made{};
};

// For Kept.
aws::Value to_row(const InstanceProfile& value);
void from_row(const aws::Value& row, InstanceProfile& out);
aws::Value to_row(const OidcProvider& value);
void from_row(const aws::Value& row, OidcProvider& out);
aws::Value to_row(const SamlProvider& value);
void from_row(const aws::Value& row, SamlProvider& out);
aws::Value to_row(const MfaDevice& value);
void from_row(const aws::Value& row, MfaDevice& out);
aws::Value to_row(const ServerCertificate& value);
void from_row(const aws::Value& row, ServerCertificate& out);
aws::Value to_row(const AccountSettings& value);
void from_row(const aws::Value& row, AccountSettings& out);
aws::Value to_row(const DeletionTask& value);
void from_row(const aws::Value& row, DeletionTask& out);
aws::Value to_row(const AccessJob& value);
void from_row(const aws::Value& row, AccessJob& out);

struct Holdings {
  explicit Holdings(ports::Journal& journal);

  Kept<InstanceProfile> instance_profiles;
  Kept<OidcProvider> oidc_providers;
  Kept<SamlProvider> saml_providers;
  Kept<MfaDevice> mfa_devices;
  Kept<ServerCertificate> server_certificates;
  Kept<DeletionTask> deletion_tasks;
  Kept<AccessJob> access_jobs;

  const AccountSettings& settings() const;
  void set(AccountSettings settings);

 private:
  Kept<AccountSettings> settings_;
};

}  // namespace sitelatch::iam
