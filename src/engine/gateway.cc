// SPDX-License-Identifier: Apache-2.0
#include "engine/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <new>

#include "base/log.h"
#include "base/text.h"
#include "engine/gateway_exchange.h"
#include "store/sqlite_journal.h"

namespace sitelatch::engine {

Gateway::Gateway(const ports::WallClock& wall, ports::Timers& timers, ports::Entropy& entropy,
                 ports::Journal& journal, const iam::Identities& identities,
                 std::vector<aws::Service*> services, Options options)
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

void Gateway::serve(aws::HttpRequest request, Reply reply) {
  for (const auto& hook : hooks_)
    if (hook(request, reply)) return;
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->reply = std::move(reply);
  exchange->request_id = ports::uuid(entropy_);
  // A bug ends this request, not the engine, and so does a lack of memory before anything was done.
  // What was written before is kept or lost with its batch.
  bool acting = false;
  try {
    const auto prepared = prepare(*exchange);
    if (!prepared) {
      answer(exchange, failure(prepared.error()));
      return;
    }
    acting = true;
    exchange->service->handle(
        *exchange->call, [this, exchange](aws::Outcome<> outcome) { answer(exchange, outcome); });
  } catch (const store::StoreFailure&) {
    throw;  // nothing can be acknowledged any more: the engine stops
  } catch (const std::bad_alloc&) {
    if (acting) throw;  // what is in memory may be half changed, and must not be told: it stops
    answer(exchange, aws::refuse("InternalFailure", "An internal error occurred.", 500));
  } catch (const std::exception& e) {
    log(LogLevel::error, "gateway",
        fmt::format("{} failed: {}", exchange->what.operation_name, e.what()));
    answer(exchange, aws::refuse("InternalFailure", "An internal error occurred.", 500));
  }
}

aws::Outcome<Done> Gateway::prepare(Exchange& x) {
  if (x.request.body.size() > options_.largest_body) {
    x.what = aws::recognise({x.request.method, x.request.target, x.request.headers, "", ""});
    return aws::refuse("RequestEntityTooLarge", "Request body is too large.", 413);
  }
  auto claim = aws::read_signature(x.request);
  if (claim) x.claim = std::move(*claim);
  const auto scope_service = x.claim ? x.claim->service : std::string{};
  x.what = aws::recognise(x.request, scope_service);
  if (!claim) return failure(claim.error());
  const auto found = x.what.service ? services_.find(x.what.service->name) : services_.end();
  const auto* handled = found == services_.end() ? nullptr : &found->second;
  x.service = handled ? handled->service : nullptr;

  const auto authenticated = authenticate(x, x.service);
  if (!authenticated) return authenticated;
  const auto name = x.what.operation ? x.what.operation->name : x.what.operation_name;
  if (x.what.refusal || !handled || !handled->operations.contains(name)) {
    log(LogLevel::warning, "gateway",
        fmt::format("not handled: {} {}", x.what.service ? x.what.service->name : scope_service,
                    name.empty() ? x.request.method + " " + std::string{x.request.path()} : name));
    return failure(x.what.refusal ? *x.what.refusal : aws::unknown_operation(x.what));
  }
  auto input = aws::decode_input(x.what, x.request);
  if (!input) return failure(input.error());
  x.input = std::move(*input);
  if (auto invalid = aws::validate(x.what, x.input)) return failure(std::move(*invalid));

  const auto host = x.request.headers.get("Host");
  x.call.emplace(aws::Call{x.what.operation->name, x.input, x.caller, x.region, options_.account,
                           x.request_id, "http://" + host, timers_.now()});
  if (x.caller.kind == aws::Caller::Kind::anonymous)
    return Done{};  // allowed by its service, or refused above
  return authorise(x, *x.service);
}

void Gateway::answer(const std::shared_ptr<Exchange>& exchange, const aws::Outcome<>& outcome) {
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
  response.headers.set("Date", http_date());
  // A read too: what it saw may not be durable yet.
  journal_.when_durable([exchange, response = std::move(response)]() mutable {
    exchange->reply(std::move(response));
  });
}

std::string Gateway::http_date() const {
  static constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                           "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto t = civil(Instant{wall_.now().time_since_epoch()});
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[static_cast<std::size_t>(t.weekday)], t.day,
      months[static_cast<std::size_t>(t.month - 1)], t.year, t.hour, t.minute, t.second);
}

}  // namespace sitelatch::engine
