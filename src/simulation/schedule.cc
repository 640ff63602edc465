// SPDX-License-Identifier: Apache-2.0
#include "simulation/schedule.h"

#include <algorithm>

#include "simulation/random.h"

namespace sitelatch::simulation {
namespace {

constexpr Ms span = 3 * hour;
// So that a schedule and the run of it do not draw the same numbers.
constexpr std::uint64_t apart = 0x5eed'0f'5c'4ed'01eu;

class Writer {
 public:
  Writer(Form form, Tuning tuning, std::uint64_t seed) : random_(seed ^ apart) {
    plan_.form = form;
    plan_.tuning = tuning;
    plan_.function = Function::native;
  }

  Plan write() {
    times(1, 4, [this] { outage(); });
    times(0, 2, [this] { checkers_disagree(); });
    times(0, 2, [this] { backup_fails(); });
    times(0, 2, [this] { region_out(); });
    times(0, 2, [this] { edge_cut(); });
    times(0, 3, [this] { put(at(), Act::Kind::restart); });
    times(0, 2, [this] { put(at(), Act::Kind::terraform); });
    times(0, 2, [this] { person(); });
    if (random_.chance(100'000)) put(at(), Act::Kind::trip);
    faults();
    std::stable_sort(plan_.acts.begin(), plan_.acts.end(),
                     [](const Act& a, const Act& b) { return a.at < b.at; });
    return std::move(plan_);
  }

 private:
  template <class Do>
  void times(int low, int high, const Do& what) {
    for (auto left = random_.between(low, high + 1); left > 0; --left) what();
  }
  // Half of it anywhere, half around what happens already: that is where it hurts.
  Ms at() {
    const auto known = static_cast<std::int64_t>(plan_.acts.size());
    if (known == 0 || random_.chance(500'000)) return random_.between(0, span);
    const auto near = plan_.acts[static_cast<std::size_t>(random_.between(0, known))].at;
    return std::max<Ms>(0, near + random_.between(-2 * minute, 12 * minute));
  }
  // A second to half an hour, as often short as long.
  Ms length() {
    static constexpr std::array<Ms, 5> bounds = {second, 20 * second, 90 * second, 5 * minute,
                                                 30 * minute};
    const auto which = static_cast<std::size_t>(random_.between(0, 4));
    return random_.between(bounds[which], bounds[which + 1]);
  }
  std::uint32_t mask() {
    std::uint32_t out = 0;
    const auto number = random_.between(1, checker_count + 1);
    for (std::int64_t i = 0; i < number; ++i) out |= 1u << random_.between(0, checker_count);
    return out;
  }
  void put(Ms when, Act::Kind kind, std::uint8_t which = 0, std::uint32_t value = 0) {
    plan_.acts.push_back({when, kind, which, value});
  }
  void site(Ms when, Act::Kind kind, Site to) {
    put(when, kind, 0, static_cast<std::uint32_t>(to));
  }

  void outage() {
    const auto from = at();
    const auto how = random_.between(0, 6);
    const auto until = from + length();
    if (how == 5) {
      bool down = true;
      const auto every = random_.between(2 * second, 45 * second);
      for (auto when = from; when < std::min(until, from + 40 * every); when += every, down = !down)
        site(when, Act::Kind::primary, down ? Site::refuses : Site::up);
    } else {
      static constexpr std::array ways = {Site::refuses, Site::refuses, Site::refuses, Site::hangs,
                                          Site::half};
      site(from, Act::Kind::primary, ways[static_cast<std::size_t>(how)]);
    }
    site(until, Act::Kind::primary, Site::up);
  }
  void checkers_disagree() {
    const auto from = at();
    const auto until = from + length();
    const auto kind = random_.chance(500'000) ? Act::Kind::cut_off : Act::Kind::lossy;
    put(from, kind, 0, mask() | mask());
    put(until, kind, 0, 0);
  }
  void backup_fails() {
    const auto from = at();
    site(from, Act::Kind::backup, Site::refuses);
    site(from + length(), Act::Kind::backup, Site::up);
  }
  void region_out() {
    const auto from = at();
    const auto which = static_cast<std::uint8_t>(random_.between(0, region_count));
    put(from, Act::Kind::region, which, 1);
    put(from + length(), Act::Kind::region, which, 0);
  }
  void edge_cut() {
    const auto from = at();
    const auto which = static_cast<std::uint8_t>(random_.between(0, edge_count));
    put(from, Act::Kind::edge, which, 1);
    put(from + length(), Act::Kind::edge, which, 0);
  }
  // Switches back at any moment, once or twice, and ends it when it should, far too early, or late.
  void person() {
    const auto from = at();
    put(from, Act::Kind::switch_back);
    if (random_.chance(300'000)) put(from + length(), Act::Kind::switch_back);
    if (plan_.form != Form::config) return;
    const auto until =
        from + (random_.chance(300'000) ? length() : random_.between(16, 40) * minute);
    put(until, Act::Kind::end_of_switch_back);
    put(from + 2 * hour, Act::Kind::end_of_switch_back);
  }
  void faults() {
    auto& faults = plan_.faults;
    const auto some = [this](std::int64_t most) {
      return random_.chance(500'000) ? random_.between(0, most) : 0;
    };
    faults.message_lost = some(300'000);
    faults.message_twice = some(300'000);
    faults.message_late = some(300'000);
    faults.function_fails = some(300'000);
    faults.sample_lost = some(200'000);
    faults.minute_late = some(100'000);
    faults.minute_late_by = faults.minute_late > 0 ? random_.between(0, 3 * minute) : 0;
    faults.clock_skew = some(20 * second);
  }

  Random random_;
  Plan plan_;
};

constexpr std::array<std::string_view, trouble_count> trouble_names = {
    "primary",      "backup",         "cut-off",     "lossy",       "region",       "edge",
    "restart",      "terraform",      "switch-back", "trip",        "message-lost", "message-twice",
    "message-late", "function-fails", "sample-lost", "minute-late", "clock-skew"};

constexpr std::size_t index_of(Trouble trouble) { return static_cast<std::size_t>(trouble); }

Trouble trouble_of(Act::Kind kind) {
  switch (kind) {
    case Act::Kind::primary:
      return Trouble::primary;
    case Act::Kind::backup:
      return Trouble::backup;
    case Act::Kind::cut_off:
      return Trouble::cut_off;
    case Act::Kind::lossy:
      return Trouble::lossy;
    case Act::Kind::region:
      return Trouble::region;
    case Act::Kind::edge:
      return Trouble::edge;
    case Act::Kind::restart:
      return Trouble::restart;
    case Act::Kind::terraform:
      return Trouble::terraform;
    case Act::Kind::switch_back:
    case Act::Kind::end_of_switch_back:
      return Trouble::switch_back;
    case Act::Kind::trip:
      return Trouble::trip;
  }
  return Trouble::count;
}

struct Rate {
  Trouble trouble;
  std::int64_t Faults::*of_a_million;  // of clock_skew: milliseconds
};
constexpr std::array rates = {
    Rate{Trouble::message_lost, &Faults::message_lost},
    Rate{Trouble::message_twice, &Faults::message_twice},
    Rate{Trouble::message_late, &Faults::message_late},
    Rate{Trouble::function_fails, &Faults::function_fails},
    Rate{Trouble::sample_lost, &Faults::sample_lost},
    Rate{Trouble::minute_late, &Faults::minute_late},
    Rate{Trouble::clock_skew, &Faults::clock_skew},
};

}  // namespace

Plan random_schedule(Form form, Tuning tuning, std::uint64_t seed) {
  return Writer(form, tuning, seed).write();
}

std::string_view to_string(Trouble trouble) { return trouble_names[index_of(trouble)]; }

std::vector<Trouble> all_troubles() {
  std::vector<Trouble> all;
  for (std::size_t i = 0; i < trouble_count; ++i) all.push_back(static_cast<Trouble>(i));
  return all;
}

std::optional<Trouble> trouble_by_name(std::string_view name) {
  for (const auto trouble : all_troubles())
    if (to_string(trouble) == name) return trouble;
  return std::nullopt;
}

Troubles troubles_of(const Plan& plan) {
  Troubles found;
  for (const auto& act : plan.acts) found.set(index_of(trouble_of(act.kind)));
  for (const auto& rate : rates)
    if (plan.faults.*rate.of_a_million > 0) found.set(index_of(rate.trouble));
  return found;
}

void leave_out(Plan& plan, const Troubles& troubles) {
  std::erase_if(plan.acts,
                [&](const Act& act) { return troubles.test(index_of(trouble_of(act.kind))); });
  for (const auto& rate : rates)
    if (troubles.test(index_of(rate.trouble))) plan.faults.*rate.of_a_million = 0;
}

}  // namespace sitelatch::simulation
