// SPDX-License-Identifier: Apache-2.0
// The form `hardened`: the guide's guard as it is, and beside it a relay that latches seconds after
// DNS has failed over, not minutes (docs/forms.md). What it is made of, and what is wrong with what
// is there. Pure.
//
//   E         the endpoint's check: FailureThreshold so high that a failover lasts a minute before
//             it can end; SECONDARY without a check, no target's health behind the two
//   sentinel  a TXT failover pair in the zone of the records (TTL 1), PRIMARY on E: its answer is
//             E's status as the name servers have it
//   relay     a second function with the guide's code: a request of its URL makes it look at the
//             sentinel (relay.h)
//   clock     a health check of that URL and its secret path, attached to nothing: Route 53's
//             probes run the relay every few seconds
//
// The latch is the guide's, on E: states, trip, switch back and maintenance are the guide's too.
// Where the relay is dead the guide's chain is what is left. By AWS's documents (facts guard-60 to
// guard-69); not measured on AWS.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/rules/form.h"
#include "guard/rules/plan.h"
#include "guard/rules/relay.h"
#include "guard/rules/state.h"

namespace sitelatch::guard {

// "_sitelatch-<id>": the sentinel's label in the zone, by which it is known.
std::string sentinel_label(std::string_view endpoint);
bool is_sentinel_name(std::string_view record_name, std::string_view endpoint);
inline constexpr std::string_view sentinel_says_primary = "primary",
                                  sentinel_says_backup = "backup";
inline constexpr int sentinel_ttl_s = 1;

std::string relay_name(std::string_view endpoint);  // sitelatch-<id>-relay
// The relay's function, role and log group as a guard's plan speaks of them, so that what compares
// and makes those of a guard does it for the relay. Of the rest nothing is the relay's.
Plan relay_plan(const Plan& guard, const RelaySettings& settings);
bool is_of_relay(Resource resource);
// differences() of what is the relay's.
std::vector<Difference> relay_differences(const Plan& relay, const Observed& there);

// What the clock asks. AWS's URLs are HTTPS; an engine's say what they are.
struct ClockTarget {
  std::string type, host, path;  // "HTTPS"
  int port = 0;
  bool operator==(const ClockTarget&) const = default;
};
// Nothing: this is no URL.
std::optional<ClockTarget> clock_target(std::string_view function_url, std::string_view relay_path);
inline constexpr int clock_interval_s = 30, clock_threshold = 3;
// CallerReference of the N-th clock (fact guard-51): whose check it is before it has tags.
std::string clock_reference(std::string_view endpoint, int number);
std::optional<std::string> endpoint_of_clock(std::string_view caller_reference);
Texts tags_of_clock(std::string_view endpoint);

// (threshold - 1) probes of a failed E must fail before its status ends: a minute, in which
// servers, relay and checkers follow (docs/proof/README.md, A1, A3, A5, A6).
int threshold_asked(int request_interval_s);

// Given as addresses (--dns-server): meant as they are. A zone's own servers have names.
bool named_by_a_person(const std::vector<NameServer>& servers);

// Statements of the relay's policy that let everybody ask its URL (fact lambda-49).
inline constexpr std::string_view url_statement = "sitelatch-url",
                                  url_invoke_statement = "sitelatch-url-invoke";
bool lets_everybody_ask(const std::vector<ObservedPermission>& permissions,
                        std::string_view statement);

struct HardenedPlan {
  std::string endpoint;
  Plan relay;
  RelaySettings settings;          // with a path, chosen or found
  std::string zone_id, zone_name;  // of the sentinel; empty: no public zone has the PRIMARY record
};

struct ObservedClock {
  std::string id;
  std::uint64_t version = 0;
  ClockTarget target;
  bool disabled = false, inverted = false;
  std::optional<bool> healthy;      // by its metric: the relay answers
  std::optional<Instant> answered;  // when it last answered a probe, as the checkers tell it
  std::string last_status;          // what the newest probe got
  Texts tags;
};
struct HardenedObserved {
  Observed relay;           // its role, function and log group
  std::string url;          // empty: there is none
  bool url_is_open = true;  // AuthType NONE
  std::optional<ObservedClock> clock;
  bool sentinel_there = false;                // any record of it
  std::string sentinel_wrong;                 // how the pair is not as it should be; empty: it is
  int threshold = 0, interval_s = 0;          // of E; 0: not known
  bool tagged = false;                        // E leads to the clock, and says its form
  std::vector<NameServer> zone_servers;       // empty: not known
  std::map<std::string, std::string> unseen;  // by the link that it leaves open: why
  bool any() const { return relay.function || relay.role || clock || sentinel_there || tagged; }
};

enum class HardenedStep {
  sentinel,
  relay,  // role, log group, function: as deploy makes a guard's
  concurrency,
  url,
  url_permissions,
  clock,
  mend_clock,
  tag,
};
std::string_view to_string(HardenedStep step);
struct HardenedWork {
  HardenedStep step;
  std::string verb, what, why;         // "create", "URL of function ..."
  std::optional<Resource> resource{};  // of `relay`
};
// In order; the first is next. None of it changes a record that users look up.
std::vector<HardenedWork> hardened_work(const HardenedPlan& plan, const HardenedObserved& observed);

// For status, beside the guide's links: each of them ok, broken, not to be seen, or a choice.
std::vector<Link> hardened_links(const HardenedPlan& plan, const HardenedObserved& observed);

// Why nothing is made of it.
std::vector<Refusal> against_hardened(const HardenedPlan& plan, const Settings& settings,
                                      const Texts& endpoint_tags);
// Why records and threshold are not changed now: each of these changes may move an answer of DNS
// unless Primary is healthy and what DNS says.
struct HardeningMoment {
  bool latched = false, maintenance = false;
  std::optional<bool> healthy, dns_primary;  // nothing: not known
};
std::vector<Refusal> against_hardening(const HardeningMoment& moment);

}  // namespace sitelatch::guard
