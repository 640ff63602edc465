// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/lambda.h"

#include "ports/rows.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
namespace {
constexpr std::string_view table = "lambda.functions";
std::string row_key(const Function& function) { return function.region + "/" + function.name; }
}  // namespace

Lambda::Lambda(Ports ports, Dependencies dependencies, Options options)
    : ports_(ports),
      dependencies_(dependencies),
      options_(std::move(options)),
      code_(ports.journal, ports.entropy),
      executor_({ports.journal, ports.timers, ports.wall, ports.host, dependencies.roles,
                 dependencies.logs, dependencies.metrics},
                code_),
      queue_(ports.journal, ports.timers, [this](const AsyncEvent& event) { attempt(event); }) {
  ports::take_rows(ports_.journal, table,
                   [this](std::string_view key_of_row, std::string_view row) {
                     auto function = function_from_row(row);
                     ports::expect_of_row(key_of_row == row_key(function), "another function's");
                     const Key key{function.region, function.name};
                     note_reservation(functions_.emplace(key, std::move(function)).first->second);
                   });
  for (const auto& entry : functions_) settle_soon(entry.second);
}

aws::Outcome<FunctionName> Lambda::named(const aws::Call& call) const {
  return parse_function_name(call.input["FunctionName"].string_or(""),
                             call.input["Qualifier"].string_or(""), {call.region, call.account});
}

aws::Outcome<Function*> Lambda::existing(const FunctionName& name) {
  const auto found = functions_.find({name.region, name.name});
  if (found == functions_.end() || found->second.account != name.account)
    return not_found("Function not found: " + name.qualified_arn());
  return &found->second;
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

const Function* Lambda::lookup(const std::string& region, const std::string& function_name) const {
  const auto found = functions_.find({region, function_name});
  return found == functions_.end() ? nullptr : &found->second;
}

aws::Outcome<Done> Lambda::check_revision(const std::string& current,
                                          const aws::Value& input) const {
  const auto asked = input["RevisionId"].string_or("");
  if (asked.empty() || asked == current) return Done{};
  return refused("PreconditionFailedException",
                 "The Revision Id provided does not match the latest Revision Id. Call the "
                 "GetFunction/GetAlias API to retrieve the latest Revision Id");
}

void Lambda::save(const Function& function) {
  ports_.journal.put(table, row_key(function), to_row(function));
}
void Lambda::erase_row(const Function& function) { ports_.journal.erase(table, row_key(function)); }

}  // namespace sitelatch::lambda
