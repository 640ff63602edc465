// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/invocation_log.h"

#include <fmt/format.h>

#include <cmath>

#include "services/lambda/json_text.h"

namespace sitelatch::lambda {
namespace {

constexpr std::size_t tail_bytes = 4096;
constexpr std::size_t event_bytes = 262'144 - 26;  // what PutLogEvents takes as one event

double milliseconds(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }
long billed_ms(Duration d) { return static_cast<long>(std::ceil(milliseconds(d))); }

// "python3.11" -> "python:3.11", "provided.al2023" -> "provided:al2023"
std::string runtime_label(const std::string& runtime) {
  if (const auto dot = runtime.find(".al"); dot != std::string::npos)
    return runtime.substr(0, dot) + ":" + runtime.substr(dot + 1);
  const auto digit = runtime.find_first_of("0123456789");
  if (digit == std::string::npos) return runtime;
  return runtime.substr(0, digit) + ":" + runtime.substr(digit);
}

class Writer {
 public:
  Writer(const LoggedInvocation& invocation, const ports::InvocationOutcome& outcome,
         const Verdict& verdict)
      : of_(invocation), outcome_(outcome), verdict_(verdict) {}

  InvocationLog write() {
    if (outcome_.init_duration) initialisation();
    start_of_tail_ = out_.lines.size();
    start();
    for (const auto& line : outcome_.lines)
      if (!of_.json || level_of_line(line) >= of_.application_level) printed(line);
    if (outcome_.dropped_bytes > 0)
      printed(
          fmt::format("[sitelatch] {} more bytes of output were not kept", outcome_.dropped_bytes));
    error();
    end();
    make_tail();
    return std::move(out_);
  }

 private:
  void add(Instant at, std::string text) { out_.lines.push_back({at, std::move(text)}); }

