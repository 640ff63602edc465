// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/switch_back.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/every_server.h"
#include "guard/apply/hardened_observe.h"
#include "guard/apply/missing_rights.h"
#include "guard/apply/release_checks.h"
#include "guard/apply/release_evidence.h"
#include "guard/apply/sight.h"
#include "guard/apply/site_probe.h"
#include "guard/apply/switch_back_wait.h"

namespace sitelatch::guard {
namespace {

constexpr auto longest_wait_for_alarm = std::chrono::minutes{7};

// What the rules refuse half-way is not "nothing was changed".
SwitchBackEnd end_in_the_middle(Error::Kind kind) {
  const auto end = end_of(kind);
  return end == SwitchBackEnd::refused ? SwitchBackEnd::failed : end;
}

class Switching {
 public:
  Switching(Context& context, const SwitchBackOptions& options)
      : context_(context), options_(options) {}

  SwitchBackReport run() {
    auto shown =
        view(context_.aws, context_.clock, options_.health_check_id, context_.chain_and_dns());
    if (!shown) return ends(end_in_the_middle(shown.error().kind), shown.error().text);
    if (auto unseen = cannot_be_decided(*shown, options_.force.contains("audit")))
      return ends(SwitchBackEnd::no_answer, std::move(*unseen));
    if (!shown->snapshot.observed.check)
      return ends(SwitchBackEnd::refused,
                  "There is no health check " + options_.health_check_id + ".");
    introduce(*shown);
    if (under_way(*shown)) return take_up(std::move(*shown));

    // What stands against it whatever the sites answer comes first: nobody waits for checks to be
    // refused then.
    auto hopeful = rules_wish(*shown);
    hopeful.primary_answers = true;
    hopeful.checks_passed = true;
    hopeful.force.insert("alarm");
    if (const auto possible =
            guard::switch_back(situation_of(shown->snapshot.observed), hopeful, shown->now);
        !possible)
      return refuse(possible.error());

    primary_answers_ = ask_primary(*shown);
    if (!primary_answers_ && !options_.force.contains("primary")) return refuse_by_rules(*shown);
    checks_passed_ = run_checks(*shown);
    if (!checks_passed_ && !options_.force.contains("checks")) return refuse_by_rules(*shown);
    auto settled = look_when_alarm_has_seen(*shown);
    if (!settled) return not_seen();
    const auto allowed = decide(*settled);
    if (!allowed) return refuse(allowed.error());
    if (const auto lacking = rights_against(context_, *settled, *allowed, true))
      return ends(SwitchBackEnd::no_answer, "Nothing was released. " + *lacking);
    show_what_there_is(*shown, *settled);
    const auto name = name_to_type(*shown);
    if (!options_.confirm(*shown, name))
      return ends(SwitchBackEnd::refused, "Nothing was released: nobody confirmed it.");
    // The person took their time: the release goes by what CloudWatch says now.
    auto fresh = look_when_alarm_has_seen(*shown);
    if (!fresh) return not_seen();
    return release(std::move(*fresh));
  }

 private:
  SwitchBackReport ends(SwitchBackEnd end, std::string sentence) {
    report_.end = end;
    report_.sentence = std::move(sentence);
    return report_;
  }
  SwitchBackReport refuse(std::vector<Refusal> refusals) {
    report_.refusals = std::move(refusals);
    return ends(SwitchBackEnd::refused, "Nothing was released.");
  }
  // The alarm was not waited for yet, so it is no reason yet.
  SwitchBackReport refuse_by_rules(const View& shown) {
    auto options = rules_wish(shown);
    options.force.insert("alarm");
    const auto decision =
        guard::switch_back(situation_of(shown.snapshot.observed), options, shown.now);
    return refuse(decision ? std::vector<Refusal>{} : decision.error());
  }

  SwitchBack rules_wish(const View& shown) const {
    SwitchBack out;
    out.reason = options_.reason;
    out.expected_version = options_.expected_version;
    out.shown = shown_;
    const auto record = record_of(shown.snapshot.observed);
    // Our own release that failed and whose latch is held is no release by somebody else.
    const bool own_failed = tried_release_ != 0 && tried_release_ == record.release.number &&
                            record.latched_in_this_release();
    out.expected_release = own_failed ? tried_release_ : expected_release_;
    out.primary_answers = primary_answers_;
    if (!options_.checks.empty()) out.checks_passed = checks_passed_;
    out.dns_has_followed = dns_has_followed_;
    out.force = options_.force;
    out.window = options_.window;
    return out;
  }
  Transition decide(const View& shown) const {
    return guard::switch_back(situation_of(shown.snapshot.observed), rules_wish(shown), shown.now);
  }

  void introduce(const View& shown) {
    const auto& check = *shown.snapshot.observed.check;
    shown_ = check;
    expected_release_ = record_of(shown.snapshot.observed).release.number;
    context_.progress(fmt::format("{} asks to switch health check {} back to Primary: {}",
                                  shown.snapshot.caller_arn, shown.id(), options_.reason));
    context_.progress(fmt::format("It is {}, version {} ({}).", to_string(shown.assessment.state),
                                  check.version, describe(check)));
  }

