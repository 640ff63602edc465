// SPDX-License-Identifier: Apache-2.0
// What an organisation's management account asks: the engine's account is in none (fact iam-45).
#include <fmt/format.h>

#include "services/iam/iam.h"

namespace sitelatch::iam {

aws::Outcome<> Iam::no_organization(const Call&) {
  return aws::refuse("OrganizationNotFoundException",
                     "The request failed because your account is not a member of an organization.");
}

// Nobody can switch it on here, so it is off.
aws::Outcome<> Iam::no_outbound_federation(const Call&) {
  return aws::refuse("FeatureDisabledException",
                     "Outbound web identity federation is not enabled for the account.");
}

}  // namespace sitelatch::iam
