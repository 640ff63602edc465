// SPDX-License-Identifier: Apache-2.0
// The engine as a process: a Cloud on the real world (SQLite, sockets, probes, DNS, processes), its
// control thread and its orderly end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "base/result.h"
#include "engine/loop.h"
#include "net/functions/network.h"
#include "net/http/http_server.h"

namespace sitelatch::engine {

struct Config {
  std::filesystem::path data_dir;
  net::Endpoint api{"127.0.0.1", 4566}, dns{"127.0.0.1", 5300};
  ClockKind clock = ClockKind::scaled;
  double time_scale = 1;
  std::string account = "000000000000";
  bool ephemeral = false;
  bool accept_any_credentials = false;
  bool realistic = false;         // as late, as slow and as strict as AWS is (engine/realism)
  std::uint64_t seed = 1;         // of what is left to chance then
  bool allow_link_local = false;  // probes and deliveries to such addresses (fact probe-13)
  std::size_t checkers = 1;       // of a health check, up to sixteen
  bool strict_names = false;      // no zone of example.com
  std::string places;             // where askers are (services/route53/askers.h), as text
  bool target_lookups = true;     // of what aliases lead to outside, by the machine's resolver
  std::string smtp;               // "smtp://host:port"; empty: mail goes to DIR/mail
  std::optional<unsigned> dns_rate_limit;  // as in net::DnsServer::Options
  std::vector<std::string> allowed_hosts;  // names that clients reach it by, beyond the usual
  std::string signing_cert_url;            // of notifications; empty: the API's own
  std::optional<net::FunctionNetwork> function_network;  // outbound where it works, else isolated
  std::optional<net::Endpoint> metrics;                  // where /metrics is served to others, too
  bool allow_reset =
      false;  // of a data directory; what is kept in memory alone may be reset anyway
  // The keys of issuers of web identity tokens: JWKS by URL without "https://".
  std::map<std::string, std::string, std::less<>> oidc_keys;
  std::string version;  // for metrics and health
};

class Engine {
 public:
  // Everything that can refuse does it here: the directory, the ports, the options. On return it
  // listens; requests wait until run().
  static Result<std::unique_ptr<Engine>> start(const Config& config);
  virtual ~Engine() = default;

  virtual net::Endpoint api() const = 0;
  virtual net::Endpoint dns() const = 0;
  virtual std::optional<net::Endpoint> metrics() const = 0;  // where asked for
  // What a client on this machine types to reach the API: "http://127.0.0.1:4566", also when it
  // listens on every address.
  virtual std::string api_url() const = 0;

  // From any thread: `answer` runs on the control thread when that has come to it and what was
  // written before is durable. An engine that hangs, or whose disk does, never runs it.
  virtual void ask_for_life(std::function<void()> answer) = 0;

  // The calling thread is the control thread until stop(). Throws store::StoreFailure.
  virtual void run() = 0;
  // From any other thread: running functions get five seconds, replies under way are finished,
  // queues are kept; then run() returns.
  virtual void stop() = 0;
};

}  // namespace sitelatch::engine
