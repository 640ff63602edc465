// SPDX-License-Identifier: Apache-2.0
// Prometheus's text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/): gauges with their HELP and TYPE,
// label values escaped as it says (backslash, quote, newline; what is no UTF-8 is replaced). The
// same samples give the same text, in whatever order they came. Pure.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sitelatch::cli {

struct Gauge {
  std::string_view name, help;
};

// A label without a value is left out: to Prometheus the two are the same.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

class Exposition {
 public:
  // In the order in which they are printed; borrowed. Those without a sample are not printed.
  explicit Exposition(std::span<const Gauge> gauges) : gauges_(gauges) {}
  // `name` is one of the gauges. A second sample with the same labels is dropped: a reader would
  // refuse all of the text because of it.
  void add(std::string_view name, const Labels& labels, double value);
  std::string text() const;

 private:
  std::span<const Gauge> gauges_;
  std::map<std::string_view, std::map<std::string, double>> samples_;  // by name and label text
};

}  // namespace sitelatch::cli
