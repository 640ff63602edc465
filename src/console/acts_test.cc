// SPDX-License-Identifier: Apache-2.0
#include "console/acts.h"

#include <doctest/doctest.h>

#include <condition_variable>

namespace sitelatch::console {
namespace {

using aws::Value;
using Words = std::vector<std::string>;

GuardView looked_at() {
  GuardView view;
  view.id = "abc-1";
  view.version = 7;
  view.name_to_type = "client.example.test";
  return view;
}

ActWish wish(const char* action, const char* reason = "because") {
  ActWish out;
  out.subject = "guard:0:abc-1";
  out.action = action;
  out.reason = reason;
  return out;
}

TEST_CASE("acts: the command's words") {
  CHECK(*words_of(wish("trip"), looked_at(), {}) == Words{"trip", "abc-1", "--reason=because"});
  auto planned = wish("trip");
  planned.planned = true;
  CHECK(words_of(planned, looked_at(), {})->back() == "--planned");
  CHECK(*words_of(wish("drill", ""), looked_at(), {}) == Words{"drill", "abc-1"});
  auto asks = wish("drill", "");
  asks.reach = "yes";
  CHECK(*words_of(asks, looked_at(), {}) == Words{"drill", "abc-1", "--reach"});
  auto away = wish("disarm");
  away.length = "30m";
  away.keep = "primary";
  CHECK(*words_of(away, looked_at(), {}) ==
        Words{"disarm", "abc-1", "--reason=because", "--for=30m", "--keep=primary"});
}

TEST_CASE("acts: a switch back is of what was looked at, typed, with the console's own checks") {
  auto back = wish("switch-back");
  CHECK(words_of(back, looked_at(), {}).error().text.find("type client.example.test") !=
        std::string::npos);
  back.typed = "client.example.tes";
  CHECK(!words_of(back, looked_at(), {}));
  back.typed = "client.example.test";
  CHECK(*words_of(back, looked_at(), {"./in-sync"}) ==
        Words{"switch-back", "abc-1", "--reason=because", "--expected-version=7",
              "--check=./in-sync"});
}

TEST_CASE("acts: what is missing or unknown") {
  CHECK(!words_of(wish("trip", ""), looked_at(), {}));
  CHECK(!words_of(wish("destroy"), looked_at(), {}));
  auto away = wish("disarm");
  away.length = "soon";
  away.keep = "primary";
  CHECK(!words_of(away, looked_at(), {}));
  away.length = "30m";
  away.keep = "nobody";
  CHECK(!words_of(away, looked_at(), {}));
}

TEST_CASE("acts: what a page sends is one line of text") {
  const auto read = [](const Value& reason) {
    return read_wish(Value::structure({{"action", "trip"}, {"reason", reason}}));
  };
  CHECK(read("because")->reason == "because");
  CHECK(!read("two\nlines"));
  CHECK(!read(std::string(501, 'x')));
  CHECK(!read("\xff"));
  CHECK(!read(7));
}

// The board's "acts" until the first run has ended.
Value end_of(Board& board, std::uint64_t after) {
  std::mutex mutex;
  std::condition_variable told;
  for (;;) {
    std::vector<Posted> news;
    bool done = false;
    board.ask({{"acts", after}}, [&](std::vector<Posted> posted) {
      const std::lock_guard lock(mutex);
      news = std::move(posted);
      done = true;
      told.notify_all();
    });
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return done; });
    REQUIRE(!news.empty());
    after = news[0].revision;
    const auto runs = aws::from_json(*news[0].text);
    if (!(*runs)["runs"].items().empty() && (*runs)["runs"].items()[0].has("end"))
      return (*runs)["runs"].items()[0];
  }
}

// A shell in the program's place: it sees the words as $1, $2, ...
Acts::Options shell(const std::string& script) {
  return {{"/bin/sh", "-c", script, "sh"}, {}, {{"--profile=p"}}};
}

TEST_CASE("acts: what the command says goes to the board, to its end") {
  Board board;
  Acts acts(
      shell("echo looking >&2; echo '{\"result\":\"refused\",\"sentence\":\"No.\",\"refusals\":"
            "[{\"name\":\"primary\",\"why\":\"it is down\"}]}'; exit 3"),
      board);
  REQUIRE(acts.start(wish("trip"), looked_at(), 0));
  const auto run = end_of(board, 0);
  CHECK(run["command"].string() == "sitelatch trip abc-1 --reason=because");
  CHECK(run["lines"].strings() == Words{"looking"});
  CHECK(run["end"]["status"].integer() == 3);
  CHECK(run["end"]["sentence"].string() == "No.");
  CHECK(run["end"]["refusals"].items().size() == 1);
}

TEST_CASE("acts: the account's words come last, and nobody asks") {
  Board board;
  Acts acts(shell("echo \"$*\""), board);
  REQUIRE(acts.start(wish("drill", ""), looked_at(), 0));
  CHECK(end_of(board, 0)["end"]["sentence"].string() ==
        "drill abc-1 --yes --output=json --profile=p");
}

TEST_CASE("acts: a long evening's are not all kept") {
  Board board;
  Acts acts(shell("exit 0"), board);
  for (int i = 0; i < 20; ++i) {
    auto one = wish("drill", "");
    one.subject = "guard:0:" + std::to_string(i);
    REQUIRE(acts.start(one, looked_at(), 0));
    while (acts.any_under_way()) std::this_thread::yield();
  }
  board.ask({{"acts", 0}}, [](const std::vector<Posted>& news) {
    CHECK((*aws::from_json(*news.at(0).text))["runs"].items().size() <= 9);
  });
}

TEST_CASE("acts: one at a time for a guard; it is stopped as by Ctrl-C") {
  Board board;
  Acts acts(shell("trap 'echo interrupted; exit 1' INT; while :; do sleep 0.05; done"), board);
  const auto first = acts.start(wish("drill", ""), looked_at(), 0);
  REQUIRE(first);
  CHECK(acts.start(wish("trip"), looked_at(), 0).error().text ==
        "A drill of this guard is still under way.");
  CHECK(!acts.stop(99));
  CHECK(acts.stop((*first)["run"].integer()));
  const auto run = end_of(board, 0);
  CHECK(run["end"]["status"].integer() != 0);
  CHECK(!acts.stop((*first)["run"].integer()));
}

}  // namespace
}  // namespace sitelatch::console
