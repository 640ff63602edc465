// SPDX-License-Identifier: Apache-2.0
// CIDR collections: blocks, operations, and the records that name them (fact route53-116).
#include "services/route53/cidr_collections.h"

#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;

namespace {

struct Collections : Fixture {
  std::string make_collection(const std::string& name) {
    return ok("CreateCidrCollection", R"({"Name":")" + name + R"(","CallerReference":"r )" + name +
                                          "\"}")["Collection"]["Id"]
        .string();
  }
  static std::string change_of(const std::string& id, const std::string& action,
                               const std::string& location, const std::string& blocks,
                               const std::string& more = "") {
    return R"({"Id":")" + id + R"(","Changes":[{"LocationName":")" + location + R"(","Action":")" +
           action + R"(","CidrList":[)" + blocks + "]}]" + more + "}";
  }
  void put(const std::string& id, const std::string& location, const std::string& blocks) {
    ok("ChangeCidrCollection", change_of(id, "PUT", location, blocks));
  }
  // "paris 192.0.2.0/24, ..."
  std::string blocks(const std::string& id, const std::string& more = "") {
    const auto out = ok("ListCidrBlocks", R"({"CollectionId":")" + id + "\"" + more + "}");
    std::string text;
    for (const auto& block : out["CidrBlocks"].items())
      text += (text.empty() ? "" : ", ") + block["LocationName"].string() + " " +
              block["CidrBlock"].string();
    return text;
  }
};

std::string of(const std::string& id) { return R"({"CollectionId":")" + id + "\"}"; }

}  // namespace

TEST_CASE("what is a CIDR block") {
  for (const std::string text : {"192.0.2.0/24", "10.0.0.0/8", "128.0.0.0/1", "2001:db8::/32"}) {
    const auto block = parse_cidr_block(text);
    CHECK_MESSAGE(block.has_value(), text);
    if (block) CHECK(shown(*block) == text);
  }
  CHECK(shown(*parse_cidr_block("2001:0DB8:0::/48")) == "2001:db8::/48");
  for (const std::string text :
       {"", "192.0.2.0", "192.0.2.0/", "/24", "192.0.2.0/25", "0.0.0.0/0", "192.0.2.1/24",
        "192.0.2.0/24 ", "192.0.2/24", "192.0.2.0/+24", "2001:db8::/49", "::/0", "2001:db8::1/32",
        "192.0.2.0/24/24", "a/24"})
    CHECK_MESSAGE(!parse_cidr_block(text), text);
}

TEST_CASE("the longest block that covers an address says where it is") {
  CidrCollection collection;
  const auto add = [&](const std::string& block, const std::string& location) {
    collection.blocks.emplace(*parse_cidr_block(block), location);
  };
  add("10.0.0.0/8", "wide");
  add("10.1.0.0/16", "narrow");
  add("2001:db8::/32", "six");
  using namespace std::string_literals;
  CHECK(collection.location_of("\x0a\x01\x02\x03"s) == "narrow");
  CHECK(collection.location_of("\x0a\x02\x02\x03"s) == "wide");
  CHECK(collection.location_of("\x0b\x02\x02\x03"s) == std::nullopt);
  CHECK(collection.location_of("\x20\x01\x0d\xb8"s + std::string(12, '\1')) == "six");
}

