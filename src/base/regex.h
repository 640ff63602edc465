// SPDX-License-Identifier: Apache-2.0
// Regular expressions of strangers: matched by sets of states, never by backtracking, so that the
// time is at most the pattern's size times the text's, and what was spent is counted and bounded.
// Perl's syntax without what needs backtracking (references, lookaround): literals, . [classes]
// \d \w \s \b and their contraries, ^ $ \A \z, (groups), (?:...), (?<names>...), (?i) (?s) (?m),
// | * + ? {m,n} and their lazy forms. Text is UTF-8; a byte that is none stands for itself alone.
// One thread at a time: what was learnt of a pattern is kept with it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sitelatch {

class Regex {
 public:
  struct Limits {
    std::size_t instructions = 1000;  // what {m,n} repeats counts each time
  };
  static Result<Regex> compile(std::string_view pattern) { return compile(pattern, Limits{}); }
  static Result<Regex> compile(std::string_view pattern, Limits limits);

  // What matching has cost, in states looked at, and where it ends. Beyond it nothing matches.
  struct Work {
    std::uint64_t spent = 0;
    std::uint64_t most = 50'000'000;
    bool exhausted() const { return spent >= most; }
  };

  bool found_in(std::string_view text, Work& work) const;
  // The leftmost match from `from` on, as Perl chooses it: the whole, then each group in the order
  // of its opening; a group that took no part is nothing.
  using Groups = std::vector<std::optional<std::string_view>>;
  std::optional<Groups> match(std::string_view text, Work& work, std::size_t from = 0) const;
  // By group, without the whole; empty: it has no name.
  const std::vector<std::string>& names() const;

  struct Program;

 private:
  explicit Regex(std::shared_ptr<Program> program) : program_(std::move(program)) {}
  std::shared_ptr<Program> program_;
};

}  // namespace sitelatch
