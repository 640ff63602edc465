// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "guard/calibrate/calibration.h"
#include "guard/calibrate/figures.h"
#include "support/source_dir.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace std::chrono_literals;

TEST_CASE("every experiment names a place in the sources that rests on it, and that is there") {
  std::set<std::string_view> names;
  for (const auto& experiment : experiments()) {
    CAPTURE(experiment.name);
    CHECK(names.insert(experiment.name).second);
    const auto colon = experiment.relies.find(": ");
    REQUIRE(colon != std::string_view::npos);
    std::ifstream file(std::string{source_dir} + "/" +
                       std::string{experiment.relies.substr(0, colon)});
    REQUIRE(file.good());
    std::stringstream text;
    text << file.rdbuf();
    for (const auto token : split(experiment.relies.substr(colon + 2), ',')) {
      CAPTURE(token);
      CHECK(text.str().find(trim(token)) != std::string::npos);
    }
  }
}

TEST_CASE("an experiment is either run, and says how it is judged, or says why it is not") {
  for (const auto& experiment : experiments()) {
    CAPTURE(experiment.name);
    CHECK(!experiment.assumption.empty());
    CHECK((experiment.start != nullptr) == experiment.not_run.empty());
    CHECK((experiment.start != nullptr) == !experiment.judged.empty());
    CHECK((experiment.start != nullptr) == !experiment.done.empty());
    CHECK((experiment.start != nullptr) == (experiment.takes > 0s));
  }
}

TEST_CASE("figures: each one is kept, and what never came is said") {
  Figures figures;
  CHECK(!figures.all_came());
  figures.begin(from_unix_ms(0));
  figures.end(from_unix_ms(31'500));
  CHECK(figures.all_came());
  figures.end(from_unix_ms(99'000));  // the first counts
  CHECK(figures.longest() == 31'500ms);
  figures.begin(from_unix_ms(100'000));
  CHECK(!figures.all_came());
  CHECK(figures.in_words() == "31.5 s, never");
  const auto value = figures.to_value();
  REQUIRE(value.items().size() == 2);
  CHECK(value.items()[0].number_or(0) == 31.5);
  CHECK(value.items()[1].is_null());
  CHECK(in_words(12min) == "12 min");
}
