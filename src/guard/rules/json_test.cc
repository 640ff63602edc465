// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/json.h"

#include <doctest/doctest.h>

#include <random>

using namespace sitelatch::guard;

TEST_CASE("JSON is read to the letter of RFC 8259") {
  for (const auto* good : {"0", "-0", "1.5e+3", "\"\"", "true", " [ ] ", "{}", "[1,{\"a\":null}]",
                           "\"\\u00e9\\ud83d\\ude00\"", "\"\\/\""})
    CHECK(Json::parse(good));
  for (const auto* bad : {"",
                          "01",
                          "1.",
                          ".5",
                          "+1",
                          "1e",
                          "tru",
                          "nul",
                          "'a'",
                          "[1,]",
                          "{\"a\":1,}",
                          "{a:1}",
                          "[1 2]",
                          "\"\\x\"",
                          "\"\\u12\"",
                          "\"\\ud83d\"",
                          "\"\\udc00\"",
                          "\"\n\"",
                          "\"",
                          "[",
                          "{",
                          "{\"a\"",
                          "{\"a\":",
                          "1 1",
                          "//",
                          "\xff",
                          "\"\xc0\xaf\"",
                          "NaN"})
    CHECK_FALSE(Json::parse(bad));
}

TEST_CASE("values are found; what is not there is null") {
  const auto json = Json::parse(R"({"a":{"b":["x",1.50]},"a2":true,"d":1,"d":2})");
  REQUIRE(json);
  CHECK((*json)["a"]["b"].elements()[0].text() == "x");
  CHECK((*json)["a"]["b"].elements()[1].text() == "1.50");
  CHECK((*json)["a"]["b"].elements()[1].number() == 1.5);
  CHECK((*json)["a2"].boolean());
  CHECK((*json)["d"].text() == "2");
  CHECK((*json)["none"]["deeper"].is_null());
  CHECK((*json)["none"].text().empty());
}

TEST_CASE("depth and number of values are bounded") {
  CHECK(Json::parse(std::string(60, '[') + std::string(60, ']')));
  CHECK_FALSE(Json::parse(std::string(70, '[') + std::string(70, ']')));
  std::string many = "[0";
  for (int i = 0; i < 300'000; ++i) many += ",0";
  CHECK_FALSE(Json::parse(many + "]"));
}

TEST_CASE("what is written is read again, whatever the bytes") {
  std::mt19937 random{1};
  for (int i = 0; i < 5'000; ++i) {
    std::string text;
    for (auto n = random() % 12; n > 0; --n)
      text += static_cast<char>(random() % (i % 2 ? 128 : 256));
    const auto read = Json::parse(json_text(text));
    REQUIRE(read);
    if (i % 2) CHECK(read->text() == text);
  }
  CHECK(JsonObject{}.add("a", "b").raw("n", "1").text() == R"({"a":"b","n":1})");
}

TEST_CASE("documents are equal whatever their order and spelling") {
  CHECK(*Json::parse(R"({"a":1.0,"b":["x"]})") == *Json::parse(R"({ "b" : ["x"], "a" : 1 })"));
  CHECK_FALSE(*Json::parse(R"({"a":[1,2]})") == *Json::parse(R"({"a":[2,1]})"));
  CHECK_FALSE(*Json::parse(R"({"a":1})") == *Json::parse(R"({"b":1})"));
}
