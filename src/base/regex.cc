// SPDX-License-Identifier: Apache-2.0
// Two ways over one program. Whether a pattern is found: deterministic states, made as they are
// needed and forgotten when they are many. Where, and its groups: all threads side by side, in the
// order of their preference (Pike's).
#include "base/regex.h"

#include <algorithm>

#include "base/regex_program.h"

namespace sitelatch {
namespace {

using regex::Op;
using Program = Regex::Program;
using Work = Regex::Work;
using Threads = std::vector<std::uint32_t>;

constexpr std::size_t kept_bytes = 256 << 10;
constexpr char32_t outside = 0xffffffff;  // before the text, and behind it

struct Decoded {
  char32_t code = outside;
  std::size_t length = 0;
};

Decoded decode(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  if (extra == 0 || at + extra >= text.size()) return {lead, 1};
  char32_t code = lead & (0x3fu >> extra);
  for (std::size_t i = 1; i <= extra; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xc0) != 0x80) return {lead, 1};
    code = code << 6 | (byte & 0x3fu);
  }
  return {code, extra + 1};
}

bool is_word(char32_t code) {
  return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
         (code >= '0' && code <= '9') || code == '_';
}

bool holds(Op op, char32_t before, char32_t after) {
  switch (op) {
    case Op::text_start:
      return before == outside;
    case Op::text_end:
      return after == outside;
    case Op::line_start:
      return before == outside || before == '\n';
    case Op::line_end:
      return after == outside || after == '\n';
    case Op::word_edge:
      return is_word(before) != is_word(after);
    case Op::no_word_edge:
      return is_word(before) == is_word(after);
    default:
      return false;
  }
}

bool takes(const Program& program, std::uint32_t at, char32_t code) {
  const auto& instruction = program.code[at];
  if (instruction.op == Op::any) return code != outside;
  return instruction.op == Op::set && program.sets[instruction.to].contains(code);
}

// Threads at one place of the text, each at most once.
class Gathering {
 public:
  explicit Gathering(const Program& program)
      : program_(program), seen_(program.code.size(), false) {}

  // Where the text goes on is not known yet: a thread that waits for its end stays.
  enum class End { unknown, known };
  // True: that accepts.
  bool follow(std::uint32_t first, char32_t before, char32_t after, End end, Work& work) {
    bool accepts = false;
    todo_.push_back(first);
    while (!todo_.empty()) {
      const auto at = todo_.back();
      todo_.pop_back();
      if (seen_[at]) continue;
      seen_[at] = true;
      touched_.push_back(at);
      ++work.spent;
      const auto& instruction = program_.code[at];
      switch (instruction.op) {
        case Op::set:
        case Op::any:
          threads_.push_back(at);
          break;
        case Op::accept:
          accepts = true;
          break;
        case Op::jump:
          todo_.push_back(instruction.to);
          break;
        case Op::split:
          todo_.push_back(instruction.to);
          todo_.push_back(at + 1);
          break;
        case Op::save:
          todo_.push_back(at + 1);
          break;
        case Op::text_end:
          if (end == End::unknown) {
            threads_.push_back(at);
            break;
          }
          [[fallthrough]];
        default:
          if (holds(instruction.op, before, after)) todo_.push_back(at + 1);
      }
    }
    return accepts;
  }
  void clear() {
    for (const auto at : touched_) seen_[at] = false;
    touched_.clear();
    threads_.clear();
  }
  Threads& threads() { return threads_; }

 private:
  const Program& program_;
  std::vector<bool> seen_;
  Threads todo_, touched_, threads_;
};

// --- whether

std::int32_t state_of(Program& program, Threads threads, bool accepts) {
  std::sort(threads.begin(), threads.end());
  // Whether it accepts is part of what a state is.
  threads.push_back(accepts ? 1 : 0);
  const auto found = program.by_threads.find(threads);
  if (found != program.by_threads.end()) return found->second;
  const auto number = static_cast<std::int32_t>(program.states.size());
  program.by_threads.emplace(threads, number);
  threads.pop_back();
  Program::State state;
  state.accepts = accepts;
  state.next.assign(128, -1);
  program.kept += 128 * sizeof(std::int32_t) + 2 * threads.size() * sizeof(std::uint32_t) + 256;
  state.threads = std::move(threads);
  program.states.push_back(std::move(state));
  return number;
}

