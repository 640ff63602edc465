// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 as the clients of Lambda's Runtime API speak it (curl, bash, aws-lambda-go, -rust, -cpp,
// Python): keep-alive, pipelining, Content-Length or chunked bodies, Expect: 100-continue. Pure:
// bytes in, requests and answers out. Own code because it is two dozen rules on one connection, on
// the hot path of a function's start. Also: whose process is at the other end of a loopback
// connection.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::net {

// AWS: "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
constexpr std::size_t max_runtime_payload = 6291556;

struct RuntimeRequest {
  std::string method, path;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool too_large = false;  // the body went beyond the limit and was not kept
  bool keep_alive = true;
};

// Feed it what arrives; take requests until there is none.
class RuntimeRequestReader {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  std::optional<RuntimeRequest> take();
  bool broken() const { return broken_; }  // not HTTP, or beyond every measure: close
  std::size_t held_bytes() const { return buffer_.size() + request_.body.size(); }
  // A client waits for "100 Continue" before it sends its body. Tells once.
  bool take_expectation();

 private:
  enum class Phase { head, body, chunk_size, chunk, chunk_end, trailer };
  bool step();
  bool read_head();
  bool read_chunk_size();
  bool read_bytes(Phase next);
  std::optional<std::string> line();
  void keep(std::string_view bytes);

  std::string buffer_;
  std::size_t position_ = 0;
  std::size_t looked_ = 0;  // no end of a line or head begins before; so drips are not read anew
  Phase phase_ = Phase::head;
  RuntimeRequest request_;
  std::uint64_t remaining_ = 0;  // of the body or the chunk
  std::uint64_t swallowed_ = 0;
  bool complete_ = false, broken_ = false, expectation_ = false;
};

struct RuntimeAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
std::string to_bytes(const RuntimeAnswer& answer, bool keep_alive);
RuntimeAnswer runtime_error(int status, std::string_view type, std::string_view message);
RuntimeAnswer runtime_accepted();  // 202 {"status":"OK"}

// What a request means, by its method and path.
struct RuntimeCall {
  enum class Kind { next, response, error, init_error, unknown_path, wrong_method };
  Kind kind = Kind::unknown_path;
  std::string request_id;
};
RuntimeCall recognise_runtime_call(const RuntimeRequest& request);

// The user and the socket of the other end of an accepted loopback TCP connection.
struct PeerSocket {
  uid_t uid = 0;
  std::uint64_t inode = 0;
};
std::optional<PeerSocket> peer_of_loopback(int accepted);
bool holds_socket(pid_t pid, std::uint64_t inode);

}  // namespace sitelatch::net
