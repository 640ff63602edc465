// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/export.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/config_observe.h"
#include "guard/apply/engine_form.h"
#include "guard/apply/hardened_observe.h"
#include "guard/apply/reading.h"
#include "guard/rules/json.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

// Nothing: all is seen.
std::optional<Error> against_blindness(const std::vector<ReadFailure>& blind) {
  if (blind.empty()) return std::nullopt;
  std::string text = "The code would be wrong: not all of the guard may be seen from here.";
  for (const auto& one : blind) text += "\n  " + describe(one);
  return error_of(Error::Kind::no_answer, text);
}

Error not_deployed(const ExportWish& wish, const std::string& deploy) {
  return error_of(Error::Kind::refused, fmt::format("There is no guard of health check {0}: "
                                                    "sitelatch deploy {0}{1}",
                                                    wish.health_check_id, deploy));
}
Error no_check(const ExportWish& wish) {
  return error_of(Error::Kind::failed, "There is no health check " + wish.health_check_id + ".");
}

Result<Texts, Error> tags_of_check(Context& context, const std::string& id) {
  const auto reply =
      context.aws.call("route53", "ListTagsForResource",
                       Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", id}}));
  if (!reply) return failure(error_of(reply.error(), "read the tags of health check " + id));
  return tags_from((*reply)["ResourceTagSet"]["Tags"]);
}

std::string without_dot(const std::string& name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

// A label of the name's letters: "client_example_test_a_primary".
std::string label_of(const RecordSnapshot& record) {
  std::string out;
  for (const char c : without_dot(record.name) + "_" + record.type + "_" + record.set_identifier) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain)
      out += (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (out.ends_with('_')) out.pop_back();
  const bool letter = !out.empty() && out.front() >= 'a' && out.front() <= 'z';
  return letter ? out : "record_" + out;
}

// Simple and failover records; others route by what the code has no words for.
bool can_be_written(const RecordSnapshot& record) {
  for (const auto* other : {"Weight", "Region", "GeoLocation", "GeoProximityLocation",
                            "MultiValueAnswer", "CidrRoutingConfig", "TrafficPolicyInstanceId"})
    if (record.wire.has(other)) return false;
  return true;
}

class RecordsCode {
 public:
  // Records that follow `hold` are written as following the endpoint's check.
  RecordsCode(code::Guard& out, std::string hold) : out_(out), hold_(std::move(hold)) {}
  // An alias's target stands before it.
  void add(const RecordsSnapshot& records) {
    for (auto it = records.targets.rbegin(); it != records.targets.rend(); ++it) add(*it);
    for (auto it = records.secondary_targets.rbegin(); it != records.secondary_targets.rend(); ++it)
      add(*it);
    for (const auto& record : records.users) add(record);
    for (const auto& record : records.secondaries) add(record);
  }

 private:
  void add(const RecordSnapshot& record) {
    const auto key =
        record.zone_id + " " + record.name + " " + record.type + " " + record.set_identifier;
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) return;
    seen_.push_back(key);
    const auto what = json_text(record.name + " " + record.type);
    if (!can_be_written(record)) {
      out_.left_out.push_back("Not in this code: the record " + what +
                              ", whose routing is neither simple nor failover.");
      return;
    }
    code::Record one;
    one.label = label_of(record);
    const auto same = [&](const std::string& label) { return label == one.label; };
    while (std::any_of(labels_.begin(), labels_.end(), same)) one.label += "_again";
    labels_.push_back(one.label);
    one.zone_id = record.zone_id;
    one.zone_name = record.zone_name;
    one.name = without_dot(record.name);
    one.type = record.type;
    one.set_identifier = record.set_identifier;
    one.failover = record.failover;
    one.held_check = !hold_.empty() && record.failover == "PRIMARY";
    one.health_check_id = one.held_check && record.health_check_id == hold_
                              ? out_.health_check_id
                              : record.health_check_id;
    one.ttl_s = record.wire["TTL"].integer_or(0);
    one.values = record.values;
    if (record.alias)
      one.alias = code::Record::Alias{record.alias->zone_id, without_dot(record.alias->name),
                                      record.alias->evaluate_target_health};
    out_.parts.emplace_back(std::move(one));
  }

  code::Guard& out_;
  std::string hold_;
  std::vector<std::string> seen_, labels_;
};

void add_wished(const std::optional<RecordsSnapshot>& records, const ExportWish& wish,
                code::Guard& out, const std::string& hold = {}) {
  out.imports = wish.imports;
  if (wish.records && records) RecordsCode(out, hold).add(*records);
}

// A guard with the guide's chain, all of which is seen.
Result<View, Error> view_guide(Context& context, const ExportWish& wish, bool records,
                               const std::string& deploy) {
  auto options = context.looking(false, records, false);
  options.probes = false;
  auto seen = view(context.aws, context.clock, wish.health_check_id, options);
  if (!seen) return failure(seen.error());
  if (const auto blind = against_blindness(seen->snapshot.blind)) return failure(*blind);
  if (!seen->snapshot.observed.check) return failure(no_check(wish));
  if (seen->assessment.state == State::not_deployed) return failure(not_deployed(wish, deploy));
  return std::move(*seen);
}
Export begun(const View& seen) {
  Export out;
  out.function = seen.plan.settings.function;
  if (const auto& function = seen.snapshot.observed.function)
    out.function_sha256 = function->sha256;
  return out;
}

Result<Export, Error> export_guide(Context& context, const ExportWish& wish) {
  const auto seen = view_guide(context, wish, wish.records, "");
  if (!seen) return failure(seen.error());
  auto check = code::health_check("primary", wish.health_check_id, seen->snapshot.check_config);
  const auto tags = tags_of_check(context, wish.health_check_id);
  if (!tags) return failure(tags.error());
  check.tags = *tags;
  auto out = begun(*seen);
  out.guard = code::guide(seen->plan, seen->snapshot.observed, std::move(check));
  add_wished(seen->snapshot.records, wish, out.guard);
  return out;
}

Result<Export, Error> export_hardened(Context& context, const ExportWish& wish) {
  constexpr auto words = " --form hardened";
  const auto seen = view_guide(context, wish, true, words);  // the sentinel is among the records
  if (!seen) return failure(seen.error());
  HardenedQuery how;
  how.health = false;
  const auto look = look_at_hardened(context, seen->snapshot, seen->plan, how);
  if (!look) return failure(look.error());
  if (const auto blind = against_blindness(look->blind)) return failure(*blind);
  const auto& plan = look->plan;
  const auto& there = look->observed;
  if (!there.any()) return failure(not_deployed(wish, words));
  // A relay that nobody can tell from what it should be is no code for others.
  const bool is_relay = !there.relay.function || !plan.settings.path.empty();
  if (plan.zone_id.empty() || !is_relay)
    return failure(error_of(
        Error::Kind::refused,
        fmt::format("The relay of health check {0} is not as it should be ({1}): sitelatch deploy "
                    "{0}{2}",
                    wish.health_check_id,
                    is_relay ? "no public zone of this account has a PRIMARY record on the check"
                             : "its function's variables are not a relay's",
                    words)));
  auto check = code::health_check("primary", wish.health_check_id, seen->snapshot.check_config);
  check.tags = look->endpoint_tags;
  std::optional<code::HealthCheck> clock;
  if (there.clock) {
    clock = code::health_check("", there.clock->id, look->clock_config);
    clock->tags = there.clock->tags;
  }
  auto out = begun(*seen);
  out.guard = code::hardened(seen->plan, seen->snapshot.observed, plan, there, std::move(check),
                             std::move(clock));
  add_wished(seen->snapshot.records, wish, out.guard);
  return out;
}

Result<Export, Error> export_config(Context& context, const ExportWish& wish) {
  ConfigLook how;
  how.records = wish.records;
  how.dns = how.probes = false;
  const auto seen = look_at_config(context, wish.health_check_id, how);
  if (!seen) return failure(seen.error());
  if (const auto blind = against_blindness(seen->blind)) return failure(*blind);
  if (!seen->observed.endpoint) return failure(no_check(wish));
  if (!seen->observed.is_deployed()) return failure(not_deployed(wish, " --form config"));
  const auto caller = read_caller(context.aws);
  if (!caller) return failure(error_of(caller.error(), "see which account this is"));
  auto check = code::health_check("primary", wish.health_check_id, seen->endpoint_config);
  check.tags = seen->endpoint_tags;
  Export out;
  out.guard =
      code::config(seen->plan, seen->observed, seen->there, caller->account, std::move(check));
  add_wished(seen->records, wish, out.guard, seen->observed.hold ? seen->observed.hold->id : "");
  return out;
}

Result<Export, Error> export_engine(Context& context, const ExportWish& wish) {
  const auto seen = look_at_engine(context, wish.health_check_id);
  if (!seen) return failure(seen.error());
  if (const auto blind = against_blindness(seen->blind)) return failure(*blind);
  if (!seen->observed.endpoint) return failure(no_check(wish));
  if (!seen->observed.armed) return failure(not_deployed(wish, " --form engine"));
  const auto caller = read_caller(context.aws);
  if (!caller) return failure(error_of(caller.error(), "see which account this is"));
  auto check = code::health_check("primary", wish.health_check_id, seen->endpoint_config);
  const auto tags = tags_of_check(context, wish.health_check_id);
  if (!tags) return failure(tags.error());
  check.tags = *tags;
  Export out;
  out.guard = code::engine(caller->account, std::string{control_region(caller->partition)},
                           std::move(check));
  add_wished(seen->records, wish, out.guard);
  return out;
}

}  // namespace

Result<Export, Error> export_guard(Context& context, const ExportWish& wish) {
  switch (wish.form) {
    case Form::config:
      return export_config(context, wish);
    case Form::engine:
      return export_engine(context, wish);
    case Form::guide:
      return export_guide(context, wish);
    case Form::hardened:
      return export_hardened(context, wish);
    case Form::fast:
    case Form::strict:
      break;
  }
  return failure(error_of(
      Error::Kind::refused,
      fmt::format("not built yet: export of a guard of the form {}", to_string(wish.form))));
}

}  // namespace sitelatch::guard
