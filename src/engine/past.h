// SPDX-License-Identifier: Apache-2.0
// The account as it was a while ago, for whoever has not heard of the last changes: loaded from the
// journal's rows of then (realism/journal_history.h), for reading alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "aws/service/service.h"
#include "base/time.h"
#include "services/iam/identities.h"
#include "services/lambda/dependencies.h"

namespace sitelatch::engine {

class Past {
 public:
  // What one may ask of it; each lives as long as it is held.
  struct Account {
    virtual ~Account() = default;
    virtual aws::Service& service(std::string_view model_name) = 0;
    virtual const iam::Identities& identities() = 0;
    virtual lambda::Roles& roles() = 0;
    virtual lambda::Destinations& destinations() = 0;
  };
  // The account before the first change of this service ("iam") after `t`; nullptr: there has been
  // none, and the present tells the same.
  virtual std::shared_ptr<Account> at(Instant t, std::string_view service) = 0;

 protected:
  ~Past() = default;
};

}  // namespace sitelatch::engine
