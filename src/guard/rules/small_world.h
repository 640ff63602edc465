// SPDX-License-Identifier: Apache-2.0
// For tests: every order of acts in a small world, to a depth. A world is a value with `must_hold`,
// which its reference sets (latched, and nobody has released); acts have a `name`.
#pragma once

#include <deque>
#include <string>
#include <unordered_set>

namespace sitelatch::guard::testing {

enum class Taken { no, held, broke };  // it could not be done; the sentence holds after it, or not

struct Searched {
  std::size_t states = 0, taken = 0, latches = 0, releases = 0;
  std::string breach;  // the acts that lead to it, "a; b; c"; empty: none was found
};

// `key`: of worlds that go on alike, the same text. `take`: does an act in a world.
template <class World, class Acts, class Key, class Take>
Searched search(const World& first, int depth, const Acts& acts, Key key, Take take) {
  struct Reached {
    World world;
    int depth;
    std::size_t from;
    const char* by;
  };
  Searched found;
  std::deque<Reached> all{{first, 0, 0, "at first"}};
  std::unordered_set<std::string> known{key(first)};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].depth == depth) continue;
    for (const auto& act : acts) {
      auto next = all[i].world;
      const auto taken = take(act, next);
      if (taken == Taken::no) continue;
      ++found.taken;
      found.latches += next.must_hold && !all[i].world.must_hold ? 1 : 0;
      found.releases += !next.must_hold && all[i].world.must_hold ? 1 : 0;
      if (taken == Taken::broke) {
        found.breach = act.name;
        for (auto at = i; at != 0; at = all[at].from)
          found.breach = std::string{all[at].by} + "; " + found.breach;
        return found;
      }
      if (known.insert(key(next)).second)
        all.push_back({std::move(next), all[i].depth + 1, i, act.name});
    }
  }
  found.states = all.size();
  return found;
}

}  // namespace sitelatch::guard::testing
