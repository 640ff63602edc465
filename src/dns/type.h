// SPDX-License-Identifier: Apache-2.0
// Record types by number, and the names of those that Route 53 serves (fact dns-25).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sitelatch::dns {

namespace type {
inline constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16,
                               aaaa = 28, srv = 33, naptr = 35, opt = 41, ds = 43, sshfp = 44,
                               tlsa = 52, svcb = 64, https = 65, spf = 99, ixfr = 251, axfr = 252,
                               any = 255, caa = 257;
}  // namespace type

std::optional<std::uint16_t> type_from_text(
    std::string_view text);                      // "AAAA"; upper case as on AWS's wire
std::string type_to_text(std::uint16_t number);  // others: "TYPE123" (RFC 3597)

}  // namespace sitelatch::dns
