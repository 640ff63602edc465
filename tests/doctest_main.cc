// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "support/source_dir.h"

namespace sitelatch {
const char* const source_dir = SITELATCH_SOURCE_DIR;
}
