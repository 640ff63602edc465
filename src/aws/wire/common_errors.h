// SPDX-License-Identifier: Apache-2.0
// Codes that no model lists, because every service has them: each with its spelling in the query
// and rest-xml protocols and in the JSON and CBOR ones. Either spelling may be used in the code;
// the wire gets the one of its protocol.
#pragma once

#include <string_view>

namespace sitelatch::aws {

struct CommonError {
  std::string_view query_code;
  std::string_view exception;
  std::string_view coral_namespace;  // of __type where the service's model has a namespace
  int query_status;                  // query, rest-xml
  int exception_status;              // json, cbor
  int rest_json_status;
};

// By either spelling; nullptr: not one of them.
const CommonError* find_common_error(std::string_view code);

}  // namespace sitelatch::aws
