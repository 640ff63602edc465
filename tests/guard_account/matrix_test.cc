// SPDX-License-Identifier: Apache-2.0
// Every command of the guard that changes something, with every one of its calls gone wrong in
// every way: throttled, denied, carried out and unheard of, late; and under a region-deny policy of
// an organisation, and on a realistic engine. Each cell ends in success, or in an error after which
// the same command goes on to its end; in none a latch is released or a failed Primary frozen.
//
// SITELATCH_MATRIX=FILE writes the table of docs/guard.md. SITELATCH_THOROUGH=1 breaks every call
// in every way; without it each changing operation and every few reads, in one way each.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "guard/apply/drill.h"
#include "wired_account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

struct End {
  bool done = false;
  std::string text;  // why not
};

struct Command {
  std::string name;
  std::function<void(WiredAccount&)> prepare;
  std::function<End(WiredAccount&)> run;
  // What the command is for is so: whoever did it.
  std::function<bool(WiredAccount&)> achieved;
  bool leaves_guard = true;  // and so a Primary that fails is latched afterwards
};

// --- the commands

End run_deploy(WiredAccount& account) {
  const auto wrong = account.deploy();
  return {!wrong, wrong.value_or("")};
}

bool is_armed(WiredAccount& account) {
  return account.look().assessment.state == State::armed && account.work_left().empty();
}

End run_trip(WiredAccount& account) {
  auto shown = view(account, account, account.check(), account.context().chain());
  if (!shown) return {false, shown.error().text};
  Request request;
  request.action = "trip";
  request.why = "a test";
  request.tells = true;
  const auto carried =
      carry_out(account.context(), std::move(*shown), request, [](const View& now) {
        return trip(situation_of(now.snapshot.observed), {false, "a test"}, now.now);
      });
  return {carried.has_value(), carried ? "" : carried.error().text};
}

bool is_latched(WiredAccount& account) {
  return latched(*account.look().snapshot.observed.check) &&
         account.story.dns() == scenario::backup_address;
}

End run_switch_back(WiredAccount& account) {
  SwitchBackOptions options;
  options.health_check_id = account.check();
  options.reason = "sites synchronised";
  options.confirm = [](const View&, const std::string&) { return true; };
  const auto report = guard::switch_back(account.context(), options);
  auto text = report.sentence;
  for (const auto& refusal : report.refusals) text += " " + refusal.why;
  return {report.end == SwitchBackEnd::done, text};
}

bool is_given_back(WiredAccount& account) {
  return account.story.path() == scenario::healthy_path &&
         account.story.dns() == scenario::primary_address &&
         account.look().assessment.state == State::armed;
}

End run_drill(WiredAccount& account) {
  // The function of the scratch guard is the same.
  account.story.any_function = account.story.functions.begin()->second;
  DrillOptions options;
  options.health_check_id = account.check();
  options.codes = account.codes();
  const auto report = drill(account.context(), options);
  auto text = report.sentence;
  for (const auto& each : report.left) text += " Left: " + each;
  return {report.passed && report.left.empty(), text};
}

bool has_left_nothing(WiredAccount& account) {
  const auto checks = account.story.ok("route53", "ListHealthChecks", Value::structure());
  return checks["HealthChecks"].items().size() == 2 && account.resources().empty();
}

End run_destroy(WiredAccount& account, Latch latch) {
  const auto plan = plan_removal(account.context(), {account.check(), latch, true});
  if (!plan) return {false, plan.error().text};
  const auto removed = carry_out(account.context(), *plan);
  return {removed.has_value(), removed ? "" : removed.error().text};
}

void make_latched(WiredAccount& account) {
  account.deploy_well();
  account.lose_primary();
  account.story.primary().comes_up();
  account.story.wait(10min);
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all{
      {"deploy", [](WiredAccount&) {}, run_deploy, is_armed},
      {"trip", [](WiredAccount& a) { a.deploy_well(); }, run_trip, is_latched},
      {"switch-back", make_latched, run_switch_back, is_given_back},
      {"drill", [](WiredAccount&) {}, run_drill, has_left_nothing, false},
      {"destroy", [](WiredAccount& a) { a.deploy_well(); },
       [](WiredAccount& a) { return run_destroy(a, Latch::unsaid); },
       [](WiredAccount& a) { return a.resources().empty(); }, false},
      {"destroy --latch keep", make_latched,
       [](WiredAccount& a) { return run_destroy(a, Latch::keep); },
       [](WiredAccount& a) {
         return a.resources().empty() && a.story.dns() == scenario::backup_address;
       },
       false},
  };
  return all;
}

// --- cells that fail because of a finding (shared/reference/guard-on-aws.md) that is not mended
// yet, by command and how the call breaks; the operation or "*". Must be empty in the end.

struct Expected {
  const char *command, *how, *operation;
  int finding;
};
constexpr std::array<Expected, 0> expected_failures{};

bool is_expected(const Command& command, std::string_view how, std::string_view operation) {
  for (const Expected& each : expected_failures)
    if (each.command == command.name && each.how == how &&
        (each.operation == std::string_view{"*"} || each.operation == operation))
      return true;
  return false;
}

// --- one cell

enum class Outcome { done, goes_on, stuck, unsafe };

// Nothing that a command leaves behind keeps a Primary that fails in DNS.
bool failing_primary_leaves_dns(WiredAccount& account, bool guarded) {
  account.story.primary().goes_down();
  // An alarm may be two minutes late, and checkers hear of the latch within one (facts realism-23
  // and realism-24).
  account.story.wait(scenario::time_to_latch + 3min);
  if (account.story.dns() != scenario::backup_address) return false;
  if (!guarded) return true;
  account.story.primary().comes_up();
  account.story.wait(10min);
  return account.story.dns() == scenario::backup_address;
}

