// SPDX-License-Identifier: Apache-2.0
// A health check by what people call it: its id, or a DNS name whose PRIMARY record uses it
// (rules/site_names.h). Reads the hosted zones, and of them the names that it asks for.
#pragma once

#include <string>

#include "client/client.h"
#include "guard/apply/error.h"

namespace sitelatch::guard {

struct FoundCheck {
  std::string id;
  std::string by;  // the records that lead to it; empty: it was given by its id
};
// Error: usage (no name, or one of several checks, which are listed), failed (the name leads to
// none: where was looked), no_answer (the zones or their records may not be seen).
Result<FoundCheck, Error> find_check(client::Aws& aws, const std::string& id_or_name);

// What is told where `text` is meant as an id and has not the form of one; of kind usage.
Error not_an_id(const std::string& text);

}  // namespace sitelatch::guard
