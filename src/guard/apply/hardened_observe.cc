// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/hardened_observe.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/missing_rights.h"
#include "guard/apply/reading.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

ObservedClock clock_from(const Value& wire) {
  const auto& config = wire["HealthCheckConfig"];
  ObservedClock out;
  out.id = wire["Id"].string_or("");
  out.version = static_cast<std::uint64_t>(wire["HealthCheckVersion"].integer_or(0));
  out.target = {config["Type"].string_or(""), config["FullyQualifiedDomainName"].string_or(""),
                config["ResourcePath"].string_or(""),
                static_cast<int>(config["Port"].integer_or(0))};
  out.disabled = config["Disabled"].boolean_or(false);
  out.inverted = config["Inverted"].boolean_or(false);
  return out;
}

// A TXT record's value as on the wire: in quotes.
std::string in_quotes(std::string_view text) { return "\"" + std::string{text} + "\""; }

// How the pair is not as it should be, in words; empty: it is.
std::string wrong_with(const std::vector<RecordSnapshot>& records, const HardenedPlan& plan) {
  int primary = 0, secondary = 0;
  for (const auto& record : records) {
    const bool first = record.failover == "PRIMARY";
    const auto& says = first ? plan.settings.primary : plan.settings.secondary;
    const auto& check = first ? plan.endpoint : std::string{};
    const auto name = fmt::format("{} TXT {}", record.name, record.failover);
    if (record.zone_id != plan.zone_id) return name + " is in another zone than the records";
    if (!first && record.failover != "SECONDARY") return name + " is not of a failover pair";
    if (record.health_check_id != check)
      return name + (first ? " does not follow the endpoint's health check"
                           : " has a health check, and none is wanted");
    if (record.values != std::vector{in_quotes(says)})
      return fmt::format("{} does not say {}", name, in_quotes(says));
    if (record.wire["TTL"].integer_or(0) != sentinel_ttl_s)
      return fmt::format("{} has a TTL other than {} s", name, sentinel_ttl_s);
    ++(first ? primary : secondary);
  }
  if (primary == 0) return "its PRIMARY record is gone";
  return secondary == 0 ? "its SECONDARY record is gone" : "";
}

class HardenedReading {
 public:
  HardenedReading(Context& context, const Snapshot& snapshot, const Plan& guard,
                  const HardenedQuery& how)
      : context_(context), reading_(context.aws), snapshot_(snapshot), guard_(guard), how_(how) {
    reading_.go_on_despite_silence();
  }

  Result<HardenedLook, Error> run() {
    const auto& id = guard_.settings.health_check_id;
    auto& plan = out_.plan;
    plan.endpoint = id;
    o().threshold = static_cast<int>(snapshot_.check_config["FailureThreshold"].integer_or(0));
    o().interval_s = static_cast<int>(snapshot_.check_config["RequestInterval"].integer_or(30));
    place_sentinel();
    look_at_relay();
    look_at_zone();
    settle();
    out_.endpoint_tags = tags_of_check(id, "form-tag");
    look_at_clock();
    look_at_sentinel();
    o().tagged = is_tagged();
    if (reading_.fatal())
      return failure(error_of(*reading_.fatal(), "look at the relay of health check " + id));
    out_.blind = reading_.blind();
    return std::move(out_);
  }

 private:
  HardenedObserved& o() { return out_.observed; }
  const std::string& region() const { return guard_.settings.function_region; }

  // The zone of the first PRIMARY record that anybody may ask for. A sentinel that stands stays
  // where it is, as long as that is such a zone.
  void place_sentinel() {
    if (!snapshot_.records) return;
    out_.sentinels = snapshot_.records->sentinels;
    auto& plan = out_.plan;
    for (const auto& user : snapshot_.records->users) {
      if (user.failover != "PRIMARY" || user.private_zone) continue;
      const bool has_it =
          std::any_of(out_.sentinels.begin(), out_.sentinels.end(),
                      [&user](const auto& sentinel) { return sentinel.zone_id == user.zone_id; });
      if (!plan.zone_id.empty() && !has_it) continue;
      plan.zone_id = user.zone_id;
      plan.zone_name = user.zone_name;
      if (has_it) break;
    }
  }

  // Notes under `link` what this one could not see.
  template <class Ask>
  auto noted(const std::string& link, Ask ask) {
    const auto before = reading_.blind().size();
    auto answer = ask();
    if (reading_.blind().size() > before)
      o().unseen.emplace(link, describe(reading_.blind()[before]));
    return answer;
  }

