// SPDX-License-Identifier: Apache-2.0
// A copy of this whole program as it is at one instant (fork): the account, the command under way,
// the stack. One run of a command serves every way in which it can go wrong: at each of its calls
// the copies go wrong, one after the other, and the original goes on undisturbed.
//
//   if (const auto ended = run_copy()) return ended->words;   // the original, the copy has ended
//   ...                                                       // the copy, which goes on from here
//   end_copy("it went well");
#pragma once

#include <optional>
#include <string>

namespace sitelatch::guard::test {

struct EndedCopy {
  bool died = false;  // by a signal, or without a word
  std::string words;
  // CHECKs that failed in it, each as doctest prints it: they are not counted here.
  std::string failed_checks;
};

// In the original: how the copy ended. In the copy: nothing. Copies make no copies.
std::optional<EndedCopy> run_copy();
bool is_copy();
[[noreturn]] void end_copy(const std::string& words);

}  // namespace sitelatch::guard::test
