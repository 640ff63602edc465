// SPDX-License-Identifier: Apache-2.0
#include "dns/name.h"

#include <doctest/doctest.h>

using namespace sitelatch::dns;

namespace {
std::string wire(const char* text) { return name_from_text(text).value(); }
}  // namespace

TEST_CASE("names go to wire form in lower case and back to Route 53's text") {
  CHECK(wire("WWW.Example.com") == std::string("\3www\7example\3com\0", 17));
  CHECK(wire("www.example.com.") == wire("www.example.com"));
  CHECK(wire(".") == std::string(1, '\0'));
  CHECK(name_to_text(wire("www.example.com")) == "www.example.com.");
  CHECK(name_to_text(wire(".")) == ".");
  CHECK(name_from_text("WwW", Case::keep).value() == std::string("\3WwW\0", 5));
}

TEST_CASE(
    "escapes are octal, the asterisk is \\052, an escaped dot does not part labels (facts dns-1, "
    "dns-2)") {
  CHECK(wire("\\052.example.com") == wire("*.example.com"));
  CHECK(name_to_text(wire("*.example.com")) == "\\052.example.com.");
  CHECK(wire("a\\056b") == std::string("\3a.b\0", 5));
  CHECK(wire("a\\.b") == wire("a\\056b"));
  CHECK(name_to_text(wire("a\\.b/c")) == "a\\056b\\057c.");
  CHECK(wire("\\101") == wire("a"));
  CHECK(wire("\\000\\377") == std::string("\2\0\377\0", 4));
  for (const char* bad : {"\\", "\\1", "\\12", "\\189", "\\400", "a\\"})
    CHECK_FALSE(name_from_text(bad));
}

TEST_CASE("limits of labels and names") {
  const std::string label(63, 'a');
  CHECK(name_from_text(label));
  CHECK(name_from_text(label + "a").error().text.find("DomainLabelTooLong") == 0);
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  CHECK(wire(longest.c_str()).size() == 255);
  CHECK(name_from_text(longest + "b").error().text.find("DomainNameTooLong") == 0);
  for (const char* bad : {"", "..", ".a", "a..b"}) CHECK_FALSE(name_from_text(bad));
  CHECK(name_from_text("a b").error().text ==
        "UnsupportedCharacter (Value contains unsupported characters) encountered with ' '");
  // The label or the character that is at fault is named, an empty label by its name.
  CHECK(name_from_text("x." + label + "a.example.com").error().text ==
        "DomainLabelTooLong (Domain label is too long) encountered with '" + label + "a'");
  CHECK(name_from_text("a\\." + label + ".example").error().text.ends_with("'a\\." + label + "'"));
  CHECK(name_from_text("a..b").error().text ==
        "DomainLabelEmpty (Domain label is empty) encountered with 'a..b'");
  CHECK(name_from_text("b\xc3\xbc.example").error().text.ends_with("with '\xc3\xbc'"));
  CHECK(name_from_text("b\xc3").error().text.ends_with("with '\xc3'"));
  CHECK_FALSE(
      name_from_text("b\xc3\xbc"
                     "cher.example"));
  CHECK_FALSE(name_from_text(std::string("a\0b", 3)));
}

TEST_CASE("every byte survives text and back") {
  for (int byte = 0; byte < 256; ++byte) {
    const auto lowered = static_cast<char>(lower_byte(static_cast<std::uint8_t>(byte)));
    const std::string name = {2, 'x', lowered, 0};
    CHECK(wire(name_to_text(name).c_str()) == name);
  }
}

TEST_CASE("where names end, and which lie below which") {
  CHECK(name_size(std::string("\1a\0rest", 7)) == 3);
  CHECK_FALSE(name_size(std::string("\1a", 2)));
  CHECK_FALSE(name_size(std::string("\300\14", 2)));
  CHECK_FALSE(name_size(std::string(300, '\1')));
  CHECK(is_within(wire("a.example.com"), wire("example.com")));
  CHECK(is_within(wire("example.com"), wire("example.com")));
  CHECK_FALSE(is_within(wire("aexample.com"), wire("example.com")));
  CHECK_FALSE(is_within(wire("com"), wire("example.com")));
  CHECK(is_within(wire("com"), wire(".")));
  CHECK(label_count(wire("a.b.c")) == 3);
  CHECK(label_count(wire(".")) == 0);
}
