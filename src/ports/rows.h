// SPDX-License-Identifier: Apache-2.0
// Rows of the journal as a service takes them up when it starts. A row that is not as this engine
// writes it (another version's, damaged, edited by hand) is nobody's bug: the engine does not
// start, and says which row it is.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ports/journal.h"

namespace sitelatch::ports {

struct BadRow : std::runtime_error {
  using runtime_error::runtime_error;
};

// Every row of a table from a key on, in order. What `take` throws becomes a BadRow that names the
// table and the key. A taker whose rows say in themselves what they are called expects that the key
// says the same: other rows, and timers, refer to them by it.
using RowTaker = std::function<void(std::string_view key, std::string_view row)>;
void take_rows(const Journal& journal, std::string_view table, const RowTaker& take,
               std::string_view from = "");
// For takers whose keys become text of answers (others are bytes: names of DNS): the key, or a
// BadRow.
std::string text_of_key(std::string_view key);
// For takers: throws a BadRow with the text, unless it holds.
void expect_of_row(bool holds, const char* what);

}  // namespace sitelatch::ports
