// SPDX-License-Identifier: Apache-2.0
// One decision of the rules, made on a fresh look, written down, applied and told: what trip,
// disarm, arm, reconcile and switch-back share. Whoever was faster in between makes it look and
// decide again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "guard/apply/audit_log.h"
#include "guard/apply/change.h"
#include "guard/apply/site_probe.h"
#include "guard/apply/status.h"

namespace sitelatch::guard {

// What an operator's command works with. Borrowed.
struct Context {
  client::Aws& aws;
  client::Clock& clock;
  client::Environment& environment;
  ports::Entropy& entropy;
  std::function<void(const std::string& sentence)> progress;  // one line to people, as it happens
  std::string dns_server;                                     // in place of the zone's own
  AskSite ask_site = ask_site_from_here();
  AskDns ask_dns = guard::ask_dns;

  // How much a command looks at: the chain and the check; the zones' records too; and what DNS
  // answers by them.
  ViewOptions chain() const { return {dns_server, false, false, false, ask_dns}; }
  ViewOptions chain_and_records() const { return {dns_server, false, true, false, ask_dns}; }
  ViewOptions chain_and_dns() const { return {dns_server, true, true, false, ask_dns}; }
  ViewOptions all_but_dns() const { return {dns_server, false, true, true, ask_dns}; }
  ViewOptions everything() const { return {dns_server, true, true, true, ask_dns}; }
};

struct Request {
  std::string action;  // "trip"
  std::string why;     // the reason given
  std::string forced;  // names of overridden checks, for the audit log
  // A release that nobody could trace is not made; a latch is set whether or not it can be written
  // down.
  bool must_be_audited = false;
  std::string subject;  // of the message to people; empty: nobody is told
};

struct Carried {
  View view;  // what the change was decided on
  Change change;
  Applied applied;
};

using Decide = std::function<Transition(const View& view)>;

// `first`: the look that a person was shown.
Result<Carried, Error> carry_out(Context& context, View first, const Request& request,
                                 const Decide& decide);

// A message to the guard's second topic. Problem: nobody could be told.
Result<Done> tell(Context& context, const View& view, const std::string& subject,
                  const std::string& text);

// Writes an entry of this run into the guard's audit log; a failure becomes a sentence.
std::optional<std::string> note_down(Context& context, const View& view, AuditEntry entry);

}  // namespace sitelatch::guard
