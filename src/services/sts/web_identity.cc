// SPDX-License-Identifier: Apache-2.0
#include "services/sts/web_identity.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "base/text.h"

namespace sitelatch::sts {
namespace {
using aws::Value;

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
  void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }
  void operator()(OSSL_PARAM_BLD* p) const { OSSL_PARAM_BLD_free(p); }
  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::optional<std::string> unbase64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string usual{text};
  std::replace(usual.begin(), usual.end(), '-', '+');
  std::replace(usual.begin(), usual.end(), '_', '/');
  return unbase64(usual);
}

struct Algorithm {
  std::string_view name;
  const EVP_MD* (*digest)();
  const char* curve;      // of EC, else null
  std::size_t number_of;  // bytes of either number of an EC signature
};
constexpr std::array<Algorithm, 6> algorithms = {{{"RS256", &EVP_sha256, nullptr, 0},
                                                  {"RS384", &EVP_sha384, nullptr, 0},
                                                  {"RS512", &EVP_sha512, nullptr, 0},
                                                  {"ES256", &EVP_sha256, "P-256", 32},
                                                  {"ES384", &EVP_sha384, "P-384", 48},
                                                  {"ES512", &EVP_sha512, "P-521", 66}}};
const Algorithm* algorithm_named(std::string_view name) {
  for (const auto& algorithm : algorithms)
    if (algorithm.name == name) return &algorithm;
  return nullptr;
}

std::string text_of(const Value& value) { return value.is_string() ? value.string() : ""; }

Owned<BIGNUM> number(std::string_view bytes) {
  return Owned<BIGNUM>{BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                 static_cast<int>(bytes.size()), nullptr)};
}

Owned<EVP_PKEY> key_from(const char* type, OSSL_PARAM_BLD* build) {
  const Owned<OSSL_PARAM> parameters{OSSL_PARAM_BLD_to_param(build)};
  const Owned<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return Owned<EVP_PKEY>{made};
}

constexpr std::size_t most_number_bytes = 1024;  // no key has more; larger ones cost for nothing

// A key of a JWKS that can verify what the algorithm signs; null: it cannot.
Owned<EVP_PKEY> key_of(const Value& jwk, const Algorithm& algorithm) {
  if (!jwk.is_struct() || text_of(jwk["use"]) == "enc") return nullptr;
  const auto alg = text_of(jwk["alg"]);
  if (!alg.empty() && alg != algorithm.name) return nullptr;
  const Owned<OSSL_PARAM_BLD> build{OSSL_PARAM_BLD_new()};
  if (!algorithm.curve) {
    const auto n = unbase64url(text_of(jwk["n"])), e = unbase64url(text_of(jwk["e"]));
    if (text_of(jwk["kty"]) != "RSA" || !n || !e || n->empty() || e->empty() ||
        n->size() > most_number_bytes || e->size() > 8)
      return nullptr;
    const auto modulus = number(*n), exponent = number(*e);
    if (BN_num_bits(modulus.get()) < 2048) return nullptr;
    OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
    OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
    return key_from("RSA", build.get());
  }
  const auto x = unbase64url(text_of(jwk["x"])), y = unbase64url(text_of(jwk["y"]));
  if (text_of(jwk["kty"]) != "EC" || text_of(jwk["crv"]) != algorithm.curve || !x || !y ||
      x->size() != algorithm.number_of || y->size() != algorithm.number_of)
    return nullptr;
  const auto point = "\x04" + *x + *y;
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, algorithm.curve, 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return key_from("EC", build.get());
}

// JWT has the two numbers one behind the other, OpenSSL wants them in DER (RFC 7518 3.4).
std::string der_signature(std::string_view signature, std::size_t number_size) {
  if (signature.size() != 2 * number_size) return "";
  const Owned<ECDSA_SIG> pair{ECDSA_SIG_new()};
  auto r = number(signature.substr(0, number_size)), s = number(signature.substr(number_size));
  if (ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return "";
  static_cast<void>(r.release());  // the pair's now
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return "";
  std::string out{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)};
  OPENSSL_free(der);
  return out;
}

bool signed_by(EVP_PKEY* key, const EVP_MD* digest, std::string_view text,
               std::string_view signature) {
  const Owned<EVP_MD_CTX> context{EVP_MD_CTX_new()};
  return context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}
}  // namespace

