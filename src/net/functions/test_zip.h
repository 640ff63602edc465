// SPDX-License-Identifier: Apache-2.0
// Zip archives for tests, honest and otherwise.
#pragma once

#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sitelatch::test {

struct ZipEntry {
  std::string name, content;
  unsigned mode = 0644;  // with a type (S_IFLNK ...) or without
};

inline std::string make_zip(const std::vector<ZipEntry>& entries) {
  std::string path = "/tmp/test-zip-XXXXXX";
  ::close(::mkstemp(path.data()));
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& entry : entries) {
    zip_source_t* source =
        zip_source_buffer(archive, entry.content.data(), entry.content.size(), 0);
    const auto index =
        static_cast<zip_uint64_t>(zip_file_add(archive, entry.name.c_str(), source, 0));
    const auto mode = entry.mode & S_IFMT ? entry.mode : entry.mode | S_IFREG;
    zip_file_set_external_attributes(archive, index, 0, ZIP_OPSYS_UNIX,
                                     static_cast<zip_uint32_t>(mode) << 16);
  }
  zip_close(archive);
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  in.close();
  ::unlink(path.c_str());
  return bytes;
}

}  // namespace sitelatch::test
