// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/form_drill.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/wait.h"
#include "guard/apply/config_change.h"
#include "guard/apply/drill_legs.h"
#include "guard/apply/drill_scratch.h"
#include "guard/apply/drill_sentinel.h"
#include "guard/apply/form_on_scratch.h"
#include "guard/apply/missing_rights.h"

namespace sitelatch::guard {
namespace {

// Legs that wait for fifteen good minutes, twice the time that they should take.
constexpr Duration good_minutes_limit = std::chrono::minutes{45};
// How long DNS is watched after Primary is back: the worst loop of `config` (fact guard-53) is over
// well within it and the time before.
constexpr Duration watched_for = std::chrono::minutes{5};
// After a blip: when it has not been noticed by then, it left no zero.
constexpr Duration blip_is_over = std::chrono::minutes{10};

// Route 53's edges hear of a failover one after the other (fact guard-63), and any may answer.
constexpr Duration edges_apart = std::chrono::seconds{30};

double seconds_of(Duration d) { return std::chrono::duration<double>(d).count(); }

class FormDrill {
 public:
  FormDrill(Context& context, const FormDrillOptions& options)
      : context_(context),
        options_(options),
        form_(form_on_scratch(options.form, context_, options.codes)),
        legs_(context_, report_) {
    context_.ask_dns = [this, ask = context.ask_dns](const std::string& server,
                                                     const std::string& name,
                                                     const std::string& type) {
      auto answer = ask(server, name, type);
      if (answer && sentinel_ && name == sentinel_->name) hear(*answer);
      return answer;
    };
  }

  DrillReport run() {
    try {
      rehearse();
    } catch (const Interrupted&) {
      report_.interrupted = true;
      report_.passed = false;
      report_.sentence = "Interrupted.";
    }
    options_.ignore_interrupts();
    if (const auto closed = reach_.close(); !closed) report_.notes.push_back(closed.error().text);
    report_.reached = reach_.outcome();
    clean_up();
    if (!report_.legs.empty() && !report_.interrupted) form_->write_down(report_);
    return std::move(report_);
  }

 private:
  // Every answer about the drill's name, whoever asked.
  void hear(const DnsAnswer& answer) {
    const auto says = [&](std::string_view address) {
      return std::find(answer.values.begin(), answer.values.end(), address) != answer.values.end();
    };
    if (!held_out_) return;
    if (says(sentinel_backup) && !backup_at_) {
      backup_at_ = context_.clock.now();
      backup_by_aws_ = aws_now_;
    }
    if (says(sentinel_primary) && backup_at_ && !named_at_ &&
        aws_now_ > backup_by_aws_ + edges_apart)
      named_at_ = context_.clock.now();
  }
  Result<FormOnScratch::State> look() {
    auto seen = form_->state(scratch_.id);
    if (seen) aws_now_ = std::max(aws_now_, seen->now);
    if (seen && seen->latched && !latched_at_) latched_at_ = context_.clock.now();
    return seen;
  }

  bool rehearse() {
    auto seen = form_->look_at_primary(options_.health_check_id);
    if (!seen) return legs_.cannot_begin(seen.error());
    primary_ = std::move(*seen);
    if (const auto why = not_to_be_rehearsed()) return legs_.cannot_begin(*why);
    const auto missing = missing_rights(context_.aws, primary_.caller_arn, primary_.rights);
    if (missing && !missing->empty())
      return legs_.cannot_begin(error_of(
          Error::Kind::no_answer,
          "Nothing was made: " +
              describe(*missing, primary_.caller_arn, Audience::deployer, "", options_.form)));
    context_.progress(fmt::format("On AWS this takes about {} (reckoned, not measured).",
                                  time_on_aws(options_.form, options_.scenario)));
    std::optional<PeopleTopic> people;
    if (options_.reach.limit) {
      auto found = people_of(context_, options_.health_check_id, options_.form);
      if (!found) return legs_.cannot_begin(found.error());
      if (const auto nobody = nobody_hears(*found)) return legs_.cannot_begin(*nobody);
      people = std::move(*found);
    }
    if (!remove_remains()) return false;
    if (people && !legs_.walk("message", [&] { return reach_.ask(*people); })) return false;
    if (!test_functions() || !prepare()) return false;
    const bool failed_over = options_.scenario == Scenario::trip ? by_hand() : by_outage();
    if (!failed_over) return false;
    if (backup_at_ && !switch_back()) return false;
    if (people && !legs_.walk("person", [this] { return reach_.wait(); })) return false;
    report_.passed = true;
    report_.sentence = "The whole chain works; no traffic moved.";
    return true;
  }

