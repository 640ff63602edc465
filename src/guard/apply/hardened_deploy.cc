// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/hardened_deploy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/config_change.h"
#include "guard/apply/self_testing.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

// A deploy takes fifteen; others may be at work, and lists lag.
constexpr int most_relay_steps = 60;
constexpr std::size_t path_letters = 32;

DeployOptions native(DeployOptions wish) {
  if (!wish.function) wish.function = FunctionKind::native;
  wish.form = Form::hardened;
  return wish;
}

Error refused_before(std::vector<Refusal> refusals, std::string_view before) {
  auto error = error_of(std::move(refusals));
  error.text = std::string{before} + error.text;
  return error;
}

Value sentinel_record(const HardenedPlan& plan, bool primary) {
  const auto& says = primary ? plan.settings.primary : plan.settings.secondary;
  auto record = Value::structure(
      {{"Name", plan.settings.sentinel + "."},
       {"Type", "TXT"},
       {"TTL", sentinel_ttl_s},
       {"SetIdentifier", primary ? "primary" : "secondary"},
       {"Failover", primary ? "PRIMARY" : "SECONDARY"},
       {"ResourceRecords", Value::list({Value::structure({{"Value", "\"" + says + "\""}})})}});
  if (primary) record.set("HealthCheckId", plan.endpoint);
  return record;
}

Value change_of(std::string_view action, const Value& record) {
  return Value::structure({{"Action", action}, {"ResourceRecordSet", record}});
}

bool is_the_same(const Value& record, const RecordSnapshot& there) {
  return lower(record["Name"].string_or("")) == lower(there.name) &&
         record["SetIdentifier"].string_or("") == there.set_identifier;
}

bool already_exists(const client::Error& error) {
  return error.is("ResourceConflictException") && error.message.find("exist") != std::string::npos;
}

}  // namespace

std::string command_of(const std::string& endpoint, int threshold) {
  return fmt::format("aws route53 update-health-check --health-check-id {} --failure-threshold {}",
                     endpoint, threshold);
}

Value permission_of_everybody(const std::string& function, std::string_view statement) {
  auto input = Value::structure(
      {{"FunctionName", function}, {"StatementId", statement}, {"Principal", "*"}});
  if (statement == url_statement) {
    input.set("Action", "lambda:InvokeFunctionUrl");
    input.set("FunctionUrlAuthType", "NONE");
  } else {
    input.set("Action", "lambda:InvokeFunction");
    input.set("InvokedViaFunctionUrl", true);
  }
  return input;
}

Value clock_config(const ClockTarget& target) {
  return Value::structure({{"Type", target.type},
                           {"FullyQualifiedDomainName", target.host},
                           {"Port", target.port},
                           {"ResourcePath", target.path},
                           {"RequestInterval", clock_interval_s},
                           {"FailureThreshold", clock_threshold}});
}

HardenedDeployment::HardenedDeployment(Context& context, DeployOptions guide, Codes codes,
                                       Options options)
    : context_(context),
      wish_(native(std::move(guide))),
      code_(codes.native),
      options_(options),
      guide_({context, options.timeout}, wish_, std::move(codes)),
      deadline_(context.clock.now() + options.timeout),
      path_("/" + ports::random_hex(context.entropy, path_letters)) {}

Result<HardenedDeployPlan, Error> HardenedDeployment::plan() {
  auto guide = guide_.plan();
  if (!guide) return failure(guide.error());
  auto plan = around(std::move(*guide));
  if (plan) look_for_missing_rights(*plan);
  return plan;
}

