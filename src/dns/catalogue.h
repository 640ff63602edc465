// SPDX-License-Identifier: Apache-2.0
// Catalogue: the one implementation of View: a persistent table of zones, each a persistent table
// of nodes. A step copies the paths to what it changes and shares the rest.
#pragma once

#include "dns/places.h"
#include "dns/view.h"
#include "dns/zone.h"

namespace sitelatch::dns {

class Catalogue final : public View {
 public:
  Catalogue() = default;
  Catalogue(const Trie<Zone>& zones, std::shared_ptr<const Places> places)
      : zones_(zones), places_(std::move(places)) {}
  static const Catalogue& of(const View& view) { return static_cast<const Catalogue&>(view); }

  std::shared_ptr<const View> with(const std::vector<NodeChange>& changes) const override;
  std::shared_ptr<const View> without_zone(const std::string& origin) const override;
  std::shared_ptr<const View> with_places(std::shared_ptr<const Places> places) const override;
  const Places* places() const { return places_.get(); }

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
  std::shared_ptr<const Places> places_;  // none: nobody is anywhere
};

}  // namespace sitelatch::dns
