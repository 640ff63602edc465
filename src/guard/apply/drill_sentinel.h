// SPDX-License-Identifier: Apache-2.0
// A pair of records of a drill's own, in Primary's zone, under a name that nobody looks up: so that
// DNS itself is rehearsed. Their addresses are of documentation (RFC 5737): nothing is there. The
// name holds the scratch check's id, so that what a killed drill left is found by it.
#pragma once

#include <string>
#include <string_view>

#include "guard/apply/builder.h"
#include "guard/apply/observe.h"

namespace sitelatch::guard {

struct Context;

struct Sentinel {
  std::string name;         // "sitelatch-drill-ID.example.org."
  RecordsSnapshot records;  // for ask_serving()
  const std::string& zone_id() const { return records.users.front().zone_id; }
};
inline constexpr std::string_view sentinel_primary = "192.0.2.1", sentinel_backup = "192.0.2.2";

// In the zone of Primary's own PRIMARY record; a public one where there are several. Nothing: no
// PRIMARY record is there.
std::optional<Sentinel> plan_sentinel(const RecordsSnapshot& of_primary,
                                      const std::string& scratch_id);
// PRIMARY on the scratch check, SECONDARY without one.
Step make_sentinel(Context& context, const Sentinel& sentinel);
// In whichever zone of the account; none is no error.
Step remove_sentinel(Context& context, const std::string& scratch_id);

}  // namespace sitelatch::guard
