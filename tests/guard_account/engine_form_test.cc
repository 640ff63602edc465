// SPDX-License-Identifier: Apache-2.0
// The form `engine` against the engine's services: armed, latched with its failover, released by
// the version that was seen; and refused where it is not an engine that answers.
#include "guard/apply/engine_form.h"

#include <doctest/doctest.h>

#include "config_account.h"
#include "guard/apply/find_form.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

struct ResumeAccount : ConfigAccount {
  std::optional<std::string> deploy_engine(bool change_records = false) {
    const auto plan = plan_engine(context(), check());
    if (!plan) return plan.error().text;
    const auto done = carry_out(context(), *plan, change_records);
    if (!done) return done.error().text;
    notes = done->notes;
    return std::nullopt;
  }
  EngineView look_engine() {
    auto seen = look_at_engine(context(), check());
    REQUIRE(seen);
    return std::move(*seen);
  }
  SwitchBackReport resume(std::optional<std::uint64_t> version = {},
                          std::set<std::string> force = {}) {
    EngineSwitchBackOptions options;
    options.force = std::move(force);
    options.health_check_id = check();
    options.reason = "in sync";
    options.expected_version = version;
    options.confirm = [this](const EngineView&, const std::string&) {
      if (meanwhile) meanwhile();
      return true;
    };
    return engine_switch_back(context(), options);
  }
  std::function<void()> meanwhile;
  std::vector<std::string> notes;  // of the last deploy

  // "trip done: not latched -> latched in version 4 because stale sessions", oldest first.
  std::vector<std::string> log() {
    const auto group = find_audit_group(context(), "us-east-1", check());
    AuditLog audit(*this, group.region, group.name, check(), "");
    const auto entries = audit.read(story.now() - 24h);
    REQUIRE(entries);
    std::vector<std::string> out;
    for (const auto& entry : *entries) {
      CHECK(entry.who.ends_with(":root"));
      out.push_back(entry.action + " " + entry.stage +
                    (entry.before.empty() ? "" : ": " + entry.before + " -> " + entry.after) +
                    (entry.why.empty() ? "" : " because " + entry.why) +
                    (entry.seen ? ", seen" : ""));
    }
    return out;
  }
};

}  // namespace

TEST_CASE("engine form: its failover is the latch, however short the outage") {
  for (const auto length : {1s, 20s, 60s, 300s}) {
    ResumeAccount account;
    account.live(1min);
    REQUIRE_FALSE(account.deploy_engine());
    CHECK(find_form(account, account.check())->form == Form::engine);
    CHECK(account.look_engine().assessment.phase == Phase::serving);
    account.every_second = [&] {
      if (account.story.dns() == scenario::backup_address) account.held_out = true;
    };
    auto rest = 60s;
    while ((length + rest) % 30s != 1s) ++rest;
    for (int i = 0; i < 31 && !account.held_out; ++i) {
      account.outage(length);
      account.live(rest);
    }
    CAPTURE(length.count());
    REQUIRE(account.held_out);
    account.live(30min);
    CHECK(account.named_primary == 0);
    const auto seen = account.look_engine();
    CHECK(seen.assessment.phase == Phase::latched);
    CHECK(seen.observed.probes_well == true);
    REQUIRE(seen.observed.latch);
    account.every_second = [] {};
    account.held_out = false;
    const auto report = account.resume(seen.observed.latch->version);
    INFO(report.sentence, report.refusals.empty() ? "" : report.refusals.front().why);
    CHECK(report.end == SwitchBackEnd::done);
    CHECK(account.story.dns() == scenario::primary_address);
    CHECK(account.look_engine().assessment.phase == Phase::serving);
  }
}

