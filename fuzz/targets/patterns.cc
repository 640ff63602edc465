// SPDX-License-Identifier: Apache-2.0
// The small languages that are matched against what comes by: log filter patterns, SNS filter
// policies, EventBridge's event patterns, the models' regular expressions, wildcards. Input: which,
// pattern, NUL, what it is tried on.
#include "aws/auth/policy_pattern.h"
#include "aws/wire/pattern.h"
#include "base/text.h"
#include "services/cloudwatch/statistic.h"
#include "services/events/pattern.h"
#include "services/logs/filter_pattern.h"
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

}  // namespace

FUZZ_TARGET(patterns) {
  const auto which = input.choice(7);
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
    case 6:
      return event_pattern(pattern, tried);
    default:
      if (const auto statistic = cloudwatch::Statistic::any(pattern)) {
        cloudwatch::Aggregate aggregate;
        (void)statistic->of(aggregate);
        (void)statistic->percentile();
      }
  }
}
