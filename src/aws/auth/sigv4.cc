// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sitelatch::aws {
namespace {
constexpr std::string_view terminator = "aws4_request";

// What proxies and SDKs add or change after signing.
constexpr std::array<std::string_view, 6> never_signed = {
    "authorization", "connection", "expect", "user-agent", "x-amzn-trace-id", "transfer-encoding"};

Digest derive_key(std::string_view secret, std::string_view date, std::string_view region,
                  std::string_view service) {
  const Digest of_date = hmac_sha256("AWS4" + std::string{secret}, date);
  const Digest of_region = hmac_sha256(bytes_of(of_date), region);
  const Digest of_service = hmac_sha256(bytes_of(of_region), service);
  return hmac_sha256(bytes_of(of_service), terminator);
}

std::string string_to_sign(std::string_view timestamp, std::string_view scope,
                           std::string_view canonical) {
  return fmt::format("{}\n{}\n{}\n{}", sigv4_algorithm, timestamp, scope,
                     hex_of(sha256(canonical)));
}

std::vector<std::string> headers_to_sign(const HttpRequest& request) {
  std::vector<std::string> names;
  for (const auto& [name, value] : request.headers) {
    auto small = lower(name);
    if (std::find(never_signed.begin(), never_signed.end(), small) == never_signed.end())
      names.push_back(std::move(small));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}
}  // namespace

void sign(HttpRequest& request, const SigningIdentity& identity, const SigningScope& scope,
          WallInstant now, const SigningOptions& options) {
  const auto timestamp = basic_iso8601(now);
  const auto date = timestamp.substr(0, 8);
  request.headers.set("X-Amz-Date", timestamp);
  if (!identity.session_token.empty() && !options.token_after_signing)
    request.headers.set("X-Amz-Security-Token", identity.session_token);
  const auto payload_hash = hex_of(sha256(request.body));
  if (options.content_sha256_header) request.headers.set("x-amz-content-sha256", payload_hash);

  const auto names = headers_to_sign(request);
  const auto canonical = canonical_request(request, names, payload_hash, options.rules);
  const auto credential_scope =
      fmt::format("{}/{}/{}/{}", date, scope.region, scope.service, terminator);
  const auto key = derive_key(identity.secret_access_key, date, scope.region, scope.service);
  const auto signature =
      hex_of(hmac_sha256(bytes_of(key), string_to_sign(timestamp, credential_scope, canonical)));
  request.headers.set(
      "Authorization",
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", sigv4_algorithm,
                  identity.access_key_id, credential_scope, join(names, ";"), signature));
  if (!identity.session_token.empty() && options.token_after_signing)
    request.headers.set("X-Amz-Security-Token", identity.session_token);
}

void presign(HttpRequest& request, const SigningIdentity& identity, const SigningScope& scope,
             WallInstant now, std::chrono::seconds valid_for, const SigningOptions& options) {
  const auto timestamp = basic_iso8601(now);
  const auto date = timestamp.substr(0, 8);
  const auto credential_scope =
      fmt::format("{}/{}/{}/{}", date, scope.region, scope.service, terminator);
  const auto names = headers_to_sign(request);
  const auto add = [&request](std::string_view name, std::string_view value) {
    request.target += request.target.find('?') == std::string::npos ? '?' : '&';
    request.target += fmt::format("{}={}", name, percent_encode(value));
  };
  add("X-Amz-Algorithm", sigv4_algorithm);
  add("X-Amz-Credential", identity.access_key_id + "/" + credential_scope);
  add("X-Amz-Date", timestamp);
  add("X-Amz-SignedHeaders", join(names, ";"));
  add("X-Amz-Expires", std::to_string(valid_for.count()));
  if (!identity.session_token.empty()) add("X-Amz-Security-Token", identity.session_token);

  auto rules = options.rules;
  rules.with_session_token = !options.token_after_signing;
  const auto canonical = canonical_request(request, names, hex_of(sha256(request.body)), rules);
  const auto key = derive_key(identity.secret_access_key, date, scope.region, scope.service);
  add("X-Amz-Signature",
      hex_of(hmac_sha256(bytes_of(key), string_to_sign(timestamp, credential_scope, canonical))));
}

