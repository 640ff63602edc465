// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/policy_pattern.h"

#include "base/text.h"

namespace sitelatch::aws {
namespace {
constexpr WildcardMarks marks{.any_run = '\x01', .any_one = '\x02'};

// The end of the "${...}" that starts at `at`, or npos.
std::size_t variable_end(std::string_view text, std::size_t at) {
  return text.substr(at).starts_with("${") ? text.find('}', at) : std::string_view::npos;
}

// "aws:username", or "aws:PrincipalTag/team, 'nobody'" with a default.
std::optional<std::string> variable_value(std::string_view body, const ConditionKeys& keys) {
  body = trim(body);
  if (body == "*" || body == "?" || body == "$") return std::string{body};
  const auto comma = body.find(',');
  const auto name = trim(body.substr(0, comma));
  const auto* found = keys.find(name);
  if (found && found->size() == 1) return found->front();
  if (comma == body.npos) return std::nullopt;
  auto otherwise = trim(body.substr(comma + 1));
  if (otherwise.size() < 2 || otherwise.front() != '\'' || otherwise.back() != '\'')
    return std::nullopt;
  return std::string{otherwise.substr(1, otherwise.size() - 2)};
}
}  // namespace

PolicyText::PolicyText(std::string_view text, Wildcards wildcards, Variables variables) {
  marked_.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto end =
        variables == Variables::honoured ? variable_end(text, i) : std::string_view::npos;
    if (end != std::string_view::npos) {
      variable_ = true;
      marked_ += text.substr(i, end - i + 1);
      i = end;
    } else if (wildcards == Wildcards::honoured && text[i] == '*') {
      marked_ += marks.any_run;
    } else if (wildcards == Wildcards::honoured && text[i] == '?') {
      marked_ += marks.any_one;
    } else {
      marked_ += text[i];
    }
  }
}

std::optional<std::string> PolicyText::filled(const ConditionKeys& keys) const {
  if (!variable_) return marked_;
  std::string out;
  for (std::size_t i = 0; i < marked_.size(); ++i) {
    const auto end = variable_end(marked_, i);
    if (end == std::string_view::npos) {
      out += marked_[i];
      continue;
    }
    const auto value = variable_value(std::string_view{marked_}.substr(i + 2, end - i - 2), keys);
    if (!value) return std::nullopt;
    out += *value;
    i = end;
  }
  return out;
}

bool PolicyText::matches(std::string_view text, const ConditionKeys& keys) const {
  if (!variable_) return wildcard_match(marked_, text, marks);
  const auto pattern = filled(keys);
  return pattern && wildcard_match(*pattern, text, marks);
}

ArnPattern::ArnPattern(std::string_view text, Variables variables) : everything_(text == "*") {
  std::size_t start = 0;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    if (start > text.size()) {
      parts_[part] = PolicyText{"*", Wildcards::honoured, variables};
      continue;
    }
    std::size_t end = text.size();
    for (std::size_t i = start; i < text.size() && part + 1 < parts_.size(); ++i) {
      const auto skip =
          variables == Variables::honoured ? variable_end(text, i) : std::string_view::npos;
      if (skip != std::string_view::npos) {
        i = skip;
      } else if (text[i] == ':') {
        end = i;
        break;
      }
    }
    parts_[part] = PolicyText{text.substr(start, end - start), Wildcards::honoured, variables};
    start = end + 1;
  }
}

bool ArnPattern::matches(std::string_view arn, const ConditionKeys& keys) const {
  if (everything_) return true;
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const auto colon = part + 1 < parts_.size() ? arn.find(':') : std::string_view::npos;
    if (part + 1 < parts_.size() && colon == arn.npos) return false;
    if (!parts_[part].matches(arn.substr(0, colon), keys)) return false;
    if (colon != arn.npos) arn.remove_prefix(colon + 1);
  }
  return true;
}

}  // namespace sitelatch::aws
