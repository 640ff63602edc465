// SPDX-License-Identifier: Apache-2.0
// AWS on the wire, both directions. Server: recognise a request, decode it, validate it, encode the
// answer. Client: encode a request, decode the answer. Inputs and outputs are Values by member
// names of the model; the protocols (query, rest-xml, rest-json, json 1.0 and 1.1, rpc-v2-cbor) are
// walks over the model's shapes and know no service by name. Malformed requests are Errors in the
// protocol's words, never crashes; unknown members are ignored.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/wire/error.h"
#include "aws/wire/http.h"
#include "aws/wire/model.h"

namespace sitelatch::aws {

// What a request is. `refusal` set: it cannot be handled (unknown operation, ...); the rest is then
// filled in as far as known, enough for encode_error.
struct Recognised {
  const ServiceModel* service = nullptr;
  const Operation* operation = nullptr;
  Protocol protocol = Protocol::rest_json;
  bool query_mode = false;  // x-amzn-query-mode: true: errors also say their query code
  std::string
      operation_name;  // as the client said it, also when it is unknown; empty: not even named
  std::vector<std::pair<std::string, std::string>>
      labels;  // path labels by wire name, percent-decoded
  std::optional<Error> refusal;
};

// The signing name comes from the credential scope ("monitoring"); empty or unknown: guessed from
// target, Action (with Version), smithy path, or path. Costs a look along a form's bytes, or with
// `at_head` none of the body; nothing is decoded and nothing inflated, so an Action in a compressed
// body is found after unpack_body.
enum class Received { head, body };
Recognised recognise(const HttpRequest& request, std::string_view signing_name = {},
                     Received received = Received::body);

// Of a verified request: a body that Content-Encoding says is gzip is replaced by what it was, and
// the header taken away. 400, or 413 beyond bounds.
Outcome<Done> unpack_body(HttpRequest& request);

// The input of a recognised request (refusal empty). Structure members that were not sent are
// absent. gzip bodies are inflated up to a bound. Errors: SerializationException, MalformedInput,
// MalformedQueryString ... (400), 413 beyond bounds.
Outcome<Value> decode_input(const Recognised& what, const HttpRequest& request);

// The first lines of AWS's validation text, all violations joined; nothing when the input keeps the
// model's constraints.
std::optional<Error> validate(const Recognised& what, const Value& input);

// A complete response, Content-Type and x-amzn-RequestId included. `output` is null for operations
// without output.
HttpResponse encode_output(const Recognised& what, const Value& output,
                           std::string_view request_id);

// `what` may be incomplete. Status, code on the wire and fault come from the model where it lists
// the error.
HttpResponse encode_error(const Recognised& what, const Error& error, std::string_view request_id);

// AWS's answer for an operation that is not known or not handled, in the words of its protocol.
Error unknown_operation(const Recognised& what);

// HTTP status that encode_error will use.
int status_of(const Recognised& what, const Error& error);

// Client side. The request has method, target, headers of the protocol and body; host and signature
// are the caller's.
HttpRequest encode_request(const ServiceModel& service, const Operation& operation,
                           Protocol protocol, const Value& input);
// The output, or the service's error: code as SDKs show it, message, status, and all members of its
// structure.
Outcome<Value> decode_response(const ServiceModel& service, const Operation& operation,
                               Protocol protocol, const HttpResponse& response);

}  // namespace sitelatch::aws
