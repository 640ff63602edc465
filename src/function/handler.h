// SPDX-License-Identifier: Apache-2.0
// What one event leads to: read the check, then the record; decide by guard/rules; latch under the
// version, then note it, then tell people, then write it down. What fails after the latch never
// undoes it. A latch that an alarm asks for and that fails is the function's error, so that AWS
// tries again; so is a message to people that nobody got (it stays to be told at the next event). A
// tick never fails: the next one comes within a minute, and AWS would try each again and send a
// message for each; people are told at once and then hourly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "function/guard_calls.h"
#include "guard/rules/decision.h"
#include "guard/rules/message.h"

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
  Handler(guard::Arrangement arrangement, guard::Texts environment, GuardCalls& calls);
  Outcome handle(const Invocation& invocation);

 private:
  struct Run;  // one invocation under way

  void handle_notifications(const guard::Event& event, Run& run);
  void handle_tick(const guard::Event& event, Run& run);
  void self_test(Run& run);
  void decide_and_act(const guard::Evidence* evidence, std::string_view message_id, Run& run);
  void read_what_is_needed(const guard::Evidence* evidence, guard::Situation& situation, Run& run);
  void queue_news(const guard::Verdict& verdict, const guard::Situation& before, Run& run);
  void refuse(std::string_view message_id, std::string why, Run& run);
  bool latch(const guard::Verdict& verdict, const guard::Situation& situation, Run& run,
             Updated& updated, std::string& why_not);
  void note(const guard::Change& change, const guard::Texts& tags, Run& run);
  void write_down(const guard::Verdict& verdict, const guard::Situation& before,
                  const Updated& updated, Run& run);
  void queue_trouble(Run& run);
  void tell_people(Run& run);

  guard::Arrangement ours_;
  guard::Texts environment_;
  GuardCalls& calls_;
  std::vector<guard::Message> unsent_;  // survives to the next event of this process
  std::uint64_t found_ = 0;             // the version of the latch that was last found, and told
  std::optional<Instant> told_of_refusal_, told_of_trouble_;
};

}  // namespace sitelatch::function
