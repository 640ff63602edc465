// SPDX-License-Identifier: Apache-2.0
// Reading a request's claim to be signed, and judging its scope and age.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/auth/sigv4.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {
constexpr auto skew = std::chrono::minutes{15};
constexpr std::int64_t longest_expiry_s = 604800;

Failure<Error> incomplete(std::string message) {
  return refuse("IncompleteSignature", std::move(message));
}
Failure<Error> mismatch(std::string message) {
  return refuse("SignatureDoesNotMatch", std::move(message));
}

WallInstant wall(Instant t) { return WallInstant{t.time_since_epoch()}; }

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "20261122T104432Z"
std::optional<WallInstant> parse_basic(std::string_view t) {
  if (t.size() != 16 || t[8] != 'T' || t[15] != 'Z') return std::nullopt;
  if (!all_digits(t.substr(0, 8)) || !all_digits(t.substr(9, 6))) return std::nullopt;
  const auto extended =
      fmt::format("{}-{}-{}T{}:{}:{}Z", t.substr(0, 4), t.substr(4, 2), t.substr(6, 2),
                  t.substr(9, 2), t.substr(11, 2), t.substr(13, 2));
  const auto instant = parse_iso8601(extended);
  if (!instant) return std::nullopt;
  return wall(*instant);
}

std::string hashed(std::string_view header) { return base64(bytes_of(sha256(header))); }

Outcome<Done> read_credential(std::string_view credential, SignatureClaim& claim) {
  std::array<std::string_view, 4> scope;  // date, region, service, terminator
  std::string_view rest = credential;
  for (std::size_t i = 4; i-- > 0;) {
    const auto slash = rest.rfind('/');
    if (slash == rest.npos)
      return incomplete(
          fmt::format("Credential must have at least 5 slash-delimited elements, e.g. "
                      "keyid/date/region/service/term, got '{}'",
                      credential));
    scope[i] = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
  }
  claim.access_key_id = rest;
  claim.date = scope[0];
  claim.region = scope[1];
  claim.service = scope[2];
  claim.terminator = scope[3];
  return Done{};
}

Outcome<Done> read_signed_headers(std::string_view list, SignatureClaim& claim) {
  // More names than a request has headers are never right, and each is looked for.
  constexpr std::size_t names_max = 128;
  for (const auto name : split(list, ';'))
    if (!name.empty() && claim.signed_headers.size() <= names_max)
      claim.signed_headers.push_back(lower(name));
  if (claim.signed_headers.size() > names_max)
    return mismatch(fmt::format("More than {} 'SignedHeaders'.", names_max));
  std::sort(claim.signed_headers.begin(), claim.signed_headers.end());
  const auto& names = claim.signed_headers;
  if (std::find(names.begin(), names.end(), "host") == names.end() &&
      std::find(names.begin(), names.end(), ":authority") == names.end())
    return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  return Done{};
}

Outcome<Done> read_header_date(const HttpRequest& request, SignatureClaim& claim) {
  const auto* amz = request.headers.find("X-Amz-Date");
  const auto* plain = amz ? nullptr : request.headers.find("Date");
  const auto text = trim(amz ? *amz : *plain);
  auto when = parse_basic(text);
  if (!when && plain)
    if (const auto instant = parse_http_date(text)) when = wall(*instant);
  if (!when)
    return incomplete(
        fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                    "http://en.wikipedia.org/wiki/ISO_8601",
                    text));
  claim.signed_at = *when;
  claim.timestamp = std::string{text};
  return Done{};
}

Outcome<std::optional<SignatureClaim>> read_header(const HttpRequest& request,
                                                   std::string_view header) {
  if (!header.starts_with(sigv4_algorithm)) {
    if (header.starts_with("AWS4-"))
      return incomplete(
          fmt::format("Unsupported AWS 'algorithm': '{}'.", header.substr(0, header.find(' '))));
    return incomplete(fmt::format(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with "
        "SHA-256 and encoded with Base64): '{}'.",
        hashed(header)));
  }
  std::string_view credential, signed_headers, signature;
  for (auto part : split(header.substr(sigv4_algorithm.size()), ',')) {
    part = trim(part);
    const auto equals = part.find('=');
    if (equals == part.npos) {
      if (part.empty()) continue;
      return incomplete(fmt::format(
          "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with "
          "SHA-256 and encoded with Base64): '{}'.",
          hashed(part)));
    }
    const auto name = part.substr(0, equals), value = part.substr(equals + 1);
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") signed_headers = value;
    if (name == "Signature") signature = value;
  }
  std::string missing;
  if (credential.empty()) missing += "Authorization header requires 'Credential' parameter. ";
  if (signature.empty()) missing += "Authorization header requires 'Signature' parameter. ";
  if (signed_headers.empty())
    missing += "Authorization header requires 'SignedHeaders' parameter. ";
  if (!request.headers.find("X-Amz-Date") && !request.headers.find("Date"))
    missing +=
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!missing.empty())
    return incomplete(
        fmt::format("{}(Hashed with SHA-256 and encoded with Base64) Authorization={}", missing,
                    hashed(header)));
  SignatureClaim claim;
  claim.signature = signature;
  claim.session_token = request.headers.get("X-Amz-Security-Token");
  for (const auto& step :
       {read_credential(credential, claim), read_signed_headers(signed_headers, claim),
        read_header_date(request, claim)})
    if (!step) return failure(step.error());
  return std::optional{std::move(claim)};
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view wanted) {
  for (const auto part : split(query, '&')) {
    const auto equals = part.find('=');
    if (part.substr(0, equals) != wanted) continue;
    return percent_decode(equals == part.npos ? std::string_view{} : part.substr(equals + 1));
  }
  return std::nullopt;
}

