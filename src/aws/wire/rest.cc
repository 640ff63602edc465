// SPDX-License-Identifier: Apache-2.0
// HTTP bindings of the rest protocols, both directions: path labels, query parameters, headers,
// payloads.
#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/codec.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {

const std::string* find_pair(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs)
    if (key == name) return &value;
  return nullptr;
}

// Items of a header's list: commas separate, quotes hold commas, and an HTTP date has one comma of
// its own.
std::vector<std::string> list_items(std::string_view text, bool dates) {
  std::vector<std::string> items;
  std::string item;
  bool quoted = false, was_quoted = false;
  int commas = 0;
  const auto finish = [&] {
    items.emplace_back(was_quoted ? std::string_view{item} : trim(item));
    item.clear();
    was_quoted = false;
    commas = 0;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size())
      item += text[++i];
    else if (c == '"' && (quoted || trim(item).empty())) {
      if (!quoted) item.clear();
      quoted = !quoted;
      was_quoted = true;
    } else if (c == ',' && !quoted && !(dates && ++commas % 2 == 1))
      finish();
    else if (!(was_quoted && !quoted))
      item += c;
  }
  finish();
  return items;
}

std::string quoted_if_needed(const std::string& item) {
  if (item.find_first_of(",\"") == std::string::npos) return item;
  std::string out = "\"";
  for (const char c : item) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

void check_text(std::string_view text) {
  if (!valid_utf8(text)) throw Malformed{"Text that is not UTF-8"};
}

Value read_header(const ServiceModel& model, const Member& member, const std::string& text) {
  check_text(text);
  const auto& shape = model.shape(member.shape);
  if (member.json_value) {
    const auto json = unbase64(text);
    if (!json) throw Malformed{"Invalid base64 in a header"};
    return read_document(*json);
  }
  if (shape.kind != Kind::list) return read_scalar(model, member, text);
  const bool dates = model.shape(shape.element.shape).kind == Kind::timestamp &&
                     (shape.element.timestamp_format == TimestampFormat::by_protocol ||
                      shape.element.timestamp_format == TimestampFormat::http_date);
  Value::List items;
  if (trim(text).empty()) return items;
  for (const auto& item : list_items(text, dates))
    items.push_back(read_scalar(model, shape.element, item));
  return items;
}

std::string header_text(const ServiceModel& model, const Member& member, const Value& value) {
  std::string out;
  const auto& shape = model.shape(member.shape);
  if (member.json_value) return base64(value.is_string() ? value.string() : to_json(value));
  if (shape.kind != Kind::list) {
    write_scalar(out, model, member, value, TimestampFormat::http_date);
    return out;
  }
  const bool text = model.shape(shape.element.shape).kind == Kind::string;
  for (const auto& item : value.items()) {
    std::string one;
    write_scalar(one, model, shape.element, item, TimestampFormat::http_date);
    if (!out.empty()) out += ", ";
    out += text ? quoted_if_needed(one) : one;
  }
  return out;
}

Value read_query_member(const ServiceModel& model, const Member& member, const Pairs& query) {
  const auto& shape = model.shape(member.shape);
  if (shape.kind != Kind::list) {
    const auto* text = find_pair(query, member.wire_name);
    return text ? read_scalar(model, member, *text) : Value{};
  }
  Value items;
  for (const auto& [key, text] : query)
    if (key == member.wire_name) items.push(read_scalar(model, shape.element, text));
  return items;
}

// All parameters, those that have members of their own too.
Value read_query_map(const ServiceModel& model, const Member& member, const Pairs& query) {
  const auto& map = model.shape(member.shape);
  const bool lists = model.shape(map.element.shape).kind == Kind::list;
  auto out = Value::structure();
  for (const auto& [key, text] : query) {
    if (!lists) {
      out.members_mut().push_back({key, read_scalar(model, map.element, text)});
      continue;
    }
    auto items = out[key];
    items.push(read_scalar(model, model.shape(map.element.shape).element, text));
    out.set(key, std::move(items));
  }
  if (!lists && !out.members().empty()) drop_duplicates(out.members_mut());
  return out.members().empty() ? Value{} : out;
}

Value read_prefixed(const Member& member, const Headers& headers) {
  auto out = Value::structure();
  for (const auto& [name, value] : headers) {
    if (name.size() < member.wire_name.size()) continue;
    if (!equal_ignoring_case(std::string_view{name}.substr(0, member.wire_name.size()),
                             member.wire_name))
      continue;
    check_text(value);
    out.set(name.substr(member.wire_name.size()), value);
  }
  return out.members().empty() ? Value{} : out;
}

void append_query(std::string& target, std::string_view key, std::string_view value) {
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += percent_encode(key);
  target += '=';
  target += percent_encode(value);
}

void write_query_member(std::string& target, const ServiceModel& model, const Member& place,
                        std::string_view key, const Value& value) {
  const auto& shape = model.shape(place.shape);
  if (shape.kind == Kind::list) {
    for (const auto& item : value.items())
      write_query_member(target, model, shape.element, key, item);
    return;
  }
  std::string text;
  write_scalar(text, model, place, value, TimestampFormat::iso8601);
  append_query(target, key, text);
}

std::string root_element(const Shape& shape, const Member& payload) {
  if (payload.named && payload.wire_name != payload.name) return payload.wire_name;
  return shape.xml_name.empty() ? shape.name : shape.xml_name;
}

std::string write_payload(const ServiceModel& model, const Member& payload, Protocol protocol,
                          const Value& value, std::string* content_type) {
  const auto& shape = model.shape(payload.shape);
  std::string out;
  const bool empty_object =
      protocol == Protocol::rest_json && shape.kind == Kind::structure && !shape.union_type;
  if (value.is_null() && !empty_object) return out;
  if (shape.kind == Kind::blob || shape.kind == Kind::string) {
    *content_type = shape.kind == Kind::blob ? "application/octet-stream" : "text/plain";
    if (!payload.media_type.empty()) *content_type = payload.media_type;
    return value.string();
  }
  if (protocol == Protocol::rest_json) {
    *content_type = "application/json";
    write_json(out, model, payload, value);
    return out;
  }
  *content_type = "application/xml";
  write_xml(out, root_element(shape, payload), model, payload, value);
  return out;
}

}  // namespace

