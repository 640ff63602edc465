// SPDX-License-Identifier: Apache-2.0
// A directory that is this user's alone, held by its descriptor. Nobody else can put anything into
// it or take its place: it has mode 0700 and belongs to us, it is no link, and of the directories
// above it none can be written by strangers. What is opened in it is opened by name below the
// descriptor, without following links, and must be ours and of the kind expected: also what was
// planted before the directory became private is found out.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"

namespace sitelatch::store {

class PrivateDirectory {
 public:
  // Problems are sentences that say what to do: absent, not a directory, a link, another user's,
  // open to others, below a directory that strangers may change.
  static Result<PrivateDirectory> open(const std::filesystem::path& path);
  // Makes it, and what is missing above it, with mode 0700. One that is there, ours, open to others
  // and empty is closed to them; with something in it it is refused (it may have been read).
  static Result<PrivateDirectory> make(const std::filesystem::path& path);
  // Made if need be; closed to others if it was open: nobody else could reach it.
  Result<PrivateDirectory> subdirectory(const std::string& name) const;

  PrivateDirectory(PrivateDirectory&& other) noexcept
      : path_(std::move(other.path_)),
        real_path_(std::move(other.real_path_)),
        fd_(std::exchange(other.fd_, -1)) {}
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  ~PrivateDirectory();

  int fd() const { return fd_; }
  const std::filesystem::path& path() const { return path_; }  // absolute, as it was given
  const std::filesystem::path& real_path() const { return real_path_; }  // without links

  enum class Kind { file, directory, socket };
  // Whether `name` is there. A Problem if it is a link, another user's, or of another kind. Open to
  // others, it is closed to them.
  Result<bool> holds(const std::string& name, Kind kind) const;

  // A descriptor (close-on-exec) of a regular file of ours. `flags` as for ::open; a new one has
  // mode 0600.
  Result<int> open_file(const std::string& name, int flags) const;
  // Nothing: it is not there.
  Result<std::optional<std::string>> read_file(const std::string& name) const;

  enum class Kept { on_disk, until_next_start };
  struct Writing {
    mode_t mode = 0600;
    Kept kept = Kept::on_disk;
  };
  // Written beside and renamed: readers see the old or the new whole.
  Result<Done> write_file(const std::string& name, const std::string& content,
                          Writing writing) const;
  Result<Done> write_file(const std::string& name, const std::string& content) const {
    return write_file(name, content, Writing{});
  }
  void remove_file(const std::string& name) const;

 private:
  PrivateDirectory(std::filesystem::path path, std::filesystem::path real_path, int fd)
      : path_(std::move(path)), real_path_(std::move(real_path)), fd_(fd) {}
  enum class Absent { made, refused };
  static Result<PrivateDirectory> enter(const std::filesystem::path& path, Absent absent);
  std::string name_of(const std::string& name) const { return (path_ / name).string(); }

  std::filesystem::path path_, real_path_;
  int fd_;
};

}  // namespace sitelatch::store
