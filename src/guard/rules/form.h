// SPDX-License-Identifier: Apache-2.0
// The forms of the latch: what the PRIMARY record follows, and what keeps it from coming back by
// itself (docs/forms.md). Tags say which form a health check has, and lead from each of a form's
// resources to the endpoint's check, by which people call the guard. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::guard {

enum class Form {
  guide,     // alarm, topic, function: the latch is an event of its own, minutes after the failover
  hardened,  // the guide's, and a relay that latches minutes before the alarm (hardened_form.h)
  config,    // health checks alone: the failover is the latch (config_form.h)
  fast,      // designs: docs/forms.md
  strict,
  engine,  // the engine's own manual resume
};
std::string_view to_string(Form form);
std::optional<Form> form_named(std::string_view text);
std::vector<std::string> form_names();
// Why this form cannot be deployed by this program, with what can; nothing: it can.
std::optional<std::string> not_built_yet(Form form);

namespace tag {
// On the endpoint's check: its form, and the two checks of `config`.
inline constexpr std::string_view form = "sitelatch:form";
inline constexpr std::string_view combined_check = "sitelatch:combined-check";
inline constexpr std::string_view hold_check = "sitelatch:hold-check";
// What the last drill came to, in words.
inline constexpr std::string_view last_drill = "sitelatch:last-drill";
// And the clock of `hardened`.
inline constexpr std::string_view clock_check = "sitelatch:clock-check";
// On what a form has made: whose it is, and what it is of it ("combined", "hold", "alarm").
inline constexpr std::string_view endpoint = "sitelatch:health-check-id";
inline constexpr std::string_view role = "sitelatch:role";
// On the hold check: who has tripped it, and who is switching back.
inline constexpr std::string_view tripped = "sitelatch:tripped";
inline constexpr std::string_view switch_back = "sitelatch:switch-back";
}  // namespace tag

}  // namespace sitelatch::guard
