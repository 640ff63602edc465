// SPDX-License-Identifier: Apache-2.0
// Publisher: keeps the view that DNS serves and changes it in steps, each only when all that was
// written to the journal before the step was staged is durable. So no answer ever rests on a status
// that a crash could take back.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/places.h"
#include "dns/view.h"
#include "ports/journal.h"
#include "ports/lifetime.h"
#include "services/route53/view_sink.h"

namespace sitelatch::route53 {

struct ViewStep {
  std::optional<std::string> remove_zone;  // first, its origin
  std::vector<dns::NodeChange> changes;
  std::shared_ptr<const dns::Places> places{};  // none: as they were
};

class Publisher {
 public:
  Publisher(ports::Journal& journal, ViewSink& sink) : journal_(journal), sink_(sink) {}

  // At construction: what was read from the journal is durable already.
  void start(const ViewStep& step);
  // `then` runs after the step is published.
  void stage(ViewStep step, std::function<void()> then = {});

 private:
  void publish(const ViewStep& step);

  ports::Journal& journal_;
  ViewSink& sink_;
  std::shared_ptr<const dns::View> view_ = dns::View::empty();
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::route53
