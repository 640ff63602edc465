// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/zip_directory.h"

#include <algorithm>
#include <optional>

namespace sitelatch::lambda {
namespace {

using Defect = ZipDirectory::Defect;

constexpr std::size_t end_size = 22, entry_size = 46, locator_size = 20, wide_end_size = 56;
constexpr std::uint64_t wide_16 = 0xffff, wide_32 = 0xffffffff;  // the number is elsewhere

std::uint64_t number_at(std::string_view bytes, std::size_t at, int size) {
  std::uint64_t value = 0;
  for (int i = size; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

struct End {
  std::uint64_t entries = 0, size = 0, offset = 0;
};

// The last record whose comment ends where the file does.
std::optional<End> find_end(std::string_view zip) {
  if (zip.size() < end_size) return std::nullopt;
  const auto farthest = zip.size() > end_size + 65535 ? zip.size() - end_size - 65535 : 0;
  for (auto at = zip.size() - end_size + 1; at-- > farthest;) {
    if (!zip.substr(at).starts_with("PK\x05\x06")) continue;
    if (at + end_size + number_at(zip, at + 20, 2) != zip.size()) continue;
    End end{number_at(zip, at + 10, 2), number_at(zip, at + 12, 4), number_at(zip, at + 16, 4)};
    if (end.entries != wide_16 && end.size != wide_32 && end.offset != wide_32) return end;
    if (at < locator_size || !zip.substr(at - locator_size).starts_with("PK\x06\x07")) return end;
    const auto wide = number_at(zip, at - locator_size + 8, 8);
    if (wide > zip.size() || zip.size() - wide < wide_end_size ||
        !zip.substr(wide).starts_with("PK\x06\x06"))
      return std::nullopt;
    return End{number_at(zip, wide + 32, 8), number_at(zip, wide + 40, 8),
               number_at(zip, wide + 48, 8)};
  }
  return std::nullopt;
}

// The unzipped size of an entry whose own field is full: the first number of its extra field 1.
std::optional<std::uint64_t> wide_size(std::string_view extra) {
  while (extra.size() >= 4) {
    const auto kind = number_at(extra, 0, 2), size = number_at(extra, 2, 2);
    if (extra.size() - 4 < size) return std::nullopt;
    if (kind == 1) return size >= 8 ? std::optional(number_at(extra, 4, 8)) : std::nullopt;
    extra.remove_prefix(4 + size);
  }
  return std::nullopt;
}

// How many parts the name has; nothing when it could leave the directory.
std::optional<std::uint64_t> parts_of(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::uint64_t parts = 0;
  while (!name.empty()) {
    const auto slash = std::min(name.find('/'), name.size());
    if (name.substr(0, slash) == "..") return std::nullopt;
    if (slash > 0) ++parts;
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  return parts;
}

class Reader {
 public:
  Reader(std::string_view zip, const ZipLimits& limits) : zip_(zip), limits_(limits) {}

  ZipDirectory read() {
    const auto end = find_end(zip_);
    if (!end || end->offset > zip_.size() || zip_.size() - end->offset < end->size)
      return fault(Defect::damaged);
    if (end->entries > limits_.entries) return fault(Defect::too_many);
    rest_ = zip_.substr(end->offset, end->size);
    for (; out_.entries < end->entries; ++out_.entries)
      if (const auto found = read_entry(); found != Defect::none) return fault(found);
    return out_;
  }

 private:
  Defect read_entry() {
    if (rest_.size() < entry_size || !rest_.starts_with("PK\x01\x02")) return Defect::damaged;
    const auto name_size = number_at(rest_, 28, 2), extra_size = number_at(rest_, 30, 2),
               comment_size = number_at(rest_, 32, 2);
    if (rest_.size() - entry_size < name_size + extra_size + comment_size) return Defect::damaged;
    if (number_at(rest_, 8, 2) & 1U) return Defect::unsafe;  // encrypted
    const auto parts = parts_of(rest_.substr(entry_size, name_size));
    if (!parts) return Defect::unsafe;
    parts_ += *parts;
    if (*parts > limits_.depth || parts_ > limits_.parts) return Defect::too_many;
    auto size = std::optional(number_at(rest_, 24, 4));
    if (*size == wide_32) size = wide_size(rest_.substr(entry_size + name_size, extra_size));
    if (!size) return Defect::damaged;
    if (*size > limits_.unzipped_bytes - out_.unzipped_bytes) return Defect::too_large;
    out_.unzipped_bytes += *size;
    rest_.remove_prefix(entry_size + name_size + extra_size + comment_size);
    return Defect::none;
  }
  ZipDirectory fault(Defect found) {
    out_.fault = found;
    return out_;
  }

  std::string_view zip_, rest_;
  ZipLimits limits_;
  ZipDirectory out_;
  std::uint64_t parts_ = 0;
};

}  // namespace

ZipDirectory read_zip_directory(std::string_view zip, const ZipLimits& limits) {
  return Reader(zip, limits).read();
}

}  // namespace sitelatch::lambda
