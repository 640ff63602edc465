// SPDX-License-Identifier: Apache-2.0
// Deployment packages: inspected, and unpacked into a folder that nothing leaves.
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "net/functions/code.h"
#include "services/lambda/function_code.h"
#include "target.h"

using namespace sitelatch;
namespace fs = std::filesystem;

namespace {

// On memory where there is some: thousands of folders a second. Goes with the process.
class WorkingFolder {
 public:
  WorkingFolder() {
    std::string pattern =
        (fs::is_directory("/dev/shm") ? "/dev/shm" : "/tmp") + std::string{"/fuzz-zips-XXXXXX"};
    fuzz::require(::mkdtemp(pattern.data()) != nullptr, "a folder to work in");
    path_ = pattern;
  }
  ~WorkingFolder() { net::remove_tree(path_.string()); }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

const fs::path& working_folder() {
  static const WorkingFolder folder;
  return folder.path();
}

}  // namespace

FUZZ_TARGET(zips) {
  const auto zip = input.rest();
  const auto inspected = lambda::inspect_zip(zip);
  if (!inspected) require(!inspected.error().code.empty(), "a refusal has a code");
  const auto inside = working_folder() / "outer" / "inner";
  fs::create_directories(inside);
  net::UnpackLimits limits;
  limits.bytes = 1 << 20;
  limits.entries = 100;
  (void)net::unpack_function_code(zip, inside, std::nullopt, limits);
  std::size_t outside = 0;
  for (const auto& entry : fs::directory_iterator{working_folder()})
    outside += entry.path().empty() ? 0 : 1;
  for (const auto& entry : fs::directory_iterator{working_folder() / "outer"})
    outside += entry.path().empty() ? 0 : 1;
  require(outside == 2, "nothing is written outside the folder");
  net::remove_tree(working_folder() / "outer");
}
