// SPDX-License-Identifier: Apache-2.0
// Manual pages (groff's man macros) of commands: sitelatch(1), sitelatch-status(1),
// sitelatch-fault-throttle(1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_page.h"

namespace sitelatch::cli {

struct ManPage {
  std::string file;  // "sitelatch-status.1"
  std::string text;
};

// A page for the program and for each command below it. `version`: "sitelatch 0.1.0"; no date, so
// that the same sources make the same pages.
std::vector<ManPage> man_pages(const CommandPage& program, std::string_view version);

// sitelatch.toml(5), of the same table that reads the file.
ManPage config_man_page(std::string_view version);

// Any text as groff prints it: backslashes, hyphens, and what would be a request in front of a
// line.
std::string roff_text(std::string_view text);

}  // namespace sitelatch::cli
