// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <doctest/doctest.h>

using sitelatch::is_restricted_address;

TEST_CASE("link-local addresses, the metadata service and `this host`, in every form") {
  for (const char* text : {"169.254.169.254",
                           "169.254.0.0",
                           "169.254.255.255",
                           "0.0.0.0",
                           "0.1.2.3",
                           "fe80::1",
                           "febf::1",
                           "fd00:ec2::254",
                           "::",
                           "::ffff:169.254.169.254",
                           "::ffff:0.0.0.0",
                           "::169.254.169.254",
                           "::ffff:0:169.254.169.254",
                           "64:ff9b::169.254.169.254",
                           "64:ff9b:1::169.254.169.254",
                           "64:ff9b:1:a9fe:a9:fe00::",
                           "64:ff9b:1:a9:fe:a9fe::",
                           "64:ff9b:1:0:a9:fea9:fe00:0",
                           "2002:a9fe:a9fe::1",
                           "2001:0:a9fe:a9fe::1",
                           "2001:0:102:304::5601:5601",
                           "2001:db8::5efe:169.254.169.254",
                           "2001:db8::200:5efe:169.254.169.254"})
    CHECK_MESSAGE(is_restricted_address(std::string(text)), text);
}

TEST_CASE("loopback, private and public addresses, and what is none") {
  for (const char* text : {"127.0.0.1",
                           "10.0.0.1",
                           "172.16.0.1",
                           "192.168.169.254",
                           "100.64.0.1",
                           "169.253.1.1",
                           "169.255.1.1",
                           "192.0.2.1",
                           "::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.1.2.3",
                           "fec0::1",
                           "fd00::1",
                           "fd12:ec2::254",
                           "2001:db8::1",
                           "2606:4700::1111",
                           "2002:a00:1::1",
                           "64:ff9b::192.0.2.1",
                           "",
                           "localhost",
                           "169.254.169",
                           "fe80::1%lo"})
    CHECK_MESSAGE(!is_restricted_address(std::string(text)), text);
}
