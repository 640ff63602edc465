// SPDX-License-Identifier: Apache-2.0
// One-time codes of virtual MFA devices: RFC 6238 over HMAC-SHA1, six digits, thirty seconds. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace sitelatch::iam {

std::int64_t totp_step(WallInstant t);
std::string totp_code(std::string_view seed, std::int64_t step);  // "042917"

// The step of a code that lies at most `reach` steps from `about` and after `last`; nothing: none.
std::optional<std::int64_t> find_code(std::string_view seed, std::string_view code,
                                      std::int64_t about, std::int64_t reach, std::int64_t last);
// The step of the second of two codes that follow each other.
std::optional<std::int64_t> find_pair(std::string_view seed, std::string_view first,
                                      std::string_view second, std::int64_t about,
                                      std::int64_t reach);

std::string base32(std::string_view bytes);  // RFC 4648, without padding

}  // namespace sitelatch::iam
