// SPDX-License-Identifier: Apache-2.0
#include "net/dns/precautions.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <string>

using namespace sitelatch::net;

namespace {

sockaddr_storage peer(const std::string& address) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    REQUIRE(inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1);
    storage.ss_family = AF_INET6;
  }
  return storage;
}

}  // namespace

TEST_CASE("who is limited: the world unless told otherwise, this machine only when told") {
  struct Row {
    std::optional<unsigned> asked;
    bool reachable;
    bool world, machine;
  };
  for (const Row& row :
       {Row{std::nullopt, true, true, false}, Row{std::nullopt, false, false, false},
        Row{20U, true, true, true}, Row{20U, false, true, true}, Row{0U, true, false, false}}) {
    CAPTURE(row.asked.value_or(999));
    CAPTURE(row.reachable);
    DnsPrecautions precautions(row.asked, row.reachable);
    const auto turn = DnsPrecautions::turn(std::chrono::steady_clock::now());
    for (const char* address : {"192.0.2.7", "10.1.2.3", "2001:db8::7"}) {
      const auto from = peer(address);
      CHECK((precautions.asker(from, turn).limiter != nullptr) == row.world);
    }
    for (const char* address : {"127.0.0.1", "127.9.9.9", "::1"}) {
      const auto from = peer(address);
      CHECK((precautions.asker(from, turn).limiter != nullptr) == row.machine);
      CHECK(precautions.asker(from, turn).cookies != nullptr);
    }
  }
}
