// SPDX-License-Identifier: Apache-2.0
// Walks to a directory component by component and looks at each: whoever may write to a directory
// on the way can put another in the place of what is below it.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "base/result.h"

namespace sitelatch::store {

struct Way {
  int parent = -1;  // O_PATH; the caller closes it
  std::string leaf;
  std::filesystem::path real_parent;  // without links
};
// To the parent of `path` (absolute), following links that root or we have made. `make_missing`:
// directories of mode 0700. Problems name the directory that is not to be trusted.
enum class Missing { made, refused };
Result<Way> walk_to(const std::filesystem::path& path, Missing missing);

// "alice", or the number.
std::string user_name(uid_t uid);

// After a name was made in `directory` (O_PATH will do): outlives a loss of power from here on.
// False: errno says why. One that may not be read is left to the system.
bool sync_names(int directory);

}  // namespace sitelatch::store
