// SPDX-License-Identifier: Apache-2.0
// Children of a process with threads, made by clone(CLONE_VM | CLONE_VFORK): no copy of our memory,
// so they cost the same however large the engine is. Their bodies make system calls only: no
// allocation, no locks. They end with the thread that made them.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

// Not watched by the address sanitizer: the child's stack vanishes under its marks, and who is
// given those addresses next would be accused of what the child did.
#define SITELATCH_UNWATCHED __attribute__((no_sanitize("address")))

namespace sitelatch::net {

// Returns when the child has executed a program or ended. -1 and errno when there is none.
pid_t clone_child(int (*body)(void*), void* argument, int flags);
// Runs a program with an empty environment; 0, 1 and 2 are /dev/null, `descriptors` become 3, 4...
pid_t start_child(const std::vector<std::string>& command, const std::vector<int>& descriptors);

// --- For bodies.
// Ends the child. Not _exit: the address sanitizer would look at a stack that it does not know.
int leave_child(int status);
// `descriptors` become 0, 1, 2...; all others are closed. At most max_child_descriptors.
constexpr int max_child_descriptors = 8;
bool place_descriptors(const int* descriptors, int count);
void reset_signals();

}  // namespace sitelatch::net
