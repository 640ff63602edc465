// SPDX-License-Identifier: Apache-2.0
// Query parameters by shape: "Tags.member.1.Key=a". Pairs are gathered into a tree of name parts
// first, so that order and gaps in the indices do not matter.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "aws/wire/codec.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {

struct Node {
  std::map<std::string, Node, std::less<>> children;
  const std::string* text = nullptr;

  const Node* child(std::string_view name) const {
    const auto at = children.find(name);
    return at == children.end() ? nullptr : &at->second;
  }
};

Node tree_of(const Pairs& pairs, std::size_t nodes_max) {
  Node root;
  std::size_t nodes = 0;
  for (const auto& [key, value] : pairs) {
    Node* node = &root;
    int depth = 0;
    for (const auto part : split(key, '.')) {
      if (++depth > 2 * max_depth) throw Malformed{"Parameter names are nested too deeply"};
      const auto at = node->children.find(part);
      if (at == node->children.end() && ++nodes > nodes_max) too_many_nodes();
      node = at == node->children.end() ? &node->children[std::string{part}] : &at->second;
    }
    node->text = &value;
  }
  return root;
}

// The children that are numbered, in the order of their numbers.
std::vector<const Node*> numbered(const Node& node) {
  std::vector<std::pair<std::int64_t, const Node*>> found;
  for (const auto& [name, child] : node.children)
    if (const auto index = parse_int(name)) found.emplace_back(*index, &child);
  std::sort(found.begin(), found.end());
  std::vector<const Node*> out;
  for (const auto& [index, child] : found) out.push_back(child);
  return out;
}

Value from(const ServiceModel& model, const Member& place, const Node& node);

Value list_of(const ServiceModel& model, const Member& place, const Shape& shape,
              const Node& node) {
  const Node* items = &node;
  if (!place.flattened) {
    items = node.child(shape.element.wire_name);
    if (!items) items = node.child("member");
  }
  if (node.text && !node.text->empty()) throw Malformed{"Unexpected list element termination"};
  Value::List out;
  if (!items) return out;
  if (items->text && !items->text->empty()) throw Malformed{"Unexpected list element termination"};
  for (const auto* item : numbered(*items)) out.push_back(from(model, shape.element, *item));
  return out;
}

Value map_of(const ServiceModel& model, const Member& place, const Shape& shape, const Node& node) {
  const auto* entries = place.flattened ? &node : node.child("entry");
  if (node.text && !node.text->empty()) throw Malformed{"Unexpected map element termination"};
  auto out = Value::structure();
  if (!entries) return out;
  for (const auto* entry : numbered(*entries)) {
    const auto* key = entry->child(shape.key.wire_name);
    const auto* value = entry->child(shape.element.wire_name);
    if (!key || !key->text || !value)
      throw Malformed{"A map entry without a key or without a value"};
    out.members_mut().push_back({*key->text, from(model, shape.element, *value)});
  }
  drop_duplicates(out.members_mut());
  return out;
}

Value structure_of(const ServiceModel& model, const Shape& shape, const Node& node) {
  if (node.text && !node.text->empty()) throw Malformed{"Unexpected complex element termination"};
  auto out = Value::structure();
  for (const auto& [name, child] : node.children) {
    const auto* member = shape.by_wire_name(name);
    if (member) out.set(member->name, from(model, *member, child));
  }
  return out;
}

Value from(const ServiceModel& model, const Member& place, const Node& node) {
  const auto& shape = model.shape(place.shape);
  switch (shape.kind) {
    case Kind::structure:
      return structure_of(model, shape, node);
    case Kind::list:
      return list_of(model, place, shape, node);
    case Kind::map:
      return map_of(model, place, shape, node);
    default:
      if (!node.text) throw Malformed{"Start of structure or map found where not expected."};
      return read_scalar(model, place, *node.text);
  }
}

void write(Pairs& out, const std::string& prefix, const ServiceModel& model, const Member& place,
           const Value& value) {
  const auto& shape = model.shape(place.shape);
  switch (shape.kind) {
    case Kind::structure:
      for (const auto& member : shape.members) {
        const auto& inner = value[member.name];
        if (!inner.is_null())
          write(out, prefix.empty() ? member.wire_name : prefix + "." + member.wire_name, model,
                member, inner);
      }
      return;
    case Kind::list: {
      if (value.items().empty()) return out.emplace_back(prefix, ""), void();
      const auto base = place.flattened ? prefix : prefix + "." + shape.element.wire_name;
      int index = 0;
      for (const auto& item : value.items())
        write(out, fmt::format("{}.{}", base, ++index), model, shape.element, item);
      return;
    }
    case Kind::map: {
      const auto base = place.flattened ? prefix : prefix + ".entry";
      int index = 0;
      for (const auto& [key, inner] : value.members()) {
        const auto entry = fmt::format("{}.{}.", base, ++index);
        write(out, entry + shape.key.wire_name, model, shape.key, Value{key});
        write(out, entry + shape.element.wire_name, model, shape.element, inner);
      }
      return;
    }
    default: {
      std::string text;
      write_scalar(text, model, place, value, TimestampFormat::iso8601);
      out.emplace_back(prefix, std::move(text));
    }
  }
}

}  // namespace

Pairs read_form(std::string_view text) {
  Pairs pairs;
  if (text.empty()) return pairs;
  if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '&')) >= form_pairs_max)
    too_many_nodes();
  for (const auto pair : split(text, '&')) {
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto key = percent_decode(pair.substr(0, equals), Plus::is_space);
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), Plus::is_space);
    if (!key || !value || !valid_utf8(*key) || !valid_utf8(*value))
      throw Malformed{"The query string is malformed", "MalformedQueryString"};
    pairs.emplace_back(std::move(*key), std::move(*value));
  }
  return pairs;
}

Value read_query(const ServiceModel& model, ShapeId id, const Pairs& pairs,
                 const Reading& reading) {
  const auto root = tree_of(pairs, reading.nodes_max);
  return structure_of(model, model.shape(id), root);
}

void write_query(Pairs& out, const ServiceModel& model, ShapeId id, const Value& value) {
  Member root;
  root.shape = id;
  write(out, "", model, root, value);
}

}  // namespace sitelatch::aws::codec
