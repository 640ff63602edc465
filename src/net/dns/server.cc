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
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/dns/precautions.h"
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

// One thread: its epoll, its descriptors of the shared sockets, its reader of the view.
class Worker {
 public:
  Worker(const std::vector<DnsSockets>& sockets, const DnsServer::Options& options,
         Published<dns::View>& views, DnsPrecautions& precautions)
      : precautions_(precautions),
        wake_(Fd(eventfd(0, EFD_CLOEXEC))),
        spread_(seed()),
        reader_(views) {
    bool good = wake_ && wake_.watch(epoll_, EPOLLIN, [](std::uint32_t) {});
    for (const DnsSockets& shared : sockets) {
      DnsSockets own = shared.copy();
      good = good && own.udp && own.tcp;
      if (good) faces_.push_back(std::make_unique<Face>(*this, std::move(own), options));
      good = good && faces_.back()->watch();
    }
    if (!good)
      throw std::system_error(errno, std::generic_category(), "no descriptors for the DNS server");
    thread_ = std::thread([this] { run(); });
  }
  ~Worker() {
    stopping_ = true;
    begin();
    const std::uint64_t one = 1;
    ENSURE(write(wake_.get(), &one, sizeof one) == sizeof one);
    thread_.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void begin() {  // from any thread
    begun_ = true;
    begun_.notify_one();
  }
  const DnsCounts& counts() const { return counts_; }

 private:
  // One address as this thread serves it.
  class Face {
   public:
    Face(Worker& worker, DnsSockets sockets, const DnsServer::Options& options)
        : worker_(worker),
          udp_(std::move(sockets.udp), sockets.wildcard, options.udp_payload, options.tap),
          tcp_(std::move(sockets.tcp), worker.epoll_,
               {options.max_connections, options.tcp_idle_limit, options.tap},
               [this](DnsTcp::Connection& connection) {
                 worker_.served_ += tcp_.serve(connection, *worker_.view_, worker_.spread_,
                                               worker_.precautions_, worker_.now_, worker_.counts_);
               }) {}

    bool watch() {
      return udp_.watch(worker_.epoll_, [this](std::uint32_t) { serve_udp(); }) &&
             tcp_.watch([this](std::uint32_t) { tcp_.accept(worker_.now_); });
    }
    DnsTcp& tcp() { return tcp_; }

   private:
    // A few batches at a time: TCP and the newest view get their turn even under a flood.
    void serve_udp() {
      const auto turn = DnsPrecautions::turn(worker_.now_);
      for (int round = 0; round < 8; ++round) {
        const unsigned served = udp_.serve(*worker_.view_, worker_.spread_, worker_.precautions_,
                                           turn, worker_.counts_);
        worker_.served_ += served;
        if (served < DnsUdp::batch) return;
      }
    }

    Worker& worker_;
    DnsUdp udp_;
    DnsTcp tcp_;
  };

  void run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "dns");
    begun_.wait(false);
    now_ = DnsTcp::Clock::now();
    while (!stopping_) {
      epoll_.wait(wait_ms());
      now_ = DnsTcp::Clock::now();
      view_ = &reader_.go_online();
      epoll_.dispatch();
      view_ = nullptr;
      reader_.go_offline();
      if (served_ > 0) counts_.count_turn(DnsTcp::Clock::now() - now_, std::exchange(served_, 0));
      for (const auto& face : faces_) face->tcp().expire(now_);
    }
  }

  int wait_ms() const {
    int least = -1;
    for (const auto& face : faces_) {
      const int wait = face->tcp().wait_ms(now_);
      if (wait >= 0 && (least < 0 || wait < least)) least = wait;
    }
    return least;
  }

  DnsPrecautions& precautions_;
  Epoll epoll_;
  WatchedFd wake_;
  Spread spread_;
  const dns::View* view_ = nullptr;  // while events are handled
  DnsTcp::Clock::time_point now_;
  Published<dns::View>::Reader reader_;
  std::vector<std::unique_ptr<Face>> faces_;
  std::atomic<bool> begun_{false}, stopping_{false};
  std::uint64_t served_ = 0;  // queries of this turn
  DnsCounts counts_;
  std::thread thread_;
};

class ThreadedDnsServer final : public DnsServer {
 public:
  ThreadedDnsServer(const DnsBinding& binding, unsigned threads, const Options& options,
                    std::shared_ptr<const dns::View> view)
      : endpoint_(binding.endpoint),
        views_(std::move(view)),
        precautions_(options.rate_limit, !is_loopback(binding.endpoint.address)) {
    for (unsigned i = 0; i < threads; ++i)
      workers_.push_back(std::make_unique<Worker>(binding.sockets, options, views_, precautions_));
    if (options.answers_at_once) begin();
  }

  Endpoint endpoint() const override { return endpoint_; }
  void publish(std::shared_ptr<const dns::View> view) override { views_.publish(std::move(view)); }
  void begin() final {
    for (const auto& worker : workers_) worker->begin();
  }
  std::uint64_t queries() const override {
    std::uint64_t sum = 0;
    for (const auto& worker : workers_) sum += worker->counts().queries();
    return sum;
  }
  DnsFigures figures() const override {
    DnsFigures out;
    for (const auto& worker : workers_) worker->counts().add_to(out);
    return out;
  }

 private:
  Endpoint endpoint_;
  Published<dns::View> views_;
  DnsPrecautions precautions_;
  std::vector<std::unique_ptr<Worker>> workers_;  // end before what they read
};

}  // namespace

Result<std::unique_ptr<DnsServer>> DnsServer::listen(const Endpoint& endpoint,
                                                     const Options& options,
                                                     std::shared_ptr<const dns::View> view) {
  const unsigned wanted = options.threads
                              ? options.threads
                              : std::min(2U, std::max(1U, std::thread::hardware_concurrency()));
  const auto binding = bind_dns(endpoint);
  if (!binding) return failure(binding.error());
  return std::unique_ptr<DnsServer>(std::make_unique<ThreadedDnsServer>(
      *binding, std::min<unsigned>(wanted, Published<dns::View>::max_readers), options,
      std::move(view)));
}

}  // namespace sitelatch::net
