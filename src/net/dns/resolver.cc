// SPDX-License-Identifier: Apache-2.0
#include "net/dns/resolver.h"

#include <ares.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "dns/lookup.h"
#include "dns/name.h"

namespace sitelatch::net {

namespace {

// Packets of one socket before the others have their turn.
constexpr int reads_a_turn = 64;
constexpr ssize_t dns_head_size = 12;

// Nobody else's (RFC 6761 §6.3): such names are this machine, and never asked for.
bool is_localhost(std::string_view name) {
  constexpr std::string_view top = "localhost";
  if (name.size() < top.size() || !equal_ignoring_case(name.substr(name.size() - top.size()), top))
    return false;
  return name.size() == top.size() || name[name.size() - top.size() - 1] == '.';
}

}  // namespace

struct Resolver::Pending {
  Resolver& resolver;
  Done done;
  std::uint64_t troubles_before;
};

struct Resolver::SocketCalls {
  static Resolver& of(void* self) { return *static_cast<Resolver*>(self); }
  static void state(void* self, int fd, int readable, int writable) {
    of(self).watch(fd, readable != 0, writable != 0);
  }
  static int open(int domain, int type, int protocol, void* self) {
    return of(self).open(domain, type, protocol);
  }
  static int close(int fd, void* self) {
    of(self).sockets_.erase(fd);
    return 0;
  }
  static int connect(int fd, const sockaddr* address, socklen_t size, void*) {
    return ::connect(fd, address, size);
  }
  static ssize_t receive(int fd, void* buffer, std::size_t size, int, sockaddr* from,
                         socklen_t* from_size, void* self) {
    return of(self).receive(fd, buffer, size, from, from_size);
  }
  static ssize_t send(int fd, const iovec* parts, int count, void* self) {
    of(self).note_question(fd, *parts);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<std::size_t>(count);
    return ::sendmsg(fd, &message, MSG_NOSIGNAL);
  }
  static constexpr ares_socket_functions table{&open, &close, &connect, &receive, &send};
};

Resolver::Resolver(Epoll& epoll, const Options& given)
    : epoll_(epoll),
      spread_(
          static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  ENSURE(library == ARES_SUCCESS, "c-ares cannot start");
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH;
  options.timeout = static_cast<int>(given.try_limit.count());
  options.tries = 2;
  char lookups[] = "fb";
  options.lookups = lookups;
  options.sock_state_cb = &SocketCalls::state;
  options.sock_state_cb_data = this;
  int wanted = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
               ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
  options.qcache_max_ttl = 0;  // 1.31 and later would keep answers
  wanted |= ARES_OPT_QUERY_CACHE;
#endif
#if ARES_VERSION >= 0x012000
  // From 1.32 on a try lasts 250 ms with resolvers that were quick before, whatever is asked for:
  // two such tries would be gone while a quick resolver is slow once. It doubles up to ours.
  options.tries = 5;
  options.maxtimeout = options.timeout;
  wanted |= ARES_OPT_MAXTIMEOUTMS;
#endif
  const int status = ares_init_options(&channel_, &options, wanted);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    log(LogLevel::warning, "net",
        std::string("names cannot be resolved for probes: ") + ares_strerror(status));
    return;
  }
  // 1.34 has a wider table besides; this one stays, and is the one that all versions have.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  ares_set_socket_functions(channel_, &SocketCalls::table, this);
#pragma GCC diagnostic pop
  if (!given.servers.empty())
    ENSURE(ares_set_servers_ports_csv(channel_, given.servers.c_str()) == ARES_SUCCESS);
}

Resolver::~Resolver() {
  stopping_ = true;
  if (channel_) ares_destroy(channel_);  // calls finish() for all that is pending
}

void Resolver::publish(std::shared_ptr<const dns::View> view) {
  const std::lock_guard lock(view_mutex_);
  view_.swap(view);
}

void Resolver::resolve(const std::string& name, Done done) {
  std::shared_ptr<const dns::View> view;
  {
    const std::lock_guard lock(view_mutex_);
    view = view_;
  }
  const auto wire = dns::name_from_text(name);
  if (!wire) return done({});
  if (!view) return ask_world(name, std::move(done));
  const dns::LookupA found = dns::lookup_a(*view, *wire, spread_.next());
  if (!found.alias.empty()) return ask_world(dns::name_to_text(found.alias), std::move(done));
  if (!found.ours) return ask_world(name, std::move(done));
  Resolved resolved;
  resolved.addresses.resize(found.addresses.size());
  for (std::size_t i = 0; i < found.addresses.size(); ++i)
    std::memcpy(&resolved.addresses[i], found.addresses[i].data(), 4);
  done(resolved);
}

void Resolver::ask_world(const std::string& name, Done done) {
  std::string plain = name;
  if (plain.size() > 1 && plain.back() == '.')
    plain.pop_back();  // the hosts file knows no final dot
  if (is_localhost(plain)) {
    Resolved here;
    here.addresses.push_back({htonl(INADDR_LOOPBACK)});
    return done(here);
  }
  if (!channel_) return done({});
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_INET;
  hints.ai_flags = ARES_AI_NOSORT;  // sorting opens sockets
  ares_getaddrinfo(channel_, plain.c_str(), nullptr, &hints, &Resolver::finish,
                   new Pending{*this, std::move(done), troubles_});
}

