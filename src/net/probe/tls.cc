// SPDX-License-Identifier: Apache-2.0
#include "net/probe/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>

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

// Beyond these an endpoint's numbers cost more of our time than a probe is worth: 20 ms for a
// Diffie-Hellman group of 3,072 bits, a second for the 10,000 that OpenSSL takes. The exponents of
// groups with a name are short.
constexpr int longest_group_bits = 3072, longest_named_group_bits = 4096, longest_key_bits = 8192;
constexpr long longest_chain_bytes = 65536;

// Called for each choice; weak ones are as good as any here, but for OpenSSL's own least group.
int is_affordable(const SSL*, const SSL_CTX*, int operation, int security_bits, int, void* other,
                  void*) {
  if (operation != SSL_SECOP_TMP_DH || !other) return 1;
  if (security_bits < 80) return 0;
  const auto* const group = static_cast<const EVP_PKEY*>(other);
  char name[32];
  std::size_t size = 0;
  const bool named = EVP_PKEY_get_group_name(group, name, sizeof name, &size) == 1;
  return EVP_PKEY_get_bits(group) <= (named ? longest_named_group_bits : longest_group_bits);
}

// Instead of building a chain, which nobody asks for and a hostile one makes long.
int accept_chain(X509_STORE_CTX* store, void*) {
  const X509* const leaf = X509_STORE_CTX_get0_cert(store);
  const EVP_PKEY* const key = leaf ? X509_get0_pubkey(leaf) : nullptr;
  if (key && EVP_PKEY_get_bits(key) <= longest_key_bits) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_EE_KEY_TOO_SMALL);
  return 0;
}

}  // namespace

// The socket as OpenSSL sees it: nothing more to read once the turn's allowance is used up.
struct ProberTls::Transport {
  using Allowance = ProberTlsSession::Allowance;
  static Allowance& of(BIO* bio) { return *static_cast<Allowance*>(BIO_get_data(bio)); }
  static int answer(BIO* bio, ssize_t result, int retry) {
    BIO_clear_retry_flags(bio);
    if (result < 0 && (errno == EAGAIN || errno == EINTR))
      BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    return static_cast<int>(result);
  }
  static int read(BIO* bio, char* buffer, int size) {
    Allowance& allowance = of(bio);
    const std::size_t most = std::min(static_cast<std::size_t>(size), allowance.left);
    ssize_t got = -1;
    if (most == 0) {
      errno = EAGAIN;
    } else if ((got = recv(allowance.fd, buffer, most, 0)) > 0) {
      allowance.left -= static_cast<std::size_t>(got);
      allowance.received += static_cast<std::size_t>(got);
    }
    return answer(bio, got, BIO_FLAGS_READ);
  }
  static int write(BIO* bio, const char* bytes, int size) {
    return answer(bio, send(of(bio).fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL),
                  BIO_FLAGS_WRITE);
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH; }
};

ProberTls::ProberTls()
    : transport_(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "probe")),
      context_(SSL_CTX_new(TLS_client_method())) {
  if (transport_ == nullptr || context_ == nullptr) throw std::bad_alloc();
  BIO_meth_set_read(transport_, &Transport::read);
  BIO_meth_set_write(transport_, &Transport::write);
  BIO_meth_set_ctrl(transport_, &Transport::control);
  SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context_, 0);
  SSL_CTX_set_options(context_, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context_, &accept_chain, nullptr);
  SSL_CTX_set_security_callback(context_, &is_affordable);
  SSL_CTX_ctrl(context_, SSL_CTRL_SET_MAX_CERT_LIST, longest_chain_bytes, nullptr);
  char groups[] = "X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072";
  SSL_CTX_ctrl(context_, SSL_CTRL_SET_GROUPS_LIST, 0, groups);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
}

ProberTls::~ProberTls() {
  SSL_CTX_free(context_);
  BIO_meth_free(transport_);
}

ProberTlsSession::ProberTlsSession(const ProberTls& tls, int fd, const std::string& server_name)
    : allowance_{fd}, ssl_(SSL_new(tls.context())) {
  BIO* const transport = BIO_new(tls.transport());
  if (ssl_ == nullptr || transport == nullptr) throw std::bad_alloc();
  BIO_set_data(transport, &allowance_);
  BIO_set_init(transport, 1);
  SSL_set_bio(ssl_, transport, transport);
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
