// SPDX-License-Identifier: Apache-2.0
// Recent<Value>: what was found out for a text, remembered for those texts that were asked for
// lately; never more than `most`. Two generations: what is used moves to the young one; when that
// has half of `most`, it becomes the old one, and the old one is forgotten. So a flood of texts
// that come once does not empty it of those that come all the time, and nothing keeps an order.
// R1: a pointer holds until the next add().
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/check.h"

namespace sitelatch {

template <class Value>
class Recent {
 public:
  explicit Recent(std::size_t most) : generation_(most / 2) { ENSURE(generation_ > 0); }

  // nullptr: never seen, or not lately.
  const Value* find(const std::string& key) {
    if (const auto found = young_.find(key); found != young_.end()) return &found->second;
    auto node = old_.extract(key);
    if (node.empty()) return nullptr;
    make_room();
    return &young_.insert(std::move(node)).position->second;
  }
  bool contains(const std::string& key) const { return young_.contains(key) || old_.contains(key); }

  const Value& add(std::string key, Value value) {
    old_.erase(key);
    if (!young_.contains(key)) make_room();
    return young_.insert_or_assign(std::move(key), std::move(value)).first->second;
  }

  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  void make_room() {
    if (young_.size() < generation_) return;
    old_ = std::move(young_);
    young_.clear();
  }

  const std::size_t generation_;
  std::unordered_map<std::string, Value> young_, old_;
};

}  // namespace sitelatch
