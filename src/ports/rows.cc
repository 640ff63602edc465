// SPDX-License-Identifier: Apache-2.0
#include "ports/rows.h"

#include <fmt/format.h>

#include "base/log_line.h"
#include "base/text.h"

namespace sitelatch::ports {

void take_rows(const Journal& journal, std::string_view table, const RowTaker& take,
               std::string_view from) {
  journal.scan(table, from, "", [&](std::string_view key, std::string_view row) {
    try {
      take(key, row);
    } catch (const std::exception& problem) {
      throw BadRow(
          fmt::format("the row {} of {} cannot be read: {}", log_line(key), table, problem.what()));
    }
    return true;
  });
}

std::string text_of_key(std::string_view key) {
  expect_of_row(valid_utf8(key), "its key is not UTF-8");
  return std::string{key};
}

void expect_of_row(bool holds, const char* what) {
  if (!holds) throw BadRow(what);
}

}  // namespace sitelatch::ports
