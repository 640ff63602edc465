// SPDX-License-Identifier: Apache-2.0
// Is this text one JSON document (RFC 8259)? Payloads pass through Lambda untouched, so nothing is
// built from them, and nesting of any depth is taken.
#pragma once

#include <string>
#include <string_view>

namespace sitelatch::lambda {

bool is_json(std::string_view text);
std::string json_quoted(
    std::string_view text);  // as a JSON string; text that is not UTF-8 is repaired first
// A JSON document without the blanks between its parts.
std::string without_blanks(std::string_view json);
// Every byte that is not part of valid UTF-8 becomes U+FFFD.
std::string repaired_utf8(std::string_view text);

}  // namespace sitelatch::lambda
