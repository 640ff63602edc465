// SPDX-License-Identifier: Apache-2.0
// The directory that an engine keeps its state in: made with mode 0700, held by one engine at a
// time.
//   lock          held (flock) while an engine runs; the kernel lets go of it however the engine
//                 ends
//   state.db      the journal (sqlite_journal.h)
//   credentials   the engine's own key pair, mode 0600, in the format of ~/.aws/credentials
//   engine.json   the runtime file: where the running engine listens; removed at the end, ignored
//                 when stale
//   control.sock  for commands to the running engine, mode 0600
//   mail/         what `email` subscriptions were sent
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace sitelatch::store {

class DataDirectory {
 public:
  // Makes the directory if need be and takes its lock. Problems: not a directory, no permission,
  // held by another engine.
  static Result<std::unique_ptr<DataDirectory>> open(const std::filesystem::path& path);
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Written beside and renamed, mode 0600: readers see the old or the new whole.
  Result<Done> write_file(const std::string& name, const std::string& content) const;

 private:
  DataDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;
  int lock_;
};

// $XDG_STATE_HOME/sitelatch, else ~/.local/state/sitelatch.
std::filesystem::path default_data_directory();
std::optional<std::string> read_file(const std::filesystem::path& path);
// Whether an engine holds the directory now (its lock is taken).
bool is_held(const std::filesystem::path& path);

}  // namespace sitelatch::store
