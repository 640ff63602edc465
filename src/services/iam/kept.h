// SPDX-License-Identifier: Apache-2.0
// Entities of one kind by key: in memory, loaded from one table of the journal at construction,
// written through to it. A kind brings `aws::Value to_row(const T&)` and
// `void from_row(const aws::Value&, T&)`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "ports/rows.h"

namespace sitelatch::iam {

template <class T>
class Kept {
 public:
  using Rows = std::map<std::string, T, std::less<>>;

  Kept(ports::Journal& journal, std::string_view table) : journal_(journal), table_(table) {
    ports::take_rows(journal_, table_, [this](std::string_view key, std::string_view row) {
      T kept;
      from_row(aws::stored_value(row), kept);
      rows_.insert_or_assign(ports::text_of_key(key), std::move(kept));
    });
  }

  const Rows& all() const { return rows_; }
  T* find(std::string_view key) {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  const T* find(std::string_view key) const { return const_cast<Kept*>(this)->find(key); }
  // In the place of what was there.
  T& put(const std::string& key, T value) {
    auto& kept = rows_.insert_or_assign(key, std::move(value)).first->second;
    save(key);
    return kept;
  }
  void save(std::string_view key) {
    journal_.put(table_, key, aws::to_json(to_row(rows_.find(key)->second)));
  }
  void erase(const std::string& key) {  // a copy where the key goes with the entity
    journal_.erase(table_, key);
    rows_.erase(key);
  }

 private:
  ports::Journal& journal_;
  std::string_view table_;
  Rows rows_;
};

}  // namespace sitelatch::iam
