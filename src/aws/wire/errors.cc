// SPDX-License-Identifier: Apache-2.0
// Errors on the wire, as the server writes them: each protocol's form (facts wire-3 to wire-8,
// wire-34 and gateway-21).
#include <fmt/format.h>

#include <array>

#include "aws/wire/codec.h"
#include "aws/wire/common_errors.h"
#include "aws/wire/wire.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {

constexpr std::string_view service_space = "com.amazon.coral.service";
constexpr std::string_view validate_space = "com.amazon.coral.validate";
constexpr std::array<CommonError, 18> common_errors{{
    {"AccessDenied", "AccessDeniedException", service_space, 403, 400, 403},
    {"ValidationError", "ValidationException", validate_space, 400, 400, 400},
    {"SignatureDoesNotMatch", "InvalidSignatureException", service_space, 403, 400, 403},
    {"InvalidClientTokenId", "UnrecognizedClientException", service_space, 403, 400, 403},
    {"ExpiredToken", "ExpiredTokenException", service_space, 403, 400, 403},
    {"MissingAuthenticationToken", "MissingAuthenticationTokenException", service_space, 403, 400,
     403},
    {"IncompleteSignature", "IncompleteSignatureException", service_space, 400, 400, 403},
    {"Throttling", "ThrottlingException", service_space, 400, 400, 429},
    {"MalformedInput", "SerializationException", service_space, 400, 400, 400},
    {"InvalidAction", "UnknownOperationException", service_space, 400, 400, 404},
    {"InternalFailure", "InternalFailure", service_space, 500, 500, 500},
    {"ServiceUnavailable", "ServiceUnavailableException", service_space, 503, 503, 503},
    {"RequestExpired", "RequestExpiredException", service_space, 400, 400, 400},
    {"OptInRequired", "OptInRequired", service_space, 403, 400, 403},
    {"NotAuthorized", "NotAuthorized", service_space, 400, 400, 400},
    {"RequestEntityTooLarge", "RequestEntityTooLargeException", service_space, 413, 413, 413},
    {"MissingAction", "MissingAction", service_space, 400, 400, 400},
    {"MalformedQueryString", "MalformedQueryString", service_space, 404, 400, 400},
}};

bool is_xml(Protocol protocol) {
  return protocol == Protocol::query || protocol == Protocol::rest_xml;
}

// What the wire says of one error.
struct Wording {
  const Shape* shape = nullptr;  // of the model, or nullptr
  std::string code;              // as this protocol spells it
  std::string query_code;        // as the query protocol spells it
  std::string type;              // __type: with the namespace where there is one
  int status = 400;
};

Wording word(const Recognised& what, const Error& error) {
  Wording out;
  out.shape = what.service ? what.service->error_shape(error.code) : nullptr;
  const auto* common = out.shape ? nullptr : find_common_error(error.code);
  // A service that left the query protocol for JSON kept its statuses (fact sqs-2).
  const bool as_query = is_xml(what.protocol) || (what.service && what.service->query_form);
  std::string_view space = what.service ? std::string_view{what.service->shape_namespace} : "";
  if (out.shape) {
    out.query_code = out.shape->error_code.empty() ? out.shape->name : out.shape->error_code;
    out.code = is_xml(what.protocol) ? out.query_code : out.shape->name;
    out.status = out.shape->status;
    if (out.status == 0) out.status = out.shape->fault ? 500 : 400;
  } else if (common) {
    out.query_code = common->query_code;
    out.code = is_xml(what.protocol) ? common->query_code : common->exception;
    out.status = as_query                               ? common->query_status
                 : what.protocol == Protocol::rest_json ? common->rest_json_status
                                                        : common->exception_status;
    if (!space.empty()) space = common->coral_namespace;
  } else {
    out.query_code = out.code = error.code;
  }
  if (error.status != 0) out.status = error.status;
  out.type = space.empty() ? out.code : fmt::format("{}#{}", space, out.code);
  return out;
}

bool senders_fault(const Wording& wording) {
  if (wording.shape && wording.shape->fault) return false;
  return wording.status < 500;
}

// The error's structure as the wire shows it: its text in the member that the shape has for it, and
// what Lambda's shapes call Type.
Value structure_of(const Wording& wording, const Error& error) {
  Value value = error.members.is_struct() ? error.members : Value::structure();
  if (const auto* text = codec::message_member(*wording.shape))
    if (!error.message.empty() && !value.has(text->name)) value.set(text->name, error.message);
  if (wording.shape->member("Type") && !value.has("Type"))
    value.set("Type", senders_fault(wording) ? "User" : "Service");
  return value;
}

