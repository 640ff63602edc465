// SPDX-License-Identifier: Apache-2.0
// Values of options, checked where they are read.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class Validator;
}

namespace sitelatch::cli {

// "90s", "5m", "1h30m".
CLI::Validator duration_above_zero();
// "KEY=VALUE", with a key.
CLI::Validator tag_text_of_option();

// "minute-visible=5s..45s" (simulation/assumptions.h).
CLI::Validator assumption_text();

// A region that AWS has, or that SITELATCH_NEW_REGIONS names (aws/auth/regions.h).
CLI::Validator region_name();

}  // namespace sitelatch::cli