void HardenedDeployment::look_for_missing_rights(HardenedDeployPlan& plan) const {
  if (!plan.guide.work.empty()) plan.missing = plan.guide.missing;
  plan.guide.missing.clear();
  const auto& clock = plan.look.observed.clock;
  const auto scope = scope_of_hardened(plan.guide.plan, clock ? clock->id : "");
  const auto& caller = plan.guide.snapshot.caller_arn;
  const auto ask = [&](const Scope& of, const std::vector<std::string>& actions,
                       const std::string& zone) {
    if (actions.empty()) return;
    const auto lacking = missing_rights(
        context_.aws, caller, in_zone(only(rights_of(Audience::deployer, of), actions), zone));
    if (lacking) plan.missing.insert(plan.missing.end(), lacking->begin(), lacking->end());
  };
  std::vector<std::string> actions;
  for (const auto& work : plan.work)
    for (auto& one : actions_to_take(work, plan.look.plan.relay)) actions.push_back(std::move(one));
  ask(relay_alone(scope), actions, plan.look.plan.zone_id);
  if (!options_.change_records) return;
  for (const auto& batch : plan.batches)
    ask(relay_alone(scope), {"route53:ChangeResourceRecordSets"}, batch.zone_id);
  if (plan.threshold) ask(scope_of(plan.guide.plan), {std::string{latch_action}}, {});
}

Result<HardenedDeployPlan, Error> HardenedDeployment::around(DeployPlan guide) {
  HardenedDeployPlan out;
  out.guide = std::move(guide);
  HardenedQuery how;
  how.path = path_;
  how.health = false;
  auto& snapshot = out.guide.snapshot;
  auto look = look_at_hardened(context_, snapshot, out.guide.plan, how);
  if (!look) return failure(look.error());
  if (!look->blind.empty())
    return failure(unseen_of(look->blind, "Deploy must see everything that it may change",
                             snapshot.caller_arn, look->plan.endpoint));
  out.look = std::move(*look);
  out.refusals = against_hardened(out.look.plan, out.guide.plan.settings, out.look.endpoint_tags);
  out.work = hardened_work(out.look.plan, out.look.observed);
  const auto& o = out.look.observed;
  const auto asked = threshold_asked(o.interval_s);
  if (o.threshold > 0 && o.threshold < asked) out.threshold = ThresholdChange{o.threshold, asked};
  const auto& id = out.look.plan.endpoint;
  if (snapshot.records) out.batches = batches_to_attach(*snapshot.records, id, id);
  if (!out.hardens()) return out;
  HardeningMoment moment;
  const auto& observed = snapshot.observed;
  moment.latched = observed.check && latched(*observed.check);
  moment.maintenance = snapshot.settings.record.in_maintenance(out.guide.now);
  moment.healthy = observed.healthy;
  if (observed.probes_fail && moment.healthy) moment.healthy = false;
  if (snapshot.records)
    moment.dns_primary = primary_serves(
        ask_serving(context_.aws, *snapshot.records, context_.dns_server, context_.ask_dns));
  out.not_changeable = against_hardening(moment);
  return out;
}

Step HardenedDeployment::permitted(const HardenedDeployPlan& plan) const {
  if (!plan.refusals.empty()) return failure(refused_before(plan.refusals, "Nothing was made: "));
  const auto allowed = rules_permit(plan);
  if (!allowed || plan.missing.empty()) return allowed;
  return failure(
      error_of(Error::Kind::no_answer,
               "Nothing was made. " + describe(plan.missing, plan.guide.snapshot.caller_arn,
                                               Audience::deployer, plan.look.plan.endpoint,
                                               Form::hardened)));
}

Step HardenedDeployment::rules_permit(const HardenedDeployPlan& plan) const {
  if (options_.change_records && plan.hardens()) {
    if (!plan.not_changeable.empty())
      return failure(refused_before(plan.not_changeable, "The records were not changed: "));
    // The holes that these changes close are no reason any more.
    auto closed = plan.guide;
    std::erase_if(closed.findings, [](const Finding& finding) {
      return finding.name == hole::secondary_health || finding.name == hole::target_health;
    });
    return guide_.permitted(closed);
  }
  auto allowed = guide_.permitted(plan.guide);
  if (allowed || plan.batches.empty()) return allowed;
  auto error = allowed.error();
  error.text += "\nIn this form --change-records closes what is the records'.";
  return failure(std::move(error));
}

Step HardenedDeployment::build(HardenedDeployPlan& plan) {
  if (options_.change_records && plan.hardens()) {
    const auto hardened = harden(plan);
    if (!hardened) return hardened;
    auto again = this->plan();
    if (!again) return failure(again.error());
    plan = std::move(*again);
    const auto allowed = guide_.permitted(plan.guide);
    if (!allowed) return allowed;
  }
  const auto built = guide_.build(plan.guide);
  if (!built) return built;
  return build_relay(plan);
}

