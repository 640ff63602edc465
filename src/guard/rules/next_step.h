// SPDX-License-Identifier: Apache-2.0
// What a person does next about a guard of the guide's form, by its state: one sentence, and the
// command for it. What is under way by itself says so, and how to cut it short. (Forms of health
// checks alone say it in their own assessment: config_form.h.) Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "guard/rules/state.h"

namespace sitelatch::guard {

struct NextStep {
  std::string words;    // a sentence
  std::string command;  // to be copied; empty: there is nothing to give
};
// `id`: as people call the guard. `primary_answers`: what Primary's own path says from here;
// nothing: not asked.
NextStep next_step(const Assessment& assessment, std::string_view id,
                   std::optional<bool> primary_answers);

}  // namespace sitelatch::guard
