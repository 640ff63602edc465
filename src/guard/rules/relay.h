// SPDX-License-Identifier: Apache-2.0
// The relay of the form `hardened`: a function that an HTTPS check of its own URL clocks, and that
// latches on what DNS says, minutes before an alarm could. Here is what it is told by variables,
// what the answers of the zone's own name servers mean, and what it keeps in mind from one run to
// the next. Pure.
//
// The sentinel is a failover pair of TXT records (TTL 1): PRIMARY on Primary's health check says
// one value, SECONDARY without a check the other. So its answer is the health check's status, as
// the name servers have it. The rules:
// 1. Two answers of Backup, at least a second apart, from one server or from two (they may be
//    skewed): Backup serves. One is no evidence. That others say Primary meanwhile is none against
//    it.
// 2. No answer is no opinion: what cannot be reached latches nothing, and is told.
// 3. A switch back gives the check free, and until Route 53 finds Primary healthy and its servers
//    have heard of it the sentinel says Backup all the same. So in a release's window (record.h)
//    Backup is what the release began with, unless Primary was there in between: seen by this
//    process (RelayMemory), or in HealthCheckStatus (fell_again). It is a matter of order, not of
//    clocks: the record of release N is written before the check changes (decision 0010), so
//    whoever has read N and then seen Primary has seen Primary of N. Seen is what every server has
//    said since (fact guard-63). After the window Backup is news, as a standing ALARM is (fact
//    guard-4).
// 4. Armed is what the alarm's actions say, as for the schedule; an alarm that cannot be seen is
//    taken for armed (fact guard-17). Frozen for a maintenance, nothing latches. (decision.h:
//    on_relay)
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "guard/rules/record.h"

namespace sitelatch::guard {

namespace env {
inline constexpr std::string_view relay_path = "SITELATCH_RELAY_PATH";
inline constexpr std::string_view sentinel = "SITELATCH_SENTINEL";
inline constexpr std::string_view sentinel_primary = "SITELATCH_SENTINEL_PRIMARY";
inline constexpr std::string_view sentinel_secondary = "SITELATCH_SENTINEL_SECONDARY";
inline constexpr std::string_view name_servers = "SITELATCH_NAME_SERVERS";
}  // namespace env

struct NameServer {
  std::string host;  // a name or an address, without brackets
  int port = 53;
  bool operator==(const NameServer&) const = default;
};
// "ns-1.example.net", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53"; nothing for other texts.
std::optional<NameServer> parse_name_server(std::string_view text);
std::string to_string(const NameServer& server);  // with its port where that is not 53

struct RelaySettings {
  std::string path;                // of its URL, and a secret: whoever does not know it gets 404
  std::string sentinel;            // the sentinel's name
  std::string primary, secondary;  // what the TXT record of each side says
  std::vector<NameServer> name_servers;
  bool operator==(const RelaySettings&) const = default;
};
Texts relay_environment(const RelaySettings& settings);
// Nothing: this function is no relay (it has no path). Refused: one that has been set up wrongly;
// which variable, and how.
Result<std::optional<RelaySettings>> read_relay(const Texts& environment);
// "/" and at least 16 characters that no URL encodes.
bool is_relay_path(std::string_view path);
// In a time that tells nothing of where they differ.
bool same_secret(std::string_view a, std::string_view b);

enum class Side { primary, backup };
// What one name server said in one look.
struct SentinelAnswer {
  NameServer server;
  Duration at{};               // since some beginning, by a clock that only goes forward
  std::optional<Side> side{};  // nothing: no answer, or none that tells
  std::string problem{};       // then: why
};
using Look = std::vector<SentinelAnswer>;  // one for each server

// Which side the texts of a TXT answer name: exactly one, exactly as configured.
std::optional<Side> side_of(const std::vector<std::string>& texts, const RelaySettings& settings);

inline constexpr auto between_looks = std::chrono::seconds{1};
inline constexpr std::size_t most_looks = 4;

// What the looks of one run come to (rules 1 and 2).
struct Sighting {
  enum class Kind {
    latch,
    look_again,  // Backup was said, and is neither confirmed nor contradicted: a second later
    nothing,     // Primary serves, or Backup was not confirmed
    blind        // nobody answers
  } kind = Kind::blind;
  std::string why;  // a clause without its full stop
};
Sighting weigh(const std::vector<Look>& looks);

// What a process of the relay keeps from run to run. All of it may get lost: then HealthCheckStatus
// or the window's end decide (rule 3), and AWS is asked once more.
class RelayMemory {
 public:
  void saw(const Look& look, Instant now);
  // Backup was seen in this release's window, and Primary not yet.
  void met_release(std::uint64_t number);
  // The check was read and left as it is, or latched just now: it need not be read again for some
  // seconds, unless Primary is seen.
  void decided(Instant now);

  // The release in which every server has said Primary, and none Backup since, for long enough that
  // it was not their skew. A server that never answers leaves it to HealthCheckStatus.
  std::optional<std::uint64_t> came_back_in() const { return came_back_in_; }
  bool rests(Instant now) const;

 private:
  std::optional<std::uint64_t> waiting_in_, came_back_in_;
  std::set<std::string> said_primary_;  // servers, since the last Backup
  std::optional<Instant> primary_since_, decided_at_;
};

}  // namespace sitelatch::guard
