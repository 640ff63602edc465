// SPDX-License-Identifier: Apache-2.0
// Responses as bytes.
#pragma once

#include <string>
#include <string_view>

#include "aws/wire/http.h"

namespace sitelatch::net {

enum class AfterAnswer { keep_alive, close };

// Status line and fields with the empty line; Content-Length is that of the body or file.
std::string serialize_head(const aws::HttpResponse& response, AfterAnswer after);

// A sentence for people.
aws::HttpResponse plain_answer(int status, std::string_view text);

}  // namespace sitelatch::net
