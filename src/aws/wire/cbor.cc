// SPDX-License-Identifier: Apache-2.0
// CBOR (RFC 8949) bodies by shape, in the subset and with the rules of Smithy's RPC v2: timestamps
// are tag 1, any width of float or integer is accepted for a number, definite and indefinite
// lengths are read, definite ones written.
#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "aws/wire/codec.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {

constexpr unsigned major_positive = 0, major_negative = 1, major_bytes = 2, major_text = 3,
                   major_array = 4, major_map = 5, major_tag = 6, major_simple = 7;

double half_to_double(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 10) & 0x1f;
  const int mantissa = static_cast<int>(bits & 0x3ff);
  double number = 0;
  if (exponent == 0)
    number = std::ldexp(mantissa, -24);
  else if (exponent != 31)
    number = std::ldexp(mantissa + 1024, exponent - 25);
  else
    number = mantissa == 0 ? HUGE_VAL : std::nan("");
  return (bits & 0x8000) != 0 ? -number : number;
}

class Reader {
 public:
  Reader(const ServiceModel& model, std::string_view bytes, const Reading& reading)
      : model_(model), rest_(bytes), reading_(reading) {}

  Value read(const Member& place, int depth) {
    if (depth > max_depth) throw Malformed{"The document is nested too deeply"};
    count();
    if (take_null()) return {};
    const auto& shape = model_.shape(place.shape);
    switch (shape.kind) {
      case Kind::structure:
        return read_structure(shape, depth);
      case Kind::list:
        return read_list(shape, depth);
      case Kind::map:
        return read_map(shape, depth);
      case Kind::string:
        return read_text(major_text);
      case Kind::blob:
        return read_text(major_bytes);
      case Kind::boolean:
        return read_boolean();
      case Kind::integer:
        return read_integer(shape);
      case Kind::floating:
        return read_number();
      case Kind::timestamp:
        return read_timestamp_tag();
      case Kind::document:
        break;
    }
    throw Malformed{"Documents are not part of this protocol"};
  }

  bool at_end() const { return rest_.empty(); }

 private:
  struct Head {
    unsigned major;
    unsigned info;
    std::uint64_t argument;
    bool indefinite;
  };

  void count() {
    if (++nodes_ > reading_.nodes_max) too_many_nodes();
  }
  // Whether an item or value that is null is left out, where it is not refused.
  bool dropped(const Value& value, std::string_view what) const {
    if (!value.is_null()) return false;
    if (reading_.nulls == Nulls::refused) throw Malformed{fmt::format("{} must not be null", what)};
    return true;
  }
  [[noreturn]] static void wrong(std::string_view wanted) {
    throw Malformed{fmt::format("Invalid CBOR: expected {}", wanted)};
  }
  unsigned byte() {
    if (rest_.empty()) throw Malformed{"Invalid CBOR: unexpected end"};
    const auto b = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return b;
  }
  unsigned peek() const {
    if (rest_.empty()) throw Malformed{"Invalid CBOR: unexpected end"};
    return static_cast<unsigned char>(rest_.front());
  }
  Head head() {
    const auto first = byte();
    Head head{first >> 5, first & 0x1f, first & 0x1f, false};
    if (head.info < 24) return head;
    if (head.info == 31) {
      head.indefinite = true;
      if (head.major < major_bytes || head.major == major_tag || head.major == major_simple)
        wrong("a definite item");
      return head;
    }
    if (head.info > 27) wrong("a well-formed item");
    head.argument = 0;
    for (int i = 0; i < 1 << (head.info - 24); ++i) head.argument = head.argument << 8 | byte();
    return head;
  }
  bool take_break() {
    if (peek() != 0xff) return false;
    byte();
    return true;
  }
  bool take_null() {
    if (peek() != 0xf6 && peek() != 0xf7) return false;
    byte();
    return true;
  }

  // Calls each() for every item of an array or map with this head.
  template <class Each>
  void for_items(const Head& head, Each&& each) {
    if (head.indefinite) {
      while (!take_break()) each();
      return;
    }
    if (head.argument > rest_.size()) wrong("fewer items than bytes");
    for (std::uint64_t i = 0; i < head.argument; ++i) each();
  }

