// SPDX-License-Identifier: Apache-2.0
// Looking at guards for the page: the form's own reading (guard/apply), and beside it what each
// name server says, both sites from here, an hour of their health, the audit log and the alarm's
// history. Nothing is changed. One connection to one account; not for several threads.
//
// What AWS limits or charges for is asked no more often than `slow`: the audit log, histories, the
// hour of health. The client itself keeps Route 53's rates (fact client-11).
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "console/sightings.h"
#include "console/view.h"
#include "guard/apply/carry_out.h"
#include "guard/apply/find_form.h"
#include "guard/rules/safety.h"

namespace sitelatch::console {

// How often an account is looked at while somebody watches: wall time.
struct Pace {
  std::chrono::milliseconds guard{15'000};  // between two looks at the guard that is open
  std::chrono::milliseconds fleet{60'000};  // between two looks at all guards
  std::chrono::milliseconds slow{60'000};   // of what AWS limits or charges for
};
// AWS itself: a look takes some twenty calls, of an account's ten a second (fact client-11).
constexpr Pace pace_of_aws{};
// An engine of one's own.
constexpr Pace pace_of_engine{std::chrono::milliseconds{1000}, std::chrono::milliseconds{2000},
                              std::chrono::milliseconds{3000}};

// Who reckons how many seconds a guard leaves unsafe (rules/safety.h); nobody: its form's words
// stand alone.
struct Weighing {
  guard::Reckon reckon{};
  bool engine_at_hand = false;
};

class Reader {
 public:
  // Borrows the context.
  Reader(guard::Context& context, Pace pace, Weighing weighing = {})
      : context_(context), pace_(pace), weighing_(std::move(weighing)) {}

  // Every guard of the account: the endpoint's checks.
  Result<std::vector<std::string>, guard::Error> guards() {
    return guard::every_guard(context_.aws);
  }
  // A row of the fleet: chain and DNS, no more. `records`: read once for all of them.
  Result<GuardView, guard::Error> glance(const std::string& id, guard::AllRecords& records);
  // All that its page shows.
  Result<GuardView, guard::Error> look(const std::string& id);

 private:
  using Steady = std::chrono::steady_clock;
  // What is kept from look to look.
  struct Kept {
    Sightings sightings;
    Beside slow;  // audit, histories, hours
    Steady::time_point slow_at{};
    std::string slow_of;  // the state and version that they were read in
    Beside row_audit;
    Steady::time_point row_audit_at{};
  };
  enum class Depth { row, page };
  struct Sources {
    std::string id, region, audit_group, audit_region;
    const guard::RecordsSnapshot* records = nullptr;
    Instant now{};
  };

  Result<GuardView, guard::Error> look_at(const std::string& id, Depth depth,
                                          guard::AllRecords* records);
  GuardView whole(const guard::View& view, Kept& kept);
  GuardView whole(const guard::ConfigView& view, Kept& kept);
  GuardView whole(const guard::EngineView& view, Kept& kept);
  GuardView row(const guard::View& view, Kept& kept);
  GuardView row(const guard::ConfigView& view, Kept& kept);
  GuardView row(const guard::EngineView& view, Kept& kept);
  template <class FormView>
  GuardView whole_form(const FormView& view, Kept& kept, const Sources& from);
  static Sources sources_of(const guard::ConfigView& view);
  static Sources sources_of(const guard::EngineView& view);
  template <class FormView>
  GuardView weighed(GuardView shown, const FormView& view, const std::string& id) const;
  bool slow_is_due(Kept& kept, const std::string& state);
  void read_slowly(Beside& out, const Sources& from);
  void read_audit(Beside& out, const Sources& from);
  Beside audit_for_row(Kept& kept, const Sources& from);
  void ask_servers(Beside& out, const guard::RecordsSnapshot& records);
  void ask_backup(Beside& out, const aws::Value& primary_config,
                  const guard::RecordsSnapshot* records, const std::string& path);
  const std::vector<std::string>& servers_of(const std::string& zone_id);

  guard::Context& context_;
  const Pace pace_;
  const Weighing weighing_;
  std::map<std::string, Kept> kept_;                       // by id
  std::map<std::string, std::vector<std::string>> zones_;  // name servers, by zone
};

// How Backup is asked where its record has no health check: as Primary's, at Backup's address.
// Null: its record has none that could be asked.
aws::Value backup_config(const aws::Value& primary_config, const guard::RecordSnapshot& record);

}  // namespace sitelatch::console
