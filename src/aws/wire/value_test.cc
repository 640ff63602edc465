// SPDX-License-Identifier: Apache-2.0
#include "aws/wire/value.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <limits>

#include "aws/wire/stored.h"
#include "memory_ends.h"

using namespace sitelatch;
using aws::Value;

TEST_CASE("what is absent reads as null or the default, at any depth") {
  const auto value = Value::structure({{"a", Value::structure({{"b", 1}})}, {"none", Value{}}});
  CHECK(value["a"]["b"].integer() == 1);
  CHECK(value["x"]["y"]["z"].is_null());
  CHECK(value["x"].integer_or(7) == 7);
  CHECK_FALSE(value.has("none"));
  CHECK(value.members().size() == 1);
}

TEST_CASE("setting replaces, a null removes, order stays") {
  auto value = Value::structure({{"a", 1}, {"b", 2}, {"c", 3}});
  value.set("b", "two");
  value.set("a", Value{});
  value.set("d", true);
  CHECK(aws::to_json(value) == R"({"b":"two","c":3,"d":true})");
}

TEST_CASE("whatever is written as JSON is read again, however deep") {
  Value deep = "core";
  for (int i = 0; i < 300; ++i) deep = Value::structure({{"in", Value::list({deep})}});
  const auto text = aws::to_json(deep);
  const auto again = aws::from_json(text);
  REQUIRE(again);
  CHECK(*again == deep);
  CHECK_FALSE(aws::from_json("{"));
  CHECK_FALSE(aws::from_json(std::string(5000, '[')));
}

TEST_CASE("a value of another kind than asked for throws, and names what was wanted") {
  const auto value = Value::structure({{"a", 1}, {"t", "text"}, {"l", Value::list({1})}});
  CHECK_THROWS_WITH_AS((void)value["a"].string(), "a value is not a text", aws::WrongKind);
  CHECK_THROWS_AS((void)value["t"].integer(), aws::WrongKind);
  CHECK_THROWS_AS((void)value["t"].items(), aws::WrongKind);
  CHECK_THROWS_AS((void)value["l"].members(), aws::WrongKind);
  CHECK_THROWS_AS((void)value["l"].strings(), aws::WrongKind);
  CHECK_THROWS_AS((void)value["x"].boolean(), aws::WrongKind);
  CHECK_THROWS_WITH_AS((void)aws::stored_value("{"), "not JSON", aws::WrongKind);
}

// Found by fuzzing: 1e400 in a document of a client's was written as `Infinity`, and no restart
// read it.
TEST_CASE("numbers beyond a double's are written as something that can be read") {
  for (const auto* text : {"1e400", "[-1e999]", R"({"a":{"b":1e309}})"}) {
    const auto value = aws::from_json(text);
    if (value) CHECK(aws::from_json(aws::to_json(*value)));
  }
  CHECK(aws::to_json(Value{std::numeric_limits<double>::quiet_NaN()}) == "null");
}

TEST_CASE("a number is read as what was written, to the last bit") {
  // What the C library reads, which is exact. The first ones Boost.JSON 1.81 reads as a neighbour.
  for (const char* text :
       {"4031e40", "34031e40", "1.7976931348623157e308", "2.2250738585072014e-308", "5e-324", "0.1",
        "-0.30000000000000004", "9007199254740993.0", "123456789012345678901234567890", "1e22",
        "8.41e21", "-5e-2"}) {
    CAPTURE(text);
    const double expected = std::strtod(text, nullptr);
    for (const auto& document :
         {std::string(text), fmt::format(R"([{{"a": {}}}, {}])", text, text)}) {
      const auto value = aws::from_json(document);
      REQUIRE(value);
      const auto& number = value->is_list() ? value->items()[0]["a"] : *value;
      CHECK(number.number() == expected);
      CHECK(aws::from_json(aws::to_json(*value)) == value);
    }
  }
  CHECK(!aws::from_json("1 2"));
  CHECK(!aws::from_json("[1"));
  CHECK(!aws::from_json(""));
}

TEST_CASE("a copy that finds no memory throws, and leaves what it was to replace as it was") {
  const std::string text(100, 'x');  // beyond what a string keeps within itself
  const auto whole = Value::structure(
      {{"text", text}, {"list", Value::list({text, Value::list({1, text}), true})}, {"n", 7}});
  int ends = 0;
  for (;; ++ends) {
    Value kept = text;
    bool thrown = false;
    memory::ends_after(ends + 1);
    try {
      const Value copy = whole;
      kept = copy;
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    memory::ends_after(0);
    if (!thrown) break;
    CHECK(kept == Value(text));
  }
  CHECK(ends > 10);
}
