// SPDX-License-Identifier: Apache-2.0
// What the directory at the end of a zip claims, read in one pass over it and never anything else:
// some milliseconds for the largest that is accepted, whatever it says (PKWARE APPNOTE 4.3.12 to
// 4.3.16, 4.5.3). Content is looked at elsewhere.
#pragma once

#include <cstdint>
#include <string_view>

namespace sitelatch::lambda {

struct ZipDirectory {
  enum class Defect {
    none,
    damaged,    // no zip, or one that contradicts itself
    unsafe,     // a name that would leave the directory, or an encrypted entry
    too_many,   // entries, parts of names, or depth beyond the limits
    too_large,  // unzipped
  };
  Defect fault = Defect::none;
  std::uint64_t entries = 0;
  std::uint64_t unzipped_bytes = 0;
};

// AWS names no limit but the unzipped size (fact lambda-24).
struct ZipLimits {
  std::uint64_t entries = 100'000;
  std::uint64_t parts = 1'000'000;  // of all names together: entries times depth
  std::uint64_t depth = 100;
  std::uint64_t unzipped_bytes = 262'144'000;
};

ZipDirectory read_zip_directory(std::string_view zip, const ZipLimits& limits = {});

}  // namespace sitelatch::lambda
