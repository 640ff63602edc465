// SPDX-License-Identifier: Apache-2.0
// Starts a program of the machine's and takes what it prints: which runtimes are there is asked of
// themselves.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace sitelatch::net {

// Executable and arguments; it sees a PATH and nothing else of the environment. Empty: it failed,
// could not be started, or took longer than `patience`, and then it is killed. Throws
// std::system_error where the machine lacks what asking takes (processes, descriptors).
std::string ask_program(const std::vector<std::string>& command, std::chrono::seconds patience);

// Directories outside of /usr that a program installed below these prefixes needs to see. A prefix
// that is the whole machine, or somebody's home, is not shown to functions.
std::vector<std::string> trees_to_show(const std::vector<std::string>& prefixes);

}  // namespace sitelatch::net
