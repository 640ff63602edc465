// SPDX-License-Identifier: Apache-2.0
#include "simulation/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"

namespace sitelatch::simulation {
namespace {

std::string length_words(Ms ms) { return sitelatch::describe(std::chrono::milliseconds{ms}); }

std::string form_words(const Row& row) {
  return fmt::format("{} {}/{}", to_string(row.form), row.tuning.interval_s, row.tuning.threshold);
}

// A share in per cent, never 0 or 100 unless it is.
std::string percent(std::uint64_t hits, std::uint64_t of) {
  const auto share = 100 * static_cast<double>(hits) / static_cast<double>(of);
  if (hits == 0) return "0";
  if (hits == of) return "100";
  if (share < 1 || share > 99) return fmt::format("{:.1f}", std::clamp(share, 0.1, 99.9));
  return fmt::format("{:.0f}", share);
}

std::string seconds_of(const std::optional<Ms>& ms) {
  return ms ? fmt::format("{}", (*ms + 500) / 1000) : "-";
}

std::optional<Ms> mean(Ms total, std::uint64_t of) {
  if (of == 0) return std::nullopt;
  return total / static_cast<Ms>(of);
}

// The cells of one form and one outage, a case each.
struct Cell {
  std::array<Row*, 3> by_case{};
  Row& any() const {
    return **std::find_if(by_case.begin(), by_case.end(), [](Row* r) { return r; });
  }
  Row* one(Case which) const { return by_case[static_cast<std::size_t>(which)]; }
};

template <class Of>
std::string ranged(const Cell& cell, const Of& of) {
  const auto* base = cell.one(Case::base);
  const auto* best = cell.one(Case::optimistic);
  const auto* worst = cell.one(Case::pessimistic);
  if (!base || !best || !worst) return of(cell.any().tally);
  const auto from = of(best->tally), middle = of(base->tally), to = of(worst->tally);
  return from == middle && middle == to ? middle : fmt::format("{} ({} to {})", middle, from, to);
}

std::string leaks_of(const Tally& tally) {
  return tally.failovers == 0 ? "-" : percent(tally.leaks, tally.failovers);
}
// With its interval, where there is one case and room for it.
std::string leaks_with_interval(const Tally& tally) {
  if (tally.failovers == 0) return "-";
  const auto interval = wilson(tally.leaks, tally.failovers);
  return fmt::format("{} [{:.1f}, {:.1f}]", leaks_of(tally), 100 * interval.low,
                     100 * interval.high);
}
std::string failovers_of(const Tally& tally) { return percent(tally.failovers, tally.runs); }
std::string never_of(const Tally& tally) {
  return tally.leaks == 0 ? "-" : percent(tally.never_latched, tally.leaks);
}

struct Grid {
  std::vector<Ms> outages;
  std::vector<std::string> forms;
  std::vector<std::vector<Cell>> cells;  // by form, by outage
  std::uint64_t runs = 0, cases = 0;
};

Grid grid_of(Rows& rows) {
  Grid grid;
  std::array<bool, 3> seen{};
  for (auto& row : rows) {
    const auto name = form_words(row);
    auto form = std::find(grid.forms.begin(), grid.forms.end(), name);
    if (form == grid.forms.end()) form = grid.forms.insert(form, name);
    auto outage = std::find(grid.outages.begin(), grid.outages.end(), row.outage);
    if (outage == grid.outages.end()) outage = grid.outages.insert(outage, row.outage);
    const auto f = static_cast<std::size_t>(form - grid.forms.begin());
    const auto o = static_cast<std::size_t>(outage - grid.outages.begin());
    if (grid.cells.size() <= f) grid.cells.resize(f + 1);
    if (grid.cells[f].size() <= o) grid.cells[f].resize(o + 1);
    grid.cells[f][o].by_case[static_cast<std::size_t>(row.which)] = &row;
    grid.runs = row.tally.runs;
    seen[static_cast<std::size_t>(row.which)] = true;
  }
  grid.cases = static_cast<std::uint64_t>(std::count(seen.begin(), seen.end(), true));
  return grid;
}

using Line = std::vector<std::string>;

std::string aligned(const std::vector<Line>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], line[i].size());
    }
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
      text += fmt::format("{:<{}}{}", line[i], widths[i], i + 1 < line.size() ? "  " : "");
    out += std::string{text.substr(0, text.find_last_not_of(' ') + 1)} + "\n";
  }
  return out;
}

std::string markdown(const std::vector<Line>& lines) {
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += "| " + join(lines[i], " | ") + " |\n";
    if (i > 0) continue;
    for (std::size_t c = 0; c < lines[0].size(); ++c) out += "|---";
    out += "|\n";
  }
  return out;
}

std::vector<Line> leak_lines(const Grid& grid) {
  std::vector<Line> lines{{"form"}};
  for (const auto outage : grid.outages) lines[0].push_back(length_words(outage));
  for (std::size_t f = 0; f < grid.forms.size(); ++f) {
    Line line{grid.forms[f]};
    for (const auto& cell : grid.cells[f]) line.push_back(ranged(cell, leaks_of));
    lines.push_back(std::move(line));
  }
  return lines;
}

