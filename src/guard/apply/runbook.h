// SPDX-License-Identifier: Apache-2.0
// The page for the night on which this program is not at hand: what the guard of one health check
// is, who serves, and how to see, latch and release it with the plain aws CLI, in commands with
// real ids that do what the guard's own would (rules/latch.h, rules/record.h), so that the function
// does not undo them. Markdown; a pure function of what was seen, so that it can be kept, printed
// and compared.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "guard/apply/carry_out.h"
#include "guard/apply/hardened_observe.h"

namespace sitelatch::guard {

// The name servers of each hosted zone, by its id; a zone that could not be asked is left out.
using ZoneServers = std::map<std::string, std::vector<std::string>>;

// `view`: with records and DNS. Needs the health check. `relay`: of the form hardened.
std::string runbook(const View& view, const ZoneServers& servers,
                    const HardenedLook* relay = nullptr);

struct Runbook {
  View view;
  std::string page;
};
// Looks, and writes the page. Refused: there is no guard.
Result<Runbook, Error> runbook_of(Context& context, const std::string& health_check_id);

// Keeps the page beside the guard's audit log, in a stream of its own, where whoever can open
// CloudWatch Logs in a browser reads it; the last one written counts. Gives the place in words.
Result<std::string, Error> store_runbook(Context& context, const Runbook& runbook);
inline constexpr std::string_view runbook_stream = "runbook";

}  // namespace sitelatch::guard
