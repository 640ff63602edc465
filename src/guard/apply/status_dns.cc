// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/status_dns.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

constexpr int type_a = 1, type_cname = 5, type_aaaa = 28;
constexpr int udp_tries = 2;
constexpr int most_silent_servers = 2;  // then it is not the servers that are silent

int type_number(const std::string& type) {
  return type == "AAAA" ? type_aaaa : type == "CNAME" ? type_cname : type_a;
}

struct HostPort {
  std::string host, port = "53";
};
HostPort split_server(const std::string& server) {
  if (server.starts_with('[')) {
    const auto end = server.find(']');
    if (end != std::string::npos)
      return {server.substr(1, end - 1), server.size() > end + 2 ? server.substr(end + 2) : "53"};
  }
  const auto colon = server.find(':');
  if (colon != std::string::npos && colon == server.rfind(':'))
    return {server.substr(0, colon), server.substr(colon + 1)};
  return {server};
}

std::string without_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

class Socket {
 public:
  Socket(const addrinfo& to, int type, std::chrono::milliseconds limit)
      : fd_(::socket(to.ai_family, type | SOCK_CLOEXEC, 0)),
        connected_(fd_ >= 0 && connects(fd_, to, limit)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  explicit operator bool() const { return connected_; }
  int get() const { return fd_; }

  bool send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool receive_all(char* into, std::size_t size) {
    while (size > 0) {
      const auto got = ::recv(fd_, into, size, 0);
      if (got <= 0) return false;
      into += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }

 private:
  static bool connects(int fd, const addrinfo& to, std::chrono::milliseconds limit) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    const timeval time{seconds.count(), std::chrono::microseconds{limit - seconds}.count()};
    // The limit of sending is that of connecting, too.
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    return ::connect(fd, to.ai_addr, to.ai_addrlen) == 0;
  }

  int fd_;
  bool connected_ = false;
};

// Labels of a name as Route 53 spells it: \052 is an octal escape; a wildcard becomes a label that
// nobody has.
std::optional<std::string> wire_name(const std::string& name) {
  std::string out, label;
  const auto end_label = [&] {
    if (label == "*") label = "sitelatch-question";
    if (label.empty() || label.size() > 63) return false;
    out += static_cast<char>(label.size());
    out += label;
    label.clear();
    return true;
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '.') {
      if (!end_label()) return std::nullopt;
    } else if (name[i] == '\\' && i + 3 < name.size()) {
      const auto octal = std::string_view{name}.substr(i + 1, 3);
      int value = 0;
      for (const char digit : octal) {
        if (digit < '0' || digit > '7') return std::nullopt;
        value = value * 8 + (digit - '0');
      }
      if (value > 255) return std::nullopt;
      label += static_cast<char>(value);
      i += 3;
    } else {
      label += name[i];
    }
  }
  if (!label.empty() && !end_label()) return std::nullopt;
  out += '\0';
  if (out.size() > 255) return std::nullopt;
  return out;
}

unsigned byte_at(const std::string& message, std::size_t at) {
  return static_cast<unsigned char>(message[at]);
}
unsigned number_at(const std::string& message, std::size_t at) {
  return byte_at(message, at) << 8 | byte_at(message, at + 1);
}

// Reads a name, following pointers only backwards; moves `at` behind it.
std::optional<std::string> read_name(const std::string& message, std::size_t& at) {
  std::string out;
  std::size_t here = at, limit = message.size();
  bool jumped = false;
  while (true) {
    if (here >= limit) return std::nullopt;
    const auto length = byte_at(message, here);
    if (length == 0) {
      if (!jumped) at = here + 1;
      return out;
    }
    if (length >= 192) {
      if (here + 1 >= message.size()) return std::nullopt;
      const std::size_t target = (length & 63) << 8 | byte_at(message, here + 1);
      if (target >= here) return std::nullopt;
      if (!jumped) at = here + 2;
      jumped = true;
      limit = here;
      here = target;
      continue;
    }
    if (length > 63 || here + 1 + length > message.size() || out.size() > 1024) return std::nullopt;
    out += message.substr(here + 1, length) + ".";
    here += 1 + length;
  }
}

}  // namespace

