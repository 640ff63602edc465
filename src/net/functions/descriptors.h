// SPDX-License-Identifier: Apache-2.0
// Descriptors on their way between the warden and the engine, over a Unix socket pair. Each message
// is one letter, which says what they are.
#pragma once

#include <optional>
#include <vector>

#include "base/fd.h"

namespace sitelatch::net {

constexpr std::size_t max_sent_descriptors = 16;

struct SentDescriptors {
  char what = 0;
  std::vector<Fd> descriptors;
};
bool send_descriptors(int channel, char what, const std::vector<int>& descriptors);
// Does not block. Nothing: there is no message, or the other side has closed (`ended`).
std::optional<SentDescriptors> receive_descriptors(int channel, bool& ended);

}  // namespace sitelatch::net
