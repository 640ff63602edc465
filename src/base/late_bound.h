// SPDX-License-Identifier: Apache-2.0
// A reference that is given after construction, for two parts that need each other: bound once, and
// checked at every use, so that what was forgotten stops with a sentence where it is used first.
#pragma once

#include "base/check.h"

namespace sitelatch {

template <class T>
class LateBound {
 public:
  void bind(T& object) {
    ENSURE(object_ == nullptr, "a late-bound reference is bound once");
    object_ = &object;
  }
  T& operator*() const {
    ENSURE(object_ != nullptr, "a late-bound reference is used before it is bound");
    return *object_;
  }
  T* operator->() const { return &**this; }

 private:
  T* object_ = nullptr;
};

}  // namespace sitelatch
