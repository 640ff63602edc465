// SPDX-License-Identifier: Apache-2.0
// Moving one HTTP request and its answer. The client signs, encodes and decides about retries above
// this line; below it stands libcurl, a fake, or an engine in the same process.
#pragma once

#include <chrono>
#include <string>

#include "aws/wire/http.h"
#include "base/result.h"
#include "client/error.h"

namespace sitelatch::client {

struct Limits {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds total{30'000};  // of one attempt
};

struct Exchange {
  std::string
      origin;  // "https://route53.amazonaws.com", "http://127.0.0.1:4566": no path, no slash
  aws::HttpRequest request;  // complete: Host, signature and all
  Limits limits;
  bool api = true;        // a call of an AWS API; else a source of credentials on this host
  std::string proxy;      // "http://proxy:3128"; empty: none
  std::string no_proxy;   // names and addresses that go without, as in NO_PROXY
  std::string ca_bundle;  // file of trusted certificates; empty: the system's
};

// No answer.
struct TransportError {
  Cause cause = Cause::connection;
  std::string text;  // "Connection refused"
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<aws::HttpResponse, TransportError> send(const Exchange& exchange) = 0;
};

}  // namespace sitelatch::client
