// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/json_text.h"

#include "base/text.h"
#include "services/cloudwatch/java_double.h"

namespace sitelatch::cloudwatch {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json_list(const std::vector<std::string>& items) {
  return "[" + join(items, ",") + "]";
}

std::string json_string_list(const std::vector<std::string>& strings) {
  std::vector<std::string> items;
  for (const auto& text : strings) items.push_back(json_string(text));
  return json_list(items);
}

JsonObject& JsonObject::json(std::string_view name, std::string_view json_text) {
  if (!members_.empty()) members_ += ',';
  members_ += json_string(name);
  members_ += ':';
  members_ += json_text;
  return *this;
}
JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  return json(name, json_string(value));
}
JsonObject& JsonObject::number(std::string_view name, double value) {
  return json(name, java_double(value));
}
JsonObject& JsonObject::integer(std::string_view name, std::int64_t value) {
  return json(name, std::to_string(value));
}
JsonObject& JsonObject::boolean(std::string_view name, bool value) {
  return json(name, value ? "true" : "false");
}

}  // namespace sitelatch::cloudwatch
