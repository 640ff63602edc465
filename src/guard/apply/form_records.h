// SPDX-License-Identifier: Apache-2.0
// The failover records that a form needs changed: which they are, the change batches for them with
// the ones that take them back, and carrying one out. One batch a zone, so that a pair changes at
// once. What is behind the aliases (a load balancer's own health) is part of it.
#pragma once

#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "guard/apply/builder.h"
#include "guard/apply/observe.h"
#include "guard/rules/config_form.h"

namespace sitelatch::guard {

struct RecordsBatch {
  std::string zone_id;
  std::vector<std::string> says;  // "client.example.org. A PRIMARY follows health check ..."
  aws::Value change, rollback;    // ChangeBatches
};

// Of the records that follow one check or the other, each once.
RecordsSnapshot joined_records(const RecordsSnapshot& of_endpoint, const RecordsSnapshot& of_hold);
FormRecords standing_of(const RecordsSnapshot& records, const std::string& endpoint,
                        const std::string& hold);

// PRIMARY on `hold`, SECONDARY without a check, no record behind them that evaluates its target.
// (A failover alias itself keeps EvaluateTargetHealth: fact guard-50.) Empty: nothing to change. A
// form that latches on the endpoint's check itself gives that as `hold`.
std::vector<RecordsBatch> batches_to_attach(const RecordsSnapshot& records,
                                            const std::string& endpoint, const std::string& hold);
// PRIMARY on the endpoint's check again; the rest stays.
std::vector<RecordsBatch> batches_to_give_back(const RecordsSnapshot& records,
                                               const std::string& endpoint,
                                               const std::string& hold);

Step carry_out(client::Aws& aws, const RecordsBatch& batch, const std::string& comment);

}  // namespace sitelatch::guard