TEST_CASE("engine form: a trip between a look and its release is heard") {
  ResumeAccount account;
  account.live(1min);
  REQUIRE_FALSE(account.deploy_engine());
  REQUIRE(trip_engine(account.context(), account.look_engine(), "stale sessions"));
  CHECK(account.story.dns() == scenario::backup_address);
  account.meanwhile = [&] {
    REQUIRE(trip_engine(account.context(), account.look_engine(), "not before Monday"));
  };
  const auto report = account.resume();
  CHECK(report.end == SwitchBackEnd::refused);
  CHECK(account.story.dns() == scenario::backup_address);
  CHECK_FALSE(disarm_engine(account.context(), account.look_engine()));
  account.meanwhile = nullptr;
  CHECK(account.resume().end == SwitchBackEnd::done);
  CHECK(disarm_engine(account.context(), account.look_engine()));
  CHECK(account.look_engine().assessment.phase == Phase::not_deployed);
}

TEST_CASE("engine form: refused where the tag would be kept and mean nothing") {
  ResumeAccount account;
  account.live(1min);
  std::vector<std::string> kept;
  account.instead = [&](const client::Call& call)
      -> std::optional<client::Outcome<client::Reply>> {  // as AWS: any tag is a tag
    if (call.operation != "ChangeTagsForResource") return std::nullopt;
    for (const auto& one : call.input["AddTags"].items()) kept.push_back(one["Key"].string());
    for (const auto& key : call.input["RemoveTagKeys"].strings()) std::erase(kept, key);
    return client::Reply{Value::structure(), "request"};
  };
  const auto why = account.deploy_engine();
  REQUIRE(why);
  CHECK(why->find("On AWS the form engine does nothing") != std::string::npos);
  CHECK(kept.empty());
}

TEST_CASE(
    "engine form: a Primary that is down is not armed, and SECONDARY's check goes when asked") {
  ResumeAccount account;
  account.story.witness.watch_no_more();
  account.give_secondary(account.story.backup_check);
  account.story.witness.watch_no_more();
  account.story.primary().goes_down();
  account.live(3min);
  CHECK(account.deploy_engine());
  account.story.primary().comes_up();
  account.live(3min);
  REQUIRE_FALSE(account.deploy_engine());
  CHECK(account.look_engine().assessment.phase == Phase::drifted);
  REQUIRE_FALSE(account.deploy_engine(true));
  CHECK(account.look_engine().assessment.phase == Phase::serving);
  // With both down Backup stays the answer.
  account.story.primary().goes_down();
  account.story.backup().goes_down();
  account.live(5min);
  CHECK(account.story.dns() == scenario::backup_address);
}

TEST_CASE("engine form: who did what, when and why stands in an audit log") {
  ResumeAccount account;
  account.live(1min);
  REQUIRE_FALSE(account.deploy_engine());
  CHECK(account.notes.empty());
  account.live(1s);
  REQUIRE(trip_engine(account.context(), account.look_engine(), "stale sessions"));
  account.live(1s);
  CHECK(account.resume().end == SwitchBackEnd::done);
  account.live(1s);
  // Deployed again there is nothing to make, and who takes it away leaves its name, or nothing.
  const auto again = plan_engine(account.context(), account.check());
  REQUIRE(again);
  CHECK(again->audit.there);
  CHECK(again->audit.name == "/sitelatch/" + account.check());
  REQUIRE(disarm_engine(account.context(), account.look_engine()));
  CHECK(account.log() ==
        std::vector<std::string>{
            "deploy done", "trip done: not latched -> latched in version 2 because stale sessions",
            "switch-back asked: latched in version 2 ->  because in sync, seen",
            "switch-back done: latched in version 2 -> not latched because in sync",
            "destroy done"});
  REQUIRE_FALSE(account.deploy_engine());
  REQUIRE(disarm_engine(account.context(), account.look_engine(), Logs::removed));
  CHECK_FALSE(find_audit_group(account.context(), "us-east-1", account.check()).there);
}

