// SPDX-License-Identifier: Apache-2.0
#include "aws/service/paging.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::aws {

std::string page_token(std::string_view kind, std::string_view position) {
  return base64(std::string{kind} + "|" + std::string{position});
}

std::optional<std::string> page_position(std::string_view kind, std::string_view token) {
  const auto text = unbase64(token);
  if (!text || text->size() <= kind.size() || !text->starts_with(kind) ||
      (*text)[kind.size()] != '|')
    return std::nullopt;
  return text->substr(kind.size() + 1);
}

std::optional<Page> Page::at(std::string_view kind, const Value& token, std::int64_t most,
                             Order order) {
  Page page;
  page.kind_ = kind;
  page.most_ = static_cast<std::size_t>(std::max<std::int64_t>(most, 1));
  page.order_ = order;
  if (token.is_null()) return page;
  auto position = page_position(kind, token.string());
  if (!position) return std::nullopt;
  page.after_ = std::move(*position);
  return page;
}

bool Page::was_shown(std::string_view key) const {
  if (after_.empty()) return false;
  return order_ == Order::ascending ? key <= after_ : key >= after_;
}

}  // namespace sitelatch::aws
