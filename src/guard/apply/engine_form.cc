// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/engine_form.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/wait.h"
#include "guard/apply/config_change.h"
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
    look_at_check(control_region(caller->partition));
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

}  // namespace

Result<EngineView, Error> look_at_engine(Context& context, const std::string& endpoint,
                                         AllRecords* all_records) {
  if (!valid_health_check_id(endpoint)) return failure(not_an_id(endpoint));
  return EngineReading(context, endpoint).run(all_records);
}

Result<EngineDeployment, Error> plan_engine(Context& context, const std::string& endpoint) {
  auto seen = look_at_engine(context, endpoint);
  if (!seen) return failure(seen.error());
  EngineDeployment out{std::move(*seen), false, {}};
  const auto& view = out.view;
  if (auto against = against_engine(endpoint, view.observed); !against.empty()) {
    auto error = error_of(std::move(against));
    if (!view.observed.unseen.empty()) error.kind = Error::Kind::no_answer;
    return failure(std::move(error));
  }
  out.arms = !view.observed.armed;
  if (view.records) out.batches = batches_to_attach(*view.records, endpoint, endpoint);
  return out;
}

Step carry_out(Context& context, const EngineDeployment& deployment, bool change_records) {
  const auto& id = deployment.view.endpoint;
  const auto known = is_an_engine(context, id);
  if (!known) return known;
  if (change_records)
    for (const auto& batch : deployment.batches) {
      for (const auto& change : batch.says) context.progress(change);
      const auto made = carry_out(context.aws, batch, "sitelatch deploy --form engine");
      if (!made) return made;
    }
  if (!deployment.arms) return Done{};
  context.progress("put health check " + id + " under manual resume");
  const auto armed = set_tag(context, id, resume_tag::armed, "true");
  if (!armed) return failure(refused_by_engine(armed.error(), "arm health check " + id));
  return Done{};
}

Result<std::string, Error> trip_engine(Context& context, const EngineView& view,
                                       const std::string& reason) {
  const auto tripped = set_tag(context, view.endpoint, resume_tag::trip, trip_request(reason));
  if (!tripped)
    return failure(refused_by_engine(tripped.error(), "trip health check " + view.endpoint));
  return std::string{view.observed.latch ? "it is latched already, and has this reason besides"
                                         : "latched: Backup serves until somebody switches back"};
}

Result<std::string, Error> disarm_engine(Context& context, const EngineView& view) {
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
  return std::string{"the health check is not under manual resume any more: nothing latches it"};
}

SwitchBackReport engine_switch_back(Context& context, const EngineSwitchBackOptions& options) {
  SwitchBackReport report;
  const auto ends = [&report](SwitchBackEnd end, std::string sentence) {
    report.end = end;
    report.sentence = std::move(sentence);
    return report;
  };
  const auto ends_by = [&](const Error& error, const std::string& before) {
    return ends(end_of(error.kind), before + error.text);
  };
  const auto view = look_at_engine(context, options.health_check_id);
  if (!view) return ends_by(view.error(), "");
  if (!view->observed.unseen.empty())
    return ends(SwitchBackEnd::no_answer, "Nothing was released: " + view->observed.unseen);
  ConfigRelease wish;
  wish.expected_version = options.expected_version;
  wish.force = options.force;
  const auto refused = [&]() -> bool {
    report.refusals = against_engine_release(view->observed, wish);
    return !report.refusals.empty();
  };
  if (refused()) return ends(SwitchBackEnd::refused, "Nothing was released.");
  ReleaseEvidence seen;
  const auto& check = *view->observed.endpoint;
  if (check.type.starts_with("HTTP"))
    wish.primary_answers = primary_answers(context, view->endpoint_config, check.path.value_or("/"),
                                           options.probes, seen);
  wish.checks_passed =
      checks_pass(context, view->endpoint, options.checks, options.check_limit, seen);
  if (refused()) return ends(SwitchBackEnd::refused, "Nothing was released.");
  auto name = view->records ? primary_name(*view->records) : std::string{};
  if (name.empty()) name = view->endpoint;
  context.progress(fmt::format("It is {}.", view->assessment.sentence));
  if (!options.confirm(*view, name))
    return ends(SwitchBackEnd::refused, "Nothing was released: nobody confirmed it.");
  const auto released = set_tag(context, view->endpoint, resume_tag::resume,
                                resume_request(view->observed.latch->version, options.reason));
  if (!released)
    return ends_by(refused_by_engine(released.error(), "release health check " + view->endpoint),
                   "");
  context.progress("Released.");
  client::Backoff backoff;
  backoff.every = std::chrono::milliseconds{500};
  backoff.growth = 1.5;
  backoff.longest = std::chrono::seconds{5};
  backoff.at_most = options.window;
  bool latched_again = false;
  (void)client::wait_until(context.clock, backoff, [&] {
    const auto now = look_at_engine(context, options.health_check_id);
    if (!now) return false;
    report.dns = now->dns;
    if (now->observed.endpoint) report.version = now->observed.endpoint->version;
    latched_again = now->observed.latch.has_value();
    return latched_again || now->observed.dns_primary == true || report.dns.empty();
  });
  if (latched_again)
    return ends(SwitchBackEnd::latched_again,
                "Primary failed again, and that failover is latched: Backup serves.");
  if (primary_serves(report.dns) == true)
    return ends(SwitchBackEnd::done, "Primary serves, and its failover is the latch again.");
  return ends(
      SwitchBackEnd::not_confirmed,
      "Released. That DNS answers Primary was not confirmed: not every name server could be "
      "asked.");
}

}  // namespace sitelatch::guard
