// SPDX-License-Identifier: Apache-2.0
// Signature Version 4, both sides: clients sign requests or make presigned URLs; the gateway reads
// who claims to have signed, checks the claim's scope and age, and verifies the signature. Errors
// carry the codes of the query protocol; the wire spells them as the request's protocol does
// (aws/wire/common_errors.h; fact gateway-21).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/sigv4_canonical.h"
#include "aws/auth/sigv4_digest.h"
#include "aws/wire/error.h"
#include "aws/wire/http.h"
#include "base/recent.h"
#include "base/time.h"

namespace sitelatch::aws {

inline constexpr std::string_view sigv4_algorithm = "AWS4-HMAC-SHA256";

struct SigningIdentity {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty: long-term keys
};

struct SigningScope {
  std::string region;
  std::string service;  // the signing name: "monitoring"
};

struct SigningOptions {
  CanonicalRules rules;
  bool content_sha256_header = false;  // add x-amz-content-sha256
  bool token_after_signing = false;    // the session token is sent, but not signed
};

// Adds X-Amz-Date, X-Amz-Security-Token and Authorization. Every header already there is signed,
// except those that intermediaries change. Host must be there.
void sign(HttpRequest& request, const SigningIdentity& identity, const SigningScope& scope,
          WallInstant now, const SigningOptions& options = {});
// Adds the same to the query; `valid_for` at most 7 days. The headers present are signed, Host at
// least.
void presign(HttpRequest& request, const SigningIdentity& identity, const SigningScope& scope,
             WallInstant now, std::chrono::seconds valid_for, const SigningOptions& options = {});

// What a request says of its own signature.
struct SignatureClaim {
  enum class Form { header, query } form = Form::header;
  std::string access_key_id, date, region, service, terminator;  // the credential scope
  std::vector<std::string> signed_headers;                       // lower case, sorted
  std::string signature;
  std::string timestamp;  // "20261122T104432Z"
  WallInstant signed_at{};
  std::chrono::seconds valid_for{900};  // of a presigned request
  std::string session_token;            // empty: none
};

// Nothing: the request carries no signature at all. IncompleteSignature: it carries a broken one.
Outcome<std::optional<SignatureClaim>> read_signature(const HttpRequest& request);

// The refusal of a request without signature where one is needed.
Error missing_authentication();

// What a claim's scope must say: the signing name of the service that was recognised, and a region
// that looks like one (global services take any: clients sign with whatever region is configured).
struct ExpectedScope {
  std::string_view service;
  enum class Region { like_one, any } region = Region::like_one;
};
// Scope and age, on wall time: 15 minutes to either side, or what a presigned request allows
// itself.
Outcome<Done> check_claim(const SignatureClaim& claim, const ExpectedScope& expected,
                          WallInstant now);

// Checks signatures; keeps the signing keys that it derived (by access key, date, region, service).
class SignatureVerifier {
 public:
  // SignatureDoesNotMatch, with the canonical string that was expected. `body_hash`: what
  // hash_of_body gave; empty: it is hashed here.
  Outcome<Done> verify(const HttpRequest& request, const SignatureClaim& claim,
                       std::string_view secret_access_key, std::string body_hash = {});
  // The part of verify that takes long for a large body; on any thread.
  static std::string hash_of_body(const HttpRequest& request, const SignatureClaim& claim);

 private:
  struct Derived {
    std::string secret_access_key;
    Digest key;
  };
  const Digest& signing_key(const SignatureClaim& claim, std::string_view secret_access_key);
  Recent<Derived> keys_{2048};  // by key id, date, region and service
};

// "20261122T104432Z"
std::string basic_iso8601(WallInstant t);

// "us-east-1", "us-gov-west-1", "eu-isoe-west-1"
bool looks_like_region(std::string_view text);

}  // namespace sitelatch::aws