  void look_at_relay() {
    const auto name = relay_name(out_.plan.endpoint);
    o().relay.function = noted("relay", [&] {
      auto function = reading_.function(name, region());
      if (function) reading_.invocation(*function, region());
      return function;
    });
    o().relay.role = noted("relay", [&] { return reading_.role(name); });
    o().relay.function_group =
        noted("relay", [&] { return reading_.log_group("/aws/lambda/" + name, region()); });
    if (!o().relay.function) return;
    const auto url = noted("relay-url", [&] {
      return reading_.ask("the URL of function " + name, "lambda", "GetFunctionUrlConfig",
                          Value::structure({{"FunctionName", name}}), region());
    });
    if (!url) return;
    o().url = (*url)["FunctionUrl"].string_or("");
    o().url_is_open = (*url)["AuthType"].string_or("") == "NONE";
  }

  void look_at_zone() {
    if (!context_.dns_server.empty()) {
      if (const auto server = parse_name_server(context_.dns_server))
        o().zone_servers.push_back(*server);
      return;
    }
    if (out_.plan.zone_id.empty()) return;
    const auto zone = noted("relay-name-servers", [&] {
      return reading_.ask("the name servers of zone " + out_.plan.zone_id, "route53",
                          "GetHostedZone", Value::structure({{"Id", out_.plan.zone_id}}));
    });
    if (!zone) return;
    for (const auto& server : (*zone)["DelegationSet"]["NameServers"].strings())
      if (const auto parsed = parse_name_server(server)) o().zone_servers.push_back(*parsed);
  }

  // What stands in the relay's variables was chosen when it was made: the path is a secret that the
  // clock knows too, and whom it asks a person may have said. Only what cannot be is put right.
  void settle() {
    auto& plan = out_.plan;
    auto& wanted = plan.settings;
    std::optional<RelaySettings> there;
    if (o().relay.function)
      if (const auto read = read_relay(o().relay.function->environment); read && *read)
        there = *read;
    wanted.path = there ? there->path : how_.path;
    wanted.sentinel = sentinel_label(plan.endpoint) + "." + plan.zone_name;
    if (wanted.sentinel.ends_with('.')) wanted.sentinel.pop_back();
    wanted.primary = sentinel_says_primary;
    wanted.secondary = sentinel_says_backup;
    wanted.name_servers = o().zone_servers;
    if (there && wanted.name_servers.empty()) wanted.name_servers = there->name_servers;
    plan.relay = relay_plan(guard_, wanted);
    // A look from elsewhere, or by a server of one's own, says nothing against whom it asks; a
    // deploy puts the zone's servers there, or the one that it was told.
    const bool replaces = deploys() && (!context_.dns_server.empty() ||
                                        (there && !named_by_a_person(there->name_servers)));
    if (!there || replaces) return;
    wanted.name_servers = there->name_servers;
    plan.relay = relay_plan(guard_, wanted);
  }
  bool deploys() const { return !how_.path.empty(); }

