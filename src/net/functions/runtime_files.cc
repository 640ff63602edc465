// SPDX-License-Identifier: Apache-2.0
#include "net/functions/runtime_files.h"

#include <fstream>
#include <system_error>

namespace sitelatch::net {

bool write_runtime_file(const std::filesystem::path& root, const std::filesystem::path& name,
                        std::string_view text) {
  const auto path = root / name;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  using std::filesystem::perms;
  constexpr auto readable =
      perms::owner_read | perms::owner_write | perms::group_read | perms::others_read;
  std::filesystem::permissions(path, readable, error);
  for (auto folder = path.parent_path(); folder.string().size() >= root.string().size();
       folder = folder.parent_path())
    std::filesystem::permissions(
        folder, readable | perms::owner_exec | perms::group_exec | perms::others_exec, error);
  return static_cast<bool>(out.flush());
}

}  // namespace sitelatch::net
