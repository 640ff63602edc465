// SPDX-License-Identifier: Apache-2.0
// Tells a story on stdout as a timeline: when, what, and whether it was verified. Colours where
// they are wanted (terminal.h).
#pragma once

#include <chrono>
#include <string>

namespace sitelatch::cli {

class Narrator {
 public:
  // `scale`: how many times faster than life the story runs; times are the story's.
  Narrator(double scale, bool colours);

  void chapter(const std::string& title);
  void say(const std::string& sentence);       // narration
  void command(const std::string& line);       // what was typed
  void verified(const std::string& sentence);  // a query has shown it
  void failed(const std::string& sentence);
  double story_seconds() const;

 private:
  void line(const char* colour, const char* mark, const std::string& text);
  double scale_;
  bool colours_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace sitelatch::cli
