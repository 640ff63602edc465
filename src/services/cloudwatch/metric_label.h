// SPDX-License-Identifier: Apache-2.0
// Labels with expressions in them, ${PROP('Dim.InstanceId')} or ${MAX}, as GetMetricData takes them
// ("Use dynamic labels"; fact cloudwatch-52). What is no such expression stays as it is.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "services/cloudwatch/math.h"

namespace sitelatch::cloudwatch {

// Who asks, and how times are to be written.
struct LabelContext {
  std::string region, account;
  Instant now;
  std::chrono::minutes ahead_of_utc{0};
};

// LabelOptions' Timezone: "+0130". Nothing: not one.
std::optional<std::chrono::minutes> label_timezone(std::string_view text);

// `series.label` is what ${LABEL} stands for.
std::string written_label(const std::string& label, const math::Series& series,
                          const LabelContext& context);

}  // namespace sitelatch::cloudwatch