TEST_CASE("a collection from its making to its end, over a restart") {
  Collections f;
  const auto made = f.ok("CreateCidrCollection", R"({"Name":"offices","CallerReference":"1"})");
  const auto id = made["Collection"]["Id"].string();
  CHECK(made["Collection"]["Arn"].string() == "arn:aws:route53:::cidrcollection/" + id);
  CHECK(made["Collection"]["Version"].integer() == 1);
  CHECK(f.ok("CreateCidrCollection", R"({"Name":"offices","CallerReference":"1"})") == made);
  CHECK(f.code("CreateCidrCollection", R"({"Name":"offices","CallerReference":"2"})") ==
        "CidrCollectionAlreadyExistsException");
  CHECK(f.code("CreateCidrCollection", R"({"Name":"other","CallerReference":"1"})") ==
        "InvalidInput");

  f.put(id, "paris", R"("192.0.2.0/24","10.0.0.0/8")");
  const auto changed = f.ok(
      "ChangeCidrCollection",
      Collections::change_of(id, "PUT", "rome", R"("2001:db8::/32")", R"(,"CollectionVersion":2)"));
  f.world.settle();
  CHECK(f.ok("GetChange", R"({"Id":")" + changed["Id"].string() + "\"}")["ChangeInfo"]["Status"]
            .string() == "INSYNC");
  f.crash();
  const auto all = "paris 10.0.0.0/8, paris 192.0.2.0/24, rome 2001:db8::/32";
  CHECK(f.blocks(id) == all);
  CHECK(f.blocks(id, R"(,"LocationName":"rome")") == "rome 2001:db8::/32");
  CHECK(f.code("ListCidrBlocks", R"({"CollectionId":")" + id + R"(","LocationName":"oslo"})") ==
        "NoSuchCidrLocationException");
  CHECK(aws::to_json(f.ok("ListCidrLocations", of(id))["CidrLocations"]) ==
        R"([{"LocationName":"paris"},{"LocationName":"rome"}])");
  CHECK(f.ok("ListCidrCollections", "{}")["CidrCollections"].items().at(0)["Version"].integer() ==
        3);

  CHECK(f.code("ChangeCidrCollection", Collections::change_of(id, "PUT", "rome", R"("10.0.0.0/9")",
                                                              R"(,"CollectionVersion":2)")) ==
        "CidrCollectionVersionMismatchException");
  CHECK(f.code("ChangeCidrCollection",
               Collections::change_of(id, "PUT", "rome", R"("11.0.0.0/8","10.0.0.0/8")")) ==
        "CidrBlockInUseException");
  CHECK(f.blocks(id) == all);  // nothing of it
  f.ok("ChangeCidrCollection",
       Collections::change_of(id, "DELETE_IF_EXISTS", "rome", R"("10.0.0.0/8")"));  // not rome's
  CHECK(f.blocks(id) == all);
  // Moved in one request.
  f.ok("ChangeCidrCollection",
       R"({"Id":")" + id + R"(","Changes":[{"LocationName":"paris","Action":"DELETE_IF_EXISTS",)" +
           R"("CidrList":["10.0.0.0/8"]},{"LocationName":"rome","Action":"PUT",)" +
           R"("CidrList":["10.0.0.0/8"]}]})");
  CHECK(f.blocks(id) == "paris 192.0.2.0/24, rome 10.0.0.0/8, rome 2001:db8::/32");

  CHECK(f.code("DeleteCidrCollection", R"({"Id":")" + id + "\"}") ==
        "CidrCollectionInUseException");
  f.ok("ChangeCidrCollection",
       Collections::change_of(id, "DELETE_IF_EXISTS", "rome", R"("10.0.0.0/8","2001:db8::/32")"));
  f.ok("ChangeCidrCollection",
       Collections::change_of(id, "DELETE_IF_EXISTS", "paris", R"("192.0.2.0/24")"));
  f.ok("DeleteCidrCollection", R"({"Id":")" + id + "\"}");
  f.world.settle();
  f.crash();
  CHECK(f.code("DeleteCidrCollection", R"({"Id":")" + id + "\"}") ==
        "NoSuchCidrCollectionException");
  CHECK(f.code("ListCidrLocations", of(id)) == "NoSuchCidrCollectionException");
}

