// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/engine_form.h"

#include "base/text.h"

namespace sitelatch::guard {
namespace {

constexpr std::size_t longest_tag_value = 256;

// Never within a character: what is no UTF-8 reaches nobody.
std::string within_a_tag(std::string text) {
  if (text.size() <= longest_tag_value || !valid_utf8(text)) return text;
  text.resize(longest_tag_value);
  while (!valid_utf8(text)) text.pop_back();
  return text;
}

std::string probe_words(const EngineObserved& o) {
  if (!o.probes_well) return "Whether Primary is healthy now is not known.";
  return *o.probes_well ? "Primary is healthy now." : "Primary is NOT healthy now.";
}

}  // namespace

std::optional<EngineLatch> read_engine_latch(const Texts& tags) {
  const auto found = tags.find(std::string{resume_tag::latched});
  if (found == tags.end()) return std::nullopt;
  EngineLatch latch;
  const auto words = split(found->second, ' ');
  latch.since = parse_iso8601(words.front());
  if (words.size() == 3 && words[1] == "version")
    latch.version = static_cast<std::uint64_t>(parse_int(words[2]).value_or(0));
  if (const auto cause = tags.find(std::string{resume_tag::cause}); cause != tags.end())
    latch.cause = cause->second;
  return latch;
}

std::string resume_request(std::uint64_t version, std::string_view reason) {
  return within_a_tag(std::to_string(version) + " " + std::string{reason});
}

std::string trip_request(std::string_view reason) { return within_a_tag(std::string{reason}); }

ConfigAssessment assess_engine(const std::string& endpoint, const EngineObserved& o) {
  ConfigAssessment out;
  const auto is = [&out](Phase phase, std::string sentence, std::string next = {}) {
    out.phase = phase;
    out.sentence = std::move(sentence);
    out.next = std::move(next);
  };
  if (o.records) {
    const auto deploy = "sitelatch deploy " + endpoint + " --form engine --change-records";
    for (const auto& record : o.records->secondary_checks)
      out.problems.push_back({"secondary-health",
                              record + " has a health check: with both unhealthy Route 53 answers "
                                       "Primary, latched or not",
                              deploy, true});
    for (const auto& record : o.records->target_health)
      out.problems.push_back({"target-health",
                              record + " evaluates its target's health: DNS moves by that, and "
                                       "back, with no latch",
                              deploy, true});
  }
  if (!o.unseen.empty()) {
    is(Phase::unknown, o.unseen, "get the rights that are missing, or try again");
  } else if (!o.endpoint) {
    is(Phase::drifted, "there is no health check " + endpoint);
  } else if (o.latch) {
    out.since = o.latch->since;
    is(Phase::latched,
       "latched" + (o.latch->cause.empty() ? std::string{} : " (" + o.latch->cause + ")") +
           ": Backup serves until somebody switches back. " + probe_words(o),
       o.probes_well == false
           ? "mend Primary first; then sitelatch switch-back " + endpoint + " --reason \"...\""
           : "synchronise the sites, then sitelatch switch-back " + endpoint + " --reason \"...\"");
  } else if (!o.armed) {
    is(Phase::not_deployed, "the health check is not under manual resume",
       "sitelatch deploy " + endpoint + " --form engine");
  } else if (o.records && o.records->on_endpoint == 0) {
    is(Phase::not_attached, "armed, but no PRIMARY record follows the health check",
       "put it on the PRIMARY record");
  } else if (!out.problems.empty()) {
    is(Phase::drifted, out.problems.front().why, out.problems.front().mend);
  } else if (o.dns_primary == false) {
    is(Phase::drifted,
       "armed and not latched, and DNS answers Backup all the same: is this Sitelatch's engine? On "
       "AWS the tag means nothing",
       "sitelatch deploy " + endpoint + " --form engine asks it");
  } else {
    is(Phase::serving,
       "Primary serves, and its failover is the latch (the engine's manual resume)");
  }
  return out;
}

std::vector<Refusal> against_engine(const std::string& endpoint, const EngineObserved& o) {
  std::vector<Refusal> out;
  const auto add = [&out](std::string why) { out.push_back({"", std::move(why)}); };
  if (!o.unseen.empty()) {
    add(o.unseen);
  } else if (!o.endpoint) {
    add("there is no health check " + endpoint);
  } else if (!o.armed) {
    // What is unhealthy when it is armed is latched at once: that would move nobody's traffic, but
    // it is not what a deploy means.
    if (latched(*o.endpoint) || is_latch_path(o.endpoint->path.value_or("")))
      add("health check " + endpoint + " is latched (" + describe(*o.endpoint) +
          "): switch back first");
    else if (o.endpoint->disabled || o.endpoint->inverted)
      add("health check " + endpoint + " is " + (o.endpoint->disabled ? "Disabled" : "Inverted"));
    else if (o.healthy == false || o.probes_well == false)
      add("Primary is not healthy: armed now it would be latched at once");
  }
  return out;
}

std::vector<Refusal> against_engine_release(const EngineObserved& o, const ConfigRelease& wish) {
  std::vector<Refusal> out;
  const auto add = [&](std::string name, std::string why) {
    if (name.empty() || !wish.force.contains(name))
      out.push_back({std::move(name), std::move(why)});
  };
  if (!o.unseen.empty()) {
    add("", o.unseen);
  } else if (!o.latch) {
    add("", "nothing is latched");
  } else {
    if (wish.expected_version && *wish.expected_version != o.latch->version)
      add("", "it is latched in version " + std::to_string(o.latch->version) + ", not " +
                  std::to_string(*wish.expected_version));
    if (o.probes_well == false)
      add("", "the checkers' last probes of Primary failed: the engine releases into health only");
    if (wish.primary_answers == false)
      add("primary", "Primary's own path does not answer 2xx or 3xx from here");
    if (wish.checks_passed == false) add("checks", "a --check command did not pass");
  }
  return out;
}

}  // namespace sitelatch::guard
