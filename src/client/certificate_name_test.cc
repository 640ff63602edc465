// SPDX-License-Identifier: Apache-2.0
#include "client/certificate_name.h"

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

using sitelatch::client::certificate_names;

namespace {

// Self-signed, with that common name and, unless it is empty, that subjectAltName.
std::string certificate(const std::string& common, const std::string& alternative) {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* made = X509_new();
  X509_set_version(made, 2);
  X509_gmtime_adj(X509_getm_notBefore(made), -60);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common.c_str()), -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(made));
  if (!alternative.empty()) {
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str());
    REQUIRE(names != nullptr);
    X509_add_ext(made, names, -1);
    X509_EXTENSION_free(names);
  }
  REQUIRE(X509_sign(made, key, EVP_sha256()) > 0);
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, made);
  char* text = nullptr;
  const auto size = BIO_ctrl(out, BIO_CTRL_INFO, 0, static_cast<void*>(&text));
  const std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(out);
  X509_free(made);
  EVP_PKEY_free(key);
  return pem;
}

}  // namespace

TEST_CASE("a certificate is for whom its subjectAltName says") {
  const auto good = certificate("x", "DNS:aws.example.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1");
  for (const auto* host :
       {"aws.example.test", "AWS.example.TEST", "a.wild.test", "127.0.0.1", "::1"})
    CHECK_MESSAGE(certificate_names(good, host), host);
  for (const auto* host :
       {"x", "example.test", "a.b.wild.test", "wild.test", "127.0.0.2", "::2", ""})
    CHECK_MESSAGE(!certificate_names(good, host), host);
}

TEST_CASE("a common name is nobody's name") {
  for (const auto* alternative : {"", "email:a@example.test", "IP:127.0.0.1", "DNS:other.test"})
    CHECK(!certificate_names(certificate("aws.example.test", alternative), "aws.example.test"));
  CHECK(!certificate_names(certificate("127.0.0.1", ""), "127.0.0.1"));
  CHECK(!certificate_names(certificate("x", "DNS:127.0.0.1"), "127.0.0.1"));
  CHECK(!certificate_names(certificate("x", "DNS:a*.example.test"), "aws.example.test"));
  CHECK(!certificate_names("no certificate", "aws.example.test"));
}
