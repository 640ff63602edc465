// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/text.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/type.h"

namespace sitelatch::dns {
namespace {

// Takes rdata apart from the front; short data makes it broken and everything after it empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool broken() const { return broken_; }
  bool ended() const { return rest_.empty(); }

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      broken_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string name() {
    const auto size = name_size(rest_);
    if (!size) broken_ = true;
    return size ? name_to_text(take(*size)) : "";
  }
  std::string_view character_string() { return take(number(1)); }
  std::string_view rest() { return take(rest_.size()); }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

std::string address(int family, Reader& reader) {
  char text[INET6_ADDRSTRLEN] = "";
  const std::string bytes(reader.take(family == AF_INET ? 4 : 16));
  if (reader.broken()) return "";
  inet_ntop(family, bytes.data(), text, sizeof text);
  return text;
}

// The fields in order: a digit is a number of so many bytes, n a name, s a quoted string, S the
// same to the end, w a bare word, q quoted rest, x hexadecimal rest, p service parameters, i and I
// IPv4 and IPv6 addresses.
std::string_view layout(std::uint16_t record_type) {
  switch (record_type) {
    case type::a:
      return "i";
    case type::aaaa:
      return "I";
    case type::ns:
    case type::cname:
    case type::ptr:
      return "n";
    case type::mx:
      return "2n";
    case type::txt:
    case type::spf:
      return "S";
    case type::srv:
      return "222n";
    case type::soa:
      return "nn44444";
    case type::naptr:
      return "22sssn";
    case type::caa:
      return "1wq";
    case type::ds:
      return "211x";
    case type::tlsa:
      return "111x";
    case type::sshfp:
      return "11x";
    case type::svcb:
    case type::https:
      return "2np";
    default:
      return "";
  }
}

std::string field(char kind, Reader& reader) {
  switch (kind) {
    case 'i':
      return address(AF_INET, reader);
    case 'I':
      return address(AF_INET6, reader);
    case 'n':
      return reader.name();
    case 's':
      return quoted(reader.character_string());
    case 'S': {
      std::string all = quoted(reader.character_string());
      while (!reader.ended() && !reader.broken()) all += " " + quoted(reader.character_string());
      return all;
    }
    case 'w':
      return std::string(reader.character_string());
    case 'q':
      return quoted(reader.rest());
    case 'x':
      return upper(hex(reader.rest()));
    case 'p':
      return service_parameters_to_text(reader.rest());
    default:
      return std::to_string(reader.number(static_cast<std::size_t>(kind - '0')));
  }
}

}  // namespace

std::string quoted(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < ' ' || byte >= 0x7f) {
      text += fmt::format("\\{:03o}", byte);
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string rdata_to_text(std::uint16_t record_type, std::string_view rdata) {
  Reader reader(rdata);
  std::string text;
  for (const char kind : layout(record_type)) {
    const std::string word = field(kind, reader);
    if (!text.empty() && !word.empty()) text += ' ';
    text += word;
  }
  if (reader.broken() || !reader.ended())
    return fmt::format("\\# {} {}", rdata.size(), upper(hex(rdata)));
  return text;
}

}  // namespace sitelatch::dns
