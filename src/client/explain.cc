// SPDX-License-Identifier: Apache-2.0
// Errors in words for people: what failed, why, and what mends it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "client/endpoint.h"
#include "client/error.h"

namespace sitelatch::client {
namespace {

template <std::size_t N>
bool among(const std::array<std::string_view, N>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

constexpr std::array<std::string_view, 5> denied_codes{
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
    "AuthorizationErrorException"};
constexpr std::array<std::string_view, 5> expired_codes{"ExpiredToken", "ExpiredTokenException",
                                                        "TokenRefreshRequired", "RequestExpired",
                                                        "ExpiredTokenIdException"};
constexpr std::array<std::string_view, 4> unknown_key_codes{
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
    "InvalidClientTokenIdException"};
constexpr std::array<std::string_view, 3> signature_codes{
    "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"};
// Further answers that are about the caller, not about the thing.
constexpr std::array<std::string_view, 3> unserved_codes{
    "OptInRequired", "SubscriptionRequiredException", "RequestTimeTooSkewed"};
constexpr std::array<std::string_view, 10> absent_codes{
    "NotFound",           "NoSuchEntity",      "ResourceNotFoundException",
    "ResourceNotFound",   "NotFoundException", "NoSuchHealthCheck",
    "NoSuchHostedZone",   "NoSuchChange",      "NoSuchTrafficPolicy",
    "NoSuchDelegationSet"};

// One sentence, with a full stop.
std::string sentence(std::string_view text) {
  std::string out{trim(text)};
  if (!out.empty() && std::string_view{".!?"}.find(out.back()) == std::string_view::npos)
    out += '.';
  return out;
}

// Text between two marks of AWS's own sentence; "" when it is not there.
std::string part(std::string_view text, std::string_view from,
                 std::initializer_list<std::string_view> ends) {
  const auto start = text.find(from);
  if (start == std::string_view::npos) return "";
  auto rest = text.substr(start + from.size());
  for (const auto end : ends) rest = rest.substr(0, rest.find(end));
  return std::string{trim(rest)};
}

std::string as_whom(const Error& error) {
  if (error.access_key_id.empty()) return "the caller";
  return fmt::format("access key {} from {}", error.access_key_id, error.credentials_source);
}

// "User: arn:... is not authorized to perform: route53:GetHealthCheck on resource: arn:... because
// no ... policy ..."
std::string denied(const Error& error) {
  const auto& text = error.message;
  auto who = part(text, "User: ", {" is not authorized"});
  auto action = part(text, "perform: ", {" on resource", " because", " with an explicit", "\n"});
  const auto resource = part(text, "on resource: ", {" because", " with an explicit", "\n"});
  const auto reason = part(text, " because ", {"\n"});
  if (action.empty()) action = iam_action(error.service, error.operation);
  if (who.empty()) who = as_whom(error);
  auto out = fmt::format("{} may not do {}", who, action);
  if (!resource.empty()) out += fmt::format(" on {}", resource);
  if (!reason.empty()) return sentence(out + ": " + reason);
  if (text.find("explicit deny") != std::string::npos)
    return sentence(out + ": a policy denies it explicitly");
  return sentence(out) + (text.empty() ? "" : " AWS says: " + sentence(text));
}

std::string code_and_message(const Error& error) {
  std::string_view text = trim(error.message);
  if (text.empty()) return sentence(error.code);
  if (text.ends_with('.')) text.remove_suffix(1);
  return fmt::format("{} ({}).", text, error.code);
}

std::string service_words(const Error& error) {
  if (is_denied(error)) return denied(error);
  if (is_expired_token(error))
    return fmt::format(
        "the session of {} has expired. Sign in again, or renew it where it comes from.",
        as_whom(error));
  if (among(unknown_key_codes, error.code))
    return fmt::format(
        "AWS does not know {} (or its session token is wrong). It may be deleted, switched off, of "
        "another "
        "partition, or of another engine.",
        as_whom(error));
  if (error.code == "RequestTimeTooSkewed" ||
      error.message.find("Signature expired") != std::string::npos ||
      error.message.find("Signature not yet current") != std::string::npos)
    return "this machine's clock differs too much from the service's. Set the clock (NTP). The "
           "service says: " +
           sentence(error.message);
  if (among(signature_codes, error.code))
    return fmt::format("the signature was refused: the secret access key does not belong to {}.",
                       as_whom(error));
  if (error.code == "OptInRequired" || error.code == "SubscriptionRequiredException")
    return fmt::format("the account is not signed up for {} in {}. ", error.service, error.region) +
           sentence(error.message);
  if (is_throttled(error))
    return fmt::format("the account sends too many requests to {} ({}); {} made. Try again later.",
                       error.service, error.code,
                       counted(error.attempts, "attempt was", "attempts were"));
  if (error.status >= 500 && !error.service.empty())
    return fmt::format(
        "the service {} ({}) could not answer (HTTP status {}; {} made): {} Try again later.",
        error.service, error.region, error.status,
        counted(error.attempts, "attempt was", "attempts were"), code_and_message(error));
  return code_and_message(error);
}

std::string host_in(const Error& error) {
  return error.endpoint.empty() ? "the endpoint" : host_of(error.endpoint);
}

std::string refused_words(const Error& error) {
  const auto hint = !error.endpoint.empty() && is_loopback_origin(error.endpoint)
                        ? " Is the engine running (`sitelatch engine`)?"
                        : " Check the endpoint, the proxy and firewalls.";
  return fmt::format("nothing accepts connections at {}.{}", error.endpoint, hint);
}

std::string words(const Error& error) {
  switch (error.cause) {
    case Cause::service:
      return service_words(error);
    case Cause::configuration:
      if (error.code == "NoRegion")
        return "no region is configured. Give --region, or set AWS_REGION.";
      return sentence(error.message);
    case Cause::credentials:
      if (error.code == "NoCredentials")
        return sentence(error.message) +
               " Give --profile, or sign in (`aws configure`, `aws sso login`).";
      return sentence(error.message);
    case Cause::name_resolution:
      return fmt::format(
          "the name of {} was not found in DNS. Is the network up, and is the region \"{}\" right?",
          host_in(error), error.region);
    case Cause::refused:
      return refused_words(error);
    case Cause::unreachable:
      return fmt::format("there is no network route to {}.", host_in(error));
    case Cause::timeout:
      return fmt::format("{} did not answer in time ({}). Check the network and proxy settings.",
                         host_in(error), counted(error.attempts, "attempt", "attempts"));
    case Cause::tls:
      return fmt::format(
          "the certificate or TLS of {} was not accepted: {} Behind an intercepting proxy, set "
          "AWS_CA_BUNDLE.",
          host_in(error), sentence(error.message));
    case Cause::connection:
      return fmt::format("the connection to {} broke off: {}", host_in(error),
                         sentence(error.message));
    case Cause::answer:
      return fmt::format(
          "{} gave an answer that is not {}'s (HTTP status {}): a proxy in between, or a wrong "
          "endpoint? {}",
          error.endpoint, error.service, error.status, sentence(error.message));
  }
  return sentence(error.message);
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z' && !text.starts_with("arn:"))
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace

bool is_denied(const Error& error) {
  return error.cause == Cause::service && among(denied_codes, error.code);
}

bool is_expired_token(const Error& error) {
  return error.cause == Cause::service && among(expired_codes, error.code);
}

bool is_bad_credentials(const Error& error) {
  return is_expired_token(error) ||
         (error.cause == Cause::service &&
          (among(unknown_key_codes, error.code) || among(signature_codes, error.code)));
}

bool is_unanswered(const Error& error) {
  return error.cause != Cause::service || is_denied(error) || is_bad_credentials(error) ||
         is_throttled(error) || (error.status >= 500 && error.status != 501) ||
         among(unserved_codes, error.code);
}

bool is_absent(const Error& error) {
  return error.cause == Cause::service && among(absent_codes, error.code);
}

std::string iam_action(std::string_view service, std::string_view operation) {
  if (service == "lambda" && (operation == "Invoke" || operation == "InvokeAsync"))
    operation = "InvokeFunction";
  if (service == "logs" && operation == "TagLogGroup") operation = "TagResource";
  return fmt::format("{}:{}", service, operation);
}

std::string explain(const Error& error, std::string_view doing) {
  const auto why = words(error);
  auto out = doing.empty() ? capitalised(why) : fmt::format("Cannot {}: {}", doing, why);
  if (!error.request_id.empty() && error.cause == Cause::service && !is_denied(error))
    out += fmt::format(" (request {})", error.request_id);
  return out;
}

}  // namespace sitelatch::client
