// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/status.h"

#include <algorithm>

#include "guard/apply/find_check.h"
#include "guard/apply/preflight.h"

namespace sitelatch::guard {

std::string last_drill(const View& view) {
  // Of hardened the guide's scenario is noted on the topic, the others on the check; notes begin
  // with their time.
  const auto& topic = view.snapshot.observed.notify_topic;
  if (!topic) return view.last_drill;
  const auto note = topic->tags.find(std::string{tag::last_drill});
  if (note == topic->tags.end()) return view.last_drill;
  return std::max(view.last_drill, from_tag_text(note->second));
}

bool has_guide_guard(const View& view) {
  const auto& observed = view.snapshot.observed;
  return observed.alarm || observed.function || observed.alarm_topic;
}

Instant aws_now(const Snapshot& snapshot, WallInstant ours) {
  auto now = Instant{ours.time_since_epoch()} + snapshot.clock_offset;
  if (snapshot.observed.alarm)
    now = std::max(now, snapshot.observed.alarm->snapshot.transitioned_at);
  for (const auto& checker : snapshot.checkers)
    if (checker.at) now = std::max(now, *checker.at);
  const auto& minutes = snapshot.observed.status_minutes;
  if (minutes && !minutes->empty()) now = std::max(now, minutes->back().begins);
  return now;
}

namespace {

// What a person has accepted, and what would have to be, is told at every look: nobody remembers it
// at three in the morning.
void add_holes(View& out) {
  const auto& observed = out.snapshot.observed;
  if (!observed.check || !(observed.alarm || observed.function)) return;
  const auto& accepted = out.plan.settings.accepted_holes;
  HoleNames seen;
  const auto tell = [&](std::string_view name, const std::string& why, const std::string& mend) {
    seen.emplace(name);
    out.assessment.links.push_back(
        {Link::Health::broken, std::string{name},
         why + (accepted.contains(name) ? " (accepted)" : " (not accepted by anybody)"), mend});
  };
  if (out.snapshot.records)
    for (const auto& finding : record_findings(out.plan, out.snapshot))
      if (finding.kind != Finding::Kind::sound && is_hole(finding.name))
        tell(finding.name, finding.why, finding.mend);
  // Of records it is known whether the hole is still there; of the others deploy finds out.
  for (const auto& name : accepted)
    if (!seen.contains(name) &&
        (!out.snapshot.records || (name != hole::secondary_health && name != hole::target_health)))
      tell(name, "a hole in the guard: " + std::string{consequence(name)},
           "sitelatch deploy " + out.id() +
               " --plan says whether it is still there, and what "
               "closes it");
}

// DNS is ahead of the metric by a minute or two: where it answers Backup though all seems well, the
// checkers' last probes tell a failover from a contradiction.
void look_at_probes(client::Aws& aws, View& out) {
  auto& observed = out.snapshot.observed;
  const bool backup = std::any_of(out.dns.begin(), out.dns.end(), [](const DnsSnapshot& one) {
    return one.serving == Serving::backup;
  });
  if (out.assessment.state != State::armed || !backup || !out.snapshot.checkers.empty() ||
      !has_checkers(*observed.check))
    return;
  auto checkers = read_checkers(aws, out.id());
  if (!checkers) return;
  out.snapshot.checkers = std::move(*checkers);
  observed.probes_fail =
      !observed.check->disabled && healthy_by(*observed.check, out.snapshot.checkers) == false;
  out.assessment = assess(out.plan, observed, out.now);
}

// Who serves is a link like others: what DNS did not say it did not confirm.
void add_dns_link(View& out) {
  auto& links = out.assessment.links;
  const auto& observed = out.snapshot.observed;
  if (!observed.check || !(observed.alarm || observed.function)) return;
  if (!out.snapshot.records) {
    links.push_back(
        {Link::Health::unknown, "dns",
         "nobody knows which names to ask for: the hosted zones' records cannot be seen", ""});
    return;
  }
  bool well = !out.dns.empty();
  for (const auto& one : out.dns) {
    if (one.serving != Serving::unknown && one.serving != Serving::neither) continue;
    well = false;
    links.push_back({one.not_asked ? Link::Health::unknown : Link::Health::broken, "dns",
                     one.name + " " + one.type + ": " + one.problem, ""});
  }
  if (well) links.push_back({Link::Health::ok, "dns", "", ""});
}

}  // namespace

Result<View, Error> view(client::Aws& aws, client::Clock& clock, const std::string& health_check_id,
                         const ViewOptions& options) {
  if (!valid_health_check_id(health_check_id)) return failure(not_an_id(health_check_id));
  Query look;
  look.health_check_id = health_check_id;
  look.records = options.records;
  look.deliveries = options.deliveries;
  look.probes = options.probes;
  look.all_records = options.all_records;
  look.despite_silence = true;
  auto snapshot = observe(aws, look, Instant{clock.now().time_since_epoch()});
  if (!snapshot)
    return failure(
        error_of(snapshot.error(), "look at the guard of health check " + health_check_id));
  auto plan = make_plan(snapshot->settings);
  if (!plan) return failure(error_of(Error::Kind::failed, plan.error().text));
  View out{std::move(*snapshot), std::move(*plan), {}, {}, {}};
  out.now = aws_now(out.snapshot, clock.now());
  out.assessment = assess(out.plan, out.snapshot.observed, out.now);
  if (options.dns && out.snapshot.records) {
    out.dns = ask_serving(aws, *out.snapshot.records, options.dns_server, options.ask_dns);
    look_at_probes(aws, out);
  }
  if (options.records) add_holes(out);
  if (options.dns) add_dns_link(out);
  return out;
}

}  // namespace sitelatch::guard
