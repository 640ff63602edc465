// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/lambda.h"

#include "services/lambda/refusals.h"

namespace sitelatch::lambda {

Lambda::Lambda(Ports ports, Dependencies dependencies, Options options)
    : entropy_(ports.entropy),
      dependencies_(dependencies),
      options_(std::move(options)),
      code_(ports.journal, ports.entropy),
      layers_(ports.journal, code_),
      code_signing_(ports.journal, ports.entropy),
      functions_({ports.journal, ports.timers, ports.entropy, ports.host}, code_,
                 options_.settling),
      executor_({ports.journal, ports.timers, ports.wall, ports.host, dependencies.roles,
                 dependencies.logs, dependencies.metrics},
                code_),
      invoker_({ports.timers, ports.entropy}, functions_, executor_, options_.concurrency_limit),
      async_({ports.journal, ports.timers, dependencies.destinations}, functions_, invoker_),
      urls_(functions_, invoker_),
      sources_(ports.journal, ports.entropy),
      poller_({ports.timers, ports.entropy, dependencies.queues, dependencies.patterns}, sources_,
              functions_, invoker_) {
  poller_.begin_all();
  // After the events that are due at the start: they run what they would have run before it.
  functions_.settle_all_soon();
}

aws::Outcome<FunctionName> Lambda::named(const aws::Call& call) const {
  return parse_function_name(call.input["FunctionName"].string_or(""),
                             call.input["Qualifier"].string_or(""), {call.region, call.account});
}

aws::Outcome<Function*> Lambda::existing(const FunctionName& name) {
  auto* function = functions_.find(name);
  if (!function) return not_found("Function not found: " + name.qualified_arn());
  return function;
}

aws::Outcome<Lambda::Found> Lambda::find(const aws::Call& call) {
  auto name = named(call);
  if (!name) return failure(name.error());
  if (name->region != call.region)
    return not_found("Functions from '" + name->region + "' are not reachable in this region ('" +
                     call.region + "')");
  const auto function = existing(*name);
  if (!function) return failure(function.error());
  return Found{*name, *function};
}

aws::Outcome<Lambda::Found> Lambda::find_version(const aws::Call& call) {
  auto found = find(call);
  if (found && !found->name.qualifier.empty() &&
      !found->function->has_qualifier(found->name.qualifier))
    return not_found("Function not found: " + found->name.qualified_arn());
  return found;
}

aws::Outcome<Done> Lambda::check_revision(const std::string& current,
                                          const aws::Value& input) const {
  const auto asked = input["RevisionId"].string_or("");
  if (asked.empty() || asked == current) return Done{};
  return refused("PreconditionFailedException",
                 "The Revision Id provided does not match the latest Revision Id. Call the "
                 "GetFunction/GetAlias API to retrieve the latest Revision Id");
}

}  // namespace sitelatch::lambda
