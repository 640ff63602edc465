// SPDX-License-Identifier: Apache-2.0
// Signs notifications as AWS does: RSA with SHA-1 (SignatureVersion 1) or SHA-256 (2), base64 (fact
// sns-40). The certificate is the engine's own, self-signed; the gateway serves it under
// certificate_name().
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "services/sns/dependencies.h"

namespace sitelatch::sns {

// A fresh 2048-bit key with its certificate, valid for twenty years around `now`. Pure CPU work of
// 50 ms to a second; may run on any thread. Throws std::runtime_error when OpenSSL cannot.
SigningKey make_signing_key(Instant now);

class MessageSigner {
 public:
  explicit MessageSigner(const SigningKey& key);  // throws when it is no key
  ~MessageSigner();
  MessageSigner(const MessageSigner&) = delete;
  MessageSigner& operator=(const MessageSigner&) = delete;

  std::string sign(std::string_view text, int signature_version) const;
  const std::string& certificate_pem() const { return certificate_; }
  // "SimpleNotificationService-<32 hex digits>.pem"
  const std::string& certificate_name() const { return name_; }

 private:
  struct Key;
  std::unique_ptr<Key> key_;
  std::string certificate_, name_;
};

}  // namespace sitelatch::sns
