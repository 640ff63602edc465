// SPDX-License-Identifier: Apache-2.0
// QueryLog: carries what DNS answered from its threads to the control thread, for Route 53's query
// logs. Bounded: of a flood the control thread gets what it can take, and the rest is counted as
// lost; DNS never waits for it.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "net/dns/query_tap.h"
#include "services/route53/query_logs.h"

namespace sitelatch::engine {

class QueryLog final : public net::QueryTap {
 public:
  static constexpr std::size_t most_waiting = 10'000;
  using Post = std::function<void(std::function<void()>)>;  // runs a task on the control thread
  using Take = std::function<void(const std::vector<route53::LoggedQuery>&)>;

  // `take` is called on the control thread with what has come since.
  QueryLog(Post post, Take take) : post_(std::move(post)), take_(std::move(take)) {}

  void set_open(bool open) { open_.store(open, std::memory_order_relaxed); }
  bool open() const override { return open_.load(std::memory_order_relaxed); }
  void take(std::span<const std::uint8_t> query, std::span<const std::uint8_t> reply,
            dns::Limits::Transport transport, const sockaddr_storage& peer) override;

 private:
  void drain();

  const Post post_;
  const Take take_;
  std::atomic<bool> open_{false};
  std::mutex mutex_;
  std::vector<route53::LoggedQuery> waiting_;
  std::uint64_t lost_ = 0;
};

// What a query asked, from its bytes and those of its answer; nothing: it asked nothing.
std::optional<route53::LoggedQuery> logged_query(std::span<const std::uint8_t> query,
                                                 std::span<const std::uint8_t> reply,
                                                 dns::Limits::Transport transport,
                                                 const sockaddr_storage& peer);

}  // namespace sitelatch::engine
