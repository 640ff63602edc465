// SPDX-License-Identifier: Apache-2.0
#include "net/functions/code.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "base/fd.h"
#include "base/text.h"

namespace sitelatch::net {
namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Entry = std::unique_ptr<zip_file_t, CloseEntry>;

Problem trouble(std::string_view name, std::string_view what) {
  return {fmt::format("the code's entry '{}' {}", name, what)};
}

// What the system refused: of the code, unless the machine is short of something.
Problem refused(std::string_view name, std::string_view what) {
  constexpr std::array lacks{ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EIO, EROFS};
  if (const int error = errno; std::find(lacks.begin(), lacks.end(), error) != lacks.end())
    throw std::system_error(error, std::generic_category(), trouble(name, what).text);
  return trouble(name, what);
}

// The parts of a safe relative name; nothing for a name that could leave the directory.
std::optional<std::vector<std::string>> safe_parts(std::string_view name) {
  if (name.empty() || name.size() > 4096 || name.front() == '/') return std::nullopt;
  if (name.find('\0') != std::string_view::npos) return std::nullopt;
  std::vector<std::string> parts;
  for (const auto part : split(name, '/')) {
    if (part == "..") return std::nullopt;
    if (part.size() > 255) return std::nullopt;
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

class Unpacker {
 public:
  Unpacker(int root, std::optional<gid_t> group, const UnpackLimits& limits)
      : root_(root), group_(group), limits_(limits) {}

  // Several, one over the other: the limits are for all together.
  Result<Done> run(zip_t* archive) {
    archive_ = archive;
    way_.clear();
    const auto count = zip_get_num_entries(archive_, 0);
    if (count >= 0) entries_ += static_cast<std::uint64_t>(count);
    if (count < 0 || entries_ > limits_.entries)
      return failure(Problem{"the code has too many files"});
    for (zip_int64_t index = 0; index < count; ++index) {
      auto done = unpack(static_cast<zip_uint64_t>(index));
      if (!done) return done;
    }
    return Done{};
  }

 private:
  Result<Done> unpack(zip_uint64_t index) {
    zip_stat_t stat{};
    if (zip_stat_index(archive_, index, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_NAME))
      return failure(Problem{"the code's directory of files cannot be read"});
    const std::string name = stat.name;
    const auto parts = safe_parts(name);
    if (!parts)
      return failure(trouble(name, "has a name that would leave the function's directory"));
    mode_t mode = mode_of(index);
    if (mode != 0 && (mode & S_IFMT) == 0)
      mode |= S_IFREG;  // Python's writestr gives permissions alone
    const bool directory = name.back() == '/' || S_ISDIR(mode);
    if (parts->empty()) return Done{};
    parts_ += parts->size();
    if (parts_ > limits_.parts || parts->size() > limits_.depth)
      return failure(Problem{"the code's directories are nested too deeply"});
    auto parent = enter({parts->begin(), parts->end() - (directory ? 0 : 1)}, name);
    if (!parent) return failure(parent.error());
    if (directory) return Done{};
    if (mode != 0 && !S_ISREG(mode) && !S_ISLNK(mode))
      return failure(trouble(name, "is neither a file, a directory nor a link"));
    // A name that comes twice: the last one counts, as unzip has it.
    ::unlinkat(parent.value(), parts->back().c_str(), 0);
    Entry entry(zip_fopen_index(archive_, index, 0));
    if (!entry) return failure(trouble(name, "cannot be unpacked"));
    if (S_ISLNK(mode)) return make_link(parent.value(), parts->back(), name, entry.get());
    return write_file(parent.value(), parts->back(), name, entry.get(), mode);
  }

  // Unix mode of an entry; 0 where the zip was made elsewhere.
  mode_t mode_of(zip_uint64_t index) const {
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_file_get_external_attributes(archive_, index, 0, &system, &attributes) != 0) return 0;
    return system == ZIP_OPSYS_UNIX ? static_cast<mode_t>(attributes >> 16) : 0;
  }

  // Walks down without following links, making what is missing. Entries of one directory come
  // together: what is common with the last way stays open.
  Result<int> enter(const std::vector<std::string>& parts, const std::string& name) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    std::size_t common = 0;
    while (common < way_.size() && common < parts.size() && way_[common].name == parts[common])
      ++common;
    way_.resize(common);
    for (auto part = parts.begin() + static_cast<std::ptrdiff_t>(common); part != parts.end();
         ++part) {
      const int at = way_.empty() ? root_ : way_.back().directory.get();
      const bool made = ::mkdirat(at, part->c_str(), 0755) == 0;
      Fd next(::openat(at, part->c_str(), flags));
      if (!next) return failure(refused(name, "lies behind something that is not a directory"));
      if (made && ++inodes_ > 2 * limits_.entries)
        return failure(Problem{"the code has too many files"});
      if (made) give(next.get(), 0755);
      way_.push_back({*part, std::move(next)});
    }
    return way_.empty() ? root_ : way_.back().directory.get();
  }

  Result<Done> write_file(int parent, const std::string& leaf, const std::string& name,
                          zip_file_t* entry, mode_t mode) {
    Fd file(
        ::openat(parent, leaf.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return failure(refused(name, "cannot be written"));
    std::array<char, 65536> buffer;
    for (;;) {
      const auto size = zip_fread(entry, buffer.data(), buffer.size());
      if (size < 0) return failure(trouble(name, "is damaged"));
      if (size == 0) break;
      bytes_ += static_cast<std::uint64_t>(size);
      if (bytes_ > limits_.bytes)
        return failure(
            Problem{fmt::format("Unzipped size must be smaller than {} bytes", limits_.bytes)});
      const auto written = ::write(file.get(), buffer.data(), static_cast<std::size_t>(size));
      // Less than asked for, without an error: the disk is full.
      if (written >= 0 && written != size) errno = ENOSPC;
      if (written != size) return failure(refused(name, "cannot be written"));
    }
    // The function's user must be able to read its code, whatever the zip says (fact lambda-23).
    give(file.get(), mode == 0 ? 0644 : (mode & 0777) | 0444);
    return Done{};
  }

  Result<Done> make_link(int parent, const std::string& leaf, const std::string& name,
                         zip_file_t* entry) {
    std::array<char, 4097> buffer;
    const auto size = zip_fread(entry, buffer.data(), buffer.size());
    if (size <= 0 || static_cast<std::size_t>(size) >= buffer.size())
      return failure(trouble(name, "is a bad link"));
    const std::string target(buffer.data(), static_cast<std::size_t>(size));
    if (::symlinkat(target.c_str(), parent, leaf.c_str()) != 0)
      return failure(refused(name, "cannot be linked"));
    return Done{};
  }

  void give(int fd, mode_t mode) const {
    if (group_ && ::fchown(fd, static_cast<uid_t>(-1), *group_) != 0) return;
    ::fchmod(fd, mode);
  }

  zip_t* archive_ = nullptr;
  int root_;
  std::optional<gid_t> group_;
  UnpackLimits limits_;
  struct Step {
    std::string name;
    Fd directory;
  };
  std::vector<Step> way_;
  std::uint64_t bytes_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t inodes_ = 0;
  std::uint64_t parts_ = 0;
};

}  // namespace

namespace {

Result<Done> unpack_one(Unpacker& unpacker, const std::string& zip) {
  if (zip.empty()) return failure(Problem{"the code is empty"});
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(zip.data(), zip.size(), 0, &error);
  if (source == nullptr) return failure(Problem{"the code cannot be read"});
  Archive archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!archive) {
    zip_source_free(source);
    return failure(Problem{"the code is not a zip archive"});
  }
  return unpacker.run(archive.get());
}

}  // namespace

Result<Done> unpack_function_code(const std::string& zip, const std::string& directory,
                                  std::optional<gid_t> group, const UnpackLimits& limits) {
  return unpack_layers({ZipPointer(ZipPointer(), &zip)}, directory, group, limits);
}

Result<Done> unpack_layers(const std::vector<ZipPointer>& zips, const std::string& directory,
                           std::optional<gid_t> group, const UnpackLimits& limits) {
  Fd root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) throw std::system_error(errno, std::generic_category(), directory);
  Unpacker unpacker(root.get(), group, limits);
  for (const auto& zip : zips)
    if (auto done = unpack_one(unpacker, zip ? *zip : std::string()); !done) return done;
  if (group && ::fchown(root.get(), static_cast<uid_t>(-1), *group) != 0)
    return failure(Problem{"the code's directory cannot be given to its group"});
  ::fchmod(root.get(), group ? 0750 : 0755);
  return Done{};
}

// The end of central directory record, PKWARE APPNOTE 4.3.16: at the end, before a comment.
Workers::Weight weight_of(std::string_view zip) {
  constexpr std::size_t record = 22, small = 1 << 20, few = 2000;
  if (zip.size() > small) return Workers::Weight::heavy;
  const auto at = zip.rfind("PK\x05\x06");
  if (at == std::string_view::npos || zip.size() - at < record) return Workers::Weight::light;
  const auto low = static_cast<unsigned char>(zip[at + 10]),
             high = static_cast<unsigned char>(zip[at + 11]);
  return static_cast<std::size_t>(low | high << 8) > few ? Workers::Weight::heavy
                                                         : Workers::Weight::light;
}

void remove_tree(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

}  // namespace sitelatch::net
