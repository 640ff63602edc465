// SPDX-License-Identifier: Apache-2.0
// The words of an Insights query. Names may have dots; what has other characters stands in
// backquotes. A regular expression is a word only where one may stand, so it is asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sitelatch::logs {

struct QueryToken {
  enum class Kind { word, quoted_word, number, text, symbol, end };
  Kind kind = Kind::end;
  std::string text;  // of a word or text: without its quotes
  std::size_t at = 0, end = 0;
};

class QueryLexer {
 public:
  QueryLexer(std::string_view text, std::size_t from) : text_(text), at_(from) {}

  QueryToken next();
  std::optional<QueryToken> regex();  // /.../, if one follows
  void back_to(std::size_t at) { at_ = at; }

 private:
  void skip();
  void word(QueryToken& token);
  void number(QueryToken& token);
  void quoted(QueryToken& token, char quote);
  void symbol(QueryToken& token);

  std::string_view text_;
  std::size_t at_;
};

}  // namespace sitelatch::logs
