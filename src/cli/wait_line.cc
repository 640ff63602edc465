// SPDX-License-Identifier: Apache-2.0
#include "cli/wait_line.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/screen_text.h"

namespace sitelatch::cli {
namespace {

constexpr auto between_drawings = std::chrono::seconds{1}, between_lines = std::chrono::seconds{30};
// What was only said, and not told to be a wait, may be over in a moment.
constexpr auto patience_drawn = std::chrono::seconds{1};

Duration from_to(WallInstant begin, WallInstant end) {
  return std::chrono::duration_cast<Duration>(end - begin);
}

}  // namespace

void WaitLine::said(const std::string& sentence, WallInstant now) {
  erase();
  write_(sentence + "\n");
  sentence_ = sentence;
  if (wait_) return;  // it goes on
  since_ = now;
  shown_.reset();
}

void WaitLine::awaits(const std::optional<guard::Wait>& wait, WallInstant now) {
  erase();
  wait_ = wait;
  since_ = now;
  shown_.reset();
}

void WaitLine::tick(WallInstant now) {
  if (!since_) return;
  if (kind_ == Kind::drawn)
    draw(now);
  else
    print(now);
}

std::string WaitLine::words() const {
  if (!wait_) return sentence_;
  std::vector<std::string> beside;
  if (!wait_->usually.empty()) beside.push_back("usually " + wait_->usually);
  if (wait_->at_most) beside.push_back("at most " + so_long(*wait_->at_most));
  return wait_->what + (beside.empty() ? "" : " (" + join(beside, "; ") + ")");
}

void WaitLine::draw(WallInstant now) {
  if (shown_ ? now < *shown_ + between_drawings : !wait_ && now < *since_ + patience_drawn) return;
  shown_ = now;
  const auto text =
      fmt::format("{:>6}  {}{}", so_long(from_to(*since_, now)), wait_ ? "until " : "", words());
  write_(std::string{erase_line} + clipped(text, width_() - 1));
  stands_ = true;
}

void WaitLine::print(WallInstant now) {
  if (wait_ && !shown_) {
    write_("Waiting until " + words() + " ...\n");
    shown_ = now;
    return;
  }
  if (now < shown_.value_or(*since_) + between_lines) return;
  shown_ = now;
  write_(fmt::format(
      "{:>6}: {}{}\n", so_long(from_to(*since_, now)),
      wait_ ? "still waiting until " : "still at it: ", wait_ ? wait_->what : sentence_));
}

void WaitLine::erase() {
  if (!stands_) return;
  write_(std::string{erase_line});
  stands_ = false;
}

}  // namespace sitelatch::cli
