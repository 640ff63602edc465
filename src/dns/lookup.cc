// SPDX-License-Identifier: Apache-2.0
#include "dns/lookup.h"

#include "dns/catalogue.h"
#include "dns/type.h"

namespace sitelatch::dns {

LookupA lookup_a(const View& view, const std::string& wire_name, std::uint64_t random) {
  const Catalogue& catalogue = Catalogue::of(view);
  LookupA found;
  Key name;
  if (name.assign(wire_name) == 0) return found;
  for (int step = 0; step < 16; ++step) {
    const auto enclosing = catalogue.enclosing(name, type::a);
    if (!enclosing.zone) {
      if (found.ours) found.alias = std::string(name.name());
      return found;
    }
    found.ours = true;
    const auto match = enclosing.zone->find(name, enclosing.suffix, type::a);
    if (match.kind == Zone::Match::delegation) found.alias = std::string(name.name());
    if (match.kind == Zone::Match::delegation || !match.node) return found;
    const Node::Set* set = match.node->find(type::a);
    if (!set) set = match.node->find(type::cname);
    if (!set) return found;
    const Answer records = match.node->draw(*set, random);
    std::size_t at = 0;
    for (unsigned i = 0; i < records.count; ++i) {
      const std::uint8_t* rdata = records.wire + at + 12;
      const std::size_t size = std::size_t{records.wire[at + 10]} << 8 | records.wire[at + 11];
      at += 12 + size;
      if (set->type == type::cname && name.assign(rdata, size) == 0) return found;
      if (set->type == type::a && size == 4)
        found.addresses.push_back({rdata[0], rdata[1], rdata[2], rdata[3]});
    }
    if (set->type == type::a || records.count == 0) return found;
  }
  return found;
}

}  // namespace sitelatch::dns
