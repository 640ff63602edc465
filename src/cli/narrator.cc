// SPDX-License-Identifier: Apache-2.0
#include "cli/narrator.h"

#include <fmt/format.h>

#include <cstdio>

namespace sitelatch::cli {
namespace {
constexpr const char *bold = "\033[1m", *dim = "\033[2m", *green = "\033[32m", *red = "\033[31m",
                     *plain = "\033[0m";
}

Narrator::Narrator(double scale, bool colours)
    : scale_(scale), colours_(colours), start_(std::chrono::steady_clock::now()) {}

double Narrator::story_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() * scale_;
}

void Narrator::chapter(const std::string& title) {
  fmt::print("\n{}{}{}\n", colours_ ? bold : "", title, colours_ ? plain : "");
  std::fflush(stdout);
}

void Narrator::line(const char* colour, const char* mark, const std::string& text) {
  const auto seconds = static_cast<int>(story_seconds());
  fmt::print("{}{:3}:{:02}  {} {}{}\n", colours_ ? colour : "", seconds / 60, seconds % 60, mark,
             text, colours_ ? plain : "");
  std::fflush(stdout);
}

void Narrator::say(const std::string& sentence) { line("", " ", sentence); }
void Narrator::command(const std::string& text) { line(dim, "$", text); }
void Narrator::verified(const std::string& sentence) { line(green, "✓", sentence); }
void Narrator::failed(const std::string& sentence) { line(red, "✗", sentence); }

}  // namespace sitelatch::cli
