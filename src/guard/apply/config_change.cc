// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/config_change.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/wait.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

constexpr int most_references = 20, most_looks = 5;

// Lists have no order that matters.
bool is_so(const Value& config, std::string_view name, const Value& wanted) {
  const auto& there = config[name];
  if (!wanted.is_list()) return there == wanted || (there.is_null() && wanted == Value{false});
  auto a = there.strings(), b = wanted.strings();
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

Step tag_call(Context& context, const std::string& check_id, std::string_view member, Value list) {
  const auto tagged = context.aws.call(
      "route53", "ChangeTagsForResource",
      Value::structure(
          {{"ResourceType", "healthcheck"}, {"ResourceId", check_id}, {member, std::move(list)}}));
  if (!tagged)
    return failure(error_of(tagged.error(), "write the tags of health check " + check_id));
  return Done{};
}

// One that exists under this reference; the list may be some seconds behind.
client::Outcome<std::string> find_made(Context& context, const std::string& reference) {
  client::Backoff backoff;
  backoff.every = std::chrono::seconds{1};
  backoff.growth = 2;
  backoff.at_most = std::chrono::seconds{6};
  const auto found = client::wait_for<std::string>(
      context.clock, backoff, [&]() -> client::Outcome<std::optional<std::string>> {
        const auto checks = context.aws.call_all("route53", "ListHealthChecks");
        if (!checks) return failure(checks.error());
        for (const auto& check : (*checks)["HealthChecks"].items())
          if (check["CallerReference"].string_or("") == reference)
            return std::optional{check["Id"].string_or("")};
        return std::optional<std::string>{};
      });
  if (!found) return failure(found.error());
  return found->value_or("");
}

}  // namespace

Step update_under_version(Context& context, const std::string& check_id, std::uint64_t version,
                          const CheckMembers& members) {
  auto input = Value::structure(
      {{"HealthCheckId", check_id}, {"HealthCheckVersion", static_cast<std::int64_t>(version)}});
  for (const auto& [name, value] : members) input.set(name, value);
  const auto updated = context.aws.call("route53", "UpdateHealthCheck", std::move(input));
  if (updated) return Done{};
  const auto& error = updated.error();
  if (error.is("HealthCheckVersionMismatch"))
    return failure(error_of(Error::Kind::conflict,
                            "somebody else changed health check " + check_id + " in the meantime"));
  const auto said = error_of(error, "change health check " + check_id);
  if (error.cause == client::Cause::service && error.status < 500) return failure(said);
  // The answer is lost: the check itself says what became of it. A copy of an alarm it does not.
  const auto there = context.aws.call("route53", "GetHealthCheck",
                                      Value::structure({{"HealthCheckId", check_id}}));
  if (!there) return failure(said);
  const auto& config = (*there)["HealthCheck"]["HealthCheckConfig"];
  const bool made = std::all_of(members.begin(), members.end(), [&](const auto& member) {
    return member.first != "AlarmIdentifier" && is_so(config, member.first, member.second);
  });
  return made ? Step{Done{}} : Step{failure(said)};
}

Result<std::string, Error> make_config_check(Context& context, ConfigReference reference,
                                             const Value& config) {
  return make_check_once(
      context,
      [&reference](int number) {
        reference.number = number;
        return to_string(reference);
      },
      config);
}

Result<std::string, Error> make_check_once(Context& context,
                                           const std::function<std::string(int)>& reference,
                                           const Value& config) {
  for (int number = 1; number <= most_references; ++number) {
    const auto text = reference(number);
    const auto made = context.aws.call(
        "route53", "CreateHealthCheck",
        Value::structure({{"CallerReference", text}, {"HealthCheckConfig", config}}));
    if (made) return (*made)["HealthCheck"]["Id"].string_or("");
    if (!made.error().is("HealthCheckAlreadyExists"))
      return failure(error_of(made.error(), "make a health check"));
    // It exists and has become something else since; or it is gone, and its reference remembered.
    const auto found = find_made(context, text);
    if (!found) return failure(error_of(found.error(), "look for health check " + text));
    if (!found->empty()) return *found;
  }
  return failure(error_of(Error::Kind::failed,
                          fmt::format("{} health checks of this guard were made and deleted in the "
                                      "last days, and AWS remembers their references: try again "
                                      "tomorrow",
                                      most_references)));
}

Step add_check_tags(Context& context, const std::string& check_id, const Texts& tags) {
  auto list = Value::list();
  for (const auto& [key, value] : tags)
    list.push(Value::structure({{"Key", key}, {"Value", value}}));
  return tag_call(context, check_id, "AddTags", std::move(list));
}

Step remove_check_tags(Context& context, const std::string& check_id,
                       const std::vector<std::string_view>& keys) {
  auto list = Value::list();
  for (const auto key : keys) list.push(key);
  return tag_call(context, check_id, "RemoveTagKeys", std::move(list));
}

std::optional<std::string> note_down(Context& context, const ConfigView& view,
                                     const AuditEntry& entry) {
  return note_down(context, view.audit(), entry);
}

std::string describe(const HoldCheck& hold) {
  return fmt::format("hold {}, version {}, {}{}", hold.id, hold.version,
                     hold.inverted ? "Inverted" : "NOT Inverted",
                     hold.disabled ? ", Disabled" : "");
}

Result<ConfigTripped, Error> trip_config(Context& context, ConfigView view,
                                         const std::string& reason) {
  for (int look = 1;; ++look) {
    const auto wanted = guard::trip_config(view.observed);
    if (!wanted) return failure(error_of(wanted.error()));
    ConfigTripped out;
    if (!*wanted) {
      out.version = view.observed.hold->version;
      out.sentence = "it is tripped already: Backup serves";
      return out;
    }
    const auto& hold = *view.observed.hold;
    AuditEntry entry;
    entry.at = view.now;
    entry.action = "trip";
    entry.stage = "done";
    entry.who = view.caller_arn;
    entry.why = reason;
    entry.before = describe(hold);
    // Both in one update: Disabled alone would make a check that is not Inverted healthy for good.
    const auto done = update_under_version(context, hold.id, hold.version,
                                           {{"Disabled", true}, {"Inverted", true}});
    if (done) {
      auto after = hold;
      after.disabled = after.inverted = true;
      ++after.version;
      out.changed = true;
      out.version = after.version;
      out.sentence =
          "tripped: the hold check is unhealthy for good, and Backup serves until "
          "somebody switches back";
      const auto note =
          tag_text(fmt::format("{} {}: {}", iso8601_seconds(view.now), view.caller_arn, reason));
      if (const auto tagged = add_check_tags(context, hold.id, {{std::string{tag::tripped}, note}});
          !tagged)
        out.notes.push_back(tagged.error().text);
      entry.after = describe(after);
      entry.version = std::to_string(after.version);
      if (const auto problem = note_down(context, view, entry)) out.notes.push_back(*problem);
      return out;
    }
    if (done.error().kind != Error::Kind::conflict || look == most_looks)
      return failure(done.error());
    context.progress(fmt::format("Looking again: {}.", done.error().text));
    ConfigLook how;
    how.records = how.dns = how.probes = false;
    auto again = look_at_config(context, view.id(), how);
    if (!again) return failure(again.error());
    view = std::move(*again);
  }
}

}  // namespace sitelatch::guard