  // A release was made and its end was not seen: the command was cut off.
  bool under_way(const View& shown) const {
    const auto record = record_of(shown.snapshot.observed);
    return !latched(*shown.snapshot.observed.check) && !record.latched_in_this_release() &&
           !record.in_maintenance(shown.now) && record.release.at &&
           shown.now < *record.release.at + record.release.window;
  }
  SwitchBackReport take_up(View shown) {
    report_.release = record_of(shown.snapshot.observed).release.number;
    report_.version = shown.snapshot.observed.check->version;
    context_.progress(fmt::format("Release {} has been made already; waiting for what follows.",
                                  report_.release));
    return follow(shown);
  }

  bool ask_primary(const View& shown) {
    const auto path = record_of(shown.snapshot.observed).path_to_restore();
    if (!path) {
      context_.progress("Primary cannot be asked: its own path is not known.");
      return false;
    }
    return guard::primary_answers(context_, shown.snapshot.check_config, *path, options_.probes,
                                  seen_);
  }

  bool run_checks(const View& shown) {
    return checks_pass(context_, shown.id(), options_.checks, options_.check_limit, seen_);
  }

  // The last look before a person says yes: it goes into the audit log with the release.
  void show_what_there_is(const View& shown, const View& settled) {
    seen_.at = settled.now;
    seen_.check = check_words(settled.snapshot);
    seen_.alarm = alarm_words(settled.snapshot);
    if (shown.snapshot.records)
      seen_.dns = ask_every_server(context_.aws, *shown.snapshot.records, context_.dns_server,
                                   context_.ask_dns);
    context_.progress("Health check: " + seen_.check + ".");
    context_.progress("Alarm: " + seen_.alarm + ".");
    for (const auto& one : seen_.dns) context_.progress("DNS: " + words_of(one) + ".");
  }

  // Gives a look at which the alarm has seen the latch: its next ALARM would be news in the new
  // release, and latch at once. Backoff of some minutes spares that; the rules have the last word.
  // Nothing, with the reason in unseen_ or problem_: the last look showed too little to decide on.
  std::optional<View> look_when_alarm_has_seen(const View& shown) {
    client::Backoff backoff;
    backoff.every = std::chrono::milliseconds{500};
    backoff.growth = 1.3;
    backoff.longest = std::chrono::seconds{5};
    backoff.at_most = std::min<Duration>(options_.window, longest_wait_for_alarm);
    std::optional<View> newest;
    Waiting waiting(context_);
    (void)client::wait_until(context_.clock, backoff, [&] {
      newest.reset();
      auto now = view(context_.aws, context_.clock, options_.health_check_id, context_.chain());
      if (!now) {
        problem_ = now.error().text;
        problem_kind_ = end_in_the_middle(now.error().kind);
        return false;
      }
      // Rights can be taken away, and the check deleted, while one waits.
      unseen_ = cannot_be_decided(*now, options_.force.contains("audit"));
      if (unseen_) return first_silence(now->snapshot.blind) == nullptr;
      if (!now->snapshot.observed.check) {
        problem_ = "there is no health check " + options_.health_check_id + " any more.";
        problem_kind_ = SwitchBackEnd::failed;
        return true;
      }
      newest = std::move(*now);
      newest->snapshot.records = shown.snapshot.records;
      if (options_.force.contains("alarm") || has_seen_latch(*newest))
        return dns_follows(*newest, waiting);
      waiting.until({"the alarm has seen the latch", "1 to 3m after the latch", backoff.at_most});
      return false;
    });
    return newest;
  }
  // Of a guard with a relay, which must not take the end of this latch for a new failover.
  bool dns_follows(const View& now, Waiting& waiting) {
    if (!has_sentinel(now.snapshot) || options_.force.contains("dns")) return true;
    const auto why_not = not_on_backup(context_, *now.snapshot.records);
    dns_has_followed_ = why_not.empty();
    if (!why_not.empty()) waiting.until({"every name server names Backup (" + why_not + ")"});
    return why_not.empty();
  }
  SwitchBackReport not_seen() {
    if (unseen_) return ends(SwitchBackEnd::no_answer, *unseen_);
    return ends(problem_kind_, "Nothing was released: " + problem_);
  }

  static bool has_seen_latch(const View& now) {
    return alarm_has_seen_latch(situation_of(now.snapshot.observed), now.now);
  }

