// SPDX-License-Identifier: Apache-2.0
#include "net/dns/server.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>
#include <vector>

#include "base/check.h"
#include "net/dns/published.h"
#include "net/dns/sockets.h"
#include "net/dns/tcp.h"
#include "net/dns/udp.h"

namespace sitelatch::net {
namespace {

std::uint64_t seed() {
  std::uint64_t value = 0;
  ENSURE(getrandom(&value, sizeof value, 0) == sizeof value);
  return value;
}

// One thread: its sockets, its epoll, its reader of the view.
class Worker {
 public:
  Worker(DnsSockets sockets, bool wildcard, const DnsServer::Options& options,
         Published<dns::View>& views)
      : wake_(Fd(eventfd(0, EFD_CLOEXEC))),
        spread_(seed()),
        reader_(views),
        udp_(std::move(sockets.udp), wildcard, options.udp_payload),
        tcp_(std::move(sockets.tcp), epoll_, {options.max_connections, options.tcp_idle_limit},
             [this](DnsTcp::Connection& connection) {
               count(tcp_.serve(connection, *view_, spread_, now_));
             }) {
    if (!wake_ || !wake_.watch(epoll_, EPOLLIN, [](std::uint32_t) {}) ||
        !udp_.watch(epoll_, [this](std::uint32_t) { serve_udp(); }) ||
        !tcp_.watch([this](std::uint32_t) { tcp_.accept(now_); }))
      throw std::system_error(errno, std::generic_category(), "no descriptors for the DNS server");
    thread_ = std::thread([this] { run(); });
  }
  ~Worker() {
    stopping_ = true;
    const std::uint64_t one = 1;
    ENSURE(write(wake_.get(), &one, sizeof one) == sizeof one);
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  std::uint64_t queries() const { return queries_.load(std::memory_order_relaxed); }

 private:
  void run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "dns");
    now_ = DnsTcp::Clock::now();
    while (!stopping_) {
      epoll_.wait(tcp_.wait_ms(now_));
      now_ = DnsTcp::Clock::now();
      view_ = &reader_.go_online();
      epoll_.dispatch();
      view_ = nullptr;
      reader_.go_offline();
      tcp_.expire(now_);
    }
  }

  // A few batches at a time: TCP and the newest view get their turn even under a flood.
  void serve_udp() {
    for (int round = 0; round < 8; ++round) {
      const unsigned served = udp_.serve(*view_, spread_);
      count(served);
      if (served < DnsUdp::batch) return;
    }
  }

  void count(unsigned served) {
    queries_.store(queries_.load(std::memory_order_relaxed) + served, std::memory_order_relaxed);
  }

  Epoll epoll_;
  WatchedFd wake_;
  Spread spread_;
  const dns::View* view_ = nullptr;  // while events are handled
  DnsTcp::Clock::time_point now_;
  Published<dns::View>::Reader reader_;
  DnsUdp udp_;
  DnsTcp tcp_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> queries_{0};
  std::thread thread_;
};

class ThreadedDnsServer final : public DnsServer {
 public:
  ThreadedDnsServer(DnsBinding binding, const Options& options,
                    std::shared_ptr<const dns::View> view)
      : endpoint_(binding.endpoint), views_(std::move(view)) {
    for (DnsSockets& sockets : binding.sockets) {
      workers_.push_back(
          std::make_unique<Worker>(std::move(sockets), binding.wildcard, options, views_));
    }
  }

  Endpoint endpoint() const override { return endpoint_; }
  void publish(std::shared_ptr<const dns::View> view) override { views_.publish(std::move(view)); }
  std::uint64_t queries() const override {
    std::uint64_t sum = 0;
    for (const auto& worker : workers_) sum += worker->queries();
    return sum;
  }

 private:
  Endpoint endpoint_;
  Published<dns::View> views_;
  std::vector<std::unique_ptr<Worker>> workers_;  // end before the views they read
};

}  // namespace

Result<std::unique_ptr<DnsServer>> DnsServer::listen(const Endpoint& endpoint,
                                                     const Options& options,
                                                     std::shared_ptr<const dns::View> view) {
  const unsigned wanted = options.threads
                              ? options.threads
                              : std::min(2U, std::max(1U, std::thread::hardware_concurrency()));
  auto binding = bind_dns(endpoint, std::min<unsigned>(wanted, Published<dns::View>::max_readers));
  if (!binding) return failure(binding.error());
  return std::unique_ptr<DnsServer>(
      std::make_unique<ThreadedDnsServer>(std::move(*binding), options, std::move(view)));
}

}  // namespace sitelatch::net
