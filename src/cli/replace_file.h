// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace sitelatch::cli {

// The whole text, or what was there before: whoever reads `path` meanwhile never sees a half.
// Written beside it (`path` and six characters) and renamed; mode 0644 whatever the umask is, so
// that another user's program reads it. Problem: why not; what is there and is no plain file (a
// device, a directory) is not replaced.
Result<Done> replace_file(const std::string& path, const std::string& text);

}  // namespace sitelatch::cli