  SwitchBackReport release(View shown) {
    Request request;
    request.action = "switch-back";
    request.why = options_.reason;
    request.forced = join({options_.force.begin(), options_.force.end()}, ",");
    request.must_be_audited =
        shown.snapshot.observed.audit_group.has_value() && !options_.force.contains("audit");
    request.unaudited = options_.force.contains("audit");
    request.tells = true;
    request.seen = seen_;
    auto records = shown.snapshot.records;
    auto carried = carry_out(context_, std::move(shown), request, [this](const View& now) {
      auto decision = decide(now);
      if (decision) tried_release_ = decision->record.release.number;
      return decision;
    });
    if (!carried) {
      const auto& why_not = carried.error();
      if (!why_not.refusals.empty()) return refuse(why_not.refusals);
      return ends(end_in_the_middle(why_not.kind), why_not.text);
    }
    report_.release = carried->change.record.release.number;
    report_.version = carried->applied.after.version;
    report_.request_id = carried->applied.request_id;
    report_.notes = carried->applied.notes;
    context_.progress(fmt::format("Released: release {}, health check version {}, {}.",
                                  report_.release, report_.version,
                                  describe(carried->applied.after)));
    // Whoever looked again in between did not look at the records.
    if (!carried->view.snapshot.records) carried->view.snapshot.records = std::move(records);
    return follow(carried->view);
  }

  SwitchBackReport follow(const View& shown) {
    const auto followed = wait_for_primary(context_, shown, options_.window);
    report_.dns = followed.dns;
    switch (followed.end) {
      case Followed::End::all:
        if (!followed.unconfirmed.empty())
          return ends(SwitchBackEnd::not_confirmed,
                      "Primary is released and healthy, and the guard is armed. That DNS answers "
                      "Primary was not confirmed: " +
                          followed.unconfirmed + ".");
        return ends(SwitchBackEnd::done, "Primary serves, and the guard is armed.");
      case Followed::End::latched:
        return ends(SwitchBackEnd::latched_again,
                    "The check is latched again, by somebody else or by the function: " +
                        followed.missing + ".");
      case Followed::End::healthy_only:
        return ends(SwitchBackEnd::not_confirmed,
                    "Primary is released and healthy, but in the window this did not follow: " +
                        followed.missing + ".");
      case Followed::End::unhealthy:
        return latch_again_now(fmt::format("did not become healthy within {} after release {}",
                                           sitelatch::describe(options_.window), report_.release));
      case Followed::End::fell_again:
        return latch_again_now(
            fmt::format("became healthy and then failed again after release {}", report_.release));
    }
    return report_;
  }

  SwitchBackReport latch_again_now(const std::string& why) {
    context_.progress(fmt::format("Primary {}: latching again.", why));
    auto now =
        view(context_.aws, context_.clock, options_.health_check_id, context_.chain_and_records());
    if (!now)
      return ends(end_in_the_middle(now.error().kind),
                  "Primary is NOT latched and not healthy, and this failed: " + now.error().text);
    Request request;
    request.action = "latch-again";
    request.why = "Primary " + why;
    request.tells = true;
    const auto carried = carry_out(context_, std::move(*now), request, [&](const View& seen) {
      return guard::latch_again(situation_of(seen.snapshot.observed), request.why, seen.now);
    });
    if (!carried) {
      return ends(end_in_the_middle(carried.error().kind),
                  "Primary is NOT latched and not healthy, and latching again failed: " +
                      carried.error().text);
    }
    report_.version = carried->applied.after.version;
    report_.notes.insert(report_.notes.end(), carried->applied.notes.begin(),
                         carried->applied.notes.end());
    return ends(SwitchBackEnd::latched_again,
                fmt::format("Latched again: {}. Backup serves.", request.why));
  }

  Context& context_;
  const SwitchBackOptions& options_;
  SwitchBackReport report_;
  ReleaseEvidence seen_;
  std::optional<Check> shown_;
  std::optional<std::uint64_t> expected_release_;
  std::uint64_t tried_release_ = 0;
  bool primary_answers_ = false, checks_passed_ = false;
  std::optional<bool> dns_has_followed_;
  std::string problem_ = "the guard could not be looked at";
  std::optional<std::string> unseen_;  // what must be known and may not be seen, a sentence
  SwitchBackEnd problem_kind_ = SwitchBackEnd::failed;
};

}  // namespace

std::string name_to_type(const View& view) {
  auto name = site_name(view);
  if (name.empty() && view.snapshot.observed.check)
    name = view.snapshot.observed.check->fqdn.value_or("");
  if (name.ends_with('.')) name.pop_back();
  return name.empty() ? view.id() : name;
}

std::span<const std::string_view> force_names(Form form) {
  static constexpr std::string_view names[] = {"primary", "checks", "audit", "alarm", "dns"};
  const std::span all{names};
  if (form == Form::hardened) return all;
  return all.first(form == Form::guide ? 4 : 3);
}

SwitchBackEnd end_of(Error::Kind kind) {
  if (kind == Error::Kind::refused) return SwitchBackEnd::refused;
  if (kind == Error::Kind::no_answer) return SwitchBackEnd::no_answer;
  return kind == Error::Kind::usage ? SwitchBackEnd::usage : SwitchBackEnd::failed;
}

SwitchBackReport switch_back(Context& context, const SwitchBackOptions& options) {
  return Switching(context, options).run();
}

}  // namespace sitelatch::guard
