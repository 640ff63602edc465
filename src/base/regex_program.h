// SPDX-License-Identifier: Apache-2.0
// What a regular expression is compiled to; regex_parse.cc makes it, regex.cc runs it.
#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/regex.h"

namespace sitelatch::regex {

struct CodeSet {
  std::bitset<128> ascii;
  std::vector<std::pair<char32_t, char32_t>> above;  // ranges beyond ASCII
  bool all_above = false;
  bool negated = false;

  void add(char32_t first, char32_t last);
  void add(const CodeSet& other);  // of one that is not negated
  void complement();               // of what it has, as members
  void fold_case();                // letters of ASCII in both cases
  bool contains(char32_t code) const;
};

enum class Op : std::uint8_t {
  set,    // one code point of a set
  any,    // any code point
  split,  // here + 1 first, then `to`; lazy: the other way round
  jump,
  save,  // a bound of a group
  accept,
  text_start,
  text_end,
  line_start,
  line_end,
  word_edge,
  no_word_edge
};

struct Instruction {
  Op op = Op::accept;
  bool lazy = false;
  std::uint32_t to = 0;  // split, jump: where; set: which; save: which bound
};

inline constexpr std::size_t deepest = 60;
inline constexpr std::size_t most_groups = 50;
inline constexpr int most_repeats = 1000;

}  // namespace sitelatch::regex

namespace sitelatch {

struct Regex::Program {
  std::vector<regex::Instruction> code;
  std::vector<regex::CodeSet> sets;
  std::vector<std::string> names;
  bool looks_around = false;  // has assertions that depend on the next character

  // Deterministic states, found as texts need them (regex.cc).
  struct State {
    std::vector<std::uint32_t> threads;
    bool accepts = false;
    int accepts_at_end = -1;
    std::vector<std::int32_t> next;  // by ASCII character; -1: not looked for yet
  };
  std::vector<State> states;
  std::map<std::vector<std::uint32_t>, std::int32_t> by_threads;
  std::size_t kept = 0;  // roughly their bytes
};

namespace regex {
// Fills code, sets and names.
Result<Done> parse(std::string_view pattern, Regex::Limits limits, Regex::Program& into);
}  // namespace regex

}  // namespace sitelatch
