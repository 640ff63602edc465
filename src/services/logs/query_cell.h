// SPDX-License-Identifier: Apache-2.0
// One value while an Insights query runs. What looks like a number is one where a number is asked
// for; truth is 1 and 0; times are milliseconds that print as Insights prints them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/wire/value.h"

namespace sitelatch::logs {

struct Cell {
  enum class Kind { absent, number, text, time };
  Kind kind = Kind::absent;
  double number_value = 0;
  std::string text_value;

  Cell() = default;
  static Cell of(double number) { return Cell{Kind::number, number, {}}; }
  static Cell of(bool truth) { return of(truth ? 1.0 : 0.0); }
  static Cell of(std::string text) { return Cell{Kind::text, 0, std::move(text)}; }
  static Cell time(double ms) { return Cell{Kind::time, ms, {}}; }
  // A part of a JSON document: objects and lists as their text, null as nothing.
  static Cell of(const aws::Value& value);

  bool present() const { return kind != Kind::absent; }
  std::optional<double> number() const;
  bool truth() const;
  std::string text() const;  // as a result shows it

 private:
  Cell(Kind of_kind, double number, std::string text)
      : kind(of_kind), number_value(number), text_value(std::move(text)) {}
};

// Below, equal, above: as numbers where both are, else as text. Absent ones come first.
int compare(const Cell& a, const Cell& b);
std::string insights_time(double ms);  // "2026-01-01 00:00:00.000"

}  // namespace sitelatch::logs
