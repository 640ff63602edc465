// SPDX-License-Identifier: Apache-2.0
#include "services/sqs/message.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "services/sqs/refusals.h"

namespace sitelatch::sqs {
namespace {
using aws::Value;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

aws::Outcome<Done> check_name(const std::string& name) {
  if (name.size() > 256)
    return invalid_parameter("Message (user) attribute names must be shorter than 256 Bytes");
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_name_character))
    return invalid_parameter(
        "Message (user) attributes name can only contain upper and lower score characters, digits, "
        "periods, hyphens and underscores. ");
  const auto small = lower(name);
  if (small.starts_with("aws.") || small.starts_with("amazon.") || name.front() == '.' ||
      name.back() == '.' || name.find("..") != std::string::npos)
    return invalid_parameter(
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "
        "These strings are reserved for internal use. Additionally, they cannot start or end with "
        "'.'.");
  return Done{};
}

bool is_type(std::string_view type, std::string_view base) {
  return type == base || (type.starts_with(base) && type[base.size()] == '.');
}

// A number of at most 38 digits, between -10^128 and 10^126.
bool is_number(const std::string& text) { return parse_double(trim(text)).has_value(); }

aws::Outcome<MessageAttribute> read_attribute(const std::string& name, const Value& given) {
  if (auto checked = check_name(name); !checked) return failure(checked.error());
  const auto type = given["DataType"].string_or("");
  if (type.empty())
    return invalid_parameter(fmt::format(
        "The message attribute '{}' must contain non-empty message attribute type.", name));
  if (type.size() > 256)
    return invalid_parameter("Message (user) attribute types must be shorter than 256 Bytes");
  const bool binary = is_type(type, "Binary");
  if (!binary && !is_type(type, "String") && !is_type(type, "Number"))
    return invalid_parameter(
        fmt::format("The message attribute '{}' has an invalid message attribute type, the set of "
                    "supported type prefixes is Binary, Number, and String.",
                    name));
  if (!given["StringListValues"].items().empty() || !given["BinaryListValues"].items().empty())
    return aws::refuse("UnsupportedOperation",
                       "Message attribute list values in SendMessage operation are not supported.");
  const auto& value = given[binary ? "BinaryValue" : "StringValue"];
  if (value.string_or("").empty())
    return invalid_parameter(
        fmt::format("The message attribute '{}' must contain non-empty message attribute value for "
                    "message attribute type '{}'.",
                    name, type));
  if (given.has(binary ? "StringValue" : "BinaryValue"))
    return invalid_parameter(fmt::format("Message attribute '{}' has more than one value.", name));
  if (is_type(type, "Number") && !is_number(value.string()))
    return invalid_parameter(
        fmt::format("Can't cast the value of message (user) attribute '{}' to a number.", name));
  if (!binary && !has_valid_characters(value.string()))
    return aws::refuse(
        "InvalidMessageContents",
        fmt::format("Message attribute '{}' has characters that are not valid.", name));
  return MessageAttribute{type, value.string()};
}

void add_with_length(std::string& out, std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((size >> shift) & 0xffu);
  out += bytes;
}

}  // namespace

std::size_t size_of(const MessageAttributes& attributes) {
  std::size_t size = 0;
  for (const auto& [name, attribute] : attributes)
    size += name.size() + attribute.type.size() + attribute.value.size();
  return size;
}

std::size_t Message::size_bytes() const { return body.size() + size_of(attributes); }

std::string md5_of(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  ENSURE(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr) == 1, "MD5");
  return hex({reinterpret_cast<const char*>(digest), size});
}

// By name: name, type, a byte that says how the value travels, value; each with its length ahead.
std::string md5_of_attributes(const MessageAttributes& attributes) {
  if (attributes.empty()) return {};
  std::string text;
  for (const auto& [name, attribute] : attributes) {
    add_with_length(text, name);
    add_with_length(text, attribute.type);
    text += attribute.is_binary() ? '\x02' : '\x01';
    add_with_length(text, attribute.value);
  }
  return md5_of(text);
}

std::string sequence_number(std::uint64_t number) { return fmt::format("1885{:016}", number); }

bool has_valid_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    // U+FFFE and U+FFFF; surrogates are not UTF-8 in the first place.
    if (c == 0xef && text.substr(i, 2) == "\xef\xbf" && i + 2 < text.size() &&
        static_cast<unsigned char>(text[i + 2]) >= 0xbe)
      return false;
  }
  return true;
}

