// SPDX-License-Identifier: Apache-2.0
// DNSSEC: no zone is signed. The key that signs is one of AWS KMS, which this engine does not have,
// so every way to one ends in AWS's error for a key that is not there (fact route53-114).
#include <fmt/format.h>

#include <algorithm>

#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {
bool names_key(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}
}  // namespace

aws::Outcome<const HostedZone*> Route53::signable_zone(const aws::Value& id) const {
  const auto zone = hosted_zone(id);
  if (zone && (*zone)->is_private())
    return aws::refuse("InvalidArgument", "Operation is unsupported for private hosted zones.");
  return zone;
}

Route53::Out Route53::get_dnssec(const Call& call) {
  const auto zone = signable_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  return aws::Value::structure(
      {{"Status", aws::Value::structure({{"ServeSignature", "NOT_SIGNING"}})},
       {"KeySigningKeys", aws::Value::list()}});
}

Route53::Out Route53::create_key_signing_key(const Call& call) {
  const auto& in = call.input;
  const auto zone = signable_zone(in["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  if (!names_key(in["Name"].string()))
    return aws::refuse("InvalidKeySigningKeyName",
                       fmt::format("The key signing key's name '{}' is not valid: it has letters, "
                                   "digits and underscores.",
                                   in["Name"].string()));
  if (const auto& status = in["Status"].string(); status != "ACTIVE" && status != "INACTIVE")
    return aws::refuse("InvalidKeySigningKeyStatus",
                       fmt::format("The key signing key's status '{}' is not valid: it is ACTIVE "
                                   "or INACTIVE.",
                                   status));
  return aws::refuse(
      "InvalidKMSArn",
      fmt::format("The CMK with ARN '{}' does not exist: this engine has no AWS KMS, "
                  "so no zone can be signed.",
                  in["KeyManagementServiceArn"].string()));
}

// Activate, deactivate, delete.
Route53::Out Route53::no_key_signing_key(const Call& call) {
  return aws::refuse("NoSuchKeySigningKey",
                     fmt::format("Key Signing Key with name '{}' was not found in the hosted zone "
                                 "with ID '{}'.",
                                 call.input["Name"].string(), call.input["HostedZoneId"].string()));
}

Route53::Out Route53::enable_hosted_zone_dnssec(const Call& call) {
  const auto zone = signable_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  return aws::refuse(
      "KeySigningKeyWithActiveStatusNotFound",
      fmt::format("Hosted zone with ID '{}' does not have a Key Signing Key in ACTIVE status.",
                  (*zone)->id));
}

Route53::Out Route53::disable_hosted_zone_dnssec(const Call& call) {
  const auto zone = signable_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  return aws::refuse(
      "DNSSECNotFound",
      fmt::format("Hosted zone with ID '{}' does not have any DNSSEC resources.", (*zone)->id));
}

}  // namespace sitelatch::route53
