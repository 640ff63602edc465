// SPDX-License-Identifier: Apache-2.0
// Signing with the credentials that Lambda puts into the environment (SigV4; canonical form:
// aws/auth/sigv4_canonical.h).
#pragma once

#include <string_view>

#include "aws/wire/http.h"
#include "base/result.h"

namespace sitelatch::function {

// Refused when there are no credentials.
Result<Done> sign_from_environment(aws::HttpRequest& request, std::string_view service,
                                   std::string_view region);

}  // namespace sitelatch::function
