// SPDX-License-Identifier: Apache-2.0
// The picture: one file, no script, no font of its own, readable on a light and on a dark page.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "simulation/report.h"

namespace sitelatch::simulation {
namespace {

constexpr double page_width = 860, page_height = 460, left_edge = 60, right_edge = 170,
                 top_edge = 46, bottom_edge = 56;

struct Point {
  double x = 0, y = 0;
};

// Okabe and Ito's colours: told apart by everybody, light or dark.
constexpr std::array<std::string_view, all_forms.size()> colours = {
    "#d55e00", "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9"};

std::string points(const std::vector<Point>& list) {
  std::string out;
  for (const auto& point : list)
    out += fmt::format("{}{:.1f},{:.1f}", out.empty() ? "" : " ", point.x, point.y);
  return out;
}

struct Scale {
  Ms longest = 1;
  double x(Ms outage) const {
    return left_edge + (page_width - left_edge - right_edge) * static_cast<double>(outage) /
                           static_cast<double>(longest);
  }
  static double y(double share) {
    return top_edge + (page_height - top_edge - bottom_edge) * (1 - share);
  }
};

std::string axes(const Scale& scale) {
  std::string out;
  for (int i = 0; i <= 4; ++i) {
    const auto y = Scale::y(i / 4.0);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{} %</text>\n",
        left_edge, y, page_width - right_edge, y, left_edge - 8, y + 4, i * 25);
  }
  const Ms steps[] = {5 * second, 10 * second, 30 * second, minute,   2 * minute,
                      5 * minute, 10 * minute, hour / 2,    2 * hour, 6 * hour};
  const auto step = *std::find_if(std::begin(steps), std::end(steps) - 1,
                                  [&](Ms one) { return scale.longest / one <= 10; });
  for (Ms at = 0; at <= scale.longest; at += step)
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                       scale.x(at), page_height - bottom_edge + 20, at / second);
  out += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">length of the outage, s</text>\n",
      (left_edge + page_width - right_edge) / 2, page_height - 12);
  return out;
}

}  // namespace

std::string svg_of(const Rows& rows) {
  Scale scale;
  for (const auto& row : rows) scale.longest = std::max(scale.longest, row.outage);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" role=\"img\" aria-label=\"Failovers that leak, by the length of the "
      "outage\">\n<style>.page{{fill:#fff}}text{{font:13px sans-serif;fill:#222}}"
      ".grid{{stroke:#ccc}}"
      "@media (prefers-color-scheme:dark){{.page{{fill:#14161a}}text{{fill:#e6e6e6}}"
      ".grid{{stroke:#444}}}}</style>\n<rect class=\"page\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\"/>\n"
      "<text x=\"{2:.1f}\" y=\"24\">Failovers that leak, by the length of the outage</text>\n",
      page_width, page_height, left_edge);
  out += axes(scale);
  double legend = top_edge + 10;
  for (const auto form : all_forms) {
    std::array<std::map<Ms, double>, 3> shares;
    Tuning tuning;
    for (const auto& row : rows)
      if (row.form == form && row.tally.failovers > 0) {
        shares[static_cast<std::size_t>(row.which)][row.outage] = row.tally.leak_share();
        tuning = row.tuning;
      }
    const auto curve = [&](Case which) {
      std::vector<Point> list;
      for (const auto& [outage, share] : shares[static_cast<std::size_t>(which)])
        list.push_back({scale.x(outage), Scale::y(share)});
      return list;
    };
    auto band = curve(Case::optimistic);
    auto worst = curve(Case::pessimistic);
    auto line = curve(Case::base);
    if (line.empty()) line = band.empty() ? worst : band;
    if (line.empty()) continue;
    const auto colour = colours[static_cast<std::size_t>(form)];
    if (!band.empty() && !worst.empty()) {
      band.insert(band.end(), worst.rbegin(), worst.rend());
      out += fmt::format("<polygon fill=\"{}\" fill-opacity=\"0.15\" points=\"{}\"/>\n", colour,
                         points(band));
    }
    out += fmt::format(
        "<polyline fill=\"none\" stroke=\"{0}\" stroke-width=\"2.5\" points=\"{1}\"/>\n"
        "<line stroke=\"{0}\" stroke-width=\"2.5\" x1=\"{2:.1f}\" y1=\"{3:.1f}\" x2=\"{4:.1f}\" "
        "y2=\"{3:.1f}\"/><text x=\"{5:.1f}\" y=\"{6:.1f}\">{7} {8}/{9}</text>\n",
        colour, points(line), page_width - right_edge + 14, legend, page_width - right_edge + 38,
        page_width - right_edge + 46, legend + 4, to_string(form), tuning.interval_s,
        tuning.threshold);
    legend += 24;
  }
  return out + "</svg>\n";
}

}  // namespace sitelatch::simulation