TEST_CASE("records name a location that is there, and hold it") {
  Collections f;
  const auto zone = f.make_zone("a.test");
  const auto id = f.make_collection("offices");
  f.put(id, "paris", R"("192.0.2.0/24")");
  const auto record = [&](const std::string& collection, const std::string& location) {
    return Fixture::a("www.a.test", "192.0.2.1",
                      R"(,"SetIdentifier":")" + location +
                          R"(","CidrRoutingConfig":{"CollectionId":")" + collection +
                          R"(","LocationName":")" + location + R"("})");
  };
  const std::string other = "11111111-2222-3333-4444-555555555555";
  CHECK(f.change_refused(zone, {{"CREATE", record(other, "paris")}}) ==
        "InvalidChangeBatch: [The CIDR collection with ID " + other + " doesn't exist.]");
  CHECK(f.change_refused(zone, {{"CREATE", record(id, "oslo")}}) ==
        "InvalidChangeBatch: [The CIDR collection with ID " + id + " has no location oslo.]");
  f.change(zone, {{"CREATE", record(id, "paris")}, {"CREATE", record(id, "*")}});
  CHECK(f.code("ChangeCidrCollection",
               Collections::change_of(id, "DELETE_IF_EXISTS", "paris", R"("192.0.2.0/24")")) ==
        "CidrBlockInUseException");
  f.change(zone, {{"DELETE", record(id, "paris")}});
  f.ok("ChangeCidrCollection",
       Collections::change_of(id, "DELETE_IF_EXISTS", "paris", R"("192.0.2.0/24")"));
  CHECK(f.code("DeleteCidrCollection", R"({"Id":")" + id + "\"}") ==
        "CidrCollectionInUseException");  // "*" names it still
  f.change(zone, {{"DELETE", record(id, "*")}});
  f.ok("DeleteCidrCollection", R"({"Id":")" + id + "\"}");
}

TEST_CASE("pages and limits of CIDR collections") {
  Collections f;
  for (const std::string name : {"a", "b", "c", "d", "e"}) f.make_collection(name);
  CHECK(f.code("CreateCidrCollection", R"({"Name":"f","CallerReference":"f"})") ==
        "LimitsExceeded");
  std::size_t seen = 0;
  std::string token;
  for (int page = 0; page < 3; ++page) {
    const auto out = f.ok("ListCidrCollections", R"({"MaxResults":"2")" + token + "}");
    seen += out["CidrCollections"].items().size();
    CHECK(out["NextToken"].is_null() == (page == 2));
    token = R"(,"NextToken":")" + out["NextToken"].string_or("") + "\"";
  }
  CHECK(seen == 5);
  CHECK(f.code("ListCidrCollections", R"({"NextToken":"nonsense"})") == "InvalidInput");
  CHECK(f.code("ListCidrCollections", R"({"MaxResults":"0"})") == "InvalidInput");

  const auto all = f.ok("ListCidrCollections", "{}");
  const auto id = all["CidrCollections"].items().at(0)["Id"].string();
  std::string blocks;
  for (int i = 0; i < 1000; ++i)
    blocks += (i ? ",\"10." : "\"10.") + std::to_string(i / 250) + "." + std::to_string(i % 250) +
              ".0/24\"";
  f.put(id, "many", blocks);
  CHECK(f.code("ChangeCidrCollection", Collections::change_of(id, "PUT", "x", R"("11.0.0.0/8")")) ==
        "LimitsExceeded");
  CHECK(f.code("ChangeCidrCollection",
               Collections::change_of(id, "PUT", "x", blocks + R"(,"11.0.0.0/8")")) ==
        "InvalidInput");
  std::string after;
  std::string first;
  seen = 0;
  do {
    const auto out = f.ok("ListCidrBlocks",
                          R"({"CollectionId":")" + id + R"(","LocationName":"many")" + after + "}");
    seen += out["CidrBlocks"].items().size();
    after = out.has("NextToken") ? R"(,"NextToken":")" + out["NextToken"].string() + "\"" : "";
    if (first.empty()) first = after;
  } while (!after.empty());
  CHECK(seen == 1000);
  CHECK(f.code("ListCidrBlocks", R"({"CollectionId":")" + id + "\"" + first + "}") ==
        "InvalidInput");  // another list's
}
