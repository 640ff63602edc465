// SPDX-License-Identifier: Apache-2.0
#include "base/prometheus.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>

namespace sitelatch::prometheus {
namespace {

constexpr std::array<Metric, 5> metrics = {Metric{"b_seconds", "The second."},
                                           {"a_ratio", "A \\ and\na line."},
                                           {"c", "Nothing of it."},
                                           {"d_total", "How many.", Kind::counter},
                                           {"e_seconds", "How long.", Kind::histogram}};

TEST_CASE("gauges are printed in their own order, samples in that of their labels") {
  Exposition out(metrics);
  out.add("a_ratio", {{"id", "2"}}, 0.25);
  out.add("b_seconds", {}, 1796000000);
  out.add("a_ratio", {{"id", "1"}, {"name", ""}}, 1);
  CHECK(out.text() ==
        "# HELP b_seconds The second.\n# TYPE b_seconds gauge\nb_seconds 1796000000\n"
        "# HELP a_ratio A \\\\ and\\na line.\n# TYPE a_ratio gauge\n"
        "a_ratio{id=\"1\"} 1\na_ratio{id=\"2\"} 0.25\n");
}

TEST_CASE("a counter is one; a histogram sums up its buckets, the last of all that there is") {
  Exposition out(metrics);
  out.add("d_total", {}, 7);
  constexpr std::array<double, 2> bounds = {0.1, 2};
  Histogram one(bounds), none(bounds);
  one.record(0.1);  // a bound belongs to its bucket
  one.record(0.5, 2);
  one.record(2.5);
  out.add("e_seconds", {{"of", "a\"b"}}, one);
  out.add("e_seconds", {}, none);
  CHECK(out.text() ==
        "# HELP d_total How many.\n# TYPE d_total counter\nd_total 7\n"
        "# HELP e_seconds How long.\n# TYPE e_seconds histogram\n"
        "e_seconds_bucket{le=\"0.1\"} 0\ne_seconds_bucket{le=\"2\"} 0\n"
        "e_seconds_bucket{le=\"+Inf\"} 0\ne_seconds_sum 0\ne_seconds_count 0\n"
        "e_seconds_bucket{of=\"a\\\"b\",le=\"0.1\"} 1\n"
        "e_seconds_bucket{of=\"a\\\"b\",le=\"2\"} 3\n"
        "e_seconds_bucket{of=\"a\\\"b\",le=\"+Inf\"} 4\n"
        "e_seconds_sum{of=\"a\\\"b\"} 3.6\ne_seconds_count{of=\"a\\\"b\"} 4\n");
}

TEST_CASE(
    "a sample that is there already is not said twice: a reader would refuse the whole text") {
  Exposition out(metrics);
  out.add("c", {{"id", "1"}}, 1);
  out.add("c", {{"id", "1"}}, 0);
  CHECK(out.text() == "# HELP c Nothing of it.\n# TYPE c gauge\nc{id=\"1\"} 1\n");
}

TEST_CASE("label values are escaped by the format's rules, whatever a name is made of") {
  const auto told = [](std::string value) {
    Exposition out(metrics);
    out.add("c", {{"name", std::move(value)}}, 1);
    const auto text = out.text();
    return text.substr(text.rfind("\nc{") + 1);
  };
  CHECK(told("\\052.example.org") == "c{name=\"\\\\052.example.org\"} 1\n");
  CHECK(told("a\"} 0\nsitelatch_x 1") == "c{name=\"a\\\"} 0\\nsitelatch_x 1\"} 1\n");
  CHECK(told("b\xC3\xBC") == "c{name=\"b\xC3\xBC\"} 1\n");
  CHECK(told("b\xFC\n") == "c{name=\"b\xEF\xBF\xBD\\n\"} 1\n");
}

TEST_CASE("numbers as the format reads them") {
  const auto told = [](double value) {
    Exposition out(metrics);
    out.add("c", {}, value);
    const auto text = out.text();
    return text.substr(text.rfind("\nc ") + 3);
  };
  CHECK(told(-3) == "-3\n");
  CHECK(told(0.995) == "0.995\n");
  CHECK(told(1e300) == "1e+300\n");
  CHECK(told(std::numeric_limits<double>::infinity()) == "+Inf\n");
  CHECK(told(std::numeric_limits<double>::quiet_NaN()) == "NaN\n");
}

}  // namespace
}  // namespace sitelatch::prometheus
