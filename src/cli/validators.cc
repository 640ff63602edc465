// SPDX-License-Identifier: Apache-2.0
#include "cli/validators.h"

#include <CLI/CLI.hpp>
#include <string>

#include "base/time.h"

namespace sitelatch::cli {

CLI::Validator duration_above_zero() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const auto parsed = parse_duration(text);
        if (parsed && *parsed > Duration{0}) return {};
        return "\"" + text + "\" is not a duration above zero, such as 90s, 5m or 1h30m";
      },
      "DURATION");
}

CLI::Validator tag_text_of_option() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const auto equals = text.find('=');
        if (equals != std::string::npos && equals > 0) return {};
        return "\"" + text + "\" is not a tag, such as team=web";
      },
      "KEY=VALUE");
}

}  // namespace sitelatch::cli
