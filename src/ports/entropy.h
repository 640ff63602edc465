// SPDX-License-Identifier: Apache-2.0
// Where unpredictable bytes come from: the operating system, or a seed in simulation. And the ids
// made of them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sitelatch::ports {

class Entropy {
 public:
  virtual void fill(std::span<unsigned char> bytes) = 0;

 protected:
  ~Entropy() = default;
};

std::string uuid(Entropy& entropy);  // version 4, lower case
std::string random_hex(Entropy& entropy, std::size_t digits);
std::string random_text(Entropy& entropy, std::size_t length, std::string_view alphabet);

}  // namespace sitelatch::ports
