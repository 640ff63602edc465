// SPDX-License-Identifier: Apache-2.0
// Function URL configurations (fact lambda-44). What is served there is UrlServer's.
#include "base/text.h"
#include "services/lambda/lambda.h"
#include "services/lambda/paging.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Outcome;
using aws::Value;

namespace {

enum class Told { created, changed, read };

Value url_to_wire(const Function& function, const std::string& qualifier, const FunctionUrl& url,
                  const aws::Call& call, Told told) {
  const bool says_mode = told == Told::read || !url.invoke_mode.empty();
  return Value::structure(
      {{"FunctionUrl", address_of(url, function.region, call.endpoint)},
       {"FunctionArn", function.arn(qualifier)},
       {"AuthType", auth_type(url)},
       {"Cors", url.cors},
       {"CreationTime", iso8601_ms(url.created)},
       {"LastModifiedTime", told == Told::created ? Value{} : Value{iso8601_ms(url.modified)}},
       {"InvokeMode", says_mode ? Value{"BUFFERED"} : Value{}}});
}

// Both operations: what the input names takes the place of what was.
Outcome<Done> set_url(const Value& input, FunctionUrl& url) {
  const auto mode = input["InvokeMode"].string_or("");
  if (mode == "RESPONSE_STREAM")
    return invalid_parameter(
        "InvokeMode RESPONSE_STREAM is not supported by this engine, which sends a function's "
        "answer as a whole; use BUFFERED.");
  if (!mode.empty()) url.invoke_mode = mode;
  if (input.has("AuthType"))
    url.auth =
        input["AuthType"].string() == "NONE" ? FunctionUrl::Auth::none : FunctionUrl::Auth::aws_iam;
  if (input.has("Cors")) url.cors = input["Cors"].members().empty() ? Value{} : input["Cors"];
  return Done{};
}

Failure<aws::Error> function_does_not_exist() { return not_found("Function does not exist"); }
Failure<aws::Error> no_url() { return not_found("The resource you requested does not exist."); }

}  // namespace

// Aliases alone have URLs besides the function itself. The model says so of Qualifier; what stands
// in the name is held against the same.
Outcome<FunctionName> Lambda::url_name(const aws::Call& call) const {
  auto name = named(call);
  if (!name) return name;
  if (name->qualifier == latest_version || parse_int(name->qualifier))
    return validation("Value '" + name->qualifier +
                      "' at 'qualifier' failed to satisfy constraint: Member must satisfy regular "
                      "expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)");
  if (name->region != call.region)
    return not_found("Functions from '" + name->region + "' are not reachable in this region ('" +
                     call.region + "')");
  return name;
}

Outcome<> Lambda::create_function_url_config(const aws::Call& call) {
  const auto name = url_name(call);
  if (!name) return failure(name.error());
  auto* function = functions_.find(*name);
  if (!function) return function_does_not_exist();
  const auto& qualifier = name->qualifier;
  if (function->urls.contains(qualifier))
    return conflict(
        "Failed to create function url config for [functionArn = " + function->arn(qualifier) +
        "]. Error message:  FunctionUrlConfig exists for this Lambda function");
  if (!qualifier.empty() && !function->alias(qualifier)) return function_does_not_exist();
  FunctionUrl url;
  if (auto right = set_url(call.input, url); !right) return failure(right.error());
  url.id = functions_.new_url_id();
  url.created = url.modified = call.now;
  const auto& kept = function->urls.emplace(qualifier, std::move(url)).first->second;
  functions_.save(*function);
  return url_to_wire(*function, qualifier, kept, call, Told::created);
}

Outcome<> Lambda::get_function_url_config(const aws::Call& call) {
  const auto name = url_name(call);
  if (!name) return failure(name.error());
  const auto* function = functions_.find(*name);
  const auto* url = function ? function->url(name->qualifier) : nullptr;
  if (!url) return no_url();
  return url_to_wire(*function, name->qualifier, *url, call, Told::read);
}

Outcome<> Lambda::update_function_url_config(const aws::Call& call) {
  const auto name = url_name(call);
  if (!name) return failure(name.error());
  auto* function = functions_.find(*name);
  const auto& qualifier = name->qualifier;
  if (!function || (!qualifier.empty() && !function->alias(qualifier)))
    return function_does_not_exist();
  const auto current = function->urls.find(qualifier);
  if (current == function->urls.end()) return no_url();
  auto changed = current->second;
  if (auto right = set_url(call.input, changed); !right) return failure(right.error());
  changed.modified = call.now;
  current->second = std::move(changed);
  functions_.save(*function);
  return url_to_wire(*function, qualifier, current->second, call, Told::changed);
}

Outcome<> Lambda::delete_function_url_config(const aws::Call& call) {
  const auto name = url_name(call);
  if (!name) return failure(name.error());
  auto* function = functions_.find(*name);
  if (!function || function->urls.erase(name->qualifier) == 0) return no_url();
  functions_.save(*function);
  return Value::structure();
}

Outcome<> Lambda::list_function_url_configs(const aws::Call& call) {
  const auto name = url_name(call);
  if (!name) return failure(name.error());
  const auto* function = functions_.find(*name);
  if (!function) return function_does_not_exist();
  std::map<std::string, Value> items;  // "$LATEST" comes before every alias, and is none's name
  for (const auto& [qualifier, url] : function->urls)
    items[qualifier.empty() ? std::string{latest_version} : qualifier] =
        url_to_wire(*function, qualifier, url, call, Told::read);
  return page_of(items, call.input, "FunctionUrlConfigs", 50);
}

}  // namespace sitelatch::lambda
