// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/find_form.h"

#include <algorithm>

#include "aws/auth/partition.h"
#include "guard/apply/config_observe.h"
#include "guard/apply/engine_form.h"
#include "guard/apply/reading.h"
#include "guard/rules/engine_form.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

// Terraform may have taken the tags. Whoever may not see it has the guide's.
bool has_config_alarm(client::Aws& account, const std::string& id) {
  const auto plan = plan_config(id, aws::partition_of(account.region()).name);
  const auto alarm = read_alarm(account, plan.region, plan.alarm);
  return alarm && *alarm;
}

}  // namespace

Result<FoundForm, Error> find_form(client::Aws& aws, const std::string& id) {
  FoundForm out{Form::guide, id, {}};
  const auto reply =
      aws.call("route53", "ListTagsForResource",
               Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", id}}));
  if (!reply) {
    const auto& error = reply.error();
    if (client::is_denied(error) && !client::is_bad_credentials(error)) {
      out.unsure =
          client::explain(error, "see which form of the latch health check " + id + " has");
      return out;
    }
    if (!client::is_absent(error))
      return failure(error_of(error, "see which form of the latch health check " + id + " has"));
  } else {
    const auto tags = tags_from((*reply)["ResourceTagSet"]["Tags"]);
    const auto whose = tags.find(std::string{tag::endpoint});
    if (whose != tags.end() && valid_health_check_id(whose->second)) out.endpoint = whose->second;
    const auto said = tags.find(std::string{tag::form});
    if (said != tags.end())
      if (const auto form = form_named(said->second)) {
        out.form = *form;
        return out;
      }
    const auto armed = tags.find(std::string{resume_tag::armed});
    if (armed != tags.end() && armed->second == "true") {
      out.form = Form::engine;
      return out;
    }
  }
  if (has_config_alarm(aws, out.endpoint)) out.form = Form::config;
  return out;
}

Result<std::vector<std::string>, Error> every_guard(client::Aws& aws) {
  constexpr std::string_view doing = "find the guards of this account";
  auto found = guarded_checks(aws);
  if (!found) return failure(error_of(found.error(), doing));
  const auto add = [&](const client::Outcome<std::vector<std::string>>& more) -> Step {
    if (!more) return failure(error_of(more.error(), doing));
    for (const auto& id : *more)
      if (std::find(found->begin(), found->end(), id) == found->end()) found->push_back(id);
    return Done{};
  };
  if (const auto added = add(config_guards(aws)); !added) return failure(added.error());
  if (const auto added = add(engine_guards(aws, *found)); !added) return failure(added.error());
  return std::move(*found);
}

client::Outcome<std::string> guide_alarm_of(client::Aws& aws, const std::string& id,
                                            const std::string& region) {
  for (const auto& names : {default_names(id), guide_names(id)}) {
    const auto alarm = read_alarm(aws, region, names.alarm);
    if (!alarm) return failure(alarm.error());
    if (*alarm && (*alarm)->snapshot.actions_enabled && !(*alarm)->alarm_actions.empty())
      return (*alarm)->name;
  }
  return std::string{};
}

}  // namespace sitelatch::guard