  std::optional<Error> not_to_be_rehearsed() const {
    const auto& id = options_.health_check_id;
    if (!primary_.unseen.empty()) return error_of(Error::Kind::no_answer, primary_.unseen);
    if (!primary_.check)
      return error_of(Error::Kind::failed, "There is no health check " + id + ".");
    const auto& check = *primary_.check;
    const bool by_path = options_.form == Form::hardened;
    if (!check.type.starts_with("HTTP") && (check.type != "TCP" || by_path))
      return error_of(Error::Kind::refused, "Health check " + id + " is of type " + check.type +
                                                ": a drill copies an endpoint's check (HTTP, " +
                                                (by_path ? "HTTPS)." : "HTTPS or TCP)."));
    if (!primary_.records)
      return error_of(Error::Kind::no_answer,
                      "The hosted zones' records cannot be seen, and the drill makes a pair of "
                      "its own in Primary's zone.");
    const auto zone = plan_sentinel(*primary_.records, "");
    if (zone && by_path && zone->records.users.front().private_zone)
      return error_of(Error::Kind::refused,
                      "Only private zones have a PRIMARY record on health check " + id +
                          ", and the relay of the form hardened asks public name servers.");
    if (!zone)
      return error_of(Error::Kind::refused,
                      "No PRIMARY record follows health check " + id +
                          ", so there is no zone in which DNS could be rehearsed.");
    if (primary_.healthy != true)
      return error_of(Error::Kind::refused,
                      "Primary is not seen healthy: a copy of its check would not become so, and "
                      "nothing could be rehearsed. sitelatch status " +
                          id);
    return std::nullopt;
  }

  bool remove_remains() {
    const auto left = find_scratch(context_, options_.health_check_id);
    if (!left) return legs_.fails(left.error().text);
    for (const auto& one : *left) {
      context_.progress("Removing what an earlier drill left: scratch health check " + one.id +
                        ".");
      if (!remove(one)) return legs_.fails("What an earlier drill left could not be removed.");
    }
    return true;
  }

  // What runs for the real guard: it proves its rights and changes nothing.
  bool test_functions() {
    const auto tested = form_->self_test();
    return !tested || legs_.walk("self-test", [&] { return *tested; });
  }

  bool prepare() {
    return legs_.walk("scratch-check", [this] { return make_check(); }) &&
           legs_.walk("sentinel", [this] { return make_records(); }) &&
           legs_.walk("deploy", [this] { return form_->build(scratch_.id, long_limit()); }) &&
           legs_.walk("attach", [this] { return form_->attach(scratch_.id, long_limit()); });
  }

  Result<std::string> make_check() {
    begun_ = context_.clock.now();
    const auto made = make_scratch(
        context_, {options_.health_check_id, primary_.config, primary_.check->path, options_.form});
    if (!made) return failure(made.error());
    scratch_ = {*made, options_.form};
    return fmt::format("health check {}, like {}", scratch_.id, options_.health_check_id);
  }

  Result<std::string> make_records() {
    sentinel_ = plan_sentinel(*primary_.records, scratch_.id);
    const auto made = make_sentinel(context_, *sentinel_);
    if (!made) return failure(Problem{made.error().text});
    std::string heard;
    const bool well = await("DNS answers Primary for " + sentinel_->name, options_.leg_limit, [&] {
      const auto answers = ask();
      heard = answers.empty() ? "" : answers.front().problem;
      if (primary_serves(answers) != true) return false;
      const auto now = look();
      return now && now->endpoint_healthy == true;
    });
    if (!well)
      return failure(
          Problem{fmt::format("DNS did not answer Primary for {}, or the scratch check "
                              "was not seen healthy, within {}{}",
                              sentinel_->name, sitelatch::describe(options_.leg_limit),
                              heard.empty() ? "" : ": " + heard)});
    return fmt::format("{}, in Primary's zone; DNS answers its PRIMARY", sentinel_->name);
  }

  // --- the failover
  bool by_hand() {
    held_out_ = true;
    failed_at_ = context_.clock.now();
    return legs_.walk("trip", [this] { return form_->trip(scratch_.id); }) && failover() && holds();
  }

  bool by_outage() {
    held_out_ = true;
    const bool begun = legs_.walk("outage", [this]() -> Result<std::string> {
      failed_at_ = context_.clock.now();
      const auto moved = move_port(context_, scratch_.id, dead_port);
      if (!moved) return failure(moved.error());
      return fmt::format("the scratch check asks port {}, where nobody answers", dead_port);
    });
    if (!begun) return false;
    if (options_.scenario == Scenario::blip) return blip();
    return failover() && recovery() && latches() && holds();
  }

  bool failover() {
    return legs_.walk("failover", [this]() -> Result<std::string> {
      const bool came = await("DNS answers Backup", options_.leg_limit, [this] {
        (void)look();
        (void)ask();
        return backup_at_.has_value();
      });
      if (!came) return not_in_time("DNS did not hand over to Backup");
      return fmt::format("DNS answers Backup {:.0f} s after the failure",
                         seconds_of(*backup_at_ - failed_at_));
    });
  }

