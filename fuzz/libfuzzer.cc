// SPDX-License-Identifier: Apache-2.0
// One target (SITELATCH_TARGET) under libFuzzer.
#include "target.h"

namespace sitelatch::fuzz::targets {
void SITELATCH_TARGET(Input input);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using sitelatch::fuzz::Input;
  sitelatch::fuzz::targets::SITELATCH_TARGET(Input{{reinterpret_cast<const char*>(bytes), size}});
  return 0;
}
