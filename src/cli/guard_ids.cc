// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_ids.h"

#include <fmt/format.h>

#include "guard/apply/find_check.h"
#include "guard/rules/site_names.h"

namespace sitelatch::cli {

Result<std::string, guard::Error> check_id(GuardContext& context, const std::string& id_or_name) {
  auto found = guard::find_check(context.aws(), id_or_name);
  if (!found) return failure(found.error());
  if (!found->by.empty())
    say(fmt::format("{} is health check {}: {}.", id_or_name, found->id, found->by));
  return std::move(found->id);
}

std::optional<int> make_id(const GuardOptions& options, std::string& id_or_name) {
  if (!guard::looks_like_name(id_or_name)) return std::nullopt;
  GuardContext context(options);
  auto id = check_id(context, id_or_name);
  if (!id) return fail(options, id.error().text, exit_status_of(id.error().kind));
  id_or_name = std::move(*id);
  return std::nullopt;
}

}  // namespace sitelatch::cli
