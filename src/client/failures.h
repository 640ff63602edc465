// SPDX-License-Identifier: Apache-2.0
// Errors that the client itself finds, before or instead of an answer.
#pragma once

#include <string>

#include "client/error.h"
#include "client/transport.h"

namespace sitelatch::client {

Error configuration_error(std::string code, std::string message);
Error credentials_error(std::string code, std::string message);
Error transport_error(const TransportError& fault);

}  // namespace sitelatch::client
