// SPDX-License-Identifier: Apache-2.0
// Callbacks that may come late: ports and the journal answer when they will, perhaps after the
// object that asked is gone. A member Lifetime guards them: `lifetime_.guard([this] { ... })` does
// nothing once the Lifetime, and so its owner, has ended. On the control thread only.
#pragma once

#include <memory>
#include <utility>

namespace sitelatch::ports {

class Lifetime {
 public:
  Lifetime() = default;
  Lifetime(const Lifetime&) = delete;  // a copy of the owner would be guarded by the wrong one
  Lifetime& operator=(const Lifetime&) = delete;

  // `callback`, as long as this lives; its results are dropped.
  template <class Callback>
  auto guard(Callback callback) const {
    return [alive = std::weak_ptr<const int>(token_),
            callback = std::move(callback)](auto&&... arguments) mutable {
      if (!alive.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
    };
  }

 private:
  std::shared_ptr<const int> token_ = std::make_shared<const int>(0);
};

}  // namespace sitelatch::ports
