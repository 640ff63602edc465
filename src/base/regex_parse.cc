// SPDX-License-Identifier: Apache-2.0
// Pattern to tree, tree to instructions (Thompson's construction).
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "base/regex_program.h"
#include "base/text.h"

namespace sitelatch::regex {

void CodeSet::add(char32_t first, char32_t last) {
  for (char32_t c = first; c <= std::min<char32_t>(last, 127); ++c) ascii.set(c);
  if (last >= 128) above.emplace_back(std::max<char32_t>(first, 128), last);
}
void CodeSet::add(const CodeSet& other) {
  ascii |= other.ascii;
  above.insert(above.end(), other.above.begin(), other.above.end());
  all_above = all_above || other.all_above;
}
// Only of classes that have nothing beyond ASCII.
void CodeSet::complement() {
  ascii.flip();
  all_above = !all_above;
}
void CodeSet::fold_case() {
  for (char32_t c = 'a'; c <= 'z'; ++c) {
    const char32_t upper_case = c - 'a' + 'A';
    const bool either = ascii[c] || ascii[upper_case];
    ascii[c] = ascii[upper_case] = either;
  }
}
bool CodeSet::contains(char32_t code) const {
  bool inside = false;
  if (code < 128)
    inside = ascii[code];
  else
    inside = all_above || std::any_of(above.begin(), above.end(), [code](const auto& range) {
               return range.first <= code && code <= range.second;
             });
  return inside != negated;
}

namespace {

struct Refused {
  std::string why;
};

struct Node {
  enum class Kind { empty, set, any, sequence, choice, repeat, group, assertion };
  Kind kind = Kind::empty;
  CodeSet set;
  std::vector<Node> parts;
  int least = 0, most = 0;  // repeat; most < 0: no end
  bool lazy = false;
  std::size_t group = 0;  // from 1
  Op assertion = Op::text_start;
};

struct Flags {
  bool ignore_case = false, dot_all = false, lines = false;
};

CodeSet class_of(char letter) {
  CodeSet out;
  switch (letter) {
    case 'd':
      out.add('0', '9');
      break;
    case 'w':
      out.add('0', '9'), out.add('a', 'z'), out.add('A', 'Z'), out.add('_', '_');
      break;
    default:
      out.add('\t', '\r'), out.add(' ', ' ');
      break;
  }
  return out;
}

std::optional<CodeSet> named_class(std::string_view name) {
  CodeSet out;
  if (name == "alpha" || name == "alnum") out.add('a', 'z'), out.add('A', 'Z');
  if (name == "digit" || name == "alnum") out.add('0', '9');
  if (name == "upper") out.add('A', 'Z');
  if (name == "lower") out.add('a', 'z');
  if (name == "space") out = class_of('s');
  if (name == "word") out = class_of('w');
  if (name == "blank") out.add(' ', ' '), out.add('\t', '\t');
  if (name == "punct") out.add('!', '/'), out.add(':', '@'), out.add('[', '`'), out.add('{', '~');
  if (name == "xdigit") out.add('0', '9'), out.add('a', 'f'), out.add('A', 'F');
  if (name == "print") out.add(' ', '~');
  if (name == "graph") out.add('!', '~');
  if (name == "cntrl") out.add(0, 31), out.add(127, 127);
  if (out.ascii.none()) return std::nullopt;
  return out;
}

class Parser {
 public:
  Parser(std::string_view pattern, std::vector<std::string>& names)
      : rest_(pattern), names_(names) {}

  Node whole() {
    Node out = choice(0);
    if (!rest_.empty()) throw Refused{"an unmatched )"};
    return out;
  }

