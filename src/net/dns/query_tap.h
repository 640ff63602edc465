// SPDX-License-Identifier: Apache-2.0
// QueryTap: somebody who is told of queries and what was answered, for query logs. Called on the
// threads of the DNS server, so it must not wait for anything long.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <span>

#include "dns/answer.h"

namespace sitelatch::net {

class QueryTap {
 public:
  // Nobody wants to be told: nothing is taken. Asked at each query.
  virtual bool open() const = 0;
  // `reply` is what goes out, not empty.
  virtual void take(std::span<const std::uint8_t> query, std::span<const std::uint8_t> reply,
                    dns::Limits::Transport transport, const sockaddr_storage& peer) = 0;

 protected:
  ~QueryTap() = default;
};

}  // namespace sitelatch::net
