// SPDX-License-Identifier: Apache-2.0
// Values in what was kept: a row or a document says what it likes, also what we would not have
// written.
#pragma once

#include <stdexcept>
#include <string_view>

#include "aws/wire/value.h"

namespace sitelatch::aws {

// A value was read as a kind that it is not.
struct WrongKind : std::runtime_error {
  using runtime_error::runtime_error;
};

// The Value of a row that to_json wrote. Throws WrongKind for what is not JSON.
Value stored_value(std::string_view row);

}  // namespace sitelatch::aws
