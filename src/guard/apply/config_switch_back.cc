// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/config_switch_back.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "guard/apply/missing_rights.h"
#include "guard/apply/release_checks.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

constexpr Duration first_pause = std::chrono::seconds{1}, longest_pause = std::chrono::seconds{10};
// Metrics lag by minutes behind what DNS shows at once.
constexpr auto longest_lag_of_metric = std::chrono::minutes{6};
constexpr int most_closing_tries = 5;

ConfigLook in_passing() {
  ConfigLook how;
  how.records = how.dns = how.probes = false;
  return how;
}

Step ask_for(Context& context, const ConfigView& view, int threshold) {
  const auto& c = *view.observed.combined;
  return update_under_version(
      context, c.id, c.version,
      {{"HealthThreshold", threshold},
       {"ChildHealthChecks", Value::list({view.id(), view.observed.hold->id})}});
}

// The fifteen minutes are nearly over, and closing C alone may come too late for them.
Step trip_again(Context& context, const ConfigView& view) {
  const auto& hold = *view.observed.hold;
  context.progress(
      "The fifteen good minutes are nearly over: the hold is tripped, so that they "
      "release nothing.");
  auto done = update_under_version(context, hold.id, hold.version,
                                   {{"Disabled", true}, {"Inverted", true}});
  if (!done) return done;
  (void)add_check_tags(context, hold.id,
                       {{std::string{tag::tripped},
                         tag_text(fmt::format("{} {}: a switch back was given up",
                                              iso8601_seconds(view.now), view.caller_arn))}});
  return done;
}

class Letting {  // Primary serve again
 public:
  Letting(Context& context, const ConfigSwitchBackOptions& options)
      : context_(context), options_(options) {}

  SwitchBackReport run() {
    auto shown = look_at_config(context_, options_.health_check_id, {});
    if (!shown) return ends(end_of(shown.error().kind), shown.error().text);
    if (!shown->observed.unseen.empty())
      return ends(SwitchBackEnd::no_answer, "Nothing was released: " + shown->observed.unseen);
    context_.progress(fmt::format("{} asks to switch health check {} back to Primary: {}",
                                  shown->caller_arn, shown->id(), options_.reason));
    context_.progress(fmt::format("It is {}: {}.", to_string(shown->assessment.phase),
                                  shown->assessment.sentence));
    if (const auto against = refusals(*shown); !against.empty()) return refuse(against);
    if (const auto lacks =
            rights_against(context_, *shown, Audience::operate, actions_to_release_config()))
      return ends(SwitchBackEnd::no_answer, "Nothing was released: " + *lacks);
    records_ = shown->records;
    if (is_releasing(shown->plan, shown->observed)) {
      context_.progress("A switch back is under way already; going on with it.");
    } else {
      if (const auto stopped = ask_everybody(*shown)) return *stopped;
      auto fresh = look_at_config(context_, options_.health_check_id, in_passing());
      if (!fresh) return ends(end_of(fresh.error().kind), fresh.error().text);
      if (!seen_the_same(shown->observed, fresh->observed))
        return ends(SwitchBackEnd::refused,
                    "Nothing was released: somebody has changed the hold check or the calculated "
                    "check since they were shown. If there is a latch, it may be another one.");
      fresh->observed.records = shown->observed.records;
      fresh->observed.dns_primary = shown->observed.dns_primary;
      if (const auto against = refusals(*fresh); !against.empty()) return refuse(against);
      shown = std::move(*fresh);
    }
    if (const auto stopped = begin(*shown)) return *stopped;
    return follow();
  }

 private:
  SwitchBackReport ends(SwitchBackEnd end, std::string sentence) {
    report_.end = end;
    report_.sentence = std::move(sentence);
    return report_;
  }
  SwitchBackReport refuse(std::vector<Refusal> against) {
    report_.refusals = std::move(against);
    return ends(SwitchBackEnd::refused, "Nothing was released.");
  }

  std::vector<Refusal> refusals(const ConfigView& view) const {
    ConfigRelease wish;
    wish.primary_answers = primary_answers_;
    wish.checks_passed = checks_passed_;
    wish.expected_version = options_.expected_version;
    wish.force = options_.force;
    return against_release(view.plan, view.observed, wish, view.now);
  }

