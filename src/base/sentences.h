// SPDX-License-Identifier: Apache-2.0
// How everything that a command says to people ends: texts come from many hands, and each of them
// is a sentence here.
#pragma once

#include <string>
#include <string_view>

namespace sitelatch {

// With a capital letter where it begins with a word, and with a full stop where it has no end yet.
// A command at the end ("...: sitelatch status ID") stays as it is: it is copied from there.
std::string as_sentence(std::string_view text);

}  // namespace sitelatch