void write_xml_error(HttpResponse& response, const Recognised& what, const Wording& wording,
                     const Error& error, std::string_view request_id) {
  auto& out = response.body;
  response.headers.set("Content-Type", "text/xml");
  out += "<?xml version=\"1.0\"?>\n<ErrorResponse";
  if (what.service && !what.service->xml_namespace.empty()) {
    out += " xmlns=\"";
    codec::write_xml_attribute(out, what.service->xml_namespace);
    out += '"';
  }
  out += senders_fault(wording) ? "><Error><Type>Sender</Type><Code>"
                                : "><Error><Type>Receiver</Type><Code>";
  codec::write_xml_text(out, wording.code);
  out += "</Code>";
  if (!error.message.empty()) {
    out += "<Message>";
    codec::write_xml_text(out, error.message);
    out += "</Message>";
  }
  if (wording.shape && error.members.is_struct()) {
    auto rest = error.members;
    if (const auto* text = codec::message_member(*wording.shape)) rest.set(text->name, {});
    codec::write_xml_members(out, *what.service, *wording.shape, rest);
    codec::write_headers(response.headers, *what.service, *wording.shape, rest);
  }
  out += "</Error><RequestId>";
  codec::write_xml_text(out, request_id);
  out += "</RequestId></ErrorResponse>";
}

void write_json_error(HttpResponse& response, const Recognised& what, const Wording& wording,
                      const Error& error) {
  auto& out = response.body;
  const bool rest = what.protocol == Protocol::rest_json;
  out += '{';
  if (!rest) {
    out += "\"__type\":";
    append_json_string(out, wording.type);
  }
  if (wording.shape) {
    const auto value = structure_of(wording, error);
    codec::write_json_members(out, *what.service, *wording.shape, value, rest);
    if (rest) codec::write_headers(response.headers, *what.service, *wording.shape, value);
  }
  if (!error.message.empty() && (!wording.shape || !codec::message_member(*wording.shape))) {
    if (out.back() != '{') out += ',';
    out += "\"message\":";
    append_json_string(out, error.message);
  }
  out += '}';
  if (rest) response.headers.set("x-amzn-ErrorType", wording.code);
  response.headers.set("Content-Type", rest ? "application/json"
                                       : what.protocol == Protocol::json_1_0
                                           ? "application/x-amz-json-1.0"
                                           : "application/x-amz-json-1.1");
}

void write_cbor_error(HttpResponse& response, const Recognised& what, const Wording& wording,
                      const Error& error) {
  auto& out = response.body;
  response.headers.set("Content-Type", "application/cbor");
  response.headers.set("smithy-protocol", "rpc-v2-cbor");
  const auto value = wording.shape ? structure_of(wording, error) : Value::structure();
  const bool plain_message =
      !error.message.empty() && (!wording.shape || !codec::message_member(*wording.shape));
  const auto members = wording.shape ? codec::count_present(*wording.shape, value) : 0;
  codec::write_cbor_head(out, 5, 1 + members + (plain_message ? 1 : 0));
  codec::write_cbor_text(out, "__type");
  codec::write_cbor_text(out, wording.type);
  if (wording.shape) codec::write_cbor_members(out, *what.service, *wording.shape, value);
  if (plain_message) {
    codec::write_cbor_text(out, "message");
    codec::write_cbor_text(out, error.message);
  }
}

}  // namespace

const CommonError* find_common_error(std::string_view code) {
  for (const auto& row : common_errors)
    if (row.query_code == code || row.exception == code) return &row;
  return nullptr;
}

int status_of(const Recognised& what, const Error& error) { return word(what, error).status; }

HttpResponse encode_error(const Recognised& what, const Error& error, std::string_view request_id) {
  HttpResponse response;
  const auto wording = word(what, error);
  response.status = wording.status;
  response.headers.set("x-amzn-RequestId", std::string{request_id});
  switch (what.protocol) {
    case Protocol::query:
    case Protocol::rest_xml:
      write_xml_error(response, what, wording, error, request_id);
      break;
    case Protocol::rest_json:
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      write_json_error(response, what, wording, error);
      break;
    case Protocol::cbor:
      write_cbor_error(response, what, wording, error);
      break;
  }
  // Clients of the years between JSON's coming and the header of their asking want it too.
  const bool says_query_code = what.query_mode || (what.service && what.service->query_form);
  if (says_query_code && what.service && what.service->query_compatible && !is_xml(what.protocol))
    response.headers.set("x-amzn-query-error",
                         wording.query_code + (senders_fault(wording) ? ";Sender" : ";Receiver"));
  return response;
}

}  // namespace sitelatch::aws
