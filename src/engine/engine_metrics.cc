// SPDX-License-Identifier: Apache-2.0
#include "engine/engine_metrics.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace sitelatch::engine {
namespace {

using prometheus::Kind;
using prometheus::Labels;

constexpr auto engine_metrics_there_are = std::to_array<prometheus::Metric>({
    {"sitelatch_engine_build_info", "1; which version runs."},
    {"sitelatch_engine_time_seconds",
     "The engine's own time as Unix time: it may run faster than the wall's, or stand still."},
    {"sitelatch_engine_health_checks", "How many health checks DNS takes to be so."},
    {"sitelatch_engine_health_check_info", "1; what a health check probes."},
    {"sitelatch_engine_health_check_healthy", "1: DNS takes it to be healthy; 0: unhealthy."},
    {"sitelatch_engine_health_check_probed_healthy",
     "The same before Disabled, Inverted, a forced status and a latch."},
    {"sitelatch_engine_health_check_in_status_seconds",
     "For how long DNS has taken it to be so, by the engine's time."},
    {"sitelatch_engine_health_check_forced", "1: somebody forces its status."},
    {"sitelatch_engine_health_check_latched",
     "Of checks with manual resume. 1: latched until somebody releases it."},
    {"sitelatch_engine_alarms", "How many metric alarms are in this state, of all Regions."},
    {"sitelatch_engine_probes_total", "Probes of health checks that ended.", Kind::counter},
    {"sitelatch_engine_probe_seconds", "How long they took, by the wall.", Kind::histogram},
    {"sitelatch_engine_dns_answers_total", "DNS queries answered.", Kind::counter},
    {"sitelatch_engine_dns_unanswered_total",
     "DNS queries that got no answer: malformed, or over the rate limit.", Kind::counter},
    {"sitelatch_engine_dns_turn_seconds",
     "Per query: how long the thread took for all that it had found waiting at once.",
     Kind::histogram},
    {"sitelatch_engine_api_calls_total", "Requests of the AWS APIs that were answered.",
     Kind::counter},
    {"sitelatch_engine_api_call_seconds",
     "From a whole request to an answer whose effects are durable.", Kind::histogram},
    {"sitelatch_engine_http_connections", "Connections to the API that are open."},
    {"sitelatch_engine_journal_commit_seconds",
     "How long it took to make a batch of changes durable.", Kind::histogram},
    {"sitelatch_engine_sns_messages_published_total", "Messages that topics took.", Kind::counter},
    {"sitelatch_engine_sns_notifications_total",
     "Notifications by their end: delivered, or given up.", Kind::counter},
    {"sitelatch_engine_delivery_attempts_total",
     "Posts and mails that were tried, the repeated ones too.", Kind::counter},
    {"sitelatch_engine_function_invocations_total", "Invocations of a function that ran.",
     Kind::counter},
    {"sitelatch_engine_function_errors_total", "Of these, those that ended with an error.",
     Kind::counter},
    {"sitelatch_engine_function_throttles_total", "Invocations refused for want of concurrency.",
     Kind::counter},
    {"sitelatch_engine_function_seconds", "How long the function ran.", Kind::histogram},
    {"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
     Kind::counter},
    {"process_resident_memory_bytes", "Resident memory size in bytes."},
    {"process_virtual_memory_bytes", "Virtual memory size in bytes."},
    {"process_open_fds", "Number of open file descriptors."},
    {"process_max_fds", "Maximum number of open file descriptors."},
    {"process_start_time_seconds", "Start time of the process since unix epoch in seconds."},
});

// "NOERROR" and its kin (RFC 1035 §4.1.1, RFC 2136 §2.2); the others as numbers.
std::string rcode_name(std::size_t rcode) {
  constexpr std::array<std::string_view, 6> names = {"NOERROR",  "FORMERR", "SERVFAIL",
                                                     "NXDOMAIN", "NOTIMP",  "REFUSED"};
  return rcode < names.size() ? std::string{names[rcode]} : std::to_string(rcode);
}

double as_number(bool yes) { return yes ? 1 : 0; }

bool is_healthy(route53::Status status) { return status == route53::Status::healthy; }

void add_check(prometheus::Exposition& out, const route53::HealthDescription& check, Instant now) {
  const Labels id = {{"health_check_id", check.id}};
  out.add("sitelatch_engine_health_check_info", {id.front(), {"target", check.target}}, 1);
  out.add("sitelatch_engine_health_check_healthy", id, as_number(is_healthy(check.status)));
  out.add("sitelatch_engine_health_check_probed_healthy", id,
          as_number(is_healthy(check.real_status)));
  out.add("sitelatch_engine_health_check_in_status_seconds", id,
          std::chrono::duration<double>(now - check.since).count());
  out.add("sitelatch_engine_health_check_forced", id,
          as_number(check.forced != route53::Forced::none));
  if (check.armed)
    out.add("sitelatch_engine_health_check_latched", id, as_number(check.latch.latch.has_value()));
}

void add_dns(prometheus::Exposition& out, const net::DnsFigures& dns) {
  constexpr std::array<std::string_view, net::DnsFigures::transports> transports = {"udp", "tcp"};
  static_assert(static_cast<int>(net::DnsFigures::Transport::tcp) == 1);
  for (std::size_t i = 0; i < transports.size(); ++i) {
    const Labels transport = {{"transport", std::string{transports[i]}}};
    for (std::size_t rcode = 0; rcode < net::DnsFigures::rcodes; ++rcode)
      if (dns.answers[i][rcode] > 0 || rcode == 0)
        out.add("sitelatch_engine_dns_answers_total",
                {transport.front(), {"rcode", rcode_name(rcode)}},
                static_cast<double>(dns.answers[i][rcode]));
    out.add("sitelatch_engine_dns_unanswered_total", transport,
            static_cast<double>(dns.unanswered[i]));
  }
  out.add("sitelatch_engine_dns_turn_seconds", {},
          prometheus::Histogram(net::DnsFigures::turn_bounds, dns.by_turn, dns.turn_seconds));
}

void add_process(prometheus::Exposition& out, const net::ProcessFigures& process) {
  const auto add = [&out](std::string_view name, std::optional<double> value) {
    if (value) out.add(name, {}, *value);
  };
  add("process_cpu_seconds_total", process.cpu_seconds);
  add("process_resident_memory_bytes", process.resident_bytes);
  add("process_virtual_memory_bytes", process.virtual_bytes);
  add("process_open_fds", process.open_fds);
  add("process_max_fds", process.max_fds);
}

}  // namespace

