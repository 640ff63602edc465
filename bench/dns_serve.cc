// SPDX-License-Identifier: Apache-2.0
// The DNS server by itself, to be loaded from outside: dns_serve ADDRESS PORT [THREADS
// [FLIPS_A_SECOND]]. Serves www.example.com A and, flips asked for, publishes another view that
// often meanwhile. Ends with its standard input.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>

#include "dns/testing.h"
#include "net/dns/server.h"

using namespace sitelatch;

namespace {
std::shared_ptr<const dns::View> view(const char* address) {
  return dns::testing::view_of(fmt::format(
      "example.com 900 SOA ns-2048.awsdns-64.net awsdns-hostmaster.amazon.com 1 7200 900 1209600 "
      "86400\n"
      "example.com 172800 NS ns-2048.awsdns-64.com\nexample.com 172800 NS ns-2049.awsdns-65.net\n"
      "example.com 172800 NS ns-2050.awsdns-66.org\nexample.com 172800 NS ns-2051.awsdns-67.co.uk\n"
      "www.example.com 60 A {}\n",
      address));
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  net::DnsServer::Options options;
  options.threads = argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 1;
  const int flips = argc > 4 ? std::atoi(argv[4]) : 0;
  const auto server = net::DnsServer::listen(
      {argv[1], static_cast<std::uint16_t>(std::atoi(argv[2]))}, options, view("192.0.2.1"));
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().text);
    return 1;
  }
  fmt::print("{}\n", net::to_string((*server)->endpoint()));
  std::fflush(stdout);
  const auto up = view("192.0.2.1"), down = view("192.0.2.2");
  pollfd input{STDIN_FILENO, POLLIN, 0};
  for (bool flipped = false; poll(&input, 1, flips > 0 ? 1000 / flips : -1) == 0;
       flipped = !flipped) {
    (*server)->publish(flipped ? up : down);
  }
  fmt::print("{} queries\n", (*server)->queries());
}
