// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/code_store.h"

#include "aws/auth/sigv4_digest.h"
#include "base/text.h"

namespace sitelatch::lambda {
namespace {
constexpr std::string_view code_table = "lambda.code", secrets = "lambda.secrets";
constexpr std::string_view prefix = "/_sitelatch/code/";

std::string get(const ports::Journal& journal, std::string_view from_table, std::string_view key,
                bool& found) {
  std::string out;
  journal.scan(from_table, key, "", [&](std::string_view at, std::string_view value) {
    if (at == key) {
      out = value;
      found = true;
    }
    return false;
  });
  return out;
}
std::string in_hex(const std::string& sha256) { return hex(unbase64(sha256).value_or("")); }
std::string token_of(std::string_view secret, std::string_view name) {
  return aws::hex_of(aws::hmac_sha256(secret, name));
}
}  // namespace

CodeStore::CodeStore(ports::Journal& journal, ports::Entropy& entropy) : journal_(journal) {
  bool found = false;
  secret_ = get(journal_, secrets, "code paths", found);
  if (found) return;
  secret_ = ports::random_hex(entropy, 64);
  journal_.put(secrets, "code paths", secret_);
}

void CodeStore::keep(const std::string& sha256, std::string_view zip) {
  if (!find(sha256)) journal_.put(code_table, sha256, zip);
}

CodeStore::Zip CodeStore::find(const std::string& sha256) {
  auto& cached = in_use_[sha256];
  if (auto zip = cached.lock()) return zip;
  bool found = false;
  auto zip = std::make_shared<const std::string>(get(journal_, code_table, sha256, found));
  if (!found) {
    in_use_.erase(sha256);
    return nullptr;
  }
  cached = zip;
  return zip;
}

void CodeStore::let_go(std::set<std::string> digests) {
  for (const auto& holder : holders_) holder(digests);
  for (const auto& sha256 : digests) {
    journal_.erase(code_table, sha256);
    in_use_.erase(sha256);
  }
}

std::string CodeStore::path_of(const std::string& sha256) const {
  const auto name = in_hex(sha256);
  return std::string{prefix} + name + "/" + token_of(secret_, name);
}

CodeStore::Zip CodeStore::at_path(std::string_view path) {
  if (!path.starts_with(prefix)) return nullptr;
  const auto parts = split(path.substr(prefix.size()), '/');
  if (parts.size() != 2 || parts[0].size() != 64) return nullptr;
  if (!aws::equal_in_constant_time(parts[1], token_of(secret_, parts[0]))) return nullptr;
  const auto digest = unhex(parts[0]);
  return digest ? find(base64(*digest)) : nullptr;
}

}  // namespace sitelatch::lambda
