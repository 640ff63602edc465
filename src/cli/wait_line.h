// SPDX-License-Identifier: Apache-2.0
// How a command that waits shows that it is alive: what is awaited, since when, and how long that
// usually takes. At a terminal one line, drawn over and over below what was said; elsewhere a line
// at the beginning and one every half a minute. Needs no thread: it is told the time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "guard/apply/carry_out.h"

namespace sitelatch::cli {

inline constexpr std::string_view erase_line = "\r\x1b[K";

class WaitLine {
 public:
  enum class Kind { drawn, plain };

  // `width`: of the terminal, in columns. `write`: as it is, with its ends of lines.
  WaitLine(Kind kind, std::function<std::size_t()> width,
           std::function<void(const std::string&)> write)
      : kind_(kind), width_(std::move(width)), write_(std::move(write)) {}
  // However the command ends, what comes next has a line of its own.
  ~WaitLine() { erase(); }
  WaitLine(const WaitLine&) = delete;
  WaitLine& operator=(const WaitLine&) = delete;

  // A sentence of progress, which stays.
  void said(const std::string& sentence, WallInstant now);
  // From here on; nothing: no more. What is over before the first tick is never shown.
  void awaits(const std::optional<guard::Wait>& wait, WallInstant now);
  // Time passes, and the command waits: for what it has told, else after what it has said last.
  // Nothing is shown before it has done either.
  void tick(WallInstant now);
  // It waits no more, for now: a line about a wait that it has not told would stand before whatever
  // it prints.
  void woke() {
    if (!wait_) erase();
  }

 private:
  std::string words() const;
  void draw(WallInstant now);
  void print(WallInstant now);
  void erase();

  Kind kind_;
  std::function<std::size_t()> width_;
  std::function<void(const std::string&)> write_;
  std::optional<guard::Wait> wait_;
  std::string sentence_;              // said last
  std::optional<WallInstant> since_;  // of the wait, or of the sentence
  std::optional<WallInstant> shown_;  // last
  bool stands_ = false;               // a drawn line
};

}  // namespace sitelatch::cli
