// SPDX-License-Identifier: Apache-2.0
// What every answer must be, whatever was asked: a result, or an error that AWS has.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "base/text.h"
#include "fixture.h"

namespace sitelatch::test {

struct Target {
  const aws::ServiceModel* model;
  const aws::Operation* operation;
};

// Errors that every service may answer, listed in no model.
inline const std::set<std::string, std::less<>> common_codes = {"ValidationError",
                                                                "ValidationException",
                                                                "SerializationException",
                                                                "InvalidParameterValue",
                                                                "MissingParameter",
                                                                "MalformedInput",
                                                                "MalformedQueryString",
                                                                "InvalidParameterCombination",
                                                                "AccessDenied",
                                                                "AccessDeniedException",
                                                                "SignatureDoesNotMatch",
                                                                "InvalidSignatureException",
                                                                "UnknownOperationException",
                                                                "InvalidAction",
                                                                "InvalidInput",
                                                                "MissingAction",
                                                                "InvalidRequestContentException",
                                                                "IncompleteSignature",
                                                                "MalformedXML",
                                                                "RequestEntityTooLarge",
                                                                "RequestEntityTooLargeException"};

inline bool modelled(const Target& target, std::string_view code) {
  return common_codes.contains(code) || target.model->error_shape(code) != nullptr;
}

inline std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126) c = '?';
  return text;
}

inline std::size_t number_from(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text ? static_cast<std::size_t>(std::strtoull(text, nullptr, 10)) : otherwise;
}

inline void check_answer(const Target& target, const Fixture::Answered& answered) {
  const auto& http = answered.http;
  INFO("status ", http.status, " body ", http.body.substr(0, 600));
  CHECK(http.status >= 200);
  // What a function answers goes on as it is; and its host may be in trouble, which is no bug.
  const bool invoked = target.operation->name == "Invoke";
  const bool host_failed = invoked && http.status == 500 && !answered.outcome &&
                           answered.outcome.error().code == "ServiceException";
  CHECK((http.status < 500 || host_failed));
  if (const auto type = http.headers.get("Content-Type"); type.find("cbor") == std::string::npos &&
                                                          type.find("octet") == std::string::npos &&
                                                          !(invoked && answered.outcome))
    CHECK(valid_utf8(http.body));
  if (answered.outcome) return;
  INFO("code ", answered.outcome.error().code);
  CHECK_FALSE(answered.outcome.error().code.empty());
  CHECK(modelled(target, answered.outcome.error().code));
}

}  // namespace sitelatch::test
