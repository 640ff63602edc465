// SPDX-License-Identifier: Apache-2.0
#include "memory_ends.h"

#include <cstdlib>
#include <new>

namespace sitelatch::memory {
namespace {

thread_local int left = 0;
thread_local bool ended = false;

}  // namespace

void ends_after(int n) {
  left = n;
  ended = false;
}

bool has_ended() { return ended; }

void* allocate(std::size_t size) {
  if (left > 0 && --left == 0) {
    ended = true;
    throw std::bad_alloc{};
  }
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}

}  // namespace sitelatch::memory

// Every form but the aligned: a sanitizer's own would not know what the others give.
using sitelatch::memory::allocate;

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return allocate(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t size, const std::nothrow_t& nothrow) noexcept {
  return operator new(size, nothrow);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
