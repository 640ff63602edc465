// SPDX-License-Identifier: Apache-2.0
#include "net/dns/server.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <csignal>
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
      : epoll_(epoll_create1(EPOLL_CLOEXEC)),
        wake_(eventfd(0, EFD_CLOEXEC)),
        spread_(seed()),
        reader_(views),
        udp_(std::move(sockets.udp), wildcard, options.udp_payload),
        tcp_(std::move(sockets.tcp), epoll_.get(),
             {options.max_connections, options.tcp_idle_limit}) {
    ENSURE(epoll_ && wake_, "no descriptors for the DNS server");
    add(wake_.get(), &wake_);
    add(udp_.fd(), &udp_);
    add(tcp_.fd(), &tcp_);
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
  void add(int fd, void* tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = tag;
    ENSURE(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
  }

  void run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    auto now = DnsTcp::Clock::now();
    while (!stopping_) {
      epoll_event events[64];
      const int count = epoll_wait(epoll_.get(), events, 64, tcp_.wait_ms(now));
      now = DnsTcp::Clock::now();
      const dns::View& view = reader_.go_online();
      for (int i = 0; i < count; ++i) handle(events[i].data.ptr, view, now);
      reader_.go_offline();
      tcp_.expire(now);
      tcp_.bury();
    }
  }

  void handle(void* tag, const dns::View& view, DnsTcp::Clock::time_point now) {
    if (tag == &udp_) {
      // A few batches at a time: TCP and the newest view get their turn even under a flood.
      for (int round = 0; round < 8; ++round) {
        const unsigned served = udp_.serve(view, spread_);
        count(served);
        if (served < DnsUdp::batch) return;
      }
    } else if (tag == &tcp_) {
      tcp_.accept(now);
    } else if (tag != &wake_) {
      count(tcp_.serve(*static_cast<DnsTcp::Connection*>(tag), view, spread_, now));
    }
  }

  void count(unsigned served) {
    queries_.store(queries_.load(std::memory_order_relaxed) + served, std::memory_order_relaxed);
  }

  Fd epoll_, wake_;
  Spread spread_;
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
