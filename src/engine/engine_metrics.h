// SPDX-License-Identifier: Apache-2.0
// The engine as Prometheus's metrics (docs/metrics.md has each with its meaning): what is so now,
// and what it has done. What is not known is left out: no zero stands for it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/prometheus.h"
#include "base/time.h"
#include "engine/tally.h"
#include "net/dns/counts.h"
#include "net/io/process_figures.h"
#include "services/cloudwatch/alarm.h"
#include "services/route53/health_checks.h"

namespace sitelatch::engine {

struct EngineReading {
  std::string version;
  Instant now;          // the engine's
  WallInstant started;  // the process
  std::vector<route53::HealthDescription> checks;
  std::map<cloudwatch::State, std::size_t> alarms;
  net::DnsFigures dns;
  std::size_t http_connections = 0;
  net::ProcessFigures process;
};

// Of so many health checks each has series of its own; all are counted.
inline constexpr std::size_t most_checks_told = 1000;

std::string engine_metrics(const EngineReading& reading, const Tally& tally,
                           const prometheus::Histogram& commits);

}  // namespace sitelatch::engine
