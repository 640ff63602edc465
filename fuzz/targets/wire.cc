// SPDX-License-Identifier: Apache-2.0
// Bytes as requests of every protocol and operation: recognised, decoded, validated, encoded again.
// Input: service, operation (two bytes), protocol, gzip or not, then the body; or, last choice of
// protocol: method, target, content type, each ended by NUL, then the body.
#include "aws/wire/wire.h"

#include "aws/wire/codec.h"
#include "target.h"

using namespace sitelatch::aws;
using sitelatch::fuzz::Input;
using sitelatch::fuzz::require;

namespace {

HttpRequest request_for(const ServiceModel& model, const Operation& operation, Protocol protocol,
                        Input& input) {
  const bool gzip = input.choice(2) == 1;
  HttpRequest request;
  request.method = operation.method;
  switch (protocol) {
    case Protocol::query:
      request.headers.set("Content-Type", "application/x-www-form-urlencoded");
      request.body = "Action=" + operation.name + "&Version=" + model.api_version + "&";
      break;
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      request.headers.set("X-Amz-Target", model.target_prefix + "." + operation.name);
      request.headers.set("Content-Type", protocol == Protocol::json_1_0
                                              ? "application/x-amz-json-1.0"
                                              : "application/x-amz-json-1.1");
      break;
    case Protocol::cbor:
      request.headers.set("smithy-protocol", "rpc-v2-cbor");
      request.target = "/service/" + model.target_prefix + "/operation/" + operation.name;
      break;
    default:
      request.target = input.text();
  }
  request.body += input.rest();
  if (gzip) {
    request.headers.set("Content-Encoding", "gzip");
    request.body = codec::deflate_gzip(request.body);
  }
  return request;
}

HttpRequest free_request(Input& input) {
  HttpRequest request;
  request.method = input.text();
  request.target = input.text();
  request.headers.set("Content-Type", input.text());
  if (const auto target = input.text(); !target.empty())
    request.headers.set("X-Amz-Target", target);
  if (const auto encoding = input.text(); !encoding.empty())
    request.headers.set("Content-Encoding", encoding);
  request.body = input.rest();
  return request;
}

void exercise(const HttpRequest& request, std::string_view signing_name) {
  const auto what = recognise(request, signing_name);
  if (what.refusal) return (void)encode_error(what, *what.refusal, "id");
  const auto decoded = decode_input(what, request);
  if (!decoded) return (void)encode_error(what, decoded.error(), "id");
  if (const auto invalid = validate(what, *decoded)) {
    (void)encode_error(what, *invalid, "id");
    return;
  }
  // What is valid can be said again, and means the same to whoever reads it.
  const auto again = encode_request(*what.service, *what.operation, what.protocol, *decoded);
  const auto recognised = recognise(again, what.service->signing_name);
  if (recognised.refusal || recognised.operation != what.operation) return;  // labels may be empty
  const auto read = decode_input(recognised, again);
  if (what.labels.empty()) require(bool{read}, "a request that was understood can be said again");
}

}  // namespace

FUZZ_TARGET(wire) {
  const auto names = service_names();
  const auto& model = service_model(names[input.choice(names.size())]);
  const auto& operation = model.operations[input.number() % model.operations.size()];
  const auto how = input.choice(model.protocols.size() + 1);
  if (how == model.protocols.size()) return exercise(free_request(input), "");
  if (operation.known_only) return;
  exercise(request_for(model, operation, model.protocols[how], input), model.signing_name);
}
