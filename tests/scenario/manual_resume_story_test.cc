// SPDX-License-Identifier: Apache-2.0
// Manual resume (decision 0019): between a failover and a person's release no answer names Primary,
// however short the outage, whatever anybody tries in between, and wherever the engine is killed.
// The witness holds it at every commit and every view: W4 and W5 (witness.h).
#include <doctest/doctest.h>

#include <memory>
#include <random>

#include "failover_story.h"

namespace sitelatch::scenario {
namespace {

using realism::Fault;
using realism::FaultKind;

const std::string arming_tag = "sitelatch:manual-resume";

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The pair as the form wants it: SECONDARY has no health check, so that it answers whenever PRIMARY
// is unhealthy; PRIMARY is armed by its tag.
class Armed : public FailoverStory {
 public:
  explicit Armed(const Setting& setting = {1, 10, 1}) : FailoverStory(setting) {
    auto secondary = Value::structure(
        {{"Name", client_name},
         {"Type", "A"},
         {"TTL", 60},
         {"SetIdentifier", "secondary"},
         {"Failover", "SECONDARY"},
         {"ResourceRecords", Value::list({Value::structure({{"Value", backup_address}})})}});
    ok("route53", "ChangeResourceRecordSets",
       Value::structure(
           {{"HostedZoneId", zone},
            {"ChangeBatch",
             Value::structure({{"Changes", Value::list({Value::structure(
                                               {{"Action", "UPSERT"},
                                                {"ResourceRecordSet", secondary}})})}})}}));
    watch({client_name, primary_check, primary_address, "", backup_address});
    CHECK(tag(arming_tag, "true").empty());
    wait(1min);
    CHECK(dns() == primary_address);
  }

