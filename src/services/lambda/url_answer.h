// SPDX-License-Identifier: Apache-2.0
// What a caller of a function URL is answered (facts lambda-47 and lambda-49). Pure. A function may
// say anything: nothing of it becomes a header, a status or a length that HTTP does not know.
#pragma once

#include <string>
#include <string_view>

#include "aws/wire/error.h"
#include "aws/wire/http.h"
#include "services/lambda/executor.h"

namespace sitelatch::lambda {

// Of an invocation that was tried.
aws::HttpResponse url_answer(const aws::Outcome<Execution>& outcome);

// Nobody whom the policies let in. AWS's text.
aws::HttpResponse url_forbidden();
aws::HttpResponse no_such_url();
aws::HttpResponse url_throttled(bool reserved);
aws::HttpResponse url_too_large();
// {"Message": message}, with `type` in x-amzn-ErrorType.
aws::HttpResponse url_refusal(int status, std::string_view type, std::string_view message);

}  // namespace sitelatch::lambda