Step HardenedDeployment::arm(HardenedDeployPlan& plan) {
  return plan.guide.will_arm ? guide_.arm(plan.guide) : guide_.prove(plan.guide);
}

Step HardenedDeployment::prove_relay(const HardenedDeployPlan& plan) {
  if (!built_) return Done{};
  const auto& function = plan.look.plan.relay.function;
  say("self-test of function " + function.name);
  const auto tested =
      run_self_test_for(std::clamp<Duration>(deadline_ - context_.clock.now(),
                                             std::chrono::seconds{1}, std::chrono::minutes{1}),
                        context_.aws, context_.clock, function);
  const std::string until = " Until it passes the alarm alone latches, minutes after a failover.";
  if (!tested) {
    auto error = error_of(tested.error(), "run the self-test of function " + function.name);
    error.text += until;
    return failure(std::move(error));
  }
  if (tested->passed) return Done{};
  return failure(error_of(
      Error::Kind::failed,
      fmt::format("The relay, function {}, failed its self-test: {}.{} Mend it and run deploy "
                  "again; sitelatch drill rehearses all of it.",
                  function.name, tested->sentence, until)));
}

// The records of the pair in one batch a zone, then the threshold.
Step HardenedDeployment::harden(const HardenedDeployPlan& plan) {
  std::vector<std::string> says;
  for (const auto& batch : plan.batches) {
    for (const auto& change : batch.says) say("  " + change);
    says.insert(says.end(), batch.says.begin(), batch.says.end());
    const auto made = carry_out(context_.aws, batch, "sitelatch deploy --form hardened");
    if (!made) return made;
  }
  if (plan.threshold) {
    const auto& check = *plan.guide.snapshot.observed.check;
    const auto change = fmt::format("FailureThreshold of health check {}: {}, it was {}", check.id,
                                    plan.threshold->to, plan.threshold->from);
    say("  " + change);
    says.push_back(change);
    const auto made = update_under_version(context_, check.id, check.version,
                                           {{"FailureThreshold", plan.threshold->to}});
    if (!made) return made;
  }
  audit(plan, join(says, "; "));
  return Done{};
}

void HardenedDeployment::audit(const HardenedDeployPlan& plan, const std::string& note) {
  if (!plan.guide.snapshot.observed.audit_group) return;  // it is made later on
  AuditEntry entry;
  entry.at = plan.guide.now;
  entry.action = "deploy";
  entry.stage = "done";
  entry.who = plan.guide.snapshot.caller_arn;
  entry.note = note.substr(0, 4000);
  const View view{plan.guide.snapshot, plan.guide.plan, plan.guide.now, {}, {}};
  if (const auto problem = note_down(context_, view, entry)) say(*problem);
}

// The guide's part is as it was looked at; records and relay are looked at anew.
Step HardenedDeployment::look_again(HardenedDeployPlan& plan) {
  auto records = read_records(context_.aws, plan.look.plan.endpoint);
  if (!records) return failure(error_of(records.error(), "read the hosted zones' records"));
  plan.guide.snapshot.records = std::move(*records);
  auto again = around(std::move(plan.guide));
  if (!again) return failure(again.error());
  plan = std::move(*again);
  return Done{};
}

// What AWS still shows as before, a moment after it was done, is looked at for a while before it is
// done again.
Step HardenedDeployment::build_relay(HardenedDeployPlan& plan) {
  std::string done_last, noted;
  auto wait = std::chrono::seconds{1};
  const auto seen = look_again(plan);
  if (!seen) return seen;
  for (int steps = 0; !plan.work.empty(); ++steps) {
    const auto work = plan.work.front();
    if (!plan.refusals.empty())
      return failure(refused_before(plan.refusals, "The relay was not finished: "));
    if (steps == most_relay_steps || context_.clock.now() >= deadline_)
      return failure(
          error_of(steps == most_relay_steps ? Error::Kind::failed : Error::Kind::not_in_time,
                   fmt::format("The relay is not finished ({}: {}). Run deploy again; "
                               "it goes on from here.",
                               work.what, work.why)));
    if (done_last == work.what + work.why && wait <= std::chrono::seconds{8}) {
      context_.clock.sleep(wait);
      wait *= 2;
    } else {
      say(fmt::format("{} {}", work.verb, work.what));
      const auto done = take(work, plan);
      if (!done && done.error().kind != Error::Kind::conflict) return done;
      if (!done) say("Looking again: " + done.error().text + ".");
      built_ = built_ || done;
      if (done) noted += (noted.empty() ? "" : ", ") + work.verb + " " + work.what;
      done_last = work.what + work.why;
      wait = std::chrono::seconds{1};
    }
    const auto again = look_again(plan);
    if (!again) return again;
  }
  const auto reserved = reserve(plan.look);
  if (!reserved) return reserved;
  if (!noted.empty()) audit(plan, noted);
  return Done{};
}

