// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/runbook.h"

#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::at;
using guard::testing::id;

namespace {

struct Night {
  View view;
  ZoneServers servers{{"Z1", {"ns-1.awsdns-01.org", "ns-2.awsdns-02.com"}}};

  explicit Night(LatchKind latch = LatchKind::path) {
    auto& settings = view.snapshot.settings;
    settings.health_check_id = id;
    settings.account = "123456789012";
    settings.function_region = "eu-west-1";
    settings.latch = latch;
    settings.record.original_path = "/lb-check";
    settings.record.latch = latch;
    view.plan = *make_plan(settings);
    auto& o = view.snapshot.observed;
    o.check = guard::testing::healthy_check();
    const auto& plan = view.plan;
    o.notify_topic = ObservedTopic{plan.notify_topic.arn, "", "", plan.notify_topic.tags};
    o.notify_subscriptions = {{"arn:s1", "email", "ops@example.org", true}};
    o.schedule = ObservedSchedule{plan.schedule.arn, "rate(1 minute)", true, {}, {}};
    view.snapshot.check_config = aws::Value::structure({{"Type", "HTTPS"},
                                                        {"IPAddress", "192.0.2.1"},
                                                        {"FullyQualifiedDomainName", "p.test"},
                                                        {"ResourcePath", "/lb-check"}});
    view.snapshot.caller_arn = "arn:aws:iam::123456789012:user/ops";
    RecordSnapshot primary;
    primary.zone_id = "Z1";
    primary.name = "client.example.test.";
    primary.type = "A";
    primary.failover = "PRIMARY";
    primary.values = {"192.0.2.1"};
    auto secondary = primary;
    secondary.failover = "SECONDARY";
    secondary.values = {"192.0.2.2"};
    view.snapshot.records = RecordsSnapshot{{primary}, {secondary}, {}, {}};
    view.now = at(0);
    view.assessment.sentence = "every link of the chain is there";
  }
  std::string page() const { return runbook(view, servers); }
  // The block of commands below a heading.
  std::string block(const std::string& heading) const {
    const auto text = page();
    const auto section = text.find("\n## " + heading);
    REQUIRE(section != text.npos);
    const auto begin = text.find("```sh\n", section) + 6;
    return text.substr(begin, text.find("```", begin) - begin);
  }
};

bool holds(const std::string& text, const std::string& part) {
  INFO("wanted: ", part, "\nin: ", text);
  const bool found = text.find(part) != text.npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("the page latches and releases with real ids, the version read first") {
  const Night night;
  const auto latch = night.block("Latch");
  holds(latch, "VERSION=$(aws route53 get-health-check --health-check-id " + id);
  holds(latch,
        "--health-check-version \"$VERSION\" \\\n"
        "    --resource-path /lb-check-failed-over --no-disabled --no-inverted\n");
  const auto release = night.block("Release: give");
  holds(release, "--region eu-west-1 --resource-arn " + night.view.plan.notify_topic.arn);
  holds(release, "--resource-path /lb-check --no-disabled --no-inverted\n");
}

TEST_CASE("the release that the shell writes is one that the guard reads") {
  const auto block = Night{}.block("Release: give");
  const auto begin = block.find("Value=$((") + 6;
  auto tag = block.substr(begin, block.find('"', begin) - begin);
  for (const auto& [from, to] :
       {std::pair{"$((${RELEASE%% *} + 1))", "8"}, {"$(date +%s)", "1795348800"}}) {
    REQUIRE(tag.find(from) != tag.npos);
    tag.replace(tag.find(from), std::string{from}.size(), to);
  }
  const auto record = read_record({}, {{std::string{tag::release}, tag}});
  CHECK(record.release.number == 8);
  CHECK(record.release.at == from_unix_ms(1'795'348'800'000));
  CHECK(record.release.window == Release{}.window);
  CHECK(!record.release.alarm_seen);
}

TEST_CASE("an inverted latch is set and released as such") {
  const Night night{LatchKind::inverted};
  holds(night.block("Latch"), "\n    --disabled --inverted\n");
  holds(night.block("Release: give"), "--no-disabled --no-inverted\n");
}

TEST_CASE("what a latch replaced is what the page gives back; where nobody knows it says so") {
  Night night;
  auto& tags = night.view.snapshot.observed.notify_topic->tags;
  tags[std::string{tag::latched}] = "release=0 at=1 by=alarm planned=no path=/own=20path";
  night.view.snapshot.observed.check->path = "/lb-check-failed-over";
  holds(night.block("Release: give"), "--resource-path '/own path' ");
  tags.clear();
  const auto page = night.page();
  holds(page, "Primary's own path is not known here");
  CHECK(page.find("tag-resource") == page.npos);
}

TEST_CASE("a shell takes every value as it is") {
  Night night;
  night.view.snapshot.observed.notify_topic->tags.clear();
  night.view.snapshot.observed.check->path = "/a'b$(reboot)";
  holds(night.block("Release: give"), R"(--resource-path '/a'\''b$(reboot)' )");
}

TEST_CASE("who serves is asked of every name server of the zone, and who is told is named") {
  const auto page = Night{}.page();
  holds(page, "# Primary answers 192.0.2.1; Backup answers 192.0.2.2\n");
  holds(page, "dig +noall +answer @ns-2.awsdns-02.com client.example.test. A\n");
  holds(page, "- email `ops@example.org` (**not confirmed");
  holds(page, "## When us-east-1 is down");
  holds(page, "--connect-to p.test:443:192.0.2.1:443 https://p.test/lb-check\n");
}

TEST_CASE("a relay is on the page: what it is, and what it makes of a release that is too early") {
  const Night night;
  HardenedLook look;
  RelaySettings settings;
  settings.sentinel = "_sitelatch-" + id + ".example.test";
  look.plan.endpoint = id;
  look.plan.settings = settings;
  look.plan.relay = relay_plan(night.view.plan, settings);
  look.observed.relay.function.emplace();
  look.observed.clock.emplace().id = "c10c0000-0000-4000-8000-000000000000";
  look.observed.sentinel_there = true;
  const auto text = runbook(night.view, night.servers, &look);
  for (const auto* part :
       {"function:sitelatch-", "-relay`", "| `c10c0000-0000-4000-8000-000000000000` |",
        "*Every* name server answers Backup", "while the alarm's actions are off",
        "neither\nfunction, relay nor you"})
    holds(text, part);
  holds(text, settings.sentinel + " TXT");
  CHECK(night.page().find("relay") == std::string::npos);
  holds(night.page(), "neither\nthe function nor you");
}
