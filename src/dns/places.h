// SPDX-License-Identifier: Apache-2.0
// Places: where askers are, by their address: a number for each network that somebody has placed, 0
// for everybody else. The most specific network counts. Immutable once it is in a view.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::dns {

// A network, or an address: 4 or 16 bytes, of which the first `length` bits count and the others
// are zero.
struct Network {
  std::string bytes;
  unsigned length = 0;
  friend auto operator<=>(const Network&, const Network&) = default;
  friend bool operator==(const Network&, const Network&) = default;
};
// "192.0.2.0/24", "2001:db8::/32", or an address alone. Nothing: it is none, or has bits behind its
// length.
std::optional<Network> network_from_text(std::string_view text);
bool contains(const Network& whole, const Network& part);
Network cut(Network network, unsigned length);  // to so many bits

class Places {
 public:
  void put(const Network& network, std::uint16_t place);
  bool empty() const { return ipv4_.size() + ipv6_.size() == 0; }

  struct Found {
    std::uint16_t place = 0;
    unsigned scope = 0;  // as many bits of the address as everybody shares who is there (RFC 7871)
  };
  // `length` bits of the address are known. An IPv4 address in IPv6 is the IPv4 one.
  Found find(std::span<const std::uint8_t> address, unsigned length) const;

 private:
  struct Step {
    std::uint32_t next[2] = {0, 0};  // 0: nothing more specific there
    std::uint16_t place = 0;
    bool placed = false;
  };
  using Path = std::vector<Step>;  // the first is the root; none: nothing is placed
  static Found walk(const Path& path, std::span<const std::uint8_t> address, unsigned length);

  Path ipv4_, ipv6_;
};

}  // namespace sitelatch::dns
