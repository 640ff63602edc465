// SPDX-License-Identifier: Apache-2.0
// A deployment package: is it a zip that Lambda would take (fact lambda-3), and its digest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "aws/wire/error.h"

namespace sitelatch::lambda {

inline constexpr std::int64_t zipped_limit = 52'428'800;
inline constexpr std::int64_t unzipped_limit = 262'144'000;
// Of all packages of functions and layers in a region.
inline constexpr std::int64_t code_storage_limit = 80'530'636'800;

std::string sha256_base64(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

// Refuses with AWS's texts what is empty, too large, not a zip, encrypted, or would unpack to more
// than its directory says or outside its folder. Never unpacks more than a few megabytes to find
// out.
aws::Outcome<Done> inspect_zip(std::string_view zip);

}  // namespace sitelatch::lambda
