// SPDX-License-Identifier: Apache-2.0
#include "net/io/epoll.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace sitelatch::net {
namespace {

epoll_event event_of(std::uint32_t events, std::uint64_t id) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return event;
}

}  // namespace

Epoll::Registration::Registration(Registration&& other) noexcept
    : epoll_(std::exchange(other.epoll_, nullptr)), fd_(other.fd_), id_(other.id_) {}

Epoll::Registration& Epoll::Registration::operator=(Registration&& other) noexcept {
  if (this == &other) return *this;
  reset();
  epoll_ = std::exchange(other.epoll_, nullptr);
  fd_ = other.fd_;
  id_ = other.id_;
  return *this;
}

void Epoll::Registration::reset() {
  Epoll* const epoll = std::exchange(epoll_, nullptr);
  if (!epoll) return;
  ::epoll_ctl(epoll->epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
  epoll->release(id_);
}

bool Epoll::Registration::change(std::uint32_t events) {
  epoll_event event = event_of(events, id_);
  return epoll_ && ::epoll_ctl(epoll_->epoll_.get(), EPOLL_CTL_MOD, fd_, &event) == 0;
}

void Epoll::Registration::again() {
  Slot* const slot = epoll_ ? epoll_->find(id_) : nullptr;
  if (!slot || std::exchange(slot->again, true)) return;
  epoll_->again_.push_back(id_);
}

Epoll::Epoll() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "no descriptor for epoll");
}

Epoll::Registration Epoll::watch(int fd, std::uint32_t events, Ready ready) {
  if (free_.empty()) {
    // First what the slot may ever need elsewhere: what finds no memory leaves no index without its
    // slot, and nothing but this throws.
    if (const auto slots = slots_.size() + 1; free_.capacity() < slots) {
      due_.reserve(batch + 2 * slots);
      again_.reserve(2 * slots);
      free_.reserve(2 * slots);  // last: it says that all were
    }
    slots_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
  }
  const std::uint32_t at = free_.back();
  const std::uint64_t id = std::uint64_t{slots_[at].use} << 32 | at;
  epoll_event event = event_of(events, id);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return {};
  free_.pop_back();
  slots_[at].taken = true;
  slots_[at].ready = std::move(ready);
  return {*this, fd, id};
}

Epoll::Slot* Epoll::find(std::uint64_t id) {
  Slot& slot = slots_[static_cast<std::uint32_t>(id)];
  return slot.taken && slot.use == id >> 32 ? &slot : nullptr;
}

void Epoll::release(std::uint64_t id) {
  Slot* const slot = find(id);
  ENSURE(slot, "a registration is released once");
  if (std::exchange(slot->again, false)) std::erase(again_, id);
  slot->taken = false;
  slot->ready = nullptr;
  if (slot->use++ == std::numeric_limits<std::uint32_t>::max() - 1) return;  // all its ids are used
  free_.push_back(static_cast<std::uint32_t>(id));
}

void Epoll::wait(int timeout_ms) {
  std::array<epoll_event, batch> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 again_.empty() ? timeout_ms : 0);
  due_.clear();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    due_.push_back({event.data.u64, event.events});
  }
  // Last, so that who had a turn lets the others pass.
  for (const std::uint64_t id : again_) {
    due_.push_back({id, 0});
    find(id)->again = false;
  }
  again_.clear();
}

void Epoll::dispatch() {
  // By number: watch() may move it.
  for (std::size_t i = 0; i < due_.size(); ++i) {  // NOLINT(modernize-loop-convert)
    const Event event = due_[i];
    Slot* const slot = find(event.id);
    if (!slot) continue;
    // Held here while it runs: it may end its own registration, or make the slots move.
    Ready ready = std::move(slot->ready);
    ready(event.events);
    if (Slot* const still = find(event.id)) still->ready = std::move(ready);
  }
  due_.clear();
}

WatchedFd& WatchedFd::operator=(WatchedFd&& other) noexcept {
  if (this == &other) return *this;
  reset();
  fd_ = std::move(other.fd_);
  registration_ = std::move(other.registration_);
  return *this;
}

bool WatchedFd::watch(Epoll& epoll, std::uint32_t events, Epoll::Ready ready) {
  registration_ = epoll.watch(fd_.get(), events, std::move(ready));
  return static_cast<bool>(registration_);
}

void WatchedFd::reset() {
  registration_.reset();
  fd_.reset();
}

}  // namespace sitelatch::net
