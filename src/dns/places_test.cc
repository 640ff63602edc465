// SPDX-License-Identifier: Apache-2.0
#include "dns/places.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace sitelatch::dns;

namespace {

Network net(const char* text) {
  const auto network = network_from_text(text);
  REQUIRE_MESSAGE(network.has_value(), text);
  return *network;
}
Places::Found find_in(const Places& places, const Network& asker) {
  return places.find(
      {reinterpret_cast<const std::uint8_t*>(asker.bytes.data()), asker.bytes.size()},
      asker.length);
}
std::string place_and_scope(const Places& places, const char* asker) {
  const auto found = find_in(places, net(asker));
  return std::to_string(found.place) + "/" + std::to_string(found.scope);
}

}  // namespace

TEST_CASE("networks as text") {
  CHECK(net("192.0.2.0/24").length == 24);
  CHECK(net("192.0.2.1").length == 32);
  CHECK(net("::/0").bytes.size() == 16);
  for (const char* bad : {"", "192.0.2.0/33", "192.0.2.1/24", "192.0.2.0/", "192.0.2.0/-1", "x",
                          "192.0.2.0/24/1", "192.0.2.0 /24", "2001:db8::/129", "2001:db8::1/64"})
    CHECK_MESSAGE(!network_from_text(bad), bad);
}

TEST_CASE("the most specific network counts, and the scope holds for all who share it") {
  Places places;
  CHECK(place_and_scope(places, "192.0.2.1") == "0/0");
  places.put(net("10.0.0.0/8"), 1);
  places.put(net("10.1.0.0/16"), 2);
  places.put(net("2001:db8::/32"), 3);
  CHECK(place_and_scope(places, "10.1.2.3") == "2/16");
  CHECK(place_and_scope(places, "10.128.0.1") == "1/9");  // 10.0.0.0/9 has the /16 in it
  CHECK(place_and_scope(places, "10.0.0.1") == "1/16");
  CHECK(place_and_scope(places, "192.0.2.1") == "0/1");
  CHECK(place_and_scope(places, "10.0.0.0/8") == "1/8");  // no more is known
  CHECK(place_and_scope(places, "2001:db8::1") == "3/32");
  CHECK(place_and_scope(places, "::ffff:10.1.2.3") == "2/112");
  places.put(net("0.0.0.0/0"), 9);
  CHECK(place_and_scope(places, "192.0.2.1") == "9/1");
}

TEST_CASE("places: against a naive model, and the scope is true") {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    Places places;
    std::map<Network, std::uint16_t> model;
    for (std::uint16_t i = 1; i <= 20; ++i) {
      Network network{std::string(4, '\0'), static_cast<unsigned>(random() % 9)};
      network.bytes[0] = static_cast<char>(random() & (0xff00U >> network.length));
      model[network] = i;
      places.put(network, i);
    }
    for (unsigned first = 0; first < 256; ++first) {
      Network asker{std::string(4, '\0'), 32};
      asker.bytes[0] = static_cast<char>(first);
      std::uint16_t wanted = 0;
      unsigned longest = 0;
      for (const auto& [network, place] : model)
        if (contains(network, asker) && network.length >= longest)
          wanted = place, longest = network.length;
      const auto found = find_in(places, asker);
      REQUIRE(found.place == wanted);
      for (const auto& [network, place] : model) {  // nobody more specific inside the scope
        Network scope = asker;
        scope.length = found.scope;
        if (network.length <= found.scope) continue;
        Network cut = network;
        cut.length = found.scope;
        REQUIRE_FALSE(contains(cut, scope));
      }
    }
  }
}
