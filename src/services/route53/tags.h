// SPDX-License-Identifier: Apache-2.0
// Tags of health checks and hosted zones, by "healthcheck/<id>" and "hostedzone/<id>", written
// through to route53.tags. That the resource exists is for the caller to see to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "aws/error.h"
#include "ports/journal.h"

namespace sitelatch::route53 {

class Tags {
 public:
  using TagMap = std::map<std::string, std::string>;
  explicit Tags(ports::Journal& journal);

  const TagMap& of(const std::string& resource) const;
  // Removes first, then adds (fact route53-50). All or nothing.
  aws::Outcome<Done> change(const std::string& resource, const TagMap& add,
                            const std::vector<std::string>& remove);
  void drop(const std::string& resource);  // it is gone

 private:
  ports::Journal& journal_;
  std::map<std::string, TagMap> by_resource_;
};

}  // namespace sitelatch::route53
