// SPDX-License-Identifier: Apache-2.0
#include "services/sns/publication.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.h"
#include "services/sns/refusals.h"

namespace sitelatch::sns {
namespace {
using aws::Value;

constexpr std::size_t most_batch_entries = 10;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

aws::Outcome<Done> check_attribute_name(const std::string& name) {
  if (name.empty())
    return invalid_value("Length of message attribute name must be greater than 0.");
  if (name.size() > 256)
    return invalid_value("Length of message attribute name must be less than 256 bytes.");
  if (!std::all_of(name.begin(), name.end(), is_name_char))
    return invalid_value(
        "Invalid non-alphanumeric character was found in the message attribute "
        "name. Can only include alphanumeric characters, hyphens, underscores, or dots.");
  if (name.front() == '.' || name.back() == '.' || name.find("..") != std::string::npos)
    return invalid_value("Invalid message attribute name starting with character '.' was found.");
  const auto small = lower(name);
  if (small.starts_with("aws.") || small.starts_with("amazon."))
    return invalid_value("Reserved prefix was found in the message attribute name: " + name);
  return Done{};
}

bool is_type(std::string_view type, std::string_view base) {
  return type == base ||
         (type.starts_with(base) && type.size() > base.size() + 1 && type[base.size()] == '.');
}

Failure<aws::Error> empty_value(const std::string& name, const std::string& type) {
  return invalid_value(
      "The message attribute '" + name +
      "' must contain non-empty message attribute value for message attribute type '" + type +
      "'.");
}

aws::Outcome<MessageAttribute> read_attribute(const std::string& name, const Value& given) {
  if (auto ok = check_attribute_name(name); !ok) return failure(ok.error());
  const auto type = given["DataType"].string_or("");
  const bool binary = is_type(type, "Binary");
  if (!binary && !is_type(type, "String") && !is_type(type, "Number"))
    return invalid_value("The message attribute '" + name +
                         "' has an invalid message attribute type, the set of supported type "
                         "prefixes is Binary, Number, and String.");
  if (!given.has("StringValue") && !given.has("BinaryValue")) return empty_value(name, type);
  const char* member = binary ? "BinaryValue" : "StringValue";
  if (!given.has(member))
    return invalid_value("The message attribute '" + name + "' with type '" + type +
                         "' must use field '" + (binary ? "Binary" : "String") + "'.");
  const auto& value = given[member].string();
  if (value.empty()) return empty_value(name, type);
  if (is_type(type, "Number") && !parse_double(value))
    return invalid_value("Could not cast message attribute '" + name + "' value to number.");
  if (type == "String.Array") {
    const auto list = aws::from_json(value);
    if (!list || !list->is_list())
      return invalid_value("The message attribute '" + name +
                           "' of type 'String.Array' must be a valid JSON array.");
  }
  return MessageAttribute{type, binary ? base64(value) : value};
}

aws::Outcome<Done> read_attributes(const Value& given, Publication& out) {
  for (const auto& [name, value] : given.members()) {
    auto attribute = read_attribute(name, value);
    if (!attribute) return failure(attribute.error());
    const auto& wire = value[is_type(attribute->type, "Binary") ? "BinaryValue" : "StringValue"];
    out.size_bytes += name.size() + attribute->type.size() + wire.string().size();
    out.attributes.emplace_back(name, std::move(*attribute));
  }
  return Done{};
}

bool is_fifo_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool valid_subject(const std::string& subject) {
  if (subject.empty() || utf8_length(subject) > 100) return false;
  return std::none_of(subject.begin(), subject.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// MessageStructure json: members that are no strings are ignored, `default` must be there.
aws::Outcome<Done> read_structure(Publication& out) {
  const auto parsed = aws::from_json(out.message);
  if (!parsed || !parsed->is_struct())
    return invalid_parameter("Message Structure - JSON message body failed to parse");
  for (const auto& [protocol, text] : parsed->members())
    if (text.is_string()) out.by_protocol[protocol] = text.string();
  const auto found = out.by_protocol.find("default");
  if (found == out.by_protocol.end())
    return invalid_parameter("Message Structure - No default entry in JSON message body");
  out.message = found->second;
  return Done{};
}

aws::Outcome<Done> check_entry_id(const std::string& id) {
  if (id.size() > 80)
    return aws::refuse("InvalidBatchEntryIdException",
                       "The Id of a batch entry in the batch request is too long: " + id);
  const auto allowed = [](char c) { return is_name_char(c) && c != '.'; };
  if (id.empty() || !std::all_of(id.begin(), id.end(), allowed))
    return aws::refuse(
        "InvalidBatchEntryIdException",
        "The Id of a batch entry in the batch request contains an impermissible character: " + id);
  return Done{};
}

}  // namespace

const std::string& Publication::text_for(const std::string& protocol) const {
  const auto found = by_protocol.find(protocol);
  return found == by_protocol.end() ? message : found->second;
}

aws::Outcome<Publication> read_publication(const Value& input) {
  Publication out;
  out.subject = input["Subject"].optional_string();
  out.message = input["Message"].string_or("");
  out.size_bytes = out.message.size();
  if (out.subject && !valid_subject(*out.subject)) return invalid_parameter("Subject");
  if (out.message.empty()) return invalid_parameter("Empty message");
  out.group_id = input["MessageGroupId"].string_or("");
  out.deduplication_id = input["MessageDeduplicationId"].string_or("");
  for (const auto* member : {"MessageGroupId", "MessageDeduplicationId"})
    if (input.has(member) && !is_fifo_id(input[member].string()))
      return invalid_parameter(std::string{member} +
                               " Reason: it can only include alphanumeric and punctuation "
                               "characters, 1 to 128 of them");
  if (auto ok = read_attributes(input["MessageAttributes"], out); !ok) return failure(ok.error());
  const auto structure = input["MessageStructure"].string_or("");
  if (structure == "json")
    if (auto ok = read_structure(out); !ok) return failure(ok.error());
  if (!structure.empty() && structure != "json") return invalid_parameter("MessageStructure");
  return out;
}

aws::Outcome<Done> check_batch(const Value& entries) {
  if (entries.items().empty())
    return aws::refuse("EmptyBatchRequestException",
                       "The batch request doesn't contain any entries.");
  if (entries.items().size() > most_batch_entries)
    return aws::refuse("TooManyEntriesInBatchRequestException",
                       "The batch request contains more entries than permissible.");
  std::set<std::string> ids;
  for (const auto& entry : entries.items()) {
    const auto& id = entry["Id"].string();
    if (!ids.insert(id).second)
      return aws::refuse("BatchEntryIdsNotDistinctException",
                         "Two or more batch entries in the request have the same Id.");
    if (auto ok = check_entry_id(id); !ok) return ok;
  }
  return Done{};
}

}  // namespace sitelatch::sns