Outcome<std::optional<SignatureClaim>> read_query(std::string_view query) {
  constexpr std::array<std::string_view, 5> required = {"X-Amz-Algorithm", "X-Amz-Credential",
                                                        "X-Amz-Signature", "X-Amz-SignedHeaders",
                                                        "X-Amz-Date"};
  std::array<std::string, 5> value;
  std::string missing;
  for (std::size_t i = 0; i < required.size(); ++i) {
    value[i] = query_parameter(query, required[i]).value_or("");
    if (value[i].empty())
      missing += fmt::format("AWS query-string parameters must include '{}'. ", required[i]);
  }
  if (!missing.empty()) return incomplete(missing + "Re-examine the query-string parameters.");
  if (value[0] != sigv4_algorithm)
    return incomplete(fmt::format("Unsupported AWS 'algorithm': '{}'.", value[0]));
  SignatureClaim claim;
  claim.form = SignatureClaim::Form::query;
  claim.signature = value[2];
  claim.timestamp = value[4];
  claim.session_token = query_parameter(query, "X-Amz-Security-Token").value_or("");
  for (const auto& step : {read_credential(value[1], claim), read_signed_headers(value[3], claim)})
    if (!step) return failure(step.error());
  const auto when = parse_basic(claim.timestamp);
  if (!when)
    return incomplete(
        fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                    "http://en.wikipedia.org/wiki/ISO_8601",
                    claim.timestamp));
  claim.signed_at = *when;
  if (const auto expires = query_parameter(query, "X-Amz-Expires")) {
    const auto seconds = parse_int(*expires);
    if (!seconds) return incomplete("X-Amz-Expires should be a number");
    if (*seconds < 0) return incomplete("X-Amz-Expires must be non-negative");
    if (*seconds > longest_expiry_s)
      return incomplete(
          "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
          "must be "
          "less than 604800 seconds");
    claim.valid_for = std::chrono::seconds{*seconds};
  }
  return std::optional{std::move(claim)};
}

std::string duration_text(std::chrono::seconds d) {
  return d.count() % 60 == 0 ? fmt::format("{} min.", d.count() / 60)
                             : fmt::format("{} sec.", d.count());
}
}  // namespace

std::string basic_iso8601(WallInstant t) {
  auto text = iso8601_seconds(Instant{t.time_since_epoch()});
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }),
             text.end());
  return text;
}

Outcome<std::optional<SignatureClaim>> read_signature(const HttpRequest& request) {
  if (const auto* header = request.headers.find("Authorization"))
    return read_header(request, trim(*header));
  const auto query = request.query();
  if (query.find("X-Amz-Signature=") != query.npos ||
      query.find("X-Amz-Credential=") != query.npos || query.find("X-Amz-Algorithm=") != query.npos)
    return read_query(query);
  return std::optional<SignatureClaim>{};
}

Error missing_authentication() {
  return {"MissingAuthenticationToken", "Request is missing Authentication Token", 0, {}};
}

bool looks_like_region(std::string_view text) {
  // Two or more words of small letters and a number at the end: aa-bb-1, us-gov-west-1.
  const auto words = split(text, '-');
  if (words.size() < 3 || words.size() > 5 || text.size() > 32) return false;
  if (words.back().empty() || words.back().size() > 2 || !all_digits(words.back())) return false;
  return std::all_of(words.begin(), words.end() - 1, [](std::string_view word) {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  });
}

Outcome<Done> check_claim(const SignatureClaim& claim, const ExpectedScope& expected,
                          WallInstant now) {
  const auto timestamp = basic_iso8601(claim.signed_at);
  if (claim.date != std::string_view{timestamp}.substr(0, 8))
    return mismatch(fmt::format(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        "HTTP: '{}' != '{}', from '{}'.",
        claim.date, timestamp.substr(0, 8), claim.timestamp));
  if (expected.region == ExpectedScope::Region::like_one && !looks_like_region(claim.region))
    return mismatch(
        fmt::format("Credential should be scoped to a valid Region, not '{}'. ", claim.region));
  // Whatever region is configured: but no text that somebody makes up to fill our memory.
  if (claim.region.size() > 64) return mismatch("Credential should be scoped to a valid Region. ");
  if (claim.service != expected.service)
    return mismatch(
        fmt::format("Credential should be scoped to correct service: '{}'. ", expected.service));
  if (claim.terminator != "aws4_request")
    return mismatch(fmt::format(
        "Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.",
        claim.terminator));
  const auto age = claim.form == SignatureClaim::Form::query
                       ? claim.valid_for
                       : std::chrono::duration_cast<std::chrono::seconds>(skew);
  if (claim.signed_at + age < now)
    return mismatch(fmt::format("Signature expired: {} is now earlier than {} ({} - {})", timestamp,
                                basic_iso8601(now - age), basic_iso8601(now), duration_text(age)));
  if (claim.signed_at > now + skew)
    return mismatch(fmt::format("Signature not yet current: {} is still later than {} ({} + {})",
                                timestamp, basic_iso8601(now + skew), basic_iso8601(now),
                                duration_text(skew)));
  return Done{};
}

}  // namespace sitelatch::aws
