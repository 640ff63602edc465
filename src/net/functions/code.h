// SPDX-License-Identifier: Apache-2.0
// Unpacks the code of a function. The zip is hostile until shown otherwise: nothing is written
// outside the directory (no absolute names, no "..", never through a symbolic link), sizes are
// counted while inflating rather than believed, and only plain files, directories and symbolic
// links are made. Links are kept as they are, because only the function itself, in its sandbox,
// ever follows them. Permission bits are kept, set-id bits are not.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/functions/workers.h"

namespace sitelatch::net {

struct UnpackLimits {
  std::uint64_t bytes = 262144000;  // AWS: "Unzipped size must be smaller than 262144000 bytes"
  // AWS names none of these; they keep inodes and time bounded.
  std::uint64_t entries = 100000;
  std::uint64_t parts = 1000000;  // of all names together: entries times depth
  std::size_t depth = 100;
};

// `directory` must exist and be empty. With a group, everything is given to it and closed to
// others. Problems are the code's; what the machine lacks (space, descriptors, memory) is thrown, a
// std::system_error, and may be there at the next try.
Result<Done> unpack_function_code(const std::string& zip, const std::string& directory,
                                  std::optional<gid_t> group, const UnpackLimits& limits = {});

// The same for layers: each over those before it, the limits for all together. Fewer than one: the
// directory stays empty.
using ZipPointer = std::shared_ptr<const std::string>;
Result<Done> unpack_layers(const std::vector<ZipPointer>& zips, const std::string& directory,
                           std::optional<gid_t> group, const UnpackLimits& limits = {});

// By its size and number of entries, as its last record claims: cheap, believed by nobody else.
Workers::Weight weight_of(std::string_view zip);

// Deletes a tree without following links. Best effort.
void remove_tree(const std::string& directory);

}  // namespace sitelatch::net
