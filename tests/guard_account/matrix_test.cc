// SPDX-License-Identifier: Apache-2.0
// Every command of the guard that changes something, with every one of its calls gone wrong in
// every way: throttled, denied, carried out and unheard of, late; and under a region-deny policy of
// an organisation, and on a realistic engine. Each cell ends in success, or in an error after which
// the same command goes on to its end; in none a latch is released or a failed Primary frozen.
//
// Each command runs once; at each of its calls copies of the program go wrong (program_copy.h).
// SITELATCH_THOROUGH=1 breaks every call in every way; without it a fixed sample: each changing
// operation once, and every few calls, each in one way. SITELATCH_MATRIX=FILE writes the table of
// docs/guard.md. SITELATCH_ONLY=trip tries the commands that begin so, SITELATCH_CALL=30 their 30th
// call.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "base/text.h"
#include "matrix_commands.h"
#include "program_copy.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;

namespace {

// --- one cell

enum class Outcome { done, goes_on, wrong };

struct Cell {
  Outcome outcome = Outcome::done;
  std::string first, second;  // what the command said, and when it was run again
  std::string why;            // it is wrong
};

void is_wrong(Cell& cell, std::string why) {
  cell.outcome = Outcome::wrong;
  if (!cell.why.empty()) cell.why += "; ";
  cell.why += std::move(why);
}

// Nothing that a command leaves behind keeps a Primary that fails in DNS.
void fail_primary(const Command& command, WiredAccount& account, Cell& cell) {
  account.story.primary().goes_down();
  // An alarm may be two minutes late, and checkers hear of the latch within one (facts realism-23
  // and realism-24).
  account.story.wait(scenario::time_to_latch + 3min);
  if (account.story.dns() != scenario::backup_address)
    return is_wrong(cell, "a Primary that fails stays in DNS");
  if (command.afterwards != Afterwards::guarded || cell.outcome == Outcome::wrong) return;
  account.story.primary().comes_up();
  account.story.wait(10min);
  if (account.story.dns() != scenario::backup_address)
    is_wrong(cell, "a Primary that failed and comes back is named by DNS");
}

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++n;
  return n;
}

// The command's first run may be under way already, in a copy.
Cell run_cell(const Command& command, WiredAccount& account) {
  Cell cell;
  const auto primaries = count_of(account.story.witness.answers(), scenario::primary_address);
  const auto first = command.run(account);
  cell.first = first.done ? "done" : first.text;
  if (!first.done && first.text.empty()) is_wrong(cell, "it did not say why not");
  account.mend();
  account.story.wait(2min);
  const bool achieved = command.achieved(account);
  if (first.done && !achieved) is_wrong(cell, "it said done, and was not");
  if (!first.done || !achieved) {
    const auto second = command.run(account);
    cell.second = second.done ? "done" : second.text;
    account.story.wait(2min);
    if (!command.achieved(account)) is_wrong(cell, "the same command does not go on");
    if (cell.outcome == Outcome::done) cell.outcome = Outcome::goes_on;
  }
  if (command.holds_latch && account.story.path() != scenario::latch_path)
    is_wrong(cell, "the latch was released");
  if (command.holds_latch &&
      count_of(account.story.witness.answers(), scenario::primary_address) != primaries)
    is_wrong(cell, "DNS named a latched Primary");
  if (command.afterwards != Afterwards::frozen) fail_primary(command, account, cell);
  return cell;
}

constexpr char between = '\1';

std::string words_of(const Cell& cell) {
  return fmt::format("{}{}{}{}{}{}{}", static_cast<int>(cell.outcome), between, cell.first, between,
                     cell.second, between, cell.why);
}

Cell cell_of(const EndedCopy& ended) {
  Cell cell;
  if (const auto parts = split(ended.words, between); !ended.died && parts.size() == 4) {
    cell = {static_cast<Outcome>(parse_int(parts[0]).value_or(2)), std::string{parts[1]},
            std::string{parts[2]}, std::string{parts[3]}};
  } else {
    is_wrong(cell, "the program died: " + ended.words);
  }
  if (!ended.failed_checks.empty()) is_wrong(cell, ended.failed_checks);
  return cell;
}

// Runs the rest of a cell in this copy of the program, and ends it.
[[noreturn]] void end_copy_with(const std::function<Cell()>& run) {
  try {
    end_copy(words_of(run()));
  } catch (...) {  // a REQUIRE, which is among the failed checks
    end_copy(words_of({Outcome::wrong, "", "", "ended by an exception"}));
  }
}

// --- the table

struct Row {
  std::size_t tried = 0, done = 0, goes_on = 0;
  void count(Outcome outcome) {
    ++tried;
    if (outcome == Outcome::done) ++done;
    if (outcome == Outcome::goes_on) ++goes_on;
  }
};
// By command, by what happens.
std::map<std::string, std::map<std::string, Row>>& table() {
  static std::map<std::string, std::map<std::string, Row>> rows;
  return rows;
}

const std::string under_policy = "other regions denied";
const std::string ordinary_day = "an ordinary day";
constexpr std::array<Break, 6> breaks{Break::throttled_once, Break::throttled, Break::denied,
                                      Break::lost_once,      Break::unheard,   Break::late};

