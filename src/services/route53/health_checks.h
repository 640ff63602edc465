// SPDX-License-Identifier: Apache-2.0
// HealthChecks: all health checks and what is known of their health: when each is probed, what the
// answers say, and the status that DNS and metrics rest on. Owns the tables route53.health_checks,
// .health and .departed_checks.
//
//   real status   what the checkers' opinions (or children, or metric data) add up to. Survives
//                 restarts.
//   base status   healthy while Disabled, else the real one
//   own status    base, turned round if Inverted; or what an operator forces (`sitelatch health`)
//   status        unhealthy while latched (manual_resume.h), else the own one
//
// An endpoint's check has one or more checkers (checkers.h). Each probes by a rhythm of its own and
// has an opinion of its own; none knows of another.
//
// Invariants: (1) a changed status is in the journal before `changed` is called, and whoever
// publishes it waits for when_durable; (2) one probe per checker is under way at most; (3) an
// observation of an older generation of the configuration never counts (fact route53-9); (4) an
// armed check whose own status is unhealthy is latched, by the same batch of the journal that has
// the status (fact route53-81).
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ports/journal.h"
#include "ports/lifetime.h"
#include "ports/prober.h"
#include "ports/timers.h"
#include "services/route53/aggregation.h"
#include "services/route53/checkers.h"
#include "services/route53/health_check.h"
#include "services/route53/health_metrics.h"
#include "services/route53/manual_resume.h"
#include "services/route53/sample_schedule.h"

namespace sitelatch::route53 {

enum class Forced { none, up, down };  // `sitelatch health ID auto|up|down`

struct ObservedStatus {
  std::string status;  // AWS's words
  Instant at{};
};

// What is known of one check, for people and for the CLI.
struct HealthDescription {
  std::string id;
  std::string target;                    // "HTTPS a.example.com:443/lb-check"
  Status status = Status::healthy;       // what DNS rests on
  Status real_status = Status::healthy;  // before Disabled, Inverted and force
  Forced forced = Forced::none;
  bool disabled = false, inverted = false;
  Instant since{};        // of `status`
  CheckerCount checkers;  // none where nothing is probed
  std::optional<ObservedStatus> last;
  std::int64_t version = 1;
  bool armed = false;  // by manual resume
  LatchState latch;
  std::string why_unhealthy;  // in words, when its own status is; empty: it is not
};

// What one of a check's checkers has seen.
struct CheckerReport {
  CheckerPlace place;
  std::size_t number = 0;
  std::optional<ObservedStatus> last, last_failure;
};

class HealthChecks {
 public:
  using Changed = std::function<void(const std::string& health_check_id)>;

  // Loads what the journal has and takes up probing, with so many checkers. `stream` may be null:
  // then no CLOUDWATCH_METRIC checks can be made. `changed` is called whenever a status has
  // changed, never from the constructor.
  HealthChecks(ports::Journal& journal, ports::Timers& timers, ports::Prober& prober,
               HealthMetrics& metrics, const MetricDataStream* stream, std::size_t checkers,
               ManualResume& manual_resume, Changed changed);

  std::size_t size() const { return entries_.size(); }
  const HealthCheck* find(const std::string& id) const;
  // In the order of ids, from the first one not below `from`, until the visitor answers false.
  void visit(const std::string& from, const std::function<bool(const HealthCheck&)>& visitor) const;

  void add(HealthCheck check);
  void replace(HealthCheck check);  // of the same id; its status stands (fact route53-8)
  // With `keep_status`, the id goes on to answer status() with its last one (fact route53-11),
  // until forgotten.
  void remove(const std::string& id, bool keep_status);
  // Departed ids that nobody refers to any more: neither a CALCULATED check nor what `used` says.
  void forget_departed(const std::function<bool(const std::string& id)>& used);
  bool is_child(const std::string& id) const { return parents_.contains(id); }

