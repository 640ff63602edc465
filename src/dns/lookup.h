// SPDX-License-Identifier: Apache-2.0
// lookup_a: the IPv4 addresses that a view gives a name, for probes of names that we serve
// ourselves.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dns/view.h"

namespace sitelatch::dns {

struct LookupA {
  bool ours = false;  // the name lies in a zone of the view
  std::vector<std::array<std::uint8_t, 4>> addresses;
  std::string alias;  // wire; not empty: the chain of CNAMEs (or the delegation) leaves the view,
                      // ask the world for this
};
LookupA lookup_a(const View& view, const std::string& wire_name, std::uint64_t random);

}  // namespace sitelatch::dns
