// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/propagation.h"

namespace sitelatch::guard {

bool role_not_there_yet(const client::Error& error) {
  return error.is("InvalidParameterValueException") &&
         (error.message.find("cannot be assumed by Lambda") != std::string::npos ||
          error.message.find("does not have permissions") != std::string::npos ||
          error.message.find("execution role") != std::string::npos ||
          error.message.find("KMS") != std::string::npos);
}

bool destination_not_there_yet(const client::Error& error) {
  return role_not_there_yet(error) || (error.is("InvalidParameterValueException") &&
                                       error.message.find("destination ARN") != std::string::npos &&
                                       error.message.find("is invalid") != std::string::npos);
}

}  // namespace sitelatch::guard
