// SPDX-License-Identifier: Apache-2.0
// Events: API destinations, connections, global endpoints and partner sources. None can be made
// here, so lists of them are empty, and of each it is said that it does not exist (fact events-85).
#include "services/events/events.h"

namespace sitelatch::events {
using aws::Value;

aws::Outcome<> Events::list_nothing(const aws::Call& call) {
  Value out = Value::structure();
  out.set(call.operation.substr(4), Value::list());  // "ListConnections": "Connections"
  return out;
}

aws::Outcome<> Events::not_there(const aws::Call& call) {
  const auto& name = call.input["Name"].string();
  std::string what = "Endpoint " + name;
  if (call.operation.ends_with("ApiDestination")) what = "An api-destination '" + name + "'";
  if (call.operation.ends_with("Connection")) what = "Connection '" + name + "'";
  if (call.operation.ends_with("EventSource")) what = "Event source " + name;
  return aws::refuse("ResourceNotFoundException", what + " does not exist.");
}

}  // namespace sitelatch::events
