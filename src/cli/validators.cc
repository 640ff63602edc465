// SPDX-License-Identifier: Apache-2.0
#include "cli/validators.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>

#include "aws/auth/regions.h"
#include "base/time.h"
#include "simulation/assumptions.h"

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

CLI::Validator region_name() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const char* newer = std::getenv("SITELATCH_NEW_REGIONS");
        return aws::region_problem(text, newer ? newer : "").value_or("");
      },
      "REGION");
}

CLI::Validator assumption_text() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const auto parsed = simulation::parse_override(text);
        return parsed ? std::string{} : parsed.error().text;
      },
      "NAME=VALUE");
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
