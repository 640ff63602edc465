// SPDX-License-Identifier: Apache-2.0
#include "store/private_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "store/trusted_way.h"

namespace sitelatch::store {
namespace fs = std::filesystem;
namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t of_others = 077;

std::string reason() { return std::strerror(errno); }

bool is_empty(int directory) {
  const int copy = ::openat(directory, ".", directory_flags);
  DIR* listing = copy >= 0 ? ::fdopendir(copy) : nullptr;
  if (!listing) return false;
  bool empty = true;
  while (const auto* entry = ::readdir(listing))
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      empty = false;
  ::closedir(listing);
  return empty;
}

std::string_view noun(PrivateDirectory::Kind kind) {
  switch (kind) {
    case PrivateDirectory::Kind::file:
      return "a file";
    case PrivateDirectory::Kind::directory:
      return "a directory";
    case PrivateDirectory::Kind::socket:
      break;
  }
  return "a socket";
}

bool is_a(PrivateDirectory::Kind kind, mode_t mode) {
  switch (kind) {
    case PrivateDirectory::Kind::file:
      return S_ISREG(mode);
    case PrivateDirectory::Kind::directory:
      return S_ISDIR(mode);
    case PrivateDirectory::Kind::socket:
      break;
  }
  return S_ISSOCK(mode);
}

// What is at `path` is of that kind and ours.
Result<Done> examine(const std::string& path, const struct stat& found,
                     PrivateDirectory::Kind kind) {
  if (S_ISLNK(found.st_mode))
    return problem(fmt::format(
        "{} is a symbolic link, which no engine makes; look where it leads and remove it", path));
  if (!is_a(kind, found.st_mode))
    return problem(fmt::format("{} is not {}; move it away", path, noun(kind)));
  if (found.st_uid != ::geteuid())
    return problem(
        fmt::format("{} belongs to another user ({}); make it yours (chown {} {}), or move it away",
                    path, user_name(found.st_uid), user_name(::geteuid()), path));
  return Done{};
}

}  // namespace

PrivateDirectory::~PrivateDirectory() {
  if (fd_ >= 0) ::close(fd_);
}

Result<PrivateDirectory> PrivateDirectory::open(const fs::path& path) {
  return enter(path, Absent::refused);
}
Result<PrivateDirectory> PrivateDirectory::make(const fs::path& path) {
  return enter(path, Absent::made);
}

Result<PrivateDirectory> PrivateDirectory::enter(const fs::path& path, Absent absent) {
  const fs::path whole = fs::absolute(path);
  const std::string text = whole.string();
  const auto way = walk_to(whole, absent == Absent::made ? Missing::made : Missing::refused);
  if (!way) return failure(way.error());
  const Fd parent(way->parent);
  const char* const leaf = way->leaf.c_str();
  if (absent == Absent::made) {
    const bool made = ::mkdirat(parent.get(), leaf, 0700) == 0;
    if ((!made && errno != EEXIST) || (made && !sync_names(parent.get())))
      return problem(fmt::format("cannot make the data directory {}: {}", text, reason()));
  }
  struct stat found {};
  if (::fstatat(parent.get(), leaf, &found, AT_SYMLINK_NOFOLLOW) != 0)
    return problem(fmt::format("cannot open the data directory {}: {}", text, reason()));
  if (S_ISLNK(found.st_mode))
    return problem(fmt::format(
        "the data directory {} is a symbolic link; give --data-dir the directory that it leads to",
        text));
  if (!S_ISDIR(found.st_mode))
    return problem(fmt::format("the data directory {} is not a directory", text));
  if (found.st_uid != ::geteuid())
    return problem(
        fmt::format("the data directory {} belongs to another user ({}); run this as that user, "
                    "make it yours (chown -R {} {}), or choose another with --data-dir",
                    text, user_name(found.st_uid), user_name(::geteuid()), text));
  Fd fd(::openat(parent.get(), leaf, directory_flags));
  // Looked at again by its descriptor: that is the one which is kept.
  if (fd.get() < 0 || ::fstat(fd.get(), &found) != 0 || found.st_uid != ::geteuid())
    return problem(fmt::format("cannot open the data directory {}: {}", text, reason()));
  if (found.st_mode & of_others) {
    if (absent == Absent::refused || !is_empty(fd.get()))
      return problem(fmt::format(
          "the data directory {} is open to other users (mode {:04o}) and would hold secrets; "
          "close it (chmod 700 {}), or choose another with --data-dir",
          text, found.st_mode & 07777, text));
    if (::fchmod(fd.get(), 0700) != 0)
      return problem(fmt::format("cannot close the data directory {}: {}", text, reason()));
  }
  const fs::path real =
      way->leaf == ".." ? way->real_parent.parent_path() : way->real_parent / way->leaf;
  return PrivateDirectory(whole, real, fd.release());
}