  // Empty when it was done, else what was said. Asked again until there is an answer.
  std::string said_of(const std::string& operation, const Value& input) {
    auto out = call("route53", operation, input);
    while (!out && out.error().code == "ConnectionLost") out = call("route53", operation, input);
    return out ? "" : out.error().code + ": " + out.error().message;
  }
  Value tagging(const std::string& key, const std::string& value) const {
    return Value::structure(
        {{"ResourceType", "healthcheck"},
         {"ResourceId", primary_check},
         {"AddTags", Value::list({Value::structure({{"Key", key}, {"Value", value}})})}});
  }
  std::string tag(const std::string& key, const std::string& value) {
    return said_of("ChangeTagsForResource", tagging(key, value));
  }
  std::string untag(const std::string& key) {
    return said_of("ChangeTagsForResource",
                   Value::structure({{"ResourceType", "healthcheck"},
                                     {"ResourceId", primary_check},
                                     {"RemoveTagKeys", Value::list({key})}}));
  }
  std::string update(const std::string& member, const Value& value) {
    auto input = Value::structure({{"HealthCheckId", primary_check}});
    input.set(member, value);
    return said_of("UpdateHealthCheck", input);
  }
  std::string release(std::int64_t seen, const std::string& reason = "looked at") {
    return tag("sitelatch:resume", std::to_string(seen) + " " + reason);
  }
  std::string tags() {
    const auto found =
        ok("route53", "ListTagsForResource",
           Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", primary_check}}));
    std::string out;
    for (const auto& one : found["ResourceTagSet"]["Tags"].items())
      out += one["Key"].string() + "=" + one["Value"].string() + "\n";
    return out;
  }
  void outage(Duration length) {
    primary().goes_down();
    wait(length);
    primary().comes_up();
  }
  bool failed_over() const { return dns() == backup_address; }
};

struct Ending {
  std::string answers, tags;
  std::size_t commits, crashes;
};
// A blip that is seen, attempts, a release; with whatever crashes.
Ending armed_story(Duration downtime, const std::function<void(Armed&)>& prepare) {
  Armed engine;
  engine.downtime = downtime;
  prepare(engine);
  engine.outage(12s + downtime);
  engine.wait(30s + downtime);
  CHECK(engine.failed_over());
  CHECK(engine.update("Disabled", true).empty());
  CHECK(engine.update("Disabled", false).empty());
  CHECK(says(engine.untag(arming_tag), "is latched"));
  CHECK(engine.update("ResourcePath", healthy_path).empty());
  engine.wait(1min + downtime);
  CHECK(engine.failed_over());
  CHECK(engine.witness.held());
  CHECK(engine.release(engine.version()).empty());
  engine.wait(1min + downtime);
  return {engine.witness.answers(), engine.tags(), engine.commits(), engine.crashes()};
}

const std::string there_and_back = primary_address + " " + backup_address + " " + primary_address;

}  // namespace

TEST_CASE(
    "manual resume: outages of every length and at every moment of the interval, none leaks") {
  for (const auto length : {1s, 20s, 60s, 300s}) {
    for (const int threshold : {1, 3}) {
      std::size_t failovers = 0;
      for (int offset = 0; offset < 10; ++offset) {
        CAPTURE(length.count());
        CAPTURE(threshold);
        CAPTURE(offset);
        Armed engine({threshold, 10, 1});
        engine.wait(std::chrono::seconds{offset});
        engine.outage(length);
        engine.wait(10min);
        failovers += engine.witness.failovers();
        CHECK(engine.failed_over() == (engine.witness.failovers() == 1));
        if (!engine.failed_over()) continue;
        CHECK(engine.release(engine.version()).empty());
        engine.wait(10min);
        CHECK(engine.witness.answers() == there_and_back);
      }
      // With threshold 3 nothing shorter than two intervals is one.
      CHECK((failovers > 0) == (threshold == 1 || length > 20s));
    }
  }
}

TEST_CASE("manual resume: whatever is tried in between, and again after a restart, is no release") {
  Armed engine;
  engine.outage(12s);
  const std::vector<std::pair<const char*, std::function<std::string()>>> attempts{
      {"path", [&] { return engine.update("ResourcePath", healthy_path); }},
      {"threshold", [&] { return engine.update("FailureThreshold", 10); }},
      {"inverted", [&] { return engine.update("Inverted", true); }},
      {"upright", [&] { return engine.update("Inverted", false); }},
      {"disabled", [&] { return engine.update("Disabled", true); }},
      {"enabled", [&] { return engine.update("Disabled", false); }},
      {"armed", [&] { return engine.tag(arming_tag, "true"); }},
      {"disarmed", [&] { return says(engine.untag(arming_tag), "is latched") ? "" : "untagged"; }},
      {"false",
       [&] { return says(engine.tag(arming_tag, "false"), "is latched") ? "" : "disarmed"; }},
      {"forced",
       [&] {
         return engine.route53().set_forced(engine.primary_check, route53::Forced::up) ? "forced"
                                                                                       : "";
       }},
      {"an old version",
       [&] { return says(engine.release(1), "is not released") ? "" : "released"; }},
      {"no reason",
       [&] { return says(engine.tag("sitelatch:resume", "9"), "InvalidInput") ? "" : "released"; }},
  };
  for (const auto& [name, attempt] : attempts) {
    const std::string told{name};
    CAPTURE(told);
    for (const bool restarted : {false, true}) {
      if (restarted) engine.crash();
      CHECK(attempt() == "");
      engine.wait(25s);
      CHECK(engine.failed_over());
      CHECK(says(engine.tags(), "sitelatch:latched="));
    }
  }
  engine.wait(24h);
  CHECK(engine.release(engine.version()).empty());
  engine.wait(1s);
  CHECK(engine.witness.answers() == there_and_back);
}

TEST_CASE("manual resume: killed at every commit of the story, before and after anybody is told") {
  const auto undisturbed = armed_story(0s, [](Armed&) {});
  CHECK(undisturbed.answers == there_and_back);
  CHECK(undisturbed.tags == arming_tag + "=true\n");
  REQUIRE(undisturbed.commits > 20);
  for (const auto moment : {Moment::durable, Moment::told}) {
    for (std::size_t commit = 1; commit <= undisturbed.commits; ++commit) {
      INFO("killed at commit ", commit, moment == Moment::durable ? ", durable" : ", told");
      const auto told = armed_story(0s, [&](Armed& engine) {
        if (commit > engine.commits())
          engine.crash_at(commit, moment);
        else
          engine.crash();
      });
      CHECK(told.answers == there_and_back);
      CHECK(told.tags == undisturbed.tags);
      CHECK(told.crashes == 1);
    }
  }
}

TEST_CASE("manual resume: killed again and again at random, and away for minutes") {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    CAPTURE(seed);
    const auto random = std::make_shared<std::mt19937_64>(seed);
    const auto told = armed_story(seed % 2 == 0 ? 0s : 3min, [&](Armed& engine) {
      engine.crash_whenever([random](Moment) { return (*random)() % 6 == 0; });
    });
    CHECK(told.answers == there_and_back);
    CHECK(told.crashes > 2);
  }
}

TEST_CASE("manual resume: killed more than once a second from failover on, it stays latched") {
  Armed engine;
  engine.outage(12s);
  REQUIRE(engine.failed_over());
  for (int i = 0; i < 200; ++i) {
    engine.wait(700ms);
    engine.crash();
    CHECK(engine.failed_over());
  }
}

TEST_CASE("manual resume: of two operators who have seen the same, one releases and one is told") {
  Armed engine;
  engine.outage(12s);
  engine.wait(1min);
  const auto seen = engine.version();
  CHECK(engine.release(seen, "looked at by one").empty());
  const auto second = engine.release(seen, "looked at by two");
  CHECK(says(second, "it was released at "));
  CHECK(says(second, "looked at by one"));
  // It fails over once more before the second looks again: what he knows is old.
  engine.outage(12s);
  engine.wait(1min);
  REQUIRE(engine.failed_over());
  CHECK(says(engine.release(seen, "looked at by two"), "its HealthCheckVersion is "));
  CHECK(says(engine.release(seen, "looked at by one"), "its HealthCheckVersion is "));
  CHECK(engine.failed_over());
}

TEST_CASE(
    "manual resume: a trip by one and a release by another: the one who has not seen it loses") {
  Armed engine;
  engine.outage(12s);
  engine.wait(1min);
  const auto seen = engine.version();
  CHECK(engine.tag("sitelatch:trip", "the database is not in sync").empty());
  const auto late = engine.release(seen);
  CHECK(says(late, "the database is not in sync"));
  CHECK(engine.failed_over());
  CHECK(engine.release(engine.version()).empty());
}

TEST_CASE("manual resume: the release's answer is lost, the client asks again, and all is well") {
  Armed engine;
  engine.outage(12s);
  engine.wait(1min);
  Fault lost;
  lost.kind = FaultKind::lose_answer;
  lost.service = "route53";
  lost.operation = "ChangeTagsForResource";
  lost.count = 2;
  engine.realism.add(lost);
  const auto before = engine.version();
  CHECK(engine.release(before).empty());
  CHECK(engine.version() == before + 1);
  engine.wait(1min);
  CHECK(engine.witness.answers() == there_and_back);
}

TEST_CASE("manual resume: reads of a minute ago tell the past; DNS and releases go by what is") {
  Armed engine;
  Fault lag;
  lag.kind = FaultKind::lag;
  lag.service = "route53";
  lag.behind = 60s;
  engine.realism.add(lag);
  engine.wait(2min);
  engine.outage(12s);
  REQUIRE(engine.failed_over());
  CHECK_FALSE(says(engine.tags(), "sitelatch:latched="));
  const auto old = engine.version();  // of before the failover
  CHECK(says(engine.release(old), "its HealthCheckVersion is " + std::to_string(old + 1)));
  CHECK(says(engine.untag(arming_tag), "is latched"));
  CHECK(engine.failed_over());
  engine.wait(2min);
  CHECK(says(engine.tags(), "sitelatch:latched="));
  CHECK(engine.release(engine.version()).empty());
  CHECK(engine.dns() == primary_address);
  CHECK(says(engine.tags(), "sitelatch:latched="));  // the past
  engine.wait(2min);
  CHECK_FALSE(says(engine.tags(), "sitelatch:latched="));
}

TEST_CASE("manual resume: on AWS's ordinary days, too") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    Armed engine({1, 10, seed});
    engine.realism.be_realistic(true);
    engine.wait(2min);
    engine.outage(12s);
    engine.wait(5min);
    CHECK(engine.failed_over());
    engine.crash();
    CHECK(engine.release(engine.version()).empty());
    engine.wait(1min);
    CHECK(engine.witness.answers() == there_and_back);
  }
}

