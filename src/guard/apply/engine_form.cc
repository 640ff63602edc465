// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/engine_form.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/config_change.h"
#include "guard/apply/drill_scratch.h"
#include "guard/apply/find_check.h"
#include "guard/apply/reading.h"
#include "guard/apply/release_checks.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

class EngineReading {
 public:
  EngineReading(Context& context, const std::string& endpoint)
      : context_(context), reading_(context.aws) {
    reading_.go_on_despite_silence();
    out_.endpoint = endpoint;
  }

  Result<EngineView, Error> run(AllRecords* all_records) {
    const auto doing = "look at health check " + out_.endpoint;
    const auto caller = read_caller(context_.aws);
    if (!caller) return failure(error_of(caller.error(), doing));
    out_.caller_arn = caller->arn;
    out_.now = Instant{context_.clock.now().time_since_epoch()} + context_.aws.clock_offset();
    out_.region = control_region(caller->partition);
    look_at_check(out_.region);
    look_at_records(all_records);
    if (reading_.fatal()) return failure(error_of(*reading_.fatal(), doing));
    out_.blind = reading_.blind();
    out_.assessment = assess_engine(out_.endpoint, o());
    return std::move(out_);
  }

 private:
  EngineObserved& o() { return out_.observed; }

  void look_at_check(std::string_view region) {
    const auto check = read_check(context_.aws, out_.endpoint);
    if (!check) return decisive("health check " + out_.endpoint, check.error());
    if (!*check) return;
    o().endpoint = (*check)->check;
    out_.endpoint_config = (*check)->config;
    const auto health = reading_.health(*o().endpoint, region, out_.now, Reading::Probes::shown);
    o().healthy = health.healthy;
    o().probes_well = healthy_by(*o().endpoint, health.checkers);
    out_.now = std::max(out_.now, health.now);
    const auto tags = context_.aws.call(
        "route53", "ListTagsForResource",
        Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", out_.endpoint}}));
    if (!tags) return decisive("the tags of health check " + out_.endpoint, tags.error());
    const auto texts = tags_from((*tags)["ResourceTagSet"]["Tags"]);
    const auto armed = texts.find(std::string{resume_tag::armed});
    o().armed = armed != texts.end() && armed->second == "true";
    o().latch = read_engine_latch(texts);
    if (const auto noted = texts.find(std::string{tag::last_drill}); noted != texts.end())
      out_.last_drill = from_tag_text(noted->second);
  }

  void look_at_records(AllRecords* all_records) {
    AllRecords own(context_.aws);
    auto& all = all_records ? *all_records : own;
    const auto found = all.using_check(out_.endpoint);
    if (!found) return reading_.note("the hosted zones' records", found.error());
    out_.records = joined_records(*found, {});
    o().records = standing_of(*out_.records, out_.endpoint, "");
    out_.dns = ask_serving(context_.aws, *out_.records, context_.dns_server, context_.ask_dns);
    o().dns_primary = primary_serves(out_.dns);
  }

  void decisive(const std::string& what, const client::Error& error) {
    reading_.note(what, error);
    if (o().unseen.empty()) o().unseen = describe(ReadFailure{what, error});
  }

  Context& context_;
  Reading reading_;
  EngineView out_;
};

client::Outcome<Value> set_tag(Context& context, const std::string& id, std::string_view key,
                               std::string_view value) {
  return context.aws.call(
      "route53", "ChangeTagsForResource",
      Value::structure(
          {{"ResourceType", "healthcheck"},
           {"ResourceId", id},
           {"AddTags", Value::list({Value::structure({{"Key", key}, {"Value", value}})})}}));
}

// The engine's own words, which say what to do; else ours.
Error refused_by_engine(const client::Error& error, std::string_view doing) {
  if (error.is("InvalidInput")) return error_of(Error::Kind::refused, error.message);
  return error_of(error, doing);
}

Step is_an_engine(Context& context, const std::string& id) {
  const auto answer = set_tag(context, id, resume_tag::armed, engine_question);
  if (!answer) {
    if (answer.error().is("InvalidInput")) return Done{};
    return failure(error_of(answer.error(), "ask whether this is Sitelatch's engine"));
  }
  const auto gone = remove_check_tags(context, id, {resume_tag::armed});
  return failure(error_of(
      Error::Kind::refused,
      std::string{"This is not Sitelatch's engine, or one that knows no manual resume: it keeps a "
                  "tag whose value only the engine refuses. On AWS the form engine does nothing; "
                  "what latches there in one event is --form config."} +
          (gone ? "" : " The question stays in the tag: " + gone.error().text)));
}

client::Outcome<std::optional<EngineLatch>> latch_now(Context& context, const std::string& id) {
  const auto tags =
      context.aws.call("route53", "ListTagsForResource",
                       Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", id}}));
  if (!tags) return failure(tags.error());
  return read_engine_latch(tags_from((*tags)["ResourceTagSet"]["Tags"]));
}

std::string words_of(const std::optional<EngineLatch>& latch) {
  return latch ? fmt::format("latched in version {}", latch->version) : "not latched";
}

AuditEntry entry_of(const EngineView& view, std::string_view action) {
  AuditEntry entry;
  entry.at = view.now;
  entry.action = action;
  entry.stage = "done";
  entry.who = view.caller_arn;
  return entry;
}

void note_down(Context& context, const AuditGroup& group, const AuditEntry& entry,
               EngineDone& done) {
  if (!group.unseen.empty()) done.notes.push_back(group.unseen);
  if (auto problem = note_down(context, group, entry)) done.notes.push_back(std::move(*problem));
}

}  // namespace

Result<EngineView, Error> look_at_engine(Context& context, const std::string& endpoint,
                                         AllRecords* all_records) {
  if (!valid_health_check_id(endpoint)) return failure(not_an_id(endpoint));
  return EngineReading(context, endpoint).run(all_records);
}

client::Outcome<std::vector<std::string>> engine_guards(client::Aws& aws,
                                                        const std::vector<std::string>& known) {
  const auto caller = read_caller(aws);
  if (!caller) return failure(caller.error());
  const auto prefix = default_names("").audit_group;
  const auto groups =
      aws.call_all("logs", "DescribeLogGroups", Value::structure({{"logGroupNamePrefix", prefix}}),
                   control_region(caller->partition));
  std::vector<std::string> out;
  if (!groups && client::is_denied(groups.error())) return out;
  if (!groups) return failure(groups.error());
  for (const auto& group : (*groups)["logGroups"].items()) {
    const auto id = group["logGroupName"].string_or("").substr(prefix.size());
    if (!valid_health_check_id(id) || std::find(known.begin(), known.end(), id) != known.end())
      continue;
    const auto tags =
        aws.call("route53", "ListTagsForResource",
                 Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", id}}));
    if (!tags && client::is_absent(tags.error())) continue;  // a log that was kept
    if (!tags) return failure(tags.error());
    const auto texts = tags_from((*tags)["ResourceTagSet"]["Tags"]);
    const auto armed = texts.find(std::string{resume_tag::armed});
    if (armed == texts.end() || armed->second != "true") continue;
    const auto check =
        aws.call("route53", "GetHealthCheck", Value::structure({{"HealthCheckId", id}}));
    if (!check) return failure(check.error());
    // A drill's is none of the account's.
    if (drilled_check((*check)["HealthCheck"]["CallerReference"].string_or("")).empty())
      out.push_back(id);
  }
  return out;
}

Result<EngineDeployment, Error> plan_engine(Context& context, const std::string& endpoint) {
  auto seen = look_at_engine(context, endpoint);
  if (!seen) return failure(seen.error());
  EngineDeployment out{std::move(*seen), false, {}, {}};
  const auto& view = out.view;
  if (auto against = against_engine(endpoint, view.observed); !against.empty()) {
    auto error = error_of(std::move(against));
    if (!view.observed.unseen.empty()) error.kind = Error::Kind::no_answer;
    return failure(std::move(error));
  }
  out.arms = !view.observed.armed;
  out.audit = find_audit_group(context, view.region, endpoint);
  if (view.records) out.batches = batches_to_attach(*view.records, endpoint, endpoint);
  return out;
}

Result<EngineDone, Error> carry_out(Context& context, const EngineDeployment& deployment,
                                    bool change_records) {
  const auto& id = deployment.view.endpoint;
  const auto known = is_an_engine(context, id);
  if (!known) return failure(known.error());
  std::vector<std::string> says;
  if (change_records)
    for (const auto& batch : deployment.batches) {
      for (const auto& change : batch.says) context.progress(change);
      const auto made = carry_out(context.aws, batch, "sitelatch deploy --form engine");
      if (!made) return failure(made.error());
      says.insert(says.end(), batch.says.begin(), batch.says.end());
    }
  if (deployment.arms) {
    says.push_back("put health check " + id + " under manual resume");
    context.progress(says.back());
    const auto armed = set_tag(context, id, resume_tag::armed, "true");
    if (!armed) return failure(refused_by_engine(armed.error(), "arm health check " + id));
  }
  EngineDone done{
      fmt::format("Health check {} is under manual resume: its failover is the latch.", id), {}};
  auto audit = deployment.audit;
  if (!audit.there) {
    context.progress("make log group " + audit.name);
    const auto made =
        make_audit_group(context, audit,
                         {{std::string{tag::form}, std::string{to_string(Form::engine)}},
                          {std::string{tag::endpoint}, id},
                          {std::string{tag::role}, "audit"}});
    if (!made) {
      done.notes.push_back("It has no audit log: " + made.error().text +
                           " The same command again makes it.");
      return done;
    }
    audit.there = true;
  }
  auto entry = entry_of(deployment.view, "deploy");
  entry.note = join(says, "; ").substr(0, 4000);
  note_down(context, audit, entry, done);
  return done;
}

Result<EngineDone, Error> trip_engine(Context& context, const EngineView& view,
                                      const std::string& reason) {
  const auto tripped = set_tag(context, view.endpoint, resume_tag::trip, trip_request(reason));
  if (!tripped)
    return failure(refused_by_engine(tripped.error(), "trip health check " + view.endpoint));
  EngineDone done{view.observed.latch ? "it is latched already, and has this reason besides"
                                      : "latched: Backup serves until somebody switches back",
                  {}};
  auto entry = entry_of(view, "trip");
  entry.why = reason;
  entry.before = words_of(view.observed.latch);
  if (const auto now = latch_now(context, view.endpoint); now && *now) {
    entry.after = words_of(*now);
    entry.version = std::to_string((*now)->version);
  }
  note_down(context, find_audit_group(context, view.region, view.endpoint), entry, done);
  return done;
}

Result<EngineDone, Error> disarm_engine(Context& context, const EngineView& view, Logs logs) {
  const auto gone =
      context.aws.call("route53", "ChangeTagsForResource",
                       Value::structure({{"ResourceType", "healthcheck"},
                                         {"ResourceId", view.endpoint},
                                         {"RemoveTagKeys", Value::list({resume_tag::armed})}}));
  if (!gone)
    return failure(
        refused_by_engine(gone.error(), "end the manual resume of health check " + view.endpoint));
  if (!view.last_drill.empty())
    (void)remove_check_tags(context, view.endpoint, {tag::last_drill});  // a note, and no more
  EngineDone done{"the health check is not under manual resume any more: nothing latches it", {}};
  const auto audit = find_audit_group(context, view.region, view.endpoint);
  if (!audit.there) return done;
  if (logs == Logs::kept) {
    note_down(context, audit, entry_of(view, "destroy"), done);
    return done;
  }
  context.progress("delete log group " + audit.name);
  if (const auto removed = remove_audit_group(context, audit); !removed)
    done.notes.push_back(removed.error().text);
  return done;
}

namespace {

class Resuming {
 public:
  Resuming(Context& context, const EngineSwitchBackOptions& options)
      : context_(context), options_(options) {}

  SwitchBackReport run() {
    const auto view = look_at_engine(context_, options_.health_check_id);
    if (!view) return ends_by(view.error(), "");
    if (!view->observed.unseen.empty())
      return ends(SwitchBackEnd::no_answer, "Nothing was released: " + view->observed.unseen);
    if (auto stopped = ask_everybody(*view)) return *stopped;
    audit_ = find_audit_group(context_, view->region, view->endpoint);
    if (!audit_.unseen.empty()) report_.notes.push_back(audit_.unseen);
    if (auto stopped = write_asked(*view)) return *stopped;
    const auto released = set_tag(context_, view->endpoint, resume_tag::resume,
                                  resume_request(view->observed.latch->version, options_.reason));
    if (!released) {
      const auto why =
          refused_by_engine(released.error(), "release health check " + view->endpoint);
      write(why.kind == Error::Kind::refused ? "refused" : "failed", why.text);
      return ends_by(why, "");
    }
    context_.progress("Released.");
    return follow();
  }

 private:
  SwitchBackReport ends(SwitchBackEnd end, std::string sentence) {
    report_.end = end;
    report_.sentence = std::move(sentence);
    return report_;
  }
  SwitchBackReport ends_by(const Error& error, const std::string& before) {
    return ends(end_of(error.kind), before + error.text);
  }
  // Nothing: nobody says no.
  std::optional<SwitchBackReport> refused(const EngineView& view, const ConfigRelease& wish) {
    report_.refusals = against_engine_release(view.observed, wish);
    if (report_.refusals.empty()) return std::nullopt;
    return ends(SwitchBackEnd::refused, "Nothing was released.");
  }

  // What a person, the site and their own checks have to say. Nothing: they say yes.
  std::optional<SwitchBackReport> ask_everybody(const EngineView& view) {
    ConfigRelease wish;
    wish.expected_version = options_.expected_version;
    wish.force = options_.force;
    if (auto stopped = refused(view, wish)) return stopped;
    const auto& check = *view.observed.endpoint;
    if (check.type.starts_with("HTTP"))
      wish.primary_answers = primary_answers(context_, view.endpoint_config,
                                             check.path.value_or("/"), options_.probes, seen_);
    wish.checks_passed =
        checks_pass(context_, view.endpoint, options_.checks, options_.check_limit, seen_);
    if (auto stopped = refused(view, wish)) return stopped;
    seen_.at = view.now;
    seen_.check = fmt::format("{}, version {}", describe(check), check.version);
    seen_.alarm = words_of(view.observed.latch);
    if (view.records)
      seen_.dns =
          ask_every_server(context_.aws, *view.records, context_.dns_server, context_.ask_dns);
    auto name = view.records ? primary_name(*view.records) : std::string{};
    if (name.empty()) name = view.endpoint;
    context_.progress(fmt::format("It is {}.", view.assessment.sentence));
    if (options_.confirm(view, name)) return std::nullopt;
    return ends(SwitchBackEnd::refused, "Nothing was released: nobody confirmed it.");
  }

  // Before it is done, so that a command that is cut off has still left its name.
  std::optional<SwitchBackReport> write_asked(const EngineView& view) {
    entry_ = entry_of(view, "switch-back");
    entry_.stage = "asked";
    entry_.change_id = ports::random_hex(context_.entropy, 16);
    entry_.why = options_.reason;
    entry_.before = words_of(view.observed.latch);
    entry_.forced = join({options_.force.begin(), options_.force.end()}, ",");
    entry_.seen = seen_;
    const auto problem = note_down(context_, audit_, entry_);
    if (!problem) return std::nullopt;
    if (audit_.there && !options_.force.contains("audit"))
      return ends(SwitchBackEnd::failed, "Nothing was released: " + *problem);
    context_.progress(*problem);
    return std::nullopt;
  }
  void write(const std::string& stage, const std::string& note) {
    entry_.stage = stage;
    entry_.note = note;
    entry_.seen.reset();
    entry_.version = report_.version != 0 ? std::to_string(report_.version) : "";
    const auto now = latch_now(context_, options_.health_check_id);
    entry_.after = now ? words_of(*now) : "not to be seen";
    if (auto problem = note_down(context_, audit_, entry_))
      report_.notes.push_back(std::move(*problem));
  }

  SwitchBackReport follow() {
    client::Backoff backoff;
    backoff.every = std::chrono::milliseconds{500};
    backoff.growth = 1.5;
    backoff.longest = std::chrono::seconds{5};
    backoff.at_most = options_.window;
    bool latched_again = false;
    Waiting waiting(context_);
    (void)client::wait_until(context_.clock, backoff, [&] {
      const auto now = look_at_engine(context_, options_.health_check_id);
      if (!now) return false;
      report_.dns = now->dns;
      entry_.at = now->now;
      if (now->observed.endpoint) report_.version = now->observed.endpoint->version;
      latched_again = now->observed.latch.has_value();
      if (latched_again || now->observed.dns_primary == true || report_.dns.empty()) return true;
      waiting.until({"DNS answers Primary", "at once", options_.window});
      return false;
    });
    if (latched_again) {
      write("failed", "Primary failed again");
      return ends(SwitchBackEnd::latched_again,
                  "Primary failed again, and that failover is latched: Backup serves.");
    }
    const bool seen = primary_serves(report_.dns) == true;
    write("done", seen ? "" : "that DNS answers Primary was not confirmed");
    if (seen)
      return ends(SwitchBackEnd::done, "Primary serves, and its failover is the latch again.");
    return ends(
        SwitchBackEnd::not_confirmed,
        "Released. That DNS answers Primary was not confirmed: not every name server could be "
        "asked.");
  }

  Context& context_;
  const EngineSwitchBackOptions& options_;
  SwitchBackReport report_;
  ReleaseEvidence seen_;
  AuditGroup audit_;
  AuditEntry entry_;
};

}  // namespace

SwitchBackReport engine_switch_back(Context& context, const EngineSwitchBackOptions& options) {
  return Resuming(context, options).run();
}

}  // namespace sitelatch::guard
