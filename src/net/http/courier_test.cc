// SPDX-License-Identifier: Apache-2.0
#include "net/http/courier.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include "base/text.h"

using namespace sitelatch;
using namespace sitelatch::net;
using namespace std::chrono_literals;

namespace {

// Takes one connection after the other on 127.0.0.1, reads what comes until `enough` says so,
// answers, closes.
class Server {
 public:
  explicit Server(std::string answer)
      : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  static bool complete(const std::string& request) {
    const auto head = request.find("\r\n\r\n");
    const auto length = lower(request).find("content-length: ");
    if (head == std::string::npos || length == std::string::npos) return false;
    return request.size() >= head + 4 + std::stoul(request.substr(length + 16));
  }
  void run() {
    while (true) {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      std::string request;
      char buffer[4096];
      ssize_t n = 0;
      while (!complete(request) && (n = ::read(peer, buffer, sizeof buffer)) > 0)
        request.append(buffer, static_cast<std::size_t>(n));
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      if (answer_.empty()) {  // silence until the client gives up
        while (::read(peer, buffer, sizeof buffer) > 0) {
        }
      } else {
        std::string_view rest = answer_;
        while (!rest.empty() && (n = ::send(peer, rest.data(), rest.size(), MSG_NOSIGNAL)) > 0)
          rest.remove_prefix(static_cast<std::size_t>(n));
      }
      ::close(peer);
    }
  }
  std::string answer_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
};

// The test's own control thread: runs what the worker posts.
class Control {
 public:
  std::function<void(std::function<void()>)> poster() {
    return [this](std::function<void()> task) {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
      came_.notify_one();
    };
  }
  void run_one() {
    std::unique_lock lock(mutex_);
    REQUIRE(came_.wait_for(lock, 20s, [&] { return !tasks_.empty(); }));
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::function<void()>> tasks_;
};

ports::Receipt post_once(const ports::Post& post, const CourierConfig& config = {}) {
  Control control;
  CurlCourier courier(config, control.poster());
  std::optional<ports::Receipt> receipt;
  courier.post(post, [&](ports::Receipt r) { receipt = r; });
  control.run_one();
  REQUIRE(receipt.has_value());
  return *receipt;
}

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("courier-test-" + std::to_string(::getpid()));
  ~Folder() { std::filesystem::remove_all(path); }
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(path)) out.push_back(entry.path());
    return out;
  }
};

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("a post carries its headers and body, and the status comes back") {
  Server server("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");
  const auto receipt =
      post_once({server.url("/x?y=1"),
                 {{"x-amz-sns-message-id", "m-1"}, {"Content-Type", "text/plain; charset=UTF-8"}},
                 "hello"});
  CHECK(receipt.http_status == 503);
  CHECK(receipt.failure == "");
  const auto request = server.requests().at(0);
  CHECK(request.starts_with("POST /x?y=1 HTTP/1.1\r\n"));
  CHECK(request.find("x-amz-sns-message-id: m-1\r\n") != std::string::npos);
  CHECK(request.find("Content-Type: text/plain; charset=UTF-8\r\n") != std::string::npos);
  CHECK(request.find("Expect") == std::string::npos);
  CHECK(request.ends_with("\r\n\r\nhello"));
}

TEST_CASE("a redirect is an answer, not an errand") {
  Server target("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  Server server("HTTP/1.1 302 Found\r\nLocation: " + target.url() +
                "\r\nContent-Length: 0\r\n\r\n");
  CHECK(post_once({server.url(), {}, "x"}).http_status == 302);
  CHECK(target.requests().empty());
}

TEST_CASE("only http and https are posted to") {
  const auto receipt = post_once({"file:///etc/hostname", {}, "x"});
  CHECK(receipt.http_status == 0);
  CHECK(receipt.failure != "");
}

TEST_CASE("a header with a line break is refused") {
  Server server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(post_once({server.url(), {{"Content-Type", "a\r\nX-Evil: 1"}}, "x"}).failure != "");
  CHECK(server.requests().empty());
}

TEST_CASE("link-local addresses are not connected to, however they are written") {
  for (const auto* url :
       {"http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xA9FEA9FE/",
        "http://0251.0376.0251.0376/", "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/",
        "http://0.0.0.0/", "http://0/", "http://[::]/", "http://224.0.0.1/", "http://[ff02::1]/",
        "http://[fd00:ec2::254]/", "http://[64:ff9b::169.254.169.254]/"}) {
    const auto receipt = post_once({url, {}, "x", 10s});
    CHECK_MESSAGE(receipt.failure.find("--allow-link-local") != std::string::npos, url);
  }
}

TEST_CASE("link-local addresses are connected to where that is allowed") {
  Server server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto to_anywhere = "http://0.0.0.0" + server.url().substr(sizeof "http://127.0.0.1" - 1);
  CHECK(post_once({to_anywhere, {}, "x"}).failure != "");
  CHECK(server.requests().empty());
  CourierConfig config;
  config.allow_link_local = true;
  CHECK(post_once({to_anywhere, {}, "x"}, config).http_status == 200);
}

