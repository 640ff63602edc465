// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dns/places.h"

namespace sitelatch::route53 {

// What CIDR collections say of networks.
class CidrBlocks {
 public:
  virtual std::vector<dns::Network> networks() const = 0;  // all of them
  virtual std::string location(const std::string& collection_id,
                               const dns::Network& network) const = 0;
  // Where the network is in every collection, as one text: networks of one text are alike.
  virtual std::string locations(const dns::Network& network) const = 0;

 protected:
  ~CidrBlocks() = default;
};

}  // namespace sitelatch::route53
