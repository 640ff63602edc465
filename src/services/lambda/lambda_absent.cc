// SPDX-License-Identifier: Apache-2.0
// What would run on instances (capacity providers) or remember where it was (durable executions):
// none is here, so that lists are empty and what is named is not found (fact lambda-58).
#include "services/lambda/lambda.h"
#include "services/lambda/paging.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
using aws::Outcome;

namespace {
Failure<aws::Error> not_here() { return not_found("The resource you requested does not exist."); }
}  // namespace

Outcome<> Lambda::create_capacity_provider(const aws::Call& call) {
  const auto subnets = call.input["VpcConfig"]["SubnetIds"].strings();
  if (subnets.empty()) return invalid_parameter("At least one subnet must be specified.");
  return no_such_subnet(subnets.front());
}
Outcome<> Lambda::capacity_provider(const aws::Call&) { return not_here(); }
Outcome<> Lambda::list_capacity_providers(const aws::Call& call) {
  return page_of({}, call.input, "CapacityProviders", 50);
}

Outcome<> Lambda::list_durable_executions(const aws::Call& call) {
  const auto found = find_version(call);
  if (!found) return failure(found.error());
  return page_of({}, call.input, "DurableExecutions", 1000);
}
Outcome<> Lambda::durable_execution(const aws::Call&) { return not_here(); }
// Whoever has a token or a callback's id was given it by a durable execution.
Outcome<> Lambda::durable_token(const aws::Call&) {
  return invalid_parameter("The provided token or callback id is not valid.");
}

}  // namespace sitelatch::lambda