std::optional<DnsAnswer> read_dns_answer(const std::string& message, std::size_t question_end,
                                         int type) {
  DnsAnswer out;
  out.rcode = static_cast<int>(byte_at(message, 3) & 15);
  out.authoritative = (byte_at(message, 2) & 4) != 0;
  out.truncated = (byte_at(message, 2) & 2) != 0;
  if (out.truncated) return out;  // its records may be cut off anywhere
  std::size_t at = question_end;
  for (unsigned left = number_at(message, 6); left > 0; --left) {
    if (!read_name(message, at) || at + 10 > message.size()) return std::nullopt;
    const auto record_type = static_cast<int>(number_at(message, at));
    const std::size_t length = number_at(message, at + 8), data = at + 10;
    if (data + length > message.size()) return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (record_type == type && type == type_a && length == 4)
      out.values.emplace_back(
          ::inet_ntop(AF_INET, message.data() + data, text.data(), text.size()));
    else if (record_type == type && type == type_aaaa && length == 16)
      out.values.emplace_back(
          ::inet_ntop(AF_INET6, message.data() + data, text.data(), text.size()));
    else if (record_type == type_cname) {
      std::size_t name_at = data;
      const auto target = read_name(message, name_at);
      if (!target) return std::nullopt;
      out.values.push_back(lower(*target));
    }
    at = data + length;
  }
  std::sort(out.values.begin(), out.values.end());
  return out;
}

namespace {

std::string query_of(const std::string& question) {
  std::uint16_t id = 0;
  if (::getrandom(&id, sizeof id, 0) != sizeof id) return {};
  std::string query{"\0\0\0\0\0\1\0\0\0\0\0\0", 12};
  std::memcpy(query.data(), &id, sizeof id);
  return query + question;
}

// The id, the question, and that it is an answer.
bool answers(const std::string& reply, const std::string& query) {
  constexpr std::size_t header = 12;
  return reply.size() >= query.size() && reply.compare(0, 2, query, 0, 2) == 0 &&
         (reply[2] & '\x80') != 0 && number_at(reply, 4) == 1 &&
         equal_ignoring_case(std::string_view{reply}.substr(header, query.size() - header),
                             std::string_view{query}.substr(header));
}

std::optional<DnsAnswer> exchange_by_udp(const addrinfo& to, const std::string& question, int type,
                                         std::chrono::milliseconds limit) {
  Socket socket(to, SOCK_DGRAM, limit);
  const auto query = query_of(question);
  if (!socket || query.empty() || !socket.send_all(query)) return std::nullopt;
  std::string reply(65535, '\0');
  // Stray datagrams are passed over, a few of them.
  for (int stray = 0; stray < 4; ++stray) {
    const auto got = ::recv(socket.get(), reply.data(), reply.size(), 0);
    if (got < 0) return std::nullopt;
    const auto message = reply.substr(0, static_cast<std::size_t>(got));
    if (answers(message, query)) return read_dns_answer(message, query.size(), type);
  }
  return std::nullopt;
}

// A message and its length before it (RFC 1035 section 4.2.2).
std::optional<DnsAnswer> exchange_by_tcp(const addrinfo& to, const std::string& question, int type,
                                         std::chrono::milliseconds limit) {
  Socket socket(to, SOCK_STREAM, limit);
  const auto query = query_of(question);
  if (!socket || query.empty()) return std::nullopt;
  const auto length = query.size();
  const std::string framed =
      std::string{static_cast<char>(length >> 8), static_cast<char>(length & 255)} + query;
  std::string size(2, '\0');
  if (!socket.send_all(framed) || !socket.receive_all(size.data(), size.size()))
    return std::nullopt;
  std::string reply(number_at(size, 0), '\0');
  if (!socket.receive_all(reply.data(), reply.size()) || !answers(reply, query))
    return std::nullopt;
  return read_dns_answer(reply, query.size(), type);
}

struct ResultFree {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, ResultFree>;

Addresses addresses_of(const HostPort& server, int type) {
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  if (::getaddrinfo(server.host.c_str(), server.port.c_str(), &hints, &found) != 0) return nullptr;
  return Addresses{found};
}

// The addresses of a load balancer and the like: names outside the account's zones.
std::vector<std::string> by_system_resolver(const std::string& name, const std::string& type) {
  std::vector<std::string> out;
  const auto list = addresses_of({without_dot(name), "80"}, SOCK_STREAM);
  for (const auto* entry = list.get(); entry; entry = entry->ai_next) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (entry->ai_family == AF_INET && type == "A")
      out.emplace_back(::inet_ntop(AF_INET,
                                   &reinterpret_cast<sockaddr_in*>(entry->ai_addr)->sin_addr,
                                   text.data(), text.size()));
    if (entry->ai_family == AF_INET6 && type == "AAAA")
      out.emplace_back(::inet_ntop(AF_INET6,
                                   &reinterpret_cast<sockaddr_in6*>(entry->ai_addr)->sin6_addr,
                                   text.data(), text.size()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& value) {
    return std::find(b.begin(), b.end(), value) != b.end();
  });
}

// Asks for one name at servers in turn, and what the two sides would answer.
class Question {
 public:
  Question(client::Aws& aws, const std::string& given, const AskDns& ask)
      : aws_(aws), given_(given), ask_dns_(ask) {}