Step HardenedDeployment::take(const HardenedWork& work, const HardenedDeployPlan& plan) {
  switch (work.step) {
    case HardenedStep::sentinel:
      return put_sentinel(plan.look);
    case HardenedStep::relay:
      return make_piece(*work.resource, plan.look);
    case HardenedStep::concurrency:
      return free_concurrency(plan.look);
    case HardenedStep::url:
      return put_url(plan.look);
    case HardenedStep::url_permissions:
      return permit_everybody(plan.look);
    case HardenedStep::clock:
      return make_clock(plan.look);
    case HardenedStep::mend_clock:
      return mend_clock(plan.look);
    case HardenedStep::tag:
      return tag(plan.look);
  }
  return Done{};
}

// Both in one batch, and what stands there under its name and is neither goes with it.
Step HardenedDeployment::put_sentinel(const HardenedLook& look) {
  const auto primary = sentinel_record(look.plan, true),
             secondary = sentinel_record(look.plan, false);
  std::map<std::string, Value> by_zone;
  const auto add = [&by_zone](const std::string& zone, Value change) {
    auto& list = by_zone[zone];
    if (list.is_null()) list = Value::list();
    list.push(std::move(change));
  };
  for (const auto& there : look.sentinels)
    if (there.zone_id != look.plan.zone_id ||
        (!is_the_same(primary, there) && !is_the_same(secondary, there)))
      add(there.zone_id, change_of("DELETE", there.wire));
  for (const auto* record : {&primary, &secondary})
    add(look.plan.zone_id, change_of("UPSERT", *record));
  for (auto& [zone, changes] : by_zone) {
    const auto made = context_.aws.call(
        "route53", "ChangeResourceRecordSets",
        Value::structure(
            {{"HostedZoneId", zone},
             {"ChangeBatch", Value::structure({{"Comment", "sitelatch deploy --form hardened"},
                                               {"Changes", std::move(changes)}})}}));
    if (!made)
      return failure(error_of(made.error(), "write the records " + look.plan.settings.sentinel));
  }
  return Done{};
}

Step HardenedDeployment::make_piece(Resource resource, const HardenedLook& look) {
  Builder builder({context_.aws, context_.clock, context_.progress, deadline_}, look.plan.relay,
                  look.observed.relay, code_);
  return builder.make(resource);
}

// As for the guide's function: best effort, where the account can spare it (fact guard-26).
Step HardenedDeployment::reserve(const HardenedLook& look) {
  const auto& function = look.observed.relay.function;
  if (!wish_.reserve_concurrency || reservation_was_tried_ || !function ||
      function->reserved_concurrency.value_or(0) > 0)
    return Done{};
  reservation_was_tried_ = true;
  constexpr std::int64_t kept_by_aws = 100;
  const auto limits = context_.aws.call("lambda", "GetAccountSettings", Value::structure(),
                                        look.plan.relay.function.region);
  const auto& spare =
      limits ? (*limits)["AccountLimit"]["UnreservedConcurrentExecutions"] : Value{};
  if (spare && spare.integer_or(0) - look.plan.relay.function.reserved_concurrency < kept_by_aws) {
    say(
        fmt::format("No concurrency is reserved for the relay: the account has {} unreserved "
                    "executions, and AWS keeps 100 of them.",
                    spare.integer_or(0)));
    return Done{};
  }
  return make_piece(Resource::function_concurrency, look);
}

