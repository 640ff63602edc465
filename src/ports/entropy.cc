// SPDX-License-Identifier: Apache-2.0
#include "ports/entropy.h"

#include <array>

#include "base/text.h"

namespace sitelatch::ports {

std::string uuid(Entropy& entropy) {
  std::array<unsigned char, 16> b{};
  entropy.fill(b);
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  std::string text = hex({reinterpret_cast<const char*>(b.data()), b.size()});
  for (const std::size_t dash : {8u, 13u, 18u, 23u}) text.insert(dash, 1, '-');
  return text;
}

std::string random_hex(Entropy& entropy, std::size_t digits) {
  return random_text(entropy, digits, "0123456789abcdef");
}

std::string random_text(Entropy& entropy, std::size_t length, std::string_view alphabet) {
  std::string out;
  // Bytes that would favour the alphabet's front are thrown away, so that every symbol is as likely
  // as another.
  const auto fair = 256 - 256 % alphabet.size();
  while (out.size() < length) {
    std::array<unsigned char, 32> bytes{};
    entropy.fill(bytes);
    for (const auto byte : bytes)
      if (byte < fair && out.size() < length) out += alphabet[byte % alphabet.size()];
  }
  return out;
}

}  // namespace sitelatch::ports
