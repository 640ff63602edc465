// SPDX-License-Identifier: Apache-2.0
// What a function prints, cut into lines for the invocation under way. Bounded: what goes beyond is
// counted, not kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::net {

class FunctionOutput {
 public:
  // Lines that begin with `mark` are one event of several lines: "\n" stands for a newline, "\\"
  // for a backslash.
  explicit FunctionOutput(std::string mark, std::size_t limit = 6 * 1024 * 1024)
      : mark_(std::move(mark)), limit_(limit) {}

  void feed(std::string_view bytes);
  // Everything since the last call; a last line without its newline too.
  std::vector<std::string> take();
  std::uint64_t take_dropped();

 private:
  void end_line();

  std::string mark_, partial_;
  std::size_t limit_, kept_ = 0;
  std::vector<std::string> lines_;
  std::uint64_t dropped_ = 0;
};

}  // namespace sitelatch::net
