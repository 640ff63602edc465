// SPDX-License-Identifier: Apache-2.0
// What a function URL's Cors settings say to pages of other origins (fact lambda-48). Pure.
#pragma once

#include "aws/wire/http.h"
#include "aws/wire/value.h"

namespace sitelatch::lambda {

// A browser asks before it sends. A URL with settings answers itself, one without asks its
// function.
bool is_preflight(const aws::HttpRequest& request);
aws::HttpResponse preflight_answer(const aws::Value& cors, const aws::HttpRequest& request);

// For an origin that is allowed: what was set takes the place of what the function said.
void add_cors(const aws::Value& cors, const aws::HttpRequest& request, aws::Headers& headers);

}  // namespace sitelatch::lambda