  bool recovery() {
    return legs_.walk("recovery", [this]() -> Result<std::string> {
      if (const auto moved = move_port(context_, scratch_.id, own_port()); !moved)
        return failure(moved.error());
      if (!form_->failover_is_latch())
        return std::string{"Primary answers again: nothing but a latch keeps it out of DNS now"};
      const bool well = await("the scratch check is healthy again", options_.leg_limit, [this] {
        (void)ask();
        const auto now = look();
        return now && now->endpoint_healthy == true;
      });
      if (!well) return not_in_time("Route 53 did not find the scratch check healthy again");
      return std::string{"Primary answers again, and Route 53 finds it healthy"};
    });
  }

  // Over as soon as Route 53 has noticed; then either is right: noticed and latched, or neither.
  bool blip() {
    const bool noticed = legs_.walk("unhealthy", [this]() -> Result<std::string> {
      const bool came = await("Route 53's checkers notice", options_.leg_limit, [this] {
        (void)ask();
        const auto now = look();
        return backup_at_ || (now && now->endpoint_healthy == false);
      });
      if (!came) return not_in_time("Route 53's checkers did not notice");
      return std::string{"Route 53's checkers find the scratch check unhealthy"};
    });
    if (!noticed || !recovery()) return false;
    std::optional<Instant> until;
    (void)await("DNS answers Backup, or the blip left no trace", long_limit(), [&] {
      const auto now = look();
      (void)ask();
      if (now && !until) until = now->now + blip_is_over;
      return backup_at_ || (now && now->now >= *until);
    });
    if (backup_at_) return latches() && holds();
    return legs_.walk("blip", [this]() -> Result<std::string> {
      const auto now = look();
      if (!now) return failure(now.error());
      if (now->latched) return failure(Problem{"latched, and DNS never answered Backup"});
      return std::string{"it left no trace: no failover, and no latch"};
    });
  }

  // Of a form whose latch comes after the failover: it comes, and of whom it should.
  bool latches() {
    if (form_->failover_is_latch()) return true;
    return legs_.walk("latched", [this]() -> Result<std::string> {
      std::optional<LatchedBy> by;
      const bool came = await("the scratch check is latched", options_.leg_limit, [&] {
        const auto now = look();
        (void)ask();
        if (now && now->latched) by = now->by;
        return (now && now->latched) || named_at_;
      });
      if (named_at_)
        return failure(
            Problem{fmt::format("DNS named Primary {:.0f} s after it had named Backup, "
                                "and nothing had latched",
                                seconds_of(*named_at_ - *backup_at_))});
      if (!came) return not_in_time("nothing latched");
      const auto after = latched_after();
      if (by != LatchedBy::relay)
        return failure(Problem{fmt::format(
            "latched by {}, {:.0f} s after DNS had named Backup: the relay should have been there "
            "before it",
            by ? to_string(*by) : "nobody knows whom", after)});
      return fmt::format("by the relay, {:.0f} s after DNS had named Backup", after);
    });
  }

  // To the second or two between our looks.
  double latched_after() const { return std::max(0.0, seconds_of(*latched_at_ - *backup_at_)); }

  // What the product is for.
  bool holds() {
    return legs_.walk("stays-latched", [this]() -> Result<std::string> {
      bool latched = false;
      std::optional<Instant> until;
      (void)await("DNS has kept to Backup for five minutes", options_.leg_limit, [&] {
        const auto now = look();
        (void)ask();
        if (named_at_ || !now) return named_at_.has_value();
        latched = now->latched;
        if (!until) until = now->now + watched_for;
        return latched && now->now >= *until;
      });
      if (named_at_)
        return failure(Problem{fmt::format("DNS named Primary {:.0f} s after it had named Backup",
                                           seconds_of(*named_at_ - *backup_at_))});
      if (!latched) return not_in_time("the latch was not seen");
      return fmt::format("{:.0f} s of Backup and of nothing else, and the latch is seen",
                         seconds_of(aws_now_ - backup_by_aws_));
    });
  }

  bool switch_back() {
    held_out_ = false;
    return legs_.walk("switch-back", [this]() -> Result<std::string> {
      released_at_ = context_.clock.now();
      auto released = form_->release(scratch_.id, long_limit());
      back_at_ = context_.clock.now();
      return released;
    });
  }

