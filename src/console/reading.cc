// SPDX-License-Identifier: Apache-2.0
#include "console/reading.h"

#include <algorithm>

#include "base/text.h"
#include "guard/apply/audit_log.h"
#include "guard/apply/find_check.h"
#include "guard/apply/hardened_observe.h"
#include "guard/apply/reading.h"
#include "guard/apply/safety_ground.h"
#include "guard/rules/json.h"

namespace sitelatch::console {
namespace {

using aws::Value;

constexpr auto audit_back = std::chrono::hours{24 * 30};
constexpr auto history_back = std::chrono::hours{24};
constexpr auto hour_back = std::chrono::minutes{60};
constexpr int row_audit_every = 10;  // times the pace of what is slow

const guard::RecordSnapshot* first_of(const std::vector<guard::RecordSnapshot>& records,
                                      std::string_view failover) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const auto& one) { return one.failover == failover; });
  return found == records.end() ? nullptr : &*found;
}

// "Alarm updated from OK to ALARM", and the reason in HistoryData.
AlarmChange change_from(const Value& item) {
  AlarmChange out;
  out.at = item["Timestamp"].timestamp();
  const auto data = guard::Json::parse(item["HistoryData"].string_or(""));
  if (data) {
    out.from = (*data)["oldState"]["stateValue"].text();
    out.to = (*data)["newState"]["stateValue"].text();
    out.reason = (*data)["newState"]["stateReason"].text();
  }
  return out;
}

std::vector<AlarmChange> alarm_history(client::Aws& aws, const std::string& alarm,
                                       const std::string& region, Instant now) {
  std::vector<AlarmChange> out;
  const auto found = aws.call_all("cloudwatch", "DescribeAlarmHistory",
                                  Value::structure({{"AlarmName", alarm},
                                                    {"HistoryItemType", "StateUpdate"},
                                                    {"StartDate", now - history_back},
                                                    {"EndDate", now + std::chrono::minutes{1}}}),
                                  region);
  if (!found) return out;  // the story is told without it
  for (const auto& item : (*found)["AlarmHistoryItems"].items())
    if (item["Timestamp"].is_timestamp()) out.push_back(change_from(item));
  std::stable_sort(out.begin(), out.end(),
                   [](const AlarmChange& a, const AlarmChange& b) { return a.at < b.at; });
  return out;
}

// What speaks in a zone's name without authority is not believed (status_dns.h).
guard::AskDns with_authority(const guard::AskDns& ask) {
  return [ask](const std::string& server, const std::string& name,
               const std::string& type) -> Result<guard::DnsAnswer> {
    auto answer = ask(server, name, type);
    if (answer && !answer->authoritative)
      return failure(Problem{server + " answers without authority"});
    return answer;
  };
}

// What this very look has seen change belongs to its story.
template <class FormView>
GuardView with_sightings(const FormView& view, Beside& beside, Sightings& sightings) {
  sightings.note(view_of(view, beside));
  beside.sightings = sightings.moments();
  return view_of(view, beside);
}

}  // namespace

aws::Value backup_config(const aws::Value& primary_config, const guard::RecordSnapshot& record) {
  if (!primary_config.is_struct()) return {};
  auto out = primary_config;
  if (record.alias) {
    auto name = record.alias->name;
    if (name.ends_with('.')) name.pop_back();
    out.set("IPAddress", {});
    out.set("FullyQualifiedDomainName", name);
    return out;
  }
  if (record.values.empty() || (record.type != "A" && record.type != "AAAA")) return {};
  out.set("IPAddress", record.values.front());
  return out;
}

Reader::Sources Reader::sources_of(const guard::ConfigView& view) {
  return {view.id(),
          view.plan.region,
          view.plan.audit_group,
          view.plan.region,
          view.records ? &*view.records : nullptr,
          view.now};
}

Reader::Sources Reader::sources_of(const guard::EngineView& view) {
  return {view.endpoint,
          view.region,
          guard::default_names(view.endpoint).audit_group,
          view.region,
          view.records ? &*view.records : nullptr,
          view.now};
}

Result<GuardView, guard::Error> Reader::glance(const std::string& id, guard::AllRecords& records) {
  return look_at(id, Depth::row, &records);
}

Result<GuardView, guard::Error> Reader::look(const std::string& id) {
  return look_at(id, Depth::page, nullptr);
}

