// SPDX-License-Identifier: Apache-2.0
#include "net/dns/published.h"

#include <doctest/doctest.h>

#include <thread>

using sitelatch::net::Published;

namespace {
// Knows how many live; a dead one does not say what it said alive.
struct Marked {
  Marked(int value, std::atomic<int>& living) : a(value), b(value), alive(living) { ++alive; }
  ~Marked() {
    a = -1;
    b = -2;
    --alive;
  }
  int a, b;
  std::atomic<int>& alive;
};
}  // namespace

TEST_CASE("an old object lives while a reader that may have it is online, and no longer") {
  std::atomic<int> alive{0};
  Published<Marked> published(std::make_shared<Marked>(1, alive));
  Published<Marked>::Reader slow(published), idle(published);
  const Marked& first = slow.go_online();
  published.publish(std::make_shared<Marked>(2, alive));
  published.publish(std::make_shared<Marked>(3, alive));
  CHECK(first.a == 1);
  CHECK(alive == 3);
  CHECK(slow.read().a == 3);
  CHECK(idle.go_online().a == 3);
  slow.go_offline();
  published.reclaim();
  CHECK(alive == 1);  // `idle` came online after the last swap
  CHECK(published.unreclaimed() == 0);
  published.publish(std::make_shared<Marked>(4, alive));
  CHECK(alive == 2);
  idle.go_offline();
  published.reclaim();
  CHECK(alive == 1);
}

TEST_CASE("readers never see a dead object, nor go back in time") {
  std::atomic<int> alive{0};
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  {
    Published<Marked> published(std::make_shared<Marked>(0, alive));
    const auto reading = [&] {
      Published<Marked>::Reader reader(published);
      for (int last = 0; !stop;) {
        const Marked& seen = reader.go_online();
        if (seen.a < last || seen.a != seen.b) ++wrong;
        last = seen.a;
        reader.go_offline();
      }
    };
    std::thread one(reading), two(reading);
    for (int i = 1; i < 20000; ++i) published.publish(std::make_shared<Marked>(i, alive));
    stop = true;
    one.join();
    two.join();
    published.reclaim();
    CHECK(alive == 1);
  }
  CHECK(wrong == 0);
  CHECK(alive == 0);
}
