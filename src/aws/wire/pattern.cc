// SPDX-License-Identifier: Apache-2.0
// Thompson's construction and a simulation of it: the set of states after each code point.
#include "aws/wire/pattern.h"

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

#include "aws/wire/unicode_classes.h"

namespace sitelatch::aws {
namespace {

constexpr std::size_t instructions_max = 20000;
constexpr int group_depth_max = 50;

// Code points of valid UTF-8; bytes that are not become U+FFFD, which keeps the matcher total.
std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int extra = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : -1;
    if (extra < 0 || i + static_cast<std::size_t>(extra) >= text.size()) {
      out.push_back(U'\ufffd');
      ++i;
      continue;
    }
    char32_t code = extra == 0 ? lead : lead & (0x3fu >> extra);
    for (int k = 1; k <= extra; ++k)
      code = code << 6 | (static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 0x3f);
    out.push_back(code);
    i += static_cast<std::size_t>(extra) + 1;
  }
  return out;
}

bool in_ranges(std::span<const CodeRange> ranges, char32_t code) {
  const auto at = std::lower_bound(ranges.begin(), ranges.end(), code,
                                   [](const CodeRange& r, char32_t c) { return r.last < c; });
  return at != ranges.end() && at->first <= code;
}

struct CharSet {
  std::bitset<128> ascii;
  std::vector<CodeRange> ranges;  // above ASCII, any order
  bool letters = false, numbers = false, separators = false;
  bool others = false;  // everything above ASCII (a negated escape inside)
  bool negated = false;

  void add(char32_t first, char32_t last) {
    for (char32_t c = first; c <= std::min<char32_t>(last, 127); ++c) ascii.set(c);
    if (last >= 128) ranges.push_back({std::max<char32_t>(first, 128), last});
  }
  void add_digits() { add('0', '9'); }
  void add_word() { add_digits(), add('a', 'z'), add('A', 'Z'), add('_', '_'); }
  void add_space() { add('\t', '\r'), add(' ', ' '); }
  bool contains(char32_t c) const {
    bool inside = false;
    if (c < 128) {
      inside = ascii[c];
    } else {
      inside = others || std::any_of(ranges.begin(), ranges.end(), [&](const CodeRange& r) {
                 return r.first <= c && c <= r.last;
               });
      inside = inside || (letters && in_ranges(unicode_letters(), c)) ||
               (numbers && in_ranges(unicode_numbers(), c)) ||
               (separators && in_ranges(unicode_separators(), c));
    }
    return inside != negated;
  }
};

enum class Op : std::uint8_t {
  set,
  split,
  jump,
  accept,
  at_start,
  at_end,
  look_ahead,
  look_behind
};

struct Instruction {
  Op op = Op::accept;
  bool negative = false;
  std::uint32_t set = 0;  // index of a CharSet
  std::uint32_t to = 0;   // split, jump; look_ahead: where to go on (its own program follows it)
};

struct Program {
  std::vector<Instruction> code;
  std::vector<CharSet> sets;
};

struct Unsupported {};

// Recursive descent; emits code as it goes. Repeats copy what they repeat by compiling its text
// again.
class Compiler {
 public:
  explicit Compiler(std::string_view pattern) : pattern_(code_points(pattern)) {}

  Program compile() {
    alternatives(0);
    if (at_ != pattern_.size()) throw Unsupported{};
    emit({Op::accept});
    return std::move(program_);
  }