bool has_body_members(const Shape& shape) {
  return std::any_of(shape.members.begin(), shape.members.end(),
                     [](const Member& m) { return m.location == Location::body; });
}

void read_bindings(Value& into, const ServiceModel& model, const Shape& shape,
                   const RestParts& parts) {
  for (const auto& member : shape.members) {
    Value value;
    switch (member.location) {
      case Location::body:
      case Location::status_code:
        continue;
      case Location::label: {
        const auto* text = find_pair(parts.labels, member.wire_name);
        if (!text) continue;
        check_text(*text);
        value = read_scalar(model, member, *text);
        break;
      }
      case Location::query:
        value = read_query_member(model, member, parts.query);
        break;
      case Location::query_map:
        value = read_query_map(model, member, parts.query);
        break;
      case Location::header: {
        const auto* text = parts.headers->find(member.wire_name);
        if (text) value = read_header(model, member, *text);
        break;
      }
      case Location::header_prefix:
        value = read_prefixed(member, *parts.headers);
        break;
    }
    if (!value.is_null()) into.set(member.name, std::move(value));
  }
}

void write_headers(Headers& into, const ServiceModel& model, const Shape& shape,
                   const Value& value) {
  for (const auto& member : shape.members) {
    const auto& inner = value[member.name];
    if (inner.is_null()) continue;
    if (member.location == Location::header) {
      into.set(member.wire_name, header_text(model, member, inner));
    } else if (member.location == Location::header_prefix) {
      for (const auto& [name, text] : inner.members())
        into.set(member.wire_name + name, text.string());
    }
  }
}

std::string write_target(const ServiceModel& model, const Operation& operation,
                         const Value& value) {
  const Shape* shape = operation.input == no_shape ? nullptr : &model.shape(operation.input);
  std::string target;
  for (const auto& segment : operation.path) {
    target += '/';
    if (!segment.label) {
      target += segment.text;
      continue;
    }
    if (!shape) continue;  // an operation that is only known by name
    for (const auto& member : shape->members) {
      if (member.location != Location::label || member.wire_name != segment.text) continue;
      std::string text;
      write_scalar(text, model, member, value[member.name], TimestampFormat::iso8601);
      target += percent_encode(text, segment.greedy ? Slash::keep : Slash::encode);
    }
  }
  for (const auto& [key, text] : operation.constant_query) {
    if (!text.empty())
      append_query(target, key, text);
    else
      target += (target.find('?') == std::string::npos ? "?" : "&") + key;
  }
  if (!shape) return target;
  for (const auto& member : shape->members)
    if (member.location == Location::query && value.has(member.name))
      write_query_member(target, model, member, member.wire_name, value[member.name]);
  for (const auto& member : shape->members) {
    if (member.location != Location::query_map) continue;
    const auto& map = model.shape(member.shape);
    for (const auto& entry : value[member.name].members()) {
      const bool taken =
          std::any_of(shape->members.begin(), shape->members.end(), [&](const Member& m) {
            return m.location == Location::query && m.wire_name == entry.name && value.has(m.name);
          });
      if (!taken) write_query_member(target, model, map.element, entry.name, entry.value);
    }
  }
  return target;
}

void read_rest_body(Value& into, const ServiceModel& model, const Shape& shape, Protocol protocol,
                    std::string_view body, const Reading& reading) {
  const auto read = [&](const Member& place) {
    return protocol == Protocol::rest_json ? read_json(model, place, body, reading)
                                           : read_xml_text(model, place, body, reading);
  };
  if (body.empty()) return;
  if (!shape.payload.empty()) {
    const auto* payload = shape.member(shape.payload);
    const auto kind = model.shape(payload->shape).kind;
    if (kind == Kind::string) check_text(body);
    auto value = kind == Kind::blob || kind == Kind::string ? Value{body} : read(*payload);
    if (!value.is_null()) into.set(payload->name, std::move(value));
    return;
  }
  if (!has_body_members(shape)) return;
  Member root;
  root.shape = static_cast<ShapeId>(&shape - model.shapes.data());
  auto value = read(root);
  if (value.is_null()) return;
  for (auto& member : value.members_mut()) into.set(member.name, std::move(member.value));
}

std::string write_rest_body(const ServiceModel& model, const Shape& shape, Protocol protocol,
                            std::string_view root_name, const std::string& root_namespace,
                            const Value& value, std::string* content_type) {
  if (!shape.payload.empty())
    return write_payload(model, *shape.member(shape.payload), protocol, value[shape.payload],
                         content_type);
  std::string out;
  if (!has_body_members(shape) && !shape.members.empty()) return out;
  Member root;
  root.shape = static_cast<ShapeId>(&shape - model.shapes.data());
  if (protocol == Protocol::rest_json) {
    *content_type = "application/json";
    write_json(out, model, root, value);
    return out;
  }
  *content_type = "application/xml";
  root.xml_namespace = root_namespace.empty() ? shape.xml_namespace : root_namespace;
  root.xml_prefix = root_namespace.empty() ? shape.xml_prefix : "";
  write_xml(out, root_name, model, root, value);
  return out;
}

}  // namespace sitelatch::aws::codec