void Resolver::finish(void* argument, int status, int, ares_addrinfo* found) {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(argument));
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> kept(found,
                                                                          &ares_freeaddrinfo);
  Resolver& resolver = pending->resolver;
  if (resolver.stopping_) return;
  Resolved resolved;
  if (status == ARES_SUCCESS && found) {
    for (const auto* at = found->nodes; at; at = at->ai_next)
      if (at->ai_family == AF_INET)
        resolved.addresses.push_back(reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr);
  }
  if (resolved.addresses.empty()) {
    // It may have been the hosts file that could not be opened: see whether anything can.
    const Fd trial(resolver.open_socket(AF_INET, SOCK_DGRAM, 0));
    if (resolver.troubles_ != pending->troubles_before)
      resolved.our_trouble = resolver.last_trouble_;
  }
  pending->done(resolved);
}

struct Resolver::PendingLookup {
  Resolver& resolver;
  std::function<void(const LookedUp&)> done;
};

void Resolver::look_up(const std::string& name, std::function<void(const LookedUp&)> done) {
  if (!channel_) return done({});
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Resolver::finish_lookup,
                   new PendingLookup{*this, std::move(done)});
}

void Resolver::finish_lookup(void* argument, int status, int, ares_addrinfo* found) {
  using Kind = ports::NameAnswer::Kind;
  const std::unique_ptr<PendingLookup> pending(static_cast<PendingLookup*>(argument));
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> kept(found,
                                                                          &ares_freeaddrinfo);
  if (pending->resolver.stopping_) return;
  LookedUp out;
  auto& addresses = out.answer.addresses;
  for (const auto* at = status == ARES_SUCCESS && found ? found->nodes : nullptr; at;
       at = at->ai_next) {
    const auto* from =
        at->ai_family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr)
            : &reinterpret_cast<const sockaddr_in6*>(at->ai_addr)->sin6_addr;
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    addresses.emplace_back(static_cast<const char*>(from), at->ai_family == AF_INET ? 4 : 16);
    const std::chrono::seconds ttl{at->ai_ttl};
    out.ttl = addresses.size() == 1 ? ttl : std::min(out.ttl, ttl);
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  constexpr std::chrono::seconds nothing_kept{60};
  if (!addresses.empty()) {
    out.answer.kind = Kind::found;
  } else if (status == ARES_ENOTFOUND || status == ARES_ENODATA) {
    out.answer.kind = Kind::nothing;
    out.ttl = nothing_kept;
  }
  pending->done(out);
}

int Resolver::open(int domain, int type, int protocol) {
  const int fd = open_socket(domain, type, protocol);
  if (fd >= 0) sockets_[fd] = {WatchedFd(Fd(fd)), type == SOCK_DGRAM, {}};
  return fd;
}

void Resolver::note_question(int fd, const iovec& message) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end() || !found->second.datagrams || message.iov_len < 2) return;
  std::uint16_t id = 0;
  std::memcpy(&id, message.iov_base, sizeof id);
  found->second.asked.insert(id);
}

int Resolver::open_socket(int domain, int type, int protocol) {
  const int fd = ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
    ++troubles_;
    last_trouble_ = errno;
  }
  return fd;
}

// A flood of packets has its turn and no more; what is left is told again. Packets that answer no
// question of ours are not shown to c-ares, which since 1.32 takes one that it cannot read for the
// end of the socket: whoever forges the resolver's address would end what is asked there.
ssize_t Resolver::receive(int fd, void* buffer, std::size_t size, sockaddr* from,
                          socklen_t* from_size) {
  const auto found = sockets_.find(fd);
  const socklen_t room = from_size ? *from_size : 0;
  while (reads_left_ > 0) {
    --reads_left_;
    if (from_size) *from_size = room;
    const ssize_t got = ::recvfrom(fd, buffer, size, 0, from, from_size);
    if (got < 0 || found == sockets_.end() || !found->second.datagrams) return got;
    std::uint16_t id = 0;
    if (got < dns_head_size) continue;
    std::memcpy(&id, buffer, sizeof id);
    if (found->second.asked.contains(id)) return got;
  }
  errno = EAGAIN;
  return -1;
}

void Resolver::watch(int fd, bool readable, bool writable) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return;
  WatchedFd& socket = found->second.watched;
  if (!readable && !writable) return socket.unwatch();
  const std::uint32_t events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
  if (!socket.change(events))
    socket.watch(epoll_, events, [this, fd](std::uint32_t seen) { handle(fd, seen); });
}

void Resolver::handle(int fd, std::uint32_t events) {
  reads_left_ = reads_a_turn;
  ares_process_fd(channel_, events & ~static_cast<std::uint32_t>(EPOLLOUT) ? fd : ARES_SOCKET_BAD,
                  events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
}

int Resolver::wait_ms(int longest) const {
  if (!channel_) return longest;
  timeval left{};
  if (!ares_timeout(channel_, nullptr, &left)) return longest;
  // c-ares rounds down to whole milliseconds; without the one more, the last would be spent
  // spinning.
  const int wait = static_cast<int>(left.tv_sec * 1000 + left.tv_usec / 1000 + 1);
  return longest < 0 ? wait : std::min(longest, wait);
}

void Resolver::run_timeouts() {
  if (channel_) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

}  // namespace sitelatch::net
