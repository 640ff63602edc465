// SPDX-License-Identifier: Apache-2.0
// Why deploy or destroy stopped, and what kind of end that is for the exit status.
#pragma once

#include <string>

#include "client/error.h"

namespace sitelatch::guard {

struct Obstacle {
  enum class Kind {
    refused,      // the rules say no; nothing that waiting mends
    not_in_time,  // it may still come
    no_answer,    // AWS was not reached, or denied it
    failed,       // AWS said no for another reason
  } kind = Kind::failed;
  std::string text;  // sentences: what, why, what to do
};

inline Obstacle obstacle(const client::Error& error, std::string_view doing) {
  const bool unanswered = error.cause != client::Cause::service || client::is_denied(error);
  return {unanswered ? Obstacle::Kind::no_answer : Obstacle::Kind::failed,
          client::explain(error, doing)};
}

}  // namespace sitelatch::guard
