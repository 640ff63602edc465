// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/release_checks.h"

#include <fmt/format.h>

#include "base/text.h"
#include "guard/apply/site_probe.h"

namespace sitelatch::guard {
namespace {

constexpr auto between_probes = std::chrono::seconds{1};

}  // namespace

bool primary_answers(Context& context, const aws::Value& check_config, const std::string& path,
                     int probes, ReleaseEvidence& seen) {
  for (int count = 1; count <= probes; ++count) {
    if (count > 1) context.clock.sleep(between_probes);
    const auto answer = ask_site(context.ask_site, check_config, path);
    seen.primary.push_back(answer.words);
    context.progress(fmt::format("Primary, {} of {}: {}.", count, probes, answer.words));
    if (!answer.well) return false;
  }
  return true;
}

bool checks_pass(Context& context, const std::string& health_check_id,
                 const std::vector<std::string>& checks, Duration limit, ReleaseEvidence& seen) {
  int number = 0;
  for (const auto& command : checks) {
    context.progress(fmt::format("Check {} of {}: {}", ++number, checks.size(), command));
    const auto line =
        fmt::format("SITELATCH_HEALTH_CHECK_ID={}; export SITELATCH_HEALTH_CHECK_ID; {}",
                    health_check_id, command);
    const auto finished = context.environment.run({"/bin/sh", "-c", line}, limit);
    if (!finished) {
      seen.commands.push_back({command, 0, "", 0, finished.error().text});
      context.progress("It could not be run: " + finished.error().text + ".");
      return false;
    }
    seen.commands.push_back(
        command_evidence(command, finished->status, finished->out + finished->err));
    for (const auto* text : {&finished->out, &finished->err})
      for (const auto said : split(trim(*text), '\n'))
        if (!said.empty()) context.progress("  " + std::string{said});
    if (finished->status != 0) {
      context.progress(fmt::format("It ended with status {}: not passed.", finished->status));
      return false;
    }
  }
  if (!checks.empty()) context.progress("Every check passed.");
  return true;
}

}  // namespace sitelatch::guard
