// SPDX-License-Identifier: Apache-2.0
// What a guard costs a month by AWS's list prices (docs/facts/prices.md): the one table of prices.
// Whole millionths of a dollar, so that every machine adds up the same. Free allowances are not
// taken off, and prices are those of the partition aws. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "guard/rules/form.h"
#include "guard/rules/plan.h"

namespace sitelatch::guard {

using MicroUsd = std::int64_t;

// Low and high are apart where the price hangs on what cannot be seen: whether an endpoint is in
// AWS, or what AWS's pages do not say.
struct Charge {
  std::string what;
  MicroUsd low = 0, high = 0;
};
struct Bill {
  std::vector<Charge> charges;
  MicroUsd low() const;
  MicroUsd high() const;
};

// What AWS charges an endpoint's check for besides (fact price-1).
struct CheckOptions {
  bool https = false, string_match = false, fast_interval = false, latency = false;
  friend bool operator==(const CheckOptions&, const CheckOptions&) = default;
};
CheckOptions options_of(std::string_view type, std::int64_t interval_s, bool measures_latency);

// The endpoint's check itself, which is there with and without a guard.
Bill bill_of_check(const CheckOptions& options);
// What a guard of this form adds to it. Of forms that nothing deploys: nothing.
Bill bill_of_guard(Form form, FunctionKind function);

std::string dollars(MicroUsd amount);              // "1.10", to the cent
std::string dollars(MicroUsd low, MicroUsd high);  // "1.10", "0.13 to 0.18"

}  // namespace sitelatch::guard
