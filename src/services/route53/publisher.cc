// SPDX-License-Identifier: Apache-2.0
#include "services/route53/publisher.h"

namespace sitelatch::route53 {

void Publisher::start(const ViewStep& step) { publish(step); }

void Publisher::stage(ViewStep step, std::function<void()> then) {
  journal_.when_durable(lifetime_.guard([this, step = std::move(step), then = std::move(then)] {
    publish(step);
    if (then) then();
  }));
}

void Publisher::publish(const ViewStep& step) {
  if (step.places) view_ = view_->with_places(step.places);
  if (step.remove_zone) view_ = view_->without_zone(*step.remove_zone);
  if (!step.changes.empty()) view_ = view_->with(step.changes);
  sink_.publish(view_);
}

}  // namespace sitelatch::route53
