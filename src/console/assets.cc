// SPDX-License-Identifier: Apache-2.0
// The assembler includes the files at their folder's path (as aws/wire/models.cc).
#include "console/assets.h"

#include <array>

#define EMBED_ASSET(name, file)                       \
  __asm__(                                            \
      ".pushsection .rodata\n"                        \
      ".global sitelatch_console_" #name              \
      "\n"                                            \
      ".global sitelatch_console_" #name              \
      "_end\n"                                        \
      "sitelatch_console_" #name                      \
      ":\n"                                           \
      ".incbin \"" SITELATCH_CONSOLE_DIR "/" file     \
      "\"\n"                                          \
      "sitelatch_console_" #name                      \
      "_end:\n"                                       \
      ".byte 0\n"                                     \
      ".popsection\n");                               \
  extern "C" {                                        \
  extern const char sitelatch_console_##name[];       \
  extern const char sitelatch_console_##name##_end[]; \
  }

EMBED_ASSET(index, "index.html")
EMBED_ASSET(style, "style.css")
EMBED_ASSET(icon, "icon.svg")
EMBED_ASSET(app, "app.js")
EMBED_ASSET(dom, "dom.js")
EMBED_ASSET(words, "words.js")
EMBED_ASSET(fleet, "fleet.js")
EMBED_ASSET(guard, "guard.js")
EMBED_ASSET(drawings, "drawings.js")
EMBED_ASSET(acts, "acts.js")
EMBED_ASSET(rehearsal, "rehearsal.js")

namespace sitelatch::console {
namespace {

constexpr std::string_view script = "text/javascript; charset=utf-8";

struct Row {
  std::string_view path, type;
  const char* begin;
  const char* end;
};
#define ROW(path, type, name) \
  Row { path, type, sitelatch_console_##name, sitelatch_console_##name##_end }
const std::array<Row, 11> rows{{
    ROW("/", "text/html; charset=utf-8", index),
    ROW("/style.css", "text/css; charset=utf-8", style),
    ROW("/icon.svg", "image/svg+xml", icon),
    ROW("/app.js", script, app),
    ROW("/dom.js", script, dom),
    ROW("/words.js", script, words),
    ROW("/fleet.js", script, fleet),
    ROW("/guard.js", script, guard),
    ROW("/drawings.js", script, drawings),
    ROW("/acts.js", script, acts),
    ROW("/rehearsal.js", script, rehearsal),
}};
#undef ROW

}  // namespace

std::optional<Asset> asset(std::string_view path) {
  for (const auto& row : rows)
    if (row.path == path)
      return Asset{row.type, {row.begin, static_cast<std::size_t>(row.end - row.begin)}};
  return std::nullopt;
}

}  // namespace sitelatch::console
