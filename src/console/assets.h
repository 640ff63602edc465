// SPDX-License-Identifier: Apache-2.0
// The page itself: the files of console/web, in the binary as they are (decision 0021).
#pragma once

#include <optional>
#include <string_view>

namespace sitelatch::console {

struct Asset {
  std::string_view type;  // "text/javascript; charset=utf-8"
  std::string_view text;
};
// `path`: "/", "/app.js". Nothing: there is none.
std::optional<Asset> asset(std::string_view path);

}  // namespace sitelatch::console
