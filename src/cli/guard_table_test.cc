// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_table.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"
#include "cli/screen_text.h"
#include "guard/rules/trouble.h"

namespace sitelatch::cli {
namespace {

using guard::State;

TableRow table_row(const std::string& name, State state, const std::string& next) {
  Screen screen;
  screen.name = name;
  screen.state = std::string{guard::to_string(state)};
  screen.who = state == State::armed ? "Primary" : "Backup";
  screen.next = next;
  screen.at = from_civil(2026, 11, 22, 12, 0, 0);
  screen.since = screen.at - std::chrono::minutes{3};
  screen.trouble = guard::trouble_of(state, true);
  screen.code = guard::exit_code(state);
  return {screen, name, "", "passed 3d ago", screen.code};
}

std::vector<TableRow> three_guards() {
  return {table_row("a.example.test", State::armed, "nothing to do"),
          table_row("b.example.test", State::tripped,
                    "mend Primary and synchronise the sites, then: sitelatch switch-back "
                    "b.example.test --reason \"...\""),
          table_row("c.example.test", State::failing_over, "nothing to do")};
}

TEST_CASE("issue 10: a row a guard, the one in most trouble first; nothing is cut in a pipe") {
  const auto lines = table_of(three_guards(), unbounded, Watched::Colours::no);
  CHECK(lines ==
        std::vector<std::string>{
            "GUARD           SERVES   STATE         SINCE   LAST DRILL     NEXT",
            "c.example.test  Backup   failing-over  3m ago  passed 3d ago  Nothing to do.",
            "b.example.test  Backup   tripped       3m ago  passed 3d ago  Mend Primary and "
            "synchronise the sites, then: sitelatch switch-back b.example.test --reason \"...\"",
            "a.example.test  Primary  armed         3m ago  passed 3d ago  Nothing to do."});
}

TEST_CASE("issue 10: no line is wider than the terminal, and what is cut says so") {
  auto rows = three_guards();
  rows.push_back(
      {std::nullopt, "233e180f-f023-45a3-954e-415303f21eab", "AWS did not answer", "", 5});
  std::size_t whole = 0;
  for (const auto& line : table_of(rows, unbounded, Watched::Colours::no))
    whole = std::max(whole, utf8_length(line));
  CHECK(whole > 150);
  for (std::size_t width = 20; width <= 200; ++width) {
    const auto lines = table_of(rows, width, Watched::Colours::no);
    for (const auto& line : lines) CHECK(utf8_length(line) <= width);
    CHECK(lines.back().starts_with("Cut to fit") == (width < whole));
  }
  const auto narrow = table_of(rows, 100, Watched::Colours::no);
  CHECK(
      narrow[2].starts_with("233e180f-f023-45"));  // after what fails over, before what is latched
  CHECK(narrow[2].find("not seen") != std::string::npos);
}

TEST_CASE("issue 10: the state's word alone has a colour") {
  const auto plain = table_of(three_guards(), 120, Watched::Colours::no);
  auto painted_lines = table_of(three_guards(), 120, Watched::Colours::yes);
  CHECK(painted_lines[0] == plain[0]);
  CHECK(painted_lines[2] == replace_all(plain[2], "tripped", "\x1b[31mtripped\x1b[0m"));
  CHECK(painted_lines[3] == replace_all(plain[3], "armed", "\x1b[32marmed\x1b[0m"));
}

}  // namespace
}  // namespace sitelatch::cli
