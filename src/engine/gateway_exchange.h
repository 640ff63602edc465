// SPDX-License-Identifier: Apache-2.0
// One request under way, kept alive until its answer is sent: services may answer later, and Calls
// refer to it.
#pragma once

#include <optional>
#include <string>

#include "engine/gateway.h"

namespace sitelatch::engine {

struct Gateway::Exchange {
  aws::HttpRequest request;
  Reply reply;
  std::string request_id;
  std::optional<aws::SignatureClaim> claim;
  aws::Recognised what;
  aws::Caller caller;
  std::string region;
  aws::Value input;
  aws::Service* service = nullptr;
  std::optional<aws::Call> call;
  bool answered = false;
};

}  // namespace sitelatch::engine
