// SPDX-License-Identifier: Apache-2.0
#include "engine/url_door.h"

#include <fmt/format.h>

#include <exception>
#include <new>
#include <utility>

#include "aws/wire/model.h"
#include "aws/wire/wire.h"
#include "base/log.h"
#include "net/http/request_head.h"
#include "services/lambda/url_answer.h"
#include "services/lambda/url_cors.h"
#include "store/sqlite_journal.h"

namespace sitelatch::engine {
namespace {

// Hashed on the control thread up to here (gateway.cc has the same for the API).
constexpr std::size_t light_url_body = 64u << 10;

const aws::ServiceModel& lambda_model() {
  static const auto& model = aws::service_model("lambda");
  return model;
}

// Refusals of signatures and of realism, in Lambda's words.
aws::HttpResponse in_lambdas_words(const aws::Error& error, const std::string& request_id) {
  aws::Recognised what;
  what.service = &lambda_model();
  return aws::encode_error(what, error, request_id);
}

net::HostAndPort host_of(const aws::HttpRequest& head) {
  const auto* host = head.headers.find("Host");
  if (!host) return {};
  const auto parsed = net::parse_host(*host);
  return parsed ? *parsed : net::HostAndPort{};
}

}  // namespace

// One request under way.
struct UrlDoor::Visit {
  aws::HttpRequest request;
  lambda::UrlPlace place;
  Gateway::Reply reply;
  Gateway::Standing standing;
  std::string request_id;
  WallInstant began{};
  // Of the URL, when it was found: it may be gone when the answer is given.
  std::string region, function_name;
  aws::Value cors;
  std::optional<aws::SignatureClaim> claim;
  std::string body_hash;
  aws::Caller caller;  // anonymous, until a signature was verified
  realism::Ruling ruling;
  bool acting = false, answered = false;
};

std::optional<lambda::UrlPlace> UrlDoor::place_of(const aws::HttpRequest& head) {
  return lambda::url_place(host_of(head).host, head.target);
}

// As Gateway::guarded: what a step throws ends its request, not the engine.
template <class Step>
void UrlDoor::guarded(const Shared& visit, Step step) {
  try {
    step();
    return;
  } catch (const store::StoreFailure&) {
    throw;
  } catch (const std::bad_alloc&) {
    if (visit->acting) throw;
  } catch (const std::exception& e) {
    log(LogLevel::error, "gateway", fmt::format("a function URL failed: {}", e.what()));
  }
  answer(visit, lambda::url_refusal(500, "ServiceException", "An internal error occurred."));
}

void UrlDoor::serve(aws::HttpRequest request, lambda::UrlPlace place, Gateway::Reply reply,
                    Gateway::Standing standing) {
  auto visit = std::make_shared<Visit>();
  visit->request = std::move(request);
  visit->place = std::move(place);
  visit->reply = std::move(reply);
  visit->standing = std::move(standing);
  visit->request_id = ports::uuid(world_.entropy);
  visit->began = world_.wall.now();
  guarded(visit, [&] { begin(visit); });
}

void UrlDoor::begin(const Shared& visit) {
  const auto target = urls_.find(visit->place);
  if (!target) return answer(visit, lambda::no_such_url());
  visit->region = target->function->region;
  visit->function_name = target->function->name;
  visit->cors = target->url->cors;
  if (visit->request.body.size() > lambda::UrlServer::largest_body)
    return answer(visit, lambda::url_too_large());
  if (visit->cors && lambda::is_preflight(visit->request))
    return answer(visit, lambda::preflight_answer(visit->cors, visit->request));
  if (target->url->auth == lambda::FunctionUrl::Auth::none) return enter(visit);

  auto claim = aws::read_signature(visit->request);
  if (!claim) return answer(visit, refused(*visit, claim.error()));
  if (!*claim) return answer(visit, lambda::url_forbidden());
  visit->claim = std::move(*claim);
  if (!world_.workers || visit->request.body.size() <= light_url_body) return verify(visit);
  world_.workers->run(
      [visit] {
        visit->body_hash = aws::SignatureVerifier::hash_of_body(visit->request, *visit->claim);
      },
      [this, visit] { guarded(visit, [&] { verify(visit); }); });
}

void UrlDoor::verify(const Shared& visit) {
  auto caller = gateway_.signer_of(visit->request, *visit->claim, lambda_model(), visit->body_hash);
  if (!caller) return answer(visit, refused(*visit, caller.error()));
  if (visit->claim->region != visit->region)
    return answer(visit,
                  refused(*visit, {"SignatureDoesNotMatch",
                                   fmt::format("Credential should be scoped to a valid Region, not "
                                               "'{}'. ",
                                               visit->claim->region),
                                   0,
                                   {}}));
  visit->caller = std::move(*caller);
  if (visit->standing.vouch) visit->standing.vouch();
  enter(visit);
}

void UrlDoor::enter(const Shared& visit) {
  // Looked for again: a body may have been hashed meanwhile, and the URL changed.
  const auto target = urls_.find(visit->place);
  if (!target) return answer(visit, lambda::no_such_url());
  const bool is_signed = visit->caller.kind != aws::Caller::Kind::anonymous;
  if (!is_signed && target->url->auth != lambda::FunctionUrl::Auth::none)
    return answer(visit, lambda::url_forbidden());
  if (world_.realism && !world_.realism->idle()) {
    visit->ruling =
        world_.realism->rule({"lambda", "InvokeFunctionUrl", visit->region}, world_.timers.now());
    if (visit->ruling.refusal) return answer(visit, refused(*visit, *visit->ruling.refusal));
  }
  if (!permitted(*target, visit->request, visit->caller, visit->ruling))
    return answer(visit, lambda::url_forbidden());
  if (!is_signed && unsigned_running_ >= unsigned_at_a_time)
    return answer(visit, lambda::url_throttled(false));
  if (!is_signed && visit->standing.admit) visit->standing.admit();
  invoke(visit, *target);
}

void UrlDoor::invoke(const Shared& visit, const Target& target) {
  const bool is_signed = visit->caller.kind != aws::Caller::Kind::anonymous;
  const lambda::UrlCall call{visit->request,
                             visit->place,
                             visit->request_id,
                             is_signed ? &visit->caller : nullptr,
                             host_of(visit->request).port,
                             world_.timers.now()};
  visit->acting = true;
  if (!is_signed) ++unsigned_running_;
  urls_.invoke(target, call, [this, visit, is_signed](aws::HttpResponse response) {
    if (!is_signed) --unsigned_running_;
    answer(visit, std::move(response));
  });
}

bool UrlDoor::permitted(const Target& target, const aws::HttpRequest& request,
                        const aws::Caller& caller, const realism::Ruling& ruling) const {
  return gateway_
      .permit({request, caller, lambda_model(), target.function->region, ruling},
              lambda::UrlServer::questions(target))
      .has_value();
}

std::variant<aws::HttpResponse, std::size_t> UrlDoor::consider(
    const aws::HttpRequest& head, const lambda::UrlPlace& place,
    std::optional<std::uint64_t> length) const {
  const auto target = urls_.find(place);
  if (!target) return lambda::no_such_url();
  if (length && *length > lambda::UrlServer::largest_body) return lambda::url_too_large();
  const auto most = lambda::UrlServer::largest_body;
  if (target->url->auth == lambda::FunctionUrl::Auth::none) {
    if (!permitted(*target, head, aws::Caller{}, {})) return lambda::url_forbidden();
    return most;
  }
  const auto id = ports::uuid(world_.entropy);
  const auto claim = aws::read_signature(head);
  if (!claim) return in_lambdas_words(claim.error(), id);
  if (!*claim) return lambda::url_forbidden();
  const auto plausible = gateway_.plausible(**claim, lambda_model());
  if (!plausible) return in_lambdas_words(plausible.error(), id);
  return most;
}

aws::HttpResponse UrlDoor::refused(const Visit& visit, const aws::Error& error) const {
  return in_lambdas_words(error, visit.request_id);
}

void UrlDoor::answer(const Shared& visit, aws::HttpResponse response) {
  if (std::exchange(visit->answered, true)) {
    log(LogLevel::error, "gateway", "a function URL answered twice");
    return;
  }
  const auto latency = world_.wall.now() - visit->began;
  if (!visit->function_name.empty())
    urls_.count({visit->region, visit->function_name, response.status, latency});
  lambda::add_cors(visit->cors, visit->request, response.headers);
  // By path a page has the API's own origin: it is to have none (fact lambda-45).
  if (visit->place.by_path)
    response.headers.add("Content-Security-Policy", "sandbox allow-scripts");
  response.headers.set("Date", http_date(Instant{world_.wall.now().time_since_epoch()}));
  response.headers.set("x-amzn-RequestId", visit->request_id);
  response.lost = visit->ruling.answer_lost;
  world_.journal.when_durable(
      [visit, response = std::move(response)]() mutable { visit->reply(std::move(response)); });
}

}  // namespace sitelatch::engine
