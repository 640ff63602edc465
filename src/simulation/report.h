// SPDX-License-Identifier: Apache-2.0
// What studies have found, for people, for programs and as a picture. Figures are rounded here and
// nowhere else, so that every machine prints the same.
#pragma once

#include <string>
#include <vector>

#include "simulation/profile.h"
#include "simulation/study.h"

namespace sitelatch::simulation {

// One cell: a form under one case, and one length of outage.
struct Row {
  Form form = Form::guide;
  Tuning tuning;
  Case which = Case::base;
  Ms outage = 0;
  Ailment ailment = Ailment::refuses;
  std::uint64_t seed = 1;
  Tally tally;
};
using Rows = std::vector<Row>;

// Tables of leaks, failover times and unsafe seconds: base (optimistic to pessimistic), or the one
// case that there is.
std::string table_of(Rows rows);
// The same in Markdown, for docs/safety.md.
std::string markdown_of(const Rows& rows);
// A list of objects, one a row.
std::string json_of(Rows rows);
// Leaks over the length of the outage, a curve a form, with the range of the cases.
std::string svg_of(const Rows& rows);

// What a profile means in a year.
struct Year {
  Form form = Form::guide;
  Tuning tuning;
  Case which = Case::base;
  std::uint64_t runs = 0;  // a line of the profile
  double outages = 0, failovers = 0, false_failovers = 0, latches = 0, leaks = 0, never_latched = 0,
         unsafe_s = 0;  // unsafe: of leaks that were latched in the end
};
Year year_of(const Profile& profile, const Rows& rows);  // a row a line of the profile
std::string table_of(const std::vector<Year>& years);
std::string json_of(const std::vector<Year>& years);

std::string table_of_assumptions();
std::string markdown_of_assumptions();
std::string json_of_assumptions();

}  // namespace sitelatch::simulation
