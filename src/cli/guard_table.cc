// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "base/sentences.h"
#include "cli/screen_text.h"
#include "guard/rules/trouble.h"

namespace sitelatch::cli {
namespace {

enum Column : std::size_t { guard_column, serves, state, since, drill, next, columns };
using Cells = std::array<std::string, columns>;
using Widths = std::array<std::size_t, columns>;

constexpr std::string_view gap = "  ";

Cells cells_of(const TableRow& row) {
  const auto or_dash = [](std::string text) { return text.empty() ? "-" : text; };
  if (!row.screen)
    return {row.asked, "not known", "not seen", "-", or_dash(row.drill), as_sentence(row.problem)};
  const auto& screen = *row.screen;
  const auto since = screen.since ? about_so_long(screen.at - *screen.since) + " ago" : "-";
  return {screen.name, screen.who,         screen.state,
          since,       or_dash(row.drill), as_sentence(screen.next)};
}

int trouble_of_row(const TableRow& row) {
  return row.screen ? row.screen->trouble : guard::trouble_of(guard::State::unknown, false);
}

const std::string& name_of(const TableRow& row) {
  return row.screen ? row.screen->name : row.asked;
}

Widths natural(const std::vector<Cells>& table) {
  Widths out{};
  for (const auto& cells : table)
    for (std::size_t i = 0; i < columns; ++i) out[i] = std::max(out[i], width_of(cells[i]));
  return out;
}

// What is least missed gives way first: the next step, which `status NAME` says too; then the name,
// which is still known by its beginning.
void fit(Widths& widths, std::size_t room) {
  constexpr std::pair<Column, std::size_t> gives_way[] = {
      {next, 16}, {guard_column, 18}, {drill, 9}, {next, 4}, {state, 10}, {guard_column, 8}};
  auto used = std::accumulate(widths.begin(), widths.end(), gap.size() * (columns - 1));
  for (const auto& [column, least] : gives_way) {
    if (used <= room) return;
    auto& width = widths[column];
    const auto taken = std::min(used - room, width - std::min(width, least));
    width -= taken;
    used -= taken;
  }
}

std::string line_of(const Cells& cells, const Widths& widths) {
  std::string out;
  for (std::size_t i = 0; i < columns; ++i) {
    const auto cell = clipped(cells[i], widths[i]);
    out += cell;
    if (i + 1 == columns) break;
    out.append(widths[i] - width_of(cell), ' ');
    out += gap;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

// The state's word is the part that has a colour. Before it there is nothing but other cells.
void paint_state(std::string& line, const Cells& cells, const Widths& widths, int code) {
  const auto before = line_of({cells[guard_column], cells[serves], "|", "", "", ""}, widths);
  const auto at = before.size() - 1;
  const auto word = clipped(cells[state], widths[state]);
  if (line.compare(at, word.size(), word) == 0) line.replace(at, word.size(), painted(word, code));
}

}  // namespace

std::string drill_words(bool passed, Instant at, Instant now) {
  return fmt::format("{} {} ago", passed ? "passed" : "FAILED", about_so_long(now - at));
}

std::vector<std::string> table_of(std::vector<TableRow> rows, std::size_t width,
                                  Watched::Colours colours) {
  std::stable_sort(rows.begin(), rows.end(), [](const TableRow& a, const TableRow& b) {
    if (trouble_of_row(a) != trouble_of_row(b)) return trouble_of_row(a) < trouble_of_row(b);
    return name_of(a) < name_of(b);
  });
  std::vector<Cells> table = {{"GUARD", "SERVES", "STATE", "SINCE", "LAST DRILL", "NEXT"}};
  for (const auto& row : rows) table.push_back(cells_of(row));
  const auto wanted = natural(table);
  auto widths = wanted;
  if (width != unbounded) fit(widths, width);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < table.size(); ++i) {
    auto line = line_of(table[i], widths);
    const bool fits = width == unbounded || width_of(line) <= width;
    if (!fits) line = clipped(line, width);
    if (fits && i > 0 && colours == Watched::Colours::yes)
      paint_state(line, table[i], widths, rows[i - 1].code);
    out.push_back(std::move(line));
  }
  if (widths != wanted) out.push_back(clipped("Cut to fit; each in full: -v", width));
  return out;
}

}  // namespace sitelatch::cli