  DnsSnapshot ask(const RecordSnapshot& primary, const RecordSnapshot* secondary) {
    DnsSnapshot snapshot{primary.name, primary.type, "", {}, Serving::unknown, "", false};
    const auto answer = ask_zone(primary.zone_id, primary.name, primary.type, snapshot.server);
    if (!answer) {
      snapshot.problem = answer.error().text;
      return snapshot;
    }
    snapshot.answer = answer->values;
    if (answer->rcode != 0 || snapshot.answer.empty()) {
      snapshot.serving = Serving::neither;
      snapshot.problem = fmt::format("{} answers {} with {}", snapshot.server, primary.name,
                                     answer->rcode == 0 ? "nothing" : rcode_text(answer->rcode));
      return snapshot;
    }
    judge(snapshot, values_of(primary),
          secondary ? values_of(*secondary) : std::vector<std::string>{});
    return snapshot;
  }

 private:
  static std::string rcode_text(int rcode) {
    return rcode == 2   ? "SERVFAIL"
           : rcode == 3 ? "NXDOMAIN"
           : rcode == 5 ? "REFUSED"
                        : fmt::format("rcode {}", rcode);
  }

  static void judge(DnsSnapshot& snapshot, const std::vector<std::string>& primary,
                    const std::vector<std::string>& backup) {
    const bool is_primary = common(snapshot.answer, primary),
               is_backup = common(snapshot.answer, backup);
    snapshot.serving = is_primary && is_backup ? Serving::both
                       : is_primary            ? Serving::primary
                       : is_backup             ? Serving::backup
                                               : Serving::neither;
    if (snapshot.serving == Serving::both)
      snapshot.problem = "both sites have this answer in common: it does not tell who serves";
    if (snapshot.serving == Serving::neither && primary.empty() && backup.empty()) {
      snapshot.serving = Serving::unknown;
      snapshot.problem = "what the sites' records point to could not be resolved";
    } else if (snapshot.serving == Serving::neither) {
      snapshot.problem = "this is neither what the PRIMARY nor what the SECONDARY record says";
    }
  }

  std::vector<std::string> values_of(const RecordSnapshot& record) {
    if (!record.alias) {
      auto values = record.values;
      if (record.type == "CNAME")
        for (auto& value : values) value = lower(value.ends_with('.') ? value : value + ".");
      if (record.type == "AAAA")
        for (auto& value : values) value = canonical_v6(value);
      return values;
    }
    std::string server;
    const bool of_zone = record.alias->zone_id == record.zone_id || !given_.empty();
    if (of_zone) {
      const auto answer = ask_zone(record.zone_id, record.alias->name, record.type, server);
      if (answer && !answer->values.empty()) return answer->values;
      if (!given_.empty()) return {};
    }
    return by_system_resolver(record.alias->name, record.type);
  }

  static std::string canonical_v6(const std::string& text) {
    in6_addr bytes{};
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (::inet_pton(AF_INET6, text.c_str(), &bytes) != 1) return text;
    return ::inet_ntop(AF_INET6, &bytes, out.data(), out.size());
  }

  Result<DnsAnswer> ask_zone(const std::string& zone_id, const std::string& name,
                             const std::string& type, std::string& server) {
    const auto& servers = servers_of(zone_id);
    if (!servers) return failure(servers.error());
    std::string why = "the zone has no name servers";
    auto& silent = silent_[zone_id];
    for (const auto& candidate : *servers) {
      if (static_cast<int>(silent.size()) >= most_silent_servers) break;
      server = candidate;
      const auto answer = ask_dns_(candidate, name, type);
      if (answer && (answer->authoritative || !given_.empty())) return answer;
      why = answer ? fmt::format(
                         "{} answers without authority: something on the way speaks in its "
                         "name, a resolver with a cache perhaps",
                         candidate)
                   : answer.error().text;
      silent.push_back(why);
    }
    return failure(Problem{silent.empty() ? why : silent.back()});
  }

