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
#include "guard/rules/message.h"

namespace sitelatch::guard {

struct Request {
  std::string action;  // "trip"
  std::string why;     // the reason given
  std::string forced;  // names of overridden checks, for the audit log
  // A release that nobody could trace is not made; a latch is set whether or not it can be written
  // down.
  bool must_be_audited = false;
  bool unaudited = false;                 // a person overrides the audit log, seen or not
  bool tells = false;                     // people get a message (rules/message.h)
  std::optional<ReleaseEvidence> seen{};  // of a release, for the audit log
};

// Thrown by the clock and by progress of a Context when a person has interrupted the command:
// between two steps. Between a release's record and its check neither is used.
struct Interrupted {};

// Something that takes AWS its time.
struct Wait {
  std::string what;                   // "the alarm is OK": it is waited until that
  std::string usually{};              // "2 to 5m"; empty: nobody knows
  std::optional<Duration> at_most{};  // then it is given up
};

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
  // From here on that is awaited; nothing: no more. Where nobody shows how it goes on (empty), it
  // is a line of progress.
  std::function<void(const std::optional<Wait>& wait)> waiting = {};

  // How much a command looks at: the chain and the check; the zones' records too; and what DNS
  // answers by them.
  ViewOptions chain() const { return looking(false, false, false); }
  ViewOptions chain_and_records() const { return looking(false, true, false); }
  ViewOptions chain_and_dns() const { return looking(true, true, false); }
  ViewOptions all_but_dns() const { return looking(false, true, true); }
  ViewOptions everything() const { return looking(true, true, true); }
  ViewOptions looking(bool dns, bool records, bool deliveries) const {
    ViewOptions out;
    out.dns_server = dns_server;
    out.dns = dns;
    out.records = records;
    out.deliveries = deliveries;
    out.ask_dns = ask_dns;
    return out;
  }
};

// Tells the context what is awaited, until its end.
class Waiting {
 public:
  explicit Waiting(Context& context) : context_(context) {}
  ~Waiting() {
    if (!what_.empty() && context_.waiting) context_.waiting(std::nullopt);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  // The same again says nothing.
  void until(const Wait& wait);

 private:
  Context& context_;
  std::string what_;
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

// What users look up: the PRIMARY record's name, as far as it was looked at or deploy has noted it.
// Empty: not known.
std::string site_name(const View& view);

// Whether Primary answers now, from here, at the path that its check asks.
SiteAnswer ask_primary(Context& context, const View& view);

// Not asked about, not written down.
bool changes_nothing(const View& view, const Change& change);

Result<Done> publish(Context& context, const std::string& topic_arn, std::string_view region,
                     const Message& message);
// A message to the guard's second topic. Problem: nobody could be told.
Result<Done> tell(Context& context, const View& view, const Message& message);

// Writes an entry of this run into the guard's audit log; a failure becomes a sentence.
std::optional<std::string> note_down(Context& context, const View& view, const AuditEntry& entry);

}  // namespace sitelatch::guard
