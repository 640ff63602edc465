// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/executor.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "services/lambda/invocation_log.h"

namespace sitelatch::lambda {
namespace {

// Renewed before an invocation of 15 minutes could outlast them.
constexpr auto session_length = std::chrono::hours{12};
constexpr auto renewal_margin = std::chrono::minutes{20};

std::string version_arn(const Run& run) {
  return "arn:aws:lambda:" + run.region + ":" + run.account + ":function:" + run.function_name +
         ":" + run.version.number;
}
std::string unqualified_arn(const Run& run) {
  return "arn:aws:lambda:" + run.region + ":" + run.account + ":function:" + run.function_name;
}

// X-Ray is not offered; functions still get an id of its form, never sampled.
std::string trace_id(const std::string& request_id, Instant started) {
  const auto digits = replace_all(request_id, "-", "") + std::string(32, '0');
  return fmt::format("Root=1-{:08x}-{};Parent={};Sampled=0", unix_seconds(started),
                     digits.substr(0, 24), digits.substr(8, 16));
}

ports::FunctionSpec spec_of(const Run& run, const ports::Credentials& credentials,
                            CodeStore::Zip zip) {
  const auto& c = run.version.configuration;
  ports::FunctionSpec spec;
  // New credentials need a new environment: a running one was given its own at its start.
  spec.environment_key =
      version_arn(run) + "#" + run.version.build_id + "#" + credentials.access_key_id;
  spec.function_arn = unqualified_arn(run);
  spec.function_name = run.function_name;
  spec.version = run.version.number;
  spec.account = run.account;
  spec.region = run.region;
  spec.runtime = c.runtime;
  spec.handler = c.handler;
  spec.zip = std::move(zip);
  spec.code_sha256 = c.code_sha256;
  spec.timeout_s = c.timeout_s;
  spec.memory_mb = c.memory_mb;
  spec.ephemeral_mb = c.ephemeral_mb;
  if (c.variables) spec.variables = *c.variables;
  spec.log_group = c.log_group;
  spec.json_log = c.log_format == "JSON";
  spec.log_level = c.application_log_level;
  return spec;
}

}  // namespace

void Executor::execute(Run run, Done done) {
  const auto credentials = credentials_for(run);
  if (!credentials) return done(failure(credentials.error()));
  auto packages = packages_of(run.version.configuration);
  if (!packages)
    return done(aws::refuse("ServiceException", "The code of the function is missing."));
  ++running_[{run.region, run.function_name}];
  ++running_in_region_[run.region];
  auto shared = std::make_shared<const Run>(std::move(run));
  world_.journal.when_durable(
      lifetime_.guard([this, run = std::move(shared), credentials = *credentials,
                       packages = *std::move(packages), done = std::move(done)]() mutable {
        start(std::move(run), credentials, std::move(packages), std::move(done));
      }));
}

std::optional<Executor::Packages> Executor::packages_of(const Configuration& configuration) {
  Packages out{code_.find(configuration.code_sha256), {}};
  if (!out.code) return std::nullopt;
  for (const auto& layer : configuration.layers) {
    out.layers.push_back({layer.code_sha256, code_.find(layer.code_sha256)});
    if (!out.layers.back().zip) return std::nullopt;
  }
  return out;
}

// The trust policy is asked at each renewal, not at each invocation, as on AWS (fact lambda-8).
aws::Outcome<ports::Credentials> Executor::credentials_for(const Run& run) {
  auto& cached = credentials_[version_arn(run)];
  const auto now = world_.wall.now();
  if (cached.build_id == run.version.build_id &&
      cached.credentials.expiration - now > Duration{renewal_margin})
    return cached.credentials;
  const auto fresh =
      world_.roles.assume(run.version.configuration.role, run.function_name, session_length);
  if (!fresh) {
    credentials_.erase(version_arn(run));
    return aws::refuse("AccessDeniedException",
                       "The role defined for the function cannot be assumed by Lambda.", 403);
  }
  cached = {*fresh, run.version.build_id};
  return *fresh;
}

void Executor::start(std::shared_ptr<const Run> run, const ports::Credentials& credentials,
                     Packages packages, Done done) {
  const Instant started = world_.timers.now();
  ports::Invocation invocation;
  invocation.request_id = run->request_id;
  invocation.payload = run->payload;
  invocation.client_context = run->client_context;
  invocation.trace_id = trace_id(run->request_id, started);
  invocation.invoked_function_arn = run->invoked_arn;
  invocation.credentials = credentials;
  auto spec = spec_of(*run, credentials, std::move(packages.code));
  spec.layers = std::move(packages.layers);
  world_.host.invoke(std::move(spec), std::move(invocation),
                     lifetime_.guard([this, run = std::move(run), started, done = std::move(done)](
                                         const ports::InvocationOutcome& outcome) {
                       done(finish(*run, started, outcome));
                     }));
}

Execution Executor::finish(const Run& run, Instant started,
                           const ports::InvocationOutcome& outcome) {
  const auto slot = running_.find({run.region, run.function_name});
  ENSURE(slot != running_.end() && slot->second > 0, "an invocation ended that had not begun");
  const int concurrent = slot->second;
  if (--slot->second == 0) running_.erase(slot);
  --running_in_region_[run.region];

  Execution out;
  out.verdict = judge(outcome, run.request_id, run.version.configuration.timeout_s);
  out.executed_version = run.version.number;
  if (out.verdict.kind == Verdict::Kind::host_error) return out;
  write_log_of(run, started, outcome, out);
  const bool failed = out.verdict.kind == Verdict::Kind::function_error;
  const auto note = [&](std::string_view metric_name, double value, std::string_view unit) {
    count(run.region, run.function_name, metric_name, value, unit, started);
  };
  note("Invocations", 1, "Count");
  note("Errors", failed ? 1 : 0, "Count");
  note("Duration", std::chrono::duration<double, std::milli>(outcome.duration).count(),
       "Milliseconds");
  note("ConcurrentExecutions", concurrent, "Count");
  return out;
}

void Executor::write_log_of(const Run& run, Instant started,
                            const ports::InvocationOutcome& outcome, Execution& execution) {
  const auto& c = run.version.configuration;
  LoggedInvocation logged;
  logged.request_id = run.request_id;
  logged.version = run.version.number;
  logged.runtime = c.runtime;
  logged.runtime_version_arn = runtime_version_arn(run.region, c.runtime);
  logged.memory_mb = c.memory_mb;
  logged.json = c.log_format == "JSON";
  logged.system_level = log_level_of(c.system_log_level).value_or(LineLevel::info);
  logged.application_level = log_level_of(c.application_log_level).value_or(LineLevel::info);
  logged.started = started;
  logged.ended = world_.timers.now();
  auto log = write_log(logged, outcome, execution.verdict);
  execution.log_tail = std::move(log.tail);
  if (!log.lines.empty())
    world_.logs.write(run.region, c.log_group, stream_of(run, started, outcome), log.lines, c.role);
}

const std::string& Executor::stream_of(const Run& run, Instant started,
                                       const ports::InvocationOutcome& outcome) {
  // An outcome without an environment (no bootstrap was found) still wants a stream.
  const auto id = outcome.environment_id.empty() ? std::string(32, '0') : outcome.environment_id;
  const auto* known = streams_.find(id);
  if (known && !outcome.init_duration && !outcome.environment_id.empty()) return *known;
  return streams_.add(id, log_stream_name(started, run.version.number, id));
}

void Executor::forget(const std::string& function_arn) {
  const auto from = credentials_.lower_bound(function_arn + ":");
  credentials_.erase(from, credentials_.lower_bound(function_arn + ";"));  // ';' follows ':'
}

int Executor::running(const std::string& region, const std::string& function_name) const {
  const auto found = running_.find({region, function_name});
  return found == running_.end() ? 0 : found->second;
}
int Executor::running(const std::string& region) const {
  const auto found = running_in_region_.find(region);
  return found == running_in_region_.end() ? 0 : found->second;
}

// Every figure twice: for the function, and for the region as a whole (fact lambda-20).
void Executor::count(const std::string& region, const std::string& function_name,
                     std::string_view metric_name, double value, std::string_view unit,
                     Instant at) const {
  world_.metrics.count(region, metric_name, function_name, value, unit, at);
  world_.metrics.count(region, metric_name, "", value, unit, at);
}

}  // namespace sitelatch::lambda
