// SPDX-License-Identifier: Apache-2.0
// Python functions: which of the machine's Pythons to use, and the files that our runtime shows
// them (the runtime client and, for a botocore too old to know AWS_ENDPOINT_URL, a rule set a
// service that leads to the engine).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sitelatch::net {

struct Python {
  std::string executable;  // no shim: the real one
  int minor = 0;           // of 3.x
  bool boto3 = false;
  std::vector<std::string> trees;  // directories outside /usr that it needs to see
  std::string prefix;
};

// "python3.11" -> 11; nothing for other runtimes.
std::optional<int> python_minor(const std::string& runtime);
// Starts every candidate once (about 20 ms each): call it off the hot path and keep the answer.
// The exact version with boto3, else the nearest with boto3, else the exact version, else any.
// Throws std::system_error where the machine lacks what asking takes (processes, descriptors).
std::optional<Python> find_python(int minor, const std::string& search_path,
                                  const std::string& home);

// Writes bootstrap.py and data/ into an existing directory, seen by functions as /var/runtime.
Result<Done> write_python_runtime(const std::string& directory, const std::string& api_endpoint);

}  // namespace sitelatch::net
