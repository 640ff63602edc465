// SPDX-License-Identifier: Apache-2.0
// Why a command of the guard stopped, and what kind of end that is: for the exit status, and for
// whoever may look and decide again.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/error.h"
#include "guard/rules/transitions.h"

namespace sitelatch::guard {

struct Error {
  enum class Kind {
    refused,      // the rules say no; nothing that waiting mends
    not_in_time,  // it may still come
    no_answer,    // AWS was not reached, or does not let this be done or seen
    conflict,     // somebody else changed it meanwhile: read again, decide again
    failed,       // AWS said no for another reason
    usage,        // what was asked for cannot be meant: no id, a name of several checks
  } kind = Kind::failed;
  std::string text;               // sentences: what, why, what to do
  std::vector<Refusal> refusals;  // of the rules, when they are what refused
  bool check_changed = false;     // the check's update had been made before it failed
};

inline Error error_of(Error::Kind kind, std::string text) {
  return {kind, std::move(text), {}, false};
}

inline Error error_of(const client::Error& error, std::string_view doing) {
  return error_of(client::is_unanswered(error) ? Error::Kind::no_answer : Error::Kind::failed,
                  client::explain(error, doing));
}

// "Primary's own path does not answer 2xx or 3xx; the alarm is not OK"
std::string all_reasons(const std::vector<Refusal>& refusals);

inline Error error_of(std::vector<Refusal> refusals) {
  auto text = all_reasons(refusals);
  return {Error::Kind::refused, std::move(text), std::move(refusals), false};
}

}  // namespace sitelatch::guard
