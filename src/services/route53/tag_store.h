// SPDX-License-Identifier: Apache-2.0
// Tags of health checks and hosted zones, by "healthcheck/<id>" and "hostedzone/<id>", written
// through to route53.tags. That the resource exists is for the caller to see to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/error.h"
#include "ports/journal.h"

namespace sitelatch::route53 {

class TagStore {
 public:
  explicit TagStore(ports::Journal& journal);

  const aws::Tags& of(const std::string& resource) const;
  // Removes first, then adds (fact route53-50). All or nothing.
  aws::Outcome<Done> change(const std::string& resource, const aws::Tags& add,
                            const std::vector<std::string>& remove);
  void drop(const std::string& resource);  // it is gone

 private:
  ports::Journal& journal_;
  std::map<std::string, aws::Tags> by_resource_;
};

}  // namespace sitelatch::route53
