// SPDX-License-Identifier: Apache-2.0
#include "net/probe/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/check.h"

namespace sitelatch::net {
namespace {

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

std::string without_final_dot(std::string host) {
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  return host;
}

}  // namespace

ProberTls::ProberTls() : context_(SSL_CTX_new(TLS_client_method())) {
  ENSURE(context_ != nullptr, "no TLS context");
  SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context_, 0);
  SSL_CTX_set_options(context_, SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
}

ProberTls::~ProberTls() { SSL_CTX_free(context_); }

ProberTlsSession::ProberTlsSession(const ProberTls& tls, int fd, const std::string& server_name)
    : ssl_(SSL_new(tls.context())) {
  ENSURE(ssl_ != nullptr && SSL_set_fd(ssl_, fd) == 1, "no TLS session");
  if (!server_name.empty() && !is_address(server_name)) {
    std::string name = without_final_dot(server_name);
    // SSL_set_tlsext_host_name without its macro's old-style cast; the name is copied.
    SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
}

ProberTlsSession::~ProberTlsSession() { SSL_free(ssl_); }

ProberTlsSession::Step ProberTlsSession::step_for(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE:
      return Step::done;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Step::again;
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
      return Step::closed;
    default:
      return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? Step::closed
                                                                                    : Step::failed;
  }
}

ProberTlsSession::Step ProberTlsSession::handshake() {
  ERR_clear_error();
  return step_for(SSL_connect(ssl_));
}

ProberTlsSession::Step ProberTlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  return step_for(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())));
}

ProberTlsSession::Step ProberTlsSession::read(char* buffer, std::size_t size, std::size_t& got) {
  ERR_clear_error();
  return step_for(SSL_read_ex(ssl_, buffer, size, &got));
}

bool ProberTlsSession::certificate_covers(const std::string& host_name) const {
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (!certificate) return false;
  const std::string host = without_final_dot(host_name);
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

}  // namespace sitelatch::net