  // Everything that a person, the sites and their own checks have to say. Nothing: they say yes.
  std::optional<SwitchBackReport> ask_everybody(const ConfigView& shown) {
    if (shown.observed.endpoint->type.starts_with("HTTP"))
      primary_answers_ =
          primary_answers(context_, shown.endpoint_config,
                          shown.observed.endpoint->path.value_or("/"), options_.probes, seen_);
    if (primary_answers_ != false || options_.force.contains("primary"))
      checks_passed_ =
          checks_pass(context_, shown.id(), options_.checks, options_.check_limit, seen_);
    if (const auto against = refusals(shown); !against.empty()) return refuse(against);
    seen_.at = shown.now;
    seen_.check = fmt::format(
        "{}, version {}, {}", describe(*shown.observed.endpoint), shown.observed.endpoint->version,
        endpoint_is_healthy(shown.observed) == true ? "healthy" : "not seen healthy");
    seen_.alarm = describe(*shown.observed.hold) + ", " +
                  fmt::format("{} good minutes", shown.assessment.good_minutes);
    if (shown.records)
      seen_.dns =
          ask_every_server(context_.aws, *shown.records, context_.dns_server, context_.ask_dns);
    context_.progress("Health check: " + seen_.check + ".");
    context_.progress("Latch: " + seen_.alarm + ".");
    for (const auto& one : seen_.dns) context_.progress("DNS: " + words_of(one) + ".");
    if (!options_.confirm(shown, name_to_type(shown)))
      return ends(SwitchBackEnd::refused, "Nothing was released: nobody confirmed it.");
    return std::nullopt;
  }

  // The tag first: whoever looks at a C that is content with one must see why.
  std::optional<SwitchBackReport> begin(const ConfigView& view) {
    hold_version_ = view.observed.hold->version;
    if (may_be_opened(view.plan, view.observed, view.now))
      combined_version_ = view.observed.combined->version;
    opened_ = view.now;
    entry_.at = view.now;
    entry_.action = "switch-back";
    entry_.stage = "asked";
    entry_.change_id = ports::random_hex(context_.entropy, 16);
    entry_.who = view.caller_arn;
    entry_.why = options_.reason;
    entry_.before = describe(*view.observed.hold);
    entry_.forced = join({options_.force.begin(), options_.force.end()}, ",");
    if (!seen_.check.empty()) entry_.seen = seen_;
    if (const auto problem = note_down(context_, view, entry_)) {
      if (view.there.audit_group && !options_.force.contains("audit"))
        return ends(SwitchBackEnd::failed, "Nothing was released: " + *problem);
      context_.progress(*problem);
    }
    if (const auto since = begun_at(view)) {
      opened_ = *since;
      return std::nullopt;
    }
    const auto note = tag_text(
        fmt::format("{} {}: {}", iso8601_seconds(view.now), view.caller_arn, options_.reason));
    const auto tagged =
        add_check_tags(context_, view.observed.hold->id, {{std::string{tag::switch_back}, note}});
    if (tagged) return std::nullopt;
    return ends(end_of(tagged.error().kind), "Nothing was released: " + tagged.error().text);
  }

  // Of a switch back that is under way, by its tag.
  static std::optional<Instant> begun_at(const ConfigView& view) {
    const auto& tags = view.observed.hold->tags;
    const auto note = tags.find(std::string{tag::switch_back});
    if (!is_releasing(view.plan, view.observed) || note == tags.end()) return std::nullopt;
    const auto text = from_tag_text(note->second);
    return parse_iso8601(text.substr(0, text.find(' '))).value_or(view.now);
  }

  SwitchBackReport follow() {
    const auto deadline = context_.clock.now() + options_.window;
    Waiting waiting(context_);
    for (;;) {
      auto view = look_at_config(context_, options_.health_check_id, in_passing());
      if (view && view->observed.unseen.empty()) {
        problem_.clear();
        view->observed.records = standing();
        ask_dns(*view);
        if (auto finished = advance(*view)) return *finished;
      } else {
        tell(problem_ = view ? view->observed.unseen : view.error().text);
      }
      if (context_.clock.now() >= deadline) return give_up();
      waiting.until({"Primary serves after fifteen good minutes", "18m from the first good minute",
                     options_.window});
      context_.clock.sleep(std::min<Duration>(pause_, deadline - context_.clock.now()));
      pause_ = std::min<Duration>(pause_ + pause_ / 2, longest_pause);
    }
  }

