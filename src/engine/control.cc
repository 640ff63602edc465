// SPDX-License-Identifier: Apache-2.0
#include "engine/control.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/sigv4.h"
#include "aws/wire/value.h"
#include "base/text.h"
#include "services/route53/resume_tags.h"
#include "services/route53/route53.h"

namespace sitelatch::engine {
namespace {

using aws::Value;
using Reply = std::function<void(std::string)>;

void refuse(const Reply& reply, std::string text) {
  reply(aws::to_json(Value::structure({{"error", std::move(text)}})));
}

void advance(Loop& loop, const Value& request, const Reply& reply) {
  if (loop.clock_kind() != ClockKind::manual)
    return refuse(reply,
                  "this engine's time runs by itself; start it with --clock manual to advance it");
  const Value& by = request["nanoseconds"];
  if (!by.is_integer() || by.integer() <= 0) return refuse(reply, "how far? a duration above zero");
  if (by.integer() > std::chrono::nanoseconds{std::chrono::hours{24 * 366}}.count())
    return refuse(reply, "at most a year at a time");
  loop.advance(Duration{by.integer()}, [reply](Instant now) {
    reply(aws::to_json(Value::structure({{"now", iso8601_ms(now)}})));
  });
}

std::string_view word(route53::Status status) {
  return status == route53::Status::healthy ? "healthy" : "unhealthy";
}
std::string_view word(route53::Forced forced) {
  switch (forced) {
    case route53::Forced::none:
      return "auto";
    case route53::Forced::up:
      return "up";
    case route53::Forced::down:
      return "down";
  }
  return "auto";
}

Value describe(const route53::HealthDescription& check) {
  Value out = Value::structure({{"id", check.id},
                                {"status", word(check.status)},
                                {"realStatus", word(check.real_status)},
                                {"forced", word(check.forced)},
                                {"target", check.target},
                                {"since", iso8601_ms(check.since)}});
  if (check.disabled) out.set("disabled", true);
  if (check.inverted) out.set("inverted", true);
  if (check.checkers.all > 1) {
    out.set("checkers", static_cast<std::int64_t>(check.checkers.all));
    out.set("healthyCheckers", static_cast<std::int64_t>(check.checkers.healthy));
  }
  if (check.last) out.set("reason", check.last->status);
  if (check.armed) out.set("manualResume", true);
  if (const auto& latch = check.latch.latch)
    out.set("latched",
            Value::structure({{"since", iso8601_ms(latch->since)},
                              {"cause", route53::words_of(*latch)},
                              {"version", check.version},
                              {"release", route53::command_to_release(check.id, check.version)}}));
  if (const auto& last = check.latch.last_release)
    out.set("released", Value::structure({{"at", iso8601_ms(last->at)},
                                          {"version", last->version},
                                          {"by", last->who},
                                          {"reason", last->reason}}));
  return out;
}

Value describe(const route53::TargetDescription& target) {
  using From = route53::TargetDescription::From;
  auto addresses = Value::list();
  for (const auto& address : target.addresses) addresses.push(address);
  const auto from = target.from == From::said       ? "said"
                    : target.from == From::resolver ? "resolver"
                    : target.from == From::nothing  ? "nothing there"
                    : target.from == From::unknown  ? "unknown"
                                                    : "off";
  return Value::structure({{"name", target.name},
                           {"status", target.up ? "up" : "down"},
                           {"addresses", addresses},
                           {"from", from},
                           {"ttl", static_cast<std::int64_t>(target.ttl)},
                           {"aliases", static_cast<std::int64_t>(target.aliases)}});
}

void say_of_target(route53::Route53& route53, const Value& request, const Reply& reply) {
  if (!request["name"].is_string()) return refuse(reply, "which target? its name");
  route53::TargetWord word;
  word.name = request["name"].string();
  if (const auto& list = request["addresses"]) {
    if (!list.is_list()) return refuse(reply, "addresses are a list");
    word.addresses.emplace();
    for (const auto& item : list.items()) {
      if (!item.is_string()) return refuse(reply, "an address is a text");
      word.addresses->push_back(item.string());
    }
  }
  if (const auto& ttl = request["ttl"]) {
    if (!ttl.is_integer() || ttl.integer() < 0 || ttl.integer() > INT32_MAX)
      return refuse(reply, "a TTL is 0 to 2147483647 seconds");
    word.ttl = static_cast<std::uint32_t>(ttl.integer());
  }
  if (const auto& status = request["status"]) {
    if (!status.is_string() || (status.string() != "up" && status.string() != "down"))
      return refuse(reply, "a target is up or down");
    word.up = status.string() == "up";
  }
  if (const auto& zone = request["zone"]) {
    if (!zone.is_string()) return refuse(reply, "a zone's id is a text");
    word.zone_id = zone.string();
  }
  const auto target = route53.say_of_target(word);
  if (!target) return refuse(reply, target.error().text);
  reply(aws::to_json(Value::structure({{"target", describe(*target)}})));
}

void take_back_target(route53::Route53& route53, const Value& request, const Reply& reply) {
  if (!request["name"].is_string()) return refuse(reply, "which target? its name");
  const auto target = route53.take_back_target(request["name"].string());
  if (!target) return refuse(reply, target.error().text);
  reply(aws::to_json(Value::structure({{"target", describe(*target)}})));
}

void force(route53::Route53& route53, Loop& loop, const Value& request, const Reply& reply) {
  if (!request["id"].is_string() || !request["status"].is_string())
    return refuse(reply, "which health check, and up, down or auto?");
  const std::string& id = request["id"].string();
  const std::string& status = request["status"].string();
  if (status != "up" && status != "down" && status != "auto")
    return refuse(reply, "a status is up, down or auto");
  const auto forced = status == "up"     ? route53::Forced::up
                      : status == "down" ? route53::Forced::down
                                         : route53::Forced::none;
  auto done = route53.set_forced(id, forced);
  if (!done) return refuse(reply, done.error().text);
  for (const auto& check : route53.describe_health()) {
    if (check.id != id) continue;
    std::string text = forced == route53::Forced::none
                           ? fmt::format("{} is as probed again: {}.", id, word(check.status))
                           : fmt::format("{} is forced {}; as probed it is {}.", id, status,
                                         word(check.real_status));
    if (check.latch.latch)
      text += fmt::format(" It is latched. To release it: {}",
                          route53::command_to_release(id, check.version));
    return loop.when_durable([reply, text] {
      reply(aws::to_json(Value::structure({{"text", text}})));
    });
  }
  refuse(reply, fmt::format("no health check {}", id));
}

// --- faults

constexpr Duration longest_fault = std::chrono::hours{24 * 366};
// A replica that knows nothing of the last hours is no replica any more.
constexpr Duration longest_lag = std::chrono::hours{1};

Result<std::optional<Duration>> duration_in(const Value& request, const char* member,
                                            Duration most) {
  const Value& asked = request[member];
  if (asked.is_null()) return std::optional<Duration>{};
  if (!asked.is_integer() || asked.integer() <= 0 || asked.integer() > most.count())
    return failure(
        Problem{fmt::format("a duration above zero, and at most {}", sitelatch::describe(most))});
  return std::optional{Duration{asked.integer()}};
}

std::string text_in(const Value& request, const char* member) {
  return request[member].is_string() ? request[member].string() : std::string{};
}

using Handled = std::map<std::string, std::vector<std::string>>;

// What is meant must be there: a fault that can hit nothing would be waited for in vain.
Result<Done> name_target(const Handled& handled, const Value& request, realism::Fault& fault) {
  fault.service = text_in(request, "service");
  const auto service = handled.find(fault.service);
  if (service == handled.end()) {
    std::vector<std::string> names;
    for (const auto& [name, operations] : handled) names.push_back(name);
    return failure(Problem{
        fmt::format("there is no service \"{}\" here: {}", fault.service, join(names, ", "))});
  }
  fault.operation = text_in(request, "operation");
  const auto& operations = service->second;
  if (!fault.operation.empty() &&
      std::none_of(operations.begin(), operations.end(), [&](const std::string& operation) {
        return realism::fits(fault.operation, operation);
      }))
    return failure(
        Problem{fmt::format("{} has no operation {} here: an operation's name as in AWS's "
                            "API (UpdateHealthCheck), or its beginning with a star (List*)",
                            fault.service, fault.operation)});
  fault.region = text_in(request, "region");
  if (!fault.region.empty() && !aws::looks_like_region(fault.region))
    return failure(Problem{fmt::format("\"{}\" is not a region", fault.region)});
  const bool global =
      fault.service == "route53" || fault.service == "iam" || fault.service == "sts";
  if (global && !fault.region.empty() && fault.region != "us-east-1")
    return failure(Problem{fmt::format(
        "{} is one service for all regions; its control plane is in us-east-1", fault.service)});
  return Done{};
}

Result<realism::Fault> fault_in(const Handled& handled, const Value& request, Instant now) {
  realism::Fault fault;
  const auto kind = realism::fault_kind(text_in(request, "kind"));
  if (!kind) return failure(Problem{"a fault is throttle, deny, outage, lag or lose-answer"});
  fault.kind = *kind;
  auto named = name_target(handled, request, fault);
  if (!named) return failure(named.error());
  const auto lasts = duration_in(request, "forNanoseconds", longest_fault);
  if (!lasts) return failure(lasts.error());
  if (*lasts) fault.until = now + **lasts;
  const auto behind = duration_in(request, "behindNanoseconds", longest_lag);
  if (!behind) return failure(behind.error());
  if (*behind) fault.behind = **behind;
  const Value& count = request["count"];
  if (count && (!count.is_integer() || count.integer() <= 0))
    return failure(Problem{"a count is a number above zero"});
  if (count) fault.count = static_cast<std::uint64_t>(count.integer());
  return fault;
}

Value entry_of(std::uint64_t id, const std::string& text) {
  return Value::structure({{"id", static_cast<std::int64_t>(id)}, {"text", text}});
}

void list_faults(realism::Realism& realism, Instant now, const Reply& reply) {
  Value list = Value::list();
  for (const auto& entry : realism.entries(now)) list.push(entry_of(entry.id, entry.text));
  reply(aws::to_json(Value::structure({{"faults", list}, {"realistic", realism.realistic()}})));
}

void add_fault(Loop& loop, const Cloud& cloud, realism::Realism& realism, const Value& request,
               const Reply& reply) {
  auto fault = fault_in(cloud.gateway().handled(), request, loop.timers().now());
  if (!fault) return refuse(reply, fault.error().text);
  const auto text = realism::describe(*fault);
  reply(aws::to_json(entry_of(realism.add(std::move(*fault)), text)));
}

// --- checkers that do not reach an endpoint

// Those of this check, or, for all, of any check that there is and of one that might be made.
Result<std::vector<std::string>> checkers_meant(const route53::Route53& route53,
                                                const std::string& id) {
  if (!id.empty()) return route53.checkers(id);
  auto out = route53.checkers();
  for (const auto& check : route53.describe_health())
    if (const auto its = route53.checkers(check.id))
      for (const auto& name : *its)
        if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  return out;
}

Result<Done> all_are_there(const realism::CheckerChoice& choice,
                           const std::vector<std::string>& checkers, std::size_t most) {
  if (choice.first > most)
    return failure(
        Problem{fmt::format("there {} here (sitelatch engine --checkers 16 has sixteen)",
                            most == 1 ? "is one checker" : fmt::format("are {} checkers", most))});
  for (const auto& name : choice.named) {
    const bool there = std::any_of(checkers.begin(), checkers.end(), [&](const std::string& each) {
      return each == name || each.starts_with(name + "/");
    });
    if (!there)
      return failure(Problem{fmt::format(
          "there is no checker {} here: {} (sitelatch engine --checkers 16 has two in each Region)",
          name, join(checkers, ", "))});
  }
  return Done{};
}

// "40%" or "40".
Result<int> percent_in(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  const auto number = parse_int(text);
  if (!number || *number < 1 || *number > 100)
    return failure(Problem{"a loss is a share of the probes: 1% to 100%"});
  return static_cast<int>(*number);
}

Result<realism::CheckerFault> checker_fault_in(const route53::Route53& route53,
                                               const Value& request, Instant now) {
  realism::CheckerFault fault;
  const auto check = text_in(request, "healthCheck");
  if (check.empty()) return failure(Problem{"which health check? its id, or all"});
  if (check != "all") fault.health_check_id = check;
  const auto checkers = checkers_meant(route53, fault.health_check_id);
  if (!checkers) return failure(checkers.error());
  if (request["cutOff"].is_string()) {
    auto choice = realism::checker_choice(request["cutOff"].string());
    if (!choice) return failure(choice.error());
    const auto most = check == "all" ? route53.checkers().size() : checkers->size();
    if (auto there = all_are_there(*choice, *checkers, most); !there) return failure(there.error());
    fault.cut_off = std::move(*choice);
  }
  if (request["loss"].is_string()) {
    const auto loss = percent_in(request["loss"].string());
    if (!loss) return failure(loss.error());
    fault.loss_percent = *loss;
  }
  if (fault.cut_off.empty() && fault.loss_percent == 0)
    return failure(Problem{"what is wrong with them? --cut-off 13, or --loss 40%, or both"});
  const auto lasts = duration_in(request, "forNanoseconds", longest_fault);
  if (!lasts) return failure(lasts.error());
  if (*lasts) fault.until = now + **lasts;
  return fault;
}

void add_checker_fault(Loop& loop, const route53::Route53& route53, realism::Realism& realism,
                       const Value& request, const Reply& reply) {
  auto fault = checker_fault_in(route53, request, loop.timers().now());
  if (!fault) return refuse(reply, fault.error().text);
  const auto text = realism::describe(*fault);
  reply(aws::to_json(entry_of(realism.add(std::move(*fault)), text)));
}

void add_service_control(realism::Realism& realism, const Value& request, const Reply& reply) {
  const auto name = text_in(request, "name");
  const auto id = realism.add_service_control(name, text_in(request, "document"));
  if (!id) return refuse(reply, fmt::format("{}: {}", name, id.error().text));
  reply(aws::to_json(entry_of(*id, "service control policy " + name)));
}

void clear_faults(realism::Realism& realism, const Value& request, const Reply& reply) {
  const Value& id = request["id"];
  if (id.is_null()) {
    realism.clear();
    return reply(aws::to_json(Value::structure({{"text", "No faults are set."}})));
  }
  if (!id.is_integer() || id.integer() < 0 ||
      !realism.clear(static_cast<std::uint64_t>(id.integer())))
    return refuse(reply, "there is no such fault; `sitelatch fault list` has those there are");
  reply(aws::to_json(Value::structure({{"text", fmt::format("Fault {} is over.", id.integer())}})));
}

}  // namespace

void handle_control(Loop& loop, Cloud& cloud, realism::Realism& realism, const Reset& reset,
                    const std::string& request, const Reply& reply) {
  auto& route53 = cloud.route53();
  const auto parsed = aws::from_json(request);
  if (!parsed || !parsed->is_struct()) return refuse(reply, "not a JSON object");
  const Value& command = (*parsed)["command"];
  const std::string name = command.is_string() ? command.string() : "";
  if (name == "advance") return advance(loop, *parsed, reply);
  if (name == "clock")
    return reply(aws::to_json(
        Value::structure({{"clock", loop.clock_kind() == ClockKind::manual ? "manual" : "wall"},
                          {"now", iso8601_ms(loop.timers().now())},
                          {"advancing", loop.being_advanced()}})));
  if (name == "health") return force(route53, loop, *parsed, reply);
  if (name == "list-health") {
    Value checks = Value::list();
    for (const auto& check : route53.describe_health()) checks.push(describe(check));
    return reply(aws::to_json(Value::structure({{"healthChecks", checks}})));
  }
  if (name == "target") return say_of_target(route53, *parsed, reply);
  if (name == "remove-target") return take_back_target(route53, *parsed, reply);
  if (name == "list-targets") {
    Value targets = Value::list();
    for (const auto& target : route53.describe_targets()) targets.push(describe(target));
    return reply(aws::to_json(Value::structure({{"targets", targets}})));
  }
  if (name == "fault") return add_fault(loop, cloud, realism, *parsed, reply);
  if (name == "checker-fault") return add_checker_fault(loop, route53, realism, *parsed, reply);
  if (name == "service-control") return add_service_control(realism, *parsed, reply);
  if (name == "list-faults") return list_faults(realism, loop.timers().now(), reply);
  if (name == "clear-faults") return clear_faults(realism, *parsed, reply);
  if (name == "reset") {
    const auto done = reset();
    if (!done) return refuse(reply, done.error().text);
    return reply(aws::to_json(Value::structure({{"now", iso8601_ms(loop.timers().now())}})));
  }
  refuse(reply, fmt::format("unknown command \"{}\"", name));
}

}  // namespace sitelatch::engine
