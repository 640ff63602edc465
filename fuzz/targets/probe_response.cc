// SPDX-License-Identifier: Apache-2.0
// What an endpoint answers to a probe, in pieces of any size: the machine moves only forward, ends,
// and says the same however the bytes were cut. Input: search or not, size of pieces, bytes.
#include <algorithm>

#include "net/probe/response.h"
#include "target.h"

using namespace sitelatch;
using net::ProbeResponse;

namespace {

struct Parsed {
  ProbeResponse::State state;
  int code;
  bool found;
  bool operator==(const Parsed&) const = default;
};

bool ended(ProbeResponse::State state) {
  return state != ProbeResponse::State::head && state != ProbeResponse::State::body;
}

Parsed feed(std::string_view bytes, const std::string* search, std::size_t piece) {
  ProbeResponse response{search};
  while (!bytes.empty()) {
    const auto before = response.state();
    const auto taken = bytes.substr(0, piece);
    bytes.remove_prefix(taken.size());
    const auto after = response.feed(taken);
    fuzz::require(after == response.state(), "feed() tells the state");
    if (ended(before)) fuzz::require(after == before, "an end is an end");
    if (before == ProbeResponse::State::body)
      fuzz::require(after != ProbeResponse::State::head, "a head comes once");
  }
  fuzz::require(ended(response.end()), "after the connection's end there is a verdict");
  if (response.state() == ProbeResponse::State::done)
    fuzz::require(response.code() >= 100 && response.code() <= 999, "a status has three digits");
  return {response.state(), response.code(), response.found()};
}

}  // namespace

FUZZ_TARGET(probe_response) {
  static const std::string up = "UP";
  const auto* search = input.choice(2) == 1 ? &up : nullptr;
  const auto piece = std::max<std::size_t>(1, input.byte());
  const auto bytes = input.rest();
  const auto whole = feed(bytes, search, bytes.size() + 1);
  require(feed(bytes, search, piece) == whole, "the verdict does not depend on the pieces");
}
