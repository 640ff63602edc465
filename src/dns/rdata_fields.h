// SPDX-License-Identifier: Apache-2.0
// Fields: the words of a record value, taken one after the other and turned to wire form. The first
// problem sticks and turns all later steps into nothing, so that a record type is a plain list of
// its fields (RFC 1035 §5.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sitelatch::dns {

struct Word {
  std::string bytes;  // quotes and their escapes resolved; an unquoted word as it is
  bool quoted = false;
};
// Nothing where a quote is not closed, an escape is broken, or words run into each other.
std::optional<std::vector<Word>> split_words(std::string_view text);

class Fields {
 public:
  explicit Fields(std::string_view text);

  Fields& count(std::size_t wanted, std::string_view problem);  // of words in all
  Fields& single(std::string_view kind);  // one word: "ARRDATANotSingleField" and so on
  Fields& at_least(std::size_t wanted, std::string_view problem);
  Fields& number(unsigned bytes, std::string_view problem);  // unsigned, 1, 2 or 4 bytes
  Fields& name();
  Fields& character_string(bool must_be_quoted = true);       // 0..255 bytes, with its length
  Fields& character_strings(std::string_view empty_problem);  // all the rest, at least one
  Fields& bytes(const std::optional<std::string>& converted,
                std::string_view problem);     // in place of one word
  Fields& hex_rest(std::string_view problem);  // all the rest, joined
  Fields& refuse(std::string_view problem);

  const Word& peek() const;  // the next word; an empty one past the end
  bool ended() const { return next_ >= words_.size(); }
  Word take();
  void append(std::string_view wire) { wire_ += wire; }
  Result<std::string> finish();

 private:
  std::string joined_rest();

  std::string_view text_;
  std::vector<Word> words_;
  std::size_t next_ = 0;
  std::string wire_;
  std::optional<std::string> problem_;
};

void append_number(std::string& wire, std::uint64_t value, unsigned bytes);

}  // namespace sitelatch::dns
