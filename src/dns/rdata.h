// SPDX-License-Identifier: Apache-2.0
// Record data between the text of Route 53's `Value` and wire form (names uncompressed, their case
// kept). Problems are in the words that Route 53 puts after "FATAL problem: ", as far as those are
// known (fact dns-4):
//   "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '1.2.3'"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sitelatch::dns {

Result<std::string> rdata_from_text(std::uint16_t type, std::string_view text);
// Of valid rdata. Unknown types and broken data: RFC 3597's \# form.
std::string rdata_to_text(std::uint16_t type, std::string_view rdata);

// The parameters of SVCB and HTTPS (RFC 9460 §2.1, §14.3), on their own because they have a syntax
// of their own.
Result<std::string> service_parameters_from_text(const std::vector<std::string>& fields);
std::string service_parameters_to_text(std::string_view wire);

// One character-string's content as text between double quotes: `"` and `\` escaped, the
// unprintable as \ooo.
std::string quoted(std::string_view bytes);

}  // namespace sitelatch::dns
