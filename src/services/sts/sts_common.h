// SPDX-License-Identifier: Apache-2.0
// Small things that every operation of STS needs.
#pragma once

#include <string>
#include <string_view>

#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "ports/function_host.h"

namespace sitelatch::sts {

Failure<aws::Error> validation_error(std::string message);
bool is_role_arn(std::string_view text);
aws::Value credentials_value(const ports::Credentials& credentials);

}  // namespace sitelatch::sts
