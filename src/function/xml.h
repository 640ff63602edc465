// SPDX-License-Identifier: Apache-2.0
// XML as AWS answers it: elements and text, read into a tree of views' copies. Bounded depth and
// count, nothing throws; namespaces, attributes, comments and processing instructions are skipped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::function {

struct Xml {
  std::string name;  // without prefix
  std::string text;  // of the element itself, unescaped, as it stands
  std::vector<Xml> children;

  // The first child of that name; an empty element where there is none.
  const Xml& operator[](std::string_view child) const;
  const Xml* find(std::string_view child) const;
  // The first element of that name, at any depth, or nullptr.
  const Xml* anywhere(std::string_view name) const;
};
std::optional<Xml> parse_xml(std::string_view text);  // the root
std::string xml_text(std::string_view text);          // escaped for an element

}  // namespace sitelatch::function
