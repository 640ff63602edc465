// SPDX-License-Identifier: Apache-2.0
// Memory that ends: for the test programs that link sitelatch_memory_ends, `operator new` of the
// thread that says so throws std::bad_alloc once, at the n-th allocation from now.
#pragma once

namespace sitelatch::memory {

// n: 1 is the next allocation; 0 takes an end that has not come yet back.
void ends_after(int n);
// Of this thread; since the last ends_after().
bool has_ended();

}  // namespace sitelatch::memory
