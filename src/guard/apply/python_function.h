// SPDX-License-Identifier: Apache-2.0
// The function as the guide has it, in Python on Lambda's own boto3, for those who want to read
// what runs: it latches on an ALARM of its own check and does nothing else. No schedule, no
// relatch, no audit: the native one has those.
#pragma once

#include <string>
#include <string_view>

namespace sitelatch::guard {

// A zip of lambda.py; the same bytes every time.
const std::string& python_function_zip();
// The same of another source, whose handler is lambda.handler.
std::string python_zip(std::string_view source);

}  // namespace sitelatch::guard