const Digest& SignatureVerifier::signing_key(const SignatureClaim& claim,
                                             std::string_view secret_access_key) {
  std::string scope;
  scope.reserve(96);
  for (const std::string_view part :
       {std::string_view{claim.access_key_id}, std::string_view{claim.date},
        std::string_view{claim.region}, std::string_view{claim.service}}) {
    scope += part;
    scope += '/';
  }
  const auto* found = keys_.find(scope);
  if (found && found->secret_access_key == secret_access_key) return found->key;
  return keys_
      .add(std::move(scope),
           {std::string{secret_access_key},
            derive_key(secret_access_key, claim.date, claim.region, claim.service)})
      .key;
}

namespace {
// The spellings of one request that real clients are known to sign, the documented one first. All
// mean the same request.
std::vector<CanonicalRules> accepted_rules(const HttpRequest& request,
                                           const SignatureClaim& claim) {
  CanonicalRules documented;
  if (claim.service == "s3") {
    documented.path = CanonicalRules::Path::as_sent;
    documented.normalise_path = false;
  }
  std::vector<CanonicalRules> rules{documented};
  const auto also = [&rules](auto change) {
    const auto known = rules.size();
    for (std::size_t i = 0; i < known; ++i) {
      auto other = rules[i];
      change(other);
      rules.push_back(other);
    }
  };
  const auto path = request.path();
  if (documented.normalise_path && (path.find("//") != path.npos || path.find("/.") != path.npos))
    also([](CanonicalRules& r) { r.normalise_path = false; });
  if (claim.form == SignatureClaim::Form::query && !claim.session_token.empty())
    also([](CanonicalRules& r) { r.with_session_token = false; });
  const auto query = request.query();
  if (query.find('+') != query.npos)
    also([](CanonicalRules& r) { r.query = CanonicalRules::Query::plus_is_blank; });
  if (query.find('%') != query.npos)
    also([](CanonicalRules& r) { r.query = CanonicalRules::Query::as_sent; });
  return rules;
}

}  // namespace

// SHA-256 of the body as it came. S3 alone lets a client leave the body out of its signature.
std::string SignatureVerifier::hash_of_body(const HttpRequest& request,
                                            const SignatureClaim& claim) {
  constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
  if (claim.service == "s3") {
    const auto* stated = request.headers.find("x-amz-content-sha256");
    if (stated ? *stated == unsigned_payload : claim.form == SignatureClaim::Form::query)
      return std::string{unsigned_payload};
  }
  return hex_of(sha256(request.body));
}

Outcome<Done> SignatureVerifier::verify(const HttpRequest& request, const SignatureClaim& claim,
                                        std::string_view secret_access_key, std::string body_hash) {
  const Digest& key = signing_key(claim, secret_access_key);
  const auto payload_hash = body_hash.empty() ? hash_of_body(request, claim) : std::move(body_hash);
  const auto scope =
      fmt::format("{}/{}/{}/{}", claim.date, claim.region, claim.service, claim.terminator);
  const auto* stated_hash = request.headers.find("x-amz-content-sha256");
  const bool body_as_stated = !stated_hash || equal_ignoring_case(trim(*stated_hash), payload_hash);

  CanonicalRules documented;
  std::string expected_canonical, expected_to_sign;
  const auto fits = [&](const CanonicalRules& rules) {
    const auto canonical = canonical_request(request, claim.signed_headers, payload_hash, rules);
    const auto to_sign = string_to_sign(claim.timestamp, scope, canonical);
    if (equal_in_constant_time(hex_of(hmac_sha256(bytes_of(key), to_sign)), claim.signature))
      return true;
    if (expected_canonical.empty()) {
      expected_canonical = canonical;
      expected_to_sign = to_sign;
    }
    return false;
  };
  if (body_as_stated)
    for (const auto& rules : accepted_rules(request, claim))
      if (fits(rules)) return Done{};
  if (expected_canonical.empty()) {
    expected_canonical = canonical_request(request, claim.signed_headers, payload_hash, documented);
    expected_to_sign = string_to_sign(claim.timestamp, scope, expected_canonical);
  }
  return refuse("SignatureDoesNotMatch",
                fmt::format("The request signature we calculated does not match the signature you "
                            "provided. Check your AWS "
                            "Secret Access Key and signing method. Consult the service "
                            "documentation for details.\n\nThe "
                            "Canonical String for this request should have been\n'{}'\n\nThe "
                            "String-to-Sign should have "
                            "been\n'{}'\n",
                            expected_canonical, expected_to_sign));
}

}  // namespace sitelatch::aws
