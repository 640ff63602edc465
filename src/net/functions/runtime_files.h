// SPDX-License-Identifier: Apache-2.0
// Files of ours that functions see as /var/runtime.
#pragma once

#include <filesystem>
#include <string_view>

namespace sitelatch::net {

// `name` below `root`, with the folders on its way, readable by every user whatever the engine's
// umask: functions run as others.
bool write_runtime_file(const std::filesystem::path& root, const std::filesystem::path& name,
                        std::string_view text);

}  // namespace sitelatch::net
