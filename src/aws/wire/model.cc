// SPDX-License-Identifier: Apache-2.0
#include "aws/wire/model.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/check.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {
namespace json = boost::json;

std::string text_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value && value->is_string() ? std::string{std::string_view{value->get_string()}}
                                     : std::string{};
}
bool flag_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}
const json::object* object_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value ? value->if_object() : nullptr;
}
std::optional<double> number_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (!value || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

// {"uri": "...", "prefix": "..."} or plainly the uri.
void read_namespace(const json::object& from, std::string& uri, std::string& prefix) {
  const auto* value = from.if_contains("xmlNamespace");
  if (!value) return;
  if (const auto* object = value->if_object()) {
    uri = text_of(*object, "uri");
    prefix = text_of(*object, "prefix");
  } else {
    uri = text_of(from, "xmlNamespace");
  }
}

Kind kind_of(const json::object& shape) {
  const auto type = text_of(shape, "type");
  if (flag_of(shape, "document")) return Kind::document;
  if (type == "structure") return Kind::structure;
  if (type == "list") return Kind::list;
  if (type == "map") return Kind::map;
  if (type == "blob") return Kind::blob;
  if (type == "boolean") return Kind::boolean;
  if (type == "integer" || type == "long" || type == "short" || type == "byte")
    return Kind::integer;
  if (type == "float" || type == "double") return Kind::floating;
  if (type == "timestamp") return Kind::timestamp;
  return Kind::string;  // "string", "character"
}

TimestampFormat timestamp_format_of(const json::object& from) {
  const auto text = text_of(from, "timestampFormat");
  if (text == "iso8601") return TimestampFormat::iso8601;
  if (text == "unixTimestamp") return TimestampFormat::epoch_seconds;
  if (text == "rfc822") return TimestampFormat::http_date;
  return TimestampFormat::by_protocol;
}

Location location_of(const json::object& member, bool is_map) {
  const auto text = text_of(member, "location");
  if (text == "uri") return Location::label;
  if (text == "querystring") return is_map ? Location::query_map : Location::query;
  if (text == "header") return Location::header;
  if (text == "headers") return Location::header_prefix;
  if (text == "statusCode") return Location::status_code;
  return Location::body;
}

enum class Names { of_the_model, of_query };

class Loader {
 public:
  Loader(ServiceModel& into, const json::object& from, Names names)
      : model_(into), from_(from), names_(names) {}

  void load() {
    if (const auto* metadata = object_of(from_, "metadata")) read_metadata(*metadata);
    if (const auto* shapes = object_of(from_, "shapes")) read_shapes(*shapes);
    if (const auto* operations = object_of(from_, "operations")) read_operations(*operations);
    mark_constrained();
    if (model_.xml_namespace.empty())
      for (const auto& operation : model_.operations)
        if (!operation.input_namespace.empty()) model_.xml_namespace = operation.input_namespace;
  }

 private:
  void read_metadata(const json::object& metadata) {
    model_.api_version = text_of(metadata, "apiVersion");
    model_.endpoint_prefix = text_of(metadata, "endpointPrefix");
    model_.signing_name = text_of(metadata, "signingName");
    if (model_.signing_name.empty()) model_.signing_name = model_.endpoint_prefix;
    model_.target_prefix = text_of(metadata, "targetPrefix");
    model_.xml_namespace = text_of(metadata, "xmlNamespace");
    model_.shape_namespace = text_of(metadata, "shapeNamespace");
    model_.path_member = text_of(metadata, "pathMember");
    if (names_ == Names::of_query) {
      model_.protocols = {Protocol::query};
      return;
    }
    model_.query_compatible = metadata.contains("awsQueryCompatible");
    const auto json_protocol =
        text_of(metadata, "jsonVersion") == "1.0" ? Protocol::json_1_0 : Protocol::json_1_1;
    const auto add = [&](std::string_view name) {
      Protocol protocol = Protocol::query;
      if (name == "rest-xml")
        protocol = Protocol::rest_xml;
      else if (name == "rest-json")
        protocol = Protocol::rest_json;
      else if (name == "json")
        protocol = json_protocol;
      else if (name == "smithy-rpc-v2-cbor")
        protocol = Protocol::cbor;
      else if (name != "query")
        return;
      if (!model_.speaks(protocol)) model_.protocols.push_back(protocol);
    };
    add(text_of(metadata, "protocol"));
    if (const auto* list = metadata.if_contains("protocols"))
      for (const auto& name : list->as_array()) add(std::string_view{name.as_string()});
    if (metadata.contains("queryForm")) add("query");
  }

  void read_shapes(const json::object& shapes) {
    model_.shapes.resize(shapes.size());
    ShapeId id = 0;
    for (const auto& entry : shapes) {
      model_.shapes[id].name = std::string{std::string_view{entry.key()}};
      model_.shapes[id].kind = kind_of(entry.value().as_object());
      model_.shape_index.emplace(model_.shapes[id].name, id);
      ++id;
    }
    id = 0;
    for (const auto& entry : shapes)
      read_shape(model_.shapes[id++], entry.value().as_object(), shapes);
  }

  ShapeId find_shape(std::string_view name) const {
    const auto at = model_.shape_index.find(name);
    ENSURE(at != model_.shape_index.end(), "a shape that the model does not define");
    return at->second;
  }

  // The traits of the place, then those of its target where the place says nothing.
  Member read_member(std::string name, std::string_view default_wire_name, const json::object& from,
                     const json::object& shapes) {
    Member member;
    const auto target_name = text_of(from, "shape");
    member.shape = find_shape(target_name);
    const auto& target = shapes.at(target_name).as_object();
    member.name = std::move(name);
    member.wire_name = text_of(from, "locationName");
    if (names_ == Names::of_query)
      if (auto called = text_of(from, "queryName"); !called.empty())
        member.wire_name = std::move(called);
    member.named = !member.wire_name.empty();
    if (!member.named) member.wire_name = default_wire_name;
    if (text_of(from, "location") == "headers" && !member.named) member.wire_name.clear();
    member.location = location_of(from, model_.shapes[member.shape].kind == Kind::map);
    member.timestamp_format = timestamp_format_of(from);
    if (member.timestamp_format == TimestampFormat::by_protocol)
      member.timestamp_format = timestamp_format_of(target);
    member.flattened = flag_of(from, "flattened") || flag_of(target, "flattened");
    member.xml_attribute = flag_of(from, "xmlAttribute");
    member.json_value = flag_of(from, "jsonvalue");
    member.idempotency_token = flag_of(from, "idempotencyToken");
    member.media_type = text_of(from, "mediaType");
    member.streaming = flag_of(from, "streaming") || flag_of(target, "streaming");
    read_namespace(target, member.xml_namespace, member.xml_prefix);
    read_namespace(from, member.xml_namespace, member.xml_prefix);
    return member;
  }

  void read_shape(Shape& shape, const json::object& from, const json::object& shapes) {
    shape.payload = text_of(from, "payload");
    shape.flattened = flag_of(from, "flattened");
    shape.union_type = flag_of(from, "union");
    shape.wide = text_of(from, "type") != "integer";
    shape.single = text_of(from, "type") == "float";
    shape.xml_name = text_of(from, "locationName");
    read_namespace(from, shape.xml_namespace, shape.xml_prefix);
    read_constraints(shape, from);
    read_error(shape, from);
    if (const auto* element = object_of(from, "member"))
      shape.element = read_member({}, "member", *element, shapes);
    if (const auto* key = object_of(from, "key")) shape.key = read_member({}, "key", *key, shapes);
    if (const auto* value = object_of(from, "value"))
      shape.element = read_member({}, "value", *value, shapes);
    if (shape.kind == Kind::structure) read_members(shape, from, shapes);
  }

  void read_constraints(Shape& shape, const json::object& from) {
    shape.min = number_of(from, "min");
    shape.max = number_of(from, "max");
    const auto pattern = text_of(from, "pattern");
    if (!pattern.empty()) shape.pattern = std::make_unique<LazyPattern>(pattern);
    if (const auto* values = from.if_contains("enum"))
      for (const auto& value : values->as_array())
        shape.enumeration.emplace_back(std::string_view{value.as_string()});
    shape.constrained = shape.min || shape.max || shape.pattern || !shape.enumeration.empty();
  }

  void read_error(Shape& shape, const json::object& from) {
    shape.exception = flag_of(from, "exception");
    shape.fault = flag_of(from, "fault");
    const auto* error = object_of(from, "error");
    if (!error) return;
    shape.exception = true;
    shape.error_code = text_of(*error, "code");
    shape.status = static_cast<int>(number_of(*error, "httpStatusCode").value_or(0));
    shape.sender_fault = flag_of(*error, "senderFault");
    if (!shape.error_code.empty()) {
      const auto id = find_shape(shape.name);
      model_.error_code_index.emplace(shape.error_code, id);
    }
  }

  void read_members(Shape& shape, const json::object& from, const json::object& shapes) {
    if (const auto* members = object_of(from, "members"))
      for (const auto& entry : *members)
        shape.members.push_back(read_member(std::string{std::string_view{entry.key()}}, entry.key(),
                                            entry.value().as_object(), shapes));
    if (const auto* order = from.if_contains("xmlOrder"))
      sort_by_xml_order(shape, order->as_array());
    const auto& members = shape.members;
    for (std::size_t i = 0; i < members.size(); ++i) {
      shape.sorted_by_name.push_back(static_cast<std::uint16_t>(i));
      if (members[i].location == Location::body)
        shape.sorted_by_wire_name.push_back(static_cast<std::uint16_t>(i));
    }
    std::sort(shape.sorted_by_name.begin(), shape.sorted_by_name.end(),
              [&](auto a, auto b) { return members[a].name < members[b].name; });
    std::sort(shape.sorted_by_wire_name.begin(), shape.sorted_by_wire_name.end(),
              [&](auto a, auto b) { return members[a].wire_name < members[b].wire_name; });
    if (const auto* required = from.if_contains("required"))
      for (const auto& name : required->as_array()) {
        const auto* member = shape.member(std::string_view{name.as_string()});
        if (member)
          shape.members[static_cast<std::size_t>(member - members.data())].required = true;
      }
  }

  static void sort_by_xml_order(Shape& shape, const json::array& order) {
    const auto rank = [&](const Member& member) {
      const auto at = std::find_if(order.begin(), order.end(), [&](const json::value& name) {
        return std::string_view{name.as_string()} == member.name;
      });
      return at - order.begin();
    };
    std::stable_sort(shape.members.begin(), shape.members.end(),
                     [&](const Member& a, const Member& b) { return rank(a) < rank(b); });
  }

  void read_operations(const json::object& operations) {
    for (const auto& entry : operations)
      model_.operations.push_back(read_operation(entry.key(), entry.value().as_object()));
    for (std::uint32_t i = 0; i < model_.operations.size(); ++i)
      model_.operation_index.emplace(model_.operations[i].name, i);
  }

  Operation read_operation(std::string_view name, const json::object& from) {
    Operation operation;
    operation.name = name;
    operation.known_only = flag_of(from, "knownOnly");
    if (const auto* http = object_of(from, "http")) {
      operation.method = text_of(*http, "method");
      operation.uri = text_of(*http, "requestUri");
      operation.status = static_cast<int>(number_of(*http, "responseCode").value_or(200));
    }
    read_path(operation);
    if (const auto* input = object_of(from, "input")) {
      operation.input = find_shape(text_of(*input, "shape"));
      operation.input_name = text_of(*input, "locationName");
      std::string prefix;
      read_namespace(*input, operation.input_namespace, prefix);
    }
    if (const auto* output = object_of(from, "output")) {
      operation.output = find_shape(text_of(*output, "shape"));
      operation.result_wrapper = text_of(*output, "resultWrapper");
      if (operation.result_wrapper.empty()) operation.result_wrapper = operation.name + "Result";
    }
    if (const auto* errors = from.if_contains("errors"))
      for (const auto& error : errors->as_array())
        operation.errors.push_back(find_shape(text_of(error.as_object(), "shape")));
    if (const auto* endpoint = object_of(from, "endpoint"))
      operation.host_prefix = text_of(*endpoint, "hostPrefix");
    operation.compressed = from.contains("requestcompression");
    return operation;
  }

  static void read_path(Operation& operation) {
    const std::string_view uri = operation.uri;
    const auto mark = uri.find('?');
    if (mark != std::string_view::npos)
      for (const auto pair : split(uri.substr(mark + 1), '&')) {
        const auto equals = std::min(pair.find('='), pair.size());
        operation.constant_query.emplace_back(pair.substr(0, equals), equals < pair.size()
                                                                          ? pair.substr(equals + 1)
                                                                          : std::string_view{});
      }
    for (const auto segment : split(uri.substr(0, mark).substr(1), '/')) {
      PathSegment part;
      part.label = segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
      part.text = part.label ? segment.substr(1, segment.size() - 2) : segment;
      part.greedy = part.label && part.text.back() == '+';
      if (part.greedy) part.text.pop_back();
      operation.path.push_back(std::move(part));
    }
  }

  // A shape is constrained when something reachable from it is: to a fixed point, because shapes
  // may be recursive.
  void mark_constrained() {
    for (bool changed = true; changed;) {
      changed = false;
      for (auto& shape : model_.shapes) {
        if (shape.constrained) continue;
        const auto constrained = [&](const Member& member) {
          return member.required ||
                 (member.shape != no_shape && model_.shapes[member.shape].constrained);
        };
        shape.constrained = constrained(shape.element) || constrained(shape.key) ||
                            std::any_of(shape.members.begin(), shape.members.end(), constrained);
        changed = changed || shape.constrained;
      }
    }
  }

  ServiceModel& model_;
  const json::object& from_;
  const Names names_;
};

std::unique_ptr<ServiceModel> load_model(std::string_view name, const json::object& from,
                                         Names names) {
  auto model = std::make_unique<ServiceModel>();
  model->name = name;
  Loader{*model, from, names}.load();
  return model;
}

}  // namespace

