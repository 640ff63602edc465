// SPDX-License-Identifier: Apache-2.0
// The rules of tags on log groups.
#pragma once

#include "aws/error.h"
#include "services/logs/log_store.h"

namespace sitelatch::logs {

// The wire's map on top of what is there; all or nothing. The caller writes the group.
aws::Outcome<Done> add_tags(Group& group, const aws::Value& tags);

}  // namespace sitelatch::logs