// Of none it shares the account's; reserve() then tries for its own.
Step HardenedDeployment::free_concurrency(const HardenedLook& look) {
  const auto& function = look.plan.relay.function;
  const auto made =
      context_.aws.call("lambda", "DeleteFunctionConcurrency",
                        Value::structure({{"FunctionName", function.name}}), function.region);
  if (made || client::is_absent(made.error())) return Done{};
  return failure(error_of(made.error(), "free the concurrency of function " + function.name));
}

Step HardenedDeployment::put_url(const HardenedLook& look) {
  const auto& function = look.plan.relay.function;
  const auto input = Value::structure({{"FunctionName", function.name}, {"AuthType", "NONE"}});
  const bool there = !look.observed.url.empty();
  const auto made =
      context_.aws.call("lambda", there ? "UpdateFunctionUrlConfig" : "CreateFunctionUrlConfig",
                        input, function.region);
  if (made || already_exists(made.error())) return Done{};
  return failure(error_of(made.error(), "make a URL of function " + function.name));
}

// Two statements, both of which a URL of AuthType NONE needs (fact lambda-49).
Step HardenedDeployment::permit_everybody(const HardenedLook& look) {
  const auto& function = look.plan.relay.function;
  const auto& there = look.observed.relay.function->permissions;
  for (const auto statement : {url_statement, url_invoke_statement}) {
    if (lets_everybody_ask(there, statement)) continue;
    const bool stands = std::any_of(there.begin(), there.end(),
                                    [&](const auto& one) { return one.statement_id == statement; });
    if (stands) {
      const auto gone = context_.aws.call(
          "lambda", "RemovePermission",
          Value::structure({{"FunctionName", function.name}, {"StatementId", statement}}),
          function.region);
      if (!gone && !client::is_absent(gone.error()))
        return failure(error_of(gone.error(), "remove permission " + std::string{statement}));
    }
    const auto made =
        context_.aws.call("lambda", "AddPermission",
                          permission_of_everybody(function.name, statement), function.region);
    if (!made && !already_exists(made.error()))
      return failure(
          error_of(made.error(), "let everybody ask the URL of function " + function.name));
  }
  return Done{};
}

Step HardenedDeployment::make_clock(const HardenedLook& look) {
  const auto target = clock_target(look.observed.url, look.plan.settings.path);
  if (!target)
    return failure(error_of(Error::Kind::conflict, "the relay's URL is not to be seen yet"));
  const auto made = make_check_once(
      context_, [&look](int number) { return clock_reference(look.plan.endpoint, number); },
      clock_config(*target));
  if (!made) return failure(made.error());
  return add_check_tags(context_, *made, tags_of_clock(look.plan.endpoint));
}

Step HardenedDeployment::mend_clock(const HardenedLook& look) {
  const auto& clock = *look.observed.clock;
  const auto target = clock_target(look.observed.url, look.plan.settings.path);
  if (!target)
    return failure(error_of(Error::Kind::conflict, "the relay's URL is not to be seen yet"));
  if (clock.target.type != target->type) {
    // A check's type cannot be changed: this one goes, and the next look makes another.
    const auto gone = context_.aws.call("route53", "DeleteHealthCheck",
                                        Value::structure({{"HealthCheckId", clock.id}}));
    if (gone || client::is_absent(gone.error())) return Done{};
    return failure(error_of(gone.error(), "delete health check " + clock.id));
  }
  return update_under_version(context_, clock.id, clock.version,
                              {{"FullyQualifiedDomainName", target->host},
                               {"Port", target->port},
                               {"ResourcePath", target->path},
                               {"Disabled", false},
                               {"Inverted", false}});
}

Step HardenedDeployment::tag(const HardenedLook& look) {
  if (!look.observed.clock)
    return failure(error_of(Error::Kind::conflict, "the relay's clock is not to be seen yet"));
  const auto& id = look.plan.endpoint;
  const auto of_clock = add_check_tags(context_, look.observed.clock->id, tags_of_clock(id));
  if (!of_clock) return of_clock;
  return add_check_tags(context_, id,
                        {{std::string{tag::form}, std::string{to_string(Form::hardened)}},
                         {std::string{tag::clock_check}, look.observed.clock->id}});
}

}  // namespace sitelatch::guard
