// SPDX-License-Identifier: Apache-2.0
// Ref: a counted pointer of eight bytes for the millions of immutable pieces of a View (shared_ptr
// would cost 32 more each). Counts are atomic: views are built on the control thread and may die on
// another. T offers `mutable std::atomic<std::uint32_t> refs` (born 1) and `static void
// destroy(const T*)`.
#pragma once

#include <atomic>
#include <utility>

namespace sitelatch::dns {

template <class T>
void retain(const T* object) {
  object->refs.fetch_add(1, std::memory_order_relaxed);
}
template <class T>
void release(const T* object) {
  if (object->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) T::destroy(object);
}
// Nobody else holds it (and, on the builder's thread, nobody can come to).
template <class T>
bool is_sole(const T* object) {
  return object->refs.load(std::memory_order_acquire) == 1;
}

template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* adopted) : object_(adopted) {}  // takes over the count it was born with
  Ref(const Ref& other) : object_(other.object_) {
    if (object_) retain(object_);
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) release(object_);
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  [[nodiscard]] T* give_up() { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

}  // namespace sitelatch::dns
