// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/sigv4_digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {
constexpr std::size_t block_size = 64;  // of SHA-256, for HMAC (RFC 2104)

const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// One context a thread: initialising it anew is cheap, making it is not.
EVP_MD_CTX* context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> of_thread{EVP_MD_CTX_new()};
  return of_thread.get();
}

Digest sha256_of_two(std::string_view first, std::string_view second) {
  Digest digest{};
  EVP_MD_CTX* c = context();
  const bool done = EVP_DigestInit_ex(c, sha256_algorithm(), nullptr) == 1 &&
                    EVP_DigestUpdate(c, first.data(), first.size()) == 1 &&
                    EVP_DigestUpdate(c, second.data(), second.size()) == 1 &&
                    EVP_DigestFinal_ex(c, digest.data(), nullptr) == 1;
  ENSURE(done, "OpenSSL has no SHA-256");
  return digest;
}
}  // namespace

Digest sha256(std::string_view bytes) { return sha256_of_two(bytes, {}); }

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  const Digest short_key = key.size() > block_size ? sha256(key) : Digest{};
  if (key.size() > block_size) key = bytes_of(short_key);
  std::array<char, block_size> inner{}, outer{};
  std::copy(key.begin(), key.end(), inner.begin());
  outer = inner;
  for (auto& byte : inner) byte = static_cast<char>(byte ^ 0x36);
  for (auto& byte : outer) byte = static_cast<char>(byte ^ 0x5c);
  const Digest first = sha256_of_two({inner.data(), inner.size()}, bytes);
  return sha256_of_two({outer.data(), outer.size()}, bytes_of(first));
}

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string hex_of(const Digest& digest) { return hex(bytes_of(digest)); }

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sitelatch::aws
