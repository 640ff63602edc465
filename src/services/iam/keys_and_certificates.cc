// SPDX-License-Identifier: Apache-2.0
#include "services/iam/keys_and_certificates.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

#include "base/text.h"

namespace sitelatch::iam {
namespace {
struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
  void operator()(OSSL_PARAM_BLD* p) const { OSSL_PARAM_BLD_free(p); }
  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> reading(const std::string& text) {
  return Owned<BIO>{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}
// A failure stays in a queue of the thread's, where whoever asks next would find it.
template <class T>
T without_errors(T value) {
  ERR_clear_error();
  return value;
}
// No passphrase: OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

Owned<X509> next_certificate(BIO* text) {
  return without_errors(Owned<X509>{PEM_read_bio_X509(text, nullptr, &no_passphrase, nullptr)});
}
Owned<EVP_PKEY> private_key(const std::string& pem) {
  const auto text = reading(pem);
  return without_errors(
      Owned<EVP_PKEY>{PEM_read_bio_PrivateKey(text.get(), nullptr, &no_passphrase, nullptr)});
}

std::optional<Instant> instant_of(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return std::nullopt;
  return from_civil(fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday, fields.tm_hour,
                    fields.tm_min, fields.tm_sec);
}

std::string digest(const EVP_MD* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr) != 1) return "";
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string pem_of(EVP_PKEY* key) {
  const Owned<BIO> out{BIO_new(BIO_s_mem())};
  if (PEM_write_bio_PUBKEY(out.get(), key) != 1) return "";
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// --- The SSH form (RFC 4253 6.6): strings and integers with their lengths before them ---

std::string with_length(std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((size >> shift) & 0xff);
  return out.append(bytes);
}
std::optional<std::string_view> take_field(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::uint32_t size = 0;
  for (int i = 0; i < 4; ++i)
    size = size << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  if (bytes.size() - 4 < size) return std::nullopt;
  const auto field = bytes.substr(4, size);
  bytes.remove_prefix(4 + size);
  return field;
}
Owned<BIGNUM> number(std::string_view bytes) {
  return Owned<BIGNUM>{BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                 static_cast<int>(bytes.size()), nullptr)};
}
std::string bytes_of(EVP_PKEY* key, const char* name) {
  BIGNUM* taken = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &taken) != 1) return "";
  const Owned<BIGNUM> value{taken};
  std::string out(static_cast<std::size_t>(BN_num_bytes(value.get())), '\0');
  BN_bn2bin(value.get(), reinterpret_cast<unsigned char*>(out.data()));
  // A first bit that is set would be a sign.
  if (!out.empty() && (static_cast<unsigned char>(out[0]) & 0x80) != 0) out.insert(0, 1, '\0');
  return out;
}

Owned<EVP_PKEY> rsa_key(std::string_view modulus, std::string_view exponent) {
  const auto n = number(modulus), e = number(exponent);
  const Owned<OSSL_PARAM_BLD> build{OSSL_PARAM_BLD_new()};
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  const Owned<OSSL_PARAM> parameters{OSSL_PARAM_BLD_to_param(build.get())};
  const Owned<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return without_errors(Owned<EVP_PKEY>{});
  return Owned<EVP_PKEY>{made};
}

Owned<EVP_PKEY> ssh_public_key(std::string_view text) {
  const auto words = split(trim(text), ' ');
  if (words.size() < 2 || words[0] != "ssh-rsa") return nullptr;
  const auto bytes = unbase64(words[1]);
  if (!bytes) return nullptr;
  std::string_view rest = *bytes;
  const auto type = take_field(rest), exponent = take_field(rest), modulus = take_field(rest);
  if (!type || *type != "ssh-rsa" || !exponent || !modulus || !rest.empty()) return nullptr;
  // Numbers of a size that no key has are not even looked at.
  if (modulus->size() > 2049 || exponent->size() > 16 || exponent->empty()) return nullptr;
  return rsa_key(*modulus, *exponent);
}
}  // namespace

std::optional<Certificate> read_certificate(const std::string& pem) {
  const auto text = reading(pem);
  const auto certificate = next_certificate(text.get());
  if (!certificate || next_certificate(text.get())) return std::nullopt;
  const auto from = instant_of(X509_get0_notBefore(certificate.get())),
             until = instant_of(X509_get0_notAfter(certificate.get()));
  if (!from || !until) return std::nullopt;
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  if (size <= 0) return std::nullopt;
  const std::string bytes{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return Certificate{*from, *until, hex(digest(EVP_sha256(), bytes))};
}

bool is_private_key(const std::string& pem) { return private_key(pem) != nullptr; }

bool key_fits(const std::string& certificate_pem, const std::string& private_key_pem) {
  const auto text = reading(certificate_pem);
  const auto certificate = next_certificate(text.get());
  const auto key = private_key(private_key_pem);
  return certificate && key &&
         without_errors(X509_check_private_key(certificate.get(), key.get()) == 1);
}

std::optional<int> broken_link(const std::string& certificate_pem, const std::string& chain_pem) {
  const auto body = reading(certificate_pem), chain = reading(chain_pem);
  auto signed_one = next_certificate(body.get());
  int index = 0;
  while (auto signer = next_certificate(chain.get())) {
    EVP_PKEY* key = X509_get0_pubkey(signer.get());
    const bool named = signed_one && X509_NAME_cmp(X509_get_issuer_name(signed_one.get()),
                                                   X509_get_subject_name(signer.get())) == 0;
    if (!named || !key || without_errors(X509_verify(signed_one.get(), key) != 1)) return index;
    signed_one = std::move(signer);
    ++index;
  }
  if (index == 0) return -1;
  return std::nullopt;
}

std::optional<SshKeyForms> read_ssh_key(const std::string& text) {
  Owned<EVP_PKEY> key;
  const bool is_pem = trim(text).starts_with("-----BEGIN");
  if (is_pem) {
    const auto source = reading(text);
    key = without_errors(
        Owned<EVP_PKEY>{PEM_read_bio_PUBKEY(source.get(), nullptr, &no_passphrase, nullptr)});
  } else {
    key = ssh_public_key(text);
  }
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key.get()) < 2048)
    return std::nullopt;
  const auto blob = with_length("ssh-rsa") +
                    with_length(bytes_of(key.get(), OSSL_PKEY_PARAM_RSA_E)) +
                    with_length(bytes_of(key.get(), OSSL_PKEY_PARAM_RSA_N));
  SshKeyForms out;
  out.ssh = is_pem ? "ssh-rsa " + base64(blob) : std::string{trim(text)};
  out.pem = pem_of(key.get());
  const auto sum = hex(digest(EVP_md5(), blob));
  for (std::size_t i = 0; i < sum.size(); i += 2)
    out.fingerprint += (i ? ":" : "") + sum.substr(i, 2);
  return out;
}

}  // namespace sitelatch::iam
