// SPDX-License-Identifier: Apache-2.0
// XML bodies by shape: requests and answers of rest-xml, answers of query.
#include <fmt/format.h>

#include <pugixml.hpp>

#include "aws/codec.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {

std::string_view local_name(const char* qualified) {
  const std::string_view name{qualified};
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string text_content(const pugi::xml_node& node) {
  std::string text;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
    if (child.type() == pugi::node_element)
      throw Malformed{
          fmt::format("Unexpected element <{}>", std::string_view{child.name()}.substr(0, 64))};
  }
  return text;
}

Value from(const ServiceModel& model, const Member& place, const pugi::xml_node& node, int depth);

void add_entry(const ServiceModel& model, const Shape& map, const pugi::xml_node& entry,
               Value& into, int depth) {
  std::string key;
  Value value;
  for (const auto& part : entry.children()) {
    if (part.type() != pugi::node_element) continue;
    const auto name = local_name(part.name());
    if (name == map.key.wire_name)
      key = text_content(part);
    else if (name == map.element.wire_name)
      value = from(model, map.element, part, depth + 1);
  }
  into.members_mut().push_back({std::move(key), std::move(value)});
}

// A member that repeats without a wrapper grows with each of its elements.
void add_flattened(const ServiceModel& model, const Member& member, const pugi::xml_node& node,
                   Value& structure, int depth) {
  const auto& shape = model.shape(member.shape);
  if (!structure.has(member.name))
    structure.set(member.name, shape.kind == Kind::list ? Value::list() : Value::structure());
  auto& members = structure.members_mut();
  for (auto& [name, value] : members) {
    if (name != member.name) continue;
    if (shape.kind == Kind::list)
      value.push(from(model, shape.element, node, depth + 1));
    else
      add_entry(model, shape, node, value, depth);
  }
}

Value structure_of(const ServiceModel& model, const Shape& shape, const pugi::xml_node& node,
                   int depth) {
  auto out = Value::structure();
  for (const auto& member : shape.members) {
    if (!member.xml_attribute) continue;
    auto attribute = node.attribute(member.wire_name.c_str());
    if (!attribute)
      for (const auto& candidate : node.attributes())
        if (local_name(candidate.name()) == local_name(member.wire_name.c_str()))
          attribute = candidate;
    if (attribute) out.set(member.name, read_scalar(model, member, attribute.value()));
  }
  for (const auto& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const auto* member = shape.by_wire_name(local_name(child.name()));
    if (!member) member = shape.by_wire_name(child.name());
    if (!member || member->xml_attribute) continue;
    const auto kind = model.shape(member->shape).kind;
    if (member->flattened && (kind == Kind::list || kind == Kind::map))
      add_flattened(model, *member, child, out, depth);
    else
      out.set(member->name, from(model, *member, child, depth + 1));
  }
  return out;
}

Value from(const ServiceModel& model, const Member& place, const pugi::xml_node& node, int depth) {
  if (depth > max_depth) throw Malformed{"The document is nested too deeply"};
  const auto& shape = model.shape(place.shape);
  switch (shape.kind) {
    case Kind::structure:
      return structure_of(model, shape, node, depth);
    case Kind::list: {
      Value::List items;
      for (const auto& child : node.children())
        if (child.type() == pugi::node_element)
          items.push_back(from(model, shape.element, child, depth + 1));
      return items;
    }
    case Kind::map: {
      auto out = Value::structure();
      for (const auto& child : node.children())
        if (child.type() == pugi::node_element) add_entry(model, shape, child, out, depth);
      drop_duplicates(out.members_mut());
      return out;
    }
    default:
      return read_scalar(model, place, text_content(node));
  }
}

void open_element(std::string& out, std::string_view name, const std::string& uri,
                  const std::string& prefix) {
  out += '<';
  out += name;
  if (uri.empty()) return;
  out += prefix.empty() ? " xmlns" : " xmlns:" + prefix;
  out += "=\"";
  write_xml_attribute(out, uri);
  out += '"';
}