Result<GuardView, guard::Error> Reader::look_at(const std::string& id, Depth depth,
                                                guard::AllRecords* records) {
  auto& kept = kept_[id];
  const bool page = depth == Depth::page;
  const auto found = guard::find_form(context_.aws, id);
  if (!found) return failure(found.error());
  const auto& endpoint = found->endpoint;
  if (found->form == guard::Form::engine) {
    const auto view = guard::look_at_engine(context_, endpoint, records);
    if (!view) return failure(view.error());
    return page ? whole(*view, kept) : row(*view, kept);
  }
  std::optional<guard::ConfigView> config;
  if (found->form == guard::Form::config) {
    guard::ConfigLook how;
    how.probes = page;
    how.all_records = records;
    auto view = guard::look_at_config(context_, endpoint, how);
    if (!view) return failure(view.error());
    config = std::move(*view);
  }
  // While no record follows what config has made, the guide's guard of the same check, where there
  // is one, is what latches.
  if (config && (!config->observed.records || config->observed.records->on_hold > 0))
    return page ? whole(*config, kept) : row(*config, kept);
  auto how = page ? context_.everything() : context_.chain_and_dns();
  how.probes = page;
  how.all_records = records;
  auto view = guard::view(context_.aws, context_.clock, endpoint, how);
  if (!view) return failure(view.error());
  if (found->form == guard::Form::hardened || guard::has_sentinel(view->snapshot))
    if (const auto added = guard::add_hardened(context_, *view); !added)
      return failure(added.error());
  if (config && !guard::has_guide_guard(*view))
    return page ? whole(*config, kept) : row(*config, kept);
  return page ? whole(*view, kept) : row(*view, kept);
}

GuardView Reader::row(const guard::View& view, Kept& kept) {
  const auto& group = view.plan.audit_group;
  return view_of(view,
                 audit_for_row(kept, {view.id(), "", group.name, group.region, nullptr, view.now}));
}

GuardView Reader::row(const guard::ConfigView& view, Kept& kept) {
  return view_of(view, audit_for_row(kept, sources_of(view)));
}

GuardView Reader::row(const guard::EngineView& view, Kept& kept) {
  return view_of(view, audit_for_row(kept, sources_of(view)));
}

// A row tells the last drill of it, no more.
Beside Reader::audit_for_row(Kept& kept, const Sources& from) {
  const auto now = Steady::now();
  if (now >= kept.row_audit_at) {
    kept.row_audit = {};
    read_audit(kept.row_audit, from);
    kept.row_audit_at = now + row_audit_every * pace_.slow;
  }
  return kept.row_audit;
}

GuardView Reader::whole(const guard::View& view, Kept& kept) {
  const auto& o = view.snapshot.observed;
  const auto version = o.check ? o.check->version : 0;
  const auto* records = view.snapshot.records ? &*view.snapshot.records : nullptr;
  if (slow_is_due(kept,
                  std::string{guard::to_string(view.assessment.state)} + std::to_string(version))) {
    const std::string region{guard::control_region(view.plan.settings.partition)};
    read_slowly(kept.slow, {view.id(), region, view.plan.audit_group.name,
                            view.plan.audit_group.region, records, view.now});
    if (o.alarm) kept.slow.alarm = alarm_history(context_.aws, o.alarm->name, region, view.now);
    if (guard::overwrites_planned(o))
      if (const auto latches =
              guard::latches_by_alarm_history(context_.aws, view.plan.alarm, view.now - audit_back,
                                              view.now + std::chrono::minutes{1}))
        kept.slow.audit.insert(kept.slow.audit.end(), latches->begin(), latches->end());
  }
  Beside beside = kept.slow;
  if (records) ask_servers(beside, *records);
  const auto record = guard::record_of(o);
  const auto own = o.check && !guard::latched(*o.check) ? o.check->path : record.path_to_restore();
  if (own && view.snapshot.check_config.is_struct()) {
    beside.primary = guard::ask_site(context_.ask_site, view.snapshot.check_config, *own);
    ask_backup(beside, view.snapshot.check_config, records, *own);
  }
  return weighed(with_sightings(view, beside, kept.sightings), view, view.id());
}

template <class FormView>
GuardView Reader::weighed(GuardView shown, const FormView& view, const std::string& id) const {
  const auto ground = weighing_.reckon ? guard::safety_ground(view) : std::nullopt;
  if (!ground) return shown;
  guard::SafetyWish wish{id, weighing_.engine_at_hand, {}, guard::SafetyWish::Weigh::best, {}};
  shown.exposure = exposure_words(guard::weigh_safety(*ground, wish, weighing_.reckon));
  return shown;
}

