// SPDX-License-Identifier: Apache-2.0
// The ten calls that the guard's function makes, as an interface (tests put a world of their own
// behind it) and on AWS.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "function/aws_client.h"
#include "guard/rules/decision.h"

namespace sitelatch::function {

struct Updated {
  std::uint64_t version = 0;
  std::string request_id;
};

class GuardCalls {
 public:
  virtual ~GuardCalls() = default;
  virtual CallResult<guard::Check> read_check() = 0;
  // Nothing: there is no such alarm.
  virtual CallResult<std::optional<guard::AlarmSnapshot>> read_alarm() = 0;
  // HealthCheckStatus from `from` to `until`, oldest minute first.
  virtual CallResult<std::vector<guard::StatusMinute>> read_status(Instant from, Instant until) = 0;
  virtual CallResult<guard::Texts> read_tags() = 0;
  virtual CallResult<Updated> update_check(const guard::CheckChange& change,
                                           std::uint64_t version) = 0;
  virtual CallResult<Done> write_tags(const guard::Texts& tags) = 0;
  virtual CallResult<Done> tell(std::string_view subject, std::string_view message) = 0;
  virtual CallResult<Done> write_audit(std::string_view line, Instant at) = 0;
  // Makes a stream of the audit log: false, it is there already. True where there is no audit log.
  virtual CallResult<bool> claim(std::string_view stream) = 0;
  // Asks for what AWS refuses after it has authorised: proves a right and changes nothing.
  virtual CallResult<Done> try_to_tell() = 0;
};

class AwsGuardCalls final : public GuardCalls {
 public:
  explicit AwsGuardCalls(guard::Arrangement arrangement);
  void use_until(Deadline deadline) { deadline_ = deadline; }
  void connect_early(Deadline deadline);

  CallResult<guard::Check> read_check() override;
  CallResult<std::optional<guard::AlarmSnapshot>> read_alarm() override;
  CallResult<std::vector<guard::StatusMinute>> read_status(Instant from, Instant until) override;
  CallResult<guard::Texts> read_tags() override;
  CallResult<Updated> update_check(const guard::CheckChange& change,
                                   std::uint64_t version) override;
  CallResult<Done> write_tags(const guard::Texts& tags) override;
  CallResult<Done> tell(std::string_view subject, std::string_view message) override;
  CallResult<Done> write_audit(std::string_view line, Instant at) override;
  CallResult<bool> claim(std::string_view stream) override;
  CallResult<Done> try_to_tell() override;

 private:
  CallResult<Answer> route53(std::string method, std::string target, std::string body);
  CallResult<Answer> query(std::string_view service, std::string_view region, std::string form);
  CallResult<Answer> logs(std::string_view operation, std::string body);
  CallResult<Answer> call(std::string_view service, std::string_view region,
                          aws::HttpRequest request);

  guard::Arrangement ours_;
  std::string partition_;
  AwsClient client_;
  Deadline deadline_{};
};

// Parts of AWS's answers, apart for tests and the fuzzer.
std::optional<guard::Check> read_check_xml(std::string_view body);
std::optional<std::optional<guard::AlarmSnapshot>> read_alarm_xml(std::string_view body,
                                                                  std::string_view arn);
guard::Texts read_tags_xml(std::string_view body);
std::optional<std::vector<guard::StatusMinute>> read_status_xml(std::string_view body);

}  // namespace sitelatch::function