  void initialisation() {
    const auto version = runtime_label(of_.runtime) + ".v1";
    if (!of_.json)
      return add(of_.started,
                 fmt::format("INIT_START Runtime Version: {}\tRuntime Version ARN: {}\n", version,
                             of_.runtime_version_arn));
    constexpr std::string_view phase = R"("initializationType":"on-demand","phase":"init")";
    platform(LineLevel::info, "platform.initStart", of_.started,
             fmt::format(R"({},"runtimeVersion":{},"runtimeVersionArn":{})", phase,
                         json_quoted(version), json_quoted(of_.runtime_version_arn)));
    const bool failed = outcome_.kind == ports::InvocationOutcome::Kind::init_error;
    const auto level = failed ? LineLevel::warn : LineLevel::debug;
    const auto* status = failed ? "error" : "success";
    platform(level, "platform.initRuntimeDone", of_.started,
             fmt::format(R"({},"status":"{}")", phase, status));
    platform(level, "platform.initReport", of_.started,
             fmt::format(R"({},"status":"{}","metrics":{{"durationMs":{:.3f}}})", phase, status,
                         milliseconds(*outcome_.init_duration)));
  }
  void start() {
    if (of_.json)
      return platform(LineLevel::info, "platform.start", of_.started,
                      fmt::format(R"("requestId":{},"version":{})", json_quoted(of_.request_id),
                                  json_quoted(of_.version)));
    add(of_.started, fmt::format("START RequestId: {} Version: {}\n", of_.request_id, of_.version));
  }
  // One printed line is one event; what is too long for one event goes on in the next.
  void printed(const std::string& raw) {
    auto text = repaired_utf8(raw);
    while (text.size() > event_bytes - 1) {
      auto cut = event_bytes - 1;
      while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
      add(of_.ended, text.substr(0, cut));
      text.erase(0, cut);
    }
    add(of_.ended, text + "\n");
  }
  void error() {
    if (verdict_.error_line.empty()) return;
    const bool timeout = outcome_.kind == ports::InvocationOutcome::Kind::timed_out;
    const auto stamp = timeout ? iso8601_ms(of_.ended) + " " : std::string{};
    add(of_.ended, stamp + verdict_.error_line + "\n");
  }
  void end() {
    if (of_.json) return json_end();
    add(of_.ended, fmt::format("END RequestId: {}\n", of_.request_id));
    std::string report = fmt::format(
        "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\t"
        "Max Memory Used: {} MB\t",
        of_.request_id, milliseconds(outcome_.duration), billed_ms(billed()), of_.memory_mb,
        outcome_.max_memory_mb);
    if (outcome_.init_duration)
      report += fmt::format("Init Duration: {:.2f} ms\t", milliseconds(*outcome_.init_duration));
    if (const auto status = sandbox_status(); status == "timeout")
      report += "Status: timeout";
    else if (status == "error")
      report += fmt::format("Status: error\tError Type: {}", verdict_.error_type);
    add(of_.ended, report + "\n");
  }
  void json_end() {
    const auto found = sandbox_status();
    const std::string_view status = found.empty() ? "success" : found;
    auto fate = fmt::format(R"("status":"{}")", status);
    if (status == "error")
      fate += fmt::format(R"(,"errorType":{})", json_quoted(verdict_.error_type));
    const auto duration = milliseconds(outcome_.duration);
    // The runtime's end is told of an error of the handler's, too.
    using Kind = ports::InvocationOutcome::Kind;
    const bool handled = found.empty() && (outcome_.kind == Kind::function_error ||
                                           outcome_.kind == Kind::init_error);
    const bool well = found.empty() && !handled;
    platform(
        well ? LineLevel::debug : LineLevel::warn, "platform.runtimeDone", of_.ended,
        fmt::format(R"("requestId":{},{},"metrics":{{"durationMs":{:.3f},"producedBytes":{}}})",
                    json_quoted(of_.request_id), handled ? R"("status":"error")" : fate, duration,
                    outcome_.payload.size()));
    auto metrics = fmt::format(
        R"("durationMs":{:.3f},"billedDurationMs":{},"memorySizeMB":{},"maxMemoryUsedMB":{})",
        duration, billed_ms(billed()), of_.memory_mb, outcome_.max_memory_mb);
    if (outcome_.init_duration)
      metrics += fmt::format(R"(,"initDurationMs":{:.3f})", milliseconds(*outcome_.init_duration));
    platform(found.empty() ? LineLevel::info : LineLevel::warn, "platform.report", of_.ended,
             fmt::format(R"("requestId":{},"metrics":{{{}}},{})", json_quoted(of_.request_id),
                         metrics, fate));
  }
  // Which events have which level: LD monitoring-cloudwatchlogs-log-level.
  void platform(LineLevel level, std::string_view type, Instant at, const std::string& record) {
    if (level < of_.system_level) return;
    add(at, fmt::format(R"({{"time":"{}","type":"{}","record":{{{}}}}})", iso8601_ms(at), type,
                        record) +
                "\n");
  }
  Duration billed() const {
    return outcome_.duration + outcome_.init_duration.value_or(Duration::zero());
  }
  // Empty when the handler answered, be it with an error of its own.
  std::string_view sandbox_status() const {
    if (outcome_.kind == ports::InvocationOutcome::Kind::timed_out) return "timeout";
    return verdict_.error_type.empty() ? "" : "error";
  }
  void make_tail() {
    for (auto i = start_of_tail_; i < out_.lines.size(); ++i) out_.tail += out_.lines[i].text;
    if (out_.tail.size() <= tail_bytes) return;
    out_.tail.erase(0, out_.tail.size() - tail_bytes);
    while (!out_.tail.empty() && (static_cast<unsigned char>(out_.tail.front()) & 0xc0) == 0x80)
      out_.tail.erase(0, 1);
  }

  const LoggedInvocation& of_;
  const ports::InvocationOutcome& outcome_;
  const Verdict& verdict_;
  InvocationLog out_;
  std::size_t start_of_tail_ = 0;
};

}  // namespace

InvocationLog write_log(const LoggedInvocation& invocation, const ports::InvocationOutcome& outcome,
                        const Verdict& verdict) {
  return Writer{invocation, outcome, verdict}.write();
}

std::string log_stream_name(Instant started, const std::string& version,
                            const std::string& environment_id) {
  const auto day = civil(started);
  return fmt::format("{:04}/{:02}/{:02}/[{}]{}", day.year, day.month, day.day, version,
                     environment_id);
}

}  // namespace sitelatch::lambda
