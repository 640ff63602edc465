// SPDX-License-Identifier: Apache-2.0
#include "engine/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <new>

#include "base/log.h"
#include "base/text.h"
#include "engine/counted_ports.h"
#include "engine/gateway_exchange.h"
#include "store/sqlite_journal.h"

namespace sitelatch::engine {
namespace {
// Bodies up to here are dealt with on the control thread, in less time than a change of threads
// takes; without a signature no larger ones are taken at all.
constexpr std::size_t light_body_bytes = 64u << 10;

Failure<aws::Error> too_large() {
  return aws::refuse("RequestEntityTooLarge", "Request body is too large.", 413);
}
}  // namespace

Gateway::Gateway(const ports::WallClock& wall, ports::Timers& timers, ports::Entropy& entropy,
                 ports::Journal& journal, const iam::Identities& identities,
                 const std::vector<aws::Service*>& services, Options options)
    : wall_(wall),
      timers_(timers),
      entropy_(entropy),
      journal_(journal),
      identities_(identities),
      options_(std::move(options)) {
  for (auto* service : services) {
    auto& handled = services_[std::string{service->model_name()}];
    handled.service = service;
    for (const auto name : service->operations()) handled.operations.emplace(name);
  }
}

std::map<std::string, std::vector<std::string>> Gateway::handled() const {
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [name, handled] : services_)
    out[name] = {handled.operations.begin(), handled.operations.end()};
  return out;
}

const Gateway::Handled* Gateway::find(const aws::ServiceModel* model) const {
  const auto found = model ? services_.find(model->name) : services_.end();
  return found == services_.end() ? nullptr : &found->second;
}

// What a step throws ends its request, not the engine (ARCHITECTURE.md, Errors). Evidence of broken
// state is ENSURE's, which aborts; what cannot be made durable stops the engine, and so does a lack
// of memory while a handler acts: what is in memory may be half changed, and must not be told.
template <class Step>
void Gateway::guarded(const Shared& exchange, Step step) {
  try {
    const aws::Outcome<Done> taken = step();
    if (!taken) answer(exchange, failure(taken.error()));
  } catch (const store::StoreFailure&) {
    throw;
  } catch (const std::bad_alloc&) {
    if (exchange->acting) throw;
    answer(exchange, aws::refuse("InternalFailure", "An internal error occurred.", 500));
  } catch (const std::exception& e) {
    log(LogLevel::error, "gateway",
        fmt::format("{} failed: {}", exchange->what.operation_name, e.what()));
    answer(exchange, aws::refuse("InternalFailure", "An internal error occurred.", 500));
  }
}

void Gateway::serve(aws::HttpRequest request, Reply reply, Vouch vouch) {
  for (const auto& hook : hooks_)
    if (hook(request, reply)) return;
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->reply = std::move(reply);
  exchange->vouch = std::move(vouch);
  exchange->request_id = ports::uuid(entropy_);
  guarded(exchange, [&] { return begin(exchange); });
}

// A step of heavy requests on a worker, of others at once; then the next one here.
void Gateway::offload(const Shared& x, void (Gateway::*work)(Exchange&) const,
                      aws::Outcome<Done> (Gateway::*then)(const Shared&)) {
  const auto done = [this, x, then] {
    guarded(x, [&]() -> aws::Outcome<Done> {
      if (x->thrown) std::rethrow_exception(std::exchange(x->thrown, nullptr));
      return (this->*then)(x);
    });
  };
  const auto guarded_work = [this, x, work] {
    try {
      (this->*work)(*x);
    } catch (const std::exception&) {
      x->thrown = std::current_exception();
    }
  };
  if (x->heavy) return options_.workers->run(guarded_work, done);
  guarded_work();
  done();
}

std::size_t Gateway::largest_body(const aws::Recognised& what, bool is_signed) const {
  if (!is_signed) return std::min(light_body_bytes, options_.largest_body);
  const auto* handled = find(what.service);
  const auto name = what.operation ? std::string_view{what.operation->name} : std::string_view{};
  return std::min(handled ? handled->service->largest_body(name) : light_body_bytes,
                  options_.largest_body);
}

aws::Outcome<Gateway::BodyLimit> Gateway::body_limit(const aws::HttpRequest& head,
                                                     std::optional<std::uint64_t> length) const {
  auto claim = aws::read_signature(head);
  if (!claim) return failure(claim.error());
  const auto& signature = *claim;
  const auto what =
      aws::recognise(head, signature ? signature->service : std::string{}, aws::Received::head);
  const auto limit = largest_body(what, signature.has_value());
  if (!signature) {
    const auto* handled = find(what.service);
    if (!handled || !what.operation || !handled->service->allows_anonymous(what.operation->name))
      return failure(aws::missing_authentication());
  } else {
    if (!what.service) return failure(aws::unknown_operation(what));
    auto in_scope = check_scope(*signature, *what.service);
    if (!in_scope && !options_.accept_any_credentials) return failure(in_scope.error());
  }
  if (length && *length > limit) return too_large();
  return BodyLimit{limit, signature};
}

aws::Outcome<Done> Gateway::known_key(const aws::SignatureClaim& claim) const {
  if (options_.accept_any_credentials) return Done{};
  const auto known = identities_.find_key(claim.access_key_id, claim.session_token);
  if (!known) return failure(known.error());
  return Done{};
}

// Who claims to have signed, and for which service: by the head, and of a light form by a look for
// its Action.
aws::Outcome<Done> Gateway::identify(Exchange& x) const {
  auto claim = aws::read_signature(x.request);
  if (claim) x.claim = std::move(*claim);
  x.sent_bytes = x.request.body.size();
  x.what =
      aws::recognise(x.request, x.claim ? x.claim->service : std::string{},
                     x.sent_bytes > light_body_bytes ? aws::Received::head : aws::Received::body);
  if (!claim) return failure(claim.error());
  if (x.sent_bytes > largest_body(x.what, x.claim.has_value())) return too_large();
  return Done{};
}

