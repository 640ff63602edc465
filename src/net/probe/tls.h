// SPDX-License-Identifier: Apache-2.0
// TLS as a health checker speaks it: 1.0 to 1.3, any cipher, no validation (fact probe-18), SNI
// when asked for. The peer is a stranger that may be hostile: bytes are taken in turns of a given
// size, whether or not they yield anything; it may not renegotiate, nor choose numbers whose
// arithmetic takes long (fact probe-15).
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct bio_method_st;
struct ssl_st;
struct ssl_ctx_st;

namespace sitelatch::net {

class ProberTls {
 public:
  ProberTls();
  ~ProberTls();
  ProberTls(const ProberTls&) = delete;
  ProberTls& operator=(const ProberTls&) = delete;

  ssl_ctx_st* context() const { return context_; }
  bio_method_st* transport() const { return transport_; }

 private:
  struct Transport;
  bio_method_st* transport_;
  ssl_ctx_st* context_;
};

class ProberTlsSession {
 public:
  // `server_name` empty: no SNI.
  ProberTlsSession(const ProberTls& tls, int fd, const std::string& server_name);
  ~ProberTlsSession();
  ProberTlsSession(const ProberTlsSession&) = delete;
  ProberTlsSession& operator=(const ProberTlsSession&) = delete;

  // Allows so many bytes to be received from now on. What is left when they are used up is not told
  // by the socket: turn_is_over(), and `again` means another turn.
  void begin_turn(std::size_t bytes) { allowance_.left = bytes; }
  bool turn_is_over() const { return allowance_.left == 0; }
  std::size_t received() const { return allowance_.received; }  // raw bytes, so far

  enum class Step { done, again, closed, failed };  // failed: sentence_for_tls() tells
  Step handshake();
  Step write(std::string_view bytes);  // all of it, or again
  Step read(char* buffer, std::size_t size, std::size_t& got);
  bool certificate_covers(const std::string& host_name) const;

 private:
  friend class ProberTls;  // its transport
  struct Allowance {
    int fd;
    std::size_t left = 0, received = 0;
  };
  Step step_for(int result);
  Allowance allowance_;
  ssl_st* ssl_;
};

}  // namespace sitelatch::net
