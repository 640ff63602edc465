// SPDX-License-Identifier: Apache-2.0
#include "engine/workers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

namespace sitelatch::engine {

TEST_CASE("workers: work runs elsewhere, what follows goes where it is posted") {
  std::promise<std::function<void()>> posted;
  std::thread::id worked;
  {
    WorkerThreads workers(1,
                          [&](std::function<void()> then) { posted.set_value(std::move(then)); });
    int result = 0;
    workers.run(
        [&] {
          worked = std::this_thread::get_id();
          result = 7;
        },
        [&] { ++result; });
    posted.get_future().get()();
    CHECK(result == 8);
    CHECK(worked != std::this_thread::get_id());
  }
}

TEST_CASE("workers: an end drops what has not begun") {
  std::promise<void> begun, go;
  std::atomic<int> done = 0;
  auto workers = std::make_unique<WorkerThreads>(1, [](const std::function<void()>&) {});
  workers->run(
      [&] {
        begun.set_value();
        go.get_future().wait();
        ++done;
      },
      [] {});
  workers->run([&] { ++done; }, [] {});
  begun.get_future().wait();
  std::thread ending([&] { workers.reset(); });
  go.set_value();
  ending.join();
  CHECK(done <= 2);
  CHECK(done >= 1);
}

}  // namespace sitelatch::engine
