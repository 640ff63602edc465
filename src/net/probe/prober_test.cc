// SPDX-License-Identifier: Apache-2.0
// Probes of real sockets on this machine: each status text of fact probe-4, each limit, hostile
// endpoints.
#include "net/probe/prober.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "dns/testing.h"

using namespace sitelatch;
using namespace sitelatch::net;
using namespace std::chrono_literals;

namespace {

// Stands for the control thread: runs what is posted when the test waits.
class Control {
 public:
  std::function<void(std::function<void()>)> poster() {
    return [this](std::function<void()> task) {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
      came_.notify_one();
    };
  }
  bool run_one(std::chrono::milliseconds longest = 10s) {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, longest, [this] { return !tasks_.empty(); })) return false;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::function<void()>> tasks_;
};

// An endpoint that does what `serve` does with each connection, one after the other.
class Site {
 public:
  using Serve = std::function<void(int fd)>;
  explicit Site(Serve serve, const std::string& address = "127.0.0.1") : serve_(std::move(serve)) {
    const bool v6 = address.find(':') != std::string::npos;
    listener_.reset(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage{};
    socklen_t size = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    storage.ss_family = static_cast<sa_family_t>(v6 ? AF_INET6 : AF_INET);
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* s6 = reinterpret_cast<sockaddr_in6*>(&storage);
    inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(),
              v6 ? static_cast<void*>(&s6->sin6_addr) : &v4->sin_addr);
    auto* generic = reinterpret_cast<sockaddr*>(&storage);
    REQUIRE(bind(listener_.get(), generic, size) == 0);
    REQUIRE(listen(listener_.get(), 64) == 0);
    REQUIRE(getsockname(listener_.get(), generic, &size) == 0);
    port_ = ntohs(v6 ? s6->sin6_port : v4->sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Site() {
    stopping_ = true;
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  std::uint16_t port() const { return port_; }

 private:
  void run() {
    while (!stopping_) {
      const Fd peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer) serve_(peer.get());
    }
  }
  Serve serve_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::string read_request(int fd) {
  std::string request;
  char c = 0;
  while (!request.ends_with("\r\n\r\n") && recv(fd, &c, 1, 0) == 1) request += c;
  return request;
}
void say(int fd, const std::string& text) {
  (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}
void wait_until_gone(int fd) {
  char c = 0;
  while (recv(fd, &c, 1, 0) > 0) {
  }
}
Site::Serve saying(const std::string& text) {
  return [text](int fd) {
    read_request(fd);
    say(fd, text);
  };
}

const ProbeLimits quick{.connect = 2s,
                        .tcp_connect = 2s,
                        .response = 150ms,
                        .body = 150ms,
                        .resolve = 500ms,
                        .resolvers = {},
                        .allow_link_local = false,
                        .shortage = 100ms,
                        .max_connections = 0};

ports::ProbeRequest request_to(std::uint16_t port) {
  ports::ProbeRequest request;
  request.health_check_id = "abcdef11-2222-3333-4444-555555fedcba";
  request.address = "127.0.0.1";
  request.port = port;
  request.path = "/lb-check";
  return request;
}

ports::Observation observe(const ports::ProbeRequest& request, const ProbeLimits& limits = quick,
                           std::shared_ptr<const dns::View> view = nullptr) {
  Control control;
  SocketProber prober(limits, control.poster());
  if (view) prober.publish(view);
  std::optional<ports::Observation> seen;
  prober.probe(request, [&](ports::Observation observation) { seen = std::move(observation); });
  CHECK_FALSE(seen);  // never inside the call
  while (!seen && control.run_one()) {
  }
  REQUIRE(seen);
  return *seen;
}

std::string status_of(const std::string& response, const char* search = nullptr) {
  const Site site(saying(response));
  ports::ProbeRequest request = request_to(site.port());
  if (search) request.search_string = search;
  return observe(request).status;
}

}  // namespace

TEST_CASE("by address: success and failure by status code") {
  CHECK(status_of("HTTP/1.1 200 OK\r\n\r\n") == "Success: HTTP Status Code 200, OK");
  CHECK(status_of("HTTP/1.1 200\r\n\r\n") == "Success: HTTP Status Code 200, OK");
  CHECK(status_of("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n") ==
        "Success: HTTP Status Code 302, Found");
  CHECK(status_of("HTTP/1.1 404 Not Found\r\n\r\n") == "Failure: HTTP Status Code 404, Not Found");
  CHECK(status_of("HTTP/1.1 503 Out\tof order\r\n\r\n") ==
        "Failure: HTTP Status Code 503, Out?of order");
  CHECK(status_of("HTTP/1.1 199 x\r\n\r\n") ==
        "Failure: The connection was closed by the endpoint.");  // interim only
}

TEST_CASE("the request is the one that Route 53's checkers send") {
  std::string heard;
  const Site site([&](int fd) {
    heard = read_request(fd);
    say(fd, "HTTP/1.1 200 OK\r\n\r\n");
  });
  ports::ProbeRequest request = request_to(site.port());
  request.host_name = "www.example.com";
  const auto seen = observe(request);
  CHECK(seen.success);
  CHECK(seen.resolved_address == "127.0.0.1");
  CHECK(seen.connect.value() >= Duration::zero());
  CHECK(seen.first_byte.value() > Duration::zero());
  CHECK_FALSE(seen.tls_handshake);
  CHECK(heard == "GET /lb-check HTTP/1.1\r\nHost: www.example.com:" + std::to_string(site.port()) +
                     "\r\nConnection: close\r\n"
                     "User-Agent: Amazon-Route53-Health-Check-Service (ref "
                     "abcdef11-2222-3333-4444-555555fedcba; report "
                     "http://amzn.to/1vsZADi)\r\nAccept: */*\r\nAccept-Encoding: "
                     "identity,gzip,deflate\r\n\r\n");
}

TEST_CASE("string match: found, not found, over chunk boundaries") {
  CHECK(status_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n4\r\nxnee\r\n4\r\ndley\r\n0\r\n\r\n",
                  "needle") == "Success: HTTP Status Code 200, OK");
  CHECK(status_of("HTTP/1.1 200 OK\r\n\r\nhay", "needle") ==
        "Failure: HTTP Status Code 200, OK. The search string was not found in the first 5120 "
        "bytes of the response body.");
  CHECK(status_of("HTTP/1.1 500 Oops\r\n\r\nneedle", "needle") ==
        "Failure: HTTP Status Code 500, Oops");
}

TEST_CASE("garbage, nothing, and too much") {
  CHECK(status_of("SSH-2.0-OpenSSH_9.2\r\n") ==
        "Failure: The endpoint returned an invalid HTTP response.");
  CHECK(status_of("") == "Failure: The connection was closed by the endpoint.");
  CHECK(status_of("HTTP/1.1 200 OK\r\nA: " + std::string(20000, 'a') + "\r\n\r\n") ==
        "Failure: The headers of the response are longer than 16384 bytes.");
}

TEST_CASE("limits: silent and dripping endpoints, in the head and in the body") {
  const Site silent([](int fd) { wait_until_gone(fd); });
  const auto drip = [](const std::string& first) {
    return [first](int fd) {
      say(fd, first);
      for (;;) {
        timeval pace{0, 10'000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pace, sizeof pace);
        char c = 0;
        const ssize_t got = recv(fd, &c, 1, MSG_PEEK | MSG_TRUNC);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return;
        if (got > 0) recv(fd, &c, 1, 0);
        if (send(fd, "a", 1, MSG_NOSIGNAL) != 1) return;
      }
    };
  };
  const Site head(drip("HTTP/1.1 200 OK\r\nA: ")), body(drip("HTTP/1.1 200 OK\r\n\r\n"));
  CHECK(observe(request_to(silent.port())).status ==
        "Failure: The endpoint did not return an HTTP status code within the timeout limit.");
  CHECK(observe(request_to(head.port())).status ==
        "Failure: The endpoint did not return an HTTP status code within the timeout limit.");
  ports::ProbeRequest search = request_to(body.port());
  search.search_string = "needle";
  CHECK(observe(search).status ==
        "Failure: The endpoint did not return the response body within the timeout limit.");
}

TEST_CASE("no connection: refused, and not answered in time") {
  std::uint16_t port = 0;
  {
    const Site gone([](int) {});
    port = gone.port();
  }
  CHECK(observe(request_to(port)).status == "Failure: The connection was refused by the endpoint.");
  // A listener whose queue is full answers no SYN.
  const Fd full(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(full.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(full.get(), 0) == 0);
  getsockname(full.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<Fd> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&address), size);
  }
  ProbeLimits limits = quick;
  limits.connect = limits.tcp_connect = 100ms;
  ports::ProbeRequest request = request_to(ntohs(address.sin_port));
  const std::string timed_out =
      "Failure: Connection timed out. The endpoint or the internet connection is down, or requests "
      "are being blocked by "
      "your firewall. See "
      "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/"
      "dns-failover-router-firewall-rules.html";
  CHECK(observe(request, limits).status == timed_out);
  request.kind = ports::ProbeRequest::Kind::tcp;
  CHECK(observe(request, limits).status == timed_out);
}

TEST_CASE("link-local and unspecified addresses are refused, by address and behind any name") {
  const auto view = dns::testing::view_of(
      "example.com 900 SOA a.b h.b 1 2 3 4 5\nexample.com 60 NS a.b\nmeta.example.com 60 A "
      "169.254.169.254\nnone.example.com 60 A 0.0.0.0\nboth.example.com 60 A 169.254.1.1\n"
      "both.example.com 60 A 127.0.0.1\n");
  const Site site(saying("HTTP/1.1 200 OK\r\n\r\n"));
  ports::ProbeRequest request = request_to(site.port());
  for (const char* address : {"169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0",
                              "::", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"}) {
    request.address = address;
    CHECK(observe(request).status == "Failure: The IP address is restricted or private.");
  }
  request.address.clear();
  request.host_name = "meta.example.com";
  CHECK(observe(request, quick, view).status ==
        "Failure: Resolved IP: 169.254.169.254. The IP address is restricted or private.");
  request.host_name = "none.example.com";
  CHECK_FALSE(observe(request, quick, view).success);
  request.host_name = "both.example.com";
  for (int i = 0; i < 10; ++i) CHECK(observe(request, quick, view).success);
  ProbeLimits open = quick;
  open.allow_link_local = true;
  request.host_name = "none.example.com";  // this host, on Linux
  CHECK(observe(request, open, view).success);
}

TEST_CASE("TCP checks only connect") {
  std::atomic<int> heard{-1};
  const Site site([&](int fd) {
    char c = 0;
    heard = recv(fd, &c, 1, 0) > 0 ? 1 : 0;
  });
  ports::ProbeRequest request = request_to(site.port());
  request.kind = ports::ProbeRequest::Kind::tcp;
  const auto seen = observe(request);
  CHECK(seen.status == "Success: Connection established");
  CHECK(seen.connect);
  CHECK_FALSE(seen.first_byte);
  CHECK(heard <= 0);
}

TEST_CASE("IPv6 endpoints") {
  std::string heard;
  const Site site(
      [&](int fd) {
        heard = read_request(fd);
        say(fd, "HTTP/1.1 200 OK\r\n\r\n");
      },
      "::1");
  ports::ProbeRequest request = request_to(site.port());
  request.address = "::1";
  CHECK(observe(request).success);
  CHECK(heard.find("\r\nHost: [::1]:" + std::to_string(site.port()) + "\r\n") != std::string::npos);
}

TEST_CASE("by name: our own view first, then the hosts file; failures said as AWS says them") {
  const auto view = dns::testing::view_of(
      "example.com 900 SOA a.b h.b 1 2 3 4 5\nexample.com 60 NS a.b\nsite.example.com 60 A "
      "127.0.0.1\n"
      "alias.example.com 60 CNAME site.example.com\nout.example.com 60 CNAME "
      "localhost\nsix.example.com 60 AAAA ::1\n");
  const Site site(saying("HTTP/1.1 200 OK\r\n\r\n"));
  ports::ProbeRequest request = request_to(site.port());
  request.address.clear();
  for (const char* name : {"alias.example.com", "Site.Example.com.", "out.example.com"}) {
    request.host_name = name;
    CHECK(observe(request, quick, view).status ==
          "Success: HTTP Status Code: 200. Resolved IP: 127.0.0.1. OK");
  }
  for (const char* name : {"none.example.com", "six.example.com", "not a name"}) {
    request.host_name = name;
    const auto seen = observe(request, quick, view);
    CHECK(seen.status == "Failure: DNS resolution failed");
    CHECK(seen.resolved_address.empty());
  }
  const Site rude([](int fd) { read_request(fd); });
  request.port = rude.port();
  request.host_name = "localhost";
  CHECK(observe(request).status ==
        "Failure: Resolved IP: 127.0.0.1. The connection was closed by the endpoint.");
}

TEST_CASE(
    "thousands at once, more than there may be connections; each is told once, in few tasks") {
  const Site site(saying("HTTP/1.1 200 OK\r\n\r\n"));
  Control control;
  ProbeLimits limits = quick;
  limits.connect = limits.response = 20s;
  limits.max_connections = 16;
  SocketProber prober(limits, control.poster());
  int good = 0, tasks = 0;
  for (int i = 0; i < 1000; ++i) {
    prober.probe(request_to(site.port()),
                 [&](const ports::Observation& seen) { good += seen.success ? 1 : 0; });
  }
  while (good < 1000 && control.run_one()) ++tasks;
  CHECK(good == 1000);
  CHECK(tasks <= 1000);
}

TEST_CASE(
    "an endpoint goes on after its check has ended, while a child holds a copy of the socket") {
  std::vector<Fd> copies;
  std::vector<Fd> peers;
  const Site site([&](int fd) {
    read_request(fd);
    // The prober's end, as a child between clone and exec holds it.
    sockaddr_in near{};
    socklen_t size = sizeof near;
    REQUIRE(getpeername(fd, reinterpret_cast<sockaddr*>(&near), &size) == 0);
    for (int other = 0; other < 1024; ++other) {
      sockaddr_in far{};
      size = sizeof far;
      if (getsockname(other, reinterpret_cast<sockaddr*>(&far), &size) == 0 && size == sizeof far &&
          far.sin_family == AF_INET && far.sin_port == near.sin_port)
        copies.emplace_back(dup(other));
    }
    peers.emplace_back(dup(fd));
    say(fd, "HTTP/1.1 200 OK\r\n\r\n");
  });
  Control control;
  SocketProber prober(quick, control.poster());
  for (int i = 0; i < 50; ++i) {
    std::optional<ports::Observation> seen;
    prober.probe(request_to(site.port()),
                 [&](ports::Observation observation) { seen = std::move(observation); });
    while (!seen && control.run_one()) {
    }
    REQUIRE(seen);
    CHECK(seen->success);
    for (const Fd& peer : peers) say(peer.get(), "more");
  }
  CHECK(copies.size() >= 50);
}

namespace {

// Says `first`, then `more` as fast as it is taken, until the prober goes.
Site::Serve flooding(const std::string& first, const std::string& more) {
  return [first, more](int fd) {
    char buffer[4096];
    (void)!recv(fd, buffer, sizeof buffer, 0);
    say(fd, first);
    while (send(fd, more.data(), more.size(), MSG_NOSIGNAL) > 0) {
    }
  };
}

}  // namespace

TEST_CASE("an endpoint that never ends is cut off, whatever it sends") {
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                    gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
  const std::string not_found =
      "Failure: HTTP Status Code 200, OK. The search string was not found in the first 5120 bytes "
      "of the response body.";
  const std::string much(1 << 20, 'a');
  ProbeLimits patient_limits = quick;
  patient_limits.response = patient_limits.body = 20s;
  const auto status = [&](const std::string& first, const std::string& more) {
    const Site site(flooding(first, more));
    ports::ProbeRequest request = request_to(site.port());
    request.search_string = "needle";
    return observe(request, patient_limits).status;
  };
  CHECK(status(chunks + "1;", much) == not_found);
  CHECK(status(chunks, "1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\na\r\n") == not_found);
  CHECK(status(gzip, much) == not_found);
  CHECK(status("HTTP/1.1 200 OK\r\n\r\n", much) == not_found);
  CHECK(status("", "HTTP/1.1 100 Continue\r\n\r\n") ==
        "Failure: The headers of the response are longer than 16384 bytes.");
}

TEST_CASE("TLS that goes on without yielding anything is cut off") {
  // Endless HelloRequests, which a client skips; on one endpoint and on eight at once.
  std::string record("\x16\x03\x03\x3f\xfc", 5);
  record.append(0x3ffc, '\0');
  const Site hostile(flooding("", record));
  ports::ProbeRequest request = request_to(hostile.port());
  request.kind = ports::ProbeRequest::Kind::https;
  CHECK(observe(request).status == "Failure: SSL handshake failed (too long).");
}

TEST_CASE("endpoints that run out of time wait behind the others and leave half the connections") {
  const Site silent([](int fd) { wait_until_gone(fd); });
  const Site honest(saying("HTTP/1.1 200 OK\r\n\r\n"));
  ProbeLimits limits = quick;
  limits.response = 300ms;
  limits.max_connections = 4;
  Control control;
  SocketProber prober(limits, control.poster());
  int failed = 0, good = 0;
  const auto probe_silent = [&](int number) {
    ports::ProbeRequest request = request_to(silent.port());
    request.health_check_id = "silent-" + std::to_string(number);
    prober.probe(request, [&](const ports::Observation& seen) { failed += seen.success ? 0 : 1; });
  };
  for (int i = 0; i < 8; ++i) probe_silent(i);
  while (failed < 8 && control.run_one()) {
  }
  REQUIRE(failed == 8);
  for (int i = 0; i < 8; ++i) probe_silent(i);
  for (int i = 0; i < 100; ++i) {
    prober.probe(request_to(honest.port()),
                 [&](const ports::Observation& seen) { good += seen.success ? 1 : 0; });
  }
  while (good < 100 && control.run_one()) {
  }
  CHECK(good == 100);
  CHECK(failed < 16);  // the silent ones were not waited for
}

TEST_CASE("without descriptors the probe waits, idle, and nothing is held against the endpoint") {
  const Site site(saying("HTTP/1.1 200 OK\r\n\r\n"));
  Control control;
  ProbeLimits limits = quick;
  limits.shortage = 10ms;
  SocketProber prober(limits, control.poster());
  const auto cpu_of_half_a_second = [&] {
    const std::clock_t begun = std::clock();
    CHECK_FALSE(control.run_one(500ms));
    return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  };
  const double others = cpu_of_half_a_second();  // sites of earlier cases may still be talking
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = dup(0);
  close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  std::vector<ports::Observation> seen;
  for (const char* name : {"", "localhost"}) {
    ports::ProbeRequest request = request_to(site.port());
    if (*name) request.address.clear();
    request.host_name = name;
    prober.probe(request,
                 [&](ports::Observation observation) { seen.push_back(std::move(observation)); });
  }
  CHECK(cpu_of_half_a_second() < others + 0.25);  // some fifty tries
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  while (seen.size() < 2 && control.run_one()) {
  }
  REQUIRE(seen.size() == 2);
  for (const auto& observation : seen) CHECK_MESSAGE(observation.success, observation.status);
}

TEST_CASE("nothing is told once the prober is gone") {
  const Site site(saying("HTTP/1.1 200 OK\r\n\r\n"));
  Control control;
  bool told = false;
  {
    SocketProber prober(quick, control.poster());
    prober.probe(request_to(site.port()), [&](const ports::Observation&) { told = true; });
  }
  while (control.run_one(0ms)) {
  }
  CHECK_FALSE(told);
}

namespace {

struct Certificate {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  X509* x509 = X509_new();
  explicit Certificate(const std::string& name) {
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x509), -3600);  // expired: nobody is to mind
    X509_set_pubkey(x509, key);
    X509_NAME* subject = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(x509, subject);
    X509_sign(x509, key, EVP_sha256());
  }
  ~Certificate() {
    X509_free(x509);
    EVP_PKEY_free(key);
  }
};

// Serves HTTPS; notes the server name of each handshake ("-" for none).
class SecureSite {
 public:
  SecureSite(const std::string& certificate_name, int version, bool needs_name = false)
      : certificate_(certificate_name),
        needs_name_(needs_name),
        context_(SSL_CTX_new(TLS_server_method())),
        site_([this](int fd) { serve(fd); }) {
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context_, version);
    SSL_CTX_set_max_proto_version(context_, version);
    SSL_CTX_use_certificate(context_, certificate_.x509);
    SSL_CTX_use_PrivateKey(context_, certificate_.key);
    // SSL_CTX_set_tlsext_servername_callback without its macro's old-style cast.
    SSL_CTX_callback_ctrl(context_, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(&SecureSite::on_name));
    SSL_CTX_set_tlsext_servername_arg(context_, this);
  }
  ~SecureSite() { SSL_CTX_free(context_); }
  std::uint16_t port() const { return site_.port(); }
  std::string names() const { return names_; }
  // Before the first connection.
  void insist_on_group(const char* name) {
    EVP_PKEY_CTX* maker = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
    std::string group = name;
    const OSSL_PARAM chosen[] = {OSSL_PARAM_construct_utf8_string("group", group.data(), 0),
                                 OSSL_PARAM_construct_end()};
    EVP_PKEY* key = nullptr;
    REQUIRE(EVP_PKEY_paramgen_init(maker) == 1);
    REQUIRE(EVP_PKEY_CTX_set_params(maker, chosen) == 1);
    REQUIRE(EVP_PKEY_generate(maker, &key) == 1);
    EVP_PKEY_CTX_free(maker);
    REQUIRE(SSL_CTX_set0_tmp_dh_pkey(context_, key) == 1);
    SSL_CTX_set_cipher_list(context_, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0");
  }
  void renegotiate() { renegotiates_ = true; }

 private:
  static int on_name(SSL* ssl, int* alert, void* self) {
    auto& site = *static_cast<SecureSite*>(self);
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    site.names_ += std::string(name ? name : "-") + " ";
    *alert = SSL_AD_HANDSHAKE_FAILURE;
    return !name && site.needs_name_ ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
  }
  void serve(int fd) {
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, fd);
    char buffer[2048];
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, buffer, sizeof buffer) > 0) {
      if (renegotiates_) {
        SSL_renegotiate(ssl);
        SSL_do_handshake(ssl);
        SSL_read(ssl, buffer, sizeof buffer);
      }
      const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nneedle";
      SSL_write(ssl, reply.data(), static_cast<int>(reply.size()));
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
  }
  Certificate certificate_;
  bool needs_name_, renegotiates_ = false;
  std::string names_;
  SSL_CTX* context_;
  Site site_;  // its thread ends before the context goes
};

