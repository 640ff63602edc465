// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/trouble.h"

namespace sitelatch::guard {

int trouble_of(State state, bool sound) {
  switch (state) {
    case State::unlatched_but_unhealthy:
      return 0;
    case State::drifted:
      return 1;
    case State::failing_over:
      return 2;
    case State::unknown:
      return 3;
    case State::latched_without_guard:
      return 4;
    case State::tripped:
      return 5;
    case State::switched_over:
      return 6;
    case State::switching_back:
      return 7;
    case State::partial:
      return 8;
    case State::not_deployed:
      return 9;
    case State::maintenance:
      return 10;
    case State::armed:
      return sound ? 20 : 11;
  }
  return 3;
}

int trouble_of(Phase phase, bool sound) {
  switch (phase) {
    case Phase::serving:
      return trouble_of(State::armed, sound);
    case Phase::drifted:
      return trouble_of(State::drifted, sound);
    case Phase::failing_over:
      return trouble_of(State::failing_over, sound);
    case Phase::latched:
    case Phase::tripped:
      return trouble_of(State::tripped, sound);
    case Phase::switching_back:
      return trouble_of(State::switching_back, sound);
    case Phase::starting:
    case Phase::not_attached:
      return trouble_of(State::partial, sound);
    case Phase::not_deployed:
      return trouble_of(State::not_deployed, sound);
    case Phase::unknown:
      break;
  }
  return trouble_of(State::unknown, sound);
}

}  // namespace sitelatch::guard
