// SPDX-License-Identifier: Apache-2.0
#include "function/trust.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace sitelatch::function {
namespace {
using Bytes = std::basic_string_view<unsigned char>;

// One DER element: its tag, its content, and what it takes in all. Nothing fits: size 0.
struct Der {
  unsigned char tag = 0;
  Bytes content, whole;
};
Der take_der(Bytes& from) {
  if (from.size() < 2) return {};
  std::size_t header = 2, length = from[1];
  if (length & 0x80) {
    const std::size_t octets = length & 0x7f;
    if (octets == 0 || octets > 3 || from.size() < 2 + octets) return {};
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | from[2 + i];
    header += octets;
  }
  if (from.size() - header < length) return {};
  Der der{from[0], from.substr(header, length), from.substr(0, header + length)};
  from.remove_prefix(header + length);
  return der;
}

// RFC 5280 §4.1: Certificate { tbs { [0] version?, serial, signature, issuer, validity, subject,
// ... } ... }
Bytes subject_of(Bytes certificate) {
  Bytes tbs = take_der(certificate).content;
  tbs = take_der(tbs).content;
  auto first = take_der(tbs);
  if (first.tag == 0xA0) first = take_der(tbs);
  for (int i = 0; i < 3; ++i) take_der(tbs);  // signature, issuer, validity
  return take_der(tbs).whole;
}

// OpenSSL compares names in a canonical form; two DER forms of one name may differ in string types
// and case. So the key is OpenSSL's own hash of the name, which rests on that form, and parsing a
// name alone is cheap.
unsigned long key_of(const X509_NAME* name) {
  int ok = 0;
  return X509_NAME_hash_ex(name, nullptr, nullptr, &ok);
}

class Bundle {
 public:
  explicit Bundle(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----",
                               end = "-----END CERTIFICATE-----";
    for (std::size_t at = 0; (at = text.find(begin, at)) != text.npos;) {
      at += begin.size();
      const auto stop = text.find(end, at);
      if (stop == text.npos) break;
      add(std::string_view{text}.substr(at, stop - at));
      at = stop;
    }
  }

  // Gives every certificate of that subject to the store; tells whether there was one.
  bool give(const X509_NAME* subject, X509_STORE* store) {
    const auto [first, last] = by_subject_.equal_range(key_of(subject));
    bool any = false;
    for (auto it = first; it != last; ++it) {
      const auto& der = certificates_[it->second];
      const unsigned char* at = reinterpret_cast<const unsigned char*>(der.data());
      X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
      if (!certificate) continue;
      if (X509_NAME_cmp(X509_get_subject_name(certificate), subject) == 0)
        any = X509_STORE_add_cert(store, certificate) == 1 || any;
      X509_free(certificate);
    }
    return any;
  }

 private:
  void add(std::string_view pem) {
    std::string compact;
    for (const char c : pem)
      if (c != '\n' && c != '\r' && c != ' ' && c != '\t') compact += c;
    auto der = unbase64(compact);
    if (!der) return;
    const auto subject =
        subject_of({reinterpret_cast<const unsigned char*>(der->data()), der->size()});
    if (subject.empty()) return;
    const unsigned char* at = subject.data();
    X509_NAME* name = d2i_X509_NAME(nullptr, &at, static_cast<long>(subject.size()));
    if (!name) return;
    by_subject_.emplace(key_of(name), certificates_.size());
    X509_NAME_free(name);
    certificates_.push_back(std::move(*der));
  }

  std::vector<std::string> certificates_;
  std::multimap<unsigned long, std::size_t> by_subject_;
};

int by_subject(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name,
               X509_OBJECT* result) {
  if (type != X509_LU_X509) return 0;
  auto* bundle = static_cast<Bundle*>(X509_LOOKUP_get_method_data(lookup));
  X509_STORE* store = X509_LOOKUP_get_store(lookup);
  if (!bundle || !bundle->give(name, store)) return 0;
  // The store owns it now; the caller takes a reference of its own (as X509_LOOKUP_hash_dir does).
  X509_STORE_lock(store);
  STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(store);
  X509_OBJECT* found = X509_OBJECT_retrieve_by_subject(objects, type, name);
  const int ok = found ? X509_OBJECT_set1_X509(result, X509_OBJECT_get0_X509(found)) : 0;
  X509_STORE_unlock(store);
  if (ok)
    X509_free(
        X509_OBJECT_get0_X509(result));  // the reference that set1 took is the caller's to take
  return ok;
}

SSL_CTX* make_context() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  static Bundle bundle{ca_bundle_path()};
  static X509_LOOKUP_METHOD* const method = [] {
    X509_LOOKUP_METHOD* made = X509_LOOKUP_meth_new("bundle by subject");
    X509_LOOKUP_meth_set_get_by_subject(made, by_subject);
    return made;
  }();
  X509_LOOKUP* lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(context), method);
  X509_LOOKUP_set_method_data(lookup, &bundle);
  return context;
}
}  // namespace

std::string ca_bundle_path() {
  for (const auto* variable : {"AWS_CA_BUNDLE", "SSL_CERT_FILE"})
    if (const char* path = std::getenv(variable); path && *path) return path;
  for (const auto* path : {"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt",
                           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"})
    if (access(path, R_OK) == 0) return path;
  return "";
}

SSL_CTX* tls_context() {
  static SSL_CTX* const context = make_context();
  return context;
}

}  // namespace sitelatch::function
