// SPDX-License-Identifier: Apache-2.0
// Result<T, E>: a value or a documented refusal, spelled like std::expected (which clang 14 cannot
// see through libstdc++ 12). Propagate with two plain lines:
//   auto zone = find_zone(id);
//   if (!zone) return failure(zone.error());
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace sitelatch {

// A refusal in words for people, for layers that have no error codes of their own.
struct Problem {
  std::string text;
};

template <class E>
struct Failure {
  E error;
};
template <class E>
Failure<std::decay_t<E>> failure(E&& error) {
  return {std::forward<E>(error)};
}
inline Failure<Problem> problem(std::string text) { return {Problem{std::move(text)}}; }

template <class T, class E = Problem>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit as in std::expected
  template <class F>
  Result(Failure<F> refused)
      : state_(std::in_place_index<1>, std::move(refused.error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return get(); }
  const T& value() const& { return const_cast<Result*>(this)->get(); }
  T&& value() && { return std::move(get()); }
  T& operator*() & { return get(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(get()); }
  T* operator->() { return &get(); }
  const T* operator->() const { return &value(); }

  const E& error() const {
    ENSURE(!has_value(), "error() of a Result that holds a value");
    return std::get<1>(state_);
  }

 private:
  T& get() {
    ENSURE(has_value(), "value() of a Result that holds an error");
    return std::get<0>(state_);
  }
  std::variant<T, E> state_;
};

// A step that gives nothing but success: `return Done{};`
struct Done {};

}  // namespace sitelatch
