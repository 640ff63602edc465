// SPDX-License-Identifier: Apache-2.0
// The server's side: from a recognised request to its input, from an output to its response.
#include "aws/wire/wire.h"

#include "aws/wire/codec.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {

// Values that a request of the operation can hold: far more than AWS's own limits of counts and
// sizes let any carry. PutMetricData has 1000 metrics of 150 values and counts (fact wire-25).
codec::Reading reading_of(const Recognised& what) {
  codec::Reading reading;
  if (what.operation->name == "PutMetricData") reading.nodes_max = 500'000;
  if (what.protocol == Protocol::rest_xml && codec::has_schema(*what.service))
    reading.by_schema = what.operation;
  return reading;
}

// Some services are called at the address of what the call is about (queues).
void add_path_member(codec::Pairs& pairs, const ServiceModel& model, std::string_view path) {
  if (model.path_member.empty() || path.size() < 2) return;
  for (const auto& [name, value] : pairs)
    if (name == model.path_member) return;
  auto decoded = percent_decode(path);
  if (decoded && valid_utf8(*decoded)) pairs.emplace_back(model.path_member, std::move(*decoded));
}

Value read_input(const Recognised& what, const HttpRequest& request) {
  const auto& model = *what.service;
  const auto id = what.operation->input;
  if (id == no_shape) return Value::structure();
  const auto unpacked = codec::unpacked_body(request);
  const std::string& body = unpacked ? *unpacked : request.body;
  Member root;
  root.shape = id;
  const auto reading = reading_of(what);
  Value input;
  switch (what.protocol) {
    case Protocol::query: {
      auto pairs = codec::read_form(request.query());
      for (auto& pair : codec::read_form(body)) pairs.push_back(std::move(pair));
      add_path_member(pairs, model, request.path());
      return codec::read_query(model, id, pairs, reading);
    }
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      input = codec::read_json(model, root, body, reading);
      break;
    case Protocol::cbor:
      input = codec::read_cbor(model, root, body, reading);
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml: {
      input = Value::structure();
      codec::read_rest_body(input, model, model.shape(id), what.protocol, body, reading);
      codec::read_bindings(input, model, model.shape(id),
                           {what.labels, codec::read_form(request.query()), &request.headers});
      break;
    }
  }
  return input.is_null() ? Value::structure() : input;
}

std::string_view malformed_code(Protocol protocol) {
  switch (protocol) {
    case Protocol::query:
      return "MalformedInput";
    case Protocol::rest_xml:
      return "InvalidInput";
    default:
      return "SerializationException";
  }
}

void write_query_output(std::string& out, const ServiceModel& model, const Operation& operation,
                        const Value& output, std::string_view request_id) {
  out += "<" + operation.name + "Response xmlns=\"";
  codec::write_xml_attribute(out, model.xml_namespace);
  out += "\">";
  if (operation.output != no_shape) {
    if (!operation.result_wrapper.empty()) out += "<" + operation.result_wrapper + ">";
    codec::write_xml_members(out, model, model.shape(operation.output), output);
    if (!operation.result_wrapper.empty()) out += "</" + operation.result_wrapper + ">";
  }
  out += "<ResponseMetadata><RequestId>";
  out += request_id;
  out += "</RequestId></ResponseMetadata></" + operation.name + "Response>";
}

void write_rest_output(HttpResponse& response, const ServiceModel& model,
                       const Operation& operation, Protocol protocol, const Value& output) {
  response.status = operation.status;
  if (operation.output == no_shape) return;
  const auto& shape = model.shape(operation.output);
  for (const auto& member : shape.members)
    if (member.location == Location::status_code && output.has(member.name))
      response.status = static_cast<int>(output[member.name].integer());
  std::string content_type;
  const auto root = shape.xml_name.empty() ? shape.name : shape.xml_name;
  const auto space = shape.xml_namespace.empty() ? model.xml_namespace : std::string{};
  response.body =
      codec::write_rest_body(model, shape, protocol, root, space, output, &content_type);
  if (response.status == 204) response.body.clear();
  if (!response.body.empty() && !content_type.empty())
    response.headers.set("Content-Type", content_type);
  if (content_type == "application/xml") response.headers.set("Content-Type", "text/xml");
  codec::write_headers(response.headers, model, shape, output);
}

}  // namespace

Outcome<Done> unpack_body(HttpRequest& request) {
  try {
    if (auto unpacked = codec::unpacked_body(request)) {
      request.body = std::move(*unpacked);
      std::erase_if(request.headers, [](const auto& header) {
        return equal_ignoring_case(header.first, "Content-Encoding");
      });
    }
    return Done{};
  } catch (const codec::Malformed& problem) {
    const bool large = problem.code() == "RequestEntityTooLarge";
    return refuse(large ? problem.code() : "SerializationException", problem.message(),
                  large ? 413 : 400);
  }
}

Outcome<Value> decode_input(const Recognised& what, const HttpRequest& request) {
  if (what.refusal) return failure(*what.refusal);
  try {
    return read_input(what, request);
  } catch (const codec::Malformed& problem) {
    const auto code =
        problem.code().empty() ? std::string{malformed_code(what.protocol)} : problem.code();
    return refuse(code, problem.message(), code == "RequestEntityTooLarge" ? 413 : 400);
  }
}

HttpResponse encode_output(const Recognised& what, const Value& output,
                           std::string_view request_id) {
  HttpResponse response;
  const auto& model = *what.service;
  const auto& operation = *what.operation;
  Member root;
  root.shape = operation.output;
  response.headers.set("x-amzn-RequestId", std::string{request_id});
  switch (what.protocol) {
    case Protocol::query:
      response.headers.set("Content-Type", "text/xml");
      write_query_output(response.body, model, operation, output, request_id);
      break;
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      response.headers.set("Content-Type", what.protocol == Protocol::json_1_0
                                               ? "application/x-amz-json-1.0"
                                               : "application/x-amz-json-1.1");
      if (root.shape != no_shape) codec::write_json(response.body, model, root, output);
      break;
    case Protocol::cbor:
      response.headers.set("smithy-protocol", "rpc-v2-cbor");
      if (root.shape != no_shape) {
        response.headers.set("Content-Type", "application/cbor");
        codec::write_cbor(response.body, model, root, output);
      }
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml:
      write_rest_output(response, model, operation, what.protocol, output);
      break;
  }
  return response;
}

}  // namespace sitelatch::aws
