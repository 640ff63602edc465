// SPDX-License-Identifier: Apache-2.0
#include "store/write_ahead_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace sitelatch::store {
namespace {

// Answers whether all of it was written again and is on the disk; if not, errno says why.
bool rewrite(int file) {
  std::vector<char> piece(std::size_t{1} << 20);
  for (::off_t at = 0;;) {
    const auto got = ::pread(file, piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return ::fsync(file) == 0;
    const auto written = ::pwrite(file, piece.data(), static_cast<std::size_t>(got), at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    at += written;
  }
}

}  // namespace

Result<Done> write_log_again(const std::filesystem::path& file) {
  auto log = file;
  log += "-wal";
  const int opened = ::open(log.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (opened < 0 && errno == ENOENT) return Done{};
  const bool done = opened >= 0 && rewrite(opened);
  const int why = errno;
  if (opened >= 0) ::close(opened);
  if (done) return Done{};
  return failure(Problem{
      fmt::format("cannot read and write {} ({}): see to the disk, its file system and the file's "
                  "permissions, then start the engine again; what was acknowledged is kept",
                  log.string(), std::strerror(why))});
}

}  // namespace sitelatch::store
