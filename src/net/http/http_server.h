// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server on one thread of its own: reads whole requests, hands them over as plain
// values, writes the answer. Keep-alive, pipelining in order, Expect: 100-continue, chunked bodies.
// What a client costs is bounded before anybody knows who it is: heads, bodies, framing and what is
// not read of answers count in one budget of bytes; each stage has a deadline with a least rate;
// and when slots or bytes run out, those go first that have proved nothing and are slowest. The
// figures are facts gateway-15 and gateway-16.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/wire/http.h"
#include "base/fd.h"
#include "base/result.h"
#include "net/http/request_head.h"
#include "net/io/endpoint.h"

namespace sitelatch::net {

class HttpServer {
 public:
  // Gives the answer: once, from any thread, now or later; when the client has gone meanwhile it
  // does nothing.
  class Reply {
   public:
    class Box;  // where answers wait for the server's thread
    Reply() = default;
    Reply(std::shared_ptr<Box> box, std::uint64_t request, bool proven)
        : box_(std::move(box)), request_(request), proven_(proven) {}
    explicit operator bool() const { return box_ != nullptr; }
    void operator()(aws::HttpResponse response) const;
    // The client has shown who it is: its connection is kept when others must go.
    void vouch() const;
    // Who sent it has proved nothing, and need not: the request no longer counts among those in
    // hand that nobody has verified. Its connection is kept no better than before.
    void admit() const;
    bool needs_vouching() const { return !proven_; }

   private:
    std::shared_ptr<Box> box_;
    std::uint64_t request_ = 0;
    bool proven_ = false;
  };
  // Called on the server's thread for each request.
  using Handler = std::function<void(aws::HttpRequest, Reply)>;

  // Who decides about a request before its body is taken.
  class Door {
   public:
    virtual ~Door() = default;
    // Of every request by its head; on the server's thread, quick. Nothing: it may go on.
    virtual std::optional<aws::HttpResponse> refusal(const aws::HttpRequest& head) const = 0;
    // Of a request whose body is larger than `small_body_bytes`, before the rest of it is taken.
    struct Decision {
      std::optional<aws::HttpResponse> refusal;
      std::uint64_t body_bytes_max = 0;  // when not refused
    };
    // `length`: as announced; nothing when chunked. Called on the server's thread; `decide` once,
    // from any thread.
    virtual void consider(const aws::HttpRequest& head, std::optional<std::uint64_t> length,
                          std::function<void(Decision)> decide) = 0;
  };

  struct Options {
    std::size_t max_body_bytes = 80u << 20;  // Lambda's 50 MB zip in base64, with room
    std::size_t small_body_bytes = 64u << 10;
    HeadLimits head;
    std::size_t max_connections = 10'000;
    std::size_t max_connections_a_peer = 2'500;  // of an address that is not loopback
    // Request bodies, unread requests and unsent answers of all connections.
    std::size_t max_bytes_in_flight = 96u << 20;
    // Requests that nobody has vouched for and that the handler has not answered.
    std::size_t max_unproven_in_hand = 64;
    // Wall time. A body moves `least_bytes_a_second` on the average of any `body_grace`, or ends
    // within it; an answer that is read likewise.
    std::chrono::milliseconds head_limit{10'000}, body_grace{10'000}, answer_grace{30'000};
    std::chrono::milliseconds idle_limit{120'000};  // between requests
    std::size_t least_bytes_a_second = 16u << 10;
  };

  // Problem: the address is in use, or is not this machine's. `door` may be null (all may enter)
  // and must outlive the server.
  static Result<std::unique_ptr<HttpServer>> listen(const Endpoint& endpoint, Options options,
                                                    Handler handler, Door* door = nullptr);
  // On a socket that listens already: listening_socket(), or one that a parent process has left.
  static Result<std::unique_ptr<HttpServer>> adopt(Fd listening, Options options, Handler handler,
                                                   Door* door = nullptr);
  virtual ~HttpServer() = default;  // stops at once

  virtual Endpoint endpoint() const = 0;
  virtual std::size_t connections() const = 0;  // that are open; from any thread
  // Takes no further requests; returns when the replies under way are written, or after `grace`
  // (wall time).
  virtual void drain(std::chrono::milliseconds grace) = 0;
};

// A socket that listens, and does not block. `option`: how people choose another address.
Result<Fd> listening_socket(const Endpoint& endpoint, std::string_view option);
// Where a socket listens. Problem: it is none.
Result<Endpoint> endpoint_of(const Fd& listening);

}  // namespace sitelatch::net
