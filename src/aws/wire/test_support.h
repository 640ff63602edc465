// SPDX-License-Identifier: Apache-2.0
// For the tests of the wire only: values from JSON by shape, comparison without order, shared
// files, XML in a normal form.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <pugixml.hpp>
#include <sstream>
#include <string>

#include "aws/wire/codec.h"
#include "aws/wire/wire.h"
#include "base/text.h"
#include "support/shared.h"

namespace sitelatch::aws::test {

inline std::optional<std::filesystem::path> shared(const std::string& inside) {
  auto path = shared_path(inside);
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// What the cases write as plain JSON, as the shape wants it: seconds become timestamps, "NaN" a
// number.
inline Value typed(const ServiceModel& model, const Member& place, const Value& plain) {
  if (plain.is_null()) return {};
  const auto& shape = model.shape(place.shape);
  switch (shape.kind) {
    case Kind::structure: {
      auto out = Value::structure();
      for (const auto& [name, inner] : plain.members())
        if (const auto* member = shape.member(name); member && !inner.is_null())
          out.set(name, typed(model, *member, inner));
      return out;
    }
    case Kind::list: {
      auto out = Value::list();
      for (const auto& item : plain.items()) out.push(typed(model, shape.element, item));
      return out;
    }
    case Kind::map: {
      auto out = Value::structure();
      for (const auto& [name, inner] : plain.members())
        out.set(name, typed(model, shape.element, inner));
      return out;
    }
    case Kind::timestamp:
      return plain.is_number() ? Value{codec::timestamp_of(plain.number())}
                               : Value{codec::read_timestamp(plain.string())};
    case Kind::floating:
      return plain.is_string() ? codec::read_scalar(model, place, plain.string())
                               : Value{plain.number()};
    case Kind::string:
      if (place.json_value && plain.is_string()) return codec::read_document(plain.string());
      return plain;
    default:
      return plain;
  }
}

// Equal but for the order of members, and with NaN equal to itself.
inline bool same(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number())
    return a.number() == b.number() || (std::isnan(a.number()) && std::isnan(b.number())) ||
           static_cast<float>(a.number()) == static_cast<float>(b.number());
  if (a.is_struct() && b.is_struct()) {
    if (a.members().size() != b.members().size()) return false;
    for (const auto& [name, inner] : a.members())
      if (!same(inner, b[name])) return false;
    return true;
  }
  if (a.is_list() && b.is_list()) {
    if (a.items().size() != b.items().size()) return false;
    for (std::size_t i = 0; i < a.items().size(); ++i)
      if (!same(a.items()[i], b.items()[i])) return false;
    return true;
  }
  return a == b;
}

inline std::string shown(const Value& value) {
  try {
    return to_json(value);
  } catch (...) {
    return "?";
  }
}

// Elements sorted by their own text, blanks dropped, numbers in one spelling: equal texts are equal
// documents.
inline std::string canonical(const pugi::xml_node& node) {
  std::string out = std::string{"<"} + node.name();
  std::map<std::string, std::string> attributes;
  for (const auto& a : node.attributes()) attributes[a.name()] = a.value();
  for (const auto& [name, value] : attributes) out += " " + name + "=" + value;
  out += ">";
  std::vector<std::string> children;
  std::string text;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_element)
      children.push_back(canonical(child));
    else
      text += child.value();
  }
  if (children.empty()) {
    const auto number = parse_double(trim(text));
    out += number ? std::to_string(*number) : std::string{trim(text)};
  }
  std::sort(children.begin(), children.end());
  for (const auto& child : children) out += child;
  return out + "</>";
}
inline std::string canonical_xml(const std::string& text) {
  pugi::xml_document document;
  if (!document.load_string(text.c_str())) return "not XML: " + text;
  return canonical(document.document_element());
}

}  // namespace sitelatch::aws::test
