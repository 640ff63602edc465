// SPDX-License-Identifier: Apache-2.0
// Deploying a guard: look, plan, make what differs, look again, and arm only when it can fire. Made
// of steps that may each be the last (a crash, a denial) and that the next deploy goes on from; the
// alarm's actions stay off until the end, and a check that is latched stays latched throughout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/apply/builder.h"
#include "guard/apply/carry_out.h"
#include "guard/apply/observe.h"
#include "guard/apply/preflight.h"

namespace sitelatch::guard {

// What a person asked for; what is left out stays as deployed, or is the usual.
struct Wish {
  std::string health_check_id;
  std::string function_region;
  std::optional<LatchKind> latch;
  std::optional<FunctionKind> function;
  std::string notify_endpoint, kms_key;
};

struct Codes {
  FunctionCode native, python;
};

// One piece to be made or changed.
struct Work {
  Piece piece = Piece::notify_topic;
  std::string verb;  // "create", "change", "adopt", "disable"
  std::string name;  // of the piece: "role sitelatch-..."
  std::vector<std::string> why;
};

struct Intent {
  Seen seen;
  Plan plan;
  Instant now{};
  std::vector<Work> work;          // in order; empty: everything is as it should be
  std::vector<Finding> findings;   // preflight
  std::vector<std::string> notes;  // assumptions, and what a person should know
  bool will_arm = false;           // unless a finding refuses
};

class Deployment {
 public:
  struct Outside {
    Desk& desk;
    AskSite ask_site;
    Duration timeout;
  };
  Deployment(Outside outside, Wish wish, Codes codes);

  // Reads everything; changes nothing.
  Result<Intent, Obstacle> intend();
  // The same without records and preflight: for a guard that is not to be armed by deploy.
  Result<Intent, Obstacle> look();
  // Carries the work out until nothing differs; then `intent` is what there is now.
  Step build(Intent& intent);
  // Preflight, then waits until the guard can fire, and arms. Not called while latched or in
  // maintenance. `intent` has the check and the alarm as they were seen last.
  Step arm(Intent& intent);

 private:
  Result<Settings, Obstacle> settle(const Seen& seen, std::vector<std::string>& notes) const;
  Step carry_out(const Intent& intent, std::string& noted);
  void audit(const Intent& intent, const std::string& note);
  bool may_arm(Intent& intent, std::optional<Obstacle>& stopped, std::string& waiting_for);
  Step switch_on(Intent& intent);
  FunctionCode code(FunctionKind kind) const {
    return kind == FunctionKind::native ? codes_.native : codes_.python;
  }
  void say(const std::string& sentence) { outside_.desk.progress(sentence); }
  Duration left() const;

  Outside outside_;
  Wish wish_;
  Codes codes_;
  WallInstant deadline_;
};

// The work between what is there and what should be.
std::vector<Work> work_between(const Plan& plan, const Observed& observed);

}  // namespace sitelatch::guard
