// SPDX-License-Identifier: Apache-2.0
#include "engine/query_log.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <utility>

#include "base/log.h"
#include "dns/query.h"
#include "dns/type.h"

namespace sitelatch::engine {
namespace {

std::string word_of_rcode(unsigned rcode) {
  static constexpr std::array<std::string_view, 6> words = {"NOERROR",  "FORMERR", "SERVFAIL",
                                                            "NXDOMAIN", "NOTIMP",  "REFUSED"};
  return rcode < words.size() ? std::string{words[rcode]} : fmt::format("RCODE{}", rcode);
}

std::string address_of(const sockaddr_storage& peer) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address = nullptr;
  if (peer.ss_family == AF_INET)
    address = &reinterpret_cast<const sockaddr_in&>(peer).sin_addr;
  else if (peer.ss_family == AF_INET6)
    address = &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
  if (!address || !inet_ntop(peer.ss_family, address, text.data(), text.size())) return "-";
  return text.data();
}

}  // namespace

std::optional<route53::LoggedQuery> logged_query(std::span<const std::uint8_t> query,
                                                 std::span<const std::uint8_t> reply,
                                                 dns::Limits::Transport transport,
                                                 const sockaddr_storage& peer) {
  dns::Query asked;
  asked.read(query);
  if (asked.question_end == dns::header_size || reply.size() < dns::header_size)
    return std::nullopt;
  const bool udp = transport == dns::Limits::Transport::udp;
  return route53::LoggedQuery{std::string{asked.name.name()}, dns::type_to_text(asked.type),
                              word_of_rcode(reply[3] & 0x0F), udp ? "UDP" : "TCP",
                              address_of(peer)};
}

void QueryLog::take(std::span<const std::uint8_t> query, std::span<const std::uint8_t> reply,
                    dns::Limits::Transport transport, const sockaddr_storage& peer) {
  auto logged = logged_query(query, reply, transport, peer);
  if (!logged) return;
  bool first = false;
  {
    const std::lock_guard hold{mutex_};
    if (waiting_.size() >= most_waiting) {
      ++lost_;
      return;
    }
    first = waiting_.empty();
    waiting_.push_back(std::move(*logged));
  }
  if (first) post_([this] { drain(); });
}

void QueryLog::drain() {
  std::vector<route53::LoggedQuery> taken;
  std::uint64_t lost = 0;
  {
    const std::lock_guard hold{mutex_};
    taken.swap(waiting_);
    lost = std::exchange(lost_, 0);
  }
  take_(taken);
  if (lost > 0)
    log(LogLevel::warning, "route53",
        fmt::format("{} DNS queries are missing in the query logs: they came faster than they "
                    "could be written",
                    lost));
}

}  // namespace sitelatch::engine
