// SPDX-License-Identifier: Apache-2.0
#include "services/sns/signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "base/text.h"

namespace sitelatch::sns {
namespace {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string{"signing key: "} + what);
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Owned<X509> self_signed(EVP_PKEY* key, Instant now) {
  constexpr long ten_years_s = 10L * 365 * 24 * 3600;
  Owned<X509> certificate{X509_new()};
  require(certificate != nullptr, "no certificate");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  const auto at = static_cast<time_t>(unix_seconds(now));
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), at - ten_years_s);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), at + ten_years_s);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const unsigned char common_name[] = "sns.sitelatch.local";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key);
  require(X509_sign(certificate.get(), key, EVP_sha256()) > 0, "the certificate cannot be signed");
  return certificate;
}

}  // namespace

SigningKey make_signing_key(Instant now) {
  Owned<EVP_PKEY> key{EVP_RSA_gen(2048)};
  require(key != nullptr, "no key");
  const auto certificate = self_signed(key.get(), now);
  Owned<BIO> secret{BIO_new(BIO_s_mem())}, open{BIO_new(BIO_s_mem())};
  require(PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                   nullptr) == 1 &&
              PEM_write_bio_X509(open.get(), certificate.get()) == 1,
          "cannot be written");
  return {text_of(secret.get()), text_of(open.get())};
}

struct MessageSigner::Key {
  Owned<EVP_PKEY> pkey;
};

MessageSigner::MessageSigner(const SigningKey& key)
    : key_(std::make_unique<Key>()), certificate_(key.certificate_pem) {
  Owned<BIO> secret{
      BIO_new_mem_buf(key.private_key_pem.data(), static_cast<int>(key.private_key_pem.size()))};
  key_->pkey.reset(PEM_read_bio_PrivateKey(secret.get(), nullptr, nullptr, nullptr));
  require(key_->pkey != nullptr, "cannot be read");
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(certificate_.data()), certificate_.size(), digest);
  name_ = "SimpleNotificationService-" + hex({reinterpret_cast<const char*>(digest), 16}) + ".pem";
}
MessageSigner::~MessageSigner() = default;

std::string MessageSigner::sign(std::string_view text, int signature_version) const {
  Owned<EVP_MD_CTX> context{EVP_MD_CTX_new()};
  const EVP_MD* digest = signature_version == 2 ? EVP_sha256() : EVP_sha1();
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  require(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_->pkey.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1,
          "cannot sign");
  std::string signature(size, '\0');
  require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         bytes, text.size()) == 1,
          "cannot sign");
  signature.resize(size);
  return base64(signature);
}

}  // namespace sitelatch::sns
