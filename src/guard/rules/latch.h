// SPDX-License-Identifier: Apache-2.0
// What a latch looks like on a health check, and what to change to set or release one. Pure.
// A check that merely *carries* a latch value need not be latched: Route 53 counts a Disabled check
// as healthy whatever its path (unless it is Inverted too), and an Inverted check as healthy when
// its endpoint fails. Only `effective` holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sitelatch::guard {

inline constexpr std::string_view failed_over_path =
    "/lb-check-failed-over";  // emergency (guide; function)
inline constexpr std::string_view switched_over_path =
    "/lb-check-switched-over";  // planned (Keycloak 25, switch over)

enum class LatchKind { path, inverted };
std::string_view to_string(LatchKind kind);
std::optional<LatchKind> latch_kind(std::string_view text);  // "path", "inverted"

// The health check as read (GetHealthCheck). `path`, `fqdn`: nothing when the check has none.
struct Check {
  std::string id;
  std::uint64_t version = 0;
  std::string type = "HTTPS";
  std::optional<std::string> path;
  std::optional<std::string> fqdn;
  bool by_address = false;  // has an IPAddress: its name is then only the Host header
  bool disabled = false;
  bool inverted = false;
  int health_threshold = 0;  // CALCULATED only
  int children = 0;
  bool operator==(const Check&) const = default;
};
// Whoever writes the same values again (the guide's function latches at each delivery) moves the
// version and changes nothing.
bool same_but_version(Check a, const Check& b);

enum class LatchValue {
  none,
  failed_over,      // /lb-check-failed-over
  switched_over,    // /lb-check-switched-over
  health_down,      // health/down: Keycloak 24, by hand, for both kinds
  always_inverted,  // Disabled and Inverted
  invalid_name,     // FQDN under .invalid
  no_quorum,        // CALCULATED asking for more children than it has
};
std::string_view to_string(LatchValue value);

struct LatchSnapshot {
  LatchValue value = LatchValue::none;
  bool effective = false;  // Route 53 counts the check as unhealthy for good
};
LatchSnapshot latch_on(const Check& check);
inline bool latched(const Check& check) { return latch_on(check).effective; }
// The path is one of the values that mean "latched" (with or without its leading slash): no
// original path may be one.
bool is_latch_path(std::string_view path);
// Disabled and not Inverted: always healthy. Maintenance that keeps Primary makes it so; else
// somebody's mistake.
inline bool frozen_healthy(const Check& check) { return check.disabled && !check.inverted; }

// One UpdateHealthCheck. What is absent stays as it is. `reset_path`: ResetElements ResourcePath.
struct CheckChange {
  std::optional<std::string> path;
  bool reset_path = false;
  std::optional<bool> disabled;
  std::optional<bool> inverted;

  bool empty() const { return !path && !reset_path && !disabled && !inverted; }
  bool operator==(const CheckChange&) const = default;
};
Check apply(const CheckChange& change, Check check);  // version + 1
// "ResourcePath=/lb-check Disabled": the words of the audit log and of people.
std::string describe(const Check& check);
std::string describe(
    const CheckChange& change);  // "ResourcePath=/lb-check-failed-over Disabled=false"

// The change that latches effectively, whatever the check looks like now. Inverted sets Disabled
// and Inverted in one update: Inverted alone would make a failing Primary healthy.
CheckChange latching(const Check& check, LatchKind kind, bool planned);
// The change that gives the check back to its own path. `original_path` empty: the check had none.
CheckChange releasing(const Check& check, std::string_view original_path);

}  // namespace sitelatch::guard
