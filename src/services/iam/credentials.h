// SPDX-License-Identifier: Apache-2.0
// What a user signs in and signs with beside access keys. A password is kept as its derived key; of
// what nothing here ever checks (secrets for other services) nothing is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::iam {

struct AccessKey {
  std::string id, secret;
  bool active = true;
  Instant created{};
};

struct PasswordDigest {
  std::string salt, key;  // bytes
  bool matches(std::string_view password) const;
};
PasswordDigest digest_of(std::string_view password, std::string salt);

struct LoginProfile {
  PasswordDigest password;
  std::vector<PasswordDigest> earlier;  // newest first, 24 at most
  bool reset_required = false;
  Instant created{}, changed{};
};

struct SshPublicKey {
  std::string id, body, fingerprint;
  bool active = true;
  Instant uploaded{};
};

struct SigningCertificate {
  std::string id, body, fingerprint;
  bool active = true;
  Instant uploaded{};
};

struct ServiceCredential {
  std::string id, service, user_name;  // what the service knows the user by
  bool active = true;
  Instant created{};
  std::optional<Instant> expires;
};

struct Credentials {
  std::optional<LoginProfile> login;
  std::vector<SshPublicKey> ssh_keys;
  std::vector<SigningCertificate> certificates;
  std::vector<ServiceCredential> for_services;
};

aws::Value to_row(const Credentials& credentials);
void from_row(const aws::Value& row, Credentials& out);

}  // namespace sitelatch::iam
