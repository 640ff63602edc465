// SPDX-License-Identifier: Apache-2.0
// What one screen tells of a guard, whatever its form: who serves, why, what to do next; then the
// sites, the name servers, the chain, what happened, who did what. A value, made of what the
// guard's own reading saw (guard/apply) and of what was looked at beside it; pure, so that the page
// shows what the commands would say. to_value() is the page's JSON; absent means not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "console/story.h"
#include "guard/apply/config_observe.h"
#include "guard/apply/engine_form.h"
#include "guard/apply/status.h"
#include "guard/rules/next_step.h"
#include "guard/rules/safety.h"

namespace sitelatch::console {

// The colour of a thing; a word always stands beside it.
enum class Tone { good, busy, warning, bad, unknown };
std::string_view to_string(Tone tone);

struct Said {
  std::optional<bool> well;  // nothing: it was not to be seen
  std::string words;
};

struct Site {
  std::string role;            // "Primary", "Backup"
  std::optional<bool> serves;  // by the name servers, where all say the same
  Tone tone = Tone::unknown;
  std::string standing;                      // "serves", "held out of DNS", "stands by"
  std::vector<std::string> addresses;        // of its records, for people
  std::optional<Said> from_here;             // its own path, asked by this machine
  std::optional<Said> checkers;              // what Route 53's checkers say
  std::vector<guard::StatusMinute> minutes;  // the last hour
};

// One link of what latches.
struct Piece {
  std::string name;    // "Alarm"
  std::string detail;  // "ALARM since 03:12:39"
  Tone tone = Tone::unknown;
};
struct Trouble {
  std::string name, why, mend;
  Tone tone = Tone::bad;
};

// What the page may offer: the command refuses what the rules refuse, whatever is offered.
struct Offered {
  bool trip = false, switch_back = false, drill = false, arm = false, disarm = false;
};

struct GuardView {
  std::string id;    // of the endpoint's health check
  std::string name;  // what users look up; empty: not known
  guard::Form form = guard::Form::guide;
  std::string state;  // "armed", as the commands spell it
  int trouble = 0;    // 0 is worst; the fleet is sorted by it
  Tone tone = Tone::unknown;
  std::string headline;  // "Backup serves client.example.test"
  std::string why;       // sentences
  guard::NextStep next;
  std::optional<Instant> since;
  Instant at{};
  std::optional<std::uint64_t> version;  // of the latch: what a switch back is compared with
  std::optional<std::uint64_t> release;
  std::string name_to_type;
  Site primary, backup;
  std::vector<guard::DnsSnapshot> servers;
  std::vector<Piece> chain;
  std::vector<Trouble> troubles;
  std::vector<Moment> story;
  std::vector<guard::AuditEntry> audit;  // newest first
  std::string audit_problem;
  std::optional<Instant> last_drill;
  std::string drill;     // what it came to: "outage passed: a person was reached after 3m"
  std::string exposure;  // what this form leaves open between failover and latch, in a sentence
  std::vector<std::string> unseen;
  Offered offered;
};

// What was looked at beside the form's own reading.
struct Beside {
  std::vector<guard::DnsSnapshot> servers;  // each name server's own answer; empty: not asked
  std::optional<guard::SiteAnswer> primary, backup;
  std::optional<std::vector<guard::StatusMinute>> primary_hour, backup_hour;
  std::vector<guard::CheckerSnapshot> backup_checkers;
  std::vector<AlarmChange> alarm;
  std::vector<guard::AuditEntry> audit;  // oldest first
  std::string audit_problem;             // why it cannot be read; empty: it was
  std::vector<Moment> sightings;
};

GuardView view_of(const guard::View& view, const Beside& beside);
GuardView view_of(const guard::ConfigView& view, const Beside& beside);
GuardView view_of(const guard::EngineView& view, const Beside& beside);

// The unsafe seconds of a setup, and what would shrink them, in sentences.
std::string exposure_words(const guard::Safety& safety);

// Who serves a name, of all answers together.
guard::Serving who_serves(const std::vector<guard::DnsSnapshot>& answers);
// "Backup serves NAME", "The name servers disagree about NAME".
std::string headline(const std::vector<guard::DnsSnapshot>& answers, const std::string& name);

aws::Value to_value(const GuardView& view);

// A row of the fleet.
struct FleetRow {
  std::string key;      // how the page asks for it
  std::string account;  // profile and Region, where there are several
  std::optional<GuardView> guard;
  std::string id, problem;  // why it could not be read
};
// The worst first; then by name.
void sort_by_trouble(std::vector<FleetRow>& rows);
aws::Value to_value(const FleetRow& row);

}  // namespace sitelatch::console
