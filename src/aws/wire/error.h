// SPDX-License-Identifier: Apache-2.0
// What AWS answers instead of a result. A handler names the model's error shape; status, wire code
// and fault come from the service model, in the words of the protocol. Codes that no model lists
// (AccessDenied, ValidationError, ...) carry their status here.
#pragma once

#include <string>

#include "aws/wire/value.h"
#include "base/result.h"

namespace sitelatch::aws {

struct Error {
  std::string code;     // the shape's name in the model ("NoSuchHealthCheck",
                        // "ResourceNotFoundException") or a plain code
  std::string message;  // may be empty: AWS's message then is absent on the wire
  int status = 0;       // 0: from the model, else 400
  Value members;        // further members of the error's structure (null: none)
};

template <class T = Value>
using Outcome = Result<T, Error>;

inline Failure<Error> refuse(std::string code, std::string message, int status = 0) {
  return {Error{std::move(code), std::move(message), status, {}}};
}

}  // namespace sitelatch::aws
