// SPDX-License-Identifier: Apache-2.0
// The Date header of HTTP: "Sun, 22 Nov 2026 10:42:21 GMT" (RFC 9110 §5.6.7; the obsolete forms are
// not read).
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace sitelatch::client {

std::optional<WallInstant> parse_http_date(std::string_view text);

}  // namespace sitelatch::client
