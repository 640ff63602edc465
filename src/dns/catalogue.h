// SPDX-License-Identifier: Apache-2.0
// Catalogue: the one implementation of View: a persistent table of zones, each a persistent table
// of nodes. A step copies the paths to what it changes and shares the rest.
#pragma once

#include "dns/view.h"
#include "dns/zone.h"

namespace sitelatch::dns {

class Catalogue final : public View {
 public:
  Catalogue() = default;
  explicit Catalogue(const Trie<Zone>& zones) : zones_(zones) {}
  static const Catalogue& of(const View& view) { return static_cast<const Catalogue&>(view); }

  std::shared_ptr<const View> with(const std::vector<NodeChange>& changes) const override;
  std::shared_ptr<const View> without_zone(const std::string& origin) const override;

  struct Enclosing {
    const Zone* zone = nullptr;
    std::size_t suffix = 0;  // of the key: the zone's origin
  };
  // The deepest zone that holds the name; of DS at a zone's origin, the zone above if that is here
  // too.
  Enclosing enclosing(const Key& key, std::uint16_t type) const;
  std::size_t zone_count() const { return zones_.size(); }

 private:
  Trie<Zone> zones_;
};

}  // namespace sitelatch::dns
