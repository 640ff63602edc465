// SPDX-License-Identifier: Apache-2.0
// The text alone; runbook_facts.cc looks.
#include "guard/apply/runbook.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "guard/apply/site_probe.h"

namespace sitelatch::guard {
namespace {

// As one word of a POSIX shell.
std::string quoted(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"-_./:@+,="}.find(c) != std::string_view::npos;
  });
  return plain ? text : "'" + replace_all(text, "'", R"('\'')") + "'";
}

// What is longer than a page is wide goes on in the next line.
std::string command(const std::vector<std::string>& parts) { return join(parts, " \\\n    "); }

std::string block(const std::vector<std::string>& commands) {
  return "```sh\n" + join(commands, "\n") + "\n```\n";
}

std::string flags_of(const CheckChange& change) {
  std::vector<std::string> flags;
  if (change.path) flags.push_back("--resource-path " + quoted(*change.path));
  if (change.reset_path) flags.emplace_back("--reset-elements ResourcePath");
  if (change.disabled) flags.emplace_back(*change.disabled ? "--disabled" : "--no-disabled");
  if (change.inverted) flags.emplace_back(*change.inverted ? "--inverted" : "--no-inverted");
  return join(flags, " ");
}

class Page {
 public:
  Page(const View& view, const ZoneServers& servers, const HardenedLook* relay)
      : view_(view),
        observed_(view.snapshot.observed),
        plan_(view.plan),
        record_(record_of(view.snapshot.observed)),
        servers_(servers),
        relay_(relay),
        name_(site_name(view).empty() ? "the sites of this check" : site_name(view)) {}

  std::string text() const {
    return title() + what_it_is() + who_serves() + look() + latch() + before_release() + release() +
           without_record() + people() + outage_of_aws();
  }

 private:
  const std::string& id() const { return view_.id(); }
  const std::string& home() const { return plan_.alarm.region; }
  bool has_record() const { return observed_.notify_topic.has_value(); }
  bool has_schedule() const { return observed_.schedule.has_value(); }
  bool inverts() const { return plan_.settings.latch == LatchKind::inverted; }
  std::optional<std::string> own_path() const {
    if (const auto noted = record_.path_to_restore()) return noted;
    const auto& path = observed_.check->path;
    if (path && is_latch_path(*path)) return std::nullopt;
    return path.value_or("");
  }

  std::string title() const {
    return fmt::format(
        "# When sitelatch is not at hand: the guard of {}\n\n"
        "Printed {} by {}, account {}. The commands need the aws CLI (1 or 2) and a POSIX shell, "
        "as "
        "AWS CloudShell in the browser\nhas both; print the page again after each deploy. With "
        "sitelatch at hand: `sitelatch status {}`, `trip`, `switch-back`.\n\n",
        name_, iso8601_seconds(view_.now), view_.snapshot.caller_arn, plan_.settings.account, id());
  }

  static std::string row(std::string_view what, bool there, const std::string& arn,
                         const std::string& more = "") {
    return fmt::format("| {} | {}{} |\n", what, there ? "`" + arn + "`" : "(not there)", more);
  }

  std::string what_it_is() const {
    const auto& o = observed_;
    std::string out = fmt::format(
        "## What it is\n"
        "DNS answers {} with Primary as long as health check `{}` is healthy, else with Backup. "
        "When it turns unhealthy, the alarm\nruns the function, and the function *latches* the "
        "check: it {}, so that it cannot become healthy by itself. Backup\nserves until a person "
        "has synchronised the sites and releases it.{}\n\n",
        name_, id(),
        inverts()
            ? "becomes Disabled and Inverted"
            : "asks for the path `" + std::string{failed_over_path} + "`, which does not exist",
        has_schedule() ? " The function also runs every minute: a latch that somebody undoes is "
                         "set again."
                       : "");
    if (relay_)
      out +=
          "A second function, the *relay*, is faster than the alarm: Route 53's probes of its "
          "URL run it every few seconds, it asks the\nzone's name servers for the sentinel's "
          "TXT record, and where that says `" +
          std::string{sentinel_says_backup} +
          "` it latches, seconds after DNS has failed over.\n\n";
    out += "| | |\n|---|---|\n";
    out += row("health check of Primary", true, plan_.health_check_arn, ", of " + target());
    out += row("alarm", o.alarm.has_value(), plan_.alarm.arn);
    out += row("topic from the alarm to the function", o.alarm_topic.has_value(),
               plan_.alarm_topic.arn);
    out += row("function", o.function.has_value(), plan_.function.arn);
    if (plan_.has_schedule || has_schedule())
      out += row("rule that runs it every minute", has_schedule(), plan_.schedule.arn);
    out += row("topic for people; its tags are the guard's record", has_record(),
               plan_.notify_topic.arn);
    out += row("audit log", o.audit_group.has_value(), plan_.audit_group.arn);
    if (relay_) {
      const auto& there = relay_->observed;
      out += row("relay: a function that latches like the other", there.relay.function.has_value(),
                 relay_->plan.relay.function.arn);
      out += row("its clock: a health check of its URL", there.clock.has_value(),
                 there.clock ? there.clock->id : "");
      out += row("its sentinel: records that follow the check, and nobody looks up",
                 there.sentinel_there, relay_->plan.settings.sentinel + " TXT");
    }
    return out + "\n";
  }