// Of the forms in which nothing runs: they are looked at alike.
template <class FormView>
GuardView Reader::whole_form(const FormView& view, Kept& kept, const Sources& from) {
  if (slow_is_due(kept, std::string{guard::to_string(view.assessment.phase)}))
    read_slowly(kept.slow, from);
  Beside beside = kept.slow;
  if (from.records) ask_servers(beside, *from.records);
  if (view.observed.endpoint && view.endpoint_config.is_struct()) {
    const auto path = view.observed.endpoint->path.value_or("/");
    beside.primary = guard::ask_site(context_.ask_site, view.endpoint_config, path);
    ask_backup(beside, view.endpoint_config, from.records, path);
  }
  return weighed(with_sightings(view, beside, kept.sightings), view, from.id);
}

GuardView Reader::whole(const guard::ConfigView& view, Kept& kept) {
  return whole_form(view, kept, sources_of(view));
}

GuardView Reader::whole(const guard::EngineView& view, Kept& kept) {
  return whole_form(view, kept, sources_of(view));
}

bool Reader::slow_is_due(Kept& kept, const std::string& state) {
  const auto now = Steady::now();
  if (kept.slow_of == state && now < kept.slow_at + pace_.slow) return false;
  kept.slow_of = state;
  kept.slow_at = now;
  return true;
}

void Reader::read_slowly(Beside& out, const Sources& from) {
  out = {};
  read_audit(out, from);
  guard::Reading reading(context_.aws);
  reading.go_on_despite_silence();
  out.primary_hour = reading.status_minutes(from.id, from.region, from.now, hour_back);
  const auto* backup = from.records ? first_of(from.records->secondaries, "SECONDARY") : nullptr;
  if (!backup || backup->health_check_id.empty()) return;
  out.backup_hour =
      reading.status_minutes(backup->health_check_id, from.region, from.now, hour_back);
  if (const auto checkers = guard::read_checkers(context_.aws, backup->health_check_id))
    out.backup_checkers = *checkers;
}

void Reader::read_audit(Beside& out, const Sources& from) {
  if (from.audit_group.empty()) return;
  guard::AuditLog log(context_.aws, from.audit_region, from.audit_group, from.id, "");
  auto entries = log.read(from.now - audit_back);
  if (entries)
    out.audit = std::move(*entries);
  else if (!client::is_absent(entries.error()))
    out.audit_problem =
        guard::error_of(entries.error(), "read the audit log " + from.audit_group).text;
}

void Reader::ask_servers(Beside& out, const guard::RecordsSnapshot& records) {
  const auto* primary = first_of(records.users, "PRIMARY");
  if (!primary || primary->private_zone || !context_.dns_server.empty()) return;
  const auto ask = with_authority(context_.ask_dns);
  int silent = 0;
  for (const auto& server : servers_of(primary->zone_id)) {
    if (silent == 2) return;  // a closed port: each costs seconds
    auto answers = guard::ask_serving(context_.aws, records, server, ask);
    for (auto& answer : answers) {
      if (answer.server.empty()) answer.server = server;
      if (answer.serving == guard::Serving::unknown) ++silent;
      out.servers.push_back(std::move(answer));
    }
  }
}

const std::vector<std::string>& Reader::servers_of(const std::string& zone_id) {
  const auto known = zones_.find(zone_id);
  if (known != zones_.end()) return known->second;
  static const std::vector<std::string> none;
  const auto zone =
      context_.aws.call("route53", "GetHostedZone", Value::structure({{"Id", zone_id}}));
  if (!zone) return none;  // asked again at the next look
  return zones_[zone_id] = (*zone)["DelegationSet"]["NameServers"].strings();
}

void Reader::ask_backup(Beside& out, const aws::Value& primary_config,
                        const guard::RecordsSnapshot* records, const std::string& path) {
  const auto* backup = records ? first_of(records->secondaries, "SECONDARY") : nullptr;
  if (!backup) return;
  auto config = backup_config(primary_config, *backup);
  if (!backup->health_check_id.empty())
    if (const auto own = guard::read_check(context_.aws, backup->health_check_id); own && *own) {
      out.backup =
          guard::ask_site(context_.ask_site, (*own)->config, (*own)->check.path.value_or("/"));
      return;
    }
  if (config.is_struct()) out.backup = guard::ask_site(context_.ask_site, config, path);
}

}  // namespace sitelatch::console
