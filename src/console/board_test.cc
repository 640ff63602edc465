// SPDX-License-Identifier: Apache-2.0
#include "console/board.h"

#include <doctest/doctest.h>

namespace sitelatch::console {
namespace {

using namespace std::chrono_literals;

// What was told, in short: "fleet=1:text".
struct Told {
  int times = 0;
  std::string last;
  Board::Tell tell() {
    return [this](const std::vector<Posted>& news) {
      ++times;
      last.clear();
      for (const auto& one : news)
        last += one.subject + "=" + std::to_string(one.revision) + ":" + *one.text + " ";
    };
  }
};

TEST_CASE("board: who has less is told at once, who has all is told when there is more") {
  Board board;
  Told told;
  board.post("fleet", "a");
  board.ask({{"fleet", 0}}, told.tell());
  CHECK(told.last == "fleet=1:a ");
  board.ask({{"fleet", 1}}, told.tell());
  CHECK(told.times == 1);
  board.post("other", "x");
  CHECK(told.times == 1);
  board.post("fleet", "b");
  CHECK(told.last == "fleet=2:b ");
  board.post("fleet", "c");
  CHECK(told.times == 2);  // once for each time that he asked
}

TEST_CASE("board: of several subjects those that are newer") {
  Board board;
  Told told;
  board.post("fleet", "a");
  board.post("acts", "b");
  board.ask({{"fleet", 1}, {"acts", 0}}, told.tell());
  CHECK(told.last == "acts=1:b ");
}

TEST_CASE("board: patience ends, with nothing") {
  Board board;
  Told told;
  board.ask({{"fleet", 0}}, told.tell());
  board.tell_patient(1h);
  CHECK(told.times == 0);
  board.tell_patient(0ms);
  CHECK(told.times == 1);
  CHECK(told.last.empty());
}

TEST_CASE("board: watched is what is waited for, or was asked for lately") {
  Board board;
  Told told;
  board.ask({{"fleet", 0}}, told.tell());
  CHECK(board.watched(0ms) == std::vector<std::string>{"fleet"});
  board.post("fleet", "a");  // nobody waits any more
  CHECK(board.watched(0ms).empty());
  CHECK(board.watched(1h) == std::vector<std::string>{"fleet"});
}

TEST_CASE("board: a crowd costs no more than so many") {
  Board board;
  std::vector<Told> told(100);
  for (auto& one : told) board.ask({{"fleet", 0}}, one.tell());
  int given_up = 0;
  for (const auto& one : told) given_up += one.times;
  CHECK(given_up == 52);
  CHECK(told.front().times == 1);
  CHECK(told.back().times == 0);
}

TEST_CASE("board: closed, nobody waits") {
  Board board;
  Told told, late;
  board.ask({{"fleet", 0}}, told.tell());
  board.close();
  CHECK(told.times == 1);
  board.ask({{"fleet", 0}}, late.tell());
  CHECK(late.times == 1);
}

}  // namespace
}  // namespace sitelatch::console