std::optional<WebIdentityToken> read_token(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto head_text = unbase64url(parts[0]), body = unbase64url(parts[1]),
             signature = unbase64url(parts[2]);
  if (!head_text || !body || !signature) return std::nullopt;
  const auto head = aws::from_json(*head_text), claims = aws::from_json(*body);
  if (!head || !claims || !head->is_struct() || !claims->is_struct()) return std::nullopt;
  WebIdentityToken token;
  token.algorithm = text_of((*head)["alg"]);
  token.key_id = text_of((*head)["kid"]);
  token.issuer = text_of((*claims)["iss"]);
  if (token.issuer.empty()) return std::nullopt;
  token.claims = *claims;
  token.signed_part = text.substr(0, parts[0].size() + 1 + parts[1].size());
  token.signature = *signature;
  return token;
}

bool verify_token(const WebIdentityToken& token, std::string_view jwks) {
  const auto* algorithm = algorithm_named(token.algorithm);  // "none" is none of them
  const auto keys = aws::from_json(jwks);
  if (!algorithm || !keys || !keys->is_struct() || !(*keys)["keys"].is_list()) return false;
  const auto signature =
      algorithm->curve ? der_signature(token.signature, algorithm->number_of) : token.signature;
  bool verified = false;
  for (const auto& jwk : (*keys)["keys"].items()) {
    const auto id = jwk.is_struct() ? text_of(jwk["kid"]) : "";
    // A key without a name, or a token that names none, may fit all the same.
    if (!token.key_id.empty() && !id.empty() && id != token.key_id) continue;
    const auto key = key_of(jwk, *algorithm);
    if (key && signed_by(key.get(), algorithm->digest(), token.signed_part, signature)) {
      verified = true;
      break;
    }
  }
  ERR_clear_error();
  return verified;
}

bool is_jwks(std::string_view text) {
  const auto keys = aws::from_json(text);
  if (!keys || !keys->is_struct() || !(*keys)["keys"].is_list()) return false;
  const auto& list = (*keys)["keys"].items();
  const bool usable = std::any_of(list.begin(), list.end(), [](const Value& jwk) {
    return std::any_of(algorithms.begin(), algorithms.end(),
                       [&](const Algorithm& a) { return key_of(jwk, a) != nullptr; });
  });
  ERR_clear_error();
  return usable;
}

namespace {
std::vector<std::string> texts_of(const Value& value) {
  std::vector<std::string> out;
  const auto add = [&out](const Value& v) {
    if (v.is_string()) out.push_back(v.string());
    if (v.is_integer()) out.push_back(std::to_string(v.integer()));
    if (v.is_bool()) out.emplace_back(v.boolean() ? "true" : "false");
  };
  if (value.is_list())
    for (const auto& item : value.items()) add(item);
  else
    add(value);
  return out;
}
}  // namespace

std::vector<std::string> audiences(const WebIdentityToken& token) {
  return texts_of(token.claims["aud"]);
}

std::optional<std::int64_t> seconds_claim(const WebIdentityToken& token, std::string_view name) {
  const auto& value = token.claims[name];
  if (value.is_integer()) return value.integer();
  // Beyond what a time is it would not fit.
  if (value.is_double() && std::abs(value.number()) < 1e15)
    return static_cast<std::int64_t>(value.number());
  return std::nullopt;
}

std::string text_claim(const WebIdentityToken& token, std::string_view name) {
  return text_of(token.claims[name]);
}

void add_claim_keys(const WebIdentityToken& token, std::string_view provider,
                    aws::ConditionKeys& keys) {
  const auto name = [&](std::string_view claim) {
    return std::string{provider} + ":" + std::string{claim};
  };
  const auto set = [&](std::string_view key, const Value& value) {
    auto texts = texts_of(value);
    if (!texts.empty()) keys.set(name(key), std::move(texts));
  };
  set("sub", token.claims["sub"]);
  set("amr", token.claims["amr"]);
  set("email", token.claims["email"]);
  set("oaud", token.claims["aud"]);
  // For whom the token was made, where it says so, else whom it is addressed to.
  set("aud", token.claims[token.claims.has("azp") ? "azp" : "aud"]);
  if (provider != "token.actions.githubusercontent.com") return;
  for (const auto* claim : {"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref",
                            "ref", "repository", "repository_id", "workflow"})
    set(claim, token.claims[claim]);
}

aws::Tags principal_tags(const WebIdentityToken& token) {
  aws::Tags tags;
  const auto& sent = token.claims["https://aws.amazon.com/tags"];
  if (!sent.is_struct() || !sent["principal_tags"].is_struct()) return tags;
  for (const auto& [key, value] : sent["principal_tags"].members()) {
    const auto texts = texts_of(value);
    if (texts.size() == 1) tags.push_back({key, texts.front()});
  }
  return tags;
}

std::string source_identity(const WebIdentityToken& token) {
  return text_of(token.claims["https://aws.amazon.com/source_identity"]);
}

}  // namespace sitelatch::sts
