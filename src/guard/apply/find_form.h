// SPDX-License-Identifier: Apache-2.0
// Which form of the latch a health check has (rules/form.h), by its tags; where they do not say, by
// the alarm that `config` makes. Either check of `config` leads to the endpoint's, because the
// record that people name follows the hold.
#pragma once

#include <string>
#include <vector>

#include "client/client.h"
#include "guard/apply/error.h"
#include "guard/rules/form.h"

namespace sitelatch::guard {

struct FoundForm {
  Form form = Form::guide;
  std::string endpoint;  // the check that the guard is called by
  std::string unsure;    // why it is only taken for the guide's; empty: it was seen
};
// Error: no answer; whoever latches goes on with the guide's way, which latches whatever there is.
Result<FoundForm, Error> find_form(client::Aws& aws, const std::string& health_check_id);

// Every health check of the account that has a guard, in whichever form, each once.
Result<std::vector<std::string>, Error> every_guard(client::Aws& aws);

// The guide's alarm of this check, with its actions on: its function would latch the endpoint's
// check too. Empty: there is none.
client::Outcome<std::string> guide_alarm_of(client::Aws& aws, const std::string& health_check_id,
                                            const std::string& region);

}  // namespace sitelatch::guard
