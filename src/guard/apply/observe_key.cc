// SPDX-License-Identifier: Apache-2.0
// The keys that encrypt a guard's topics. Reading a key's policy is a right of the key's own, which
// few callers of a deploy have: what is not to be seen is no finding.
#include "guard/apply/observe.h"
#include "guard/rules/kms.h"

namespace sitelatch::guard {

std::optional<KeySnapshot> read_key(client::Aws& aws, const std::string& key_arn) {
  constexpr auto limit = std::chrono::milliseconds{5000};
  const auto key = parse_key_arn(key_arn);
  if (!key) return std::nullopt;
  client::Call call;
  call.service = "kms";
  call.operation = "GetKeyPolicy";
  call.input = client::Value::structure({{"KeyId", key_arn}, {"PolicyName", "default"}});
  call.region = key->region;
  call.time_limit = limit;
  call.attempts = 1;
  const auto reply = aws.send(call);
  if (reply) return KeySnapshot{key_arn, true, reply->output["Policy"].string_or("")};
  if (reply.error().is("NotFoundException")) return KeySnapshot{key_arn, false, {}};
  return std::nullopt;
}

}  // namespace sitelatch::guard
