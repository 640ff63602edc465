// SPDX-License-Identifier: Apache-2.0
// What all fuzz targets share. A target is one file, targets/NAME.cc:
//   FUZZ_TARGET(NAME) { const auto text = input.rest(); ... require(good, "what must hold"); }
// It does the same for the same bytes, keeps nothing from one input to the next, and ends by
// itself. A broken promise aborts; libFuzzer and the replayer say with which input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace sitelatch::fuzz {

// The bytes of one try, taken from the front. What is used up reads as zeros and empty texts.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::string_view left() const { return bytes_; }

  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return first;
  }
  // One of `n` things, n at most 256; counted from '0', so that seeds can be read: "0", "1", ...
  std::size_t choice(std::size_t n) { return static_cast<std::uint8_t>(byte() - '0') % n; }
  std::size_t number() {  // 0 to 65535
    const std::size_t high = byte();
    return high << 8 | byte();
  }
  // Up to the next NUL, which is taken too.
  std::string text() {
    const auto end = bytes_.find('\0');
    std::string out{bytes_.substr(0, end)};
    bytes_.remove_prefix(end == std::string_view::npos ? bytes_.size() : end + 1);
    return out;
  }
  std::string some(std::size_t most) {
    std::string out{bytes_.substr(0, most)};
    bytes_.remove_prefix(out.size());
    return out;
  }
  std::string rest() { return some(bytes_.size()); }

 private:
  std::string_view bytes_;
};

inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: broken promise: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace sitelatch::fuzz

#define FUZZ_TARGET(name)              \
  namespace sitelatch::fuzz::targets { \
  void name(Input input);              \
  }                                    \
  void sitelatch::fuzz::targets::name(Input input)
