// SPDX-License-Identifier: Apache-2.0
// Other programs, run by demo and playground: one at a time to its end, or in the background until
// killed.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sitelatch::cli {

using Environment = std::vector<std::pair<std::string, std::string>>;  // additions to ours

struct Finished {
  int status = 0;  // exit status; 128 + n after a signal
  std::string out, err;
};
// `give_up` is asked ten times a second: true, and the program is sent SIGTERM.
Finished run_program(const std::vector<std::string>& arguments, const Environment& environment,
                     const std::vector<std::string>& unset = {},
                     const std::function<bool()>& give_up = {});

// A program that says `ready ...` on its first line. Killed (SIGKILL) when this goes, and with this
// process however that ends.
class BackgroundProgram {
 public:
  // Problem: it ended before it said ready (with what it said on stderr). `log`: a file for its
  // stderr.
  static Result<BackgroundProgram> start(const std::vector<std::string>& arguments,
                                         const std::string& log);
  ~BackgroundProgram() { kill(); }
  BackgroundProgram(BackgroundProgram&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), ready_line_(std::move(other.ready_line_)) {}
  BackgroundProgram& operator=(BackgroundProgram&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(ready_line_, other.ready_line_);
    return *this;
  }
  const std::string& ready_line() const { return ready_line_; }
  void kill();
  int terminate();  // SIGTERM; its exit status
  bool has_ended();
  pid_t pid() const { return pid_; }

 private:
  BackgroundProgram(pid_t pid, std::string line) : pid_(pid), ready_line_(std::move(line)) {}
  pid_t pid_ = 0;
  std::string ready_line_;
};

}  // namespace sitelatch::cli
