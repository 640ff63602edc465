// SPDX-License-Identifier: Apache-2.0
// CPU a probe: probes ADDRESS PORT [COUNT [AT_ONCE]] against an HTTP server that runs elsewhere.
// Prints the CPU time of this process alone, user and system, divided by the probes.
#include <fmt/format.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>

#include "net/probe/prober.h"

using namespace sitelatch;

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const long count = argc > 3 ? std::atol(argv[3]) : 20'000,
             at_once = argc > 4 ? std::atol(argv[4]) : 100;
  std::mutex mutex;
  std::condition_variable came;
  std::deque<std::function<void()>> tasks;
  net::SocketProber prober({}, [&](std::function<void()> task) {
    const std::lock_guard lock(mutex);
    tasks.push_back(std::move(task));
    came.notify_one();
  });
  ports::ProbeRequest request;
  request.health_check_id = "abcdef11-2222-3333-4444-555555fedcba";
  request.address = argv[1];
  request.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  request.path = "/lb-check";
  long started = 0, ended = 0, good = 0;
  const std::function<void()> next = [&] {
    ++started;
    prober.probe(request, [&](const ports::Observation& seen) {
      ++ended;
      good += seen.success ? 1 : 0;
      if (started < count) next();
    });
  };
  while (started < std::min(at_once, count)) next();
  while (ended < count) {
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return !tasks.empty(); });
    auto task = std::move(tasks.front());
    tasks.pop_front();
    lock.unlock();
    task();
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  fmt::print("{} probes, {} good: {:.1f} us CPU each ({:.1f} user)\n", count, good,
             (us(used.ru_utime) + us(used.ru_stime)) / static_cast<double>(count),
             us(used.ru_utime) / static_cast<double>(count));
}
