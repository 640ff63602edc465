// SPDX-License-Identifier: Apache-2.0
// The client's side: from an input to a request, from a response to the output or the service's
// error.
#include <pugixml.hpp>

#include "aws/wire/codec.h"
#include "aws/wire/common_errors.h"
#include "aws/wire/wire.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {

bool is_json(Protocol protocol) {
  return protocol == Protocol::json_1_0 || protocol == Protocol::json_1_1 ||
         protocol == Protocol::rest_json;
}

constexpr std::size_t compressed_from_bytes = 10240;  // as AWS's own clients

void compress(HttpRequest& request, const Operation& operation) {
  if (!operation.compressed || request.body.size() < compressed_from_bytes) return;
  request.body = codec::deflate_gzip(request.body);
  const auto before = request.headers.get("Content-Encoding");
  request.headers.set("Content-Encoding", before.empty() ? "gzip" : before + ", gzip");
}

std::string form_text(const ServiceModel& service, const Operation& operation, const Value& input) {
  codec::Pairs pairs{{"Action", operation.name}, {"Version", service.api_version}};
  if (operation.input != no_shape) codec::write_query(pairs, service, operation.input, input);
  std::string out;
  for (const auto& [key, value] : pairs) {
    if (!out.empty()) out += '&';
    out += percent_encode(key) + "=" + percent_encode(value);
  }
  return out;
}

void write_rest_request(HttpRequest& request, const ServiceModel& service,
                        const Operation& operation, Protocol protocol, const Value& input) {
  request.method = operation.method;
  request.target = codec::write_target(service, operation, input);
  if (operation.input == no_shape) return;
  const auto& shape = service.shape(operation.input);
  std::string content_type;
  // Bodies that no member is bound to are left out altogether.
  if (!shape.payload.empty() || codec::has_body_members(shape)) {
    auto root = shape.xml_name;
    if (root.empty()) root = operation.input_name.empty() ? shape.name : operation.input_name;
    request.body = codec::write_rest_body(service, shape, protocol, root, operation.input_namespace,
                                          input, &content_type);
  }
  if (!content_type.empty()) request.headers.set("Content-Type", content_type);
  codec::write_headers(request.headers, service, shape, input);
}

// "aws.protocoltests#FooError:http://..." -> "FooError"
std::string short_code(std::string_view type) {
  const auto hash = type.find('#');
  if (hash != std::string_view::npos) type.remove_prefix(hash + 1);
  return std::string{type.substr(0, type.find(':'))};
}

Member root_of(ShapeId shape) {
  Member root;
  root.shape = shape;
  return root;
}

void read_message(Error& error, const Shape* shape) {
  if (const auto* member = shape ? codec::message_member(*shape) : nullptr)
    error.message = error.members[member->name].string_or("");
}

// In query and rest-xml: ErrorResponse/Error, or Error at the root.
Error read_xml_error(const ServiceModel& service, const HttpResponse& response) {
  Error error;
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size(), pugi::parse_default,
                            pugi::encoding_utf8))
    return error;
  auto root = document.document_element();
  auto node = root.child("Error");
  if (!node) node = root.child("Errors").child("Error");
  if (!node) node = root;
  error.code = node.child("Code").text().as_string();
  error.message = node.child("Message").text().as_string();
  if (error.message.empty()) error.message = node.child("message").text().as_string();
  const auto* shape = service.error_shape(error.code);
  if (!shape) return error;
  const auto id = static_cast<ShapeId>(shape - service.shapes.data());
  error.members = codec::read_xml(service, root_of(id), node, codec::as_client);
  codec::read_bindings(error.members, service, *shape, {{}, {}, &response.headers});
  return error;
}

Error read_json_error(const ServiceModel& service, Protocol protocol,
                      const HttpResponse& response) {
  Error error;
  const auto document =
      codec::read_document(response.body.empty() ? "{}" : std::string_view{response.body});
  auto type = response.headers.get("x-amzn-ErrorType");
  for (const auto name : {"__type", "code", "Code"})
    if (type.empty() && document[name].is_string()) type = document[name].string();
  error.code = short_code(type);
  const auto* shape = service.error_shape(error.code);
  if (shape) {
    const auto id = static_cast<ShapeId>(shape - service.shapes.data());
    error.members = codec::read_json(service, root_of(id), response.body, codec::as_client);
    if (protocol == Protocol::rest_json)
      codec::read_bindings(error.members, service, *shape, {{}, {}, &response.headers});
  }
  read_message(error, shape);
  for (const auto name : {"message", "Message", "errorMessage"})
    if (error.message.empty() && document[name].is_string())
      error.message = document[name].string();
  return error;
}

// The head of every CBOR error, whichever shape the rest has.
const ServiceModel& cbor_error_head() {
  static const auto model = parse_model("cbor-error", R"({"metadata":{},"operations":{},"shapes":{
    "Text":{"type":"string"},"Head":{"type":"structure","members":{"__type":{"shape":"Text"},
    "message":{"shape":"Text"},"Message":{"shape":"Text"}}}}})");
  return *model;
}