  std::string chunk(std::uint64_t size) {
    if (size > rest_.size()) throw Malformed{"Invalid CBOR: unexpected end"};
    std::string out{rest_.substr(0, static_cast<std::size_t>(size))};
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return out;
  }
  std::string read_text(unsigned major) {
    const auto first = head();
    if (first.major != major) wrong(major == major_text ? "a text string" : "a byte string");
    std::string out;
    if (!first.indefinite) {
      out = chunk(first.argument);
    } else {
      while (!take_break()) {
        const auto part = head();
        if (part.major != major || part.indefinite) wrong("a chunk of the same kind");
        out += chunk(part.argument);
      }
    }
    if (major == major_text && !valid_utf8(out)) wrong("UTF-8");
    return out;
  }

  Value read_structure(const Shape& shape, int depth) {
    const auto first = head();
    if (first.major != major_map) wrong("a map");
    auto out = Value::structure();
    for_items(first, [&] {
      const auto name = read_text(major_text);
      const auto* member = shape.by_wire_name(name);
      if (!member) return skip(depth + 1);
      out.set(member->name, read(*member, depth + 1));  // null: absent
    });
    return out;
  }
  Value read_list(const Shape& shape, int depth) {
    const auto first = head();
    if (first.major != major_array) wrong("an array");
    Value::List items;
    for_items(first, [&] {
      auto item = read(shape.element, depth + 1);
      if (!dropped(item, "An item of a list")) items.push_back(std::move(item));
    });
    return items;
  }
  Value read_map(const Shape& shape, int depth) {
    const auto first = head();
    if (first.major != major_map) wrong("a map");
    auto out = Value::structure();
    for_items(first, [&] {
      auto key = read_text(major_text);
      auto value = read(shape.element, depth + 1);
      if (!dropped(value, "A value of a map"))
        out.members_mut().push_back({std::move(key), std::move(value)});
    });
    drop_duplicates(out.members_mut());
    return out;
  }

  Value read_boolean() {
    const auto b = byte();
    if (b != 0xf4 && b != 0xf5) wrong("a boolean");
    return b == 0xf5;
  }
  Value read_integer(const Shape& shape) {
    const auto first = head();
    std::int64_t number = 0;
    if (first.major == major_simple && first.info >= 25 && first.info <= 27) {
      const auto real = float_of(first);
      if (std::trunc(real) != real || std::abs(real) > 9e18) wrong("an integer");
      number = static_cast<std::int64_t>(real);
    } else {
      if (first.major > major_negative || first.argument > INT64_MAX) wrong("an integer");
      number = static_cast<std::int64_t>(first.argument);
      if (first.major == major_negative) number = -1 - number;
    }
    if (!shape.wide && (number < INT32_MIN || number > INT32_MAX)) wrong("an integer of 32 bits");
    return number;
  }
  static double float_of(const Head& head) {
    if (head.info == 25) return half_to_double(static_cast<unsigned>(head.argument));
    if (head.info == 26)
      return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
    return std::bit_cast<double>(head.argument);
  }
  double read_number() {
    const auto first = head();
    if (first.major == major_positive) return static_cast<double>(first.argument);
    if (first.major == major_negative) return -1.0 - static_cast<double>(first.argument);
    if (first.major == major_simple && first.info >= 25 && first.info <= 27) return float_of(first);
    wrong("a number");
  }
  Value read_timestamp_tag() {
    const auto tag = head();
    if (tag.major != major_tag || tag.argument != 1) wrong("a timestamp (tag 1)");
    return timestamp_of(read_number());
  }

  void skip(int depth) {
    if (depth > max_depth) throw Malformed{"The document is nested too deeply"};
    count();
    const auto first = head();
    switch (first.major) {
      case major_bytes:
      case major_text:
        if (!first.indefinite) {
          chunk(first.argument);
        } else {
          while (!take_break()) skip(depth + 1);
        }
        return;
      case major_array:
        for_items(first, [&] { skip(depth + 1); });
        return;
      case major_map:
        for_items(first, [&] {
          skip(depth + 1);
          skip(depth + 1);
        });
        return;
      case major_tag:
        skip(depth + 1);
        return;
      default:
        return;
    }
  }

  const ServiceModel& model_;
  std::string_view rest_;
  const Reading& reading_;
  std::size_t nodes_ = 0;
};