  std::string target() const {
    const auto site = site_of(view_.snapshot.check_config);
    if (!site) return observed_.check->type;
    return describe(*site, own_path().value_or("/"));
  }

  static std::string side(const std::vector<RecordSnapshot>& records, const RecordSnapshot& user) {
    for (const auto& record : records)
      if (record.zone_id == user.zone_id && record.name == user.name && record.type == user.type)
        return words_of(record);
    return "(no such record)";
  }
  static std::string words_of(const RecordSnapshot& record) {
    if (record.alias) return "as " + record.alias->name;
    return record.values.empty() ? "(nothing)" : join(record.values, ", ");
  }

  std::string who_serves() const {
    const auto state = std::string{to_string(view_.assessment.state)};
    const auto& sentence = view_.assessment.sentence;
    std::string out = fmt::format(
        "## Who serves\nWhen this was printed: {}{}.\n",
        sentence == state ? state : state + "; " + sentence,
        view_.assessment.since ? ", since " + iso8601_seconds(*view_.assessment.since) : "");
    for (const auto& answer : view_.dns)
      out += fmt::format("- {} {}: {} ({}){}\n", answer.name, answer.type,
                         answer.answer.empty() ? "no answer" : join(answer.answer, ", "),
                         to_string(answer.serving),
                         answer.problem.empty() ? "" : ": " + answer.problem);
    if (!view_.snapshot.records || view_.snapshot.records->users.empty())
      return out + "\nNo record that uses the check was found.\n\n";
    out += "\nNow, by the zone's own name servers (never by a resolver with a cache):\n";
    std::vector<std::string> commands;
    for (const auto& user : view_.snapshot.records->users) {
      if (user.failover != "PRIMARY") continue;
      commands.push_back(fmt::format("# Primary answers {}; Backup answers {}", words_of(user),
                                     side(view_.snapshot.records->secondaries, user)));
      const auto found = servers_.find(user.zone_id);
      if (found == servers_.end() || user.private_zone) {
        commands.push_back(fmt::format("dig +noall +answer {} {}    # in the zone's network",
                                       quoted(user.name), user.type));
        continue;
      }
      for (const auto& server : found->second)
        commands.push_back(fmt::format("dig +noall +answer @{} {} {}", quoted(server),
                                       quoted(user.name), user.type));
    }
    return out + block(commands) + "\n";
  }

  std::string look() const {
    std::vector<std::string> commands = {
        command({"aws route53 get-health-check --health-check-id " + id(),
                 "--query 'HealthCheck.[HealthCheckVersion,HealthCheckConfig.[ResourcePath,"
                 "Disabled,Inverted]]'"}),
        command({"aws route53 get-health-check-status --health-check-id " + id(),
                 "--query 'HealthCheckObservations[].StatusReport.[CheckedTime,Status]'"}),
        command({"aws cloudwatch describe-alarms --region " + home() + " --alarm-names " +
                     quoted(plan_.alarm.name),
                 "--query "
                 "'MetricAlarms[].[StateValue,StateTransitionedTimestamp,ActionsEnabled]'"})};
    if (has_record())
      commands.push_back("aws sns list-tags-for-resource --region " + plan_.notify_topic.region +
                         " --resource-arn " + plan_.notify_topic.arn);
    auto out = "## See\n" + block(commands);
    out += fmt::format(
        "- Path `{}`{}, neither Disabled nor Inverted: latched, Backup serves. Disabled *and* "
        "Inverted is latched too.\n"
        "- Path `{}`, neither Disabled nor Inverted: not latched; Primary serves while it is "
        "healthy.\n"
        "- Disabled and not Inverted: frozen as healthy, Primary serves whatever it does "
        "(maintenance, or somebody's mistake).\n"
        "- Inverted alone: wrong. A failing Primary counts as healthy.\n",
        failed_over_path, " or `" + std::string{switched_over_path} + "`",
        own_path().value_or("not known"));
    if (has_record())
      out +=
          "- Tag `sitelatch:latched` with `release=N`, where N is also the first number of "
          "`sitelatch:release`: the guard holds this latch.\n  If it has `path=`, that path "
          "(with `=XX` for special characters) stood there before, and a release gives it "
          "back.\n";
    return out + "\n";
  }

