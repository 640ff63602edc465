// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/zip_directory.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "services/lambda/function_code.h"

namespace {

using namespace sitelatch::lambda;
using Defect = ZipDirectory::Defect;

std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return bytes;
}

// A directory alone, as nothing else is read.
class DirectoryWriter {
 public:
  void add(const std::string& name, std::uint64_t size = 1, unsigned flags = 0,
           const std::string& extra = {}) {
    directory += "PK\x01\x02" + std::string(4, '\0') + little(flags, 2) + std::string(14, '\0') +
                 little(size, 4) + little(name.size(), 2) + little(extra.size(), 2) +
                 std::string(14, '\0') + name + extra;
    ++count;
  }
  std::string zip() const {
    const auto small = [](std::uint64_t value, std::uint64_t full) {
      return std::min(value, full);
    };
    std::string out = directory;
    if (count >= 0xffff)
      out += "PK\x06\x06" + little(44, 8) + std::string(20, '\0') + little(count, 8) +
             little(directory.size(), 8) + little(0, 8) + "PK\x06\x07" + little(0, 4) +
             little(directory.size(), 8) + little(1, 4);
    return out + "PK\x05\x06" + std::string(6, '\0') + little(small(count, 0xffff), 2) +
           little(directory.size(), 4) + little(0, 4) + little(0, 2);
  }
  std::string directory;
  std::uint64_t count = 0;
};

Defect fault_of(const std::string& name, std::uint64_t size = 1, unsigned flags = 0,
                const std::string& extra = {}) {
  DirectoryWriter writer;
  writer.add(name, size, flags, extra);
  return read_zip_directory(writer.zip()).fault;
}

}  // namespace

TEST_CASE("what a zip's directory claims is added up") {
  DirectoryWriter writer;
  writer.add("a/b.py", 1000);
  writer.add("c/", 0);
  const auto found = read_zip_directory(writer.zip());
  CHECK(found.fault == Defect::none);
  CHECK(found.entries == 2);
  CHECK(found.unzipped_bytes == 1000);
}

TEST_CASE("names that leave the directory, secrets and sizes beyond the limit are refused") {
  for (const char* name : {"../a", "a/../../b", "/etc/passwd", "a/.."})
    CHECK(fault_of(name) == Defect::unsafe);
  CHECK(fault_of(std::string("a\0b", 3)) == Defect::unsafe);
  CHECK(fault_of("") == Defect::unsafe);
  CHECK(fault_of("..a/b..") == Defect::none);
  CHECK(fault_of("a", 1, 1) == Defect::unsafe);
  CHECK(fault_of("a", 262'144'000) == Defect::none);
  CHECK(fault_of("a", 262'144'001) == Defect::too_large);
  // The wide size: there, absent, cut off.
  CHECK(fault_of("a", 0xffffffff, 0, little(1, 2) + little(8, 2) + little(5, 8)) == Defect::none);
  CHECK(fault_of("a", 0xffffffff, 0, little(1, 2) + little(8, 2) + little(1ULL << 60, 8)) ==
        Defect::too_large);
  CHECK(fault_of("a", 0xffffffff) == Defect::damaged);
  CHECK(fault_of("a", 0xffffffff, 0, little(1, 2) + little(80, 2) + "x") == Defect::damaged);
}

TEST_CASE("a damaged directory is none, wherever it is cut") {
  DirectoryWriter writer;
  for (int i = 0; i < 5; ++i) writer.add("file-" + std::to_string(i));
  const auto zip = writer.zip();
  CHECK(read_zip_directory(zip).fault == Defect::none);
  for (std::size_t size = 0; size < zip.size(); ++size)
    CHECK(read_zip_directory(zip.substr(0, size)).fault == Defect::damaged);
  for (std::size_t at = 0; at < zip.size(); ++at) {
    auto changed = zip;
    for (const int value : {0, 1, 0x7f, 0xff}) {
      changed[at] = static_cast<char>(value);
      read_zip_directory(changed);  // whatever it is: no harm
    }
  }
}

// Row 10 of the hostile inputs: 4.2 s on the control thread.
TEST_CASE("entries times depth is bounded, and what it costs to see that") {
  std::string deep;
  for (int i = 0; i < 110; ++i) deep += "d/";
  CHECK(fault_of(deep + "f") == Defect::too_many);
  std::string ninety;
  for (int i = 0; i < 90; ++i) ninety += "d/";
  DirectoryWriter writer;
  for (int i = 0; i < 90'000; ++i) writer.add(ninety + std::to_string(i));
  const auto zip = writer.zip();
  DirectoryWriter many;
  for (int i = 0; i < 100'000; ++i) many.add("package/module/" + std::to_string(i));
  const auto wide = many.zip();
  const auto begin = std::chrono::steady_clock::now();
  CHECK(read_zip_directory(zip).fault == Defect::too_many);
  CHECK(read_zip_directory(wide).fault == Defect::none);
  CHECK_FALSE(inspect_zip(zip).has_value());
  CHECK(inspect_zip(wide).has_value());
  const auto took = std::chrono::steady_clock::now() - begin;
  many.add("one more");
  CHECK(read_zip_directory(many.zip()).fault == Defect::too_many);
  MESSAGE(std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
  CHECK(took < std::chrono::seconds(1));  // unoptimised, among dependencies
}
