// SPDX-License-Identifier: Apache-2.0
// Small text tools that the standard library lacks. ASCII only where case matters (names, headers,
// actions).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch {

std::string lower(std::string_view text);
std::string upper(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);  // blanks, tabs, CR, LF
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view from, std::string_view to);
// "1 run", "2 runs", "0 runs".
std::string counted(std::int64_t number, std::string_view one, std::string_view many);
std::optional<std::int64_t> parse_int(std::string_view text);  // whole text, base 10
std::optional<double> parse_double(std::string_view text);     // whole text

std::string hex(std::string_view bytes);  // lower case
int hex_digit(char c);                    // 0 to 15 in either case, -1 for others
std::optional<std::string> unhex(std::string_view text);
std::string base64(std::string_view bytes);
std::optional<std::string> unbase64(
    std::string_view text);  // padding optional, white space refused

// RFC 3986: everything but unreserved characters becomes %XX; '/' stays when asked.
enum class Slash { encode, keep };
std::string percent_encode(std::string_view text, Slash slash = Slash::encode);
enum class Plus { literal, is_space };
std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::literal);

// `*` any run, `?` any one character; everything else literal. Case-sensitive. Linear in practice,
// no recursion. A pattern whose own `*` and `?` are literal brings two marks for the wildcards.
struct WildcardMarks {
  char any_run = '*', any_one = '?';
};
bool wildcard_match(std::string_view pattern, std::string_view text, WildcardMarks marks = {});

// The text as a JSON string, quoted and escaped (RFC 8259 section 7); UTF-8 stays as it is.
void append_json_string(std::string& out, std::string_view text);

bool valid_utf8(std::string_view text);
void append_utf8(std::string& out, char32_t code_point);  // beyond U+10FFFF: nothing
std::size_t utf8_length(std::string_view text);           // code points; of valid UTF-8

}  // namespace sitelatch
