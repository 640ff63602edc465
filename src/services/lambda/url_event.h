// SPDX-License-Identifier: Apache-2.0
// The event that a request to a function URL becomes: payload format 2.0 (fact lambda-46). Pure.
#pragma once

#include <string>

#include "aws/auth/caller.h"
#include "aws/wire/http.h"
#include "base/time.h"
#include "services/lambda/function_url.h"

namespace sitelatch::lambda {

struct UrlCall {
  const aws::HttpRequest& request;
  const UrlPlace& place;
  const std::string& request_id;  // the invocation's, too
  const aws::Caller* signer;      // whose signature was verified; nullptr: the URL asks for none
  std::string port;               // that was asked; empty: none was named
  Instant at;
};

// JSON. `account` and `region` are the function's.
std::string url_event(const UrlCall& call, const std::string& account, const std::string& region);

}  // namespace sitelatch::lambda