 private:
  bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(std::string_view text) {
    if (rest_.substr(0, text.size()) != text) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  char take_byte() {
    if (rest_.empty()) throw Refused{"it ends too early"};
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  // One code point; a byte that begins none stands for itself.
  char32_t take_code() {
    const auto lead = static_cast<unsigned char>(take_byte());
    const std::size_t extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (extra == 0 || rest_.size() < extra) return lead;
    char32_t code = lead & (0x3fu >> extra);
    for (std::size_t i = 0; i < extra; ++i)
      code = code << 6 | (static_cast<unsigned char>(take_byte()) & 0x3f);
    return code;
  }

  Node choice(std::size_t depth) {
    if (depth > deepest) throw Refused{"it is nested too deeply"};
    const Flags outside = flags_;
    Node out;
    out.kind = Node::Kind::choice;
    do out.parts.push_back(sequence(depth));
    while (take("|"));
    flags_ = outside;
    return out.parts.size() == 1 ? Node{std::move(out.parts.front())} : out;
  }

  Node sequence(std::size_t depth) {
    Node out;
    out.kind = Node::Kind::sequence;
    while (!rest_.empty() && !next_is('|') && !next_is(')')) {
      auto part = atom(depth);
      if (part) out.parts.push_back(repeated(std::move(*part)));
    }
    return out;
  }

  Node repeated(Node part) {
    for (int times = 0;; ++times) {
      int least = 0, most = -1;
      if (take("*")) {
      } else if (take("+")) {
        least = 1;
      } else if (take("?")) {
        most = 1;
      } else if (!braces(least, most)) {
        return part;
      }
      if (times > 0) throw Refused{"a repeat of a repeat"};
      Node out;
      out.kind = Node::Kind::repeat;
      out.least = least;
      out.most = most;
      if (next_is('+')) throw Refused{"possessive repeats are not supported"};
      out.lazy = take("?");
      out.parts.push_back(std::move(part));
      part = std::move(out);
    }
  }

  // {m}, {m,}, {m,n}; anything else in braces is text.
  bool braces(int& least, int& most) {
    if (!next_is('{')) return false;
    const auto close = rest_.find('}');
    if (close == std::string_view::npos) return false;
    const auto inside = rest_.substr(1, close - 1);
    const auto comma = inside.find(',');
    const auto digits = [](std::string_view text) {
      return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    };
    const auto low = inside.substr(0, comma);
    const auto high = comma == std::string_view::npos ? low : inside.substr(comma + 1);
    if (!digits(low) || (!high.empty() && !digits(high))) return false;
    const auto value = [](std::string_view text) {
      const auto number = parse_int(text);
      if (!number || *number > most_repeats) throw Refused{"a repeat of more than 1,000 times"};
      return static_cast<int>(*number);
    };
    least = value(low);
    most = high.empty() ? -1 : value(high);
    if (most >= 0 && most < least) throw Refused{"a repeat whose bounds are the wrong way round"};
    rest_.remove_prefix(close + 1);
    return true;
  }

  static Node of(CodeSet set) {
    Node out;
    out.kind = Node::Kind::set;
    out.set = std::move(set);
    return out;
  }
  static Node of(Op assertion) {
    Node out;
    out.kind = Node::Kind::assertion;
    out.assertion = assertion;
    return out;
  }
  Node literal(char32_t code) const {
    CodeSet set;
    set.add(code, code);
    if (flags_.ignore_case) set.fold_case();
    return of(std::move(set));
  }

  // Nothing: flags, which are no part.
  std::optional<Node> atom(std::size_t depth) {
    if (next_is('*') || next_is('+') || next_is('?'))
      throw Refused{"a repeat that repeats nothing"};
    if (take("(")) return group(depth);
    if (take("[")) return of(bracket());
    if (take("^")) return of(flags_.lines ? Op::line_start : Op::text_start);
    if (take("$")) return of(flags_.lines ? Op::line_end : Op::text_end);
    if (take(".")) {
      if (flags_.dot_all) {
        Node any;
        any.kind = Node::Kind::any;
        return any;
      }
      CodeSet set;
      set.add('\n', '\n');
      set.negated = true;
      return of(std::move(set));
    }
    if (take("\\")) return escaped();
    return literal(take_code());
  }

  Node escaped() {
    if (take("b")) return of(Op::word_edge);
    if (take("B")) return of(Op::no_word_edge);
    if (take("A")) return of(Op::text_start);
    if (take("z") || take("Z")) return of(Op::text_end);
    CodeSet set;
    if (escaped_class(set)) return of(std::move(set));
    return literal(escaped_code());
  }
  bool escaped_class(CodeSet& into) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    if (std::string_view{"dwsDWS"}.find(c) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    CodeSet set = class_of(static_cast<char>(c | 0x20));
    if (c < 'a') set.complement();
    into.add(set);
    return true;
  }
  char32_t escaped_code() {
    const char c = take_byte();
    switch (c) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      case 'v':
        return '\v';
      case 'a':
        return '\a';
      case 'e':
        return 0x1b;
      case 'x':
        return next_is('{') ? braced_code() : code_of_digits(2);
      case 'u':
        return code_of_digits(4);
      default:
        break;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) throw Refused{std::string{"\\"} + c + " is not supported"};
    if (static_cast<unsigned char>(c) < 0x80) return static_cast<unsigned char>(c);
    throw Refused{"an escape of what needs none"};
  }
  char32_t code_of_digits(std::size_t count) {
    char32_t code = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const int digit = hex_digit(take_byte());
      if (digit < 0) throw Refused{"an escape without its hexadecimal digits"};
      code = code * 16 + static_cast<char32_t>(digit);
    }
    return code;
  }
  char32_t braced_code() {
    take("{");
    char32_t code = 0;
    for (std::size_t digits = 0; !take("}"); ++digits) {
      const int digit = hex_digit(take_byte());
      if (digit < 0 || digits == 6) throw Refused{"an escape without its hexadecimal digits"};
      code = code * 16 + static_cast<char32_t>(digit);
    }
    return code;
  }