  std::optional<FormRecords> standing() const {
    FormRecords some;
    some.on_hold = 1;  // as against_release() demanded
    return some;
  }
  void ask_dns(ConfigView& view) {
    if (!records_) return;
    report_.dns = ask_serving(context_.aws, *records_, context_.dns_server, context_.ask_dns);
    view.observed.dns_primary = primary_serves(report_.dns);
  }

  // One look, and at most one change. A report: that is the end.
  std::optional<SwitchBackReport> advance(const ConfigView& view) {
    const auto& o = view.observed;
    if (!o.combined || !o.hold)
      return ends(SwitchBackEnd::failed,
                  "A check of the guard is gone. sitelatch status " + view.id());
    report_.version = o.hold->version;
    if (o.hold->version != hold_version_)
      return ends(SwitchBackEnd::refused, "Somebody else has changed the hold check meanwhile. " +
                                              hold_again(context_, view.id()));
    if (closed_at_) return after_closing(view);
    const auto may_open =
        o.combined->version == combined_version_ ? MayOpen::yes : MayOpen::not_again;
    switch (next_of_release(view.plan, o, opened_, view.now, may_open)) {
      case ReleaseStep::open:
        context_.progress(
            "The calculated check follows Primary alone now; Backup serves until fifteen good "
            "minutes were seen.");
        return made(ask_for(context_, view, 1));
      case ReleaseStep::wait:
        tell(fmt::format("{} of {} good minutes{}", good_minutes_now(view), good_minutes_asked,
                         endpoint_is_healthy(o) == false
                             ? "; Primary is NOT healthy now, and they begin anew when it is"
                             : ""));
        return std::nullopt;
      case ReleaseStep::let_go: {
        context_.progress("Fifteen good minutes: the tripped hold is let go.");
        const auto done =
            update_under_version(context_, o.hold->id, o.hold->version, {{"Disabled", false}});
        if (done) hold_version_ = o.hold->version + 1;
        return made(done);
      }
      case ReleaseStep::close: {
        const auto done = ask_for(context_, view, 2);
        if (done) {
          closed_at_ = context_.clock.now();
          context_.progress("Primary serves; the calculated check asks for both again.");
        }
        return made(done);
      }
      case ReleaseStep::closed_by_others:
        context_.progress("The calculated check asks for both again, and not by this command.");
        closed_by_others_ = true;
        [[fallthrough]];
      case ReleaseStep::done:
        closed_at_ = context_.clock.now();
        return after_closing(view);
    }
    return std::nullopt;
  }

  int good_minutes_now(const ConfigView& view) const {
    return view.observed.combined_minutes
               ? good_minutes(*view.observed.combined_minutes, opened_, view.now)
               : 0;
  }

  // Conflicts and lost answers are looked at again; a refusal of AWS's is the end.
  std::optional<SwitchBackReport> made(const Step& done) {
    pause_ = first_pause;
    if (done || done.error().kind == Error::Kind::conflict) return std::nullopt;
    if (done.error().kind == Error::Kind::no_answer) {
      tell(done.error().text);
      return std::nullopt;
    }
    return ends(end_of(done.error().kind),
                done.error().text + " " + hold_again(context_, options_.health_check_id));
  }

  std::optional<SwitchBackReport> after_closing(const ConfigView& view) {
    const auto& o = view.observed;
    const auto since = context_.clock.now() - *closed_at_;
    const bool healthy = hold_is_healthy(view.plan, o, view.now) == true;
    if (healthy && o.dns_primary != false) return finish(view);
    // Good minutes that were on their way when others closed it may still let Primary be named.
    const auto settled =
        closed_by_others_ ? Duration{longest_lag_of_metric} : Duration{std::chrono::minutes{2}};
    if (o.dns_primary == false && since >= settled) {
      (void)remove_check_tags(context_, o.hold->id, {tag::switch_back});
      audit(view, "failed", closed_by_others_ ? "closed by others" : "Primary failed again");
      return ends(SwitchBackEnd::latched_again,
                  closed_by_others_
                      ? "Somebody else has ended this switch back, or Primary failed again as it "
                        "ended: it is latched, and Backup serves."
                      : "Primary failed again as soon as it served, and that failover is latched: "
                        "Backup serves.");
    }
    if (since < longest_lag_of_metric) {
      tell("Waiting until metric and DNS show it ...");
      return std::nullopt;
    }
    if (o.dns_primary == true) return finish(view);
    audit(view, "failed", "not confirmed");
    return ends(SwitchBackEnd::not_confirmed,
                "The fifteen good minutes were seen and the calculated check asks for both again, "
                "but that Primary serves was not confirmed: sitelatch status " +
                    view.id());
  }

