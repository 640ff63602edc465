// SPDX-License-Identifier: Apache-2.0
// What one event leads to: read the check, then the record; decide by guard/rules; latch under the
// version, then note it, then tell people, then write it down. What fails after the latch never
// undoes it. A latch that an alarm asks for and that fails is the function's error, so that AWS
// tries again; so is a message to people that nobody got (it stays to be told at the next event). A
// tick never fails: the next one comes within a minute, and AWS would try each again and send a
// message for each; people are told at once and then hourly. A tick that finds the latch standing
// reminds people of it (guard/rules/reminder.h), once at each mark however many runs see it.
//
// A request of the function's URL is the relay's clock (guard/rules/relay.h): it looks at the
// sentinel and latches where that says so, on the same way as an alarm. It answers 404 to whoever
// does not know the path, with nothing read, called or written; 200 when it has seen who serves and
// done what follows; 500 when it could not, so that the clock's own check, which no record uses,
// shows a relay that is dead or blind. Nobody tries a request again: the clock is the retry.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "function/guard_calls.h"
#include "function/sentinel.h"
#include "guard/rules/decision.h"
#include "guard/rules/json.h"
#include "guard/rules/message.h"
#include "guard/rules/relay.h"
#include "guard/rules/reminder.h"

namespace sitelatch::function {

struct Invocation {
  std::string_view event;
  std::string request_id;
  Instant now;  // by this machine's clock
  Deadline deadline{};
};

struct Outcome {
  bool failed = false;           // to be tried again by AWS
  std::string error;             // why
  std::string response;          // JSON: what was done with each record
  std::vector<std::string> log;  // lines for stdout
};

class Handler {
 public:
  // `sentinel`: of a relay; none where the environment describes none, or wrongly.
  Handler(guard::Arrangement arrangement, guard::Texts environment, GuardCalls& calls,
          Sentinel* sentinel = nullptr);
  Outcome handle(const Invocation& invocation);

 private:
  struct Run;  // one invocation under way

  void handle_notifications(const guard::Event& event, Run& run);
  void handle_tick(const guard::Event& event, Run& run);
  void answer_request(const guard::Event& event, Run& run);
  void look_and_act(Run& run);
  void see_nothing(const std::string& why, Run& run);
  std::optional<std::string> blindness(const Run& run);
  void self_test(Run& run);
  void decide_and_act(std::string_view message_id, Run& run);
  void read_what_is_needed(guard::Situation& situation, Run& run);
  void remember(const guard::Verdict& verdict, const guard::Situation& situation, Run& run);
  void queue_news(const guard::Verdict& verdict, const guard::Situation& before, Run& run);
  void refuse(std::string_view message_id, std::string why, Run& run);
  bool latch(const guard::Verdict& verdict, const guard::Situation& situation, Run& run,
             Updated& updated, std::string& why_not);
  void note(const guard::Change& change, const guard::Texts& tags, Run& run);
  guard::JsonObject audit_line(std::string_view action, std::string_view why, const Run& run) const;
  void write_down(const guard::Verdict& verdict, const guard::Situation& before,
                  const Updated& updated, Run& run);
  void write_down(const guard::JsonObject& line, Run& run);
  void remind(const guard::Situation& situation, const guard::Texts& tags, Run& run);
  bool claims(const guard::Reminder& due, Run& run);
  void queue_trouble(Run& run);
  void tell_people(Run& run);
  void not_told(std::string why, Run& run);

  guard::Arrangement ours_;
  guard::Texts environment_;
  GuardCalls& calls_;
  Sentinel* sentinel_;
  guard::RelayMemory memory_;
  std::optional<guard::Verdict::Kind> relay_said_;  // in the log, last
  std::optional<Instant> blind_since_, relay_told_at_;
  std::vector<guard::Message> unsent_;  // survives to the next event of this process
  std::uint64_t found_ = 0;             // the version of the latch that was last found, and told
  std::optional<Instant> told_of_refusal_, told_of_trouble_, untold_at_;
  std::string reminded_, claimed_, left_to_others_;  // keys of reminders; the last: a claim's name
};

}  // namespace sitelatch::function
