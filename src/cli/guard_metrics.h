// SPDX-License-Identifier: Apache-2.0
// What `status` knows of guards as Prometheus's metrics (docs/metrics.md has each with its
// meaning). What is not known is left out: no zero stands for it. Every sample of a guard has the
// labels health_check_id, name (what users look up) and form; a guard that could not be read has
// one sample, which says so. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/prometheus.h"
#include "guard/apply/config_observe.h"
#include "guard/apply/engine_form.h"
#include "guard/apply/status.h"
#include "guard/rules/safety.h"

namespace sitelatch::cli {

class StatusMetrics {
 public:
  StatusMetrics();
  // `exit_status`: what `status` would end with for this one alone. `safety`: of what latches.
  void add(const guard::View& view, int exit_status, const std::optional<guard::Safety>& safety);
  void add(const guard::ConfigView& view, int exit_status,
           const std::optional<guard::Safety>& safety);
  void add(const guard::EngineView& view, int exit_status,
           const std::optional<guard::Safety>& safety);
  void add_unreadable(const std::string& id_or_name);
  // Once, at the end. `ran_at`: by this machine's clock, which Prometheus's is compared with.
  std::string text(WallInstant ran_at, int exit_status);

 private:
  struct Common;
  void add_common(const Common& guard);
  void add_safety(const prometheus::Labels& labels, const guard::Safety& safety);

  prometheus::Exposition out_;
  std::set<std::string> guards_;
};

// What the last drill came to, of the note on the check ("2026-11-28T10:42:21Z outage passed:
// ..."). Nothing: it is none.
struct DrillNote {
  Instant at;
  std::string scenario;
  bool passed = false;
  std::optional<bool> reached;  // whether a person gave its code back; nothing: nobody was asked
};
std::optional<DrillNote> read_drill_note(std::string_view note);

}  // namespace sitelatch::cli
