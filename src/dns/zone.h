// SPDX-License-Identifier: Apache-2.0
// Zone: the nodes of one zone and how a name is found among them: itself, a delegation above it, a
// wildcard, or nothing (RFC 1034 §4.3.2, RFC 4592). A finished zone is immutable; a copy shares all
// nodes and may be changed until it is put into a catalogue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dns/key.h"
#include "dns/node.h"
#include "dns/trie.h"

namespace sitelatch::dns {

class Zone {
 public:
  explicit Zone(std::string origin);
  Zone(const Zone& other);
  static void destroy(const Zone* zone) { delete zone; }

  std::uint64_t hash() const { return hash_; }
  std::string_view name() const { return origin_; }
  std::size_t size() const { return nodes_.size(); }  // names, empty non-terminals included

  // Sets or (with nullopt) removes one type at one name inside the zone.
  void set(const std::string& name, std::uint16_t type, const std::optional<Choices>& choices,
           const std::map<std::uint16_t, Choices>& placed = {});
  bool empty() const { return nodes_.size() == 0; }

  struct Match {
    enum Kind { exact, wildcard, delegation, nothing };
    Kind kind = nothing;
    const Node* node = nullptr;
    std::size_t suffix = 0;  // of the key: the node's name (of a delegation, the cut's)
  };
  // `origin_suffix` says which suffix of the key is this zone's origin.
  Match find(const Key& key, std::size_t origin_suffix, std::uint16_t type) const;
  const Node* node(const Key& key, std::size_t suffix = 0) const {
    return nodes_.find(key.hash(suffix), key.name(suffix));
  }

  // The SOA as negative answers carry it, TTL = min(its own, its minimum) (RFC 2308 §3). No records
  // before it is set.
  Answer negative_soa() const;
  Answer name_servers() const { return name_servers_; }

  mutable std::atomic<std::uint32_t> refs{1};

 private:
  void replace(const Key& key, std::uint32_t children, const std::vector<PreparedSet>& sets);
  void count_child(const Key& key, std::size_t suffix, int change);
  void refresh_origin();

  std::string origin_;
  std::size_t origin_labels_;
  std::uint64_t hash_;
  Trie<Node> nodes_;
  std::uint32_t cuts_ = 0;  // names below the origin that hold NS
  std::string negative_soa_;
  Answer name_servers_;  // points into the origin's node
};

}  // namespace sitelatch::dns