ports::ProbeRequest secure(std::uint16_t port, bool sni) {
  ports::ProbeRequest request = request_to(port);
  request.kind = ports::ProbeRequest::Kind::https;
  request.host_name = "www.example.com";
  request.enable_sni = sni;
  request.search_string = "needle";
  return request;
}

const ProbeLimits patient{.connect = 10s,
                          .tcp_connect = 10s,
                          .response = 10s,
                          .body = 10s,
                          .resolve = 1s,
                          .resolvers = {},
                          .allow_link_local = false,
                          .shortage = 100ms,
                          .max_connections = 0};

}  // namespace

TEST_CASE("HTTPS: TLS 1.0 to 1.3, expired and self-signed certificates pass") {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    const SecureSite site("www.example.com", version);
    const auto seen = observe(secure(site.port(), true), patient);
    CHECK(seen.status == "Success: HTTP Status Code 200, OK");
    CHECK(seen.tls_handshake.value() > Duration::zero());
    CHECK(site.names() == "www.example.com ");
  }
}

TEST_CASE(
    "HTTPS: a certificate for another name is tried again without SNI; without EnableSNI none is "
    "sent") {
  const SecureSite other("other.example.org", TLS1_2_VERSION),
      covering("*.example.com", TLS1_2_VERSION);
  CHECK(observe(secure(other.port(), true), patient).success);
  CHECK(other.names() == "www.example.com - ");
  CHECK(observe(secure(covering.port(), true), patient).success);
  CHECK(covering.names() == "www.example.com ");
  CHECK(observe(secure(covering.port(), false), patient).success);
  CHECK(covering.names() == "www.example.com - ");
}

