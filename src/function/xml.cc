// SPDX-License-Identifier: Apache-2.0
#include "function/xml.h"

#include "base/text.h"

namespace sitelatch::function {
namespace {
constexpr int deepest = 64;
constexpr int most_elements = 100'000;

std::string without_prefix(std::string_view name) {
  const auto colon = name.find(':');
  return std::string{colon == name.npos ? name : name.substr(colon + 1)};
}

// "&amp;" and friends, "&#10;", "&#xA;"; what is none of them stays.
std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto ampersand = text.find('&');
    out += text.substr(0, ampersand);
    if (ampersand == text.npos) break;
    text.remove_prefix(ampersand);
    const auto end = text.find(';');
    // Without an end (npos), or with one too far away, it is none.
    const auto entity = end > 12 ? std::string_view{} : text.substr(1, end - 1);
    std::optional<unsigned> code;
    if (entity == "amp") code = '&';
    if (entity == "lt") code = '<';
    if (entity == "gt") code = '>';
    if (entity == "quot") code = '"';
    if (entity == "apos") code = '\'';
    if (entity.starts_with('#')) {
      unsigned value = 0;
      const bool hexadecimal = entity.starts_with("#x");
      bool valid = entity.size() > (hexadecimal ? 2U : 1U);
      for (const char c : entity.substr(hexadecimal ? 2 : 1)) {
        const char small = static_cast<char>(c | 0x20);
        const bool digit = c >= '0' && c <= '9';
        if (!digit && !(hexadecimal && small >= 'a' && small <= 'f')) valid = false;
        if (valid && value < 0x110000)
          value = value * (hexadecimal ? 16 : 10) +
                  static_cast<unsigned>(digit ? c - '0' : small - 'a' + 10);
      }
      if (valid) code = value;
    }
    if (code) {
      append_utf8(out, *code);
      text.remove_prefix(end + 1);
    } else {
      out += '&';
      text.remove_prefix(1);
    }
  }
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Xml> read() {
    if (!skip_to_element()) return std::nullopt;
    Xml root;
    if (!read_element(root, 0)) return std::nullopt;
    return root;
  }

 private:
  bool skip_past(std::string_view end) {
    const auto found = text_.find(end, at_);
    if (found == text_.npos) return false;
    at_ = found + end.size();
    return true;
  }
  bool here(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  bool skip_to_element() {
    for (;;) {
      at_ = text_.find('<', at_);
      if (at_ == text_.npos) return false;
      if (here("<?")) {
        if (!skip_past("?>")) return false;
      } else if (here("<!--")) {
        if (!skip_past("-->")) return false;
      } else if (here("<!")) {
        if (!skip_past(">")) return false;
      } else {
        return true;
      }
    }
  }

  // At '<' of a start tag.
  bool read_element(Xml& element, int depth) {
    if (depth > deepest || ++elements_ > most_elements) return false;
    const auto start = at_ + 1;
    const auto name_end = text_.find_first_of(" \t\r\n/>", start);
    if (name_end == text_.npos || name_end == start) return false;
    const auto name = text_.substr(start, name_end - start);
    element.name = without_prefix(name);
    at_ = name_end;
    bool empty = false;
    if (!skip_attributes(empty)) return false;
    return empty || read_content(element, name, depth);
  }

  bool skip_attributes(bool& empty) {
    char quote = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quote) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        empty = text_[at_ - 1] == '/';
        ++at_;
        return true;
      }
    }
    return false;
  }

  bool read_content(Xml& element, std::string_view name, int depth) {
    for (;;) {
      const auto open = text_.find('<', at_);
      if (open == text_.npos) return false;
      element.text += unescaped(text_.substr(at_, open - at_));
      at_ = open;
      if (here("</")) {
        const auto end = text_.find('>', at_);
        if (end == text_.npos || trim(text_.substr(at_ + 2, end - at_ - 2)) != name) return false;
        at_ = end + 1;
        return true;
      }
      if (here("<![CDATA[")) {
        const auto end = text_.find("]]>", at_);
        if (end == text_.npos) return false;
        element.text += text_.substr(at_ + 9, end - at_ - 9);
        at_ = end + 3;
      } else if (here("<!--")) {
        if (!skip_past("-->")) return false;
      } else if (here("<?")) {
        if (!skip_past("?>")) return false;
      } else {
        Xml child;
        if (!read_element(child, depth + 1)) return false;
        element.children.push_back(std::move(child));
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int elements_ = 0;
};
}  // namespace

const Xml* Xml::find(std::string_view child) const {
  for (const auto& one : children)
    if (one.name == child) return &one;
  return nullptr;
}

const Xml& Xml::operator[](std::string_view child) const {
  static const Xml none;
  const auto* found = find(child);
  return found ? *found : none;
}

const Xml* Xml::anywhere(std::string_view wanted) const {
  if (name == wanted) return this;
  for (const auto& child : children)
    if (const auto* found = child.anywhere(wanted)) return found;
  return nullptr;
}

std::optional<Xml> parse_xml(std::string_view text) { return Reader{text}.read(); }

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

}  // namespace sitelatch::function