Result<PrivateDirectory> PrivateDirectory::subdirectory(const std::string& name) const {
  if (::mkdirat(fd_, name.c_str(), 0700) != 0 && errno != EEXIST)
    return problem(fmt::format("cannot make {}: {}", name_of(name), reason()));
  const auto there = holds(name, Kind::directory);
  if (!there) return failure(there.error());
  const int fd = ::openat(fd_, name.c_str(), directory_flags);
  if (fd < 0) return problem(fmt::format("cannot open {}: {}", name_of(name), reason()));
  return PrivateDirectory(path_ / name, real_path_ / name, fd);
}

Result<bool> PrivateDirectory::holds(const std::string& name, Kind kind) const {
  struct stat found {};
  if (::fstatat(fd_, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    return problem(fmt::format("cannot look at {}: {}", name_of(name), reason()));
  }
  auto good = examine(name_of(name), found, kind);
  if (!good) return failure(good.error());
  // Versions before this one left some as the umask was. Nobody else can reach them, so this is
  // tidiness; where it fails nothing is lost.
  if (found.st_mode & of_others) {
    const int changed = ::fchmodat(fd_, name.c_str(), found.st_mode & 0700, 0);
    static_cast<void>(changed);
  }
  return true;
}

Result<int> PrivateDirectory::open_file(const std::string& name, int flags) const {
  // Non-blocking: nobody holds us up with a FIFO.
  Fd fd(::openat(fd_, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (fd.get() < 0 && errno == ELOOP)
    return problem(fmt::format(
        "{} is a symbolic link, which no engine makes; look where it leads and remove it",
        name_of(name)));
  struct stat found {};
  if (fd.get() < 0 || ::fstat(fd.get(), &found) != 0)
    return problem(fmt::format("cannot open {}: {}", name_of(name), reason()));
  auto good = examine(name_of(name), found, Kind::file);
  if (!good) return failure(good.error());
  return fd.release();
}

Result<std::optional<std::string>> PrivateDirectory::read_file(const std::string& name) const {
  const auto there = holds(name, Kind::file);
  if (!there) return failure(there.error());
  if (!*there) return std::optional<std::string>{};
  const auto opened = open_file(name, O_RDONLY);
  if (!opened) return failure(opened.error());
  const Fd file(*opened);
  std::string content;
  char buffer[4096];
  for (;;) {
    const auto got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return problem(fmt::format("cannot read {}: {}", name_of(name), reason()));
    if (got == 0) return std::optional<std::string>{std::move(content)};
    content.append(buffer, static_cast<std::size_t>(got));
  }
}

Result<Done> PrivateDirectory::write_file(const std::string& name, const std::string& content,
                                          Writing writing) const {
  const std::string fresh = name + ".new";
  const auto cannot = [&] {
    const bool full = errno == ENOSPC || errno == EDQUOT;
    return problem(fmt::format("cannot write {}: {}; {}, then start the engine again",
                               name_of(name), reason(),
                               full ? "free some space on its disk" : "see to its disk"));
  };
  // Left by a run that was cut off, or planted: whatever it is, it is not written through.
  if (::unlinkat(fd_, fresh.c_str(), 0) != 0 && errno != ENOENT) return cannot();
  Fd file(::openat(fd_, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   writing.mode));
  if (file.get() < 0) return cannot();
  std::string_view rest = content;
  while (!rest.empty()) {
    const auto written = ::write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot();
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fchmod(file.get(), writing.mode) != 0) return cannot();  // whatever the umask took away
  if (writing.kept == Kept::on_disk && ::fsync(file.get()) != 0) return cannot();
  if (::close(file.release()) != 0) return cannot();
  if (::renameat(fd_, fresh.c_str(), fd_, name.c_str()) != 0) return cannot();
  return Done{};
}

void PrivateDirectory::remove_file(const std::string& name) const {
  ::unlinkat(fd_, name.c_str(), 0);
}

}  // namespace sitelatch::store
