// SPDX-License-Identifier: Apache-2.0
// Reading a guard of the form `config` (rules/config_form.h): its two checks by the tags of the
// endpoint's, or by their CallerReferences where tags are gone or were never written; the alarm by
// its name; health of all three by their metrics; the records that follow one check or the other,
// and what the name servers say. Nothing is changed. What may not be seen is told, and is nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/apply/audit_group.h"
#include "guard/apply/error.h"
#include "guard/rules/config_steps.h"

namespace sitelatch::guard {

struct ConfigView {
  ConfigPlan plan;
  ConfigObserved observed;
  ConfigThere there;
  std::optional<RecordsSnapshot> records;
  std::vector<DnsSnapshot> dns;
  std::vector<CheckerSnapshot> checkers;
  aws::Value endpoint_config;  // for ask_site()
  Texts endpoint_tags;
  std::string caller_arn;
  Instant now{};
  std::vector<ReadFailure> blind;
  ConfigAssessment assessment;

  const std::string& id() const { return plan.endpoint; }
  AuditGroup audit() const { return {plan.region, plan.audit_group, id(), there.audit_group}; }
  // What the last drill came to (form_drill.h); empty: none is noted.
  std::string last_drill() const;
};

struct ConfigLook {
  bool records = true, dns = true;
  bool probes = true;  // what each of Route 53's checkers says (once a second)
  bool search = true;  // by CallerReferences, where tags do not lead to both checks
  AllRecords* all_records = nullptr;
};
Result<ConfigView, Error> look_at_config(Context& context, const std::string& endpoint,
                                         const ConfigLook& how);

// Of all checks of the account by their CallerReferences: those of one endpoint.
struct ConfigChecks {
  std::string combined, hold;  // ids; empty: there is none
};
client::Outcome<ConfigChecks> find_config_checks(client::Aws& aws, const std::string& endpoint);
// Every endpoint's check of the account that has a guard of this form, or the rest of one.
client::Outcome<std::vector<std::string>> config_guards(client::Aws& aws);

}  // namespace sitelatch::guard
