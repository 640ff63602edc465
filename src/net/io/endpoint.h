// SPDX-License-Identifier: Apache-2.0
// An address and a port to listen on or to connect to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace sitelatch::net {

struct Endpoint {
  std::string address;     // "127.0.0.1", "::1"
  std::uint16_t port = 0;  // 0: any free one
};
std::string to_string(const Endpoint& endpoint);  // "127.0.0.1:4566", "[::1]:4566"
Result<Endpoint> parse_endpoint(
    const std::string& text);  // ADDR:PORT, [ADDR]:PORT; names but "localhost" refused
bool is_loopback(const std::string& address);
// "localhost" is 127.0.0.1 and ::1. Who serves one of them serves the other too: else another
// program could take it and answer in his place. Nothing where `endpoint` is neither of the two.
std::optional<Endpoint> localhost_twin(const Endpoint& endpoint);

}  // namespace sitelatch::net
