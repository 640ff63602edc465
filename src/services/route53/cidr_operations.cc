// SPDX-License-Identifier: Apache-2.0
// CIDR collections (fact route53-116).
#include <fmt/format.h>

#include <set>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/route53/cidr_collections.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_collections = 5, most_blocks = 1000, most_items_a_page = 100;

std::string arn_of(const CidrCollection& collection) {
  return "arn:aws:route53:::cidrcollection/" + collection.id;
}

aws::Value summary(const CidrCollection& collection) {
  return aws::Value::structure({{"Arn", arn_of(collection)},
                                {"Id", collection.id},
                                {"Name", collection.name},
                                {"Version", collection.version}});
}

aws::Outcome<aws::Page> page_at(const std::string& kind, const aws::Value& in) {
  const auto most = max_items(in["MaxResults"], most_items_a_page, "MaxResults");
  if (!most) return failure(most.error());
  auto page = aws::Page::at(kind, in["NextToken"], static_cast<std::int64_t>(*most));
  if (!page)
    return aws::refuse("InvalidInput", "Invalid parameter : The specified NextToken is invalid.");
  return std::move(*page);
}

// One element of Changes, done to `blocks`.
aws::Outcome<Done> apply_change(const aws::Value& change,
                                std::map<CidrBlock, std::string>& blocks) {
  const auto& location = change["LocationName"].string();
  const bool put = change["Action"].string() == "PUT";
  for (const auto& item : change["CidrList"].items()) {
    auto block = parse_cidr_block(item.string());
    if (!block) return failure(block.error());
    const auto there = blocks.find(*block);
    if (!put) {
      if (there != blocks.end() && there->second == location) blocks.erase(there);
      continue;
    }
    if (there != blocks.end() && there->second != location)
      return aws::refuse("CidrBlockInUseException",
                         fmt::format("The CIDR block {} is already in use, by the location {}.",
                                     shown(*block), there->second));
    blocks.emplace(std::move(*block), location);
  }
  return Done{};
}

}  // namespace

aws::Outcome<const CidrCollection*> Route53::cidr_collection(const aws::Value& id) const {
  if (const auto* found = cidr_collections_.find(id.string())) return found;
  return aws::refuse("NoSuchCidrCollectionException",
                     fmt::format("The CIDR collection {} doesn't exist.", id.string()));
}

// The locations of a collection that records name, with "*".
std::set<std::string> Route53::locations_in_use(const std::string& collection_id) const {
  std::set<std::string> out;
  zones_.visit("", [&](const HostedZone& zone) {
    for (const auto& [listed, group] : zone.groups)
      for (const auto& record : group)
        if (record.policy == Policy::cidr && record.cidr.collection_id == collection_id)
          out.insert(record.cidr.location_name);
    return true;
  });
  return out;
}

Route53::Out Route53::create_cidr_collection(const Call& call) {
  const auto& name = call.input["Name"].string();
  const auto& reference = call.input["CallerReference"].string();
  const auto answer = [](const CidrCollection& collection) {
    return aws::Value::structure(
        {{"Collection", summary(collection)},
         {"Location", "https://route53.amazonaws.com/2013-04-01/cidrcollection/" + collection.id}});
  };
  if (const auto* namesake = cidr_collections_.by_name(name)) {
    if (namesake->caller_reference == reference) return answer(*namesake);
    return aws::refuse("CidrCollectionAlreadyExistsException",
                       "A CIDR collection with this name and a different caller reference already "
                       "exists in this account.");
  }
  if (const auto* other = cidr_collections_.by_reference(reference))
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : The caller reference is that of the CIDR "
                                   "collection {}.",
                                   other->name));
  if (cidr_collections_.size() >= most_collections)
    return aws::refuse("LimitsExceeded",
                       fmt::format("Limits Exceeded: Cannot create more than {} CIDR collections",
                                   most_collections));
  return answer(cidr_collections_.add({ports::uuid(entropy_), name, reference, 1, {}}));
}

