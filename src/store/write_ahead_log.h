// SPDX-License-Identifier: Apache-2.0
// The write-ahead log that an engine which did not end in good order has left beside its file.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace sitelatch::store {

// Writes the log of database `file` again, byte for byte in place, and syncs it. After an fsync
// that failed the kernel holds the pages as clean although the disk never got them: the log reads
// well, a further fsync says that all is done, and a loss of power takes what was read. Pages
// written anew are dirty, so this sync is honest. Whatever interrupts it leaves the log as it was.
// No log: nothing to do. Problems: a sentence that names the log and says what to do.
Result<Done> write_log_again(const std::filesystem::path& file);

}  // namespace sitelatch::store
