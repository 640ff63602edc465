// SPDX-License-Identifier: Apache-2.0
#include "client/failures.h"

namespace sitelatch::client {
namespace {

Error error_of(Cause cause, std::string code, std::string message) {
  Error error;
  error.cause = cause;
  error.code = std::move(code);
  error.message = std::move(message);
  return error;
}

const char* code_of(Cause cause) {
  switch (cause) {
    case Cause::configuration:
      return "TransportUnavailable";
    case Cause::name_resolution:
      return "NameResolutionFailed";
    case Cause::refused:
      return "ConnectionRefused";
    case Cause::unreachable:
      return "NetworkUnreachable";
    case Cause::timeout:
      return "Timeout";
    case Cause::tls:
      return "TlsFailed";
    case Cause::answer:
      return "UnreadableResponse";
    default:
      return "ConnectionBroken";
  }
}

}  // namespace

Error configuration_error(std::string code, std::string message) {
  return error_of(Cause::configuration, std::move(code), std::move(message));
}

Error credentials_error(std::string code, std::string message) {
  return error_of(Cause::credentials, std::move(code), std::move(message));
}

Error transport_error(const TransportError& fault) {
  return error_of(fault.cause, code_of(fault.cause), fault.text);
}

}  // namespace sitelatch::client
