// SPDX-License-Identifier: Apache-2.0
// What a function may be configured to, in AWS's words (facts lambda-28, lambda-29). Pure: what
// needs other services (the role, dead letter targets) is asked by the caller.
#pragma once

#include <string_view>

#include "aws/wire/error.h"
#include "services/lambda/function.h"

namespace sitelatch::lambda {

// Takes over what a CreateFunction or UpdateFunctionConfiguration input says; what it does not say
// stays.
aws::Outcome<Done> configure(const aws::Value& input, std::string_view function_name,
                             Configuration& configuration);
// The one entry of Architectures, for the operations that take code.
aws::Outcome<Done> set_architecture(const aws::Value& input, Configuration& configuration);
// The bytes of ZipFile in CreateFunction's Code or in UpdateFunctionCode's input, inspected; S3 and
// images are refused.
aws::Outcome<std::string> zip_of(const aws::Value& code);
// `present` with the wire's map added, by Lambda's rules.
aws::Outcome<aws::Tags> with_tags(aws::Tags present, const aws::Value& added);

}  // namespace sitelatch::lambda
