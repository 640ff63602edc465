// SPDX-License-Identifier: Apache-2.0
#include "client/curl_transport.h"

#include <array>
#include <cerrno>
#include <stdexcept>

#include "base/text.h"
#include "client/certificate_name.h"
#include "net/io/curl_library.h"

namespace sitelatch::client {
namespace {

constexpr std::size_t longest_answer_bytes = 64u << 20;
constexpr long connections_kept = 16;

struct Received {
  aws::HttpResponse response;
  bool too_long = false;
};

extern "C" std::size_t client_receive_body(char* data, std::size_t size, std::size_t count,
                                           void* to) {
  auto& received = *static_cast<Received*>(to);
  const auto length = size * count;
  received.too_long = received.response.body.size() + length > longest_answer_bytes;
  if (received.too_long) return 0;
  received.response.body.append(data, length);
  return length;
}

extern "C" std::size_t client_receive_header(char* data, std::size_t size, std::size_t count,
                                             void* to) {
  take_header_line(static_cast<Received*>(to)->response.headers, {data, size * count});
  return size * count;
}

// "https://[::1]:4566" is for "::1".
std::string host_in(std::string_view origin) {
  if (const auto scheme = origin.find("://"); scheme != origin.npos)
    origin.remove_prefix(scheme + 3);
  if (origin.starts_with('[')) return std::string{origin.substr(1, origin.find(']') - 1)};
  return std::string{origin.substr(0, origin.find(':'))};
}

Cause cause_of_failed_connect(long os_error) {
  if (os_error == ENETUNREACH || os_error == EHOSTUNREACH || os_error == ENETDOWN)
    return Cause::unreachable;
  if (os_error == ETIMEDOUT) return Cause::timeout;
  return Cause::refused;
}

Cause cause_of(CURLcode code, long os_error) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Cause::configuration;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
      return Cause::name_resolution;
    case CURLE_COULDNT_CONNECT:
      return cause_of_failed_connect(os_error);
    case CURLE_OPERATION_TIMEDOUT:
      return Cause::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
      return Cause::tls;
    default:
      return Cause::connection;
  }
}

}  // namespace

void take_header_line(aws::Headers& headers, std::string_view line) {
  if (line.starts_with("HTTP/")) headers.clear();
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && !line.starts_with("HTTP/"))
    headers.add(trim(line.substr(0, colon)), std::string{trim(line.substr(colon + 1))});
}

class CurlTransport::Handle {
 public:
  Handle() : curl_(net::curl_library()), easy_(curl_.easy_init()) {
    if (!easy_) throw std::runtime_error("libcurl cannot start");
  }
  ~Handle() {
    curl_.slist_free_all(headers_);
    curl_.easy_cleanup(easy_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Result<aws::HttpResponse, TransportError> send(const Exchange& exchange) {
    Received received;
    std::array<char, CURL_ERROR_SIZE> detail{};
    set(CURLOPT_ERRORBUFFER, detail.data());
    set(CURLOPT_WRITEDATA, &received);
    set(CURLOPT_HEADERDATA, &received);
    set_connection(exchange);
    set_request(exchange);
    const auto code = curl_.easy_perform(easy_);
    set(CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
    if (received.too_long)
      return failure(TransportError{Cause::answer, "the answer is longer than 64 MB"});
    if (code == CURLE_ABORTED_BY_CALLBACK)
      return failure(TransportError{
          Cause::tls, "the certificate does not name " + host_ + " in its subjectAltName"});
    if (code != CURLE_OK) return failure(fault(code, detail.data()));
    long status = 0;
    curl_.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    received.response.status = static_cast<int>(status);
    return std::move(received.response);
  }

 private:
  static int before_request(void* handle, char*, char*, int, int) {
    return static_cast<const Handle*>(handle)->may_send() ? CURL_PREREQFUNC_OK
                                                          : CURL_PREREQFUNC_ABORT;
  }

  // Between the handshake and the request. A connection that is used again has been looked at.
  bool may_send() const {
    const curl_certinfo* chain = nullptr;
    if (curl_.easy_getinfo(easy_, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain ||
        chain->num_of_certs < 1)
      return true;
    for (const auto* entry = chain->certinfo[0]; entry; entry = entry->next) {
      const std::string_view text = entry->data;
      if (text.starts_with("Cert:")) return certificate_names(std::string{text.substr(5)}, host_);
    }
    return true;
  }

  template <class T>
  void set(CURLoption option, T value) {
    curl_.easy_setopt(easy_, option, value);
  }

  void set_connection(const Exchange& exchange) {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_MAXCONNECTS, connections_kept);
    set(CURLOPT_WRITEFUNCTION, client_receive_body);
    set(CURLOPT_HEADERFUNCTION, client_receive_header);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(exchange.limits.connect.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(exchange.limits.total.count()));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    host_ = host_in(exchange.origin);
    set(CURLOPT_CERTINFO, 1L);
    set(CURLOPT_PREREQFUNCTION, &Handle::before_request);
    set(CURLOPT_PREREQDATA, this);
    if (!exchange.ca_bundle.empty()) set(CURLOPT_CAINFO, exchange.ca_bundle.c_str());
    set(CURLOPT_PROXY,
        exchange.proxy.c_str());  // empty: none, whatever libcurl finds in the environment
    set(CURLOPT_NOPROXY, exchange.no_proxy.c_str());
  }

  void set_request(const Exchange& exchange) {
    const auto& request = exchange.request;
    url_ = exchange.origin + request.target;
    set(CURLOPT_URL, url_.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_HTTPGET, 1L);
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request.body.c_str());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set_headers(request);
  }

  void set_headers(const aws::HttpRequest& request) {
    curl_.slist_free_all(headers_);
    headers_ = nullptr;
    for (const auto& [name, value] : request.headers)
      add_header(value.empty() ? name + ";" : name + ": " + value);
    add_header("Expect:");
    if (!request.headers.find("Content-Type")) add_header("Content-Type:");
    set(CURLOPT_HTTPHEADER, headers_);
  }

  void add_header(const std::string& line) {
    headers_ = curl_.slist_append(headers_, line.c_str());
  }

  TransportError fault(CURLcode code, const char* detail) {
    long os_error = 0;
    curl_.easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error);
    return {cause_of(code, os_error), *detail ? detail : curl_.easy_strerror(code)};
  }

  const net::CurlLibrary& curl_;
  CURL* easy_;
  curl_slist* headers_ = nullptr;
  std::string url_, host_;
};

CurlTransport::CurlTransport() = default;
CurlTransport::~CurlTransport() = default;

Result<aws::HttpResponse, TransportError> CurlTransport::send(const Exchange& exchange) {
  if (!handle_) {
    try {
      handle_ = std::make_unique<Handle>();
    } catch (const std::runtime_error& problem) {
      return failure(TransportError{Cause::configuration, problem.what()});
    }
  }
  return handle_->send(exchange);
}

}  // namespace sitelatch::client
