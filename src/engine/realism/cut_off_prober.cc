// SPDX-License-Identifier: Apache-2.0
#include "engine/realism/cut_off_prober.h"

#include <utility>

namespace sitelatch::realism {
namespace {

constexpr auto longest_connect = std::chrono::seconds{4};
constexpr auto longest_tcp_connect = std::chrono::seconds{10};

}  // namespace

void CutOffProber::probe(ports::ProbeRequest request,
                         std::function<void(ports::Observation)> done) {
  const auto now = timers_.now();
  if (!realism_ || realism_->reaches(request, now))
    return prober_.probe(std::move(request), std::move(done));
  const bool tcp = request.kind == ports::ProbeRequest::Kind::tcp;
  timers_.at(now + (tcp ? longest_tcp_connect : longest_connect),
             lifetime_.guard([done = std::move(done)] {
               ports::Observation observation;
               observation.status = std::string{"Failure: "} + ports::timed_out_sentence;
               done(observation);
             }));
}

}  // namespace sitelatch::realism
