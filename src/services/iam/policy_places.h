// SPDX-License-Identifier: Apache-2.0
// What the simulation tells of documents: where their statements stand, and which condition keys
// they ask for. Pure; the documents are valid policies.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::iam {

struct Place {
  int line = 1, column = 1;
};
struct StatementPlace {
  Place start, end;  // from behind what comes before it to behind its brace, as AWS counts
};
std::vector<StatementPlace> statement_places(std::string_view document);

// Of conditions and of variables, as they are written there.
void add_context_keys(std::string_view document, std::set<std::string>& keys);

}  // namespace sitelatch::iam