TEST_CASE("engine form: a trip does not wait for the audit log, a release is not made without it") {
  ResumeAccount account;
  account.live(1min);
  account.deny("CreateLogGroup");
  REQUIRE_FALSE(account.deploy_engine());
  REQUIRE(account.notes.size() == 1);
  CHECK(account.notes.front().find("It has no audit log: ") == 0);
  CHECK(account.look_engine().observed.armed);
  account.allow();
  REQUIRE_FALSE(account.deploy_engine());
  CHECK(account.notes.empty());
  account.deny("PutLogEvents");
  const auto tripped = trip_engine(account.context(), account.look_engine(), "stale sessions");
  REQUIRE(tripped);
  CHECK(tripped->notes.size() == 1);
  CHECK(account.story.dns() == scenario::backup_address);
  const auto report = account.resume();
  CHECK(report.end == SwitchBackEnd::failed);
  CHECK(report.sentence.find("Nothing was released: ") == 0);
  CHECK(account.story.dns() == scenario::backup_address);
  CHECK(account.resume({}, {"audit"}).end == SwitchBackEnd::done);
  CHECK(account.story.dns() == scenario::primary_address);
}

TEST_CASE("forms are found by any of their checks, by tags or by the alarm") {
  ResumeAccount account;
  account.live(1min);
  const auto form_of = [&](const std::string& id) {
    const auto found = find_form(account, id);
    REQUIRE(found);
    CHECK(found->unsure.empty());
    CHECK(found->endpoint == account.check());
    return found->form;
  };
  const auto untag = [&](const std::string& id, std::initializer_list<std::string_view> keys) {
    auto list = Value::list();
    for (const auto key : keys) list.push(key);
    account.story.ok(
        "route53", "ChangeTagsForResource",
        Value::structure(
            {{"ResourceType", "healthcheck"}, {"ResourceId", id}, {"RemoveTagKeys", list}}));
  };
  CHECK(form_of(account.check()) == Form::guide);
  REQUIRE_FALSE(account.deploy_config(false));
  CHECK(form_of(account.check()) == Form::config);
  const auto seen = account.look_config();
  for (const auto& id : {seen.observed.combined->id, seen.observed.hold->id})
    CHECK(form_of(id) == Form::config);
  untag(account.check(), {tag::form, tag::combined_check, tag::hold_check});
  CHECK(form_of(account.check()) == Form::config);
  untag(seen.observed.hold->id, {tag::form});
  CHECK(form_of(seen.observed.hold->id) == Form::config);
  REQUIRE_FALSE(account.destroy_config(false));
  CHECK(form_of(account.check()) == Form::guide);

  REQUIRE_FALSE(account.deploy_engine());
  CHECK(form_of(account.check()) == Form::engine);
  REQUIRE(disarm_engine(account.context(), account.look_engine()));
  CHECK(form_of(account.check()) == Form::guide);

  // The guide's function changes the check as long as its alarm acts.
  const auto alarm_in_the_way = [&] {
    const auto found = guide_alarm_of(account, account.check(), "us-east-1");
    REQUIRE(found);
    return *found;
  };
  CHECK(alarm_in_the_way().empty());
  account.deploy_well();
  CHECK(alarm_in_the_way() == default_names(account.check()).alarm);
  account.story.ok(
      "cloudwatch", "DisableAlarmActions",
      Value::structure({{"AlarmNames", Value::list({default_names(account.check()).alarm})}}));
  CHECK(alarm_in_the_way().empty());
  // Whoever may not see it goes on with the guide's way, and is told.
  account.deny("ListTagsForResource");
  const auto unseen = find_form(account, account.check());
  REQUIRE(unseen);
  CHECK(unseen->form == Form::guide);
  CHECK_FALSE(unseen->unsure.empty());
}

TEST_CASE("engine form: it is one of the account's guards, until it is taken away") {
  ResumeAccount account;
  account.live(1min);
  const auto every = [&] {
    const auto found = every_guard(account);
    REQUIRE(found);
    return *found;
  };
  CHECK(every().empty());
  REQUIRE_FALSE(account.deploy_engine());
  CHECK(every() == std::vector<std::string>{account.check()});
  account.deny("DescribeLogGroups");
  CHECK(every().empty());  // who may not list logs is no worse off than on AWS, where there is none
  account.allow();
  REQUIRE(disarm_engine(account.context(), account.look_engine()));
  CHECK(every().empty());  // its log was kept
}
