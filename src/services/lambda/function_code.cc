// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/function_code.h"

#include <zip.h>

#include <array>
#include <memory>

#include "aws/sigv4_digest.h"
#include "base/check.h"
#include "base/text.h"

namespace sitelatch::lambda {
namespace {

// Beyond this much content the directory is believed; the host bounds what it unpacks anyway.
constexpr std::uint64_t read_limit = 8 * 1024 * 1024;
constexpr zip_int64_t entries_limit = 100'000;

struct ZipClose {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};
struct FileClose {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, ZipClose>;

Archive open_archive(std::string_view zip) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(zip.data(), zip.size(), 0, &error);
  zip_t* opened =
      source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error) : nullptr;
  if (!opened && source) zip_source_free(source);
  zip_error_fini(&error);
  return Archive{opened};
}

bool escapes(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\0') != std::string_view::npos) return true;
  for (const auto part : split(name, '/'))
    if (part == "..") return true;
  return false;
}

// Reads an entry to its end; false when it is damaged or longer than the directory says.
bool content_agrees(zip_t* archive, zip_uint64_t index, std::uint64_t size) {
  const std::unique_ptr<zip_file_t, FileClose> file{zip_fopen_index(archive, index, 0)};
  if (!file) return false;
  std::array<char, 16384> buffer{};
  std::uint64_t total = 0;
  for (;;) {
    const auto got = zip_fread(file.get(), buffer.data(), buffer.size());
    if (got < 0) return false;
    if (got == 0) return total == size;
    total += static_cast<std::uint64_t>(got);
    if (total > size) return false;
  }
}

}  // namespace

std::string sha256_base64(std::string_view bytes) {
  const auto digest = aws::sha256(bytes);
  return base64(aws::bytes_of(digest));
}
std::string sha256_hex(std::string_view bytes) { return aws::hex_of(aws::sha256(bytes)); }

aws::Outcome<Done> inspect_zip(std::string_view zip) {
  const auto invalid = [](const char* text) {
    return aws::refuse("InvalidParameterValueException", text);
  };
  constexpr auto damaged =
      "Could not unzip uploaded file. Please check your file, then try to upload again.";
  if (zip.empty()) return invalid("Uploaded file must be a non-empty zip");
  if (static_cast<std::int64_t>(zip.size()) > zipped_limit)
    return aws::refuse("RequestEntityTooLargeException",
                       "Zipped size must be smaller than 52428800 bytes", 413);
  const auto archive = open_archive(zip);
  if (!archive) return invalid(damaged);
  const auto entries = zip_get_num_entries(archive.get(), 0);
  if (entries == 0) return invalid("Uploaded file must be a non-empty zip");
  if (entries < 0 || entries > entries_limit) return invalid(damaged);

  std::uint64_t unzipped = 0, read = 0;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(entries); ++i) {
    zip_stat_t stat;
    constexpr auto needed = ZIP_STAT_NAME | ZIP_STAT_SIZE;
    if (zip_stat_index(archive.get(), i, 0, &stat) != 0 || (stat.valid & needed) != needed)
      return invalid(damaged);
    const bool encrypted =
        (stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE;
    if (encrypted || escapes(stat.name)) return invalid(damaged);
    if (stat.size > static_cast<std::uint64_t>(unzipped_limit))
      return invalid("Unzipped size must be smaller than 262144000 bytes");
    unzipped += stat.size;
    if (unzipped > static_cast<std::uint64_t>(unzipped_limit))
      return invalid("Unzipped size must be smaller than 262144000 bytes");
    if (read + stat.size <= read_limit) {
      read += stat.size;
      if (!content_agrees(archive.get(), i, stat.size)) return invalid(damaged);
    }
  }
  return Done{};
}

}  // namespace sitelatch::lambda