void close_element(std::string& out, std::string_view name) {
  out += "</";
  out += name;
  out += '>';
}

void write_entry(std::string& out, std::string_view name, const ServiceModel& model,
                 const Member& place, const Shape& map, const Value::Member& entry) {
  const bool flat = place.flattened;  // the entry then stands for the map's own element
  open_element(out, name, flat ? place.xml_namespace : std::string{}, place.xml_prefix);
  out += '>';
  write_xml(out, map.key.wire_name, model, map.key, Value{entry.name});
  write_xml(out, map.element.wire_name, model, map.element, entry.value);
  close_element(out, name);
}

void write_flattened(std::string& out, const ServiceModel& model, const Member& member,
                     const Value& value) {
  const auto& shape = model.shape(member.shape);
  if (shape.kind == Kind::list)
    for (const auto& item : value.items())
      write_xml(out, member.wire_name, model, shape.element, item);
  else
    for (const auto& entry : value.members())
      write_entry(out, member.wire_name, model, member, shape, entry);
}

}  // namespace

void write_xml_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':
        out += "&#xD;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
          out += fmt::format("&#x{:X};", static_cast<int>(c));
        else
          out += c;
    }
  }
}

void write_xml_attribute(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"')
      out += "&quot;";
    else if (c == '\n')
      out += "&#xA;";
    else
      write_xml_text(out, {&c, 1});
  }
}

void write_xml_members(std::string& out, const ServiceModel& model, const Shape& shape,
                       const Value& value) {
  for (const auto& member : shape.members) {
    if (member.location != Location::body || member.xml_attribute) continue;
    const auto& inner = value[member.name];
    if (inner.is_null()) continue;
    const auto kind = model.shape(member.shape).kind;
    if (member.flattened && (kind == Kind::list || kind == Kind::map))
      write_flattened(out, model, member, inner);
    else
      write_xml(out, member.wire_name, model, member, inner);
  }
}

void write_xml(std::string& out, std::string_view name, const ServiceModel& model,
               const Member& place, const Value& value) {
  const auto& shape = model.shape(place.shape);
  open_element(out, name, place.xml_namespace, place.xml_prefix);
  if (shape.kind == Kind::structure)
    for (const auto& member : shape.members) {
      if (!member.xml_attribute || value[member.name].is_null()) continue;
      std::string text;
      write_scalar(text, model, member, value[member.name], TimestampFormat::iso8601);
      out += ' ';
      out += member.wire_name;
      out += "=\"";
      write_xml_attribute(out, text);
      out += '"';
    }
  out += '>';
  switch (shape.kind) {
    case Kind::structure:
      write_xml_members(out, model, shape, value);
      break;
    case Kind::list:
      for (const auto& item : value.items())
        write_xml(out, shape.element.wire_name, model, shape.element, item);
      break;
    case Kind::map:
      for (const auto& entry : value.members())
        write_entry(out, "entry", model, place, shape, entry);
      break;
    default: {
      std::string text;
      write_scalar(text, model, place, value, TimestampFormat::iso8601);
      write_xml_text(out, text);
    }
  }
  close_element(out, name);
}

Value read_xml(const ServiceModel& model, const Member& place, const pugi::xml_node& node) {
  return from(model, place, node, 0);
}

Value read_xml_text(const ServiceModel& model, const Member& place, std::string_view text) {
  if (!valid_utf8(text)) throw Malformed{"Invalid XML ; not UTF-8"};
  pugi::xml_document document;
  const auto result = document.load_buffer(
      text.data(), text.size(),
      (pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_doctype),
      pugi::encoding_utf8);
  if (!result) throw Malformed{fmt::format("Invalid XML ; {}", result.description())};
  for (const auto& child : document.children())
    if (child.type() == pugi::node_doctype) throw Malformed{"Invalid XML ; DOCTYPE is disallowed"};
  const auto root = document.document_element();
  if (!root) throw Malformed{"Invalid XML ; no element found"};
  return read_xml(model, place, root);
}

}  // namespace sitelatch::aws::codec
