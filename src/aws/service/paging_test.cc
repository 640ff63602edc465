// SPDX-License-Identifier: Apache-2.0
#include "aws/service/paging.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>

using namespace sitelatch::aws;

namespace {

// The whole list, page by page, with what `between` does to it after each.
std::string read_all(std::set<std::string>& keys, std::int64_t most, Page::Order order,
                     const std::function<void(std::set<std::string>&)>& between = nullptr) {
  std::string out;
  Value token;
  for (int pages = 0; pages < 20; ++pages) {
    auto page = Page::at("keys", token, most, order);
    REQUIRE(page);
    const auto offer = [&](const std::string& key) {
      return page->offer(key, [&] { return Value{key}; });
    };
    if (order == Page::Order::ascending) {
      for (const auto& key : keys)
        if (!offer(key)) break;
    } else {
      for (auto key = keys.rbegin(); key != keys.rend(); ++key)
        if (!offer(*key)) break;
    }
    for (const auto& item : page->items().items()) out += item.string();
    token = page->next_token();
    if (token.is_null()) return out;
    out += '/';
    if (between) between(keys);
  }
  return out + "without end";
}

}  // namespace

TEST_CASE("a list is read to its end, and the last page has no token") {
  std::set<std::string> keys{"a", "b", "c", "d", "e", "f"};
  CHECK(read_all(keys, 4, Page::Order::ascending) == "abcd/ef");
  CHECK(read_all(keys, 3, Page::Order::ascending) == "abc/def");
  CHECK(read_all(keys, 6, Page::Order::ascending) == "abcdef");
  CHECK(read_all(keys, 0, Page::Order::ascending) == "a/b/c/d/e/f");
  CHECK(read_all(keys, 4, Page::Order::descending) == "fedc/ba");
  std::set<std::string> none;
  CHECK(read_all(none, 4, Page::Order::ascending) == "");
}

TEST_CASE("what comes and goes between two pages neither repeats nor hides what stays") {
  std::set<std::string> keys{"a", "c", "e", "g"};
  const auto change = [](std::set<std::string>& all) {
    all.erase("c");
    all.insert("b");
    all.insert("d");
  };
  CHECK(read_all(keys, 2, Page::Order::ascending, change) == "ac/de/g");
}

TEST_CASE("a token of another list, or of nobody, is none") {
  const auto token = page_token("keys", "k|1");
  CHECK(page_position("keys", token) == "k|1");
  CHECK(!page_position("key", token));
  CHECK(!page_position("others", token));
  CHECK(!Page::at("others", Value{token}, 5));
  CHECK(!Page::at("keys", Value{""}, 5));
  CHECK(!Page::at("keys", Value{"not base64!"}, 5));
  CHECK(Page::at("keys", Value{token}, 5)->after() == "k|1");
}
