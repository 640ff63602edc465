// SPDX-License-Identifier: Apache-2.0
// ENSURE for bugs: always on, prints the condition and a message, aborts. Stopping beats acting on
// broken state. (Named so because doctest owns CHECK.) Not for bad input (that is an answer) nor
// for the outside world (that is an exception).
#pragma once

#include <string_view>

namespace sitelatch {

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view message);

}  // namespace sitelatch

#define ENSURE(condition, ...)                                                                    \
  do {                                                                                            \
    if (!(condition)) [[unlikely]]                                                                \
      ::sitelatch::check_failed(__FILE__, __LINE__, #condition, ::std::string_view{__VA_ARGS__}); \
  } while (false)
