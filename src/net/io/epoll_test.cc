// SPDX-License-Identifier: Apache-2.0
#include "net/io/epoll.h"

#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "memory_ends.h"

using namespace sitelatch::net;
using sitelatch::Fd;

namespace {

// How many descriptors the kernel holds registered, with all epolls of this process.
int registered() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != "anon_inode:[eventpoll]") continue;
    std::ifstream info("/proc/self/fdinfo/" + entry.path().filename().string());
    for (std::string line; std::getline(info, line);) count += line.starts_with("tfd:") ? 1 : 0;
  }
  return count;
}

struct Pair {
  WatchedFd ours;
  Fd theirs;
  Pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    ours = WatchedFd(Fd(ends[0]));
    theirs = Fd(ends[1]);
  }
  void say() const { REQUIRE(send(theirs.get(), "x", 1, MSG_NOSIGNAL) == 1); }
};

void one_round(Epoll& epoll) {
  epoll.wait(0);
  epoll.dispatch();
}

}  // namespace

TEST_CASE("what is closed while somebody else holds a copy tells nothing any more") {
  Epoll epoll;
  Pair pair;
  int seen = 0;
  REQUIRE(pair.ours.watch(epoll, EPOLLIN, [&](std::uint32_t) { ++seen; }));
  const Fd copy(dup(pair.ours.get()));  // as a child has until it execs
  pair.say();
  one_round(epoll);
  CHECK(seen == 1);
  const int before = registered();
  pair.ours.reset();
  CHECK(registered() == before - 1);  // or its events would wake us without end
  pair.say();
  one_round(epoll);
  CHECK(seen == 1);
  // Its number and its slot serve another now: that one hears of itself alone.
  Pair next;
  int of_next = 0;
  REQUIRE(next.ours.watch(epoll, EPOLLIN, [&](std::uint32_t) { ++of_next; }));
  pair.say();
  one_round(epoll);
  CHECK(of_next == 0);
  next.say();
  one_round(epoll);
  CHECK(of_next == 1);
  CHECK(seen == 1);
}

TEST_CASE("assigning another descriptor takes the former one out first") {
  Epoll epoll;
  Pair former, other;
  int seen = 0;
  REQUIRE(former.ours.watch(epoll, EPOLLIN, [&](std::uint32_t) { ++seen; }));
  const Fd copy(dup(former.ours.get()));
  const int before = registered();
  former.ours = std::move(other.ours);
  CHECK(registered() == before - 1);
  former.say();
  one_round(epoll);
  CHECK(seen == 0);
}

TEST_CASE("events of a round whose owner ended in it are dropped, even when its slot is taken") {
  Epoll epoll;
  Pair pairs[2], fresh;
  int seen = 0, wrong = 0;
  for (int i = 0; i < 2; ++i) {
    REQUIRE(pairs[i].ours.watch(epoll, EPOLLIN, [&, i](std::uint32_t) {
      ++seen;
      pairs[1 - i].ours.reset();
      fresh.ours.watch(epoll, EPOLLIN, [&](std::uint32_t) { ++wrong; });
    }));
    pairs[i].say();
  }
  one_round(epoll);
  CHECK(seen == 1);
  CHECK(wrong == 0);
}

TEST_CASE("a handler may end its own registration, and keeps what it holds until it returns") {
  Epoll epoll;
  Pair pair;
  auto held = std::make_shared<int>(7);
  const std::weak_ptr<int> alive = held;
  int seen = 0;
  REQUIRE(pair.ours.watch(epoll, EPOLLIN, [&, held](std::uint32_t) {
    pair.ours.reset();
    // Registrations made meanwhile may move every slot.
    std::vector<Pair> many(100);
    for (Pair& one : many) one.ours.watch(epoll, EPOLLIN, [](std::uint32_t) {});
    seen = *held;
  }));
  held.reset();
  pair.say();
  one_round(epoll);
  CHECK(seen == 7);
  CHECK(alive.expired());
}

TEST_CASE("a turn that was cut short comes again, without an event, after those of others") {
  Epoll epoll;
  Pair greedy, other;
  std::string order;
  REQUIRE(greedy.ours.watch(epoll, EPOLLIN | EPOLLET, [&](std::uint32_t events) {
    order += events ? "g" : "G";
    if (order.size() < 3) greedy.ours.again();
  }));
  REQUIRE(other.ours.watch(epoll, EPOLLIN, [&](std::uint32_t) {
    order += "o";
    other.ours.reset();
  }));
  greedy.say();
  one_round(epoll);
  CHECK(order == "g");
  other.say();
  epoll.wait(-1);  // does not wait
  epoll.dispatch();
  CHECK(order == "goG");
  one_round(epoll);
  CHECK(order == "goG");
  greedy.ours.again();
  greedy.ours.reset();
  one_round(epoll);
  CHECK(order == "goG");
}

TEST_CASE("a descriptor that epoll refuses") {
  Epoll epoll;
  WatchedFd none;
  CHECK_FALSE(none.watch(epoll, EPOLLIN, [](std::uint32_t) {}));
  CHECK_FALSE(none.change(EPOLLIN));
  none.again();
  none.reset();
}

TEST_CASE("memory that ends while a socket is registered loses that socket alone") {
  namespace memory = sitelatch::memory;
  Epoll epoll;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<int> seen(20);
  int ends = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    pairs.push_back(std::make_unique<Pair>());
    bool watched = false;
    for (int n = 1; !watched; ++n) {
      const auto count = [&seen, i, padding = std::array<char, 64>{}](std::uint32_t) {
        seen[i] += 1 + padding[0];
      };
      memory::ends_after(n);
      try {
        watched = pairs[i]->ours.watch(epoll, EPOLLIN, count);
      } catch (const std::bad_alloc&) {
        ++ends;
      }
      memory::ends_after(0);
    }
  }
  CHECK(ends > 20);
  for (const auto& pair : pairs) pair->say();
  memory::ends_after(1);
  one_round(epoll);  // takes none
  memory::ends_after(0);
  for (const int count : seen) CHECK(count == 1);
}
