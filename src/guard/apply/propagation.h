// SPDX-License-Identifier: Apache-2.0
// Refusals of Lambda that pass by themselves, because IAM's changes take seconds to reach it.
#pragma once

#include "client/error.h"

namespace sitelatch::guard {

// Passes by itself within seconds of a role's creation (fact guard-22), or of its policy's.
bool role_not_there_yet(const client::Error& error);
// The on-failure destination is looked at with the function's role; until its policy has arrived
// the topic is one of these (terraform-provider-aws waits out the same two; fact guard-25).
bool destination_not_there_yet(const client::Error& error);

}  // namespace sitelatch::guard
