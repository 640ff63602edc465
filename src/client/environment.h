// SPDX-License-Identifier: Apache-2.0
// What the client reads of its environment: environment variables, files, the output of programs,
// time, and what a
// person types. One real set (system_environment()), and fakes in tests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace sitelatch::client {

struct ProgramOutput {
  int status = 0;  // exit status; 128 + n: killed by signal n
  std::string out;
  std::string err;
};

class Environment {
 public:
  virtual ~Environment() = default;
  // An empty variable is like an absent one, as the SDKs have it.
  virtual std::optional<std::string> variable(std::string_view name) const = 0;
  virtual std::string home() const = 0;  // without a slash at the end; empty: unknown
  // Nothing: there is no such file. Problem: it cannot be read.
  virtual Result<std::optional<std::string>> read_file(const std::string& path) const = 0;
  // Without a shell, found on PATH. Problem: not found, cannot start, or did not end in time (then
  // it was killed).
  virtual Result<ProgramOutput> run(const std::vector<std::string>& arguments,
                                    Duration at_most) = 0;
  // Of the person at the terminal, unseen while it is typed. Nothing: there is no terminal.
  virtual std::optional<std::string> ask(const std::string& question) = 0;
};

// Wall time: signatures, expiry, backoff, waiting.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallInstant now() const = 0;
  virtual void sleep(Duration d) = 0;  // may end early, on a signal
};

std::unique_ptr<Environment> system_environment();
std::unique_ptr<Clock> system_clock();

}  // namespace sitelatch::client
