// SPDX-License-Identifier: Apache-2.0
// Ids of hosted zones and changes: with their prefix on the wire ("/hostedzone/Z..."), bare inside.
#pragma once

#include <string>
#include <string_view>

#include "ports/entropy.h"

namespace sitelatch::route53 {

inline std::string bare_id(std::string_view id) {
  const auto slash = id.rfind('/');
  return std::string{slash == std::string_view::npos ? id : id.substr(slash + 1)};
}

// 'Z' or 'C' and twenty capitals and digits; 'N' of delegation sets and fewer, so that with
// "/delegationset/" before it it is not longer than the 32 characters that the model takes.
inline std::string new_id(ports::Entropy& entropy, char kind) {
  return kind +
         ports::random_text(entropy, kind == 'N' ? 13 : 20, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}

}  // namespace sitelatch::route53
