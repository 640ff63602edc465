// SPDX-License-Identifier: Apache-2.0
// A request's XML held against the schema that the model implies, in the words of the validator
// that AWS runs (fact wire-32): the first fault in the document's order, and nothing of it is read.
// Members come in any order: botocore sends them as its caller gave them (fact wire-36).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "aws/wire/codec.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {

constexpr std::array<std::string_view, 1> services_with_a_schema{"route53"};
constexpr std::size_t shown_max = 4096;  // of a value in a message

struct Name {
  std::string_view prefix;
  std::string_view local;
};
Name name_of(const pugi::xml_node& node) {
  const std::string_view whole{node.name()};
  const auto colon = whole.find(':');
  if (colon == std::string_view::npos) return {{}, whole};
  return {whole.substr(0, colon), whole.substr(colon + 1)};
}
bool declares_namespace(std::string_view attribute) {
  return attribute == "xmlns" || attribute.substr(0, 6) == "xmlns:";
}
std::string_view namespace_of(const pugi::xml_node& node) {
  const auto prefix = name_of(node).prefix;
  const auto wanted = prefix.empty() ? std::string{"xmlns"} : "xmlns:" + std::string{prefix};
  for (auto at = node; at; at = at.parent())
    if (const auto declared = at.attribute(wanted.c_str())) return declared.value();
  return {};
}

// Cut between characters.
std::string shown(std::string_view value) {
  auto end = std::min(value.size(), shown_max);
  while (end < value.size() && end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80)
    --end;
  return std::string{value.substr(0, end)};
}

bool is_number(std::string_view text, bool whole) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (whole)
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return !text.empty() && text.find_first_not_of("0123456789.eE+-INFaN") == std::string_view::npos;
}

class Schema {
 public:
  Schema(const ServiceModel& model, std::string_view document)
      : model_(model), document_(document) {}

  void structure(const Shape& shape, const pugi::xml_node& node) {
    only_elements(shape, node);
    std::vector<bool> seen(shape.members.size());
    for (const auto& child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const auto* member = in_our_namespace(child) ? in_body(shape, name_of(child).local) : nullptr;
      const auto index =
          member ? static_cast<std::size_t>(member - shape.members.data()) : seen.size();
      if (!member || seen[index]) unexpected(child, names_left(shape, seen, false));
      seen[index] = true;
      element(*member, child);
    }
    if (const auto missing = names_left(shape, seen, true); !missing.empty())
      incomplete(node, names_left(shape, seen, false));
  }

 private:
  using Names = std::vector<std::string_view>;

  [[noreturn]] static void refuse(const std::string& what) {
    throw Malformed{"Invalid XML ; " + what};
  }
  // Of a simple value the validator says where it ended.
  [[noreturn]] void refuse_at(const pugi::xml_node& node, const std::string& what) const {
    const auto end = std::min(end_of(node), document_.size());
    const auto before = document_.substr(0, end);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n');
    const auto column = 1 + (start == std::string_view::npos ? end : end - start - 1);
    refuse(
        fmt::format("javax.xml.stream.XMLStreamException: org.xml.sax.SAXParseException; "
                    "lineNumber: {}; columnNumber: {}; {}",
                    line, column, what));
  }
  // Behind an element that holds text alone.
  std::size_t end_of(const pugi::xml_node& node) const {
    const auto start = static_cast<std::size_t>(std::max<std::ptrdiff_t>(node.offset_debug(), 0));
    const auto head = document_.find('>', start);
    if (head == std::string_view::npos) return document_.size();
    if (document_[head - 1] == '/') return head + 1;
    const auto tail = document_.find("</" + std::string{node.name()}, head);
    const auto end = tail == std::string_view::npos ? tail : document_.find('>', tail);
    return end == std::string_view::npos ? document_.size() : end + 1;
  }

