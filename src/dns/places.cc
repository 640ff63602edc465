// SPDX-License-Identifier: Apache-2.0
#include "dns/places.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "dns/rdata.h"
#include "dns/type.h"

namespace sitelatch::dns {
namespace {

bool bit(const void* bytes, unsigned at) {
  return (static_cast<const unsigned char*>(bytes)[at / 8] >> (7 - at % 8) & 1) != 0;
}

}  // namespace

std::optional<Network> network_from_text(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = text.substr(0, slash);
  auto bytes = rdata_from_text(type::a, address);
  if (!bytes) bytes = rdata_from_text(type::aaaa, address);
  if (!bytes || address.find(' ') != std::string_view::npos) return std::nullopt;
  Network out{std::move(*bytes), 0};
  const auto most = static_cast<unsigned>(out.bytes.size() * 8);
  out.length = most;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto length = parse_int(digits);
    if (!length || digits.empty() || digits[0] < '0' || digits[0] > '9' || *length > most)
      return std::nullopt;
    out.length = static_cast<unsigned>(*length);
  }
  for (unsigned at = out.length; at < most; ++at)
    if (bit(out.bytes.data(), at)) return std::nullopt;
  return out;
}

Network cut(Network network, unsigned length) {
  network.length = length;
  for (std::size_t i = 0; i < network.bytes.size(); ++i) {
    const unsigned kept = static_cast<unsigned>(i * 8) >= length
                              ? 0
                              : std::min(8U, length - static_cast<unsigned>(i * 8));
    const auto byte = static_cast<unsigned char>(network.bytes[i]);
    network.bytes[i] = static_cast<char>(byte & (0xff00U >> kept));
  }
  return network;
}

bool contains(const Network& whole, const Network& part) {
  if (whole.bytes.size() != part.bytes.size() || whole.length > part.length) return false;
  for (unsigned at = 0; at < whole.length; ++at)
    if (bit(whole.bytes.data(), at) != bit(part.bytes.data(), at)) return false;
  return true;
}

void Places::put(const Network& network, std::uint16_t place) {
  ENSURE(network.bytes.size() == 4 || network.bytes.size() == 16);
  auto& path = network.bytes.size() == 4 ? ipv4_ : ipv6_;
  if (path.empty()) path.emplace_back();
  std::uint32_t at = 0;
  for (unsigned i = 0; i < network.length; ++i) {
    const bool side = bit(network.bytes.data(), i);
    if (path[at].next[side] == 0) {
      path[at].next[side] = static_cast<std::uint32_t>(path.size());
      path.emplace_back();
    }
    at = path[at].next[side];
  }
  path[at].place = place;
  path[at].placed = true;
}

Places::Found Places::walk(const Path& path, std::span<const std::uint8_t> address,
                           unsigned length) {
  Found found;
  if (path.empty()) return found;
  std::uint32_t at = 0;
  for (unsigned i = 0;; ++i) {
    if (path[at].placed) found.place = path[at].place;
    found.scope = i;
    const bool more = path[at].next[0] != 0 || path[at].next[1] != 0;
    if (!more || i == length || i == address.size() * 8) return found;
    const auto next = path[at].next[bit(address.data(), i)];
    if (next == 0) {
      found.scope = i + 1;
      return found;
    }
    at = next;
  }
}

Places::Found Places::find(std::span<const std::uint8_t> address, unsigned length) const {
  constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address.size() == 4) return walk(ipv4_, address, length);
  if (address.size() != 16) return {};
  if (length >= 96 && std::memcmp(address.data(), mapped, sizeof mapped) == 0) {
    auto found = walk(ipv4_, address.subspan(12), length - 96);
    found.scope += 96;
    return found;
  }
  return walk(ipv6_, address, length);
}

}  // namespace sitelatch::dns