  const Result<std::vector<std::string>>& servers_of(const std::string& zone_id) {
    const auto known = servers_.find(zone_id);
    if (known != servers_.end()) return known->second;
    return servers_.emplace(zone_id, read_servers(zone_id)).first->second;
  }
  Result<std::vector<std::string>> read_servers(const std::string& zone_id) {
    if (!given_.empty()) return std::vector{given_};
    const auto zone =
        aws_.call("route53", "GetHostedZone", client::Value::structure({{"Id", zone_id}}));
    if (!zone)
      return failure(
          Problem{client::explain(zone.error(), "find the name servers of zone " + zone_id)});
    return (*zone)["DelegationSet"]["NameServers"].strings();
  }

  client::Aws& aws_;
  const std::string given_;
  const AskDns& ask_dns_;
  std::map<std::string, Result<std::vector<std::string>>> servers_;
  std::map<std::string, std::vector<std::string>> silent_;  // why, by zone
};

}  // namespace

Result<DnsAnswer> ask_dns_within(const DnsLimits& limits, const std::string& server,
                                 const std::string& name, const std::string& type) {
  const auto wire = wire_name(name);
  if (!wire)
    return failure(Problem{fmt::format("{} is no name that DNS could be asked for", name)});
  const auto number = type_number(type);
  const auto question = *wire + std::string{'\0', static_cast<char>(number), '\0', '\1'};
  const auto list = addresses_of(split_server(server), SOCK_DGRAM);
  if (!list) return failure(Problem{fmt::format("the name server {} has no address", server)});
  std::optional<DnsAnswer> cut_short;
  for (int attempt = 0; attempt < udp_tries && !cut_short; ++attempt)
    for (const auto* to = list.get(); to; to = to->ai_next)
      if (const auto answer = exchange_by_udp(*to, question, number, limits.udp)) {
        if (!answer->truncated) return *answer;
        cut_short = answer;
        break;
      }
  for (const auto* to = list.get(); to; to = to->ai_next)
    if (const auto answer = exchange_by_tcp(*to, question, number, limits.tcp)) return *answer;
  return failure(Problem{
      cut_short ? fmt::format("the name server {} cuts its answer short, and answers nothing by "
                              "TCP",
                              server)
                : fmt::format("the name server {} does not answer, neither by UDP nor by TCP (port "
                              "53 may be blocked on the way)",
                              server)});
}

Result<DnsAnswer> ask_dns(const std::string& server, const std::string& name,
                          const std::string& type) {
  return ask_dns_within(DnsLimits{}, server, name, type);
}

std::string_view to_string(Serving serving) {
  static constexpr std::array<std::string_view, 5> names = {"primary", "backup", "both", "neither",
                                                            "unknown"};
  return names[static_cast<std::size_t>(serving)];
}

std::vector<DnsSnapshot> ask_serving(client::Aws& aws, const RecordsSnapshot& records,
                                     const std::string& server, const AskDns& ask) {
  std::vector<DnsSnapshot> out;
  Question question(aws, server, ask);
  for (const auto& user : records.users) {
    if (user.failover != "PRIMARY" ||
        (user.type != "A" && user.type != "AAAA" && user.type != "CNAME"))
      continue;
    if (user.private_zone && server.empty()) {
      out.push_back(
          {user.name,
           user.type,
           "",
           {},
           Serving::unknown,
           "a private zone answers only inside its networks; --dns-server ADDR:PORT asks a "
           "resolver there",
           true});
      continue;
    }
    const auto secondary = std::find_if(records.secondaries.begin(), records.secondaries.end(),
                                        [&](const auto& other) {
                                          return other.zone_id == user.zone_id &&
                                                 other.name == user.name && other.type == user.type;
                                        });
    out.push_back(
        question.ask(user, secondary == records.secondaries.end() ? nullptr : &*secondary));
  }
  return out;
}

std::optional<bool> primary_serves(const std::vector<DnsSnapshot>& answers) {
  const auto all_say = [&](Serving who) {
    return !answers.empty() && std::all_of(answers.begin(), answers.end(),
                                           [who](const auto& one) { return one.serving == who; });
  };
  if (all_say(Serving::primary)) return true;
  if (all_say(Serving::backup)) return false;
  return std::nullopt;
}

}  // namespace sitelatch::guard
