// SPDX-License-Identifier: Apache-2.0
#include "net/io/link_local.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <initializer_list>

using namespace sitelatch::net;

namespace {
bool link_local(const char* text) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    return is_link_local(reinterpret_cast<const sockaddr&>(v4));
  }
  REQUIRE(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
  v6.sin6_family = AF_INET6;
  return is_link_local(reinterpret_cast<const sockaddr&>(v6));
}
}  // namespace

TEST_CASE("addresses of the link, the machine's metadata and of nobody, in every dress") {
  for (const auto* text :
       {"169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.250",
        "255.255.255.255", "fe80::1", "febf::1", "ff02::1", "::", "::ffff:169.254.169.254",
        "::ffff:0.0.0.0", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1", "fd00:ec2::254", "fd20:ce::254"})
    CHECK_MESSAGE(link_local(text), text);
  for (const auto* text : {"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.253.1.1",
                           "192.0.2.1", "::1", "fec0::1", "fd00::1", "2001:db8::1",
                           "::ffff:192.0.2.1", "64:ff9b::c000:201", "2002:c000:201::1"})
    CHECK_MESSAGE(!link_local(text), text);
}
