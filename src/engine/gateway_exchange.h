// SPDX-License-Identifier: Apache-2.0
// One request under way, kept alive until its answer is sent: services may answer later, and Calls
// refer to it.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include "engine/gateway.h"

namespace sitelatch::engine {

struct Gateway::Exchange {
  aws::HttpRequest request;
  Reply reply;
  Vouch vouch;
  std::string request_id;
  std::optional<aws::SignatureClaim> claim;
  aws::Recognised what;
  aws::Caller caller;
  std::string region;
  aws::Value input;
  aws::Service* service = nullptr;
  std::size_t sent_bytes = 0;  // of the body as it came
  const aws::ServiceModel* verified_for = nullptr;
  bool heavy = false;                    // its body is dealt with by workers
  std::string body_hash;                 // empty: not yet, or no signature
  std::optional<aws::Error> unreadable;  // what decoding ended with
  std::exception_ptr thrown;             // by a worker's step
  std::optional<aws::Call> call;
  realism::Ruling ruling;
  std::shared_ptr<Past::Account> past;  // what answers in place of `service`
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  bool acting = false;  // the handler has begun
  bool answered = false;
};

}  // namespace sitelatch::engine
