// SPDX-License-Identifier: Apache-2.0
#include "store/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sitelatch::store {
namespace fs = std::filesystem;

namespace {

// What an engine keeps here. SQLite opens its files by name, so they are looked at beforehand; in a
// private directory nobody can exchange them after that.
Result<Done> inspect_contents(const PrivateDirectory& files) {
  using Kind = PrivateDirectory::Kind;
  for (const auto* name : {"lock", "state.db", "state.db-wal", "state.db-shm", "state.db-journal",
                           "credentials", "engine.json", "config"}) {
    const auto good = files.holds(name, Kind::file);
    if (!good) return failure(good.error());
  }
  for (const auto* name : {"mail", "functions", "bin"}) {
    const auto good = files.holds(name, Kind::directory);
    if (!good) return failure(good.error());
  }
  const auto good = files.holds("control.sock", Kind::socket);
  if (!good) return failure(good.error());
  return Done{};
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const fs::path& path) {
  auto files = PrivateDirectory::make(path);
  if (!files) return failure(files.error());
  auto good = inspect_contents(*files);
  if (!good) return failure(good.error());
  const auto lock = files->open_file("lock", O_RDWR | O_CREAT);
  if (!lock)
    return problem(fmt::format("cannot use the data directory {}: {}", files->path().string(),
                               lock.error().text));
  if (::flock(*lock, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string why = std::strerror(errno);
    ::close(*lock);
    if (held)
      return problem(fmt::format(
          "another engine holds the data directory {}; stop it, or choose another with --data-dir",
          files->path().string()));
    return problem(
        fmt::format("cannot lock the data directory {}: {}", files->path().string(), why));
  }
  return std::unique_ptr<DataDirectory>(new DataDirectory(std::move(*files), *lock));
}

DataDirectory::~DataDirectory() { ::close(lock_); }

fs::path default_data_directory() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && state[0] == '/')
    return fs::path{state} / "sitelatch";
  const char* home = std::getenv("HOME");
  if (!home || !*home) {
    const auto* user = ::getpwuid(::getuid());
    home = user ? user->pw_dir : "/";
  }
  return fs::path{home} / ".local/state/sitelatch";
}

bool is_held(const PrivateDirectory& directory) {
  const auto lock = directory.open_file("lock", O_RDWR);
  if (!lock) return false;
  const bool held = ::flock(*lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(*lock);
  return held;
}

}  // namespace sitelatch::store