TEST_CASE("silence ends after the limit") {
  Server server("");
  const auto receipt = post_once({server.url(), {}, "x", 200ms});
  CHECK(receipt.http_status == 0);
  CHECK(receipt.failure != "");
}

TEST_CASE("an endless answer is read up to a bound") {
  Server server("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" +
                std::string(8'000'000, 'x'));
  const auto receipt = post_once({server.url(), {}, "x"});
  CHECK(receipt.http_status == 200);
  CHECK(receipt.failure == "");
}

TEST_CASE("nobody there is a failure, and many at once all come back") {
  Control control;
  CurlCourier courier({}, control.poster());
  Server server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  int good = 0, bad = 0;
  for (int i = 0; i < 150; ++i)
    courier.post({i % 3 ? server.url() : "http://127.0.0.1:1/", {}, "x"},
                 [&](const ports::Receipt& r) { ++(r.failure.empty() ? good : bad); });
  for (int i = 0; i < 150; ++i) control.run_one();
  CHECK(good == 100);
  CHECK(bad == 50);
}

TEST_CASE("what is under way when the courier ends is dropped") {
  Server server("");
  Control control;
  {
    CurlCourier courier({}, control.poster());
    courier.post({server.url(), {}, "x"}, [](const ports::Receipt&) { FAIL("answered"); });
  }
  CHECK(true);
}

TEST_CASE("mail becomes one complete file in the folder") {
  Folder folder;
  Control control;
  CurlCourier courier({folder.path.string(), "", "no-reply@example.com", ""}, control.poster());
  std::optional<ports::Receipt> receipt;
  courier.mail({"ops@example.com", "ALARM: \"x\"", "line one\nline two\n"},
               [&](ports::Receipt r) { receipt = r; });
  control.run_one();
  CHECK(receipt.value().failure == "");
  REQUIRE(folder.files().size() == 1);
  CHECK(folder.files()[0].extension() == ".eml");
  const auto text = content(folder.files()[0]);
  CHECK(text.find("To: ops@example.com\r\n") != std::string::npos);
  CHECK(text.find("Subject: ALARM: \"x\"\r\n") != std::string::npos);
  CHECK(text.ends_with("\r\n\r\nline one\r\nline two\r\n"));
}

TEST_CASE("nothing is written through links, and no address is a header of its own") {
  Folder folder;
  std::filesystem::create_directory(folder.path);
  std::filesystem::create_directory(folder.path / "elsewhere");
  std::filesystem::create_directory_symlink(folder.path / "elsewhere", folder.path / "mail");
  Control control;
  std::vector<ports::Receipt> receipts;
  const auto mail = [&](const std::string& to, const std::filesystem::path& where) {
    CurlCourier courier({where.string(), "", "a@b", ""}, control.poster());
    courier.mail({to, "s", "b"}, [&](ports::Receipt r) { receipts.push_back(r); });
    control.run_one();
    return receipts.back().failure;
  };
  CHECK(mail("ops@example.com", folder.path / "mail") != "");
  CHECK(std::filesystem::is_empty(folder.path / "elsewhere"));
  for (const auto* to :
       {"a@b\r\nBcc: c@d", "a@b>\r\nDATA", "a@b> SIZE=1", "a@b,c@d", "a@b\nc", "a b@c", ""})
    CHECK_MESSAGE(mail(to, folder.path / "good") != "", to);
  CHECK(!std::filesystem::exists(folder.path / "good"));
  CHECK(mail("ops@example.com", folder.path / "good") == "");
}

TEST_CASE("a folder that cannot be written is a failure") {
  Control control;
  CurlCourier courier({"/proc/no/such/folder", "", "a@b", ""}, control.poster());
  std::optional<ports::Receipt> receipt;
  courier.mail({"ops@example.com", "s", "b"}, [&](ports::Receipt r) { receipt = r; });
  control.run_one();
  CHECK(receipt.value().failure != "");
}

TEST_CASE("mail text: subjects that are not ASCII are encoded words, odd bodies are base64") {
  const auto text = rfc5322(
      {"a@b", "Störung: Standort München antwortet nicht mehr, seit drei Minuten schon", "x"},
      "f@g", WallInstant{}, "id@h");
  CHECK(text.find("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n") != std::string::npos);
  CHECK(text.find("Subject: =?UTF-8?B?") != std::string::npos);
  for (const auto line : split(text, '\n')) CHECK(line.size() <= 90);
  const auto forged = rfc5322({"a@b", "x\r\nBcc: c@d\r\n\r\nbody", "b"}, "f@g", WallInstant{}, "i");
  CHECK(forged.find("Bcc") == std::string::npos);
  CHECK(forged.find("\r\n\r\nb") == forged.find("\r\n\r\n"));
  const auto misled = rfc5322({"a@b\r\nBcc: c@d", "s", "b"}, "f@g", WallInstant{}, "i");
  CHECK(misled.find("To: a@bBcc: c@d\r\nSubject: s\r\n") != std::string::npos);
  const auto odd = rfc5322({"a@b", "s", std::string(2000, 'x')}, "f@g", WallInstant{}, "id@h");
  CHECK(odd.find("Content-Transfer-Encoding: base64\r\n\r\neHh4") != std::string::npos);
}
