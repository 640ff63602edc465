// SPDX-License-Identifier: Apache-2.0
// The native guard function as deploy uploads it: a zip of one static `bootstrap`, part of this
// binary.
#pragma once

#include <string>
#include <string_view>

namespace sitelatch::function {

std::string_view function_zip();  // bytes
const std::string&
function_sha256();  // CodeSha256 as Lambda tells it: base64 of SHA-256 of the zip

// What it runs on, as Lambda calls it: the machine's that built it. "x86_64", "arm64".
std::string_view function_architecture();

}  // namespace sitelatch::function
