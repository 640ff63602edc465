// SPDX-License-Identifier: Apache-2.0
// What DNS hands over for query logs: read from its bytes, bounded, and on the control thread.
#include "engine/query_log.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include <string>

#include "dns/name.h"

using namespace sitelatch;
using engine::QueryLog;
using Bytes = std::vector<std::uint8_t>;
using Transport = dns::Limits::Transport;

namespace {

Bytes asking(const std::string& name, std::uint8_t type) {
  Bytes out{0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const auto wire = dns::name_from_text(name, dns::Case::keep).value();
  out.insert(out.end(), wire.begin(), wire.end());
  const Bytes question{0, type, 0, 1};
  out.insert(out.end(), question.begin(), question.end());
  return out;
}
Bytes answered(Bytes query, std::uint8_t rcode) {
  query[2] |= 0x80;
  query[3] = rcode;
  return query;
}
sockaddr_storage from(const char* address) {
  sockaddr_storage out{};
  auto& in = reinterpret_cast<sockaddr_in&>(out);
  in.sin_family = AF_INET;
  REQUIRE(inet_pton(AF_INET, address, &in.sin_addr) == 1);
  return out;
}

struct Log {
  std::vector<std::function<void()>> posted;
  std::vector<route53::LoggedQuery> taken;
  QueryLog log{[this](std::function<void()> task) { posted.push_back(std::move(task)); },
               [this](const std::vector<route53::LoggedQuery>& queries) {
                 taken.insert(taken.end(), queries.begin(), queries.end());
               }};
  void ask(const std::string& name) {
    const auto query = asking(name, 1);
    log.take(query, answered(query, 0), Transport::udp, from("192.0.2.53"));
  }
};

}  // namespace

TEST_CASE("a query is read from its bytes: name, type, answer, transport, who asked") {
  const auto query = asking("WWW.a.test", 28);
  const auto out =
      engine::logged_query(query, answered(query, 3), Transport::tcp, from("192.0.2.53"));
  REQUIRE(out.has_value());
  CHECK(dns::name_to_text(out->name) == "www.a.test.");
  CHECK(out->type == "AAAA");
  CHECK(out->rcode == "NXDOMAIN");
  CHECK(out->transport == "TCP");
  CHECK(out->resolver == "192.0.2.53");
  const Bytes nothing(12, 0);
  CHECK_FALSE(engine::logged_query(nothing, nothing, Transport::udp, from("192.0.2.53")));
  CHECK_FALSE(engine::logged_query({}, {}, Transport::udp, from("192.0.2.53")));
}

TEST_CASE("one task takes what has come; a flood is cut, and the next starts anew") {
  Log f;
  f.ask("a.test");
  f.ask("b.test");
  REQUIRE(f.posted.size() == 1);
  CHECK(f.taken.empty());
  f.posted.front()();
  CHECK(f.taken.size() == 2);
  for (std::size_t i = 0; i < QueryLog::most_waiting + 5; ++i) f.ask("c.test");
  REQUIRE(f.posted.size() == 2);
  f.posted.back()();
  CHECK(f.taken.size() == 2 + QueryLog::most_waiting);
  f.ask("d.test");
  CHECK(f.posted.size() == 3);
}
