// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server on one thread of its own: reads whole requests, hands them over as plain
// values, writes the answer in one piece. Keep-alive, pipelining in order, Expect: 100-continue,
// chunked bodies. Slow, huge or malformed clients cost their own connection only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "aws/http.h"
#include "base/result.h"
#include "net/io/endpoint.h"

namespace sitelatch::net {

class HttpServer {
 public:
  using Reply = std::function<void(aws::HttpResponse)>;
  // Called on the server's thread for each request. `reply` may be called once, from any thread,
  // now or later; when the client has gone meanwhile it does nothing.
  using Handler = std::function<void(aws::HttpRequest, Reply)>;
  struct Options {
    std::size_t max_body_bytes = 80u << 20;  // Lambda's 50 MB zip in base64, with room
    std::size_t max_header_bytes = 64u << 10;
    std::size_t max_connections = 10'000;
    std::chrono::seconds idle_limit{120};  // wall time without a whole request
  };

  // Problem: the address is in use, or is not this machine's.
  static Result<std::unique_ptr<HttpServer>> listen(const Endpoint& endpoint, Options options,
                                                    Handler handler);
  virtual ~HttpServer() = default;  // stops at once

  virtual Endpoint endpoint() const = 0;
  // Takes no further requests; returns when the replies under way are written, or after `grace`
  // (wall time).
  virtual void drain(std::chrono::milliseconds grace) = 0;
};

}  // namespace sitelatch::net
