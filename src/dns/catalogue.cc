// SPDX-License-Identifier: Apache-2.0
#include "dns/catalogue.h"

#include <map>

#include "base/check.h"
#include "dns/type.h"

namespace sitelatch::dns {

std::shared_ptr<const View> View::empty() { return std::make_shared<const Catalogue>(); }

std::shared_ptr<const View> Catalogue::with(const std::vector<NodeChange>& changes) const {
  std::map<std::string_view, Ref<Zone>> changed;
  for (const NodeChange& change : changes) {
    Ref<Zone>& zone = changed[change.zone];
    if (!zone) {
      Key key;
      ENSURE(key.assign(change.zone) == change.zone.size(), "an origin is a wire name");
      const Zone* before = zones_.find(key.hash(), key.name());
      zone = Ref<Zone>(before ? new Zone(*before) : new Zone(change.zone));
    }
    zone->set(change.name, change.type, change.choices, change.placed);
  }
  auto next = std::make_shared<Catalogue>(zones_, places_);
  for (auto& [origin, zone] : changed) {
    if (zone->empty()) {
      next->zones_.erase(zone->hash(), zone->name());
    } else {
      next->zones_.put(Ref<const Zone>(zone.give_up()));
    }
  }
  return next;
}

std::shared_ptr<const View> Catalogue::without_zone(const std::string& origin) const {
  auto next = std::make_shared<Catalogue>(zones_, places_);
  Key key;
  if (key.assign(origin) == origin.size()) next->zones_.erase(key.hash(), key.name());
  return next;
}

std::shared_ptr<const View> Catalogue::with_places(std::shared_ptr<const Places> places) const {
  return std::make_shared<Catalogue>(zones_, std::move(places));
}

Catalogue::Enclosing Catalogue::enclosing(const Key& key, std::uint16_t type) const {
  Enclosing found;
  for (std::size_t suffix = 0; suffix <= key.labels(); ++suffix) {
    const Zone* zone = zones_.find(key.hash(suffix), key.name(suffix));
    if (!zone) continue;
    found = {zone, suffix};
    if (!(suffix == 0 && type == type::ds)) return found;
  }
  return found;
}

}  // namespace sitelatch::dns
