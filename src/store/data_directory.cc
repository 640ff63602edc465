// SPDX-License-Identifier: Apache-2.0
#include "store/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace sitelatch::store {
namespace fs = std::filesystem;

namespace {
Failure<Problem> problem(std::string text) { return {Problem{std::move(text)}}; }
std::string reason() { return std::strerror(errno); }
}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_directory(path, error))
    return problem(fmt::format("the data directory {} is not a directory", path.string()));
  fs::create_directories(path.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return problem(fmt::format("cannot make the data directory {}: {}", path.string(), reason()));
  const int lock = ::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0)
    return problem(
        fmt::format("cannot write to the data directory {}: {}", path.string(), reason()));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    const std::string why = reason();
    ::close(lock);
    if (held)
      return problem(fmt::format(
          "another engine holds the data directory {}; stop it, or choose another with --data-dir",
          path.string()));
    return problem(fmt::format("cannot lock the data directory {}: {}", path.string(), why));
  }
  return std::unique_ptr<DataDirectory>(new DataDirectory(path, lock));
}

DataDirectory::~DataDirectory() { ::close(lock_); }

Result<Done> DataDirectory::write_file(const std::string& name, const std::string& content) const {
  const fs::path target = path_ / name, fresh = path_ / (name + ".new");
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return problem(fmt::format("cannot write {}: {}", fresh.string(), reason()));
  std::string_view rest = content;
  while (!rest.empty()) {
    const auto written = ::write(file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const std::string why = reason();
      ::close(file);
      return problem(fmt::format("cannot write {}: {}", fresh.string(), why));
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool synced = ::fsync(file) == 0;
  if (::close(file) != 0 || !synced || ::rename(fresh.c_str(), target.c_str()) != 0)
    return problem(fmt::format("cannot write {}: {}", target.string(), reason()));
  return Done{};
}

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

std::optional<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

bool is_held(const fs::path& path) {
  const int lock = ::open((path / "lock").c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0) return false;
  const bool held = ::flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(lock);
  return held;
}

}  // namespace sitelatch::store