TEST_CASE("manual resume: both sites down while latched, and Backup is the answer still") {
  Armed engine;
  engine.outage(60s);
  engine.backup().goes_down();
  engine.wait(10min);
  CHECK(engine.failed_over());
  engine.primary().goes_down();
  engine.wait(10min);
  engine.crash();
  CHECK(engine.failed_over());
  CHECK(engine.witness.answers() == primary_address + " " + backup_address);
}

TEST_CASE("manual resume: the latched check is deleted, and Backup is answered still") {
  Armed engine;
  engine.outage(12s);
  engine.ok("route53", "DeleteHealthCheck",
            Value::structure({{"HealthCheckId", engine.primary_check}}));
  for (int i = 0; i < 3; ++i) {
    engine.wait(10min);
    CHECK(engine.failed_over());
    engine.crash();
  }
  CHECK(engine.failed_over());
}

TEST_CASE("manual resume and the guide together: two latches, and both want to be undone") {
  Armed engine({1, 30, 1});
  engine.arm();
  engine.lose_primary();
  engine.primary().comes_up();
  engine.wait(2min);
  CHECK(says(engine.release(engine.version()), "is unhealthy now ("));
  engine.switch_back_by_hand();
  engine.wait(2min);
  CHECK(engine.failed_over());
  CHECK(engine.release(engine.version()).empty());
  engine.wait(2min);
  CHECK(engine.dns() == primary_address);
}

