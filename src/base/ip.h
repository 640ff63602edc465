// SPDX-License-Identifier: Apache-2.0
// Addresses that nothing is sent to on behalf of a caller, unless the engine is told otherwise:
// link-local ones, where clouds keep their metadata services and with them the keys of the machine
// (169.254.0.0/16, fe80::/10, AWS's fd00:ec2::/32), in every form in which IPv6 can carry them, and
// those that mean "this host" without saying so (0.0.0.0/8, ::). Loopback and private addresses are
// none of these (fact probe-1).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sitelatch {

// In network order: 4 bytes of IPv4 or 16 of IPv6.
bool is_restricted_address(std::span<const std::uint8_t> address);
// IPv4 or IPv6 text; what is no address is not restricted.
bool is_restricted_address(const std::string& text);

}  // namespace sitelatch