  bool in_our_namespace(const pugi::xml_node& node) const {
    return namespace_of(node) == model_.xml_namespace;
  }
  static const Member* in_body(const Shape& shape, std::string_view wire_name) {
    const auto* member = shape.by_wire_name(wire_name);
    return member && member->location == Location::body && !member->xml_attribute ? member
                                                                                  : nullptr;
  }
  static Names names_left(const Shape& shape, const std::vector<bool>& seen, bool required) {
    Names out;
    for (std::size_t i = 0; i < shape.members.size(); ++i) {
      const auto& member = shape.members[i];
      if (seen[i] || member.location != Location::body || member.xml_attribute) continue;
      if (!required || member.required) out.push_back(member.wire_name);
    }
    return out;
  }

  // '{"https://route53.amazonaws.com/doc/2013-04-01/":Name, ...}'
  std::string one_of(const Names& names) const {
    std::string out;
    for (const auto& name : names)
      out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ", ", model_.xml_namespace, name);
    return fmt::format("One of '{{{}}}' is expected.", out);
  }
  [[noreturn]] void unexpected(const pugi::xml_node& node, const Names& expected) const {
    const auto what = fmt::format("Invalid content was found starting with element '{}'.",
                                  shown(name_of(node).local));
    if (expected.empty())
      refuse("cvc-complex-type.2.4.d: " + what + " No child element is expected at this point.");
    refuse("cvc-complex-type.2.4.a: " + what + " " + one_of(expected));
  }
  [[noreturn]] void incomplete(const pugi::xml_node& node, const Names& expected) const {
    refuse(fmt::format("cvc-complex-type.2.4.b: The content of element '{}' is not complete. {}",
                       name_of(node).local, one_of(expected)));
  }

  void only_elements(const Shape& shape, const pugi::xml_node& node) const {
    for (const auto& attribute : node.attributes()) {
      const std::string_view name{attribute.name()};
      const bool known = std::any_of(
          shape.members.begin(), shape.members.end(),
          [&](const Member& member) { return member.xml_attribute && member.wire_name == name; });
      if (!known) check_attribute(node, name);
    }
    for (const auto& child : node.children()) {
      const bool text = child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata;
      if (text && !trim(child.value()).empty())
        refuse(fmt::format(
            "cvc-complex-type.2.3: Element '{}' cannot have character [children], because the "
            "type's content type is element-only.",
            name_of(node).local));
    }
  }
  static void check_attribute(const pugi::xml_node& node, std::string_view name) {
    if (declares_namespace(name) || name.substr(0, 4) == "xml:" || name.substr(0, 4) == "xsi:")
      return;
    refuse(fmt::format(
        "cvc-complex-type.3.2.2: Attribute '{}' is not allowed to appear in element '{}'.",
        shown(name), name_of(node).local));
  }

  void element(const Member& place, const pugi::xml_node& node) {
    if (++depth_ > max_depth) throw Malformed{"The document is nested too deeply"};
    const auto& shape = model_.shape(place.shape);
    switch (shape.kind) {
      case Kind::structure:
        structure(shape, node);
        break;
      case Kind::list:
        list(shape, node);
        break;
      case Kind::map:
      case Kind::document:
        break;  // no request body of a service with a schema has one
      default:
        simple(shape, node);
    }
    --depth_;
  }

  void list(const Shape& shape, const pugi::xml_node& node) {
    only_elements(shape, node);
    double count = 0;
    for (const auto& child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const bool full = shape.max && count >= *shape.max;
      if (full || !in_our_namespace(child) || name_of(child).local != shape.element.wire_name)
        unexpected(child, full ? Names{} : Names{shape.element.wire_name});
      element(shape.element, child);
      ++count;
    }
    if (shape.min && count < *shape.min) incomplete(node, {shape.element.wire_name});
  }

  void simple(const Shape& shape, const pugi::xml_node& node) const {
    std::string text;
    for (const auto& attribute : node.attributes()) check_attribute(node, attribute.name());
    for (const auto& child : node.children()) {
      if (child.type() == pugi::node_element)
        refuse(
            fmt::format("cvc-type.3.1.2: Element '{}' is a simple type, so it must have no "
                        "element information item [children].",
                        name_of(node).local));
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
        text += child.value();
    }
    text = checked_text(std::move(text));
    switch (shape.kind) {
      case Kind::integer:
      case Kind::floating:
        return number(shape, node, trim(text));
      case Kind::boolean:
        if (const auto word = trim(text);
            word != "true" && word != "false" && word != "0" && word != "1")
          wrong_kind(node, text, "boolean");
        return;
      case Kind::string:
        return string(shape, node, text);
      default:
        return;  // its reader knows
    }
  }

  [[noreturn]] void wrong_kind(const pugi::xml_node& node, std::string_view text,
                               std::string_view kind) const {
    refuse_at(node, fmt::format("cvc-datatype-valid.1.2.1: '{}' is not a valid value for '{}'.",
                                shown(text), kind));
  }

  void number(const Shape& shape, const pugi::xml_node& node, std::string_view text) const {
    const bool whole = shape.kind == Kind::integer;
    if (!is_number(text, whole)) wrong_kind(node, text, whole ? "integer" : "double");
    const auto value = std::strtod(std::string{text}.c_str(), nullptr);
    const auto beyond = [&](std::string_view facet, double bound) {
      refuse_at(node, fmt::format("cvc-{0}-valid: Value '{1}' is not facet-valid with respect to "
                                  "{0} '{2:.0f}' for type '{3}'.",
                                  facet, shown(text), bound, shape.name));
    };
    if (shape.max && value > *shape.max) beyond("maxInclusive", *shape.max);
    if (shape.min && value < *shape.min) beyond("minInclusive", *shape.min);
  }

  void string(const Shape& shape, const pugi::xml_node& node, const std::string& text) const {
    const auto length = static_cast<double>(utf8_length(text));
    // A text far too long is refused for that; matching it would only cost time.
    const bool far_too_long = shape.max && length > shown_max && length > 4 * *shape.max;
    if (shape.pattern && !far_too_long && !shape.pattern->matches(text))
      refuse_at(node,
                fmt::format("cvc-pattern-valid: Value '{}' is not facet-valid with respect to "
                            "pattern '{}' for type '{}'.",
                            shown(text), shape.pattern->text(), shape.name));
    const auto beyond = [&](std::string_view facet, double bound) {
      refuse_at(node, fmt::format("cvc-{0}-valid: Value '{1}' with length = '{2:.0f}' is not "
                                  "facet-valid with respect to {0} '{3:.0f}' for type '{4}'.",
                                  facet, shown(text), length, bound, shape.name));
    };
    if (shape.max && length > *shape.max) beyond("maxLength", *shape.max);
    if (shape.min && length < *shape.min) beyond("minLength", *shape.min);
    const auto& allowed = shape.enumeration;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end())
      refuse(
          fmt::format("cvc-enumeration-valid: Value '{}' is not facet-valid with respect to "
                      "enumeration '[{}]'. It must be a value from the enumeration.",
                      shown(text), join(allowed, ", ")));
  }

  const ServiceModel& model_;
  const std::string_view document_;
  int depth_ = 0;
};

}  // namespace

bool has_schema(const ServiceModel& model) {
  return std::find(services_with_a_schema.begin(), services_with_a_schema.end(), model.name) !=
         services_with_a_schema.end();
}

void check_by_schema(const ServiceModel& model, const Operation& operation, const Shape& shape,
                     const pugi::xml_node& root, std::string_view document) {
  const auto name = name_of(root).local;
  if (name != operation.input_name)
    throw Malformed{fmt::format("{} is not valid, expected {}", shown(name), operation.input_name),
                    "MalformedInput"};
  if (namespace_of(root) != model.xml_namespace)
    throw Malformed{fmt::format(
        "Invalid XML ; cvc-elt.1: Cannot find the declaration of element '{}'.", shown(name))};
  Schema{model, document}.structure(shape, root);
}

}  // namespace sitelatch::aws::codec