// A pattern may begin anywhere: the start is followed again at each character.
std::int32_t step(Program& program, Gathering& gathering, const Threads& from, char32_t code,
                  Work& work) {
  gathering.clear();
  bool accepts = false;
  work.spent += from.size();
  for (const auto at : from)
    if (takes(program, at, code))
      accepts = gathering.follow(at + 1, code, 0, Gathering::End::unknown, work) || accepts;
  accepts = gathering.follow(0, code, 0, Gathering::End::unknown, work) || accepts;
  return state_of(program, gathering.threads(), accepts);
}

bool accepts_at_end(Program& program, Program::State& state, Work& work) {
  if (state.accepts_at_end < 0) {
    Gathering gathering{program};
    bool accepts = false;
    for (const auto at : state.threads)
      if (program.code[at].op == Op::text_end)
        accepts = gathering.follow(at + 1, 0, outside, Gathering::End::known, work) || accepts;
    state.accepts_at_end = accepts ? 1 : 0;
  }
  return state.accepts_at_end == 1;
}

void forget(Program& program) {
  program.states.clear();
  program.by_threads.clear();
  program.kept = 0;
}

std::int32_t first_state(Program& program, Gathering& gathering, Work& work) {
  if (!program.states.empty()) return 0;
  gathering.clear();
  const bool accepts = gathering.follow(0, outside, 0, Gathering::End::unknown, work);
  return state_of(program, gathering.threads(), accepts);
}

bool found_by_states(Program& program, std::string_view text, Work& work) {
  Gathering gathering{program};
  auto now = first_state(program, gathering, work);
  for (std::size_t at = 0; at < text.size();) {
    auto& state = program.states[static_cast<std::size_t>(now)];
    if (state.accepts) return true;
    if (++work.spent >= work.most) return false;
    const auto decoded = decode(text, at);
    at += decoded.length;
    const bool ascii = decoded.code < 128;
    if (ascii && state.next[decoded.code] >= 0) {
      now = state.next[decoded.code];
      continue;
    }
    const auto from = static_cast<std::size_t>(now);
    const Threads threads = state.threads;
    if (program.kept > kept_bytes) {
      forget(program);
      first_state(program, gathering, work);  // number 0 is always the beginning
      now = step(program, gathering, threads, decoded.code, work);
      continue;
    }
    now = step(program, gathering, threads, decoded.code, work);
    if (ascii) program.states[from].next[decoded.code] = now;
  }
  auto& last = program.states[static_cast<std::size_t>(now)];
  return last.accepts || accepts_at_end(program, last, work);
}

// Assertions that look at the next character: states do not know it, so each place anew.
bool found_by_looking(const Program& program, std::string_view text, Work& work) {
  Gathering one{program}, other{program};
  Gathering *now = &one, *then = &other;
  auto next = decode(text, 0);
  if (now->follow(0, outside, next.code, Gathering::End::known, work)) return true;
  for (std::size_t at = 0; at < text.size();) {
    const auto code = next.code;
    at += next.length;
    next = decode(text, at);
    then->clear();
    work.spent += now->threads().size() + 1;
    if (work.exhausted()) return false;
    bool accepts = false;
    for (const auto thread : now->threads())
      if (takes(program, thread, code))
        accepts = then->follow(thread + 1, code, next.code, Gathering::End::known, work) || accepts;
    if (accepts || then->follow(0, code, next.code, Gathering::End::known, work)) return true;
    std::swap(now, then);
  }
  return false;
}

// --- where

constexpr auto nowhere = std::string_view::npos;
using Bounds = std::vector<std::size_t>;

// The threads of one place in the order of their preference, each with the bounds it has seen.
class Race {
 public:
  Race(const Program& program, std::size_t bounds)
      : program_(program), seen_(program.code.size(), 0), width_(bounds) {}

  void clear() {
    ++round_;
    threads_.clear();
    bounds_.clear();
  }
  bool empty() const { return threads_.empty(); }
  const Threads& threads() const { return threads_; }
  Bounds bounds_of(std::size_t index) const {
    const auto first = bounds_.begin() + static_cast<std::ptrdiff_t>(index * width_);
    return {first, first + static_cast<std::ptrdiff_t>(width_)};
  }

