// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/late_prober.h"

#include <tuple>
#include <utility>

namespace sitelatch::realism {
namespace {

// Checks of the first probe after a start are spread over a second.
constexpr auto start_up = std::chrono::seconds{2};

bool same(const ports::ProbeRequest& a, const ports::ProbeRequest& b) {
  const auto fields = [](const ports::ProbeRequest& r) {
    return std::tie(r.kind, r.address, r.host_name, r.port, r.path, r.search_string, r.enable_sni);
  };
  return fields(a) == fields(b);
}

}  // namespace

void LateProber::probe(ports::ProbeRequest request, std::function<void(ports::Observation)> done) {
  if (!realism_ || !realism_->realistic())
    return prober_.probe(std::move(request), std::move(done));
  const auto now = timers_.now();
  const auto [at, is_new] = checks_.try_emplace({request.health_check_id, request.checker.number},
                                                Known{request, request});
  Known& known = at->second;
  if (now - started_ <= start_up) there_before_.insert(request.health_check_id);
  if (is_new && !there_before_.contains(request.health_check_id)) {
    known.told = now + realism_->checker_delay();
    timers_.at(known.told, lifetime_.guard([this, request, done = std::move(done)]() mutable {
      prober_.probe(std::move(request), std::move(done));
    }));
    return;
  }
  if (!same(known.asked, request)) {
    known.asked = request;
    known.told = now + realism_->checker_delay();
  }
  if (now >= known.told) known.probed = known.asked;
  auto as_known = known.probed;
  as_known.checker = request.checker;
  prober_.probe(std::move(as_known), std::move(done));
}

}  // namespace sitelatch::realism
