// SPDX-License-Identifier: Apache-2.0
// What a person does from the page is what the commands do: this program itself is run with the
// command's words, so that refusals, questions of the rules, audit log and ends are the command
// line's own (decision 0021). The page asks for what a terminal would: a reason, and for a switch
// back the name, typed. What may be forced there may not be forced here.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "console/board.h"
#include "console/view.h"

namespace sitelatch::console {

struct ActWish {
  std::string subject;  // "guard:0:ID"
  std::string action;   // "trip", "switch-back", "drill", "arm", "disarm"
  std::string reason, typed, keep, length;
  std::string reach;  // "yes": a drill that asks people to answer
  bool planned = false;
};
Result<ActWish> read_wish(const aws::Value& request);

// The command's words after the program's name, for people too (shell-quoted elsewhere). Problem:
// what is missing, in a sentence. `view`: what the person was looking at; a switch back releases
// that version and no other. `checks`: of the console's own command line.
Result<std::vector<std::string>> words_of(const ActWish& wish, const GuardView& view,
                                          const std::vector<std::string>& checks);

class Acts {
 public:
  struct Options {
    std::vector<std::string> program;  // this program, found again
    std::vector<std::string> checks;   // --check of switch-back
    // What each account's commands are given besides: --profile and the like.
    std::vector<std::vector<std::string>> account_words;
    // How a word is shown to people, to be copied into a shell.
    std::function<std::string(const std::string&)> quoted = [](const std::string& word) {
      return word;
    };
  };
  Acts(Options options, Board& board);
  ~Acts();  // asks what still runs to end (as Ctrl-C does), and waits until it has

  // Starts it; what it says is told on the board ("acts"). Problem: one runs for this guard, ...
  Result<aws::Value> start(const ActWish& wish, const GuardView& view, std::size_t account);
  // As Ctrl-C does.
  Result<aws::Value> stop(std::int64_t number);
  bool any_under_way() const;

 private:
  struct Run;
  void forget_old();
  void follow(const std::shared_ptr<Run>& run);
  void post();

  const Options options_;
  Board& board_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Run>> runs_;  // the newest last
  std::int64_t last_ = 0;
};

}  // namespace sitelatch::console
