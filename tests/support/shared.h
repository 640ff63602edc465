// SPDX-License-Identifier: Apache-2.0
// What tests use beyond the repository, where it is at hand (HACKING.md says what it is): below
// $SITELATCH_SHARED, else in a folder `shared` beside the source tree.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "support/source_dir.h"

namespace sitelatch {

inline std::filesystem::path shared_path(std::string_view inside) {
  const char* const set = std::getenv("SITELATCH_SHARED");
  const std::filesystem::path beside = std::filesystem::path{source_dir}.parent_path() / "shared";
  return (set ? std::filesystem::path{set} : beside) / inside;
}

}  // namespace sitelatch
