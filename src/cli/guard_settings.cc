// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/nearest.h"
#include "base/text.h"
#include "cli/guard_config.h"
#include "guard/apply/find_check.h"
#include "guard/rules/site_names.h"

namespace sitelatch::cli {
namespace {

void tell_guard(const SettingsUse& file, const settings::Guard& guard) {
  std::vector<std::string> told;
  if (guard.name != guard.health_check()) told.push_back("is " + guard.health_check());
  if (const auto* profile = file.holds("profile", &guard))
    told.push_back("in profile " + profile->values.front());
  told.push_back("by " + settings::to_string(guard.origin));
  say(fmt::format("Guard {} {}.", guard.name, join(told, ", ")));
  if (const auto note = file.overruled(guard); !note.empty()) say(note);
}

bool is_among(const std::vector<std::string>& ids, const std::string& id) {
  return std::any_of(ids.begin(), ids.end(),
                     [&](const auto& other) { return equal_ignoring_case(other, id); });
}

// Whether a guard of the file is in the account that the command line or the environment names.
bool is_of_this_account(const SettingsUse& file, const GuardOptions& common,
                        const settings::Guard& guard) {
  const auto is_other = [&](std::string_view key, const std::string& given, const char* variable) {
    const auto* said = settings::setting_of(file.settings(), &guard, key);
    if (!said || !file.said_elsewhere(key)) return false;
    const char* value = std::getenv(variable);
    const std::string here = !given.empty() ? given : value ? value : "";
    return !here.empty() && here != said->values.front();
  };
  return !is_other("profile", common.profile, "AWS_PROFILE") &&
         !is_other("endpoint-url", common.endpoint_url, "AWS_ENDPOINT_URL");
}

StatusTarget target_of(const StatusOptions& options, const SettingsUse& file,
                       const settings::Guard* guard, const std::string& word) {
  StatusTarget out{word, {}, options.common, options.dns_server, options.assumed};
  if (!guard) return out;
  out.id_or_name = guard->health_check();
  out.guard = guard->name;
  const auto take = [&](std::string_view key, std::string& to) {
    if (const auto* said = file.holds(key, guard)) to = said->values.front();
  };
  take("profile", out.common.profile);
  take("region", out.common.region);
  take("endpoint-url", out.common.endpoint_url);
  take("dns-server", out.dns_server);
  if (const auto* said = file.holds("assume", guard)) out.assumed = said->values;
  return out;
}

Result<const settings::Guard*> meant_by(const SettingsUse& file, const std::string& word) {
  auto meant = file.guard_meant(word);
  if (!meant || *meant || guard::looks_like_name(word)) return meant;
  std::vector<std::string> names;
  for (const auto& guard : file.settings().guards) names.push_back(guard.name);
  const auto near = nearest(word, names);
  if (!near) return meant;
  return problem(
      fmt::format("\"{}\" is neither the name of a guard in {} nor an id or a DNS name. Did you "
                  "mean {}?",
                  word, file.files(), *near));
}

// Whether what the file calls a guard's health check is one of these; of another account, or gone,
// it is not. Error: that cannot be seen.
Result<bool, guard::Error> leads_to(const GuardOptions& common, const settings::Guard& guard,
                                    const std::vector<std::string>& ids) {
  GuardContext context(common);
  const auto seen = [](const guard::Error& error) -> Result<bool, guard::Error> {
    if (error.kind == guard::Error::Kind::no_answer) return failure(error);
    return false;
  };
  const auto found = guard::find_check(context.aws(), guard.health_check());
  if (!found) return seen(found.error());
  auto id = found->id;
  if (is_among(ids, id)) return true;
  if (const auto form = form_of(context, id); !form) return seen(form.error());
  return is_among(ids, id);
}

}  // namespace

Result<const settings::Guard*> guard_of_word(const SettingsUse& file, const std::string& word) {
  if (word.empty()) return static_cast<const settings::Guard*>(nullptr);
  auto meant = meant_by(file, word);
  if (meant && *meant) tell_guard(file, **meant);
  return meant;
}

Result<const settings::Guard*, guard::Error> guard_of_check(const SettingsUse& file,
                                                            const GuardOptions& common,
                                                            const std::vector<std::string>& ids,
                                                            Look look) {
  const settings::Guard* guard = nullptr;
  for (const auto& id : ids) {
    const auto meant = file.guard_meant(id);
    if (!meant) return failure(guard::error_of(guard::Error::Kind::usage, meant.error().text));
    if (!guard) guard = *meant;
  }
  if (look == Look::everywhere && !file.said_elsewhere("check")) {
    for (const auto& other : file.settings().guards) {
      if (guard || other.table.count("check") == 0) continue;
      const auto leads = leads_to(common, other, ids);
      if (!leads)
        return failure(guard::error_of(
            guard::Error::Kind::no_answer,
            fmt::format("whether this is guard {} ({}), which has checks, cannot be seen: {}",
                        other.name, settings::to_string(other.origin), leads.error().text)));
      if (*leads) guard = &other;
    }
  }
  if (guard) tell_guard(file, *guard);
  return guard;
}

std::optional<int> find_targets(StatusOptions& options, const SettingsUse& file) {
  for (const auto& word : options.health_check_ids) {
    const auto meant = meant_by(file, word);
    if (!meant) return fail(options.common, meant.error().text, exit_usage);
    options.targets.push_back(target_of(options, file, *meant, word));
    if (!*meant) continue;
    if (const auto note = file.overruled(**meant); !note.empty()) say(note);
  }
  if (!options.all && !options.targets.empty()) return std::nullopt;
  for (const auto& guard : file.settings().guards) {
    const auto is_it = [&](const StatusTarget& target) { return target.guard == guard.name; };
    const bool named = std::any_of(options.targets.begin(), options.targets.end(), is_it);
    if (!named && !is_of_this_account(file, options.common, guard)) continue;
    options.named_by = file.files();
    if (!named) options.targets.push_back(target_of(options, file, &guard, guard.name));
  }
  options.every_guard = options.named_by.empty();
  return std::nullopt;
}

}  // namespace sitelatch::cli
