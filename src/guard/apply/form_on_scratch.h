// SPDX-License-Identifier: Apache-2.0
// What a drill asks of a form: the guard of Primary's check, as far as a drill must know it, and
// the steps of a guard on a scratch check. Each step says what came of it, or why it did not.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "guard/apply/audit_group.h"
#include "guard/apply/carry_out.h"
#include "guard/apply/deploy.h"
#include "guard/apply/drill.h"
#include "guard/rules/form.h"
#include "guard/rules/right.h"

namespace sitelatch::guard {

// Of Primary's own check; nothing of it is changed.
struct Rehearsed {
  std::optional<Check> check;
  aws::Value config;
  std::optional<bool> healthy;
  std::optional<RecordsSnapshot> records;
  std::string caller_arn, unseen;
  std::vector<Right> rights;  // of a whole drill
  AuditGroup audit;           // of Primary's own guard
};

class FormOnScratch {
 public:
  virtual ~FormOnScratch() = default;
  virtual Result<Rehearsed, Error> look_at_primary(const std::string& health_check_id) = 0;

  struct State {
    std::optional<bool> endpoint_healthy;
    bool latched = false;
    Instant now{};  // AWS's time: an engine's may run ahead of ours
    std::optional<LatchedBy> by{};
  };
  virtual Result<State> state(const std::string& scratch) = 0;
  virtual Result<std::string> build(const std::string& scratch, Duration limit) = 0;
  virtual Result<std::string> attach(const std::string& scratch, Duration limit) = 0;
  virtual Result<std::string> trip(const std::string& scratch) = 0;
  virtual Result<std::string> release(const std::string& scratch, Duration limit) = 0;

  // --- of a form whose latch is an event of its own, and on the endpoint's check itself
  // Whether the check says how the endpoint is while it is latched, and the failover is the latch.
  virtual bool failover_is_latch() const { return true; }
  // Of what runs for the real guard; nothing: nothing does.
  virtual std::optional<Result<std::string>> self_test() { return std::nullopt; }
  // Beside the tag of Primary's check.
  virtual void write_down(const DrillReport&) {}
};
std::unique_ptr<FormOnScratch> form_on_scratch(Form form, Context& context, const Codes& codes);

}  // namespace sitelatch::guard
