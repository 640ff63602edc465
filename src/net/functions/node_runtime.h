// SPDX-License-Identifier: Apache-2.0
// Node.js functions: which of the machine's to use, and the runtime client that our runtime shows
// them. The AWS SDK is none of it: a function finds the machine's, its own or a layer's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sitelatch::net {

struct Node {
  std::string executable;  // no shim: the real one
  int major = 0;
  std::vector<std::string> trees;  // directories outside /usr that it needs to see
  std::string prefix;
};

// "nodejs20.x" -> 20; nothing for other runtimes.
std::optional<int> node_major(const std::string& runtime);
// Starts every candidate once (about 40 ms each): call it off the hot path and keep the answer. The
// version asked for, else the nearest newer one, else the nearest older one that the client runs
// on. Throws std::system_error where the machine lacks what asking takes.
std::optional<Node> find_node(int major, const std::string& search_path, const std::string& home);

// Writes bootstrap.cjs into an existing directory, seen by functions as /var/runtime.
Result<Done> write_node_runtime(const std::string& directory);

}  // namespace sitelatch::net
