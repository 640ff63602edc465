// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/invoker.h"

#include <utility>

#include "base/text.h"

namespace sitelatch::lambda {

const Version* Invoker::runnable_version(const Function& function, const std::string& qualifier) {
  std::string number = qualifier.empty() ? std::string{latest_version} : qualifier;
  if (const auto* alias = function.alias(number)) {
    number = alias->version;
    for (const auto& [version, weight] : alias->weights) {
      const auto drawn = parse_int(ports::random_text(world_.entropy, 6, "0123456789")).value_or(0);
      if (double(drawn) < weight * 1'000'000) number = version;
    }
  }
  // Until an update has settled, what was there before answers.
  if (number == latest_version && function.previous) return &*function.previous;
  return function.version(number);
}

bool Invoker::has_room_for(const Function& function) const {
  if (function.reserved_concurrency)
    return executor_.running(function.region, function.name) <
           static_cast<int>(*function.reserved_concurrency);
  std::int64_t left = concurrency_limit_, running = executor_.running(function.region);
  for (const auto& [key, reserved] : functions_.reservations()) {
    if (key.first != function.region) continue;
    left -= reserved;
    running -= executor_.running(key.first, key.second);
  }
  return running < left;
}

void Invoker::start(const Function& function, const std::string& qualifier, const Version& version,
                    InvocationRequest request, Executor::Done done) {
  Run run;
  run.region = function.region;
  run.account = function.account;
  run.function_name = function.name;
  run.invoked_arn = function.arn(qualifier);
  run.version = version;
  run.request_id = std::move(request.request_id);
  run.payload = std::move(request.payload);
  run.client_context = std::move(request.client_context);
  executor_.execute(std::move(run), std::move(done));
}

}  // namespace sitelatch::lambda