  // Of a check, or of a departed one; of an id never heard of: healthy.
  Status status(const std::string& id) const;
  void set_forced(const std::string& id, Forced forced);  // of an existing check

  // Manual resume (health_check_latches.cc), of existing checks.
  void tags_changed(const std::string& id);  // armed or not now
  void trip(const std::string& id, const std::string& words);
  ReleaseVerdict release(const std::string& id, const ReleaseAsked& asked);
  bool latched(const std::string& id) const { return manual_resume_.latched(id); }

  std::optional<HealthDescription> describe(const std::string& id) const;
  // Of an existing check; empty where nothing is probed.
  std::vector<CheckerReport> reports(const std::string& id) const;

 private:
  struct Entry;
  struct Checker {
    Entry* entry = nullptr;
    CheckerPlace place;
    std::uint8_t number = 0;  // among the check's
    bool probing = false;     // invariant 2
    bool spread = false;      // its probes have been spread over the interval
    std::uint32_t born = 0;   // which of all that the check has ever had
    CheckerOpinion opinion;
    std::optional<ObservedStatus> last, last_failure;
    ports::Timer timer;
  };
  struct Entry {
    HealthCheck check;
    // Where they stand is where their timers look. A metric's check and a CALCULATED one have one
    // that never probes: the former's holds what was last known.
    std::list<Checker> checkers;
    Status status = Status::healthy;
    Forced forced = Forced::none;
    bool fresh_latency = false;
    std::uint32_t generation = 0, births = 0;
    Instant since{};
    std::optional<Duration> connect, tls_handshake, first_byte;  // of the last probe of all
  };
  using Entries = std::map<std::string, std::unique_ptr<Entry>, std::less<>>;

  void load();
  void take_up(Entry& entry);
  void place_checkers(Entry& entry);
  void schedule_first(Checker& checker);
  void schedule_next(Checker& checker);
  void probe(Checker& checker);
  // Which probe an observation is of.
  struct Asked {
    std::string id;
    std::uint32_t born, generation;
  };
  void on_observation(const Asked& asked, const ports::Observation& observation);
  void record(Checker& checker, const ports::Observation& observation);
  void judge_metric(Entry& entry);
  void evaluate_metric(Checker& checker);
  void keep(Entry& entry, Status real_before);

  static CheckerCount count(const Entry& entry);
  static std::optional<ObservedStatus> newest(const Entry& entry,
                                              std::optional<ObservedStatus> Checker::*which);
  Status real_status(const Entry& entry) const;
  Status own_status(const Entry& entry) const;
  Status effective_status(const Entry& entry) const;
  int healthy_children(const HealthCheck& check) const;
  void refresh(
      Entry& entry);  // recomputes the status; tells, and refreshes parents, when it has changed
  Situation situation(const Entry& entry) const;
  std::string why_unhealthy(const Entry& entry) const;
  void count_version_up(Entry& entry);
  void latch_if_due(Entry& entry);  // invariant 4
  void link_children(const HealthCheck& check);
  void unlink_children(const HealthCheck& check);
  void write_check(const Entry& entry);
  void write_health(const Entry& entry);
  bool sample(const std::string& id, Instant at);

  ports::Journal& journal_;
  ports::Timers& timers_;
  ports::Prober& prober_;
  HealthMetrics& metrics_;
  const MetricDataStream* stream_;
  const std::size_t checkers_;
  ManualResume& manual_resume_;
  Changed changed_;
  Entries entries_;
  std::unordered_map<std::string, Status> departed_;
  std::unordered_multimap<std::string, std::string> parents_;  // child -> CALCULATED
  SampleSchedule samples_;
  ports::Lifetime lifetime_;
};

// "HTTPS a.example.com:443/lb-check": what a check looks at, in a few words.
std::string target_of(const HealthCheckConfig& config);
// The probe that a configuration of an endpoint asks for.
ports::ProbeRequest probe_request(const HealthCheck& check);

}  // namespace sitelatch::route53
