// SPDX-License-Identifier: Apache-2.0
#include "net/functions/output.h"

#include <algorithm>
#include <utility>

namespace sitelatch::net {
namespace {

// A kept line costs more than its text: a flood of empty lines must not fill the memory either.
constexpr std::size_t line_cost = 48;

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(text[++i] == 'n' ? '\n' : text[i]);
  }
  return out;
}

}  // namespace

void FunctionOutput::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    const auto part = bytes.substr(0, newline);
    const auto room = limit_ > kept_ ? limit_ - kept_ : 0;
    const auto fits = std::min(part.size(), room);
    partial_.append(part.substr(0, fits));
    kept_ += fits;
    dropped_ += part.size() - fits;
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    if (kept_ >= limit_ && partial_.empty())
      ++dropped_;
    else
      end_line();
  }
}

void FunctionOutput::end_line() {
  kept_ += line_cost;
  if (!mark_.empty() && partial_.starts_with(mark_))
    partial_ = unescape(std::string_view(partial_).substr(mark_.size()));
  lines_.push_back(std::exchange(partial_, {}));
}

std::vector<std::string> FunctionOutput::take() {
  if (!partial_.empty()) end_line();
  kept_ = 0;
  return std::exchange(lines_, {});
}

std::uint64_t FunctionOutput::take_dropped() { return std::exchange(dropped_, 0); }

}  // namespace sitelatch::net
