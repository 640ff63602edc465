// SPDX-License-Identifier: Apache-2.0
// Functions without the API: what is found, what is written through, and what follows from a
// function's being there.
#include "services/lambda/functions.h"

#include "ports/rows.h"
#include "services/lambda/test_world.h"

namespace sitelatch::lambda::test {

TEST_CASE("a function is found in its region, and by the name that its own account gives it") {
  PartsWorld w;
  w.make("f");
  CHECK(w.functions().lookup("eu-west-1", "f") != nullptr);
  CHECK(w.functions().lookup("eu-west-2", "f") == nullptr);
  CHECK(w.functions().find({"eu-west-1", "000000000000", "f", "no such version"}) != nullptr);
  CHECK(w.functions().find({"eu-west-1", "111111111111", "f", ""}) == nullptr);
}

TEST_CASE("the functions of a region come by name, its neighbours' do not") {
  PartsWorld w;
  w.make("b", "two");
  w.make("a", "four");
  w.make("c", "zip", "eu-west-2");
  w.make("d", "zip", "eu-west");
  std::string names;
  for (const auto* function : w.functions().in_region("eu-west-1")) names += function->name;
  CHECK(names == "ab");
  CHECK(w.functions().code_bytes("eu-west-1") == 7);
}

TEST_CASE("reservations are those of the functions that were saved, also after a start") {
  PartsWorld w;
  for (const auto* name : {"f", "g"}) {
    auto& function = w.make(name);
    function.reserved_concurrency = 5;
    w.functions().save(function);
  }
  CHECK(w.functions().reserved_in("eu-west-1", "") == 10);
  CHECK(w.functions().reserved_in("eu-west-1", "f") == 5);
  CHECK(w.functions().reserved_in("eu-west-2", "") == 0);
  w.restart();
  CHECK(w.functions().reserved_in("eu-west-1", "") == 10);
  auto& f = *w.functions().find({"eu-west-1", "000000000000", "f", ""});
  f.reserved_concurrency.reset();
  w.functions().save(f);
  CHECK(w.functions().reservations().size() == 1);
  w.functions().erase(*w.functions().lookup("eu-west-1", "g"));
  CHECK(w.functions().reservations().empty());
}

TEST_CASE("a deployment package is kept while any version of any function has it") {
  PartsWorld w;
  const auto kept = [&] { return w.parts->code.find(base64("shared")) != nullptr; };
  auto& f = w.make("f", "shared");
  const auto& g = w.make("g", "shared");
  SUBCASE("two functions") {
    w.functions().erase(f);
    CHECK(kept());
    w.functions().erase(g);
    CHECK_FALSE(kept());
  }
  SUBCASE("a published version") {
    w.functions().erase(g);
    const auto number = w.functions().publish(f, std::nullopt).number;
    f.policies[number] = {};
    auto other = f.latest.configuration;
    other.code_sha256 = base64("other");
    w.functions().begin_update(f, other);
    w.functions().save(f);
    w.functions().settle_soon(f);
    w.world.settle();
    CHECK(kept());
    w.functions().erase_version(f, number);
    CHECK_FALSE(kept());
    CHECK(f.policies.empty());
    w.restart();
    CHECK(w.functions().lookup("eu-west-1", "f")->versions.empty());
  }
}

TEST_CASE("an update takes effect when it is durable; until then what it replaced is there") {
  PartsWorld w;
  auto& f = w.make("f", "old");
  const auto before = f.latest;
  auto configuration = f.latest.configuration;
  configuration.code_sha256 = base64("new");
  w.functions().begin_update(f, configuration);
  w.functions().save(f);
  w.functions().settle_soon(f);
  REQUIRE(f.previous.has_value());
  CHECK(f.previous->build_id == before.build_id);
  CHECK(f.latest.build_id != before.build_id);
  CHECK(f.latest.update == Version::Update::in_progress);
  CHECK(w.parts->code.find(base64("old")) != nullptr);
  const auto revision = f.latest.revision_id;
  w.world.settle();
  CHECK_FALSE(f.previous.has_value());
  CHECK(f.latest.update == Version::Update::successful);
  CHECK(f.latest.revision_id != revision);
  CHECK(w.parts->code.find(base64("old")) == nullptr);
  CHECK(w.world.functions.retired == std::vector<std::string>{function_arn});
}

TEST_CASE("a row that stands under another function's key is nobody's") {
  PartsWorld w;
  const auto row = to_row(w.make("f"));
  w.world.journal.put("lambda.functions", "eu-west-1/g", row);
  CHECK_THROWS_AS(PartsWorld::Parts{w}, ports::BadRow);
}

TEST_CASE("an alias of a version that is not there is no state to start on") {
  PartsWorld w;
  auto& f = w.make("f");
  const auto number = w.functions().publish(f, std::nullopt).number;
  Alias live;
  live.name = "live";
  live.version = number;
  f.aliases.emplace("live", live);
  SUBCASE("all is there") {
    w.functions().save(f);
    CHECK_NOTHROW(PartsWorld::Parts{w});
  }
  SUBCASE("the alias's own") {
    f.aliases["live"].version = "7";
    w.functions().save(f);
    CHECK_THROWS_AS(PartsWorld::Parts{w}, ports::BadRow);
  }
  SUBCASE("the additional one") {
    f.aliases["live"].weights["7"] = 0.5;
    w.functions().save(f);
    CHECK_THROWS_AS(PartsWorld::Parts{w}, ports::BadRow);
  }
}

}  // namespace sitelatch::lambda::test
