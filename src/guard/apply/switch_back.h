// SPDX-License-Identifier: Apache-2.0
// Gives traffic back to Primary, in this order and no other:
//   1 who asks, and which state is expected (compare and set)
//   2 Primary's own path answers from here as Route 53 wants it (2xx, 3xx), several times
//   3 every --check command exits 0
//   4 the alarm has seen the latch; of the form hardened, every name server names Backup
//   5 a person types the name of what is released
//   6 the record: a new release number (rules/transitions.h), 7 the saved path, under the version
//     lock
//   8 wait: check healthy, alarm OK, guard armed, DNS answers Primary; not healthy in the window:
//     latched again
// Cut off anywhere and run again it goes on: before 7 the latch stands, after it step 8 is taken
// up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "guard/apply/carry_out.h"
#include "guard/rules/form.h"

namespace sitelatch::guard {

// What a person asks for, whatever the form of the latch.
struct ReleaseWish {
  explicit ReleaseWish(Duration for_so_long) : window(for_so_long) {}

  std::string health_check_id;  // of Primary's endpoint
  std::string reason;
  std::vector<std::string> checks;  // shell commands
  std::set<std::string> force;      // of force_names()
  std::optional<std::uint64_t> expected_version;
  Duration window;                                  // until DNS says it
  Duration check_limit = std::chrono::minutes{10};  // of one command
  int probes = 3;
};
// What may be forced in a form: "primary", "checks", ...
std::span<const std::string_view> force_names(Form form);

struct SwitchBackOptions : ReleaseWish {
  SwitchBackOptions() : ReleaseWish(std::chrono::minutes{10}) {}
  // Asks a person to type `name`; false: they did not, and nothing is released.
  std::function<bool(const View& view, const std::string& name)> confirm;
};

enum class SwitchBackEnd {
  done,           // released, healthy, armed, and DNS answers Primary
  refused,        // nothing was changed
  failed,         // a call failed; `sentence` says what was changed before
  latched_again,  // Primary did not become healthy in the window
  not_confirmed,  // released and healthy, but something else did not follow in the window
  no_answer,      // AWS was not reached, or this may not be done or seen; `sentence` as above
  usage,          // this is no health check's id
};

SwitchBackEnd end_of(Error::Kind kind);

struct SwitchBackReport {
  SwitchBackEnd end = SwitchBackEnd::refused;
  std::string sentence;
  std::vector<Refusal> refusals;
  std::uint64_t release = 0, version = 0;
  std::string request_id;
  std::vector<DnsSnapshot> dns;
  std::vector<std::string> notes;
};
SwitchBackReport switch_back(Context& context, const SwitchBackOptions& options);

// What a person types: the name that users look up, else the check's, else its id.
std::string name_to_type(const View& view);

}  // namespace sitelatch::guard