struct Cell {
  Outcome outcome = Outcome::done;
  std::string first, second;
};

Cell run_cell(const Command& command, WiredAccount& account) {
  Cell cell;
  const auto first = command.run(account);
  cell.first = first.done ? "done" : first.text;
  const bool was_latched = account.story.witness.latched();
  account.mend();
  account.story.wait(2min);
  if (was_latched && account.story.dns() == scenario::primary_address &&
      account.story.path() != scenario::healthy_path)
    cell.outcome = Outcome::unsafe;
  if (!first.done || !command.achieved(account)) {
    cell.outcome = Outcome::goes_on;
    const auto second = command.run(account);
    cell.second = second.done ? "done" : second.text;
    account.story.wait(2min);
    if (!command.achieved(account)) cell.outcome = Outcome::stuck;
  }
  const bool guarded = command.leaves_guard && cell.outcome != Outcome::stuck;
  if (!failing_primary_leaves_dns(account, guarded)) cell.outcome = Outcome::unsafe;
  return cell;
}

// --- the table

struct Row {
  std::size_t calls = 0, done = 0, goes_on = 0, wrong = 0;
  void count(Outcome outcome) {
    ++calls;
    if (outcome == Outcome::done) ++done;
    if (outcome == Outcome::goes_on) ++goes_on;
    if (outcome == Outcome::stuck || outcome == Outcome::unsafe) ++wrong;
  }
};
std::map<std::string, std::vector<std::pair<std::string, Row>>>& table() {
  static std::map<std::string, std::vector<std::pair<std::string, Row>>> rows;
  return rows;
}

void write_table() {
  const char* path = std::getenv("SITELATCH_MATRIX");
  if (!path) return;
  std::ofstream out(path);
  out << "| command | what happens to one of its calls | calls tried | done | "
         "an error, then the same command again: done |\n|---|---|---|---|---|\n";
  for (const auto& command : commands())
    for (const auto& [how, row] : table()[command.name])
      out << fmt::format("| `{}` | {} | {} | {} | {} |\n", command.name, how, row.calls, row.done,
                         row.goes_on);
}

bool thorough() {
  const char* asked = std::getenv("SITELATCH_THOROUGH");
  return asked && std::string_view{asked} == "1";
}

const std::vector<WiredAccount::Made>& undisturbed(const Command& command) {
  static std::map<std::string, std::vector<WiredAccount::Made>> known;
  const auto [at, is_new] = known.try_emplace(command.name);
  if (!is_new) return at->second;
  WiredAccount account;
  command.prepare(account);
  const auto before = account.made().size();
  const auto end = command.run(account);
  INFO(command.name, ": ", end.text);
  REQUIRE(end.done);
  at->second.assign(account.made().begin() + static_cast<std::ptrdiff_t>(before),
                    account.made().end());
  return at->second;
}

constexpr std::array<Break, 6> breaks{Break::throttled_once, Break::throttled, Break::denied,
                                      Break::lost_once,      Break::unheard,   Break::late};

// Every call and every break of it; else of each changing operation its first call and of the
// others every few, each broken in one way, the ways in turn.
bool is_tried(const Command& command, std::size_t n, std::size_t how, bool first_change) {
  if (thorough()) return true;
  constexpr std::size_t stride = 12;
  return (first_change || n % stride == command.name.size() % stride) && n % breaks.size() == how;
}

void run_column(const Command& command, std::size_t how) {
  const auto& calls = undisturbed(command);
  const std::string way{to_string(breaks[how])};
  std::set<std::string> seen;
  Row row;
  for (std::size_t n = 1; n <= calls.size(); ++n) {
    const auto& call = calls[n - 1];
    const bool is_first = seen.insert(call.service + call.operation + call.region).second;
    if (!is_tried(command, n, how, is_first && !is_reading(call.operation))) continue;
    WiredAccount account;
    command.prepare(account);
    account.break_call(n, breaks[how]);
    const auto cell = run_cell(command, account);
    row.count(cell.outcome);
    if (is_expected(command, way, call.operation)) continue;
    INFO(command.name, ", ", way);
    INFO("call ", n, " of ", calls.size(), ": ", call.service, " ", call.operation, " in ",
         call.region);
    INFO("first: ", cell.first, "\nsecond: ", cell.second);
    CHECK(cell.outcome != Outcome::stuck);
    CHECK(cell.outcome != Outcome::unsafe);
  }
  table()[command.name].emplace_back(way, row);
}

}  // namespace

TEST_CASE("guard-on-aws: any one call of any command goes wrong, in every way") {
  for (const auto& command : commands())
    for (std::size_t how = 0; how < breaks.size(); ++how) run_column(command, how);
}

TEST_CASE("guard-on-aws: every command under an organisation that denies other regions") {
  for (const auto& command : commands()) {
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
    CHECK(command.achieved(account));
    Row row;
    row.count(end.done ? Outcome::done : Outcome::stuck);
    table()[command.name].emplace_back("all of them in an organisation that denies other regions",
                                       row);
  }
}

TEST_CASE("guard-on-aws: every command on an ordinary day of AWS's") {
  for (const auto& command : commands()) {
    Row row;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      WiredAccount account;
      command.prepare(account);
      account.realism() = realism::Realism({true, seed});
      const auto cell = run_cell(command, account);
      row.count(cell.outcome);
      INFO(command.name, ", seed ", seed);
      INFO("first: ", cell.first, "\nsecond: ", cell.second);
      CHECK(cell.outcome != Outcome::stuck);
      CHECK(cell.outcome != Outcome::unsafe);
    }
    table()[command.name].emplace_back("all of them as late and as limited as AWS's, five seeds",
                                       row);
  }
  write_table();
}
