// SPDX-License-Identifier: Apache-2.0
// Telling people, in the form `config`, where nothing runs that could write a message: a topic and
// two alarms, one on the hold check (Backup serves) and one on the endpoint's (Primary fails),
// whose description is what the mail says: who serves which name, and the next command. CloudWatch
// sends the same text with ALARM and with OK, so it says both. Pure.
#pragma once

#include <string>
#include <vector>

#include "guard/rules/config_form.h"

namespace sitelatch::guard {

struct PeopleAlarm {
  std::string name, health_check, description;
};
// `site`: what users look up; empty: the endpoint's id stands for it.
PeopleAlarm alarm_of_latch(const ConfigPlan& plan, const std::string& hold,
                           const std::string& site);
PeopleAlarm alarm_of_failure(const ConfigPlan& plan, const std::string& site);
// Of the topic: these two alarms may publish, and nobody else without a right of his own.
std::string notify_policy(const ConfigPlan& plan);

// What must be put for people to be told, in words; empty: nothing, or nobody is to be told.
// `site` is compared where it is known.
std::vector<std::string> wrong_with_topic(const ConfigPlan& plan, const ConfigObserved& observed);
std::vector<std::string> wrong_with_people_alarms(const ConfigPlan& plan,
                                                  const ConfigObserved& observed);
// None of them breaks the latch.
std::vector<ConfigProblem> problems_with_telling(const ConfigPlan& plan,
                                                 const ConfigObserved& observed);

}  // namespace sitelatch::guard
