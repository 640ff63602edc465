// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/function_code.h"

#include <zip.h>

#include <array>
#include <memory>

#include "aws/auth/sigv4_digest.h"
#include "base/check.h"
#include "base/text.h"
#include "services/lambda/zip_directory.h"

namespace sitelatch::lambda {
namespace {

// Beyond this much content, or this many entries, the directory is believed: this runs on the
// control thread. The host, which unpacks on threads of its own, believes nothing.
constexpr std::uint64_t read_limit = 4 * 1024 * 1024;
constexpr std::uint64_t opened_entries = 1000;

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

bool content_is_sound(std::string_view zip) {
  const auto archive = open_archive(zip);
  if (!archive) return false;
  const auto entries = zip_get_num_entries(archive.get(), 0);
  // What libzip takes for the directory may be another one than what was measured.
  if (entries < 0 || static_cast<std::uint64_t>(entries) > opened_entries) return false;
  std::uint64_t read = 0;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(entries); ++i) {
    zip_stat_t stat;
    if (zip_stat_index(archive.get(), i, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
      return false;
    if (read + stat.size > read_limit) continue;
    read += stat.size;
    if (!content_agrees(archive.get(), i, stat.size)) return false;
  }
  return true;
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
  const auto directory = read_zip_directory(zip);
  switch (directory.fault) {
    case ZipDirectory::Defect::none:
      break;
    case ZipDirectory::Defect::too_large:
      return invalid("Unzipped size must be smaller than 262144000 bytes");
    case ZipDirectory::Defect::damaged:
    case ZipDirectory::Defect::unsafe:
    case ZipDirectory::Defect::too_many:
      return invalid(damaged);
  }
  if (directory.entries == 0) return invalid("Uploaded file must be a non-empty zip");
  if (directory.entries <= opened_entries && !content_is_sound(zip)) return invalid(damaged);
  return Done{};
}

}  // namespace sitelatch::lambda