void write_bits(std::string& out, std::uint64_t bits, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<unsigned char>(bits >> shift));
}
void write_number(std::string& out, double number) {
  const auto single = static_cast<float>(number);
  if (!std::isfinite(number) || static_cast<double>(single) == number) {
    out += '\xfa';
    write_bits(out, std::bit_cast<std::uint32_t>(single), 4);
  } else {
    out += '\xfb';
    write_bits(out, std::bit_cast<std::uint64_t>(number), 8);
  }
}
void write_integer(std::string& out, std::int64_t number) {
  if (number >= 0)
    write_cbor_head(out, major_positive, static_cast<std::uint64_t>(number));
  else
    write_cbor_head(out, major_negative, static_cast<std::uint64_t>(-1 - number));
}

}  // namespace

void write_cbor_head(std::string& out, unsigned major, std::uint64_t argument) {
  const auto first = [&](unsigned info) {
    out += static_cast<char>(static_cast<unsigned char>(major << 5 | info));
  };
  if (argument < 24) return first(static_cast<unsigned>(argument));
  if (argument <= 0xff) return first(24), write_bits(out, argument, 1);
  if (argument <= 0xffff) return first(25), write_bits(out, argument, 2);
  if (argument <= 0xffffffff) return first(26), write_bits(out, argument, 4);
  first(27);
  write_bits(out, argument, 8);
}

void write_cbor_text(std::string& out, std::string_view text) {
  write_cbor_head(out, major_text, text.size());
  out += text;
}

std::size_t count_present(const Shape& shape, const Value& value) {
  std::size_t count = 0;
  for (const auto& member : shape.members)
    if (member.location == Location::body && value.has(member.name)) ++count;
  return count;
}

void write_cbor_members(std::string& out, const ServiceModel& model, const Shape& shape,
                        const Value& value) {
  for (const auto& member : shape.members) {
    if (member.location != Location::body || !value.has(member.name)) continue;
    write_cbor_text(out, member.wire_name);
    write_cbor(out, model, member, value[member.name]);
  }
}

void write_cbor(std::string& out, const ServiceModel& model, const Member& place,
                const Value& value) {
  const auto& shape = model.shape(place.shape);
  if (value.is_null() && shape.kind != Kind::structure) {
    out += '\xf6';
    return;
  }
  switch (shape.kind) {
    case Kind::structure:
      write_cbor_head(out, major_map, count_present(shape, value));
      return write_cbor_members(out, model, shape, value);
    case Kind::list:
      write_cbor_head(out, major_array, value.items().size());
      for (const auto& item : value.items()) write_cbor(out, model, shape.element, item);
      return;
    case Kind::map:
      write_cbor_head(out, major_map, value.members().size());
      for (const auto& [key, inner] : value.members()) {
        write_cbor_text(out, key);
        write_cbor(out, model, shape.element, inner);
      }
      return;
    case Kind::blob:
      write_cbor_head(out, major_bytes, value.string().size());
      out += value.string();
      return;
    case Kind::boolean:
      out += value.boolean() ? '\xf5' : '\xf4';
      return;
    case Kind::integer:
      return write_integer(out,
                           value.is_integer() ? value.integer() : std::llround(value.number()));
    case Kind::floating:
      return write_number(out, value.number());
    case Kind::timestamp: {
      const auto ms = unix_ms(value.timestamp());
      out += '\xc1';
      if (ms % 1000 == 0) return write_integer(out, ms / 1000);
      out += '\xfb';
      return write_bits(out, std::bit_cast<std::uint64_t>(static_cast<double>(ms) / 1000), 8);
    }
    case Kind::string:
    case Kind::document:
      break;
  }
  std::string text;
  write_scalar(text, model, place, value, TimestampFormat::iso8601);
  write_cbor_text(out, text);
}

Value read_cbor(const ServiceModel& model, const Member& place, std::string_view bytes,
                const Reading& reading) {
  if (bytes.empty()) return Value::structure();
  Reader reader{model, bytes, reading};
  auto value = reader.read(place, 0);
  if (!reader.at_end()) throw Malformed{"Invalid CBOR: bytes after the end"};
  return value;
}

}  // namespace sitelatch::aws::codec