  // --- what the legs share
  std::vector<DnsSnapshot> ask() {
    return ask_serving(context_.aws, sentinel_->records, context_.dns_server, context_.ask_dns);
  }
  bool await(const std::string& what, Duration limit, const std::function<bool()>& holds) {
    client::Backoff backoff;
    backoff.every = std::chrono::seconds{1};
    backoff.growth = 1.3;
    backoff.longest = std::chrono::seconds{5};
    backoff.at_most = limit;
    Waiting waiting(context_);
    return client::wait_until(context_.clock, backoff, [&] {
      if (holds()) return true;
      waiting.until({what, "", limit});
      return false;
    });
  }
  Failure<Problem> not_in_time(std::string_view what) const {
    return failure(
        Problem{fmt::format("{} within {}", what, sitelatch::describe(options_.leg_limit))});
  }
  Duration long_limit() const { return std::max(options_.leg_limit, good_minutes_limit); }
  int own_port() const {
    const auto type = primary_.config["Type"].string_or("");
    return static_cast<int>(
        primary_.config["Port"].integer_or(type.starts_with("HTTPS") ? 443 : 80));
  }

  // --- the end
  bool remove(const DrillScratch& scratch) {
    const auto gone = remove_drill(context_, scratch);
    if (!gone) report_.left.push_back(gone.error().text);
    return gone.has_value();
  }

  void clean_up() {
    if (scratch_.id.empty() && report_.interrupted) {
      // Cut off between the call that made it and our knowing it.
      const auto left = find_scratch(context_, options_.health_check_id);
      if (left && !left->empty()) scratch_ = left->front();
    }
    if (!scratch_.id.empty()) {
      context_.progress("Removing the scratch health check, its guard and its records ...");
      (void)remove(scratch_);
      if (options_.form != Form::engine) report_.cost = cost();
      note_it();
    }
    if (!report_.left.empty()) report_.passed = false;
  }

  // For `status`. A drill that could not be noted is none the less a drill.
  void note_it() {
    const auto at = Instant{begun_.time_since_epoch()} + context_.aws.clock_offset();
    std::string over, back;
    if (backup_at_)
      over = fmt::format("Backup after {:.0f} s", seconds_of(*backup_at_ - failed_at_));
    if (latched_at_ && backup_at_ && !form_->failover_is_latch())
      over += fmt::format(", latched {:.0f} s after it", latched_after());
    if (back_at_)
      back = fmt::format("switched back in {:.0f} s", seconds_of(*back_at_ - *released_at_));
    const auto text = drill_note(at, options_.scenario, report_, {over, back, report_.reached});
    const auto noted = add_check_tags(context_, options_.health_check_id,
                                      {{std::string{tag::last_drill}, tag_text(text)}});
    if (!noted) report_.notes.push_back(noted.error().text);
    if (!primary_.audit.there) return;
    AuditEntry entry;
    entry.at = at;
    entry.action = "drill";
    entry.stage = report_.passed ? "done" : "failed";
    entry.who = primary_.caller_arn;
    entry.why = why_of(report_);
    if (const auto unwritten = note_down(context_, primary_.audit, entry))
      context_.progress(*unwritten);
  }

  // AWS's list prices (2025): a health check outside AWS with HTTPS at most 2.75 USD a month, each
  // of config's others 0.50, an alarm 0.10; what functions, messages and log lines of a drill cost
  // is far below a cent.
  std::string cost() const {
    const auto hours = seconds_of(context_.clock.now() - begun_) / 3600;
    const bool relay = options_.form == Form::hardened;
    const double a_month = relay ? 2 * 2.75 + 0.10 : 2.75 + 2 * 0.50 + 0.10;
    const double dollars = a_month / 730 * (hours < 1 ? 1 : hours);
    return fmt::format("under {:.2f} USD on AWS ({} and an alarm for {:.0f} minutes{})",
                       dollars + 0.01, relay ? "two health checks" : "three health checks",
                       hours * 60 < 1 ? 1 : hours * 60, relay ? ", two functions" : "");
  }

  Context context_;  // with our own ear at its questions to DNS
  const FormDrillOptions& options_;
  std::unique_ptr<FormOnScratch> form_;
  Rehearsed primary_;
  DrillScratch scratch_;
  std::optional<Sentinel> sentinel_;
  bool held_out_ = false;  // from here on DNS may name Primary only until it has named Backup
  Instant aws_now_{}, backup_by_aws_{};
  WallInstant begun_{}, failed_at_{};
  std::optional<WallInstant> backup_at_, named_at_, latched_at_, released_at_, back_at_;
  DrillReport report_;
  DrillLegs legs_;
  Reach reach_{context_, options_.reach};
};

}  // namespace

std::string_view time_on_aws(Form form, Scenario scenario) {
  if (form == Form::engine) return "eight minutes";
  if (form == Form::hardened) return "20 to 30 minutes";
  return scenario == Scenario::blip ? "25 to 60 minutes" : "45 to 60 minutes";
}

DrillReport drill_form(Context& context, const FormDrillOptions& options) {
  return FormDrill(context, options).run();
}

}  // namespace sitelatch::guard
