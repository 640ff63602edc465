// SPDX-License-Identifier: Apache-2.0
#include "services/route53/route53.h"

#include <fmt/format.h>

#include "base/check.h"
#include "dns/name.h"
#include "services/route53/aws_zones.h"
#include "services/route53/ids.h"
#include "services/route53/resume_tags.h"

namespace sitelatch::route53 {

Route53::Route53(ports::Journal& journal, ports::Timers& timers, ports::Entropy& entropy,
                 ports::Prober& prober, HealthMetrics& metrics, const MetricDataStream* stream,
                 ViewSink& sink, Options options, ports::NameWatch* names)
    : entropy_(entropy),
      timers_(timers),
      stream_(stream),
      options_(std::move(options)),
      references_(journal),
      tags_(journal),
      manual_resume_(journal, tags_),
      changes_(journal, entropy),
      zones_(journal),
      delegation_sets_(journal),
      cidr_collections_(journal),
      query_logging_(journal),
      traffic_(journal),
      publisher_(journal, sink),
      checks_(journal, timers, prober, metrics, stream, options_.checkers, manual_resume_,
              [this](const std::string& id) { answers_.health_changed(id); }),
      targets_(journal, names, [this](const std::string& name) { answers_.target_changed(name); }),
      answers_(zones_, checks_, targets_, publisher_,
               {options_.home_region, options_.askers, &cidr_collections_}) {
  checks_.visit("", [&](const HealthCheck& check) {
    references_.add(check.caller_reference, check.id);
    return true;
  });
  plant_trees();
  answers_.start();
  want_queries();
}

Result<Done> Route53::set_forced(const std::string& health_check_id, Forced forced) {
  if (!checks_.find(health_check_id))
    return failure(Problem{fmt::format("there is no health check {}", health_check_id)});
  if (forced == Forced::up && checks_.latched(health_check_id))
    return failure(Problem{fmt::format("health check {} is latched, and a force is no release. {}",
                                       health_check_id,
                                       how_to_release(checks_.find(health_check_id)->version))});
  checks_.set_forced(health_check_id, forced);
  return Done{};
}

std::vector<HealthDescription> Route53::describe_health() const {
  std::vector<HealthDescription> out;
  checks_.visit("", [&](const HealthCheck& check) {
    out.push_back(*checks_.describe(check.id));
    return true;
  });
  return out;
}

std::vector<TargetDescription> Route53::describe_targets() const {
  auto out = targets_.describe();
  for (auto& one : out)
    one.aliases = answers_.aliases_of(target_name(dns::name_from_text(one.name).value()));
  return out;
}

Result<TargetDescription> Route53::say_of_target(const TargetWord& word) {
  const auto name = targets_.say(word);
  if (!name) return failure(name.error());
  for (auto& one : describe_targets())
    if (dns::name_from_text(one.name).value() == *name) return std::move(one);
  ENSURE(false, "a target that was just said is there");
}

Result<TargetDescription> Route53::take_back_target(const std::string& name) {
  const auto wire = dns::name_from_text(name);
  if (!wire || !targets_.take_back(target_name(*wire)))
    return problem(
        fmt::format("nothing was said of a target {}; `sitelatch target list` has those "
                    "there are",
                    name));
  TargetDescription gone;
  for (auto& one : describe_targets())
    if (dns::name_from_text(one.name).value() == target_name(*wire)) return std::move(one);
  gone.name = name;
  return gone;
}

Result<std::vector<std::string>> Route53::checkers(const std::string& health_check_id) const {
  const auto* check = checks_.find(health_check_id);
  if (!check) return failure(Problem{fmt::format("there is no health check {}", health_check_id)});
  if (!is_endpoint(check->config.type))
    return failure(Problem{fmt::format("the health check {} is {}: no checkers probe it",
                                       health_check_id, name_of(check->config.type))});
  std::vector<std::string> out;
  for (const auto& place : checkers_in(check->config.regions, options_.checkers))
    out.push_back(name_of(place));
  return out;
}

std::vector<std::string> Route53::checkers() const {
  std::vector<std::string> out;
  for (const auto& place : checkers_in({}, options_.checkers)) out.push_back(name_of(place));
  return out;
}

aws::Outcome<const HealthCheck*> Route53::health_check(const aws::Value& id) const {
  const auto bare = bare_id(id.string_or(""));
  if (const auto* found = checks_.find(bare)) return found;
  return aws::refuse("NoSuchHealthCheck",
                     fmt::format("A health check with id {} does not exist.", bare));
}

aws::Outcome<const HostedZone*> Route53::hosted_zone(const aws::Value& id) const {
  const auto bare = bare_id(id.string_or(""));
  if (const auto* found = zones_.find(bare)) return found;
  return aws::refuse("NoSuchHostedZone", fmt::format("No hosted zone found with ID: {}", bare));
}

std::function<void()> Route53::when_published(const std::string& change_id) {
  return [this, change_id] { changes_.set_in_sync(change_id); };
}

}  // namespace sitelatch::route53
