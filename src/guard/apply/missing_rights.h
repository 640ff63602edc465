// SPDX-License-Identifier: Apache-2.0
// Which rights the caller lacks, asked of IAM before anything is changed, so that they are told in
// one list and not one a run. IAM's simulator knows the caller's policies, boundary and the
// organisation's, not those of a session; and few callers may ask it. What it cannot say is
// nothing: then the first denial tells.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/apply/carry_out.h"
#include "guard/apply/config_observe.h"
#include "guard/rules/form_rights.h"

namespace sitelatch::guard {

struct MissingRight {
  std::string action, resource;
  std::string because{};  // "by a service control policy"; empty: nobody allows it
  bool operator==(const MissingRight&) const = default;
};

// Nothing: nobody can say (the account's root, no right to ask, no answer at once). Never waits for
// more than a few seconds, nor tries anything twice.
std::optional<std::vector<MissingRight>> missing_rights(client::Aws& aws,
                                                        const std::string& caller_arn,
                                                        const std::vector<Right>& wanted);

// Of what a look could not see: the action and what it was asked of.
std::vector<MissingRight> missing_rights(const std::vector<ReadFailure>& blind);

// IAM is asked about the zone that is meant: a caller's policy may allow that one alone.
std::vector<Right> in_zone(std::vector<Right> rights, const std::string& zone_id);
std::vector<Right> in_zone(std::vector<Right> rights,
                           const std::optional<RecordsSnapshot>& records);

// "arn:... lacks these rights:\n  iam:CreateRole on arn:...\n... `sitelatch policy deployer ID`
// prints them."
std::string describe(const std::vector<MissingRight>& missing, const std::string& caller_arn,
                     Audience audience, const std::string& health_check_id,
                     Form form = Form::guide);

// What an operator lacks for this change, in words, before it is made. A latch is set whether or
// not it can be written down and told: for want of such a right it is only said (context.progress).
std::optional<std::string> rights_against(Context& context, const View& view, const Change& change,
                                          bool people_are_told);

// The same of a guard of the form `config`, for these actions.
std::optional<std::string> rights_against(Context& context, const ConfigView& view,
                                          Audience audience,
                                          const std::vector<std::string>& actions);

}  // namespace sitelatch::guard
