// SPDX-License-Identifier: Apache-2.0
// The rates at which AWS takes requests of an account, as its pages publish them or as we estimate
// them (facts realism-10 to realism-16), each a bucket of tokens that fills at a steady rate. A
// request takes a token of every bucket that is its own, or of none.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/token_bucket.h"
#include "engine/realism/fault.h"

namespace sitelatch::realism {

class RateLimits {
 public:
  // Whether AWS would take this request at `now`; counted if so.
  bool take(const Request& request, Instant now);

 private:
  // By limit, region, and operation where each has its own.
  std::map<std::string, TokenBucket<Instant>> buckets_;
};

}  // namespace sitelatch::realism
