// SPDX-License-Identifier: Apache-2.0
#include "client/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "aws/auth/sigv4.h"
#include "base/text.h"
#include "client/failures.h"

namespace sitelatch::client {
namespace {

constexpr auto refresh_before_expiry = std::chrono::minutes{5};
constexpr auto skew_worth_correcting = std::chrono::minutes{4};

// fact client-9: CloudWatch by the query protocol, which every emulator and every partition speaks;
// the others have one.
aws::Protocol protocol_for(const aws::ServiceModel& service) {
  return service.speaks(aws::Protocol::query) ? aws::Protocol::query : service.protocols.front();
}

// Tokens that make an operation safe to send twice are the client's to invent.
void fill_idempotency_tokens(const aws::ServiceModel& service, const aws::Operation& operation,
                             Value& input, ports::Entropy& entropy) {
  if (operation.input == aws::no_shape) return;
  for (const auto& member : service.shape(operation.input).members)
    if (member.idempotency_token && !input.has(member.name))
      input.set(member.name, ports::uuid(entropy));
}

std::string between(std::string_view text, std::string_view from, std::string_view to) {
  const auto start = text.find(from);
  if (start == std::string_view::npos) return "";
  const auto end = text.find(to, start + from.size());
  if (end == std::string_view::npos) return "";
  return std::string{text.substr(start + from.size(), end - start - from.size())};
}

std::string request_id_of(const aws::HttpResponse& response) {
  for (const auto name : {"x-amzn-RequestId", "x-amz-request-id"})
    if (const auto* id = response.headers.find(name)) return *id;
  return between(response.body, "<RequestId>", "</RequestId>");
}

Error answered_error(const aws::Error& from, const aws::HttpResponse& response) {
  Error error;
  error.code = from.code;
  error.message = from.message;
  error.members = from.members;
  error.status = response.status;
  error.request_id = request_id_of(response);
  const bool only_a_status = error.code == std::to_string(response.status);
  if (error.code == "UnreadableResponse" || only_a_status) error.cause = Cause::answer;
  return error;
}

bool about_the_clock(std::string_view code) {
  constexpr std::array<std::string_view, 7> codes{
      "RequestTimeTooSkewed",      "RequestExpired", "RequestInTheFuture", "SignatureDoesNotMatch",
      "InvalidSignatureException", "AuthFailure",    "SignatureExpired"};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

Outcome<const Configuration*> Client::Session::configuration() {
  if (!configuration_) {
    auto read = read_configuration(options_, dependencies_.environment);
    if (!read) return failure(read.error());
    configuration_ = std::move(*read);
  }
  return &*configuration_;
}

std::string Client::Session::region() {
  const auto settings = configuration();
  return settings ? (*settings)->region : "";
}

aws::EndpointVariant Client::Session::endpoint_variant() {
  const auto settings = configuration();
  return settings ? (*settings)->variant : aws::EndpointVariant{};
}

Outcome<std::string> Client::Session::endpoint(std::string_view service, std::string_view region) {
  const auto settings = configuration();
  if (!settings) return failure(settings.error());
  const auto* model = aws::find_service(service);
  if (!model)
    return failure(
        configuration_error("UnknownService", fmt::format("no service {} is known", service)));
  const auto place = place_of(**settings, dependencies_.environment, *model, region);
  if (!place) return failure(place.error());
  return place->origin + place->base_path;
}

Outcome<Client::Session::Plan> Client::Session::plan(const Call& call,
                                                     const Configuration& configuration) {
  Plan plan;
  plan.service = aws::find_service(call.service);
  plan.operation = plan.service ? plan.service->operation(call.operation) : nullptr;
  if (!plan.operation || plan.operation->known_only)
    return failure(configuration_error(
        "UnknownOperation",
        fmt::format("this program does not know {} of {}", call.operation, call.service)));
  auto place = place_of(configuration, dependencies_.environment, *plan.service, call.region);
  if (!place) return failure(place.error());
  plan.place = std::move(*place);
  plan.region = call.region.empty() ? configuration.region : call.region;
  plan.protocol = protocol_for(*plan.service);
  Value input = call.input;
  fill_idempotency_tokens(*plan.service, *plan.operation, input, dependencies_.entropy);
  plan.request = aws::encode_request(*plan.service, *plan.operation, plan.protocol, input);
  plan.request.target.insert(0, plan.place.base_path);
  if (plan.place.real && !plan.operation->host_prefix.empty())
    plan.place.origin.insert(plan.place.origin.find("://") + 3, plan.operation->host_prefix);
  plan.request.headers.set("Host", host_of(plan.place.origin));
  plan.request.headers.set("User-Agent", options_.user_agent);
  plan.limits = configuration.limits;
  if (call.time_limit) plan.limits.total = *call.time_limit;
  plan.attempts = std::max(1, call.attempts.value_or(configuration.max_attempts));
  return plan;
}

Outcome<Reply> Client::Session::send(const Call& call) {
  const auto named = [&](Error error) {
    if (error.service.empty()) {
      error.service = call.service;
      error.operation = call.operation;
      error.region = call.region;
    }
    return failure(std::move(error));
  };
  const auto settings = configuration();
  if (!settings) return named(settings.error());
  const auto what = plan(call, **settings);
  if (!what) return named(what.error());
  auto reply = send_signed(*what);
  if (!reply) return named(reply.error());
  return reply;
}

// Once more with fresh credentials when the service says that these are too old.
Outcome<Reply> Client::Session::send_signed(const Plan& plan) {
  const auto first = credentials();
  if (!first) return failure(first.error());
  auto reply = send_with(plan, *first);
  if (reply || !is_expired_token(reply.error())) return reply;
  auto again = search_credentials();
  if (!again || again->session_token == credentials_->session_token) return reply;
  credentials_ = std::move(*again);
  return send_with(plan, &*credentials_);
}

Outcome<Reply> Client::Session::send_with(const Plan& plan, const Credentials* credentials) {
  const auto distance =
      is_loopback_origin(plan.place.origin) ? Distance::loopback : Distance::remote;
  for (int made = 1;; ++made) {
    clock_corrected_ = false;
    auto reply = attempt(plan, credentials);
    if (reply) {
      quota_.succeeded();
      return reply;
    }
    const auto kind = retry_of(reply.error());
    const bool again = made < attempts_worth(reply.error(), plan.attempts) &&
                       (clock_corrected_ || (kind != Retry::never && quota_.take(kind)));
    if (!again) {
      Error error = reply.error();
      error.attempts = made;
      return failure(std::move(error));
    }
    if (kind == Retry::throttled && plan.service->name == "route53")
      rate_limiter_of(plan).enforce();
    if (!clock_corrected_) dependencies_.clock.sleep(backoff(made + 1, distance, random()));
  }
}

Outcome<Reply> Client::Session::attempt(const Plan& plan, const Credentials* credentials) {
  if (plan.service->name == "route53") {
    auto& limiter = rate_limiter_of(plan);
    const auto& operation = plan.operation->name;
    if (const auto wait = limiter.wait(operation, dependencies_.clock.now()); wait.count() > 0)
      dependencies_.clock.sleep(wait);
    limiter.sent(operation, dependencies_.clock.now());
  }
  const auto fill = [&](Error error) {
    error.service = plan.service->name;
    error.operation = plan.operation->name;
    error.region = plan.region.empty() ? plan.place.signing_region : plan.region;
    error.endpoint = plan.place.origin + plan.place.base_path;
    if (credentials) {
      error.access_key_id = credentials->access_key_id;
      error.credentials_source = credentials->source;
    }
    return failure(std::move(error));
  };
  auto response = dependencies_.transport.send(exchange_of(plan, credentials));
  if (!response) return fill(transport_error(response.error()));
  auto output = aws::decode_response(*plan.service, *plan.operation, plan.protocol, *response);
  if (output) return Reply{std::move(*output), request_id_of(*response)};
  Error error = answered_error(output.error(), *response);
  clock_corrected_ = learn_clock_skew(error, *response);
  return fill(std::move(error));
}

Exchange Client::Session::exchange_of(const Plan& plan, const Credentials* credentials) {
  Exchange exchange;
  exchange.origin = plan.place.origin;
  exchange.request = plan.request;
  exchange.limits = plan.limits;
  exchange.ca_bundle = configuration_->ca_bundle;
  // fact client-10: what is on this machine is never asked for through a proxy.
  if (!is_loopback_origin(exchange.origin)) {
    exchange.proxy = exchange.origin.starts_with("https") ? configuration_->https_proxy
                                                          : configuration_->http_proxy;
    exchange.no_proxy = configuration_->no_proxy;
  }
  if (!credentials) return exchange;
  aws::sign(
      exchange.request,
      {credentials->access_key_id, credentials->secret_access_key, credentials->session_token},
      {plan.place.signing_region, plan.service->signing_name},
      dependencies_.clock.now() + clock_offset_);
  return exchange;
}

// As the SDKs do: a signature refused for its time is made again with the service's time. True:
// worth another attempt.
bool Client::Session::learn_clock_skew(const Error& error, const aws::HttpResponse& response) {
  if (!about_the_clock(error.code)) return false;
  const auto theirs = parse_http_date(response.headers.get("Date"));
  if (!theirs) return false;
  const auto offset = WallInstant{theirs->time_since_epoch()} - dependencies_.clock.now();
  if (std::chrono::abs(offset - clock_offset_) < skew_worth_correcting) return false;
  clock_offset_ = offset;
  return true;
}

Outcome<const Credentials*> Client::Session::credentials() {
  const auto now = dependencies_.clock.now() + clock_offset_;
  if (credentials_ &&
      (!credentials_->expiration || now + refresh_before_expiry < *credentials_->expiration))
    return &*credentials_;
  auto found = search_credentials();
  if (found)
    credentials_ = std::move(*found);
  else if (!credentials_ || now >= *credentials_->expiration)
    return failure(found.error());
  return &*credentials_;
}

Outcome<Credentials> Client::Session::search_credentials() {
  const auto settings = configuration();
  if (!settings) return failure(settings.error());
  CredentialSources sources(
      **settings, dependencies_.environment, dependencies_.entropy, dependencies_.transport,
      [this](std::string_view operation, const Value& input, const Credentials* with) {
        return sts(operation, input, with);
      });
  return sources.find();
}

Outcome<std::string> Client::Session::credentials_source() {
  const auto found = credentials();
  if (!found) return failure(found.error());
  return (*found)->source;
}

Outcome<Value> Client::Session::sts(std::string_view operation, const Value& input,
                                    const Credentials* credentials) {
  const auto what = plan(Call{"sts", std::string{operation}, input, {}, {}, {}}, *configuration_);
  if (!what) return failure(what.error());
  auto reply = send_with(*what, credentials);
  if (!reply) return failure(reply.error());
  return std::move(reply->output);
}

RateLimiter& Client::Session::rate_limiter_of(const Plan& plan) {
  auto& limiter = rate_limiters_[plan.place.origin];
  if (plan.place.real) limiter.enforce();
  return limiter;
}

double Client::Session::random() {
  std::array<unsigned char, 4> bytes{};
  dependencies_.entropy.fill(bytes);
  std::uint32_t number = 0;
  for (const auto byte : bytes) number = (number << 8) | byte;
  return std::ldexp(static_cast<double>(number), -32);
}

}  // namespace sitelatch::client
