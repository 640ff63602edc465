// SPDX-License-Identifier: Apache-2.0
// Looking up what aliases lead to, of a server that we play on the loopback.
#include "net/dns/name_lookups.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <condition_variable>
#include <deque>

using namespace sitelatch;
using namespace sitelatch::net;
using namespace std::chrono_literals;

namespace {

using Kind = ports::NameAnswer::Kind;

// Answers A with `address` (none: NODATA), AAAA with NODATA, or says nothing, on its own thread.
class Upstream {
 public:
  Upstream() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    auto* const generic = reinterpret_cast<sockaddr*>(&here);
    REQUIRE(bind(socket_.get(), generic, size) == 0);
    REQUIRE(getsockname(socket_.get(), generic, &size) == 0);
    where = "127.0.0.1:" + std::to_string(ntohs(here.sin_port));
    thread_ = std::thread([this] { run(); });
  }
  ~Upstream() {
    stopping_ = true;
    thread_.join();
  }
  std::string where;
  std::atomic<int> address{1};  // 192.0.2.N; 0: none there; -1: silence; -2: SERVFAIL
  std::atomic<int> questions{0};

 private:
  void run() {
    while (!stopping_) {
      pollfd one{socket_.get(), POLLIN, 0};
      if (poll(&one, 1, 20) <= 0) continue;
      char buffer[512];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = recvfrom(socket_.get(), buffer, sizeof buffer, 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 17) continue;
      ++questions;
      const int now = address;
      if (now == -1) continue;
      const std::string query(buffer, static_cast<std::size_t>(got));
      const std::size_t end = query.find('\0', 12) + 5;
      const bool of_a = query[end - 3] == 1 && now > 0;
      std::string out = query.substr(0, end);
      out[2] = static_cast<char>(0x81);
      out[3] = static_cast<char>(now == -2 ? 0x82 : 0x80);
      out.replace(4, 8, std::string("\0\1\0", 3) + (of_a ? '\1' : '\0') + std::string(4, '\0'));
      if (of_a)
        out += std::string("\xc0\x0c\0\1\0\1\0\0\0\1\0\4\xc0\0\2", 15) + static_cast<char>(now);
      sendto(socket_.get(), out.data(), out.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }
  Fd socket_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

struct LookupWorld {
  Upstream upstream;
  std::mutex mutex;
  std::condition_variable something;
  std::deque<std::function<void()>> tasks;
  std::deque<ports::NameAnswer> told;
  NameLookups lookups{{100ms, upstream.where, 4, 20ms, 200ms}, [this](std::function<void()> task) {
                        const std::lock_guard lock(mutex);
                        tasks.push_back(std::move(task));
                        something.notify_one();
                      }};
  void watch(const std::string& name) {
    lookups.watch(name, [this](const ports::NameAnswer& answer) { told.push_back(answer); });
  }
  // The next that is told; a broken program alone takes a minute.
  ports::NameAnswer next() {
    while (told.empty()) {
      std::unique_lock lock(mutex);
      REQUIRE(something.wait_for(lock, 60s, [this] { return !tasks.empty(); }));
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
    }
    auto answer = std::move(told.front());
    told.pop_front();
    return answer;
  }
};

std::string address_rdata(int n) { return std::string("\xc0\0\2", 3) + static_cast<char>(n); }

}  // namespace

TEST_CASE("a name is looked up, again and again, and changes alone are told") {
  LookupWorld world;
  world.watch("lb.example.test");
  CHECK(world.next() == ports::NameAnswer{Kind::found, {address_rdata(1)}});
  const int before = world.upstream.questions;
  while (world.upstream.questions < before + 6) std::this_thread::yield();
  world.upstream.address = 2;
  CHECK(world.next() ==
        ports::NameAnswer{Kind::found, {address_rdata(2)}});  // nothing of the same between
  world.upstream.address = 0;
  CHECK(world.next() == ports::NameAnswer{Kind::nothing, {}});
  world.lookups.forget("lb.example.test");
}

TEST_CASE("who does not answer takes away nothing that was known") {
  LookupWorld world;
  for (const int trouble : {-1, -2}) {
    world.upstream.address = trouble;
    world.watch("lb.example.test");
    CHECK(world.next() == ports::NameAnswer{Kind::unknown, {}});
    world.upstream.address = 1;
    CHECK(world.next() == ports::NameAnswer{Kind::found, {address_rdata(1)}});
    world.upstream.address = trouble;
    const int before = world.upstream.questions;
    while (world.upstream.questions < before + 4) std::this_thread::yield();
    world.upstream.address = 3;
    CHECK(world.next() == ports::NameAnswer{Kind::found, {address_rdata(3)}});
  }
}

TEST_CASE("a name that is forgotten is asked for no more, and many take turns") {
  LookupWorld world;
  for (int i = 0; i < 20; ++i) world.watch("lb-" + std::to_string(i) + ".example.test");
  for (int i = 0; i < 20; ++i) CHECK(world.next().kind == Kind::found);
  for (int i = 0; i < 20; ++i) world.lookups.forget("lb-" + std::to_string(i) + ".example.test");
  world.upstream.address = 5;
  world.watch("last.example.test");
  CHECK(world.next() == ports::NameAnswer{Kind::found, {address_rdata(5)}});
  CHECK(world.told.empty());
}
