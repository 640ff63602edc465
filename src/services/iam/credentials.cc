// SPDX-License-Identifier: Apache-2.0
#include "services/iam/credentials.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "aws/auth/sigv4_digest.h"
#include "base/text.h"
#include "ports/rows.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
constexpr int derivation_rounds = 10'000;

Instant moment(const Value& v) { return from_unix_ms(v.integer_or(0)); }

Value digest_row(const PasswordDigest& d) { return Value::list({hex(d.salt), hex(d.key)}); }
PasswordDigest digest_from_row(const Value& v) {
  ports::expect_of_row(v.items().size() == 2, "a password that is no pair");
  const auto salt = unhex(v.items()[0].string()), key = unhex(v.items()[1].string());
  ports::expect_of_row(salt && key, "a password that is not hexadecimal");
  return {*salt, *key};
}

Value login_row(const LoginProfile& login) {
  auto earlier = Value::list();
  for (const auto& digest : login.earlier) earlier.push(digest_row(digest));
  return Value::structure({{"password", digest_row(login.password)},
                           {"earlier", earlier},
                           {"reset", login.reset_required},
                           {"created", login.created},
                           {"changed", login.changed}});
}
}  // namespace

PasswordDigest digest_of(std::string_view password, std::string salt) {
  std::array<unsigned char, 32> key{};
  const auto* bytes = reinterpret_cast<const unsigned char*>(salt.data());
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes,
                        static_cast<int>(salt.size()), derivation_rounds, EVP_sha256(),
                        static_cast<int>(key.size()), key.data()) != 1)
    throw std::runtime_error("a password's key cannot be derived");
  return {std::move(salt), {reinterpret_cast<const char*>(key.data()), key.size()}};
}

bool PasswordDigest::matches(std::string_view password) const {
  return aws::equal_in_constant_time(digest_of(password, salt).key, key);
}

Value to_row(const Credentials& c) {
  auto ssh = Value::list(), certificates = Value::list(), services = Value::list();
  for (const auto& key : c.ssh_keys)
    ssh.push(Value::structure({{"id", key.id},
                               {"body", key.body},
                               {"fingerprint", key.fingerprint},
                               {"active", key.active},
                               {"uploaded", key.uploaded}}));
  for (const auto& certificate : c.certificates)
    certificates.push(Value::structure({{"id", certificate.id},
                                        {"body", certificate.body},
                                        {"fingerprint", certificate.fingerprint},
                                        {"active", certificate.active},
                                        {"uploaded", certificate.uploaded}}));
  for (const auto& credential : c.for_services)
    services.push(Value::structure({{"id", credential.id},
                                    {"service", credential.service},
                                    {"user_name", credential.user_name},
                                    {"active", credential.active},
                                    {"created", credential.created},
                                    {"expires", Value{credential.expires}}}));
  return Value::structure({{"login", c.login ? login_row(*c.login) : Value{}},
                           {"ssh", ssh},
                           {"certificates", certificates},
                           {"services", services}});
}

void from_row(const Value& v, Credentials& c) {
  if (const auto& row = v["login"]) {
    auto& login = c.login.emplace();
    login.password = digest_from_row(row["password"]);
    for (const auto& earlier : row["earlier"].items())
      login.earlier.push_back(digest_from_row(earlier));
    login.reset_required = row["reset"].boolean();
    login.created = moment(row["created"]);
    login.changed = moment(row["changed"]);
  }
  for (const auto& row : v["ssh"].items())
    c.ssh_keys.push_back({row["id"].string(), row["body"].string(), row["fingerprint"].string(),
                          row["active"].boolean(), moment(row["uploaded"])});
  for (const auto& row : v["certificates"].items())
    c.certificates.push_back({row["id"].string(), row["body"].string(), row["fingerprint"].string(),
                              row["active"].boolean(), moment(row["uploaded"])});
  for (const auto& row : v["services"].items()) {
    ServiceCredential credential{row["id"].string(),        row["service"].string(),
                                 row["user_name"].string(), row["active"].boolean(),
                                 moment(row["created"]),    {}};
    if (row.has("expires")) credential.expires = moment(row["expires"]);
    c.for_services.push_back(std::move(credential));
  }
}

}  // namespace sitelatch::iam
