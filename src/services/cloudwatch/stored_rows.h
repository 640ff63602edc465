// SPDX-License-Identifier: Apache-2.0
// Things that are kept as they were given and change nothing else here: a table of the journal in
// memory, by key, each a JSON structure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "aws/wire/value.h"
#include "ports/journal.h"

namespace sitelatch::cloudwatch {

class StoredRows {
 public:
  StoredRows(ports::Journal& journal, std::string_view table);
  StoredRows(const StoredRows&) = delete;
  StoredRows& operator=(const StoredRows&) = delete;

  const aws::Value* find(std::string_view key) const;  // nullptr: none
  void put(const std::string& key, aws::Value row);
  bool erase(std::string_view key);
  // Keys that begin so, in order, behind `after` (exclusive; empty: from the start), until the
  // visitor answers false.
  using Visitor = std::function<bool(const std::string& key, const aws::Value& row)>;
  void visit(std::string_view prefix, std::string_view after, const Visitor& visit) const;
  std::size_t size() const { return rows_.size(); }

 private:
  ports::Journal& journal_;
  std::string table_;
  std::map<std::string, aws::Value, std::less<>> rows_;
};

}  // namespace sitelatch::cloudwatch