  SwitchBackReport finish(const ConfigView& view) {
    if (const auto gone =
            remove_check_tags(context_, view.observed.hold->id, {tag::switch_back, tag::tripped});
        !gone)
      report_.notes.push_back(gone.error().text);
    audit(view, "done", "");
    if (view.observed.dns_primary == true)
      return ends(SwitchBackEnd::done, "Primary serves, and its failover is the latch again.");
    return ends(SwitchBackEnd::not_confirmed,
                "The hold is healthy and will latch again. That DNS answers Primary was not "
                "confirmed: not every name server could be asked.");
  }

  void audit(const ConfigView& view, const std::string& stage, const std::string& note) {
    entry_.stage = stage;
    entry_.seen.reset();
    entry_.at = view.now;
    entry_.after = describe(*view.observed.hold);
    entry_.version = std::to_string(view.observed.hold->version);
    entry_.note = note;
    if (const auto problem = note_down(context_, view, entry_)) report_.notes.push_back(*problem);
  }

  SwitchBackReport give_up() {
    const auto how_far = hold_again(context_, options_.health_check_id);
    if (!problem_.empty())
      return ends(SwitchBackEnd::no_answer, "The window is over: " + problem_ + " " + how_far);
    return ends(SwitchBackEnd::latched_again,
                fmt::format("Primary did not have fifteen good minutes within {}. {}",
                            sitelatch::describe(options_.window), how_far));
  }

  void tell(const std::string& sentence) {
    if (sentence != said_) context_.progress(sentence);
    said_ = sentence;
  }

  Context& context_;
  const ConfigSwitchBackOptions& options_;
  SwitchBackReport report_;
  ReleaseEvidence seen_;
  AuditEntry entry_;
  std::optional<RecordsSnapshot> records_;
  std::optional<bool> primary_answers_, checks_passed_;
  std::uint64_t hold_version_ = 0;
  std::optional<std::uint64_t> combined_version_;  // as shown; nothing: not to be opened
  bool closed_by_others_ = false;
  Instant opened_{};
  std::optional<WallInstant> closed_at_;
  Duration pause_ = first_pause;
  std::string said_, problem_;
};

}  // namespace

SwitchBackReport config_switch_back(Context& context, const ConfigSwitchBackOptions& options) {
  return Letting(context, options).run();
}

std::string hold_again(Context& context, const std::string& endpoint) {
  const auto not_seen = [&](const std::string& why) {
    return "Whether the calculated check is content with one of two could not be seen or changed "
           "(" +
           why + "): as long as it is, nothing fails over. sitelatch status " + endpoint;
  };
  ConfigLook how;
  how.probes = false;
  for (int attempt = 1;; ++attempt) {
    const auto view = look_at_config(context, endpoint, how);
    if (!view) return not_seen(view.error().text);
    const auto& o = view->observed;
    if (!o.combined || !o.hold) return not_seen(o.unseen.empty() ? "a check is gone" : o.unseen);
    const auto next = next_of_holding(view->plan, o, view->now);
    if (next != HoldStep::done) {
      const auto made =
          next == HoldStep::trip ? trip_again(context, *view) : ask_for(context, *view, 2);
      if (!made && attempt < most_closing_tries) continue;
      if (!made) return not_seen(made.error().text);
      continue;
    }
    if (o.hold->tags.contains(std::string{tag::switch_back}))
      (void)remove_check_tags(context, o.hold->id, {tag::switch_back});
    if (!o.hold->tripped() && hold_is_healthy(view->plan, o, view->now) == true)
      return "Primary serves, and the calculated check asks for both: its failover is the latch.";
    return "Nothing is released: the latch stands, and Backup serves. The next switch back begins "
           "the fifteen minutes anew.";
  }
}

std::string name_to_type(const ConfigView& view) {
  auto name = view.records ? primary_name(*view.records) : std::string{};
  if (name.empty() && view.observed.endpoint) name = view.observed.endpoint->fqdn.value_or("");
  return name.empty() ? view.id() : name;
}

}  // namespace sitelatch::guard
