// SPDX-License-Identifier: Apache-2.0
#include "engine/control.h"

#include <fmt/format.h>

#include "aws/wire/value.h"
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
  if (check.last) out.set("reason", check.last->status);
  return out;
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
    const std::string text = forced == route53::Forced::none
                                 ? fmt::format("{} is as probed again: {}.", id, word(check.status))
                                 : fmt::format("{} is forced {}; as probed it is {}.", id, status,
                                               word(check.real_status));
    return loop.when_durable([reply, text] {
      reply(aws::to_json(Value::structure({{"text", text}})));
    });
  }
  refuse(reply, fmt::format("no health check {}", id));
}

}  // namespace

void handle_control(Loop& loop, route53::Route53& route53, const std::string& request,
                    const Reply& reply) {
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
  refuse(reply, fmt::format("unknown command \"{}\"", name));
}

}  // namespace sitelatch::engine