Route53::Out Route53::change_cidr_collection(const Call& call) {
  const auto& in = call.input;
  const auto collection = cidr_collection(in["Id"]);
  if (!collection) return failure(collection.error());
  if (in["CollectionVersion"].integer_or((*collection)->version) != (*collection)->version)
    return aws::refuse(
        "CidrCollectionVersionMismatchException",
        fmt::format("The CIDR collection version you provided, {}, doesn't match the collection's, "
                    "which is {}.",
                    in["CollectionVersion"].integer(), (*collection)->version));
  std::size_t named = 0;
  for (const auto& change : in["Changes"].items()) named += change["CidrList"].items().size();
  if (named > most_blocks)
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : A request must not have more than {} CIDR "
                                   "blocks.",
                                   most_blocks));
  auto blocks = (*collection)->blocks;
  for (const auto& change : in["Changes"].items())
    if (auto ok = apply_change(change, blocks); !ok) return failure(ok.error());
  if (blocks.size() > most_blocks)
    return aws::refuse("LimitsExceeded",
                       fmt::format("Limits Exceeded: A CIDR collection cannot have more than {} "
                                   "blocks",
                                   most_blocks));
  CidrCollection after;
  after.blocks = blocks;
  for (const auto& location : locations_in_use((*collection)->id))
    if ((*collection)->has_location(location) && !after.has_location(location))
      return aws::refuse("CidrBlockInUseException",
                         fmt::format("The last CIDR block of the location {} is in use: records of "
                                     "the collection {} name the location.",
                                     location, (*collection)->name));
  cidr_collections_.change((*collection)->id, std::move(blocks));
  answers_.places_changed();
  const auto change = changes_.add("", timers_.now());
  publisher_.stage({}, when_published(change.id));
  return aws::Value::structure({{"Id", change.id}});
}

Route53::Out Route53::delete_cidr_collection(const Call& call) {
  const auto collection = cidr_collection(call.input["Id"]);
  if (!collection) return failure(collection.error());
  if (!(*collection)->blocks.empty() || !locations_in_use((*collection)->id).empty())
    return aws::refuse("CidrCollectionInUseException",
                       "This CIDR collection is in use, and isn't empty.");
  cidr_collections_.remove((*collection)->id);
  answers_.places_changed();
  return aws::Value::structure();
}

Route53::Out Route53::list_cidr_collections(const Call& call) {
  auto page = page_at("cidr collections", call.input);
  if (!page) return failure(page.error());
  cidr_collections_.visit([&](const CidrCollection& collection) {
    return page->offer(collection.id, [&] { return summary(collection); });
  });
  return aws::Value::structure(
      {{"NextToken", page->next_token()}, {"CidrCollections", page->items()}});
}

Route53::Out Route53::list_cidr_locations(const Call& call) {
  const auto collection = cidr_collection(call.input["CollectionId"]);
  if (!collection) return failure(collection.error());
  auto page = page_at("cidr locations " + (*collection)->id, call.input);
  if (!page) return failure(page.error());
  for (const auto& [name, blocks] : (*collection)->locations())
    if (!page->offer(name, [&name_of_it = name] {
          return aws::Value::structure({{"LocationName", name_of_it}});
        }))
      break;
  return aws::Value::structure(
      {{"NextToken", page->next_token()}, {"CidrLocations", page->items()}});
}

Route53::Out Route53::list_cidr_blocks(const Call& call) {
  const auto& in = call.input;
  const auto collection = cidr_collection(in["CollectionId"]);
  if (!collection) return failure(collection.error());
  const auto only = in["LocationName"].optional_string();
  if (only && !(*collection)->has_location(*only))
    return aws::refuse(
        "NoSuchCidrLocationException",
        fmt::format("The CIDR collection {} has no location {}.", (*collection)->name, *only));
  auto page = page_at("cidr blocks " + (*collection)->id + " " + only.value_or(""), in);
  if (!page) return failure(page.error());
  bool more = true;
  for (const auto& [location, blocks] : (*collection)->locations()) {
    if (only && *only != location) continue;
    for (auto at = blocks.begin(); more && at != blocks.end(); ++at) {
      const auto position = fmt::format("{} {:02} {} {:03}", location, at->address.size(),
                                        hex(at->address), at->prefix);
      const auto item =
          aws::Value::structure({{"CidrBlock", shown(*at)}, {"LocationName", location}});
      more = page->offer(position, [&] { return item; });
    }
  }
  return aws::Value::structure({{"NextToken", page->next_token()}, {"CidrBlocks", page->items()}});
}

}  // namespace sitelatch::route53
