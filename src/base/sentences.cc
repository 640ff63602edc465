// SPDX-License-Identifier: Apache-2.0
#include "base/sentences.h"

#include <array>

#include "base/text.h"

namespace sitelatch {
namespace {

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// A word of the language, not a name that is spelt so ("us-east-1", "arn:aws:...", "/lb-check").
bool begins_with_word(std::string_view text) {
  auto word = text.substr(0, text.find_first_of(" ,"));
  if (word.size() == text.size()) return false;
  if (word.ends_with(':')) word.remove_suffix(1);
  for (const char c : word)
    if (!is_letter(c) && c != '\'') return false;
  return !word.empty() && word != "sitelatch" && word != "aws";
}

bool ends_with_command(std::string_view text) {
  static constexpr std::array<std::string_view, 2> programs = {"sitelatch ", "aws "};
  const auto last = text.substr(text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n'));
  const auto colon = last.rfind(": ");
  if (colon == std::string_view::npos) return false;
  const auto tail = last.substr(colon + 2);
  for (const auto program : programs)
    if (tail.starts_with(program)) return true;
  return false;
}

}  // namespace

std::string as_sentence(std::string_view text) {
  std::string out{trim(text)};
  if (out.empty()) return out;
  if (begins_with_word(out)) out[0] = static_cast<char>(out[0] - 'a' + 'A');
  const bool listed = out.find('\n') != std::string::npos;  // its last line is no sentence
  if (!listed && std::string_view{".!?:"}.find(out.back()) == std::string_view::npos &&
      !out.ends_with(".)") && !ends_with_command(out))
    out += '.';
  return out;
}

}  // namespace sitelatch
