// SPDX-License-Identifier: Apache-2.0
// Stored metric data: any bytes are a chunk or are not, and a chunk stays what it is when written.
#include "services/cloudwatch/chunk.h"

#include "services/cloudwatch/statistic.h"
#include "target.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;

FUZZ_TARGET(chunk) {
  const auto chunk = Chunk::decode(input.rest());
  if (!chunk) return;
  chunk->visit(0, Chunk::slots, [](std::uint16_t slot, Unit, const Aggregate& aggregate) {
    fuzz::require(slot < Chunk::slots, "slots lie within the chunk");
    for (const auto* name : {"Average", "p90", "tm(10%:90%)", "pr(1:5)"})
      (void)Statistic::any(name)->of(aggregate);
  });
  const auto bytes = chunk->encode();
  const auto again = Chunk::decode(bytes);
  require(again && again->encode() == bytes, "a chunk that is written can be read");
}
