// SPDX-License-Identifier: Apache-2.0
// PutMetricData's input, checked in AWS's words and turned into what the store takes.
#pragma once

#include <vector>

#include "aws/service/service.h"
#include "services/cloudwatch/metric_store.h"

namespace sitelatch::cloudwatch {

struct IncomingDatum {
  MetricId id;
  MetricStore::Datum datum;
};
aws::Outcome<std::vector<IncomingDatum>> incoming_data(const aws::Call& call);

}  // namespace sitelatch::cloudwatch
