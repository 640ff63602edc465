// SPDX-License-Identifier: Apache-2.0
#include "hostile_wire.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "aws/wire/codec.h"
#include "base/text.h"

namespace sitelatch::test {
using aws::Kind;
using aws::Location;
using aws::Protocol;
using aws::Value;
namespace {

bool is_text(Protocol protocol) {
  return protocol == Protocol::query || protocol == Protocol::rest_xml;
}

Value struct_of(std::vector<std::pair<std::string, Value>> members) {
  auto out = Value::structure();
  for (auto& [name, value] : members)
    out.members_mut().push_back({std::move(name), std::move(value)});
  return out;
}

class TreeMaker {
 public:
  TreeMaker(const aws::ServiceModel& model, Protocol protocol)
      : model_(model), protocol_(protocol) {}

  Value of(const aws::Member& place, const Value& value) const {
    const auto& shape = model_.shape(place.shape);
    switch (shape.kind) {
      case Kind::structure:
        return of_structure(shape, value);
      case Kind::list:
        return of_list(place, shape, value);
      case Kind::map:
        return of_map(place, shape, value);
      default:
        return of_scalar(place, shape, value);
    }
  }

  Value of_structure(const aws::Shape& shape, const Value& value) const {
    auto out = Value::structure();
    for (const auto& [name, inner] : value.members()) {
      const auto* member = shape.member(name);
      if (!member || inner.is_null()) continue;
      const bool spread = member->flattened && protocol_ == Protocol::rest_xml;
      const auto tree = of(*member, inner);
      if (!spread)
        out.members_mut().push_back({member->wire_name, tree});
      else
        for (const auto& entry : tree.members())
          out.members_mut().push_back({member->wire_name, entry.value});
    }
    return out;
  }

 private:
  Value of_list(const aws::Member& place, const aws::Shape& shape, const Value& value) const {
    auto items = Value::list();
    for (const auto& item : value.items()) items.push(of(shape.element, item));
    if (!is_text(protocol_) || place.location != Location::body) return items;
    auto out = Value::structure();
    std::size_t index = 0;
    for (const auto& item : items.items()) {
      const auto name =
          protocol_ == Protocol::rest_xml ? shape.element.wire_name : std::to_string(++index);
      out.members_mut().push_back({name, item});
    }
    if (protocol_ == Protocol::rest_xml || place.flattened) return out;
    return struct_of({{shape.element.wire_name, out}});
  }

  Value of_map(const aws::Member& place, const aws::Shape& shape, const Value& value) const {
    auto out = Value::structure();
    std::size_t index = 0;
    for (const auto& [key, inner] : value.members()) {
      auto entry = of(shape.element, inner);
      if (!is_text(protocol_)) {
        out.members_mut().push_back({key, std::move(entry)});
        continue;
      }
      out.members_mut().push_back(
          {protocol_ == Protocol::rest_xml ? "entry" : std::to_string(++index),
           struct_of({{shape.key.wire_name, key}, {shape.element.wire_name, std::move(entry)}})});
    }
    if (protocol_ != Protocol::query || place.flattened) return out;
    return struct_of({{"entry", out}});
  }

  Value of_scalar(const aws::Member& place, const aws::Shape& shape, const Value& value) const {
    if (shape.kind == Kind::timestamp) {
      if (protocol_ == Protocol::cbor) return value;
      if (protocol_ == Protocol::rest_json || !is_text(protocol_))
        if (place.timestamp_format != aws::TimestampFormat::iso8601)
          return unix_seconds_fractional(value.timestamp());
      return iso8601_ms(value.timestamp());
    }
    if (shape.kind == Kind::blob && place.location == Location::body && !place.streaming)
      return base64(value.string());
    if (!is_text(protocol_)) return value;
    std::string text;
    aws::codec::write_scalar(text, model_, place, value, aws::TimestampFormat::iso8601);
    return text;
  }

