// SPDX-License-Identifier: Apache-2.0
#include "services/sns/retry_schedule.h"

#include <doctest/doctest.h>

#include <string>

#include "services/sns/delivery_policy.h"

using namespace sitelatch;
using namespace sitelatch::sns;
using namespace std::chrono_literals;

TEST_CASE("the schedules have AWS's totals") {
  CHECK(1 + function_schedule().retries() == 100'015);
  CHECK(total_delay(function_schedule()) > 23 * 24h);
  CHECK(total_delay(function_schedule()) < 24 * 24h);
  CHECK(1 + mail_schedule().retries() == 50);
  CHECK(total_delay(mail_schedule()) > 6h);
  CHECK(total_delay(mail_schedule()) < 8h);
  CHECK(total_delay(http_schedule()) == 60s);
}

TEST_CASE("the four phases come in order") {
  const RetrySchedule s{1, 2, 3, 1, 10s, 30s, RetryFunction::linear};
  const Duration expected[] = {0s, 10s, 10s, 10s, 20s, 30s, 30s};
  for (int failures = 1; failures <= 7; ++failures)
    CHECK(delay_after(s, failures) == expected[failures - 1]);
  CHECK(delay_after(s, 8) == std::nullopt);
  CHECK(delay_after(s, 0) == std::nullopt);
}

TEST_CASE("every backoff grows from the shortest to the longest") {
  for (const auto function : {RetryFunction::linear, RetryFunction::arithmetic,
                              RetryFunction::geometric, RetryFunction::exponential}) {
    const RetrySchedule s{0, 0, 6, 0, 1s, 60s, function};
    CHECK(*delay_after(s, 1) == 1s);
    CHECK(*delay_after(s, 6) > 59s);
    CHECK(*delay_after(s, 6) <= 60s);
    for (int failures = 1; failures < 6; ++failures)
      CHECK(*delay_after(s, failures) < *delay_after(s, failures + 1));
  }
}

TEST_CASE("delivery policies are checked") {
  const auto refused = [](const std::string& json) {
    const auto out = check_subscription_delivery_policy(json);
    return out ? std::string{} : out.error();
  };
  CHECK(refused(R"({"healthyRetryPolicy":{"numRetries":5}})") == "");
  CHECK(refused("[]") == "failed to parse JSON.");
  CHECK(refused(R"({"x":1})") == "unrecognized member x");
  CHECK(refused(R"({"healthyRetryPolicy":{"numRetries":101}})") ==
        "numRetries must be between 0 and 100");
  CHECK(refused(R"({"healthyRetryPolicy":{"numRetries":"3"}})") == "numRetries must be an integer");
  CHECK(refused(R"({"healthyRetryPolicy":{"minDelayTarget":30}})") ==
        "maxDelayTarget must not be less than minDelayTarget");
  CHECK(refused(R"({"healthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":2}})") ==
        "numRetries must not be less than the retries of its phases");
  CHECK(refused(R"({"healthyRetryPolicy":{"numRetries":100,"maxDelayTarget":3600,)"
                R"("minDelayTarget":3600}})") ==
        "the retries must not take longer than 3600 seconds");
  CHECK(refused(R"({"requestPolicy":{"headerContentType":"a\r\nb: c"}})") != "");
  CHECK(check_topic_delivery_policy(R"({"http":{"defaultHealthyRetryPolicy":{"numRetries":1}}})")
            .has_value());
  CHECK_FALSE(check_topic_delivery_policy(R"({"https":{}})").has_value());
}
