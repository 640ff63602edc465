// SPDX-License-Identifier: Apache-2.0
// What somebody types on stdin while a command waits for something else: never waited for itself.
#pragma once

#include <optional>
#include <string>

namespace sitelatch::cli {

class TypedLines {
 public:
  explicit TypedLines(int descriptor = 0) : descriptor_(descriptor) {}
  // The next whole line, without its end; nothing: there is none yet, or no more.
  std::optional<std::string> next();

 private:
  void read_what_is_there();

  int descriptor_;
  bool over_ = false;
  std::string unread_;
};

}  // namespace sitelatch::cli
