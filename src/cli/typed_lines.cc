// SPDX-License-Identifier: Apache-2.0
#include "cli/typed_lines.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sitelatch::cli {
namespace {
constexpr std::size_t longest_line = 4096;  // more is nobody's answer
}  // namespace

std::optional<std::string> TypedLines::next() {
  read_what_is_there();
  const auto end = unread_.find('\n');
  if (end == std::string::npos) {
    if (unread_.size() > longest_line) unread_.clear();
    return std::nullopt;
  }
  auto line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

void TypedLines::read_what_is_there() {
  std::array<char, 1024> some{};
  while (!over_ && unread_.find('\n') == std::string::npos && unread_.size() <= longest_line) {
    pollfd waits{descriptor_, POLLIN, 0};
    if (::poll(&waits, 1, 0) <= 0) return;
    const auto size = ::read(descriptor_, some.data(), some.size());
    if (size > 0) {
      unread_.append(some.data(), static_cast<std::size_t>(size));
    } else if (size == 0 || errno != EINTR) {
      over_ = true;
      if (!unread_.empty()) unread_ += '\n';  // a last line without its end
    }
  }
}

}  // namespace sitelatch::cli