const Member* Shape::member(std::string_view member_name) const {
  const auto at = std::lower_bound(
      sorted_by_name.begin(), sorted_by_name.end(), member_name,
      [&](std::uint16_t index, std::string_view wanted) { return members[index].name < wanted; });
  return at != sorted_by_name.end() && members[*at].name == member_name ? &members[*at] : nullptr;
}

const Member* Shape::by_wire_name(std::string_view wire_name) const {
  const auto at = std::lower_bound(sorted_by_wire_name.begin(), sorted_by_wire_name.end(),
                                   wire_name, [&](std::uint16_t index, std::string_view wanted) {
                                     return members[index].wire_name < wanted;
                                   });
  return at != sorted_by_wire_name.end() && members[*at].wire_name == wire_name ? &members[*at]
                                                                                : nullptr;
}

const Operation* ServiceModel::operation(std::string_view operation_name) const {
  const auto at = operation_index.find(operation_name);
  return at == operation_index.end() ? nullptr : &operations[at->second];
}

const Shape* ServiceModel::shape_named(std::string_view shape_name) const {
  const auto at = shape_index.find(shape_name);
  return at == shape_index.end() ? nullptr : &shapes[at->second];
}

const Shape* ServiceModel::error_shape(std::string_view code) const {
  const auto* by_name = shape_named(code);
  if (by_name && by_name->exception) return by_name;
  const auto at = error_code_index.find(code);
  return at == error_code_index.end() ? nullptr : &shapes[at->second];
}

bool ServiceModel::speaks(Protocol protocol) const {
  return std::find(protocols.begin(), protocols.end(), protocol) != protocols.end();
}

std::unique_ptr<ServiceModel> parse_model(std::string_view name, std::string_view text) {
  json::monotonic_resource memory;
  json::parse_options options;
  options.max_depth = 64;
  const auto document = json::parse(text, &memory, options);
  const auto& from = document.as_object();
  auto model = load_model(name, from, Names::of_the_model);
  if (const auto* metadata = object_of(from, "metadata");
      metadata && metadata->contains("queryForm"))
    model->query_form = load_model(name, from, Names::of_query);
  return model;
}

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::query:
      return "query";
    case Protocol::rest_xml:
      return "rest-xml";
    case Protocol::rest_json:
      return "rest-json";
    case Protocol::json_1_0:
      return "json-1.0";
    case Protocol::json_1_1:
      return "json-1.1";
    case Protocol::cbor:
      return "rpc-v2-cbor";
  }
  return "?";
}

}  // namespace sitelatch::aws