 private:
  bool more() const { return at_ < pattern_.size(); }
  bool next_is(char32_t c) const { return more() && pattern_[at_] == c; }
  bool take(char32_t c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  char32_t next() {
    if (!more()) throw Unsupported{};
    return pattern_[at_++];
  }
  std::uint32_t here() const { return static_cast<std::uint32_t>(program_.code.size()); }
  std::uint32_t emit(Instruction instruction) {
    if (program_.code.size() >= instructions_max) throw Unsupported{};
    program_.code.push_back(instruction);
    return here() - 1;
  }
  void emit_set(CharSet set) {
    program_.sets.push_back(std::move(set));
    emit({Op::set, false, static_cast<std::uint32_t>(program_.sets.size() - 1)});
  }

  void alternatives(int depth) {
    if (depth > group_depth_max) throw Unsupported{};
    // Every alternative is preceded by a split to the next one; the last one's is turned into a
    // jump over itself.
    std::vector<std::uint32_t> jumps;
    while (true) {
      const auto branch = emit({Op::split});
      sequence(depth);
      if (!take('|')) {
        program_.code[branch] = {Op::jump, false, 0, branch + 1};
        break;
      }
      jumps.push_back(emit({Op::jump}));
      program_.code[branch].to = here();
    }
    for (const auto jump : jumps) program_.code[jump].to = here();
  }

  void sequence(int depth) {
    while (more() && pattern_[at_] != '|' && pattern_[at_] != ')') repeated(depth);
  }

  void repeated(int depth) {
    const auto text_begin = at_;
    const auto code_begin = here();
    atom(depth);
    const auto bounds = quantifier();
    if (!bounds) return;
    const auto text_end = at_;
    program_.code.resize(code_begin);
    const auto again = [&] {
      at_ = text_begin;
      atom(depth);
    };
    for (int i = 0; i < bounds->first; ++i) again();
    if (bounds->second < 0) {  // x*: L: split out; x; jump L
      const auto loop = emit({Op::split});
      again();
      emit({Op::jump, false, 0, loop});
      program_.code[loop].to = here();
    } else {
      std::vector<std::uint32_t> exits;
      for (int i = bounds->first; i < bounds->second; ++i) {
        exits.push_back(emit({Op::split}));
        again();
      }
      for (const auto exit : exits) program_.code[exit].to = here();
    }
    at_ = text_end;
  }

  std::optional<std::pair<int, int>> quantifier() {
    std::optional<std::pair<int, int>> bounds;
    if (take('*'))
      bounds = {0, -1};
    else if (take('+'))
      bounds = {1, -1};
    else if (take('?'))
      bounds = {0, 1};
    else if (next_is('{'))
      bounds = braces();
    if (bounds && (take('?') || take('+'))) {
    }  // lazy and possessive: the same set of whole matches here
    return bounds;
  }

  std::optional<std::pair<int, int>> braces() {
    ++at_;
    const int low = number();
    int high = low;
    if (take(',')) high = next_is('}') ? -1 : number();
    if (!take('}') || (high >= 0 && high < low)) throw Unsupported{};
    return std::pair{low, high};
  }
  int number() {
    int value = 0;
    bool any = false;
    while (more() && pattern_[at_] >= '0' && pattern_[at_] <= '9') {
      value = value * 10 + static_cast<int>(pattern_[at_++] - '0');
      any = true;
      if (value > 5000) throw Unsupported{};
    }
    if (!any) throw Unsupported{};
    return value;
  }

  void atom(int depth) {
    const auto c = next();
    CharSet set;
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return emit_set(bracket());
      case '^':
        emit({Op::at_start});
        return;
      case '$':
        emit({Op::at_end});
        return;
      case '.':
        set.negated = true;
        for (const char32_t end : {U'\n', U'\r', U'\u0085', U'\u2028', U'\u2029'})
          set.add(end, end);
        return emit_set(std::move(set));
      case '\\':
        escape(set);
        return emit_set(std::move(set));
      case '*':
      case '+':
      case '?':
        throw Unsupported{};
      default:
        set.add(c, c);
        return emit_set(std::move(set));
    }
  }

  void group(int depth) {
    if (!take('?')) return close(depth);
    if (take(':')) return close(depth);
    if (next_is('=') || next_is('!')) {
      const bool negative = next() == '!';
      const auto look = emit({Op::look_ahead, negative});
      alternatives(depth + 1);
      emit({Op::accept});
      program_.code[look].to = here();
      if (!take(')')) throw Unsupported{};
      return;
    }
    if (!take('<') || !(next_is('=') || next_is('!'))) throw Unsupported{};
    const bool negative = next() == '!';
    const auto set_at = emit({Op::look_behind, negative});
    atom(depth + 1);  // must be one character
    if (here() != set_at + 2 || program_.code.back().op != Op::set || !take(')'))
      throw Unsupported{};
    program_.code[set_at].set = program_.code.back().set;
    program_.code.pop_back();
  }
  void close(int depth) {
    alternatives(depth + 1);
    if (!take(')')) throw Unsupported{};
  }

  CharSet bracket() {
    CharSet set;
    set.negated = take('^');
    for (bool first = true;; first = false) {
      auto c = next();
      if (c == ']' && !first) return set;
      if (c == '[' || (c == '&' && next_is('&')))
        throw Unsupported{};  // Java's unions and intersections
      if (c == '\\') {
        const auto literal = escape(set);
        if (!literal) continue;
        c = *literal;
      }
      if (!next_is('-') || at_ + 1 >= pattern_.size() || pattern_[at_ + 1] == ']') {
        set.add(c, c);
        continue;
      }
      ++at_;
      auto last = next();
      if (last == '\\') {
        CharSet ignored;
        const auto literal = escape(ignored);
        if (!literal) throw Unsupported{};
        last = *literal;
      }
      if (last < c) throw Unsupported{};
      set.add(c, last);
    }
  }

