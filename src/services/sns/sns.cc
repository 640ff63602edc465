// SPDX-License-Identifier: Apache-2.0
#include "services/sns/sns.h"

namespace sitelatch::sns {

Sns::Sns(Dependencies dependencies, std::string account, std::string endpoint,
         std::string certificate_url)
    : timers_(dependencies.timers),
      entropy_(dependencies.entropy),
      account_(std::move(account)),
      topics_(dependencies.journal),
      subscriptions_(dependencies.journal, dependencies.timers),
      ledger_(dependencies.journal),
      mobile_(dependencies.journal),
      deliverer_(dependencies, topics_, subscriptions_, std::move(endpoint),
                 std::move(certificate_url)) {}

bool Sns::allows_anonymous(std::string_view operation) const {
  return operation == "ConfirmSubscription" || operation == "Unsubscribe";
}

}  // namespace sitelatch::sns
