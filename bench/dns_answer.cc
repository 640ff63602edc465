// SPDX-License-Identifier: Apache-2.0
// What answer() costs by itself: dns_answer [rounds [records]]. Prints nanoseconds a query and, for
// a big view, seconds to make it and bytes a record. Under `valgrind --tool=callgrind
// --toggle-collect='*answer*'` it gives instructions.
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdlib>

#include "dns/name.h"
#include "dns/testing.h"
#include "dns/type.h"

using namespace sitelatch::dns;
using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

const char* const zone =
    "example.com 900 SOA ns-2048.awsdns-64.net awsdns-hostmaster.amazon.com 1 7200 900 1209600 "
    "86400\n"
    "example.com 172800 NS ns-2048.awsdns-64.com\nexample.com 172800 NS ns-2049.awsdns-65.net\n"
    "example.com 172800 NS ns-2050.awsdns-66.org\nexample.com 172800 NS ns-2051.awsdns-67.co.uk\n"
    "www.example.com 60 A 192.0.2.1\nalias.example.com 60 CNAME www.example.com\n";

void measure(const char* what, const View& view, const std::string& query, long rounds) {
  std::uint8_t reply[1232];
  const Limits limits;
  std::size_t sum = 0;
  const auto start = Clock::now();
  for (long i = 0; i < rounds; ++i) {
    sum += answer({reinterpret_cast<const std::uint8_t*>(query.data()), query.size()}, view, reply,
                  limits, static_cast<std::uint64_t>(i));
  }
  fmt::print("{:<28} {:>6.0f} ns a query, reply of {} bytes\n", what,
             seconds_since(start) / static_cast<double>(rounds) * 1e9,
             rounds ? sum / static_cast<std::size_t>(rounds) : 0);
}

std::vector<NodeChange> many_hosts(long records) {
  std::vector<NodeChange> changes;
  const std::string origin = name_from_text("example.com").value();
  for (long i = 0; i < records; ++i) {
    const std::string address(4, static_cast<char>(i));
    changes.push_back({origin, name_from_text(fmt::format("host-{}.example.com", i)).value(),
                       type::a, Choices{{1, {60, {address}}}}});
  }
  return changes;
}

}  // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? std::atol(argv[1]) : 2'000'000;
  const long records = argc > 2 ? std::atol(argv[2]) : 0;
  auto view = testing::view_of(zone);
  const auto ask = [&](const char* what, const char* name, const char* kind) {
    measure(what, *view, testing::query_bytes(name, kind), rounds);
  };
  ask("address", "www.example.com", "A");
  measure("address, EDNS", *view, testing::with_edns(testing::query_bytes("www.example.com", "A")),
          rounds);
  ask("alias", "alias.example.com", "A");
  ask("NODATA", "www.example.com", "AAAA");
  ask("NXDOMAIN", "none.example.com", "A");
  if (records > 0) {
    const auto changes = many_hosts(records);
    const std::size_t before = mallinfo2().uordblks;
    const auto start = Clock::now();
    view = view->with(changes);
    fmt::print("{} records: {:.2f} s, {:.0f} bytes each\n", records, seconds_since(start),
               static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(records));
    ask("address among many", "host-4711.example.com", "A");
    const auto flip = Clock::now();
    for (int i = 0; i < 1000; ++i)
      view = view->with({changes[static_cast<std::size_t>(i) % changes.size()]});
    fmt::print("one change: {:.1f} us\n", seconds_since(flip) * 1e3);
  }
}
