// SPDX-License-Identifier: Apache-2.0
// Published<T>: one writer hands an immutable T to readers on other threads, without locks and
// without counting (quiescent-state reclamation). A reader is offline, or has been online since
// some epoch; online, what it reads stays alive. The writer swaps the pointer, starts a new epoch,
// and lets go of the old T once every reader is offline or went online in a later epoch. A reader
// blocked in the kernel is offline and holds nothing up. P1: a T that an online reader got from
// read() lives until that reader goes offline. P2: publish() never waits for readers; what cannot
// be let go of yet is kept until a later publish() or reclaim(). The orderings are sequentially
// consistent because the proof needs it: a reader's "online since epoch e" must be visible before
// its load of the pointer, as the swap must be before the writer's look at the readers.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"

namespace sitelatch::net {

template <class T>
class Published {
  static constexpr std::uint64_t offline = 0;
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> online_since{offline};
  };

 public:
  static constexpr std::size_t max_readers = 64;

  explicit Published(std::shared_ptr<const T> first)
      : kept_(std::move(first)), current_(kept_.get()) {}
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  // Writer's side; one thread.
  void publish(std::shared_ptr<const T> next) {
    std::swap(kept_, next);
    current_.store(kept_.get());
    const std::uint64_t since = epoch_.fetch_add(1) + 1;
    retired_.push_back({since, std::move(next)});
    reclaim();
  }
  void reclaim() {
    std::uint64_t oldest = UINT64_MAX;
    for (const Slot& slot : slots_) {
      const std::uint64_t since = slot.online_since.load();
      if (since != offline && since < oldest) oldest = since;
    }
    std::size_t freed = 0;
    while (freed < retired_.size() && retired_[freed].since <= oldest) ++freed;
    retired_.erase(retired_.begin(), retired_.begin() + static_cast<std::ptrdiff_t>(freed));
  }
  std::size_t unreclaimed() const { return retired_.size(); }

  // A reader's side; each on one thread, at most max_readers over the life of this.
  class Reader {
   public:
    explicit Reader(Published& published) : published_(published) {
      const std::size_t index = published.readers_.fetch_add(1);
      ENSURE(index < max_readers, "too many readers");
      slot_ = &published.slots_[index];
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { go_offline(); }

    const T& go_online() {
      slot_->online_since.store(published_.epoch_.load());
      return *published_.current_.load();
    }
    // The newest, while online.
    const T& read() const { return *published_.current_.load(std::memory_order_acquire); }
    void go_offline() { slot_->online_since.store(offline, std::memory_order_release); }

   private:
    Published& published_;
    Slot* slot_ = nullptr;
  };

 private:
  struct Retired {
    std::uint64_t since;  // readers online since then or later cannot have it
    std::shared_ptr<const T> object;
  };

  std::shared_ptr<const T> kept_;
  std::vector<Retired> retired_;  // oldest first
  std::atomic<const T*> current_;
  std::atomic<std::uint64_t> epoch_{1};
  std::atomic<std::size_t> readers_{0};
  std::array<Slot, max_readers> slots_;
};

}  // namespace sitelatch::net
