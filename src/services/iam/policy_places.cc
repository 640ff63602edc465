// SPDX-License-Identifier: Apache-2.0
#include "services/iam/policy_places.h"

#include "aws/wire/value.h"
#include "base/text.h"

namespace sitelatch::iam {
namespace {
using aws::Value;

// Reads a JSON text by its brackets and strings alone.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<StatementPlace> run() {
    while (at_ < text_.size()) step();
    return std::move(found_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '"') return string();
    advance();
    switch (c) {
      case ':':
        if (depth_ == 1 && last_ == "Statement") in_statements_ = true;
        before_ = here_;
        break;
      case ',':
        if (depth_ == 1) in_statements_ = false;
        before_ = here_;
        break;
      case '[':
        if (depth_ == 1 && in_statements_) list_ = true;
        ++depth_;
        before_ = here_;
        break;
      case '{':
        if (in_statements_ && depth_ == own_depth()) start_ = before_;
        ++depth_;
        break;
      case ']':
        --depth_;
        if (depth_ == 1) list_ = false;
        break;
      case '}':
        --depth_;
        if (in_statements_ && depth_ == own_depth()) found_.push_back({start_, here_});
        break;
      default:
        break;
    }
  }
  int own_depth() const { return list_ ? 2 : 1; }
  void string() {
    const auto begin = at_ + 1;
    advance();
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') advance();
      if (at_ < text_.size()) advance();
    }
    if (depth_ == 1) last_ = text_.substr(begin, at_ - begin);
    if (at_ < text_.size()) advance();
  }
  void advance() {
    if (text_[at_++] == '\n') {
      ++here_.line;
      here_.column = 1;
    } else {
      ++here_.column;
    }
  }

  std::string_view text_, last_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool in_statements_ = false, list_ = false;
  Place here_, before_, start_;
  std::vector<StatementPlace> found_;
};

void add_variables(const std::string& text, std::set<std::string>& keys) {
  for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at + 2)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) break;
    const auto inside = std::string_view{text}.substr(at + 2, end - at - 2);
    const auto key = trim(inside.substr(0, inside.find(',')));  // behind it: its default
    if (key.find(':') != std::string_view::npos) keys.emplace(key);
  }
}
void add_variables(const Value& value, std::set<std::string>& keys) {
  if (value.is_string()) add_variables(value.string(), keys);
  if (!value.is_list()) return;
  for (const auto& item : value.items())
    if (item.is_string()) add_variables(item.string(), keys);
}
}  // namespace

std::vector<StatementPlace> statement_places(std::string_view document) {
  return Scanner{document}.run();
}

void add_context_keys(std::string_view document, std::set<std::string>& keys) {
  const auto json = aws::from_json(document);
  if (!json) return;
  const auto& statements = (*json)["Statement"];
  const auto take = [&keys](const Value& statement) {
    for (const auto* member : {"Resource", "NotResource"}) add_variables(statement[member], keys);
    for (const auto& [operation, block] : statement["Condition"].members())
      for (const auto& [key, values] : block.members()) {
        keys.insert(key);
        add_variables(values, keys);
      }
  };
  if (!statements.is_list()) return take(statements);
  for (const auto& statement : statements.items()) take(statement);
}

}  // namespace sitelatch::iam
