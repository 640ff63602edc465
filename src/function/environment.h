// SPDX-License-Identifier: Apache-2.0
// What Lambda tells the function by environment variables.
#pragma once

#include <cstdlib>
#include <string>

namespace sitelatch::function {

// Empty: it is not set.
inline std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace sitelatch::function