  Texts tags_of_check(const std::string& id, const std::string& link) {
    const auto reply = noted(link, [&] {
      return reading_.ask("the tags of health check " + id, "route53", "ListTagsForResource",
                          Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", id}}));
    });
    return reply ? tags_from((*reply)["ResourceTagSet"]["Tags"]) : Texts{};
  }

  void look_at_clock() {
    const auto said = out_.endpoint_tags.find(std::string{tag::clock_check});
    auto id = said == out_.endpoint_tags.end() ? std::string{} : said->second;
    auto wire = id.empty() ? std::optional<Value>{} : clock_wire(id);
    if (!wire && how_.search) {
      id = find_clock();
      if (!id.empty()) wire = clock_wire(id);
    }
    if (!wire) return;
    auto& clock = o().clock.emplace(clock_from(*wire));
    out_.clock_config = (*wire)["HealthCheckConfig"];
    clock.tags = tags_of_check(id, "relay-clock");
    if (!how_.health) return;
    Check check;
    check.id = id;
    check.disabled = clock.disabled;
    check.inverted = clock.inverted;
    // Where many guards are looked at nobody asks the checkers (fact client-11).
    const auto probes =
        snapshot_.checkers.empty() ? Reading::Probes::if_needed : Reading::Probes::shown;
    const auto health = noted("relay-clock", [&] {
      return std::optional{reading_.health(check, guard_.alarm.region, snapshot_.now, probes)};
    });
    clock.healthy = health->healthy;
    // Checkers tell of their last probes alone; of a while ago the metric does, to the minute.
    if (health->minutes)
      for (const auto& minute : *health->minutes)
        if (minute.any_healthy) clock.answered = minute.begins;
    std::optional<Instant> newest;
    for (const auto& checker : health->checkers) {
      if (!checker.at) continue;
      if (checker.success && (!clock.answered || *checker.at > *clock.answered))
        clock.answered = checker.at;
      if (!newest || *checker.at > *newest) {
        newest = checker.at;
        clock.last_status = checker.status;
      }
    }
  }

  std::optional<Value> clock_wire(const std::string& id) {
    return noted("relay-clock", [&]() -> std::optional<Value> {
      const auto reply =
          context_.aws.call("route53", "GetHealthCheck", Value::structure({{"HealthCheckId", id}}));
      if (reply) return (*reply)["HealthCheck"];
      if (!client::is_absent(reply.error())) reading_.note("health check " + id, reply.error());
      return std::nullopt;
    });
  }

  // By its CallerReference; what code has made (rules/code.h) has others, and asks this relay.
  std::string find_clock() {
    return noted("relay-clock", [&]() -> std::string {
      const auto checks = context_.aws.call_all("route53", "ListHealthChecks");
      if (!checks) {
        reading_.note("the account's health checks", checks.error());
        return {};
      }
      const auto target = clock_target(o().url, out_.plan.settings.path);
      std::string asks;
      for (const auto& check : (*checks)["HealthChecks"].items()) {
        if (endpoint_of_clock(check["CallerReference"].string_or("")) == out_.plan.endpoint)
          return check["Id"].string_or("");
        if (target && clock_from(check).target == *target) asks = check["Id"].string_or("");
      }
      return asks;
    });
  }

  void look_at_sentinel() {
    if (!snapshot_.records) {
      o().unseen.emplace("sentinel", "the hosted zones' records cannot be seen");
      return;
    }
    o().sentinel_there = !out_.sentinels.empty();
    if (o().sentinel_there) o().sentinel_wrong = wrong_with(out_.sentinels, out_.plan);
  }

  bool is_tagged() {
    const auto has = [](const Texts& tags, std::string_view key, std::string_view value) {
      const auto found = tags.find(std::string{key});
      return found != tags.end() && found->second == value;
    };
    if (!o().clock) return false;
    const auto wanted = tags_of_clock(out_.plan.endpoint);
    return has(out_.endpoint_tags, tag::form, to_string(Form::hardened)) &&
           has(out_.endpoint_tags, tag::clock_check, o().clock->id) &&
           std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
             return has(o().clock->tags, one.first, one.second);
           });
  }

  Context& context_;
  Reading reading_;
  const Snapshot& snapshot_;
  const Plan& guard_;
  const HardenedQuery& how_;
  HardenedLook out_;
};

}  // namespace

Result<HardenedLook, Error> look_at_hardened(Context& context, const Snapshot& snapshot,
                                             const Plan& plan, const HardenedQuery& how) {
  return HardenedReading(context, snapshot, plan, how).run();
}

Error unseen_of(const std::vector<ReadFailure>& blind, std::string_view must,
                const std::string& caller_arn, const std::string& health_check_id) {
  const auto begins = std::string{must} + ", and does not";
  if (const auto* silence = first_silence(blind))
    return error_of(Error::Kind::no_answer, begins + ": " + describe(*silence));
  return error_of(Error::Kind::no_answer,
                  begins + ". " +
                      describe(missing_rights(blind), caller_arn, Audience::deployer,
                               health_check_id, Form::hardened));
}

bool has_sentinel(const Snapshot& snapshot) {
  return snapshot.records && !snapshot.records->sentinels.empty();
}

Step add_hardened(Context& context, View& view) {
  const auto seen = look_at_hardened(context, view.snapshot, view.plan, {});
  if (!seen) return failure(seen.error());
  view.form = Form::hardened;
  if (const auto noted = seen->endpoint_tags.find(std::string{tag::last_drill});
      noted != seen->endpoint_tags.end())
    view.last_drill = from_tag_text(noted->second);
  auto& links = view.assessment.links;
  for (auto& link : hardened_links(seen->plan, seen->observed)) links.push_back(std::move(link));
  // What a link tells already is not told again.
  for (const auto& blind : seen->blind) {
    const auto text = describe(blind);
    const bool told = std::any_of(links.begin(), links.end(),
                                  [&text](const Link& link) { return link.why == text; });
    if (!told) view.snapshot.blind.push_back(blind);
  }
  return Done{};
}

}  // namespace sitelatch::guard