aws::Outcome<Done> Gateway::begin(const Shared& x) {
  auto identified = identify(*x);
  if (!identified) return identified;
  x->heavy = options_.workers && (x->request.body.size() > light_body_bytes ||
                                  x->request.headers.find("Content-Encoding"));
  if (x->heavy && x->claim)
    offload(x, &Gateway::hash_body, &Gateway::verify);
  else
    return verify(x);
  return Done{};
}

void Gateway::hash_body(Exchange& x) const {
  x.body_hash = aws::SignatureVerifier::hash_of_body(x.request, *x.claim);
}

aws::Outcome<Done> Gateway::verify(const Shared& x) {
  auto authenticated = authenticate(*x);
  if (!authenticated) return authenticated;
  if (x->claim && x->vouch) x->vouch();
  if (x->heavy)
    offload(x, &Gateway::read, &Gateway::handle);
  else {
    read(*x);
    return handle(x);
  }
  return Done{};
}

void Gateway::read(Exchange& x) const {
  const auto decoded = decode(x);
  if (!decoded) x.unreadable = decoded.error();
}

aws::Outcome<Done> Gateway::decode(Exchange& x) const {
  const bool packed = x.request.headers.find("Content-Encoding") != nullptr;
  auto unpacked = aws::unpack_body(x.request);
  if (!unpacked) return unpacked;
  if (packed || x.request.body.size() > light_body_bytes)  // it was recognised by its head
    x.what = aws::recognise(x.request, x.claim ? x.claim->service : std::string{});
  const auto* handled = find(x.what.service);
  const auto name = x.what.operation ? x.what.operation->name : x.what.operation_name;
  if (x.what.refusal || !handled || !handled->operations.contains(name)) {
    log(LogLevel::warning, "gateway",
        fmt::format(
            "not handled: {} {}",
            x.what.service ? x.what.service->name : (x.claim ? x.claim->service : std::string{}),
            name.empty() ? x.request.method + " " + std::string{x.request.path()} : name));
    return failure(x.what.refusal ? *x.what.refusal : aws::unknown_operation(x.what));
  }
  auto input = aws::decode_input(x.what, x.request);
  if (!input) return failure(input.error());
  x.input = std::move(*input);
  if (auto invalid = aws::validate(x.what, x.input)) return failure(std::move(*invalid));
  return Done{};
}

aws::Outcome<Done> Gateway::handle(const Shared& x) {
  // Recognised anew by its body: the service may be another than the one it was verified for.
  if (x->claim && x->what.service != x->verified_for) {
    auto in_scope = x->what.service ? check_scope(*x->claim, *x->what.service) : Done{};
    if (!in_scope) return in_scope;
    if (!x->unreadable) return failure(aws::unknown_operation(x->what));
  }
  if (x->unreadable) return failure(std::move(*x->unreadable));
  x->service = find(x->what.service)->service;
  if (x->sent_bytes > largest_body(x->what, x->claim.has_value())) return too_large();
  if (options_.realism && !options_.realism->idle()) {
    auto goes_on = consult_realism(*x);
    if (!goes_on) return goes_on;
  }
  const auto host = x->request.headers.get("Host");
  x->call.emplace(aws::Call{x->what.operation->name, x->input, x->caller, x->region,
                            options_.account, x->request_id, "http://" + host, timers_.now()});
  if (x->caller.kind != aws::Caller::Kind::anonymous) {
    auto allowed = authorise(*x, *x->service);
    if (!allowed) return allowed;
  } else if (!x->service->allows_anonymous(x->what.operation->name)) {
    return failure(aws::missing_authentication());  // as was asked before: of this very operation
  }
  x->acting = true;
  auto& service = x->past ? x->past->service(x->service->model_name()) : *x->service;
  service.handle(*x->call, [this, x](const aws::Outcome<>& outcome) { answer(x, outcome); });
  return Done{};
}

void Gateway::answer(const Shared& exchange, const aws::Outcome<>& outcome) {
  if (exchange->answered) {
    log(LogLevel::error, "gateway",
        fmt::format("{} answered twice", exchange->what.operation_name));
    return;
  }
  exchange->answered = true;
  aws::HttpResponse response;
  try {
    response = outcome ? aws::encode_output(exchange->what, *outcome, exchange->request_id)
                       : aws::encode_error(exchange->what, outcome.error(), exchange->request_id);
  } catch (const std::exception& e) {
    log(LogLevel::error, "gateway",
        fmt::format("{}: its answer cannot be said: {}", exchange->what.operation_name, e.what()));
    response = aws::encode_error(exchange->what,
                                 {"InternalFailure", "An internal error occurred.", 500, {}},
                                 exchange->request_id);
  }
  response.lost = exchange->ruling.answer_lost;
  response.headers.set("Date", http_date(Instant{wall_.now().time_since_epoch()}));
  // A read too: what it saw may not be durable yet.
  journal_.when_durable(
      [exchange, tally = options_.tally, response = std::move(response)]() mutable {
        if (tally) count(*exchange, response.status, *tally);
        exchange->reply(std::move(response));
      });
}

// By names of the models alone, whatever was asked for.
void Gateway::count(const Exchange& exchange, int status, Tally& tally) {
  constexpr std::string_view unknown = "unknown";
  const auto& what = exchange.what;
  tally.call(what.service ? std::string_view{what.service->name} : unknown,
             what.operation ? std::string_view{what.operation->name} : unknown, status,
             seconds_since(exchange.begun));
}

}  // namespace sitelatch::engine
