// SPDX-License-Identifier: Apache-2.0
#include "store/trusted_way.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <fstream>
#include <utility>

namespace sitelatch::store {
namespace fs = std::filesystem;
namespace {

constexpr int most_links = 40;  // as the kernel's own limit

// In a user namespace that does not map everybody, who is not mapped appears as this user: above
// all root, who owns "/". Elsewhere it is a user like others.
uid_t unmapped_user() {
  std::ifstream map("/proc/self/uid_map");
  unsigned long inside = 0, outside = 0, count = 0;
  if (!(map >> inside >> outside >> count) || count == 4294967295UL) return 0;
  std::ifstream overflow("/proc/sys/kernel/overflowuid");
  unsigned long user = 0;
  return overflow >> user ? static_cast<uid_t>(user) : 0;
}

bool is_trusted(uid_t owner) {
  if (owner == 0 || owner == ::geteuid()) return true;
  static const uid_t unmapped = unmapped_user();
  return owner == unmapped;
}

class Walk {
 public:
  Walk(const fs::path& whole, Missing missing)
      : whole_(whole), missing_(missing), at_(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    for (const auto& part : whole.relative_path())
      if (!part.empty() && part != ".") rest_.push_back(part.string());
  }
  ~Walk() {
    if (at_ >= 0) ::close(at_);
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  Result<Way> run() {
    if (rest_.empty())
      return problem(fmt::format("the data directory cannot be {}", whole_.string()));
    const std::string leaf = rest_.back();
    rest_.pop_back();
    auto good = inspect();
    while (good && !rest_.empty()) {
      std::string part = std::move(rest_.front());
      rest_.pop_front();
      good = step(part);
    }
    if (!good) return failure(good.error());
    return Way{std::exchange(at_, -1), leaf, real_};
  }

 private:
  Result<Done> step(const std::string& part) {
    struct stat found {};
    bool there = ::fstatat(at_, part.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && errno == ENOENT && missing_ == Missing::made) {
      const bool made = ::mkdirat(at_, part.c_str(), 0700) == 0;
      if (!made && errno != EEXIST) return cannot("make", part);
      if (made && !sync_names(at_)) return cannot("make", part);
      there = ::fstatat(at_, part.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
    }
    if (!there) return cannot("reach", part);
    if (S_ISLNK(found.st_mode)) return follow(part, found);
    const int next = ::openat(at_, part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) return cannot("reach", part);
    ::close(std::exchange(at_, next));
    real_ = part == ".." ? real_.parent_path() : real_ / part;
    return inspect();
  }

  Result<Done> follow(const std::string& part, const struct stat& link) {
    if (!is_trusted(link.st_uid) || ++links_ > most_links)
      return problem(
          fmt::format("the way to the data directory {} leads over the link {} of another user "
                      "({}); choose another with --data-dir",
                      whole_.string(), (real_ / part).string(), user_name(link.st_uid)));
    char target[PATH_MAX];
    const auto size = ::readlinkat(at_, part.c_str(), target, sizeof target);
    if (size <= 0 || size == sizeof target) return cannot("reach", part);
    const fs::path to{std::string(target, static_cast<std::size_t>(size))};
    if (to.is_absolute()) {
      ::close(std::exchange(at_, ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
      real_ = "/";
    }
    std::deque<std::string> parts;
    for (const auto& piece : to.relative_path())
      if (!piece.empty() && piece != ".") parts.push_back(piece.string());
    rest_.insert(rest_.begin(), parts.begin(), parts.end());
    return Done{};
  }

  Result<Done> inspect() const {
    struct stat found {};
    if (::fstat(at_, &found) != 0) return cannot("reach", "");
    if (!is_trusted(found.st_uid))
      return problem(fmt::format(
          "the data directory {} lies below {}, which belongs to another user ({}), who could put "
          "another in its place; choose one of your own with --data-dir",
          whole_.string(), real_.string(), user_name(found.st_uid)));
    if ((found.st_mode & S_IWOTH) && !(found.st_mode & S_ISVTX))
      return problem(fmt::format(
          "the data directory {} lies below {}, to which everybody may write; close that (chmod "
          "o-w {}), or choose another with --data-dir",
          whole_.string(), real_.string(), real_.string()));
    return Done{};
  }

  Failure<Problem> cannot(std::string_view verb, const std::string& part) const {
    return problem(fmt::format("cannot {} the data directory {}: {}: {}", verb, whole_.string(),
                               (real_ / part).string(), std::strerror(errno)));
  }

  const fs::path whole_;
  const Missing missing_;
  std::deque<std::string> rest_;
  fs::path real_ = "/";
  int at_ = -1, links_ = 0;
};

}  // namespace

Result<Way> walk_to(const fs::path& path, Missing missing) { return Walk(path, missing).run(); }

bool sync_names(int directory) {
  const int names = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (names < 0) return errno == EACCES;
  const bool synced = ::fsync(names) == 0;
  const int why = errno;
  ::close(names);
  errno = why;
  return synced || why == EINVAL;  // a file system without such a thing
}

std::string user_name(uid_t uid) {
  const auto* user = ::getpwuid(uid);
  return user ? user->pw_name : fmt::format("uid {}", uid);
}

}  // namespace sitelatch::store