// Fact route53-86.
TEST_CASE("manual resume: who may tag may release, unless a policy says otherwise by the keys") {
  Armed engine;
  engine.ok("iam", "CreateUser", Value::structure({{"UserName", "ops"}}));
  const auto key = engine.ok("iam", "CreateAccessKey", Value::structure({{"UserName", "ops"}}));
  const aws::SigningIdentity ops{key["AccessKey"]["AccessKeyId"].string(),
                                 key["AccessKey"]["SecretAccessKey"].string(), ""};
  const auto may = [&](const std::string& statements) {
    engine.ok("iam", "PutUserPolicy",
              Value::structure({{"UserName", "ops"},
                                {"PolicyName", "p"},
                                {"PolicyDocument",
                                 R"({"Version":"2012-10-17","Statement":[)" + statements + "]}"}}));
  };
  const auto code_of = [&](const std::string& tag_key, const std::string& value) {
    const auto out = engine.call_as(ops, "route53", "ChangeTagsForResource",
                                    engine.tagging(tag_key, value), "us-east-1");
    return out ? std::string{} : out.error().code;
  };
  const std::string may_tag =
      R"({"Effect":"Allow","Action":"route53:ChangeTagsForResource","Resource":"*"})";
  const std::string not_release =
      R"(,{"Effect":"Deny","Action":"route53:ChangeTagsForResource","Resource":"*","Condition":)"
      R"({"ForAnyValue:StringLike":{"aws:TagKeys":["sitelatch:manual-resume",)"
      R"("sitelatch:resume"]}}})";
  engine.outage(12s);
  engine.wait(1min);
  const auto words = std::to_string(engine.version()) + " looked at";
  may(may_tag + not_release);
  CHECK(code_of("sitelatch:resume", words) == "AccessDenied");
  CHECK(code_of("Name", "primary").empty());
  CHECK(engine.failed_over());
  may(may_tag);
  CHECK(code_of("sitelatch:resume", words).empty());
  CHECK(engine.dns() == primary_address);
  // A policy that lets somebody trip and nothing else.
  may(R"({"Effect":"Allow","Action":"route53:ChangeTagsForResource","Resource":"*","Condition":)"
      R"({"StringLike":{"aws:RequestTag/sitelatch:trip":"*"},)"
      R"("ForAllValues:StringEquals":{"aws:TagKeys":["sitelatch:trip"]}}})");
  CHECK(code_of("sitelatch:trip", "drill").empty());
  CHECK(
      says(engine.tags(), "sitelatch:cause=by hand of arn:aws:iam::000000000000:user/ops: drill"));
  CHECK(code_of("sitelatch:resume", std::to_string(engine.version()) + " over") == "AccessDenied");
  CHECK(code_of("Name", "primary") == "AccessDenied");
}

}  // namespace sitelatch::scenario