  const aws::ServiceModel& model_;
  Protocol protocol_;
};

void add_spots(const Value& node, Spot& here, std::vector<Spot>& out) {
  if (!here.empty()) out.push_back(here);
  const auto size = node.is_struct() ? node.members().size()
                    : node.is_list() ? std::min<std::size_t>(node.items().size(), 1)
                                     : 0;
  for (std::size_t i = 0; i < size; ++i) {
    here.push_back(i);
    add_spots(node.is_struct() ? node.members()[i].value : node.items()[i], here, out);
    here.pop_back();
  }
}

std::string text_of(const Value& leaf) {
  if (leaf.is_string()) {
    const auto& text = leaf.string();
    return text.starts_with(raw_mark) ? text.substr(sizeof raw_mark - 1) : text;
  }
  if (leaf.is_bool()) return leaf.boolean() ? "true" : "false";
  if (leaf.is_integer()) return std::to_string(leaf.integer());
  if (leaf.is_double()) return fmt::format("{}", leaf.number());
  if (leaf.is_timestamp()) return iso8601_ms(leaf.timestamp());
  return "";
}

void flatten(std::string& out, const std::string& prefix, const Value& node) {
  if (node.is_null()) return;
  if (node.is_struct()) {
    for (const auto& [name, inner] : node.members())
      flatten(out, prefix.empty() ? name : prefix + "." + name, inner);
  } else if (node.is_list()) {
    for (std::size_t i = 0; i < node.items().size(); ++i)
      flatten(out, fmt::format("{}.{}", prefix, i + 1), node.items()[i]);
  } else {
    out += '&' + percent_encode(prefix) + "=" + percent_encode(text_of(node));
  }
}

void write_xml(std::string& out, const std::string& name, const Value& node,
               const std::string& attributes = {}) {
  out += "<" + name + attributes + ">";
  if (node.is_struct()) {
    for (const auto& [inner, value] : node.members())
      write_xml(out, inner.empty() ? "empty" : inner, value);
  } else if (node.is_list()) {
    for (const auto& item : node.items()) write_xml(out, "member", item);
  } else if (node.is_string() && node.string().starts_with(raw_mark)) {
    out += text_of(node);
  } else {
    for (const char c : text_of(node)) {
      if (c == '<' || c == '&')
        out += c == '<' ? "&lt;" : "&amp;";
      else
        out += c;
    }
  }
  out += "</" + name + ">";
}

void write_cbor(std::string& out, const Value& node) {
  using aws::codec::write_cbor_head;
  if (node.is_null()) {
    out += '\xf6';
  } else if (node.is_bool()) {
    out += node.boolean() ? '\xf5' : '\xf4';
  } else if (node.is_integer()) {
    const auto n = node.integer();
    if (n < 0)
      write_cbor_head(out, 1, static_cast<std::uint64_t>(-1 - n));
    else
      write_cbor_head(out, 0, static_cast<std::uint64_t>(n));
  } else if (node.is_double()) {
    out += '\xfb';
    const auto bits = std::bit_cast<std::uint64_t>(node.number());
    for (int shift = 56; shift >= 0; shift -= 8)
      out += static_cast<char>(static_cast<unsigned char>(bits >> shift));
  } else if (node.is_timestamp()) {
    out += '\xc1';
    write_cbor(out, unix_seconds_fractional(node.timestamp()));
  } else if (node.is_string()) {
    const auto text = text_of(node);
    if (!node.string().starts_with(raw_mark)) write_cbor_head(out, 3, text.size());
    out += text;
  } else if (node.is_list()) {
    write_cbor_head(out, 4, node.items().size());
    for (const auto& item : node.items()) write_cbor(out, item);
  } else {
    write_cbor_head(out, 5, node.members().size());
    for (const auto& [name, inner] : node.members()) {
      write_cbor(out, name);
      write_cbor(out, inner);
    }
  }
}

void quote(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    else
      out += c;
  }
  out += '"';
}

void write_json(std::string& out, const Value& node) {
  if (node.is_struct()) {
    out += '{';
    for (std::size_t i = 0; i < node.members().size(); ++i) {
      if (i) out += ',';
      quote(out, node.members()[i].name);
      out += ':';
      write_json(out, node.members()[i].value);
    }
    out += '}';
  } else if (node.is_list()) {
    out += '[';
    for (std::size_t i = 0; i < node.items().size(); ++i) {
      if (i) out += ',';
      write_json(out, node.items()[i]);
    }
    out += ']';
  } else if (node.is_null()) {
    out += "null";
  } else if (node.is_string() && !node.string().starts_with(raw_mark)) {
    quote(out, node.string());
  } else if (node.is_timestamp()) {
    out += fmt::format("{}", unix_seconds_fractional(node.timestamp()));
  } else {
    out += text_of(node);
  }
}

Value nested(Protocol protocol, std::size_t depth) {
  return raw(protocol == Protocol::cbor ? std::string(depth, '\x81') + '\x80'
                                        : std::string(depth, '[') + std::string(depth, ']'));
}

using Replacements = std::vector<std::pair<std::string, Value>>;

void add_texts(Replacements& out) {
  const std::pair<const char*, const char*> texts[] = {
      {"empty", ""},
      {"blank", " "},
      {"word", "x"},
      {"zero", "0"},
      {"minus one", "-1"},
      {"beyond int", "2147483648"},
      {"largest long", "9223372036854775807"},
      {"beyond long", "9223372036854775808"},
      {"smallest long", "-9223372036854775808"},
      {"1e308", "1e308"},
      {"NaN", "NaN"},
      {"Infinity", "Infinity"},
      {"year 9999", "9999-12-31T23:59:59.999Z"},
      {"year 0", "0000-01-01T00:00:00Z"},
      {"year 1", "0001-01-01T00:00:00+23:59"},
      {"not UTF-8", "\xff\xfe\xc0\x80"},
      {"surrogate", "\xed\xa0\x80"},
      {"controls", "\x01\n\r\x1b[31m\x7f"},
      {"separators", "a,b:c/d\\e\"f"},
      {"a document", "{\"a\":null}"},
      {"base64", "AA=="},
  };
  for (const auto& [name, text] : texts) out.emplace_back(name, text);
  out.emplace_back("NUL", std::string(1, '\0'));
}

void add_numbers(Replacements& out) {
  using Long = std::numeric_limits<std::int64_t>;
  const std::int64_t integers[] = {
      0, 1, -1, 2147483647, 2147483648LL, -2147483649LL, Long::max(), Long::min()};
  for (const auto n : integers) out.emplace_back("number " + std::to_string(n), n);
  const double reals[] = {0.5,  -0.0,           1e308,          -1e308,        5e-324,
                          1e18, 253402300799.0, 253402300800.0, -62135596801.0};
  for (const auto n : reals) out.emplace_back(fmt::format("number {}", n), n);
}

// A list or map with something in it that is nothing.
void add_fillings(Replacements& out, const Value& node) {
  if (node.is_list()) {
    auto items = node;
    items.push(Value{});
    out.emplace_back("its items and a null", items);
    out.emplace_back("its items twice", [&] {
      auto twice = node;
      for (const auto& item : node.items()) twice.push(item);
      return twice;
    }());
  }
  if (node.is_struct()) {
    for (const auto& [name, filling] : std::initializer_list<std::pair<const char*, Value>>{
             {"a null", Value{}}, {"an empty text", ""}, {"an empty structure", struct_of({})}}) {
      auto more = node;
      more.members_mut().push_back({"", filling});
      more.members_mut().push_back({"unknown", filling});
      out.emplace_back(std::string{"its members and "} + name, more);
      if (node.members().empty()) continue;
      auto twice = node;
      twice.members_mut().push_back({node.members().front().name, filling});
      out.emplace_back(std::string{"its first member again, "} + name, twice);
    }
  }
}

void add_absurd(Replacements& out, Protocol protocol, const Value& node) {
  out.emplace_back("a megabyte", std::string(1 << 20, 'a'));
  out.emplace_back("a megabyte of stars", std::string(1 << 20, '*'));
  Value item = node.is_list() && !node.items().empty() ? node.items().front() : Value{"x"};
  Value::List items(100'000, item.is_string() || item.is_number() ? item : Value{"x"});
  if (!is_text(protocol)) {
    out.emplace_back("100,000 items", Value{std::move(items)});
    auto map = Value::structure();
    for (int i = 0; i < 20'000; ++i) map.members_mut().push_back({"k" + std::to_string(i), "v"});
    out.emplace_back("20,000 entries", map);
    return;
  }
  auto many = Value::structure();
  const auto first = node.is_struct() && !node.members().empty() ? node.members().front()
                                                                 : Value::Member{"member", "x"};
  for (int i = 0; i < 50'000; ++i)
    many.members_mut().push_back(
        {protocol == Protocol::query ? std::to_string(i) : first.name, "x"});
  out.emplace_back("50,000 elements",
                   protocol == Protocol::query ? struct_of({{"member", many}}) : many);
}

}  // namespace

Value raw(std::string bytes) { return raw_mark + bytes; }

Value wire_tree(const aws::ServiceModel& model, const aws::Shape& input, Protocol protocol,
                const Value& value) {
  return TreeMaker{model, protocol}.of_structure(input, value);
}

std::vector<Spot> spots(const Value& tree) {
  std::vector<Spot> out;
  Spot here;
  add_spots(tree, here, out);
  return out;
}

std::string name_of(const Value& tree, const Spot& spot) {
  std::string out;
  const Value* node = &tree;
  for (const auto index : spot) {
    if (!out.empty()) out += '.';
    out += node->is_struct() ? node->members()[index].name : std::to_string(index);
    node = node->is_struct() ? &node->members()[index].value : &node->items()[index];
  }
  return out;
}

const Value& node_at(const Value& tree, const Spot& spot) {
  const Value* node = &tree;
  for (const auto index : spot)
    node = node->is_struct() ? &node->members()[index].value : &node->items()[index];
  return *node;
}

Value with_node(Value tree, const Spot& spot, Value node) {
  Value* at = &tree;
  for (const auto index : spot)
    at = at->is_struct() ? &at->members_mut()[index].value : &at->items_mut()[index];
  *at = std::move(node);
  return tree;
}

std::vector<std::pair<std::string, Value>> replacements(Protocol protocol, const Value& node,
                                                        Sizes sizes) {
  Replacements out;
  if (sizes == Sizes::absurd) {
    add_absurd(out, protocol, node);
    return out;
  }
  add_texts(out);
  add_fillings(out, node);
  out.emplace_back("null", Value{});
  out.emplace_back("an empty structure", struct_of({}));
  out.emplace_back("a structure", struct_of({{"x", "y"}}));
  if (is_text(protocol)) {
    for (const char* element : {"", " ", "x"}) {
      out.emplace_back(fmt::format("elements '{}'", element),
                       struct_of({{"member", struct_of({{"1", element}, {"x", element}})}}));
      out.emplace_back(fmt::format("numbered '{}'", element),
                       struct_of({{"1", element}, {"-1", element}, {"01", element}}));
      out.emplace_back(fmt::format("an entry '{}'", element),
                       struct_of({{"entry", struct_of({{"1", struct_of({{"key", element}})}})}}));
    }
    out.emplace_back("a reference to a surrogate", raw("&#xD800;"));
    out.emplace_back("a reference to NUL", raw("&#0;"));
    out.emplace_back("a reference beyond Unicode", raw("&#x110000;"));
    out.emplace_back("markup", raw("<![CDATA[x]]><a/><!-- -->"));
    return out;
  }
  add_numbers(out);
  out.emplace_back("true", true);
  out.emplace_back("an empty list", Value::list());
  for (const auto& [name, item] :
       std::initializer_list<std::pair<const char*, Value>>{{"null", Value{}},
                                                            {"empty text", ""},
                                                            {"an empty list", Value::list()},
                                                            {"an empty structure", struct_of({})},
                                                            {"a number", 1},
                                                            {"a text", "x"}}) {
    out.emplace_back(std::string{"a list of "} + name, Value::list({item}));
    out.emplace_back(std::string{"a map to "} + name, struct_of({{"k", item}, {"", item}}));
  }
  out.emplace_back("nested 60 deep", nested(protocol, 60));
  out.emplace_back("nested 5000 deep", nested(protocol, 5000));
  if (protocol == Protocol::cbor) {
    out.emplace_back("undefined", raw("\xf7"));
    out.emplace_back("a half NaN", raw("\xf9\x7e\x01"));
    out.emplace_back("infinity", raw(std::string("\xfb\x7f\xf0\0\0\0\0\0\0", 9)));
    out.emplace_back("time NaN", raw("\xc1\xf9\x7e\x01"));
    out.emplace_back("time 1e308", Value{raw("\xc1\xfb\x7f\xe1\xcc\xf3\x85\xeb\xc8\xa0")});
    out.emplace_back("a tag of a tag", raw("\xc1\xc1\x01"));
    out.emplace_back("bytes", raw("\x42\xff\xfe"));
    out.emplace_back("an array without end", raw("\x9f\x01\xff"));
    out.emplace_back("an array of 2^63",
                     raw(std::string("\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", 9)));
    out.emplace_back("2^64-1", raw("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"));
    out.emplace_back("-2^64", raw("\x3b\xff\xff\xff\xff\xff\xff\xff\xff"));
  } else {
    out.emplace_back("1e999", raw("1e999"));
    out.emplace_back("2^64-1", raw("18446744073709551615"));
    out.emplace_back("half a surrogate", raw("\"\\ud800\""));
    out.emplace_back("bare NaN", raw("NaN"));
  }
  return out;
}

std::string hostile_json(const Value& tree) {
  std::string out;
  write_json(out, tree);
  return out;
}

namespace {

// Location of a top-level member by its name on the wire; the tree has nothing but those.
const aws::Member* bound(const aws::Shape& shape, const std::string& wire_name) {
  for (const auto& member : shape.members)
    if (member.wire_name == wire_name) return &member;
  return nullptr;
}

std::string rest_path(const aws::Operation& operation, const Value& tree) {
  std::string target;
  for (const auto& segment : operation.path) {
    target += '/';
    target += segment.label ? percent_encode(text_of(tree[segment.text]),
                                             segment.greedy ? Slash::keep : Slash::encode)
                            : segment.text;
  }
  const auto add = [&target](const std::string& key, const std::string& value) {
    target += target.find('?') == std::string::npos ? '?' : '&';
    target += percent_encode(key) + (value.empty() ? "" : "=" + percent_encode(value));
  };
  for (const auto& [key, value] : operation.constant_query) add(key, value);
  return target;
}

void bind_rest(aws::HttpRequest& request, const aws::ServiceModel& model,
               const aws::Operation& operation, Protocol protocol, const Value& tree) {
  request.method = operation.method;
  request.target = rest_path(operation, tree);
  if (operation.input == aws::no_shape) return;
  const auto& shape = model.shape(operation.input);
  auto body = Value::structure();
  for (const auto& entry : tree.members()) {
    const auto* member = bound(shape, entry.name);
    const auto location = member ? member->location : Location::body;
    const auto each = entry.value.is_list() ? entry.value.items() : Value::List{entry.value};
    if (location == Location::query)
      for (const auto& item : each) {
        request.target += request.target.find('?') == std::string::npos ? '?' : '&';
        request.target += percent_encode(entry.name) + "=" + percent_encode(text_of(item));
      }
    if (location == Location::header)
      request.headers.set(entry.name, each.empty() ? "" : text_of(each.front()));
    if (location == Location::body) body.members_mut().push_back(entry);
  }
  const auto* payload = shape.payload.empty() ? nullptr : shape.member(shape.payload);
  const auto& content = payload ? body[payload->wire_name] : body;
  const bool bytes = payload && content.is_string();
  if (bytes) {
    request.body = text_of(content);
  } else if (protocol == Protocol::rest_json) {
    request.headers.set("Content-Type", "application/json");
    if (!body.members().empty()) request.body = hostile_json(content);
  } else if (!body.members().empty()) {
    request.headers.set("Content-Type", "application/xml");
    write_xml(request.body,
              !operation.input_name.empty() ? operation.input_name
              : payload                     ? payload->wire_name
                                            : shape.name,
              content, " xmlns=\"" + operation.input_namespace + "\"");
  }
}

}  // namespace

aws::HttpRequest hostile_request(const aws::ServiceModel& model, const aws::Operation& operation,
                                 Protocol protocol, const Value& tree) {
  aws::HttpRequest request;
  request.method = "POST";
  switch (protocol) {
    case Protocol::query:
      request.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
      request.body = "Action=" + operation.name + "&Version=" + model.api_version;
      flatten(request.body, "", tree);
      break;
    case Protocol::json_1_0:
    case Protocol::json_1_1:
      request.headers.set("Content-Type", protocol == Protocol::json_1_0
                                              ? "application/x-amz-json-1.0"
                                              : "application/x-amz-json-1.1");
      request.headers.set("X-Amz-Target", model.target_prefix + "." + operation.name);
      request.body = hostile_json(tree);
      break;
    case Protocol::cbor:
      request.target = "/service/" + model.target_prefix + "/operation/" + operation.name;
      request.headers.set("smithy-protocol", "rpc-v2-cbor");
      request.headers.set("Content-Type", "application/cbor");
      write_cbor(request.body, tree);
      break;
    case Protocol::rest_json:
    case Protocol::rest_xml:
      bind_rest(request, model, operation, protocol, tree);
      break;
  }
  return request;
}

}  // namespace sitelatch::test
