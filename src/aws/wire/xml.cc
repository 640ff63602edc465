// SPDX-License-Identifier: Apache-2.0
// XML bodies by shape: requests and answers of rest-xml, answers of query.
#include <fmt/format.h>

#include <pugixml.hpp>

#include "aws/wire/codec.h"
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
  return checked_text(std::move(text));
}

class XmlReader {
 public:
  XmlReader(const ServiceModel& model, Nulls nulls) : model_(model), nulls_(nulls) {}

  Value read(const Member& place, const pugi::xml_node& node, int depth) const {
    if (depth > max_depth) throw Malformed{"The document is nested too deeply"};
    const auto& shape = model_.shape(place.shape);
    switch (shape.kind) {
      case Kind::structure:
        return read_structure(shape, node, depth);
      case Kind::list: {
        Value::List items;
        for (const auto& child : node.children())
          if (child.type() == pugi::node_element)
            items.push_back(read(shape.element, child, depth + 1));
        return items;
      }
      case Kind::map: {
        auto out = Value::structure();
        for (const auto& child : node.children())
          if (child.type() == pugi::node_element) add_entry(shape, child, out, depth);
        drop_duplicates(out.members_mut());
        return out;
      }
      default:
        return read_scalar(model_, place, text_content(node));
    }
  }

 private:
  void add_entry(const Shape& map, const pugi::xml_node& entry, Value& into, int depth) const {
    std::optional<std::string> key;
    Value value;
    for (const auto& part : entry.children()) {
      if (part.type() != pugi::node_element) continue;
      const auto name = local_name(part.name());
      if (name == map.key.wire_name)
        key = text_content(part);
      else if (name == map.element.wire_name)
        value = read(map.element, part, depth + 1);
    }
    if (key && !value.is_null())
      into.members_mut().push_back({std::move(*key), std::move(value)});
    else if (nulls_ == Nulls::refused)
      throw Malformed{"A map entry without a key or without a value"};
  }

  // A member that repeats without a wrapper grows with each of its elements.
  void add_flattened(const Member& member, const pugi::xml_node& node, Value& structure,
                     int depth) const {
    const auto& shape = model_.shape(member.shape);
    if (!structure.has(member.name))
      structure.set(member.name, shape.kind == Kind::list ? Value::list() : Value::structure());
    auto& members = structure.members_mut();
    for (auto& [name, value] : members) {
      if (name != member.name) continue;
      if (shape.kind == Kind::list)
        value.push(read(shape.element, node, depth + 1));
      else
        add_entry(shape, node, value, depth);
    }
  }

  void read_attributes(const Shape& shape, const pugi::xml_node& node, Value& into) const {
    for (const auto& member : shape.members) {
      if (!member.xml_attribute) continue;
      auto attribute = node.attribute(member.wire_name.c_str());
      if (!attribute)
        for (const auto& candidate : node.attributes())
          if (local_name(candidate.name()) == local_name(member.wire_name.c_str()))
            attribute = candidate;
      if (attribute)
        into.set(member.name, read_scalar(model_, member, checked_text(attribute.value())));
    }
  }

  Value read_structure(const Shape& shape, const pugi::xml_node& node, int depth) const {
    auto out = Value::structure();
    read_attributes(shape, node, out);
    for (const auto& child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const auto* member = shape.by_wire_name(local_name(child.name()));
      if (!member) member = shape.by_wire_name(child.name());
      if (!member || member->xml_attribute) continue;
      const auto kind = model_.shape(member->shape).kind;
      if (member->flattened && (kind == Kind::list || kind == Kind::map))
        add_flattened(*member, child, out, depth);
      else
        out.set(member->name, read(*member, child, depth + 1));
    }
    return out;
  }

  const ServiceModel& model_;
  Nulls nulls_;
};

// At least as many as the nodes and attributes that a parser would make: every node but text starts
// with '<', text follows one, and an attribute has its '=' inside of markup.
std::size_t count_xml_nodes(std::string_view text) {
  std::size_t count = 1;
  bool markup = false;
  for (const char c : text) {
    if (c == '<') {
      markup = true;
      ++count;
    } else if (c == '>') {
      markup = false;
    } else if (c == '=' && markup) {
      ++count;
    }
  }
  return count;
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

std::string checked_text(std::string text) {
  if (!valid_utf8(text)) throw Malformed{"Invalid XML ; a reference to what is no character"};
  return text;
}

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

Value read_xml(const ServiceModel& model, const Member& place, const pugi::xml_node& node,
               const Reading& reading) {
  return XmlReader{model, reading.nulls}.read(place, node, 0);
}

void load_xml(pugi::xml_document& document, std::string_view text, const Reading& reading) {
  if (text.size() > reading.nodes_max && count_xml_nodes(text) > reading.nodes_max)
    too_many_nodes();
  if (!valid_utf8(text)) throw Malformed{"Invalid XML ; not UTF-8"};
  const auto result = document.load_buffer(
      text.data(), text.size(),
      (pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_doctype),
      pugi::encoding_utf8);
  if (!result) throw Malformed{fmt::format("Invalid XML ; {}", result.description())};
  for (const auto& child : document.children())
    if (child.type() == pugi::node_doctype) throw Malformed{"Invalid XML ; DOCTYPE is disallowed"};
  if (!document.document_element()) throw Malformed{"Invalid XML ; no element found"};
}

Value read_xml_text(const ServiceModel& model, const Member& place, std::string_view text,
                    const Reading& reading) {
  pugi::xml_document document;
  load_xml(document, text, reading);
  const auto root = document.document_element();
  if (reading.by_schema)
    check_by_schema(model, *reading.by_schema, model.shape(place.shape), root, text);
  return read_xml(model, place, root, reading);
}

}  // namespace sitelatch::aws::codec
