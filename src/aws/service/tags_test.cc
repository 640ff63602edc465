// SPDX-License-Identifier: Apache-2.0
#include "aws/service/tags.h"

#include <doctest/doctest.h>

using namespace sitelatch::aws;

namespace {

constexpr TagRules rules{[](const std::string& key) { return refuse("Reserved", key); },
                         [](const std::string& key) { return refuse("Twice", key); },
                         [] { return refuse("TooMany", ""); }};

std::string code_of(const Outcome<Tags>& tags) { return tags ? "" : tags.error().code; }

}  // namespace

TEST_CASE("tags come in either form of the wire, and go back to it") {
  const Tags tags{{"b", "1"}, {"a", "2"}};
  CHECK(read_tags(tag_list(tags)) == tags);
  CHECK(read_tags(tag_map(tags)) == tags);
  CHECK(read_tags(Value{}).empty());
  CHECK(read_tags(*from_json(R"([{"Key": "k"}])")) == Tags{{"k", ""}});
}

TEST_CASE("what is there gets the new value, what is new comes behind it") {
  const auto tags = with_tags({{"a", "1"}, {"b", "2"}}, {{"b", "3"}, {"c", "4"}}, rules);
  REQUIRE(tags);
  CHECK(*tags == Tags{{"a", "1"}, {"b", "3"}, {"c", "4"}});
  REQUIRE(find_tag(*tags, "b"));
  CHECK(*find_tag(*tags, "b") == "3");
  CHECK(find_tag(*tags, "B") == nullptr);
  CHECK(without_tags(*tags, {"a", "c", "absent"}) == Tags{{"b", "3"}});
}

TEST_CASE("AWS's own keys are reserved in any case, a key comes once, and 50 are the most") {
  for (const char* key : {"aws:x", "AWS:x", "Aws:", "aws:"})
    CHECK(code_of(with_tags({}, {{key, ""}}, rules)) == "Reserved");
  CHECK(code_of(with_tags({}, {{"aws", ""}, {"awsx:", ""}}, rules)) == "");
  CHECK(code_of(with_tags({}, {{"a", "1"}, {"a", "2"}}, rules)) == "Twice");
  auto lenient = rules;
  lenient.twice = nullptr;
  CHECK(*with_tags({}, {{"a", "1"}, {"a", "2"}}, lenient) == Tags{{"a", "2"}});
  Tags many;
  for (std::size_t i = 0; i < most_tags; ++i) many.push_back({std::to_string(i), ""});
  CHECK(code_of(with_tags(many, {{"0", "again"}}, rules)) == "");
  CHECK(code_of(with_tags(many, {{"one more", ""}}, rules)) == "TooMany");
}

TEST_CASE("keys that differ in case are one key where the service says so") {
  auto any_case = rules;
  any_case.keys = TagKeys::any_case;
  CHECK(*with_tags({{"Name", "1"}}, {{"name", "2"}}, any_case) == Tags{{"name", "2"}});
  CHECK(code_of(with_tags({}, {{"a", "1"}, {"A", "2"}}, any_case)) == "Twice");
  CHECK(with_tags({{"Name", "1"}}, {{"name", "2"}}, rules)->size() == 2);
  CHECK(without_tags({{"Name", "1"}}, {"NAME"}, TagKeys::any_case).empty());
  CHECK(without_tags({{"Name", "1"}}, {"NAME"}).size() == 1);
}

TEST_CASE("condition keys of tags are found in any case") {
  ConditionKeys keys;
  add_resource_tags({{"Team", "ops"}}, keys);
  add_request_tags({{"Stage", "prod"}}, {"Old"}, keys);
  CHECK(keys.at("aws:resourcetag/TEAM") == ConditionKeys::Values{"ops"});
  CHECK(keys.at("aws:RequestTag/stage") == ConditionKeys::Values{"prod"});
  CHECK(keys.at("aws:TagKeys") == ConditionKeys::Values{"Stage", "Old"});
}
