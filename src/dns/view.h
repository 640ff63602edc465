// SPDX-License-Identifier: Apache-2.0
// View: an immutable picture of everything DNS may answer, decided beforehand. services/route53
// builds and changes it (routing policies, health and aliases are already applied: a query only
// looks up, and where weights are in play draws); DNS threads read it without locks. A change
// shares all that it does not touch with the view it came from. Names here are wire form
// (length-prefixed labels, ending in the root's zero), lower case; rdata is wire form with
// uncompressed names.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sitelatch::dns {

struct Rrset {
  std::uint32_t ttl = 0;
  std::vector<std::string> rdata;
  friend bool operator==(const Rrset&, const Rrset&) = default;
};

// What a name and type answer. One choice: always that. Several: drawn by weight for each query.
// None: the name exists but has nothing of this type to say now (NODATA).
struct Choice {
  std::uint32_t weight = 1;
  Rrset rrset;
  bool fails = false;  // what it is cannot be told now: SERVFAIL, and nothing in `rrset`
  friend bool operator==(const Choice&, const Choice&) = default;
};
using Choices = std::vector<Choice>;

// One name and type of one zone is set (or, with nullopt, removed).
struct NodeChange {
  std::string zone;  // origin
  std::string name;  // inside the zone; "*" labels are wildcards (RFC 4592)
  std::uint16_t type = 0;
  std::optional<Choices> choices;
  // In place of `choices` for those who are at a place (by Places of the view). With `choices`
  // only.
  std::map<std::uint16_t, Choices> placed{};
};

class Places;

class View {
 public:
  virtual ~View() = default;
  static std::shared_ptr<const View> empty();

  // The changes in order, as one step. A zone exists from its first node (its SOA) on; a zone must
  // hold SOA and NS at its origin before it is published. Cost is by the number of changes, not by
  // the size of the view.
  virtual std::shared_ptr<const View> with(const std::vector<NodeChange>& changes) const = 0;
  virtual std::shared_ptr<const View> without_zone(const std::string& origin) const = 0;
  // Where askers are, from now on.
  virtual std::shared_ptr<const View> with_places(std::shared_ptr<const Places> places) const = 0;
};

}  // namespace sitelatch::dns
