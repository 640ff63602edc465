// SPDX-License-Identifier: Apache-2.0
// TLS as a health checker speaks it: 1.0 to 1.3, any cipher, no validation (aws-semantics §1.5),
// SNI when asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>

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

 private:
  ssl_ctx_st* context_;
};

class ProberTlsSession {
 public:
  // `server_name` empty: no SNI.
  ProberTlsSession(const ProberTls& tls, int fd, const std::string& server_name);
  ~ProberTlsSession();
  ProberTlsSession(const ProberTlsSession&) = delete;
  ProberTlsSession& operator=(const ProberTlsSession&) = delete;

  enum class Step { done, again, closed, failed };  // failed: sentence_for_tls() tells
  Step handshake();
  Step write(std::string_view bytes);  // all of it, or again
  Step read(char* buffer, std::size_t size, std::size_t& got);
  bool certificate_covers(const std::string& host_name) const;

 private:
  Step step_for(int result);
  ssl_st* ssl_;
};

}  // namespace sitelatch::net
