// SPDX-License-Identifier: Apache-2.0
#include "cli/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sitelatch::cli {
namespace {

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<Done> replace_file(const std::string& path, const std::string& text) {
  const auto not_written = [&path](int why) {
    return problem(fmt::format("{} cannot be written: {}", path, std::strerror(why)));
  };
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
    return problem(path + " is no plain file, and is not replaced by one");
  auto beside = path + ".XXXXXX";
  const int descriptor = ::mkostemp(beside.data(), O_CLOEXEC);
  if (descriptor < 0) return not_written(errno);
  constexpr mode_t everybody_reads = 0644;
  int why = 0;
  if (!write_all(descriptor, text) || ::fchmod(descriptor, everybody_reads) != 0 ||
      ::fsync(descriptor) != 0)
    why = errno;
  if (::close(descriptor) != 0 && why == 0) why = errno;
  if (why == 0 && std::rename(beside.c_str(), path.c_str()) != 0) why = errno;
  if (why == 0) return Done{};
  (void)::unlink(beside.c_str());
  return not_written(why);
}

}  // namespace sitelatch::cli
