// SPDX-License-Identifier: Apache-2.0
// Working the engine's manual resume (rules/engine_form.h) over Route 53's API: tags of the
// endpoint's check, which the engine takes for requests. A refusal of the engine's says what to do,
// and is given on as it is. Who did what, and why, stands in the guard's audit log; a trip does not
// wait for it, a release that cannot be written down is not made (but by force).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guard/apply/audit_group.h"
#include "guard/apply/form_records.h"
#include "guard/apply/switch_back.h"
#include "guard/rules/engine_form.h"

namespace sitelatch::guard {

struct EngineView {
  std::string endpoint, region;  // region: where health checks report
  EngineObserved observed;
  std::optional<RecordsSnapshot> records;
  std::vector<DnsSnapshot> dns;
  aws::Value endpoint_config;
  std::string caller_arn;
  Instant now{};
  std::vector<ReadFailure> blind;
  ConfigAssessment assessment;
  std::string last_drill;  // what it came to (form_drill.h); empty: none is noted
};
Result<EngineView, Error> look_at_engine(Context& context, const std::string& endpoint,
                                         AllRecords* all_records = nullptr);

// Checks of this form, beyond those that are known to have a guard: by the audit logs that deploy
// makes, so that an account on AWS, where there are none, is asked once and not for every check's
// tags. Who may not list log groups finds none.
client::Outcome<std::vector<std::string>> engine_guards(client::Aws& aws,
                                                        const std::vector<std::string>& known);

struct EngineDeployment {
  EngineView view;
  bool arms = false;
  AuditGroup audit;                   // made where it is not there
  std::vector<RecordsBatch> batches;  // SECONDARY without a check, no target's health
};
Result<EngineDeployment, Error> plan_engine(Context& context, const std::string& endpoint);
// What was done, and what of it could not be written down: no audit log ends no command here.
struct EngineDone {
  std::string sentence;
  std::vector<std::string> notes;
};
// Asks whether it is an engine before anything else: what keeps the question as a tag is none, and
// it is taken away again.
Result<EngineDone, Error> carry_out(Context& context, const EngineDeployment& deployment,
                                    bool change_records);
Result<EngineDone, Error> trip_engine(Context& context, const EngineView& view,
                                      const std::string& reason);
// With its audit log, if `logs` says so.
enum class Logs { kept, removed };
Result<EngineDone, Error> disarm_engine(Context& context, const EngineView& view,
                                        Logs logs = Logs::kept);

struct EngineSwitchBackOptions : ReleaseWish {
  EngineSwitchBackOptions() : ReleaseWish(std::chrono::minutes{5}) {}
  std::function<bool(const EngineView& view, const std::string& name)> confirm;
};
SwitchBackReport engine_switch_back(Context& context, const EngineSwitchBackOptions& options);

}  // namespace sitelatch::guard
