// SPDX-License-Identifier: Apache-2.0
// One service dispatches a message to another: what came of it.
#pragma once

#include <string>

namespace sitelatch::aws {

struct DispatchOutcome {
  enum class Kind {
    accepted,  // queued or published durably, in the same journal batch
    refused,   // the sender's mistake (no such target, no permission, too large): not retried
    failed,    // a server-side error: retried by the sender's schedule
  };
  Kind kind = Kind::failed;
  std::string request_id;  // when accepted
  std::string reason;      // otherwise, for the log
  std::string code = {};   // and in one word, for senders who pass it on
};

}  // namespace sitelatch::aws