  // After a backslash: adds to the set; gives the character when it is one.
  std::optional<char32_t> escape(CharSet& set) {
    const auto c = next();
    const auto literal = [&](char32_t code) {
      set.add(code, code);
      return code;
    };
    const auto negate = [&](CharSet inner) {
      inner.ascii.flip();
      set.ascii |= inner.ascii;
      set.others = true;
    };
    CharSet inner;
    switch (c) {
      case 'd':
        set.add_digits();
        return std::nullopt;
      case 'w':
        set.add_word();
        return std::nullopt;
      case 's':
        set.add_space();
        return std::nullopt;
      case 'D':
        inner.add_digits();
        negate(inner);
        return std::nullopt;
      case 'W':
        inner.add_word();
        negate(inner);
        return std::nullopt;
      case 'S':
        inner.add_space();
        negate(inner);
        return std::nullopt;
      case 'p':
        property(set);
        return std::nullopt;
      case 't':
        return literal('\t');
      case 'n':
        return literal('\n');
      case 'r':
        return literal('\r');
      case 'f':
        return literal('\f');
      case 'x':
        return literal(hex_digits(2));
      case 'u':
        return literal(hex_digits(4));
      default:
        break;
    }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
      throw Unsupported{};
    return literal(c);
  }
  char32_t hex_digits(int count) {
    char32_t code = 0;
    for (int i = 0; i < count; ++i) {
      const auto c = next();
      if (c >= '0' && c <= '9')
        code = code * 16 + (c - '0');
      else if (c >= 'a' && c <= 'f')
        code = code * 16 + (c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        code = code * 16 + (c - 'A' + 10);
      else
        throw Unsupported{};
    }
    return code;
  }
  void property(CharSet& set) {
    std::string name;
    if (!take('{')) throw Unsupported{};
    while (!next_is('}')) name += static_cast<char>(next());
    ++at_;
    if (name == "L")
      set.letters = true, set.add('a', 'z'), set.add('A', 'Z');
    else if (name == "N")
      set.numbers = true, set.add_digits();
    else if (name == "Z")
      set.separators = true, set.add(' ', ' ');
    else if (name == "ASCII")
      set.add(0, 127);
    else
      throw Unsupported{};
  }

  std::vector<char32_t> pattern_;
  std::size_t at_ = 0;
  Program program_;
};

// States at one position, each at most once.
class States {
 public:
  explicit States(std::size_t size) : seen_(size, false) {}
  bool add(std::uint32_t state) {
    if (seen_[state]) return false;
    seen_[state] = true;
    list_.push_back(state);
    return true;
  }
  void clear() {
    for (const auto state : list_) seen_[state] = false;
    list_.clear();
  }
  const std::vector<std::uint32_t>& list() const { return list_; }
  // Room for whoever follows states into here; empty before and after.
  std::vector<std::uint32_t>& todo() { return todo_; }

 private:
  std::vector<std::uint32_t> todo_;
  std::vector<bool> seen_;
  std::vector<std::uint32_t> list_;
};

enum class Extent { whole, prefix };

class Automaton : public Pattern {
 public:
  explicit Automaton(Program program) : program_(std::move(program)) {}

  bool matches(std::string_view text) const override {
    const auto input = code_points(text);
    return run(0, input, 0, Extent::whole);
  }

 private:
  using Input = std::vector<char32_t>;

  bool run(std::uint32_t start, const Input& input, std::size_t from, Extent extent) const {
    States now{program_.code.size()}, then{program_.code.size()};
    bool accepted = follow(now, start, input, from);
    for (std::size_t at = from;; ++at) {
      if (accepted && (extent == Extent::prefix || at == input.size())) return true;
      if (at == input.size() || now.list().empty()) return false;
      then.clear();
      accepted = false;
      for (const auto state : now.list()) {
        const auto& instruction = program_.code[state];
        if (instruction.op == Op::set && program_.sets[instruction.set].contains(input[at]))
          accepted = follow(then, state + 1, input, at + 1) || accepted;
      }
      std::swap(now, then);
    }
  }

  // Adds the state and all that it reaches without input; true when that accepts.
  bool follow(States& states, std::uint32_t first, const Input& input, std::size_t at) const {
    bool accepted = false;
    auto& todo = states.todo();
    todo.push_back(first);
    while (!todo.empty()) {
      const auto state = todo.back();
      todo.pop_back();
      if (!states.add(state)) continue;
      const auto& instruction = program_.code[state];
      switch (instruction.op) {
        case Op::set:
          break;
        case Op::accept:
          accepted = true;
          break;
        case Op::jump:
          todo.push_back(instruction.to);
          break;
        case Op::split:
          todo.push_back(state + 1);
          todo.push_back(instruction.to);
          break;
        case Op::at_start:
          if (at == 0) todo.push_back(state + 1);
          break;
        case Op::at_end:
          if (at == input.size()) todo.push_back(state + 1);
          break;
        case Op::look_ahead:
          if (run(state + 1, input, at, Extent::prefix) != instruction.negative)
            todo.push_back(instruction.to);
          break;
        case Op::look_behind:
          if ((at > 0 && program_.sets[instruction.set].contains(input[at - 1])) !=
              instruction.negative)
            todo.push_back(state + 1);
          break;
      }
    }
    return accepted;
  }

  Program program_;
};

}  // namespace

std::shared_ptr<const Pattern> Pattern::compile(std::string_view pattern) {
  try {
    return std::make_shared<Automaton>(Compiler{pattern}.compile());
  } catch (const Unsupported&) {
    return nullptr;
  }
}

bool LazyPattern::matches(std::string_view candidate) const {
  std::call_once(once_, [this] { compiled_ = Pattern::compile(text_); });
  return !compiled_ || compiled_->matches(candidate);
}

}  // namespace sitelatch::aws
