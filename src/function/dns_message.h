// SPDX-License-Identifier: Apache-2.0
// The relay's one question to a name server, and its reply (RFC 1035 §4): TXT records of one name,
// without recursion and without EDNS. Anybody can send a datagram, so reading is strict: what is
// not wholly and exactly an answer to this question is none. Own code, because the engine's reader
// is not part of the function; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::function {

// Nothing: no name that can be asked for. A final dot is optional; no escapes.
std::optional<std::string> txt_query(std::uint16_t id, std::string_view name);

struct TxtReply {
  enum class Kind {
    foreign,    // not the answer to this query: whoever waits goes on waiting
    truncated,  // there is more, by TCP
    unusable,   // the answer, but not one that tells: `problem`
    texts
  } kind = Kind::foreign;
  std::vector<std::string> texts;  // one a record, its strings put together
  std::string problem;             // "answers NXDOMAIN"
};
TxtReply read_txt_reply(std::string_view reply, std::string_view query);

}  // namespace sitelatch::function
