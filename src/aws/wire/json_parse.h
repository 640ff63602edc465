// SPDX-License-Identifier: Apache-2.0
// JSON text into Boost.JSON's values, with every number as it was written: Boost.JSON's own reading
// of a real number is off by an ulp for some (4031e40), and a version that offers a precise one is
// not in Debian 12.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "aws/wire/value.h"

namespace sitelatch::aws {

// A whole document, at most `deepest` containers deep. `problem` says what is wrong with it; then
// the value is null.
boost::json::value parse_json(std::string_view text, std::size_t deepest,
                              boost::system::error_code& problem,
                              boost::json::storage_ptr memory = {});

// The same as a value without a shape: an integer where it fits one, a double where it does not.
Value value_of(const boost::json::value& value);

}  // namespace sitelatch::aws