aws::Outcome<MessageAttributes> read_attributes(const Value& given) {
  MessageAttributes out;
  if (given.members().size() > most_attributes)
    return invalid_parameter(
        fmt::format("Number of message attributes [{}] exceeds the allowed maximum [{}].",
                    given.members().size(), most_attributes));
  for (const auto& [name, value] : given.members()) {
    auto attribute = read_attribute(name, value);
    if (!attribute) return failure(attribute.error());
    out[name] = std::move(*attribute);
  }
  return out;
}

aws::Outcome<std::string> read_trace_header(const Value& given) {
  std::string out;
  for (const auto& [name, value] : given.members()) {
    if (name != "AWSTraceHeader")
      return invalid_parameter(fmt::format("Message system attribute name '{}' is invalid.", name));
    if (value["DataType"].string_or("") != "String" || value["StringValue"].string_or("").empty())
      return invalid_parameter(
          "The message system attribute 'AWSTraceHeader' must contain a non-empty value of type "
          "'String'.");
    out = value["StringValue"].string();
  }
  return out;
}

Value wire_attributes(const MessageAttributes& attributes) {
  Value out = Value::structure();
  for (const auto& [name, attribute] : attributes)
    out.set(name, Value::structure(
                      {{attribute.is_binary() ? "BinaryValue" : "StringValue", attribute.value},
                       {"DataType", attribute.type}}));
  return out;
}

MessageAttributes chosen_attributes(const MessageAttributes& attributes,
                                    const std::vector<std::string>& names) {
  MessageAttributes out;
  for (const auto& each : attributes) {
    const auto& name = each.first;
    const bool wanted = std::any_of(names.begin(), names.end(), [&](std::string_view chosen) {
      if (chosen == "All" || chosen == name) return true;
      return chosen.ends_with(".*") && name.starts_with(chosen.substr(0, chosen.size() - 2));
    });
    if (wanted) out.insert(each);
  }
  return out;
}

Value constant_part(const Message& m) {
  Value attributes = Value::structure();
  for (const auto& [name, attribute] : m.attributes)
    attributes.set(
        name, Value::list({attribute.type,
                           attribute.is_binary() ? base64(attribute.value) : attribute.value}));
  Value out = Value::structure({{"id", m.id},
                                {"body", m.body},
                                {"sender", m.sender_id},
                                {"sent_ns", m.sent.time_since_epoch().count()}});
  const auto set = [&](const char* name, const std::string& text) {
    if (!text.empty()) out.set(name, text);
  };
  if (!m.attributes.empty()) out.set("attributes", attributes);
  set("trace", m.trace_header);
  set("group", m.group_id);
  set("deduplication", m.deduplication_id);
  set("dead_letter_source", m.dead_letter_source);
  return out;
}

Value changing_part(const Message& m) {
  const auto ns = [](Instant t) { return std::int64_t{t.time_since_epoch().count()}; };
  return Value::structure({{"not_before_ns", ns(m.not_before)},
                           {"receipt", m.receipt},
                           {"count", m.receive_count},
                           {"here", m.received_here},
                           {"first_ns", ns(m.first_received)},
                           {"last_ns", ns(m.last_received)}});
}

Message message_from(const Value& constant, const Value& changing) {
  const auto at = [](const Value& ns) { return Instant{Duration{ns.integer_or(0)}}; };
  Message m;
  m.id = constant["id"].string();
  m.body = constant["body"].string();
  m.sender_id = constant["sender"].string();
  m.sent = at(constant["sent_ns"]);
  for (const auto& [name, pair] : constant["attributes"].members()) {
    MessageAttribute attribute{pair.items().at(0).string(), pair.items().at(1).string()};
    if (attribute.is_binary()) attribute.value = unbase64(attribute.value).value_or("");
    m.attributes[name] = std::move(attribute);
  }
  m.trace_header = constant["trace"].string_or("");
  m.group_id = constant["group"].string_or("");
  m.deduplication_id = constant["deduplication"].string_or("");
  m.dead_letter_source = constant["dead_letter_source"].string_or("");
  m.not_before = at(changing["not_before_ns"]);
  m.receipt = changing["receipt"].string_or("");
  m.receive_count = static_cast<int>(changing["count"].integer_or(0));
  m.received_here = static_cast<int>(changing["here"].integer_or(0));
  m.first_received = at(changing["first_ns"]);
  m.last_received = at(changing["last_ns"]);
  return m;
}

}  // namespace sitelatch::sqs
