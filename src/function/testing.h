// SPDX-License-Identifier: Apache-2.0
// Fixtures of the function's tests: AWS as the function sees it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "function/guard_calls.h"
#include "guard/rules/testing.h"

namespace sitelatch::function::testing {
using guard::testing::at;

inline const CallError denied{"AccessDenied", "User: x is not authorized to perform: y", 403};

// AWS as the function sees it, with every call able to fail.
class Cloud final : public GuardCalls {
 public:
  guard::Check check = guard::testing::healthy_check();
  std::optional<guard::AlarmSnapshot> alarm =
      guard::AlarmSnapshot{guard::AlarmState::ok, at(-3600), true, true};
  std::vector<guard::StatusMinute> minutes;
  guard::Texts tags;
  std::vector<std::string> calls, notified, audit;
  std::set<std::string> streams;        // of the audit log, beside the function's own
  std::string failing;                  // this call is denied
  bool lose_answer = false;             // of the next update
  std::function<void()> before_update;  // somebody else is faster
  std::function<void()> before_read;    // of the check

  CallResult<guard::Check> read_check() override {
    if (before_read) before_read();
    if (fails("read_check")) return failure(denied);
    return check;
  }
  CallResult<std::optional<guard::AlarmSnapshot>> read_alarm() override {
    if (fails("read_alarm")) return failure(denied);
    return alarm;
  }
  CallResult<std::vector<guard::StatusMinute>> read_status(Instant, Instant) override {
    if (fails("read_status")) return failure(denied);
    return minutes;
  }
  CallResult<guard::Texts> read_tags() override {
    if (fails("read_tags")) return failure(denied);
    return tags;
  }
  CallResult<Updated> update_check(const guard::CheckChange& change,
                                   std::uint64_t version) override {
    if (fails("update_check")) return failure(denied);
    if (before_update) std::exchange(before_update, nullptr)();
    if (version != check.version) return failure(CallError{"HealthCheckVersionMismatch", "", 409});
    check = guard::apply(change, check);
    // The client sends again what was not answered, and learns that the version has moved on.
    if (std::exchange(lose_answer, false))
      return failure(CallError{"HealthCheckVersionMismatch", "", 409});
    return Updated{check.version, "r-1"};
  }
  CallResult<Done> write_tags(const guard::Texts& written) override {
    if (fails("write_tags")) return failure(denied);
    for (const auto& [key, value] : written) tags[key] = value;
    return Done{};
  }
  CallResult<Done> tell(std::string_view subject, std::string_view message) override {
    if (fails("tell")) return failure(denied);
    notified.push_back(std::string{subject} + ": " + std::string{message});
    return Done{};
  }
  CallResult<Done> write_audit(std::string_view line, Instant) override {
    if (fails("write_audit")) return failure(denied);
    if (!line.empty()) audit.emplace_back(line);
    return Done{};
  }
  CallResult<bool> claim(std::string_view stream) override {
    if (fails("claim")) return failure(denied);
    return streams.emplace(stream).second;
  }
  CallResult<Done> try_to_tell() override {
    if (fails("try_to_tell")) return failure(denied);
    return Done{};
  }

 private:
  bool fails(const std::string& call) {
    calls.push_back(call);
    return call == failing;
  }
};

}  // namespace sitelatch::function::testing
