// SPDX-License-Identifier: Apache-2.0
// What an AWS service looks like on the wire: operations and shapes as plain tables, read from the
// pruned service models of models/ (embedded in the binary, parsed at first use, never freed).
// Every protocol is a walk over these tables. Shapes refer to each other by index into
// ServiceModel::shapes. A Member carries the traits of its place (name on the wire, location, ...)
// with those of its target shape merged in, so that a walk looks at one struct only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "aws/wire/pattern.h"
#include "base/result.h"

namespace sitelatch::aws {

enum class Protocol : std::uint8_t { query, rest_xml, rest_json, json_1_0, json_1_1, cbor };

// Integers of every width are one kind: the range below carries the width.
enum class Kind : std::uint8_t {
  structure,
  list,
  map,
  string,
  blob,
  boolean,
  integer,
  floating,
  timestamp,
  document
};
enum class Location : std::uint8_t {
  body,
  label,
  query,
  query_map,
  header,
  header_prefix,
  status_code
};
enum class TimestampFormat : std::uint8_t { by_protocol, iso8601, epoch_seconds, http_date };

using ShapeId = std::uint32_t;
inline constexpr ShapeId no_shape = ~ShapeId{0};

// A member of a structure, the element of a list, or the key or value of a map.
struct Member {
  std::string name;       // in Values; empty for list elements, map keys and values
  std::string wire_name;  // locationName, else the name (lists: "member", maps: "key" and "value")
  ShapeId shape = no_shape;
  bool named = false;  // locationName was given
  Location location = Location::body;
  TimestampFormat timestamp_format = TimestampFormat::by_protocol;
  bool required = false;
  bool flattened = false;
  bool xml_attribute = false;
  bool json_value = false;         // a string on our side, base64 of JSON in headers
  bool idempotency_token = false;  // clients fill it in
  bool streaming = false;
  std::string media_type;  // of a blob payload that has another than application/octet-stream
  std::string xml_namespace;
  std::string xml_prefix;
};

struct Shape {
  std::string name;
  Kind kind = Kind::structure;
  std::vector<Member> members;  // of a structure, in the order of the wire (xmlOrder where given)
  Member element;               // of a list; of a map: its value
  Member key;                   // of a map
  std::string payload;          // name of the member that is the whole body, or empty
  bool flattened = false;
  bool union_type = false;
  bool wide = true;              // integer: 64 bits, else 32
  bool single = false;           // floating: float, else double
  bool required_length = false;  // blob: must know its length (streaming)

  // Constraints; of lists and maps the counts, of strings code points, of numbers the value.
  std::optional<double> min;
  std::optional<double> max;
  std::unique_ptr<const LazyPattern> pattern;  // null: none
  std::vector<std::string> enumeration;
  bool constrained = false;  // something here or below to validate; other subtrees are skipped

  // Errors.
  bool exception = false;
  bool fault = false;         // the server's fault
  bool sender_fault = false;  // said to be the sender's
  int status = 0;             // 0: not said
  std::string error_code;     // on the wire of query protocols; empty: the shape's name

  std::string xml_name;  // locationName of the shape (root element of a payload)
  std::string xml_namespace;
  std::string xml_prefix;

  // nullptr when there is no such member. By wire name: body members only.
  const Member* member(std::string_view name) const;
  const Member* by_wire_name(std::string_view wire_name) const;

  std::vector<std::uint16_t> sorted_by_name;  // indices into members
  std::vector<std::uint16_t> sorted_by_wire_name;
};

struct PathSegment {
  std::string text;  // literal, or the label's wire name
  bool label = false;
  bool greedy = false;  // takes the rest of the path, slashes included
};

struct Operation {
  std::string name;
  std::string method = "POST";
  std::string uri = "/";  // as in the model
  std::vector<PathSegment> path;
  std::vector<std::pair<std::string, std::string>> constant_query;
  int status = 200;  // of success
  ShapeId input = no_shape;
  ShapeId output = no_shape;
  std::string result_wrapper;  // query: "CreateTopicResult", or empty
  std::string input_name;      // rest-xml: root element of the request
  std::string input_namespace;
  std::string host_prefix;  // clients only
  std::vector<ShapeId> errors;
  bool compressed = false;  // clients may gzip
  bool known_only = false;  // name and binding stand in the model, shapes do not: cannot be decoded
};

// What the service says of itself, and its tables.
struct ServiceModel {
  std::string name;             // "cloudwatch": the folder and file name of the model
  std::string signing_name;     // "monitoring": in the credential scope
  std::string endpoint_prefix;  // "monitoring": in host names
  std::string api_version;
  std::string target_prefix;  // "GraniteServiceVersion20100801"
  std::string xml_namespace;
  std::string shape_namespace;  // "com.amazonaws.cloudwatch.v2010_08_01" where error types carry
                                // one, else empty
  std::vector<Protocol> protocols;  // the model's own first
  bool query_compatible = false;
  // Of a service that left the query protocol for JSON and still answers it: the same model with
  // the names that places have there. Null: the names are the same, or it never spoke it.
  std::unique_ptr<const ServiceModel> query_form;
  std::string path_member;  // of the query protocol: what the path says where it is not "/"
  std::vector<Shape> shapes;
  std::vector<Operation> operations;

  const Shape& shape(ShapeId id) const { return shapes[id]; }
  // nullptr: no such operation or shape.
  const Operation* operation(std::string_view operation_name) const;
  const Shape* shape_named(std::string_view shape_name) const;
  // The operation whose method and path template fit best (most literal segments), with its labels
  // by wire name, percent-decoded; a trailing slash is optional both ways. nullptr: none fits.
  const Operation* route(std::string_view method, std::string_view path, std::string_view query,
                         std::vector<std::pair<std::string, std::string>>* labels) const;
  // The error by its shape's name, else by its code on the wire; nullptr for codes that no model
  // lists.
  const Shape* error_shape(std::string_view code) const;
  bool speaks(Protocol protocol) const;

  // Lookups; the views point into the tables above.
  std::unordered_map<std::string_view, std::uint32_t> operation_index;
  std::unordered_map<std::string_view, ShapeId> shape_index;
  std::unordered_map<std::string_view, ShapeId> error_code_index;
};

// A model in the form of botocore's service-2.json (the whole file or the pruned one). Addresses
// inside stay valid as long as the object lives; it is not movable in practice because lookups hold
// views into it.
std::unique_ptr<ServiceModel> parse_model(std::string_view name, std::string_view json);

// One of the embedded models; ENSUREs that it is there. Parsed at first use; safe on any thread.
const ServiceModel& service_model(std::string_view name);
// By name or by signing name ("cloudwatch" and "monitoring"); nullptr when this engine has none.
const ServiceModel* find_service(std::string_view name_or_signing_name);
// Names of the embedded models: "cloudwatch", "events", "iam", "lambda", "logs", "route53", "sns",
// "sqs", "sts".
std::vector<std::string_view> service_names();

std::string_view to_string(Protocol protocol);  // "rest-xml", as in the models

}  // namespace sitelatch::aws
