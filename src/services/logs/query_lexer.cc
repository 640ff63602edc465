// SPDX-License-Identifier: Apache-2.0
#include "services/logs/query_lexer.h"

namespace sitelatch::logs {
namespace {

bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

QueryToken QueryLexer::next() {
  skip();
  QueryToken token;
  token.at = at_;
  if (at_ >= text_.size()) {
    token.text = "<EOF>";
    token.end = at_;
    return token;
  }
  const char c = text_[at_];
  if (begins_word(c))
    word(token);
  else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])))
    number(token);
  else if (c == '"' || c == '\'' || c == '`')
    quoted(token, c);
  else
    symbol(token);
  token.end = at_;
  return token;
}
// A regular expression is one only where one may stand: after like, =~ and parse.
std::optional<QueryToken> QueryLexer::regex() {
  skip();
  if (at_ >= text_.size() || text_[at_] != '/') return std::nullopt;
  QueryToken token;
  token.kind = QueryToken::Kind::text;
  token.at = at_++;
  bool in_class = false;
  for (; at_ < text_.size() && (text_[at_] != '/' || in_class); ++at_) {
    const char c = text_[at_];
    if (c == '\\' && at_ + 1 < text_.size()) {
      if (text_[at_ + 1] != '/') token.text += c;
      token.text += text_[++at_];
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    token.text += c;
  }
  if (at_ >= text_.size()) return std::nullopt;
  token.end = ++at_;
  return token;
}

void QueryLexer::skip() {
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      if (at_ == text_.size()) return;
    }
    if (std::string_view{" \t\r\n"}.find(text_[at_]) == std::string_view::npos) return;
  }
}
// a.b.0.c is one name, and so is a-b no name but a subtraction.
void QueryLexer::word(QueryToken& token) {
  token.kind = QueryToken::Kind::word;
  while (at_ < text_.size() &&
         (begins_word(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.'))
    token.text += text_[at_++];
}
void QueryLexer::number(QueryToken& token) {
  token.kind = QueryToken::Kind::number;
  const auto digits = [&] {
    while (at_ < text_.size() && is_digit(text_[at_])) token.text += text_[at_++];
  };
  digits();
  if (at_ < text_.size() && text_[at_] == '.') token.text += text_[at_++];
  digits();
  // 5m, 30s: a period, if it is asked for.
  while (at_ < text_.size() && begins_word(text_[at_])) token.text += text_[at_++];
}
void QueryLexer::quoted(QueryToken& token, char quote) {
  token.kind = quote == '`' ? QueryToken::Kind::quoted_word : QueryToken::Kind::text;
  for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
    // In texts an escape stands for what it escapes; what is none stays.
    if (text_[at_] == '\\' && quote != '`' && at_ + 1 < text_.size() &&
        (text_[at_ + 1] == quote || text_[at_ + 1] == '\\'))
      ++at_;
    token.text += text_[at_];
  }
  if (at_ >= text_.size()) {
    token.kind = QueryToken::Kind::symbol;  // never closed: nothing takes it
    token.text = quote;
    return;
  }
  ++at_;
}
void QueryLexer::symbol(QueryToken& token) {
  token.kind = QueryToken::Kind::symbol;
  for (const auto* two : {"!=", "<=", ">=", "=~", "==", "&&"})
    if (text_.substr(at_, 2) == two) {
      token.text = two;
      at_ += 2;
      return;
    }
  token.text = text_[at_++];
}

}  // namespace sitelatch::logs
