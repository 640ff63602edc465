// SPDX-License-Identifier: Apache-2.0
// JSON text with members in exactly the given order and numbers as Java prints them: CloudWatch's
// messages, history and reason data are strings that other people's parsers and tests compare.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::cloudwatch {

std::string json_string(std::string_view text);                // quoted and escaped; UTF-8 is kept
std::string json_list(const std::vector<std::string>& items);  // items are JSON texts
std::string json_string_list(const std::vector<std::string>& strings);

class JsonObject {
 public:
  JsonObject& json(std::string_view name, std::string_view json_text);
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, double value);
  JsonObject& integer(std::string_view name, std::int64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  JsonObject& null(std::string_view name) { return json(name, "null"); }
  std::string str() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

}  // namespace sitelatch::cloudwatch