TEST_CASE("HTTPS: alerts and endpoints that speak no TLS") {
  const SecureSite picky("www.example.com", TLS1_2_VERSION, true);
  CHECK(observe(secure(picky.port(), false), patient).status ==
        "Failure: SSL alert handshake_failure");
  const Site plain([](int fd) {
    char c = 0;
    recv(fd, &c, 1, 0);
    say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
    wait_until_gone(fd);
  });
  CHECK(
      observe(secure(plain.port(), true), patient).status.find("Failure: SSL handshake failed (") ==
      0);
  const Site closing([](int fd) {
    char buffer[4096];
    recv(fd, buffer, sizeof buffer, 0);
  });
  CHECK(observe(secure(closing.port(), true), patient).status ==
        "Failure: The connection was closed by the endpoint.");
}

TEST_CASE("HTTPS: an endpoint chooses no arithmetic that takes long, and no second handshake") {
  SecureSite usual("www.example.com", TLS1_2_VERSION), huge("www.example.com", TLS1_2_VERSION),
      again("www.example.com", TLS1_2_VERSION);
  usual.insist_on_group("modp_3072");
  CHECK(observe(secure(usual.port(), true), patient).success);
  huge.insist_on_group("modp_6144");
  CHECK(
      observe(secure(huge.port(), true), patient).status.find("Failure: SSL handshake failed (") ==
      0);
  again.renegotiate();
  observe(secure(again.port(), true), patient);
  CHECK(again.names() == "www.example.com ");
}
