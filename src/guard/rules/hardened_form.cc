// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/hardened_form.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

constexpr std::string_view label_prefix = "_sitelatch-", clock_prefix = "sl-k-";
// Until a server that fell behind, the relay and the checkers have all followed (fact guard-66).
constexpr int lasts_s = 60;

std::string deploy_command(const HardenedPlan& plan) {
  return "sitelatch deploy " + plan.endpoint + " --form hardened";
}

bool is_address(const NameServer& server) {
  return server.host.find(':') != server.host.npos ||
         std::all_of(server.host.begin(), server.host.end(),
                     [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

bool same_servers(std::vector<NameServer> a, std::vector<NameServer> b) {
  const auto before = [](const NameServer& x, const NameServer& y) {
    return to_string(x) < to_string(y);
  };
  std::sort(a.begin(), a.end(), before);
  std::sort(b.begin(), b.end(), before);
  return a == b;
}

std::string reason_of(const Difference& difference) {
  if (difference.resource == Resource::function && difference.kind == Difference::Kind::missing)
    return "there is none: the alarm alone latches, minutes after a failover";
  const auto colon = difference.what.find(": ");
  return (colon == std::string::npos ? difference.what : difference.what.substr(colon + 2)) + ": " +
         difference.why;
}

std::optional<ClockTarget> wanted_target(const HardenedPlan& plan, const HardenedObserved& o) {
  return clock_target(o.url, plan.settings.path);
}

class Links {
 public:
  Links(const HardenedPlan& plan, const HardenedObserved& observed) : plan_(plan), o_(observed) {}

  std::vector<Link> run() {
    relay();
    url();
    clock();
    sentinel();
    name_servers();
    threshold();
    if (!seen("form-tag")) return std::move(links_);
    judge("form-tag", o_.tagged,
          "the endpoint's check does not say that it has this form, or where its clock is: other "
          "commands take the guard for the guide's");
    return std::move(links_);
  }

 private:
  bool seen(const std::string& name) {
    const auto why = o_.unseen.find(name);
    if (why == o_.unseen.end()) return true;
    links_.push_back({Link::Health::unknown, name, why->second, ""});
    return false;
  }
  void judge(std::string name, bool ok, std::string why, std::string mend = {}) {
    if (ok)
      links_.push_back({Link::Health::ok, std::move(name), "", ""});
    else
      links_.push_back({Link::Health::broken, std::move(name), std::move(why),
                        mend.empty() ? deploy_command(plan_) : std::move(mend)});
  }

  void relay() {
    if (!seen("relay")) return;
    const auto before = links_.size();
    for (const auto& one : relay_differences(plan_.relay, o_.relay))
      if (one.breaks) judge("relay-" + std::string{to_string(one.resource)}, false, reason_of(one));
    const auto& function = o_.relay.function;
    if (function && !function->state.empty() && function->state != "Active" &&
        function->state != "Inactive")
      judge("relay-state", false, "the relay's function is " + function->state);
    if (function && function->reserved_concurrency == 0)
      judge("relay-concurrency", false, "its reserved concurrency is 0: the relay never runs");
    else if (function && !function->reserved_concurrency)
      links_.push_back({Link::Health::off, "relay-concurrency",
                        "nothing is reserved for the relay: it shares the account's, runs in as "
                        "many processes as it is asked, and each remembers releases for itself",
                        deploy_command(plan_)});
    if (links_.size() == before) judge("relay", true, "");
  }

  void url() {
    if (!o_.relay.function || !seen("relay-url")) return;
    if (o_.url.empty())
      judge("relay-url", false, "the relay has no URL: nobody can run it");
    else if (!o_.url_is_open)
      judge("relay-url", false, "the URL asks for signatures, which Route 53's probes have not");
    else
      judge("relay-url",
            lets_everybody_ask(o_.relay.function->permissions, url_statement) &&
                lets_everybody_ask(o_.relay.function->permissions, url_invoke_statement),
            "the relay's policy does not let everybody ask its URL: each probe is answered 403");
  }

  // What says whether the relay lives: nothing else runs it, and it answers 200 only when it has
  // seen who serves and done what follows.
  void clock() {
    if (!seen("relay-clock")) return;
    if (!o_.clock) return judge("relay-clock", false, "there is none: nothing runs the relay");
    const auto& clock = *o_.clock;
    const auto wanted = wanted_target(plan_, o_);
    if (wanted && !(clock.target == *wanted))
      return judge("relay-clock", false, "it does not ask the relay's URL at its path");
    if (clock.disabled || clock.inverted)
      return judge("relay-clock", false,
                   clock.disabled ? "it is Disabled: nothing runs the relay"
                                  : "it is Inverted: its health says the opposite");
    const auto last =
        clock.answered ? "last answered at " + iso8601_seconds(*clock.answered) : std::string{};
    if (!clock.healthy) {
      links_.push_back(
          {Link::Health::unknown, "relay-clock",
           "whether the relay answers is not known" + (last.empty() ? "" : " (it " + last + ")"),
           ""});
      return;
    }
    if (*clock.healthy) {
      links_.push_back({Link::Health::ok, "relay-clock", last, ""});
      return;
    }
    judge("relay-clock", false,
          "the relay does not answer, or sees no name server: the alarm alone latches, minutes "
          "after a failover" +
              (clock.last_status.empty() ? "" : " (" + clock.last_status + ")") +
              (last.empty() ? "" : "; it " + last),
          "look at the log group /aws/lambda/" + relay_name(plan_.endpoint) + "; " +
              deploy_command(plan_) + " puts the pieces right");
  }

  void sentinel() {
    if (!seen("sentinel")) return;
    judge("sentinel", o_.sentinel_there && o_.sentinel_wrong.empty(),
          o_.sentinel_there ? o_.sentinel_wrong : "there is none: the relay cannot see a failover");
  }

  void name_servers() {
    if (!o_.relay.function || o_.zone_servers.empty()) return;
    const auto read = read_relay(o_.relay.function->environment);
    if (!read || !*read) return;
    const auto& asked = (*read)->name_servers;
    if (named_by_a_person(asked)) return;
    judge("relay-name-servers", same_servers(asked, o_.zone_servers),
          "the relay does not ask the zone's own name servers: they have changed");
  }

  void threshold() {
    if (o_.threshold == 0) return;
    const auto asked = threshold_asked(o_.interval_s);
    judge("failure-threshold", o_.threshold >= asked,
          "FailureThreshold of the endpoint's check is " + std::to_string(o_.threshold) +
              ": a failover may be over before the relay has latched it",
          deploy_command(plan_) + " --change-records, which makes it " + std::to_string(asked));
  }

  const HardenedPlan& plan_;
  const HardenedObserved& o_;
  std::vector<Link> links_;
};

}  // namespace

std::string sentinel_label(std::string_view endpoint) {
  return std::string{label_prefix} + lower(endpoint);
}

bool is_sentinel_name(std::string_view record_name, std::string_view endpoint) {
  return lower(record_name).starts_with(sentinel_label(endpoint) + ".");
}

std::string relay_name(std::string_view endpoint) {
  return "sitelatch-" + std::string{endpoint} + "-relay";
}

Plan relay_plan(const Plan& guard, const RelaySettings& settings) {
  auto wanted = guard.settings;
  const auto name = relay_name(wanted.health_check_id);
  wanted.function = FunctionKind::native;
  wanted.names.function = wanted.names.role = wanted.names.role_policy = name;
  auto made = make_plan(wanted);
  auto plan = made ? std::move(*made) : guard;
  for (const auto& [variable, value] : relay_environment(settings))
    plan.function.environment[variable] = value;
  // One process, which remembers the releases that it has seen; and no more can be made of a URL
  // that everybody may ask.
  plan.function.reserved_concurrency = 1;
  return plan;
}

bool is_of_relay(Resource resource) {
  switch (resource) {
    case Resource::function_group:
    case Resource::role:
    case Resource::role_policy:
    case Resource::function:
    case Resource::function_code:
    case Resource::function_configuration:
      return true;
    default:
      return false;
  }
}

std::vector<Difference> relay_differences(const Plan& relay, const Observed& there) {
  auto all = differences(relay, there);
  std::erase_if(all, [](const Difference& one) {
    return !is_of_relay(one.resource) || one.kind == Difference::Kind::excess;
  });
  return all;
}

std::optional<ClockTarget> clock_target(std::string_view url, std::string_view relay_path) {
  const auto colon = url.find("://");
  if (colon == url.npos || relay_path.empty()) return std::nullopt;
  const auto scheme = lower(url.substr(0, colon));
  if (scheme != "https" && scheme != "http") return std::nullopt;
  auto rest = url.substr(colon + 3);
  const auto slash = rest.find('/');
  auto before = slash == rest.npos ? std::string_view{} : rest.substr(slash);
  auto host = rest.substr(0, slash);
  ClockTarget out;
  out.type = scheme == "https" ? "HTTPS" : "HTTP";
  out.port = scheme == "https" ? 443 : 80;
  if (const auto at = host.rfind(':'); at != host.npos) {
    const auto port = parse_int(host.substr(at + 1));
    if (!port || *port < 1 || *port > 65535) return std::nullopt;
    out.port = static_cast<int>(*port);
    host = host.substr(0, at);
  }
  if (host.empty()) return std::nullopt;
  while (before.ends_with('/')) before.remove_suffix(1);
  out.host = host;
  out.path = std::string{before} + std::string{relay_path};
  return out;
}

std::string clock_reference(std::string_view endpoint, int number) {
  return std::string{clock_prefix} + std::string{endpoint} + "-" + std::to_string(number);
}

std::optional<std::string> endpoint_of_clock(std::string_view reference) {
  if (!reference.starts_with(clock_prefix)) return std::nullopt;
  reference.remove_prefix(clock_prefix.size());
  const auto dash = reference.rfind('-');
  if (dash == reference.npos || dash == 0 || !parse_int(reference.substr(dash + 1)))
    return std::nullopt;
  return std::string{reference.substr(0, dash)};
}

Texts tags_of_clock(std::string_view endpoint) {
  return {{std::string{tag::form}, std::string{to_string(Form::hardened)}},
          {std::string{tag::endpoint}, std::string{endpoint}},
          {std::string{tag::role}, "clock"}};
}

int threshold_asked(int request_interval_s) {
  const auto interval = std::max(request_interval_s, 1);
  return std::min(10, 1 + (lasts_s + interval - 1) / interval);
}

bool named_by_a_person(const std::vector<NameServer>& servers) {
  return std::any_of(servers.begin(), servers.end(), is_address);
}

bool lets_everybody_ask(const std::vector<ObservedPermission>& permissions,
                        std::string_view statement) {
  const auto action =
      statement == url_statement ? "lambda:InvokeFunctionUrl" : "lambda:InvokeFunction";
  return std::any_of(permissions.begin(), permissions.end(), [&](const auto& one) {
    return one.statement_id == statement && one.principal == "*" && one.action == action;
  });
}

std::string_view to_string(HardenedStep step) {
  switch (step) {
    case HardenedStep::sentinel:
      return "sentinel";
    case HardenedStep::relay:
      return "relay";
    case HardenedStep::concurrency:
      return "concurrency";
    case HardenedStep::url:
      return "url";
    case HardenedStep::url_permissions:
      return "url-permissions";
    case HardenedStep::clock:
      return "clock";
    case HardenedStep::mend_clock:
      return "mend-clock";
    case HardenedStep::tag:
      return "tag";
  }
  return "";
}

std::vector<HardenedWork> hardened_work(const HardenedPlan& plan, const HardenedObserved& o) {
  std::vector<HardenedWork> out;
  const auto add = [&out](HardenedStep step, bool there, std::string what, std::string why) {
    out.push_back({step, there ? "change" : "create", std::move(what), std::move(why), {}});
  };
  const auto name = relay_name(plan.endpoint);
  // Before the relay, which is blind without it.
  if (!o.sentinel_there || !o.sentinel_wrong.empty())
    add(HardenedStep::sentinel, o.sentinel_there,
        "records " + plan.settings.sentinel + " TXT (PRIMARY, SECONDARY) in zone " + plan.zone_id,
        o.sentinel_there ? o.sentinel_wrong
                         : "they say what DNS answers, so that the relay sees a failover; nobody "
                           "else asks for them");
  for (const auto& one : relay_differences(plan.relay, o.relay)) {
    const bool there = one.kind != Difference::Kind::missing;
    const auto what = one.resource == Resource::role || one.resource == Resource::role_policy
                          ? "role " + name
                      : one.resource == Resource::function_group ? "log group /aws/lambda/" + name
                                                                 : "function " + name;
    add(HardenedStep::relay, there,
        std::string{to_string(one.resource)} + " of the relay (" + what + ")", reason_of(one));
    out.back().resource = one.resource;
  }
  if (o.relay.function && o.relay.function->reserved_concurrency == 0)
    add(HardenedStep::concurrency, true, "reserved concurrency of function " + name,
        "it is 0: the relay never runs");
  if (o.url.empty() || !o.url_is_open)
    add(HardenedStep::url, !o.url.empty(), "URL of function " + name,
        o.url.empty() ? "Route 53's probes run the relay by it; without its secret path it answers "
                        "404"
                      : "it asks for signatures, which Route 53's probes have not");
  const auto permissions =
      o.relay.function ? o.relay.function->permissions : std::vector<ObservedPermission>{};
  if (!lets_everybody_ask(permissions, url_statement) ||
      !lets_everybody_ask(permissions, url_invoke_statement))
    add(HardenedStep::url_permissions, false, "permission of everybody to ask that URL",
        "the checkers do not sign their probes");
  const auto wanted = wanted_target(plan, o);
  if (!o.clock)
    add(HardenedStep::clock, false, "health check of that URL, attached to nothing",
        "its checkers are the relay's clock, and its health says whether the relay works");
  else if ((wanted && !(o.clock->target == *wanted)) || o.clock->disabled || o.clock->inverted)
    add(HardenedStep::mend_clock, true, "health check " + o.clock->id + ", the relay's clock",
        "it does not run the relay as it should");
  if (!o.tagged)
    add(HardenedStep::tag, false, "tags of health check " + plan.endpoint + " and of the clock",
        "commands find the form by them");
  return out;
}

std::vector<Link> hardened_links(const HardenedPlan& plan, const HardenedObserved& observed) {
  return Links(plan, observed).run();
}

std::vector<Refusal> against_hardened(const HardenedPlan& plan, const Settings& settings,
                                      const Texts& endpoint_tags) {
  std::vector<Refusal> out;
  if (plan.zone_id.empty())
    out.push_back({"",
                   "no public hosted zone of this account has a PRIMARY record on the health "
                   "check, and the relay asks public name servers: the form hardened needs one"});
  if (settings.function == FunctionKind::python)
    out.push_back({"",
                   "the guide's Python function knows no relay: --form hardened takes "
                   "--function native"});
  if (const auto form = endpoint_tags.find(std::string{tag::form});
      form != endpoint_tags.end() && form->second != to_string(Form::hardened))
    out.push_back({"", "the health check has pieces of the form " + form->second +
                           ": sitelatch destroy " + plan.endpoint + " --form " + form->second +
                           " first"});
  return out;
}

std::vector<Refusal> against_hardening(const HardeningMoment& moment) {
  std::vector<Refusal> out;
  const auto add = [&out](std::string why) { out.push_back({"", std::move(why)}); };
  if (moment.latched) add("the health check is latched: switch back first");
  if (moment.maintenance) add("the guard is in maintenance: sitelatch arm ends it");
  if (!moment.latched && moment.healthy != true)
    add(moment.healthy ? "Primary is not healthy by Route 53"
                       : "whether Primary is healthy is not known");
  if (!moment.latched && moment.dns_primary != true)
    add(moment.dns_primary ? "the name servers answer Backup"
                           : "the name servers do not all answer Primary, or cannot be asked from "
                             "here (--dns-server ADDR:PORT)");
  return out;
}

}  // namespace sitelatch::guard
