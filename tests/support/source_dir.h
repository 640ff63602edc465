// SPDX-License-Identifier: Apache-2.0
// Where the sources stand. Defined once, in doctest_main.cc, so that no other object depends on the
// folder it was built in.
#pragma once

namespace sitelatch {
extern const char* const source_dir;
}
