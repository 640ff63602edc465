// SPDX-License-Identifier: Apache-2.0
// The many spellings of a function: `name`, `name:qualifier`, `account:function:name`, full ARN
// (fact lambda-34), with a qualifier inside or beside.
#pragma once

#include <string>
#include <string_view>

#include "aws/wire/error.h"

namespace sitelatch::lambda {

struct FunctionName {
  std::string region, account, name;
  std::string qualifier;  // empty: none was given

  std::string arn() const;            // without the qualifier
  std::string qualified_arn() const;  // with it, if there is one
};

// Where the call stands: what is left out of a name is taken from here.
struct CallPlace {
  std::string_view region, account;
};

// Refused: not a name at all; a qualifier inside that differs from the one beside.
aws::Outcome<FunctionName> parse_function_name(std::string_view text, std::string_view qualifier,
                                               CallPlace place);

}  // namespace sitelatch::lambda