  std::string version() const {
    return command({"VERSION=$(aws route53 get-health-check --health-check-id " + id(),
                    "--query HealthCheck.HealthCheckVersion --output text)"});
  }
  std::string update(const CheckChange& change) const {
    return command({"aws route53 update-health-check --health-check-id " + id() +
                        " --health-check-version \"$VERSION\"",
                    flags_of(change)});
  }
  // Whatever the check looks like in that night, so every setting is named.
  Check unknown_check() const {
    auto check = *observed_.check;
    check.disabled = check.inverted = true;
    return check;
  }
  CheckChange latching_change() const {
    auto check = unknown_check();
    if (check.path) check.path = own_path().value_or("/");
    return latching(check, plan_.settings.latch, false);
  }
  CheckChange releasing_change() const {
    auto check = unknown_check();
    if (check.type.starts_with("HTTP")) check.path = std::string{failed_over_path};
    return releasing(check, own_path().value_or(""));
  }

  std::string tell(const std::string& subject) const {
    if (!has_record()) return "";
    return "Nobody hears of what is done by hand unless it is said:\n" +
           block({command({"aws sns publish --region " + plan_.notify_topic.region +
                               " --topic-arn " + plan_.notify_topic.arn,
                           "--subject " + quoted(subject.substr(0, 99)) +
                               " --message 'By hand, without sitelatch; by: ...; why: ...'"})});
  }

  std::string latch() const {
    std::string out =
        "## Latch: take Primary out of DNS now\n" + block({version(), update(latching_change())});
    out += "`HealthCheckVersionMismatch`: somebody else was faster; look, and do it again.";
    out +=
        has_schedule()
            ? " The function undoes no latch: within a minute it notes this\none as found, tells "
              "people once, and from then on holds it like its own.\n"
            : " Nothing undoes a latch by itself.\n";
    return out + tell(name_ + ": latched by hand, Backup serves") + "\n";
  }

  // As the checkers ask, but from here.
  std::string probe_command() const {
    const auto site = site_of(view_.snapshot.check_config);
    if (!site) return "# (no path to ask: a " + observed_.check->type + " check)";
    const auto path = own_path().value_or("/");
    std::string out = "curl -sk --max-time 6 -o /dev/null -w '%{http_code}\\n' ";
    if (!site->address.empty() && !site->name.empty())
      out += fmt::format(
          "--connect-to {0}:{1}:{2}:{1} ", site->name, site->port,
          site->address.find(':') == std::string::npos ? site->address : "[" + site->address + "]");
    return out + quoted(describe(*site, path));
  }

  std::string before_release() const {
    std::string out =
        "## Before a release\n"
        "1. The sites are in sync, and somebody who knows says so. While latched, Backup is right "
        "and Primary is old.\n"
        "2. Primary's own path answers 2xx (Route 53 cannot tell while it is latched), several "
        "times:\n" +
        block({probe_command()}) +
        "3. The alarm says `ALARM`, and has for three minutes. While it says `OK` it has not seen "
        "the latch yet: its next `ALARM` would\n   latch again.\n"
        "4. Nobody else is doing the same: the version is still the one that you looked at.\n";
    int number = 5;
    if (has_record())
      out += fmt::format(
          "{}. The clock here is right within a minute (`date -u`): the release is dated by "
          "it.\n",
          number++);
    if (relay_)
      out += fmt::format(
          "{}. *Every* name server answers Backup (*Who serves*): to one that still says Primary "
          "the end of this latch looks like a new\n   failover, and the relay latches again.\n",
          number);
    return out + "\n";
  }

  // The record's own form (rules/record.h); its number and time are left to the shell.
  static std::string release_tag() {
    constexpr std::uint64_t number = 987'654'321;
    const auto at = from_unix_ms(1'234'567'890'000);
    Record record;
    record.release = {number, at, std::nullopt, Release{}.window};
    auto text = record_tags(record)[std::string{tag::release}];
    text = replace_all(std::move(text), std::to_string(number), "$((${RELEASE%% *} + 1))");
    return replace_all(std::move(text), std::to_string(unix_ms(at)), "$(date +%s)000");
  }

