// SPDX-License-Identifier: Apache-2.0
// trip, disarm, arm and reconcile alike: look, let the rules decide, show what will change, ask, do
// it, say what it did.
#pragma once

#include <functional>
#include <string>

#include "cli/guard_report.h"

namespace sitelatch::cli {

struct RequestOptions {
  const GuardOptions& common;
  std::string health_check_id;
  guard::Request request;
  guard::Decide decide;
  bool ask = true;
  bool latches = false;  // does nothing but latch, which nothing that cannot be seen may stop
  // What to say when it is done, after the change's own sentence.
  std::function<std::string(const guard::Carried&)> afterwards = [](const guard::Carried&) {
    return std::string{};
  };
};
int run_request(GuardContext& context, const RequestOptions& options);

}  // namespace sitelatch::cli
