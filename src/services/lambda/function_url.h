// SPDX-License-Identifier: Apache-2.0
// A function's URL: an address of its own where HTTP requests become invocations (facts lambda-44
// to lambda-50). A function, or an alias of it, has one at most. Plain data, and its address, both
// ways: how it is written for a client, and how a request that goes there is told from the API's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::lambda {

struct FunctionUrl {
  enum class Auth { none, aws_iam };

  std::string id;  // 32 letters and digits, never used twice
  Auth auth = Auth::aws_iam;
  aws::Value cors;          // shape Cors, as it was given; null: none
  std::string invoke_mode;  // "BUFFERED", or empty where nobody asked
  Instant created{}, modified{};
};

std::string_view auth_type(const FunctionUrl& url);  // "NONE", "AWS_IAM"

// The address, with its last slash, for clients who call the API at `endpoint`
// ("http://127.0.0.1:4566"): a name below localhost where that reaches us, AWS's own where clients
// are led here by AWS's names, else a path of the API's address (fact lambda-45).
std::string address_of(const FunctionUrl& url, std::string_view region, std::string_view endpoint);

// What a request to a function URL says of its way.
struct UrlPlace {
  std::string id, region;   // region: empty where the address is a path
  std::string domain_name;  // for the event
  std::string target;       // path and query as the function sees them
  bool by_path = false;
};
// `host` as the Host header has it, lower case, without a port. Nothing: it goes to the API.
// Whether there is such a URL is not asked.
std::optional<UrlPlace> url_place(std::string_view host, std::string_view target);

}  // namespace sitelatch::lambda
