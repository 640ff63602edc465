// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/right.h"

#include "base/text.h"
#include "guard/rules/json.h"

namespace sitelatch::guard {
namespace {

std::string json_list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const auto& text : texts) quoted.push_back(json_text(text));
  return json_array(quoted);
}

std::vector<std::string> statements_of(const std::vector<Right>& rights) {
  std::vector<std::string> statements;
  for (const auto& right : rights) {
    JsonObject statement;
    statement.add("Sid", right.sid)
        .add("Effect", "Allow")
        .raw("Action", json_list(right.actions))
        .raw("Resource", json_list(right.resources));
    if (!right.condition.empty()) statement.raw("Condition", right.condition);
    statements.push_back(statement.text());
  }
  return statements;
}

}  // namespace

std::string policy_document(const std::vector<Right>& rights) {
  return JsonObject{}
      .add("Version", "2012-10-17")
      .raw("Statement", json_array(statements_of(rights)))
      .text();
}

std::string policy_text(const std::vector<Right>& rights) {
  return "{\"Version\":\"2012-10-17\",\"Statement\":[\n  " + join(statements_of(rights), ",\n  ") +
         "\n]}";
}

}  // namespace sitelatch::guard
