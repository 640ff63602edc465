// SPDX-License-Identifier: Apache-2.0
// An epoll and what is registered with it, by owners that take a descriptor out before they close
// it. Closing alone does not: a child between clone and exec still holds a copy, and the kernel
// goes on reporting events of what is closed here. So events carry an id, a slot and the number of
// its use, which is looked up and never given twice; an event whose registration is gone is
// dropped. Only watch() needs memory. Belongs to one thread, and outlives its registrations.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/fd.h"

struct epoll_event;

namespace sitelatch::net {

class Epoll {
 public:
  using Ready = std::function<void(std::uint32_t events)>;

  // One descriptor of somebody else's, until reset() or destruction, which must come before it is
  // closed.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept;
    Registration& operator=(Registration&& other) noexcept;
    ~Registration() { reset(); }
    explicit operator bool() const { return epoll_ != nullptr; }
    void reset();
    bool change(std::uint32_t events);  // false: errno tells
    // Its `ready` is called again in the next round, with 0 events, whatever the kernel says: for
    // what was left unread when its turn was over.
    void again();

   private:
    friend class Epoll;
    Registration(Epoll& epoll, int fd, std::uint64_t id) : epoll_(&epoll), fd_(fd), id_(id) {}
    Epoll* epoll_ = nullptr;
    int fd_ = -1;
    std::uint64_t id_ = 0;
  };

  Epoll();
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  // `ready` may register, change and reset anything, itself too. None: errno tells (ENOMEM,
  // ENOSPC).
  Registration watch(int fd, std::uint32_t events, Ready ready);

  // Waits at most so long (-1: for ever; not at all when somebody wants its turn again), then
  // dispatch() calls `ready` of all that have something to do. Two calls, for a look at the clock
  // between them.
  void wait(int timeout_ms);
  void dispatch();

 private:
  struct Slot {
    std::uint32_t use = 0;  // which use of the slot; its last is never left
    bool taken = false;
    bool again = false;  // in again_
    Ready ready;
  };
  struct Event {
    std::uint64_t id;
    std::uint32_t events;
  };
  static constexpr std::size_t batch = 256;

  Slot* find(std::uint64_t id);
  void release(std::uint64_t id);

  Fd epoll_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint64_t> again_;
  std::vector<Event> due_;  // of this round
};

// A descriptor that is ours and, from watch() on, registered.
class WatchedFd {
 public:
  WatchedFd() = default;
  explicit WatchedFd(Fd fd) : fd_(std::move(fd)) {}
  WatchedFd(WatchedFd&&) noexcept = default;
  WatchedFd& operator=(WatchedFd&& other) noexcept;

  int get() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  // False: errno tells.
  bool watch(Epoll& epoll, std::uint32_t events, Epoll::Ready ready);
  bool change(std::uint32_t events) { return registration_.change(events); }
  void again() { registration_.again(); }
  void unwatch() { registration_.reset(); }
  void reset();  // out of the epoll, then closed

 private:
  Fd fd_;
  Epoll::Registration registration_;  // goes first
};

}  // namespace sitelatch::net