Line detail_line(const std::string& form, Ms outage, Cell& cell, bool one_case) {
  const auto quantile = [](std::vector<Ms> Tally::*times, int p) {
    return [times, p](const Tally& tally) {
      auto sorted = tally.*times;
      return seconds_of(percentile(sorted, p));
    };
  };
  const auto failover = [&](const Tally& tally) {
    return quantile(&Tally::failover_times, 50)(tally) + "/" +
           quantile(&Tally::failover_times, 99)(tally);
  };
  const auto unsafe = [&](const Tally& tally) {
    return seconds_of(mean(tally.unsafe_total, tally.latched_leaks())) + "/" +
           quantile(&Tally::unsafe_times, 99)(tally);
  };
  return {form,
          length_words(outage),
          ranged(cell, failovers_of),
          ranged(cell, failover),
          one_case ? leaks_with_interval(cell.any().tally) : ranged(cell, leaks_of),
          ranged(cell, unsafe),
          ranged(cell, never_of)};
}

std::vector<Line> detail_lines(Grid& grid) {
  std::vector<Line> lines{{"form", "outage", "fails over, %", "failover p50/p99, s", "leaks, %",
                           "unsafe mean/p99, s", "never latched, %"}};
  if (grid.cases == 1) lines[0][4] = "leaks, % [95 %]";
  for (std::size_t f = 0; f < grid.forms.size(); ++f)
    for (std::size_t o = 0; o < grid.cells[f].size(); ++o)
      lines.push_back(
          detail_line(grid.forms[f], grid.outages[o], grid.cells[f][o], grid.cases == 1));
  return lines;
}

// --- JSON

std::string number(double value, int digits = 3) {
  auto text = fmt::format("{:.{}f}", value, digits);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string seconds_json(const std::optional<Ms>& ms) {
  return ms ? number(static_cast<double>(*ms) / 1000) : "null";
}

// Nothing unsafe is 0; leaks of which none was latched have no mean.
std::string unsafe_json(const Tally& tally, const std::optional<Ms>& ms) {
  return tally.leaks == 0 ? "0" : seconds_json(ms);
}

std::string object(const Row& row, Tally& tally) {
  const auto interval = wilson(tally.leaks, tally.failovers);
  const auto mean_unsafe = mean(tally.unsafe_total, tally.latched_leaks());
  const auto mean_to_latch = mean(tally.unsafe_to_latch_total, tally.latched_leaks());
  return fmt::format(
      R"({{"form":"{}","case":"{}","interval_s":{},"threshold":{},)"
      R"("outage_s":{},"outage_kind":"{}",)"
      R"("seed":{},"runs":{},"failovers":{},"false_failovers":{},"leaks":{},"leak_share":{},)"
      R"("leak_share_low":{},"leak_share_high":{},"unsafe_s_mean":{},"unsafe_s_p99":{},)"
      R"("unsafe_to_latch_s_mean":{},"never_latched":{},"latches":{},"missed":{},)"
      R"("failover_s_p50":{},"failover_s_p99":{},"first_leak_seed":{},"virtual_s":{}}})",
      to_string(row.form), to_string(row.which), row.tuning.interval_s, row.tuning.threshold,
      number(static_cast<double>(row.outage) / 1000), to_string(row.ailment), row.seed, tally.runs,
      tally.failovers, tally.false_failovers, tally.leaks, number(tally.leak_share(), 6),
      number(tally.failovers == 0 ? 0 : interval.low, 6),
      number(tally.failovers == 0 ? 1 : interval.high, 6), unsafe_json(tally, mean_unsafe),
      unsafe_json(tally, percentile(tally.unsafe_times, 99)), unsafe_json(tally, mean_to_latch),
      tally.never_latched, tally.latches, tally.missed,
      seconds_json(percentile(tally.failover_times, 50)),
      seconds_json(percentile(tally.failover_times, 99)),
      tally.first_leak ? std::to_string(*tally.first_leak) : "null", tally.lasted / 1000);
}

template <class List, class Object>
std::string list_of(List& list, const Object& object_of) {
  std::string out = "[";
  for (auto& one : list) out += std::string{out.size() > 1 ? ",\n " : ""} + object_of(one);
  return out + "]\n";
}

}  // namespace