std::string engine_metrics(const EngineReading& reading, const Tally& tally,
                           const prometheus::Histogram& commits) {
  prometheus::Exposition out(engine_metrics_there_are);
  out.add("sitelatch_engine_build_info", {{"version", reading.version}}, 1);
  out.add("sitelatch_engine_time_seconds", {}, unix_seconds_fractional(reading.now));
  const auto healthy = static_cast<std::size_t>(
      std::count_if(reading.checks.begin(), reading.checks.end(),
                    [](const auto& check) { return is_healthy(check.status); }));
  out.add("sitelatch_engine_health_checks", {{"status", "healthy"}}, static_cast<double>(healthy));
  out.add("sitelatch_engine_health_checks", {{"status", "unhealthy"}},
          static_cast<double>(reading.checks.size() - healthy));
  for (std::size_t i = 0; i < std::min(reading.checks.size(), most_checks_told); ++i)
    add_check(out, reading.checks[i], reading.now);
  for (const auto state :
       {cloudwatch::State::ok, cloudwatch::State::alarm, cloudwatch::State::insufficient_data}) {
    const auto found = reading.alarms.find(state);
    out.add("sitelatch_engine_alarms", {{"state", std::string{cloudwatch::state_name(state)}}},
            found == reading.alarms.end() ? 0 : static_cast<double>(found->second));
  }
  add_dns(out, reading.dns);
  tally.add_to(out);
  out.add("sitelatch_engine_http_connections", {}, static_cast<double>(reading.http_connections));
  out.add("sitelatch_engine_journal_commit_seconds", {}, commits);
  add_process(out, reading.process);
  out.add("process_start_time_seconds", {},
          std::chrono::duration<double>(reading.started.time_since_epoch()).count());
  return out.text();
}

}  // namespace sitelatch::engine
