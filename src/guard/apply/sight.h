// SPDX-License-Identifier: Apache-2.0
// What a command that gives DNS to Primary, or takes a guard out of service, must have seen: the
// check and Route 53's verdict, the alarm, where the guard is, its record, its audit log. What may
// not be seen, or is not answered, reads as "not there" everywhere else, and by that a release
// would be decided on nothing and written down nowhere.
#pragma once

#include <optional>
#include <string>

#include "guard/apply/status.h"
#include "guard/rules/transitions.h"

namespace sitelatch::guard {

// Sentences that name each missing right, and each service that does not answer; nothing: enough
// can be seen. `unaudited`: a person overrides the audit log (--force audit).
std::optional<std::string> cannot_be_decided(const View& view, bool unaudited = false);

bool record_is_hidden(const View& view);  // the notify topic, or its tags
bool audit_is_hidden(const View& view);
// Its service does not answer: what it said, a sentence.
std::optional<std::string> audit_is_silent(const View& view);

// A latch is the safe side: it is set whatever cannot be seen.
bool only_latches(const View& view, const Change& change);

// What was observed as far as a record may be written to it: what cannot be read is not written.
Observed writable(const View& view);

}  // namespace sitelatch::guard