Error read_cbor_error(const ServiceModel& service, const HttpResponse& response) {
  Error error;
  const auto& model = cbor_error_head();
  const auto head = codec::read_cbor(model, root_of(model.shape_index.at("Head")), response.body,
                                     codec::as_client);
  error.code = short_code(head["__type"].string_or(""));
  error.message = head["message"].string_or(head["Message"].string_or(""));
  const auto* shape = service.error_shape(error.code);
  if (shape)
    error.members =
        codec::read_cbor(service, root_of(static_cast<ShapeId>(shape - service.shapes.data())),
                         response.body, codec::as_client);
  return error;
}

Error read_error(const ServiceModel& service, Protocol protocol, const HttpResponse& response) {
  Error error;
  try {
    if (is_json(protocol))
      error = read_json_error(service, protocol, response);
    else if (protocol == Protocol::cbor)
      error = read_cbor_error(service, response);
    else
      error = read_xml_error(service, response);
  } catch (const codec::Malformed&) {
    error = {};  // a proxy's page, a cut connection: the status says what there is to say
  }
  const auto query_error = response.headers.get("x-amzn-query-error");
  if (service.query_compatible && query_error.find(';') != std::string::npos)
    error.code = query_error.substr(0, query_error.find(';'));
  if (error.code.empty()) error.code = std::to_string(response.status);
  error.status = response.status;
  return error;
}

Value read_query_output(const ServiceModel& service, const Operation& operation,
                        std::string_view body) {
  if (trim(body).empty()) return Value::structure();
  pugi::xml_document document;
  codec::load_xml(document, body, codec::as_client);
  auto node = document.document_element();
  if (!operation.result_wrapper.empty()) node = node.child(operation.result_wrapper.c_str());
  return codec::read_xml(service, root_of(operation.output), node, codec::as_client);
}

Value read_output(const ServiceModel& service, const Operation& operation, Protocol protocol,
                  const HttpResponse& response) {
  if (operation.output == no_shape) return Value::structure();
  const auto root = root_of(operation.output);
  Value output = Value::structure();
  switch (protocol) {
    case Protocol::query:
      return read_query_output(service, operation, response.body);
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      output = codec::read_json(service, root, response.body, codec::as_client);
      break;
    case Protocol::cbor:
      output = codec::read_cbor(service, root, response.body, codec::as_client);
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml: {
      const auto& shape = service.shape(operation.output);
      codec::read_rest_body(output, service, shape, protocol, response.body, codec::as_client);
      codec::read_bindings(output, service, shape, {{}, {}, &response.headers});
      for (const auto& member : shape.members)
        if (member.location == Location::status_code) output.set(member.name, response.status);
      break;
    }
  }
  return output.is_null() ? Value::structure() : output;
}

}  // namespace

HttpRequest encode_request(const ServiceModel& service, const Operation& operation,
                           Protocol protocol, const Value& input) {
  if (protocol == Protocol::query && service.query_form)
    return encode_request(*service.query_form, *service.query_form->operation(operation.name),
                          protocol, input);
  HttpRequest request;
  request.method = "POST";
  const auto root = root_of(operation.input);
  switch (protocol) {
    case Protocol::query:
      request.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
      request.body = form_text(service, operation, input);
      break;
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      request.headers.set("Content-Type", protocol == Protocol::json_1_0
                                              ? "application/x-amz-json-1.0"
                                              : "application/x-amz-json-1.1");
      request.headers.set("X-Amz-Target", service.target_prefix + "." + operation.name);
      if (operation.input == no_shape)
        request.body = "{}";
      else
        codec::write_json(request.body, service, root, input);
      break;
    case Protocol::cbor:
      request.target = "/service/" + service.target_prefix + "/operation/" + operation.name;
      request.headers.set("smithy-protocol", "rpc-v2-cbor");
      request.headers.set("Accept", "application/cbor");
      if (operation.input == no_shape) break;
      request.headers.set("Content-Type", "application/cbor");
      codec::write_cbor(request.body, service, root, input);
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml:
      write_rest_request(request, service, operation, protocol, input);
      break;
  }
  compress(request, operation);
  if (service.query_compatible && protocol != Protocol::query)
    request.headers.set("x-amzn-query-mode", "true");
  return request;
}

Outcome<Value> decode_response(const ServiceModel& service, const Operation& operation,
                               Protocol protocol, const HttpResponse& response) {
  if (protocol == Protocol::query && service.query_form)
    return decode_response(*service.query_form, *service.query_form->operation(operation.name),
                           protocol, response);
  if (response.status >= 300) return failure(read_error(service, protocol, response));
  try {
    return read_output(service, operation, protocol, response);
  } catch (const codec::Malformed& problem) {
    return refuse("UnreadableResponse", "The service's answer cannot be read: " + problem.message(),
                  response.status);
  }
}

}  // namespace sitelatch::aws
