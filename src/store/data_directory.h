// SPDX-License-Identifier: Apache-2.0
// The directory that an engine keeps its state in: private (private_directory.h), held by one
// engine at a time.
//   lock          held (flock) while an engine runs; the kernel lets go of it however the engine
//                 ends
//   state.db      the journal (sqlite_journal.h), with state.db-wal
//   credentials   the engine's own key pair, in the format of ~/.aws/credentials
//   engine.json   the runtime file: where the running engine listens; removed at the end, ignored
//                 when stale
//   config, bin/  what `sitelatch env` points tools to
//   control.sock  for commands to the running engine
//   mail/         what `email` subscriptions were sent
//   functions/    the functions' working directory
// Files have mode 0600, directories 0700.
#pragma once

#include <filesystem>
#include <memory>

#include "store/private_directory.h"

namespace sitelatch::store {

class DataDirectory {
 public:
  // Makes the directory if need be, looks at what is in it, and takes its lock. Problems: those of
  // PrivateDirectory, no permission, held by another engine.
  static Result<std::unique_ptr<DataDirectory>> open(const std::filesystem::path& path);
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const PrivateDirectory& files() const { return files_; }
  const std::filesystem::path& path() const { return files_.path(); }

 private:
  DataDirectory(PrivateDirectory files, int lock) : files_(std::move(files)), lock_(lock) {}
  PrivateDirectory files_;
  int lock_;
};

// $XDG_STATE_HOME/sitelatch, else ~/.local/state/sitelatch.
std::filesystem::path default_data_directory();
// Whether an engine holds the directory now (its lock is taken).
bool is_held(const PrivateDirectory& directory);

}  // namespace sitelatch::store