std::string table_of(Rows rows) {
  auto grid = grid_of(rows);
  const auto what = grid.cases == 3 ? std::string{"base (optimistic to pessimistic)"}
                                    : std::string{to_string(rows.front().which)};
  std::string out;
  if (grid.outages.size() > 1)
    out += fmt::format("Failovers that leak, by the length of the outage, %: {}\n\n{}\n", what,
                       aligned(leak_lines(grid)));
  if (grid.outages.size() > 3) {
    // The whole of it is JSON's; people get two of them.
    Rows shown;
    for (const auto& row : rows)
      if (row.outage == 60 * second || row.outage == grid.outages.back()) shown.push_back(row);
    auto fewer = grid_of(shown);
    out += aligned(detail_lines(fewer));
  } else {
    out += aligned(detail_lines(grid));
  }
  const auto widest = wilson(grid.runs / 2, grid.runs);
  out += fmt::format(
      "\n{} runs a cell{}; a share is within {:.0f} points of its value (95 %), and 0 means below "
      "{}.\n-: no failover, or no leak. A leak: an edge that has named Backup names Primary, and "
      "nobody has switched back.\nNothing was measured on AWS: what it does not publish is assumed "
      "(sitelatch simulate --assumptions).\n",
      grid.runs, grid.cases == 3 ? " and case" : "", 50 * (widest.high - widest.low),
      fmt::format("{:.2g} %", 100 * wilson(0, grid.runs).high));
  return out;
}

std::string markdown_of(const Rows& given) {
  auto rows = given;
  auto grid = grid_of(rows);
  return markdown(leak_lines(grid)) + "\n" + markdown(detail_lines(grid));
}

std::string json_of(Rows rows) {
  return list_of(rows, [](Row& row) { return object(row, row.tally); });
}

// --- a year

Year year_of(const Profile& profile, const Rows& rows) {
  Year year;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const auto& tally = row.tally;
    const auto of_each = profile[i].a_year / static_cast<double>(tally.runs);
    year.form = row.form;
    year.tuning = row.tuning;
    year.which = row.which;
    year.runs = tally.runs;
    year.outages += profile[i].a_year;
    year.failovers += of_each * static_cast<double>(tally.failovers);
    year.false_failovers += of_each * static_cast<double>(tally.false_failovers);
    year.latches += of_each * static_cast<double>(tally.latches);
    year.leaks += of_each * static_cast<double>(tally.leaks);
    year.never_latched += of_each * static_cast<double>(tally.never_latched);
    year.unsafe_s += of_each * static_cast<double>(tally.unsafe_total) / 1000;
  }
  return year;
}

std::string table_of(const std::vector<Year>& years) {
  std::vector<Line> lines{{"form", "case", "outages", "failovers", "of these false", "latches",
                           "leaks", "never latched", "unsafe s"}};
  for (const auto& year : years)
    lines.push_back({fmt::format("{} {}/{}", to_string(year.form), year.tuning.interval_s,
                                 year.tuning.threshold),
                     std::string{to_string(year.which)}, number(year.outages, 1),
                     number(year.failovers, 1), number(year.false_failovers, 1),
                     number(year.latches, 1), number(year.leaks, 2), number(year.never_latched, 2),
                     number(year.unsafe_s, 0)});
  return "Expected in a year:\n\n" + aligned(lines) +
         "\nEach latch is a page, a resynchronisation and a switch back by a person. Unsafe "
         "seconds "
         "are those of leaks that were\nlatched in the end; one that was never latched lasts until "
         "somebody sees it.\nNothing was measured on AWS: what it does not publish is assumed "
         "(sitelatch simulate --assumptions).\n";
}

std::string json_of(const std::vector<Year>& years) {
  return list_of(years, [](const Year& year) {
    return fmt::format(
        R"({{"form":"{}","case":"{}","interval_s":{},"threshold":{},"runs":{},"outages_a_year":{},)"
        R"("failovers_a_year":{},"false_failovers_a_year":{},)"
        R"("latches_a_year":{},"leaks_a_year":{},)"
        R"("never_latched_a_year":{},"unsafe_s_a_year":{}}})",
        to_string(year.form), to_string(year.which), year.tuning.interval_s, year.tuning.threshold,
        year.runs, number(year.outages), number(year.failovers), number(year.false_failovers),
        number(year.latches), number(year.leaks), number(year.never_latched),
        number(year.unsafe_s));
  });
}

// --- assumptions

namespace {
std::vector<Line> assumption_lines() {
  std::vector<Line> lines{{"name", "optimistic", "base", "pessimistic", "what", "basis"}};
  for (const auto& one : assumptions())
    lines.push_back({std::string{one.name}, describe(one, one.range[0]),
                     describe(one, one.range[1]), describe(one, one.range[2]),
                     std::string{one.what}, std::string{one.basis}});
  return lines;
}
}  // namespace

std::string table_of_assumptions() { return aligned(assumption_lines()); }
std::string markdown_of_assumptions() { return markdown(assumption_lines()); }

std::string json_of_assumptions() {
  const auto all = assumptions();
  return list_of(all, [](const Assumption& one) {
    std::string out = fmt::format(R"({{"name":"{}","what":)", one.name);
    append_json_string(out, one.what);
    for (const auto which : all_cases) {
      const auto& range = one.range[static_cast<std::size_t>(which)];
      out += fmt::format(R"(,"{}":[{},{}])", to_string(which), range.low, range.high);
    }
    out += fmt::format(R"(,"unit":"{}","basis":)", one.time ? "ms" : "number");
    append_json_string(out, one.basis);
    return out + "}";
  });
}

}  // namespace sitelatch::simulation
