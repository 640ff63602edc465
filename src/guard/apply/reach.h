// SPDX-License-Identifier: Apache-2.0
// The part of a drill that reaches a person (rules/reach.h): a message by the guard's own topic,
// and then waiting for its code. What is waited for stands in a tag of that topic, the answer in
// another; both go at the end.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "guard/apply/carry_out.h"
#include "guard/rules/form.h"
#include "guard/rules/reach.h"

namespace sitelatch::guard {

// Where people of a guard are told.
struct PeopleTopic {
  std::string arn, region;
  std::string health_check_id, dns_name;
  Form form = Form::guide;
  std::size_t subscribed = 0;  // that have confirmed
};
// Error: nobody is told (the form has no topic, or the guard none), or it cannot be seen.
Result<PeopleTopic, Error> people_of(Context& context, const std::string& health_check_id,
                                     Form form);

// Why a message to it reaches nobody; nothing: it may.
std::optional<Error> nobody_hears(const PeopleTopic& topic);

struct ReachOptions {
  std::optional<Duration> limit{};  // from the message on; nothing: nobody is asked
  // What has been typed where the drill runs, a line at a time; nothing: no further line.
  std::function<std::optional<std::string>()> typed = [] { return std::nullopt; };
};

class Reach {
 public:
  Reach(Context& context, const ReachOptions& options) : context_(context), options_(options) {}

  // A leg each; the first says to how many it went.
  Result<std::string> ask(const PeopleTopic& topic);
  Result<std::string> wait();
  // The last look, where nobody has waited, and the tags go. Problem: why they stay.
  Result<Done> close();
  // "a person was reached after 3m", "nobody was reached"; empty: nobody was asked.
  std::string outcome() const;

 private:
  std::optional<Acknowledged> look();

  Context& context_;
  const ReachOptions& options_;
  PeopleTopic topic_;
  std::optional<Asked> asked_;
  std::optional<Acknowledged> given_;
  bool waited_ = false;
  std::string unseen_;  // why the last look saw nothing
  WallInstant asked_at_{};
};

// Gives the code of a drill back, in whichever process that waits. Refused: no drill waits for it.
Result<Asked, Error> acknowledge(Context& context, const std::string& health_check_id, Form form,
                                 const std::string& code);

}  // namespace sitelatch::guard
