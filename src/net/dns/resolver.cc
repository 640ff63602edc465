// SPDX-License-Identifier: Apache-2.0
#include "net/dns/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "dns/lookup.h"
#include "dns/name.h"

namespace sitelatch::net {

struct Resolver::Pending {
  Resolver& resolver;
  Done done;
};

Resolver::Resolver(int epoll, std::chrono::milliseconds try_limit)
    : epoll_(epoll),
      spread_(
          static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  ENSURE(library == ARES_SUCCESS, "c-ares cannot start");
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH;
  options.timeout = static_cast<int>(try_limit.count());
  options.tries = 2;
  char lookups[] = "fb";
  options.lookups = lookups;
  options.sock_state_cb = &Resolver::watch;
  options.sock_state_cb_data = this;
  const int wanted = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                     ARES_OPT_SOCK_STATE_CB;
  const int status = ares_init_options(&channel_, &options, wanted);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    log(LogLevel::warning, "net",
        std::string("names cannot be resolved for probes: ") + ares_strerror(status));
  }
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
  std::vector<in_addr> addresses(found.addresses.size());
  for (std::size_t i = 0; i < addresses.size(); ++i)
    std::memcpy(&addresses[i], found.addresses[i].data(), 4);
  done(std::move(addresses));
}

void Resolver::ask_world(const std::string& name, Done done) {
  if (!channel_) return done({});
  std::string plain = name;
  if (plain.size() > 1 && plain.back() == '.')
    plain.pop_back();  // the hosts file knows no final dot
  ares_gethostbyname(channel_, plain.c_str(), AF_INET, &Resolver::finish,
                     new Pending{*this, std::move(done)});
}

void Resolver::finish(void* argument, int status, int, hostent* host) {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(argument));
  if (pending->resolver.stopping_) return;
  std::vector<in_addr> addresses;
  if (status == ARES_SUCCESS && host && host->h_addrtype == AF_INET) {
    for (char** at = host->h_addr_list; *at; ++at) {
      in_addr address;
      std::memcpy(&address, *at, sizeof address);
      addresses.push_back(address);
    }
  }
  pending->done(std::move(addresses));
}

void Resolver::watch(void* self, int fd, int readable, int writable) {
  const int epoll = static_cast<Resolver*>(self)->epoll_;
  if (!readable && !writable) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
    return;
  }
  epoll_event event{};
  event.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
  event.data.u64 = static_cast<std::uint64_t>(fd) * 2 + 1;
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0) epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void Resolver::handle(std::uint64_t tag, std::uint32_t events) {
  if (!channel_) return;
  const int fd = static_cast<int>(tag / 2);
  ares_process_fd(channel_, events & ~static_cast<std::uint32_t>(EPOLLOUT) ? fd : ARES_SOCKET_BAD,
                  events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
}

int Resolver::wait_ms(int longest) const {
  if (!channel_) return longest;
  timeval most{longest / 1000, longest % 1000 * 1000}, left{};
  const timeval* chosen = ares_timeout(channel_, longest < 0 ? nullptr : &most, &left);
  if (!chosen) return longest;
  return static_cast<int>(chosen->tv_sec * 1000 + (chosen->tv_usec + 999) / 1000);
}

void Resolver::run_timeouts() {
  if (channel_) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

}  // namespace sitelatch::net
