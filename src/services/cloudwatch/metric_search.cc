// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/metric_search.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::cloudwatch {
namespace {

constexpr int deepest_search = 50;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_number(char c) { return c >= '0' && c <= '9'; }

// "CPUUtilization" -> cpu, utilization; "i-0ab" -> i, 0ab
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> out;
  std::string part;
  const auto end_part = [&] {
    if (!part.empty()) out.push_back(lower(part));
    part.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_upper(c) && !is_lower(c) && !is_number(c)) {
      end_part();
      continue;
    }
    const bool begins = is_upper(c) && !part.empty() &&
                        (!is_upper(part.back()) || (i + 1 < text.size() && is_lower(text[i + 1])));
    if (begins) end_part();
    part += c;
  }
  end_part();
  return out;
}

bool has_parts(const std::string& text, const std::string& word) {
  const auto have = parts_of(text), want = parts_of(word);
  return !want.empty() &&
         std::search(have.begin(), have.end(), want.begin(), want.end()) != have.end();
}

}  // namespace

class MetricSearchParser {
 public:
  explicit MetricSearchParser(std::string_view text) : text_(text) {}

  Result<MetricSearch> parse() {
    if (take('{')) schema();
    if (!at_end()) out_.term_ = either();
    if (problem_.empty() && !at_end()) fail();
    if (!out_.name_space_ && !out_.term_) problem_ = "The search is empty";
    if (!problem_.empty()) return failure(Problem{std::move(problem_)});
    return std::move(out_);
  }

 private:
  using Term = MetricSearch::Term;

  bool at_end() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t'))
      ++at_;
    return at_ == text_.size() || !problem_.empty();
  }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void fail() {
    if (problem_.empty())
      problem_ = fmt::format("Unexpected {} at char {} of the search",
                             at_ < text_.size() ? fmt::format("'{}'", text_[at_]) : "end", at_);
  }
  static bool ends_word(char c) {
    return std::string_view{" \n\t\"(){},="}.find(c) != std::string_view::npos;
  }
  std::string_view peek_word() {
    if (at_end()) return {};
    auto end = at_;
    while (end < text_.size() && !ends_word(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word) return false;
    at_ += word.size();
    return true;
  }
  // A word or what stands in quotes.
  std::string name(bool* quoted = nullptr) {
    if (take('"')) {
      const auto end = text_.find('"', at_);
      if (end == text_.npos) return fail(), "";
      std::string out{text_.substr(at_, end - at_)};
      at_ = end + 1;
      if (quoted) *quoted = true;
      return out;
    }
    std::string out{peek_word()};
    if (out.empty()) fail();
    at_ += out.size();
    return out;
  }

  void schema() {
    out_.name_space_ = name();
    while (take(',')) out_.dimensions_.push_back(name());
    if (!take('}')) fail();
    std::sort(out_.dimensions_.begin(), out_.dimensions_.end());
  }
  Term either() {
    Term out{Term::Kind::either, "", "", false, {}};
    do out.of.push_back(both());
    while (take_word("OR"));
    return out;
  }
  Term both() {
    Term out{Term::Kind::both, "", "", false, {}};
    do {
      take_word("AND");
      out.of.push_back(one());
    } while (!at_end() && text_[at_] != ')' && peek_word() != "OR");
    return out;
  }
  Term one() {
    if (++depth_ > deepest_search) problem_ = "The search is nested too deeply";
    Term out;
    if (at_end() || peek_word() == "OR" || peek_word() == "AND") {
      fail();
    } else if (take_word("NOT")) {
      out.kind = Term::Kind::negated;
      out.of.push_back(one());
    } else if (take('(')) {
      out = either();
      if (!take(')')) fail();
    } else {
      out.value = name(&out.exact);
      if (take('=')) {
        out.name = std::move(out.value);
        out.exact = false;
        out.value = name(&out.exact);
      }
    }
    --depth_;
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string problem_;
  MetricSearch out_;
};

Result<MetricSearch> MetricSearch::parse(std::string_view text) {
  return MetricSearchParser{text}.parse();
}

bool MetricSearch::holds(const Term& term, const MetricId& metric) {
  switch (term.kind) {
    case Term::Kind::both:
      return std::all_of(term.of.begin(), term.of.end(),
                         [&](const Term& one) { return holds(one, metric); });
    case Term::Kind::either:
      return std::any_of(term.of.begin(), term.of.end(),
                         [&](const Term& one) { return holds(one, metric); });
    case Term::Kind::negated:
      return !holds(term.of.front(), metric);
    case Term::Kind::word:
      break;
  }
  const auto fits = [&](const std::string& text) {
    return term.exact ? text == term.value : has_parts(text, term.value);
  };
  if (term.name == "Namespace") return fits(metric.name_space);
  if (term.name == "MetricName") return fits(metric.name);
  if (term.name.empty() && (fits(metric.name_space) || fits(metric.name))) return true;
  return std::any_of(metric.dimensions.begin(), metric.dimensions.end(),
                     [&](const Dimension& dimension) {
                       if (!term.name.empty())
                         return dimension.name == term.name && fits(dimension.value);
                       return fits(dimension.name) || fits(dimension.value);
                     });
}

bool MetricSearch::finds(const MetricId& metric) const {
  if (name_space_) {
    if (metric.name_space != *name_space_) return false;
    std::vector<std::string> names;
    for (const auto& dimension : metric.dimensions) names.push_back(dimension.name);
    std::sort(names.begin(), names.end());
    if (names != dimensions_) return false;
  }
  return !term_ || holds(*term_, metric);
}

}  // namespace sitelatch::cloudwatch
