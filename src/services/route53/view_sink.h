// SPDX-License-Identifier: Apache-2.0
// Who serves DNS: takes each new view whole. Called only once everything that the view rests on is
// durable.
#pragma once

#include <memory>

#include "dns/view.h"

namespace sitelatch::route53 {

class ViewSink {
 public:
  virtual void publish(std::shared_ptr<const dns::View> view) = 0;

 protected:
  ~ViewSink() = default;
};

}  // namespace sitelatch::route53
