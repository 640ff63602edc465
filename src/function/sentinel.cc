// SPDX-License-Identifier: Apache-2.0
#include "function/sentinel.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include "base/text.h"
#include "function/dns_message.h"

namespace sitelatch::function {
namespace {
using Clock = std::chrono::steady_clock;
constexpr auto addresses_are_fresh = std::chrono::seconds{3600};
// A resolver that does not answer holds the whole look up.
constexpr auto between_lookups = std::chrono::seconds{60};
constexpr std::size_t largest_message = 65'535;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct AddressesEnd {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

bool numeric(const std::string& host) {
  std::array<char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// What somebody else has written, for a sentence of ours.
std::string shown(const std::vector<std::string>& texts) {
  if (texts.size() != 1) return std::to_string(texts.size()) + " records";
  std::string out;
  for (const char c : texts[0].substr(0, 60)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return "'" + out + "'";
}
}  // namespace

// One server in one look.
struct DnsSentinel::Asked {
  guard::SentinelAnswer answer;
  std::string query;
  Descriptor socket;
  bool done = false, truncated = false;

  void fail(std::string problem) {
    answer.problem = std::move(problem);
    done = true;
  }
};

DnsSentinel::DnsSentinel(guard::RelaySettings settings, Limits limits)
    : settings_(std::move(settings)), limits_(limits), places_(settings_.name_servers.size()) {}

void DnsSentinel::wait(Duration length) { std::this_thread::sleep_for(length); }

// The first address, one of IPv4 before others: a function outside of a network of its own has no
// IPv6. What was found once stays while a lookup fails.
void DnsSentinel::find(const guard::NameServer& server, Place& place) {
  if (Clock::now() < place.good_until) return;
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  const auto host = server.host == "localhost" ? std::string{"127.0.0.1"} : server.host;
  if (numeric(host)) hints.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(host.c_str(), std::to_string(server.port).c_str(), &hints, &found);
  place.good_until = Clock::now() + (status == 0 ? addresses_are_fresh : between_lookups);
  if (status != 0) {
    place.problem = std::string{"has no address: "} + gai_strerror(status);
    return;
  }
  const std::unique_ptr<addrinfo, AddressesEnd> list{found};
  const auto* best = list.get();
  for (const auto* entry = list.get(); entry; entry = entry->ai_next)
    if (entry->ai_family == AF_INET) {
      best = entry;
      break;
    }
  std::memcpy(&place.address, best->ai_addr, best->ai_addrlen);
  place.size = best->ai_addrlen;
}

guard::Look DnsSentinel::look(Deadline deadline) {
  std::vector<Asked> asked(settings_.name_servers.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto& one = asked[i];
    one.answer.server = settings_.name_servers[i];
    auto& place = places_[i];
    find(one.answer.server, place);
    std::uint16_t id = 0;
    if (::getrandom(&id, sizeof id, 0) != sizeof id) one.fail("there are no random numbers");
    const auto query = txt_query(id, settings_.sentinel);
    if (!query) one.fail("'" + settings_.sentinel.substr(0, 100) + "' is no name to ask for");
    if (place.size == 0) one.fail(place.problem);
    if (one.done) continue;
    one.query = *query;
    // Connected, so that the system drops what comes from elsewhere.
    one.socket =
        Descriptor{::socket(place.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (one.socket.get() < 0 ||
        ::connect(one.socket.get(), reinterpret_cast<const sockaddr*>(&place.address),
                  place.size) != 0)
      one.fail(std::strerror(errno));
  }
  ask_by_udp(asked, std::min(deadline, Clock::now() + limits_.udp));
  const auto tcp_deadline = std::min(deadline, Clock::now() + limits_.tcp);
  for (auto& one : asked)
    if (one.truncated) ask_by_tcp(one, tcp_deadline);
  guard::Look look;
  for (auto& one : asked) {
    if (!one.answer.side && one.answer.problem.empty()) one.answer.problem = "no answer";
    look.push_back(std::move(one.answer));
  }
  return look;
}

// Asks, and asks the silent ones again. A datagram that does not fit is passed over, and so is a
// refusal by ICMP, which anybody can send as well.
void DnsSentinel::ask_by_udp(std::vector<Asked>& asked, Deadline deadline) {
  auto next_try = Clock::now();
  const auto waits = [](const Asked& one) { return !one.done; };
  std::string bytes(largest_message, '\0');
  while (std::any_of(asked.begin(), asked.end(), waits)) {
    const auto now = Clock::now();
    if (now >= deadline) return;
    const bool ask = now >= next_try;
    if (ask) next_try = now + limits_.again;
    std::vector<pollfd> waiting;
    std::vector<Asked*> whose;
    for (auto& one : asked) {
      if (one.done) continue;
      if (ask) static_cast<void>(::send(one.socket.get(), one.query.data(), one.query.size(), 0));
      waiting.push_back({one.socket.get(), POLLIN, 0});
      whose.push_back(&one);
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(std::min(deadline, next_try) - Clock::now());
    static_cast<void>(::poll(waiting.data(), waiting.size(),
                             static_cast<int>(std::max<std::int64_t>(left.count(), 0))));
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      const auto got = ::recv(waiting[i].fd, bytes.data(), bytes.size(), 0);
      if (got >= 0)
        take(*whose[i], std::string_view{bytes}.substr(0, static_cast<std::size_t>(got)));
      else if (errno == ECONNREFUSED)
        whose[i]->answer.problem = "nobody answers at its port";
    }
  }
}

// A message and its length before it (RFC 1035 §4.2.2).
void DnsSentinel::ask_by_tcp(Asked& asked, Deadline deadline) {
  asked.done = false;
  asked.truncated = false;
  std::string framed{static_cast<char>(asked.query.size() >> 8),
                     static_cast<char>(asked.query.size() & 255)};
  framed += asked.query;
  const auto& server = asked.answer.server;
  auto connection = Connection::open(Endpoint{false, server.host, server.port, ""}, deadline);
  if (!connection) return asked.fail("by TCP: " + connection.error().text);
  if (const auto sent = (*connection)->write(framed, deadline); !sent)
    return asked.fail("by TCP: " + sent.error().text);
  std::string reply;
  const auto size = [&reply] {
    return reply.size() < 2 ? std::size_t{2}
                            : 2 + (std::size_t{static_cast<unsigned char>(reply[0])} << 8 |
                                   static_cast<unsigned char>(reply[1]));
  };
  while (reply.size() < size()) {
    const auto before = reply.size();
    const auto got = (*connection)->read(reply, deadline);
    if (!got) return asked.fail("by TCP: " + got.error().text);
    if (reply.size() == before) return asked.fail("by TCP: connection closed");
  }
  take(asked, std::string_view{reply}.substr(2, size() - 2));
  if (!asked.done) asked.fail("by TCP: not the answer to the question");
  if (asked.truncated) asked.fail("by TCP: cut short too");
}

void DnsSentinel::take(Asked& asked, std::string_view bytes) {
  const auto reply = read_txt_reply(bytes, asked.query);
  switch (reply.kind) {
    case TxtReply::Kind::foreign:
      return;
    case TxtReply::Kind::truncated:
      asked.truncated = true;
      break;
    case TxtReply::Kind::unusable:
      asked.answer.problem = reply.problem;
      break;
    case TxtReply::Kind::texts:
      asked.answer.side = guard::side_of(reply.texts, settings_);
      asked.answer.problem = asked.answer.side ? "" : "says " + shown(reply.texts);
      break;
  }
  asked.answer.at = Clock::now().time_since_epoch();
  asked.done = true;
}

}  // namespace sitelatch::function
