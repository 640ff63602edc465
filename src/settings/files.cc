// SPDX-License-Identifier: Apache-2.0
#include "settings/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"

namespace sitelatch::settings {
namespace {

constexpr std::size_t most_bytes = 1 << 20;

std::string name_of(uid_t user) {
  const auto* entry = ::getpwuid(user);
  return entry ? entry->pw_name : fmt::format("user {}", user);
}

std::optional<std::string> why_not_believed(const std::string& path, const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return path + " is not a file";
  const auto me = ::geteuid();
  if (file.st_uid != 0 && file.st_uid != me)
    return fmt::format(
        "{} is refused: it belongs to {}, neither to {} nor to root, and it names commands that "
        "are run. To mend it: chown {} {}",
        path, name_of(file.st_uid), name_of(me), name_of(me), path);
  if ((file.st_mode & 022) != 0)
    return fmt::format(
        "{} is refused: others than its owner can write it (mode {:04o}), and it names commands "
        "that are run. To mend it: chmod go-w {}",
        path, file.st_mode & 07777, path);
  return std::nullopt;
}

}  // namespace

std::vector<std::string> usual_files(
    const std::function<std::optional<std::string>(std::string_view)>& variable,
    const std::string& home) {
  std::vector<std::string> out = {"/etc/sitelatch/sitelatch.toml"};
  const auto folder = variable("XDG_CONFIG_HOME");
  if (folder && folder->starts_with('/'))  // one that is not absolute is to be ignored, says XDG
    out.push_back(*folder + "/sitelatch/sitelatch.toml");
  else if (!home.empty())
    out.push_back(home + "/.config/sitelatch/sitelatch.toml");
  return out;
}

Result<std::optional<std::string>> read_file(const std::string& path) {
  // A pipe without a writer is not waited for.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>{};
    return problem(fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  }
  struct stat file {};
  if (::fstat(fd.get(), &file) != 0)
    return problem(fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  if (auto why = why_not_believed(path, file)) return problem(std::move(*why));
  std::string text;
  char part[16384];
  for (;;) {
    const auto size = ::read(fd.get(), part, sizeof part);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return problem(fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
    if (size == 0) return std::optional<std::string>{std::move(text)};
    text.append(part, static_cast<std::size_t>(size));
    if (text.size() > most_bytes)
      return problem(fmt::format("{} is longer than a configuration file can be ({} bytes)", path,
                                 most_bytes));
  }
}

}  // namespace sitelatch::settings
