// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/stored_rows.h"

#include "ports/rows.h"

namespace sitelatch::cloudwatch {

StoredRows::StoredRows(ports::Journal& journal, std::string_view table)
    : journal_(journal), table_(table) {
  ports::take_rows(journal_, table_, [this](std::string_view key, std::string_view json) {
    auto row = aws::from_json(json);
    ports::expect_of_row(row && row->is_struct(), "not a structure");
    rows_.emplace(ports::text_of_key(key), std::move(*row));
  });
}

const aws::Value* StoredRows::find(std::string_view key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : &found->second;
}

void StoredRows::put(const std::string& key, aws::Value row) {
  journal_.put(table_, key, aws::to_json(row));
  rows_.insert_or_assign(key, std::move(row));
}

bool StoredRows::erase(std::string_view key) {
  const auto found = rows_.find(key);
  if (found == rows_.end()) return false;
  journal_.erase(table_, found->first);
  rows_.erase(found);
  return true;
}

void StoredRows::visit(std::string_view prefix, std::string_view after,
                       const Visitor& visit) const {
  auto at = after.empty() ? rows_.lower_bound(prefix) : rows_.upper_bound(after);
  for (; at != rows_.end() && at->first.starts_with(prefix); ++at)
    if (!visit(at->first, at->second)) return;
}

}  // namespace sitelatch::cloudwatch
