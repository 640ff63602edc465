// SPDX-License-Identifier: Apache-2.0
// Askers: where those are who ask, for the routing policies that look at it. AWS has a database of
// the world's addresses; here it is what a person has written down (`sitelatch engine --places`),
// and nobody else is anywhere (fact route53-137). Pure.
//
//   192.0.2.0/24      continent=EU country=DE region=eu-central-1
//   198.51.100.0/24   continent=NA country=US subdivision=CA region=us-west-1
//   2001:db8::/32     region=ap-northeast-1                        # nearest Region, no place
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/places.h"

namespace sitelatch::route53 {

struct Asker {
  std::string continent, country, subdivision;  // empty: not known
  std::string region;                           // the nearest of AWS's; empty: not known
  dns::Network network;  // as much as is known of the address; empty: nothing
};

class AskerTable {
 public:
  // Problem: "line 3: ...".
  static Result<AskerTable> parse(std::string_view text);

  // By the most specific network that holds all of this one.
  Asker asker(const dns::Network& network) const;
  struct Row {
    dns::Network network;
    Asker asker;
  };
  const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<Row> rows_;
  dns::Places numbers_;  // of the rows, from 1
};

bool is_continent(std::string_view code);

}  // namespace sitelatch::route53
