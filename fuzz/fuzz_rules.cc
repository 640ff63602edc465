// SPDX-License-Identifier: Apache-2.0
// The small languages that users write into members: IAM policies, log filter patterns, SNS filter
// policies, schedules, statistics, record values, model patterns. The first byte chooses the
// language; the rest is its text, and after a NUL what it is tried on. With libFuzzer, or as a
// replayer of files (SITELATCH_FUZZ_REPLAY).
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "aws/pattern.h"
#include "aws/policy.h"
#include "dns/rdata.h"
#include "services/cloudwatch/statistic.h"
#include "services/events/schedule.h"
#include "services/logs/filter_pattern.h"
#include "services/sns/filter_policy.h"

namespace {
using namespace sitelatch;

void try_policy(const std::string& text, aws::PolicyUse use) {
  const auto policy = aws::parse_policy(text, use);
  if (!policy) return;
  const auto principal = aws::service_principal("sns.amazonaws.com");
  const std::vector<std::string> resources{"arn:aws:sns:eu-west-1:000000000000:t"};
  const aws::ConditionKeys keys{{"aws:sourcearn", {"arn:aws:sns:eu-west-1:000000000000:t"}},
                                {"aws:sourceip", {"127.0.0.1"}}};
  const aws::AccessRequest request{principal, "sns:Publish", resources, keys};
  (void)aws::denial_text(
      request, aws::evaluate(request, {{*policy}, {}, {}, *policy, use == aws::PolicyUse::trust}));
}

void try_schedule(const std::string& text) {
  const auto schedule = events::parse_schedule(text);
  if (!schedule) return;
  auto at = from_civil(2026, 11, 23, 13, 45, 0);
  const auto start = at - std::chrono::hours{1};
  for (int i = 0; i < 5; ++i) {
    const auto next = events::next_tick(*schedule, start, at);
    if (!next) return;
    if (*next <= at) __builtin_trap();
    at = *next;
  }
}

void exercise(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  const std::string all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto nul = all.find('\0');
  const auto text = all.substr(0, nul),
             tried = nul == std::string::npos ? std::string{"a"} : all.substr(nul + 1);
  switch (data[0] % 10) {
    case 0:
      return try_policy(text, aws::PolicyUse::identity);
    case 1:
      return try_policy(text, aws::PolicyUse::resource);
    case 2:
      return try_policy(text, aws::PolicyUse::trust);
    case 3:
      if (const auto pattern = logs::FilterPattern::parse(text)) (void)pattern->matches(tried);
      return;
    case 4:
    case 5:
      if (const auto policy = sns::FilterPolicy::parse(
              text, data[0] % 10 == 4 ? sns::FilterScope::message_body
                                      : sns::FilterScope::message_attributes))
        (void)policy->judge({}, tried);
      return;
    case 6:
      return try_schedule(text);
    case 7:
      (void)cloudwatch::Statistic::any(text).has_value();
      return;
    case 8:
      if (const auto rdata = dns::rdata_from_text(static_cast<std::uint16_t>(tried.size()), text))
        (void)dns::rdata_to_text(static_cast<std::uint16_t>(tried.size()), *rdata);
      return;
    default:
      if (const auto pattern = aws::Pattern::compile(text)) (void)pattern->matches(tried);
  }
}

}  // namespace

#ifdef SITELATCH_FUZZ_REPLAY
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream in{argv[i], std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    exercise(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  return 0;
}
#else
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  exercise(data, size);
  return 0;
}
#endif
