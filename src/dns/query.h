// SPDX-License-Identifier: Apache-2.0
// Query: what a DNS request asks, read from its bytes without allocation (RFC 1035 §4.1, EDNS: RFC
// 6891).
#pragma once

#include <cstdint>
#include <span>

#include "dns/key.h"

namespace sitelatch::dns {

namespace rcode {
inline constexpr unsigned noerror = 0, formerr = 1, servfail = 2, nxdomain = 3, notimp = 4,
                          refused = 5, badvers = 16, badcookie = 23;
}  // namespace rcode

inline constexpr std::size_t header_size = 12;
inline constexpr std::size_t opt_size = 11;  // of an OPT record without options
inline constexpr std::uint16_t name_pointer = 0xc000;
inline constexpr std::uint16_t subnet_option_code = 8;

// The header's second and third bytes.
namespace flag {
inline constexpr std::uint16_t response = 0x8000, authoritative = 0x0400, truncated = 0x0200,
                               recursion_desired = 0x0100, checking_disabled = 0x0010;
}

struct Query {
  enum class Verdict {
    ignore,  // shorter than a header, or itself a response: no reply (RFC 1035 §7.3)
    refuse,  // `rcode` says why; the question is not to be looked up
    resolve,
  };
  Verdict verdict = Verdict::ignore;
  unsigned rcode = rcode::noerror;
  Key name;
  std::uint16_t type = 0;
  std::size_t question_end = header_size;  // header_size: no question to echo
  bool edns = false;
  bool dnssec_ok = false;            // the DO bit, copied back (RFC 3225 §3)
  std::uint16_t payload_size = 512;  // what the asker takes over UDP, at least 512
  // The COOKIE option's content (RFC 7873): none, 8 bytes, or 16 to 40. Points into the message.
  std::span<const std::uint8_t> cookie;

  // The client's network, where the asker tells it (RFC 7871).
  struct Subnet {
    bool told = false;
    std::uint16_t family = 0;               // 1 IPv4, 2 IPv6; 0 with length 0 alone
    std::uint8_t length = 0;                // bits
    std::span<const std::uint8_t> address;  // as many bytes as the bits take
  };
  Subnet subnet;

  void read(std::span<const std::uint8_t> bytes);

 private:
  bool read_records(std::span<const std::uint8_t> bytes, std::size_t at);
  bool read_opt(std::span<const std::uint8_t> record);
  bool read_subnet(std::span<const std::uint8_t> option);
  void read_question(std::span<const std::uint8_t> bytes);
  void read_cookie_request(std::span<const std::uint8_t> bytes);
};

inline std::uint16_t read_16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
inline void write_16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

}  // namespace sitelatch::dns