  CodeSet bracket() {
    CodeSet set;
    const bool negated = take("^");
    for (bool first = true; first || !next_is(']'); first = false) {
      if (take("[:")) {
        const auto end = rest_.find(":]");
        auto named =
            end == std::string_view::npos ? std::nullopt : named_class(rest_.substr(0, end));
        if (!named) throw Refused{"a class of unknown name"};
        set.add(*named);
        rest_.remove_prefix(end + 2);
        continue;
      }
      if (take("\\")) {
        if (escaped_class(set)) continue;
        range(set, take("b") ? '\b' : escaped_code());
      } else {
        range(set, take_code());
      }
    }
    take("]");
    if (flags_.ignore_case) set.fold_case();
    set.negated = negated;
    return set;
  }
  void range(CodeSet& set, char32_t first) {
    if (!next_is('-') || rest_.size() < 2 || rest_[1] == ']') return set.add(first, first);
    take("-");
    const char32_t last = take("\\") ? escaped_code() : take_code();
    if (last < first) throw Refused{"a range whose bounds are the wrong way round"};
    set.add(first, last);
  }

  std::optional<Node> group(std::size_t depth) {
    std::string name;
    bool counts = true;
    const Flags outside = flags_;
    if (take("?")) {
      if (take("<=") || take("<!") || next_is('=') || next_is('!'))
        throw Refused{"lookahead and lookbehind are not supported"};
      if (take("P<") || take("<")) {
        const auto end = rest_.find('>');
        if (end == std::string_view::npos || end == 0) throw Refused{"a group without its name"};
        name = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
      } else {
        counts = false;
        read_flags();
        if (take(")")) return std::nullopt;
        if (!take(":")) throw Refused{"a group of unknown kind"};
      }
    }
    Node out;
    out.kind = counts ? Node::Kind::group : Node::Kind::sequence;
    if (counts) {
      if (names_.size() == most_groups) throw Refused{"more than 50 groups"};
      names_.push_back(name);
      out.group = names_.size();
    }
    out.parts.push_back(choice(depth + 1));
    if (!take(")")) throw Refused{"a group is not closed"};
    flags_ = outside;
    return out;
  }
  void read_flags() {
    for (bool on = true;; rest_.remove_prefix(1)) {
      if (next_is('-'))
        on = false;
      else if (next_is('i'))
        flags_.ignore_case = on;
      else if (next_is('s'))
        flags_.dot_all = on;
      else if (next_is('m'))
        flags_.lines = on;
      else
        return;
    }
  }

