// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

#include "base/log_line.h"

namespace sitelatch {

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  std::fprintf(stderr, "%s:%d: ENSURE(%s) failed%s%s\n", file, line, condition,
               message.empty() ? "" : ": ", log_line(message).c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace sitelatch