  std::string release() const {
    std::string out = "## Release: give DNS back to Primary\n";
    if (!own_path())
      return out +
             "Primary's own path is not known here: the check carries a latch, and nobody "
             "has noted what stood there before.\nFind it out first; `sitelatch deploy` "
             "records it.\n\n";
    if (!has_record())
      return out + block({version(), update(releasing_change())}) +
             "This guard has no topic for people, so no record that a release could be written "
             "into.\n\n";
    const auto& topic = plan_.notify_topic;
    const auto on = "--region " + topic.region + " --resource-arn " + topic.arn;
    out += fmt::format(
        "As the guard itself does it: first the record says that there is a new release, then the "
        "check changes. Without the record\nthe function takes it for somebody's mistake and "
        "latches again{}. All of it at once, within two minutes:\n",
        has_schedule() ? " within a minute" : " at the next alarm");
    out += block(
        {command(
             {"RELEASE=$(aws sns list-tags-for-resource " + on,
              "--query \"Tags[?Key=='" + std::string{tag::release} + "'].Value\" --output text)"}),
         version(),
         "test -n \"$RELEASE\" && test -n \"$VERSION\" &&\n" +
             command({"aws sns tag-resource " + on, "--tags \"Key=" + std::string{tag::release} +
                                                        ",Value=" + release_tag() + "\" &&"}) +
             "\n" +
             command({"aws sns untag-resource " + on,
                      "--tag-keys " + std::string{tag::latched} + " " +
                          std::string{tag::maintenance} + " " +
                          std::string{tag::maintenance_reason} + " &&"}) +
             "\n" + update(releasing_change())});
    out += fmt::format(
        "If it ends without the check and its new version, something could not be read or written: "
        "look, and do all of it again. The latch stands, and is held "
        "again within three minutes. Primary has\nten minutes to become healthy, else it is "
        "latched "
        "again. The guard stays armed. Watch with the commands of *See* and *Who serves*.\n{}\n",
        tell(name_ + ": released by hand, Primary serves"));
    return out;
  }

  std::string without_record() const {
    if (!has_record() || !own_path()) return "";
    std::string out =
        "## Release, where the record may not be written\n"
        "When `sns:TagResource` is denied or SNS is down, take the guard out of service first, "
        "else the function latches again:\n";
    std::vector<std::string> commands = {version()};
    if (has_schedule())
      commands.push_back("aws events disable-rule --region " + plan_.schedule.region + " --name " +
                         quoted(plan_.schedule.name) + " &&");
    commands.push_back("aws cloudwatch disable-alarm-actions --region " + home() +
                       " --alarm-names " + quoted(plan_.alarm.name) + " &&");
    commands.push_back(update(releasing_change()));
    out += block(commands);
    if (relay_) out += "The relay latches nothing while the alarm's actions are off.\n";
    return out +
           fmt::format(
               "**From here on nothing latches.** Leave {} off until sitelatch is at hand: "
               "`sitelatch switch-back {} --reason \"released by hand\"`\nwrites the release down, "
               "then `sitelatch deploy {}` puts the guard into service. To enable {} before that "
               "latches again.\n\n",
               has_schedule() ? "both" : "them", id(), id(), has_schedule() ? "the rule" : "them");
  }

  std::string people() const {
    std::string out = "## Who is told\n";
    if (!has_record()) return out + "Nobody: there is no topic for people.\n\n";
    if (observed_.notify_subscriptions.empty()) out += "Nobody is subscribed to the topic.\n";
    for (const auto& one : observed_.notify_subscriptions)
      out += fmt::format("- {} `{}`{}\n", one.protocol, one.endpoint,
                         one.pending ? " (**not confirmed: hears nothing**)" : "");
    return out + fmt::format(
                     "\nThe function tells them of each latch and of what keeps it from working. "
                     "Who changed the check is in CloudTrail\n(`UpdateHealthCheck`, {}); what "
                     "sitelatch did is in the audit log.\n\n",
                     home());
  }

  std::string outage_of_aws() const {
    return fmt::format(
        "## When {0} is down\n"
        "Route 53's name servers and checkers run everywhere and go on: when Primary fails, DNS "
        "goes over to Backup. But Route 53's\nAPI, its metrics and this alarm are in {0} alone "
        "([AWS Fault Isolation Boundaries, appendix "
        "B](https://docs.aws.amazon.com/whitepapers/latest/"
        "aws-fault-isolation-boundaries/appendix-b---edge-network-global-service-guidance.html)): "
        "**nobody latches**, neither\n{2} "
        "nor you, and a Primary that recovers serves at once, with old data.\n"
        "- If Primary has failed, or fails now: keep it down *at the site*. Make {1} answer "
        "otherwise than 2xx or 3xx (stop the service, or\n  close its port), until {0} is back "
        "and the check is latched.\n"
        "- If the check is latched already, nothing changes: the latch holds without the API.\n"
        "- When {0} is back: *See*; latch by hand if Backup has served and the check is not "
        "latched.\n",
        home(), "`" + target() + "`", relay_ ? "function, relay" : "the function");
  }

  const View& view_;
  const Observed& observed_;
  const Plan& plan_;
  const Record record_;
  const ZoneServers& servers_;
  const HardenedLook* relay_;
  const std::string name_;
};

}  // namespace

std::string runbook(const View& view, const ZoneServers& servers, const HardenedLook* relay) {
  return Page(view, servers, relay).text();
}

}  // namespace sitelatch::guard
