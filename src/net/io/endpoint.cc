// SPDX-License-Identifier: Apache-2.0
#include "net/io/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/text.h"

namespace sitelatch::net {

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.address, v6 ? "]" : "", endpoint.port);
}

Result<Endpoint> parse_endpoint(const std::string& text) {
  const auto wrong = [&](std::string_view why) {
    return failure(Problem{fmt::format(
        "\"{}\" is not ADDRESS:PORT ({}); for example 127.0.0.1:4566 or [::1]:4566", text, why)});
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong("the port is missing");
  std::string address = text.substr(0, colon);
  const auto port = parse_int(std::string_view{text}.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return wrong("the port is not a number from 0 to 65535");
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  else if (address.find(':') != std::string::npos)
    return wrong("an IPv6 address stands in brackets");
  if (address == "localhost") address = "127.0.0.1";
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, address.c_str(), bytes) != 1 &&
      ::inet_pton(AF_INET6, address.c_str(), bytes) != 1)
    return wrong("the address is not an IP address");
  return Endpoint{address, static_cast<std::uint16_t>(*port)};
}

std::optional<Endpoint> localhost_twin(const Endpoint& endpoint) {
  if (endpoint.address == "127.0.0.1" || endpoint.address == "0.0.0.0")
    return Endpoint{"::1", endpoint.port};
  if (endpoint.address == "::1" || endpoint.address == "::")
    return Endpoint{"127.0.0.1", endpoint.port};
  return std::nullopt;
}

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace sitelatch::net
