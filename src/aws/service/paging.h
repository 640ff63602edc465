// SPDX-License-Identifier: Apache-2.0
// Lists in pages. The items of a list have keys and come in their order; a token is the key of the
// last item shown, so that what is inserted or deleted between two pages neither repeats nor hides
// anything that was there all along. To clients it is opaque.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "aws/wire/value.h"

namespace sitelatch::aws {

// `kind` keeps one list's tokens from another's.
std::string page_token(std::string_view kind, std::string_view position);
std::optional<std::string> page_position(std::string_view kind, std::string_view token);

class Page {
 public:
  enum class Order { ascending, descending };
  // At most `most` items (at least one) behind the token's; null: from the beginning. Nothing: that
  // is no token of this kind.
  static std::optional<Page> at(std::string_view kind, const Value& token, std::int64_t most,
                                Order order = Order::ascending);

  // The key behind which the page begins; "": at the beginning.
  const std::string& after() const { return after_; }
  // Takes what `make` gives for this key, if it belongs to the page. False: the page is full and
  // there is more, so that nothing further need be offered.
  template <class Make>
  bool offer(std::string_view key, Make&& make) {
    if (was_shown(key)) return true;
    if (items_.items().size() == most_) {
      more_ = true;
      return false;
    }
    items_.push(make());
    last_ = key;
    return true;
  }
  const Value& items() const { return items_; }
  Value next_token() const { return more_ ? Value{page_token(kind_, last_)} : Value{}; }

 private:
  Page() = default;
  bool was_shown(std::string_view key) const;

  std::string kind_, after_, last_;
  std::size_t most_ = 0;
  Order order_ = Order::ascending;
  bool more_ = false;
  Value items_ = Value::list();
};

}  // namespace sitelatch::aws
