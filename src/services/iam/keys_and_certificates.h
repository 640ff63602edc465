// SPDX-License-Identifier: Apache-2.0
// What is read of the keys and certificates that people upload, by OpenSSL: pure functions. Nothing
// that is not what it should be throws: it is nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace sitelatch::iam {

struct Certificate {
  Instant not_before{}, not_after{};
  std::string fingerprint;  // SHA-256, hexadecimal
};
// One certificate in PEM, and nothing after it but white space.
std::optional<Certificate> read_certificate(const std::string& pem);

bool is_private_key(const std::string& pem);  // not encrypted
bool key_fits(const std::string& certificate_pem, const std::string& private_key_pem);

// The index of the first certificate that did not sign the one before it (the body before the
// first); nothing: all did. -1: the chain cannot be read.
std::optional<int> broken_link(const std::string& certificate_pem, const std::string& chain_pem);

// An RSA key of at least 2048 bits as "ssh-rsa AAAA... comment" or as PEM, in both forms.
struct SshKeyForms {
  std::string ssh, pem, fingerprint;  // MD5 of the SSH form's bytes, "12:34:..."
};
std::optional<SshKeyForms> read_ssh_key(const std::string& text);

}  // namespace sitelatch::iam
