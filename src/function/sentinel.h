// SPDX-License-Identifier: Apache-2.0
// The relay's look at its sentinel (guard/rules/relay.h): an interface, so that tests script what
// name servers say, and the name servers themselves. All are asked at once by UDP, from a new port
// each time; one that cuts its answer short is asked again by TCP. Names of servers are looked up
// once an hour: addresses save that, and cannot fail.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "function/connection.h"
#include "guard/rules/relay.h"

namespace sitelatch::function {

class Sentinel {
 public:
  virtual ~Sentinel() = default;
  // An answer of every server, in their order.
  virtual guard::Look look(Deadline deadline) = 0;
  virtual void wait(Duration length) = 0;
};

class DnsSentinel final : public Sentinel {
 public:
  // Two of them are less than the two seconds in which a health check wants its answer (fact
  // guard-61).
  struct Limits {
    std::chrono::milliseconds again{250}, udp{800}, tcp{800};
  };
  explicit DnsSentinel(guard::RelaySettings settings)
      : DnsSentinel(std::move(settings), Limits{}) {}
  DnsSentinel(guard::RelaySettings settings, Limits limits);

  guard::Look look(Deadline deadline) override;
  void wait(Duration length) override;

 private:
  struct Asked;
  struct Place {
    sockaddr_storage address{};
    socklen_t size = 0;     // none: it has no address yet
    Deadline good_until{};  // of the address, or of the failure to find one
    std::string problem;
  };
  void find(const guard::NameServer& server, Place& place);
  void ask_by_udp(std::vector<Asked>& asked, Deadline deadline);
  void ask_by_tcp(Asked& asked, Deadline deadline);
  void take(Asked& asked, std::string_view reply);

  guard::RelaySettings settings_;
  Limits limits_;
  std::vector<Place> places_;  // of each server
};

}  // namespace sitelatch::function
