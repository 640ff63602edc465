// SPDX-License-Identifier: Apache-2.0
// ProbeResponse: an endpoint's HTTP response as a health checker reads it: status, well-formed
// header fields (RFC 7230 §3.2) within 16,384 bytes, and, where a string is searched, the first
// 5,120 bytes of the body after chunks and gzip or deflate are undone (facts probe-8 and probe-9).
// Fed in pieces of any size; keeps no more than it may need.
//
//   head --(end of head)--> body --(found, 5,120 bytes, or its end)--> done
//     |  \--(no string wanted, or not 2xx/3xx)----------------------->  ^
//     \--(bad line | too long | closed early)--> malformed | too_long | closed
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sitelatch::net {

class ProbeResponse {
 public:
  static constexpr std::size_t max_head = 16384;
  static constexpr std::size_t max_searched = 5120;
  // As sent, with the framing of chunks and before inflating: enough for any honest way to send
  // those 5,120 bytes. What is searched ends there (fact probe-14).
  static constexpr std::size_t max_body = 65536;
  static constexpr std::size_t max_chunk_line = 1024;  // a chunk's size with its extensions

  // No search string: nullptr. It must outlive this.
  explicit ProbeResponse(const std::string* search);
  ~ProbeResponse();
  ProbeResponse(const ProbeResponse&) = delete;
  ProbeResponse& operator=(const ProbeResponse&) = delete;

  enum class State { head, body, done, malformed, too_long, closed };
  State feed(std::string_view bytes);
  State end();  // the endpoint closed the connection
  State state() const { return state_; }

  int code() const { return code_; }
  const std::string& reason() const { return reason_; }
  bool code_is_good() const { return code_ >= 200 && code_ < 400; }
  bool found() const { return found_; }

 private:
  class Inflater;
  enum class Framing { until_close, length, chunked };
  enum class Chunk { size, data, data_end };

  void take_head(std::string_view& bytes);
  bool take_line(std::string_view line);
  bool take_status(std::string_view line);
  bool take_field(std::string_view name, std::string_view value);
  void finish_head();
  void take_body(std::string_view bytes);
  void take_framed(std::string_view bytes);
  void take_chunks(std::string_view bytes);
  bool take_chunk_size(char c);
  void take_decoded(std::string_view bytes);
  void finish_body();

  const std::string* search_;
  State state_ = State::head;
  int code_ = 0;
  bool found_ = false;
  std::string reason_;

  std::string line_;  // not yet whole
  std::size_t head_size_ = 0;
  bool has_status_ = false, has_length_ = false;
  Framing framing_ = Framing::until_close;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  Chunk chunk_ = Chunk::size;
  bool chunk_has_digits_ = false, chunk_in_extension_ = false;
  std::size_t body_size_ = 0, chunk_line_size_ = 0;
  bool encoded_ = false;
  std::unique_ptr<Inflater> inflater_;
  std::string searched_;
};

}  // namespace sitelatch::net