  struct Place {
    std::size_t at;
    char32_t before, after;
  };
  void follow(std::uint32_t first, Bounds bounds, Place place, Work& work) {
    todo_.push_back({first, nowhere, 0});
    while (!todo_.empty()) {
      const auto [at, restored, old] = todo_.back();
      todo_.pop_back();
      if (restored != nowhere) {
        bounds[restored] = old;
        continue;
      }
      if (seen_[at] == round_) continue;
      seen_[at] = round_;
      ++work.spent;
      const auto& instruction = program_.code[at];
      switch (instruction.op) {
        case Op::set:
        case Op::any:
        case Op::accept:
          threads_.push_back(at);
          bounds_.insert(bounds_.end(), bounds.begin(), bounds.end());
          work.spent += width_;
          break;
        case Op::jump:
          todo_.push_back({instruction.to, nowhere, 0});
          break;
        case Op::split: {
          const auto preferred = instruction.lazy ? instruction.to : at + 1;
          todo_.push_back({instruction.lazy ? at + 1 : instruction.to, nowhere, 0});
          todo_.push_back({preferred, nowhere, 0});
          break;
        }
        case Op::save:
          todo_.push_back({0, instruction.to, bounds[instruction.to]});
          bounds[instruction.to] = place.at;
          todo_.push_back({at + 1, nowhere, 0});
          break;
        default:
          if (holds(instruction.op, place.before, place.after))
            todo_.push_back({at + 1, nowhere, 0});
      }
    }
  }

 private:
  struct Todo {
    std::uint32_t at;
    std::size_t restored, old;
  };
  const Program& program_;
  std::vector<std::uint64_t> seen_;
  std::uint64_t round_ = 1;
  std::size_t width_;
  Threads threads_;
  Bounds bounds_;
  std::vector<Todo> todo_;
};

Bounds run(const Program& program, std::string_view text, Work& work, std::size_t from) {
  const std::size_t width = 2 * (program.names.size() + 1);
  Race one{program, width}, other{program, width};
  Race *now = &one, *then = &other;
  Bounds best;
  char32_t before = from == 0 ? outside : static_cast<unsigned char>(text[from - 1]);
  auto next = decode(text, from);
  now->clear();
  for (std::size_t at = from;;) {
    if (best.empty()) now->follow(0, Bounds(width, nowhere), {at, before, next.code}, work);
    if ((now->empty() && !best.empty()) || ++work.spent >= work.most) break;
    const auto code = next.code;
    const auto behind = at + next.length;
    const auto after = decode(text, behind);
    then->clear();
    for (std::size_t i = 0; i < now->threads().size(); ++i) {
      const auto thread = now->threads()[i];
      ++work.spent;
      if (program.code[thread].op == Op::accept) {
        best = now->bounds_of(i);
        break;  // whoever comes behind is less preferred
      }
      if (code != outside && takes(program, thread, code))
        then->follow(thread + 1, now->bounds_of(i), {behind, code, after.code}, work);
    }
    if (code == outside) break;
    before = code;
    next = after;
    at = behind;
    std::swap(now, then);
  }
  return work.exhausted() ? Bounds{} : best;
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern, Limits limits) {
  auto program = std::make_shared<Program>();
  if (auto parsed = regex::parse(pattern, limits, *program); !parsed)
    return failure(parsed.error());
  return Regex{std::move(program)};
}

bool Regex::found_in(std::string_view text, Work& work) const {
  return program_->looks_around ? found_by_looking(*program_, text, work)
                                : found_by_states(*program_, text, work);
}

std::optional<Regex::Groups> Regex::match(std::string_view text, Work& work,
                                          std::size_t from) const {
  if (from > text.size() || (from == 0 && !found_in(text, work))) return std::nullopt;
  const auto bounds = run(*program_, text, work, from);
  if (bounds.empty()) return std::nullopt;
  Groups out;
  for (std::size_t i = 0; i + 1 < bounds.size(); i += 2) {
    if (bounds[i] == nowhere || bounds[i + 1] == nowhere)
      out.emplace_back();
    else
      out.emplace_back(text.substr(bounds[i], bounds[i + 1] - bounds[i]));
  }
  return out;
}

const std::vector<std::string>& Regex::names() const { return program_->names; }

}  // namespace sitelatch
