// SPDX-License-Identifier: Apache-2.0
#include "net/functions/workers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "net/functions/work_allowance.h"

using namespace sitelatch::net;
using namespace std::chrono_literals;

TEST_CASE("heavy work leaves a worker to light work") {
  std::promise<void> release, light;
  const auto released = release.get_future().share();
  std::atomic<int> under_way = 0, done = 0;
  {
    Workers workers(2);
    for (int i = 0; i < 5; ++i)
      workers.order(Workers::Weight::heavy, [&] {
        ++under_way;
        released.wait();
        ++done;
      });
    workers.order(Workers::Weight::light, [&] { light.set_value(); });
    CHECK(light.get_future().wait_for(30s) == std::future_status::ready);
    CHECK(under_way <= 1);
    release.set_value();
    std::promise<void> last;
    workers.order(Workers::Weight::heavy, [&] { last.set_value(); });
    CHECK(last.get_future().wait_for(30s) == std::future_status::ready);
  }
  CHECK(done == 5);
}

TEST_CASE("an allowance is a burst and a share") {
  WorkAllowance allowance;
  auto now = WorkAllowance::Clock::now();
  const auto work = [&](WorkAllowance::Clock::duration time) {
    allowance.spend(now, now + time);
    now += time;
  };
  for (int i = 0; i < 29; ++i) work(1ms);
  CHECK_FALSE(allowance.exhausted());
  for (int i = 0; i < 4; ++i) work(1ms);
  CHECK(allowance.exhausted());
  CHECK(allowance.restored_at() > now + 150ms);
  CHECK(allowance.restored_at() < now + 300ms);
  now = allowance.restored_at();
  work(0ms);
  CHECK_FALSE(allowance.exhausted());
  work(12ms);
  CHECK(allowance.exhausted());
  now += 10s;
  work(29ms);
  CHECK_FALSE(allowance.exhausted());
}