  std::string_view rest_;
  std::vector<std::string>& names_;
  Flags flags_;
};

class Emitter {
 public:
  Emitter(Regex::Program& program, Regex::Limits limits) : program_(program), limits_(limits) {}

  void whole(const Node& node) {
    emit({Op::save, false, 0});
    node_of(node);
    emit({Op::save, false, 1});
    emit({Op::accept, false, 0});
  }

 private:
  static constexpr std::size_t visits_for_one = 20;

  std::uint32_t here() const { return static_cast<std::uint32_t>(program_.code.size()); }
  std::uint32_t emit(Instruction instruction) {
    if (program_.code.size() >= limits_.instructions) throw Refused{"it is too large"};
    program_.code.push_back(instruction);
    return here() - 1;
  }

  void node_of(const Node& node) {
    // What repeats nothing may repeat it a thousand thousand times.
    if (++visits_ > limits_.instructions * visits_for_one) throw Refused{"it is too large"};
    switch (node.kind) {
      case Node::Kind::empty:
        return;
      case Node::Kind::any:
        emit({Op::any, false, 0});
        return;
      case Node::Kind::set:
        emit({Op::set, false, static_cast<std::uint32_t>(set_of(node.set))});
        return;
      case Node::Kind::assertion:
        program_.looks_around = program_.looks_around || (node.assertion != Op::text_start &&
                                                          node.assertion != Op::text_end);
        emit({node.assertion, false, 0});
        return;
      case Node::Kind::sequence:
        for (const auto& part : node.parts) node_of(part);
        return;
      case Node::Kind::group:
        emit({Op::save, false, static_cast<std::uint32_t>(2 * node.group)});
        node_of(node.parts.front());
        emit({Op::save, false, static_cast<std::uint32_t>(2 * node.group + 1)});
        return;
      case Node::Kind::choice:
        return choice(node);
      case Node::Kind::repeat:
        return repeat(node);
    }
  }

  std::size_t set_of(const CodeSet& set) {
    program_.sets.push_back(set);
    return program_.sets.size() - 1;
  }

  void choice(const Node& node) {
    std::vector<std::uint32_t> exits;
    for (std::size_t i = 0; i + 1 < node.parts.size(); ++i) {
      const auto split = emit({Op::split, false, 0});
      node_of(node.parts[i]);
      exits.push_back(emit({Op::jump, false, 0}));
      program_.code[split].to = here();
    }
    node_of(node.parts.back());
    for (const auto exit : exits) program_.code[exit].to = here();
  }

  void repeat(const Node& node) {
    const auto& part = node.parts.front();
    for (int i = 0; i < node.least; ++i) node_of(part);
    if (node.most < 0) {
      const auto loop = emit({Op::split, node.lazy, 0});
      node_of(part);
      emit({Op::jump, false, loop});
      program_.code[loop].to = here();
      return;
    }
    std::vector<std::uint32_t> exits;
    for (int i = node.least; i < node.most; ++i) {
      exits.push_back(emit({Op::split, node.lazy, 0}));
      node_of(part);
    }
    for (const auto exit : exits) program_.code[exit].to = here();
  }

  Regex::Program& program_;
  Regex::Limits limits_;
  std::size_t visits_ = 0;
};

}  // namespace

Result<Done> parse(std::string_view pattern, Regex::Limits limits, Regex::Program& into) {
  try {
    const Node tree = Parser{pattern, into.names}.whole();
    Emitter{into, limits}.whole(tree);
    return Done{};
  } catch (const Refused& refused) {
    return problem("the regular expression cannot be used: " + refused.why);
  }
}

}  // namespace sitelatch::regex
