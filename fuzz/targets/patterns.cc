// SPDX-License-Identifier: Apache-2.0
// The small languages that are matched against what comes by: log filter patterns, SNS filter
// policies, EventBridge's event patterns, the models' regular expressions, wildcards, strangers'
// regular expressions, Insights' queries. Input: which, pattern, NUL, what it is tried on.
#include "aws/auth/policy_pattern.h"
#include "aws/wire/pattern.h"
#include "base/regex.h"
#include "base/text.h"
#include "services/cloudwatch/statistic.h"
#include "services/events/pattern.h"
#include "services/logs/filter_pattern.h"
#include "services/logs/query_evaluate.h"
#include "services/sns/filter_policy.h"
#include "target.h"

using namespace sitelatch;

namespace {

// `*` and `?` by the book: slow and plainly right.
bool naive_match(std::string_view pattern, std::string_view text) {
  std::vector<bool> ends(text.size() + 1, false);
  ends[0] = true;
  for (const char c : pattern) {
    std::vector<bool> next(text.size() + 1, false);
    bool any = false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      any = any || ends[i];
      if (c == '*')
        next[i] = any;
      else if (i > 0)
        next[i] = ends[i - 1] && (c == '?' || c == text[i - 1]);
    }
    ends = std::move(next);
  }
  return ends[text.size()];
}

void filter_policy(const std::string& pattern, const std::string& tried, sns::FilterScope scope) {
  const auto policy = sns::FilterPolicy::parse(pattern, scope);
  if (!policy) return;
  sns::MessageAttributes attributes;
  const auto parts = split(tried, '\n');  // name, type, value, and so on
  for (std::size_t i = 0; i + 2 < parts.size(); i += 3)
    attributes.push_back(
        {std::string{parts[i]}, {std::string{parts[i + 1]}, std::string{parts[i + 2]}}});
  (void)policy->judge(attributes, tried);
}

void event_pattern(const std::string& pattern, const std::string& tried) {
  const auto parsed = events::EventPattern::parse(pattern);
  const auto event = aws::from_json(tried);
  if (!parsed || !event) return;
  (void)parsed->matches(*event);
  (void)parsed->plain_values("source");
}

void regex(const std::string& pattern, const std::string& tried) {
  const auto parsed = Regex::compile(pattern);
  if (!parsed) return;
  Regex::Work work{0, 2'000'000};
  const bool found = parsed->found_in(tried, work);
  const auto groups = parsed->match(tried, work);
  fuzz::require(work.exhausted() || found == groups.has_value(), "both ways find the same");
  fuzz::require(work.spent < 4'000'000, "work is bounded");
}

void insights(const std::string& text, const std::string& tried) {
  const auto query = logs::parse_query(text);
  if (!query) {
    fuzz::require(query.error().at <= text.size(), "the fault lies in the query");
    return;
  }
  Regex::Work work{0, 2'000'000};
  const logs::QueryContext context{0, work, nullptr};
  const logs::QueryRow row{logs::Event{{1, 1}, 1, tried, "s"}, {"a:g", "p", true}};
  for (const auto& command : query->commands) {
    if (command.kind == logs::QueryCommand::Kind::filter)
      (void)logs::evaluate(command.condition, row, context);
    for (const auto& column : command.columns)
      (void)logs::evaluate(column.expression, row, context);
  }
}

}  // namespace

FUZZ_TARGET(patterns) {
  const auto which = input.choice(9);
  const auto pattern = input.text(), tried = input.rest();
  switch (which) {
    case 0:
      if (const auto parsed = logs::FilterPattern::parse(pattern)) (void)parsed->matches(tried);
      return;
    case 1:
      return filter_policy(pattern, tried, sns::FilterScope::message_body);
    case 2:
      return filter_policy(pattern, tried, sns::FilterScope::message_attributes);
    case 3:
      if (const auto parsed = aws::Pattern::compile(pattern)) (void)parsed->matches(tried);
      return;
    case 4:
      if (pattern.size() * tried.size() < 100'000)
        require(wildcard_match(pattern, tried) == naive_match(pattern, tried),
                "wildcards match as they say");
      return;
    case 5:
      return regex(pattern, tried);
    case 6:
      return insights(pattern, tried);
    case 7:
      return event_pattern(pattern, tried);
    default:
      if (const auto statistic = cloudwatch::Statistic::any(pattern)) {
        cloudwatch::Aggregate aggregate;
        (void)statistic->of(aggregate);
        (void)statistic->percentile();
      }
  }
}