std::string text_of(const Row& row) {
  if (row.tried == 0) return "";
  if (row.done + row.goes_on < row.tried)
    return fmt::format("**{} of {} wrong**", row.tried - row.done - row.goes_on, row.tried);
  return row.goes_on ? fmt::format("{}, again {}", row.done, row.goes_on)
                     : std::to_string(row.done);
}

void write_table() {
  const char* path = std::getenv("SITELATCH_MATRIX");
  if (!path) return;
  std::vector<std::string> ways;
  for (const auto how : breaks) ways.emplace_back(to_string(how));
  ways.push_back(under_policy);
  ways.push_back(ordinary_day);
  std::ofstream out(path);
  out << "| command |";
  for (const auto& way : ways) out << ' ' << way << " |";
  out << "\n|---|";
  for (std::size_t n = 0; n < ways.size(); ++n) out << "---|";
  out << '\n';
  for (const auto& command : commands()) {
    out << "| `" << command.name << "` |";
    for (const auto& way : ways) out << ' ' << text_of(table()[command.name][way]) << " |";
    out << '\n';
  }
}

// --- which cells

bool is_set(const char* variable, std::string_view value) {
  const char* text = std::getenv(variable);
  return text && std::string_view{text} == value;
}

bool thorough() { return is_set("SITELATCH_THOROUGH", "1"); }

bool is_chosen(const Command& command) {
  const char* only = std::getenv("SITELATCH_ONLY");
  return !only || command.name.starts_with(only);
}

// Of the n-th call, each way in turn where it is in the sample.
bool is_tried(const Command& command, std::size_t n, std::size_t how, bool first_change) {
  if (const char* call = std::getenv("SITELATCH_CALL"))
    return parse_int(call) == static_cast<std::int64_t>(n);
  if (thorough()) return true;
  constexpr std::size_t stride = 24;
  return (first_change || n % stride == command.name.size() % stride) && n % breaks.size() == how;
}

void judge(const Command& command, const std::string& way, const Cell& cell) {
  table()[command.name][way].count(cell.outcome);
  INFO(command.name, ", ", way);
  INFO("first: ", cell.first, "\nsecond: ", cell.second);
  INFO(cell.why);
  CHECK(cell.outcome != Outcome::wrong);
}

void try_every_call(const Command& command) {
  WiredAccount account;
  command.prepare(account);
  std::set<std::string> changed;
  std::size_t n = 0;
  account.before_call = [&](const WiredAccount::Made& call) {
    if (is_copy()) return;
    ++n;
    const bool first_change = !is_reading(call.operation) &&
                              changed.insert(call.service + call.operation + call.region).second;
    for (std::size_t how = 0; how < breaks.size(); ++how) {
      if (!is_tried(command, n, how, first_change)) continue;
      const auto ended = run_copy();
      if (!ended) return account.break_from(call, breaks[how]);
      INFO("call ", n, ": ", call.service, " ", call.operation, " in ", call.region);
      judge(command, std::string{to_string(breaks[how])}, cell_of(*ended));
    }
  };
  const auto undisturbed = [&] { return run_cell(command, account); };
  const auto cell = undisturbed();
  if (is_copy()) end_copy(words_of(cell));
  judge(command, "undisturbed", cell);
  CHECK(cell.outcome == Outcome::done);
}

}  // namespace

TEST_CASE("matrix: any one call of any command goes wrong, in every way") {
  for (const auto& command : commands())
    if (is_chosen(command)) {
      try {
        try_every_call(command);
      } catch (...) {
        if (is_copy()) end_copy(words_of({Outcome::wrong, "", "", "ended by an exception"}));
        throw;
      }
    }
}

TEST_CASE("matrix: every command under an organisation that denies other regions") {
  for (const auto& command : commands()) {
    if (!is_chosen(command)) continue;
    WiredAccount account;
    command.prepare(account);
    REQUIRE(account.realism().add_service_control(
        "region-deny",
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Resource":"*",
            "NotAction":["iam:*","route53:*","sts:*"],
            "Condition":{"StringNotEquals":{"aws:RequestedRegion":["us-east-1"]}}}]})"));
    const auto end = command.run(account);
    INFO(command.name, ": ", end.text);
    CHECK(end.done);
    account.story.wait(2min);
    const bool achieved = command.achieved(account);
    CHECK(achieved);
    table()[command.name][under_policy].count(end.done && achieved ? Outcome::done
                                                                   : Outcome::wrong);
  }
}

TEST_CASE("matrix: every command on an ordinary day of AWS's") {
  const std::uint64_t seeds = thorough() ? 20 : 2;
  for (const auto& command : commands()) {
    if (!is_chosen(command)) continue;
    WiredAccount account;
    command.prepare(account);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const auto ended = run_copy();
      if (!ended)
        end_copy_with([&] {
          account.realism() = realism::Realism({true, seed});
          return run_cell(command, account);
        });
      INFO("seed ", seed);
      judge(command, ordinary_day, cell_of(*ended));
    }
  }
  write_table();
}
