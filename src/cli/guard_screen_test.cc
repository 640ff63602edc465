// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_screen.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"
#include "cli/guard_report.h"
#include "cli/screen_text.h"

namespace sitelatch::cli {
namespace {

const std::string check_of_screen = "233e180f-f023-45a3-954e-415303f21eab";
const Instant noon_of_screen = from_civil(2026, 11, 22, 12, 0, 0);
Instant past_noon(int seconds) { return noon_of_screen + std::chrono::seconds{seconds}; }

guard::DnsSnapshot dns_answer(guard::Serving serving) {
  return {"client.example.test.", "A", "192.0.2.53", {"192.0.2.1"}, serving, "", false};
}

guard::View guide_view(guard::State state, std::string sentence, int seconds) {
  guard::View view;
  view.plan.settings.health_check_id = check_of_screen;
  view.now = past_noon(seconds);
  view.assessment.state = state;
  view.assessment.sentence = std::move(sentence);
  view.dns = {dns_answer(guard::Serving::primary)};
  return view;
}

std::vector<std::string> shown(Screen screen, std::size_t width = 80,
                               Watched::Extent extent = Watched::Extent::brief) {
  Watched guard(screen.name);
  guard.saw(std::move(screen));
  return guard.lines(width, extent, Watched::Colours::no);
}

TEST_CASE("issue 10: a guide's failover says who serves, what is awaited, how long, what to do") {
  auto view =
      guide_view(guard::State::failing_over,
                 "Primary has failed and DNS answers Backup; the alarm has yet to see it", 41);
  view.assessment.since = past_noon(0);
  view.dns = {dns_answer(guard::Serving::backup)};
  CHECK(shown(screen_of(view, "client.example.test", 21)) ==
        std::vector<std::string>{
            "client.example.test   failing over                                     12:00:41Z",
            "  Next: Nothing to do; to latch now:",
            "    sitelatch trip client.example.test --reason \"...\"",
            "  Backup serves. Primary has failed and DNS answers Backup; the alarm has yet to",
            "  see it.", "  Awaited for 41s: the alarm, and then the latch."});
}

TEST_CASE("issue 10: since when it is so, by its time of day and how long that is") {
  auto view = guide_view(guard::State::tripped, "latched: Backup serves", 75 * 60);
  view.dns = {dns_answer(guard::Serving::backup)};
  view.assessment.since = past_noon(0);
  CHECK(shown(screen_of(view, "NAME", 14))[3] ==
        "  Backup serves. Latched: Backup serves. Since 12:00:00Z (75m).");
  view.now = past_noon(75 * 3600);
  const auto lines = shown(screen_of(view, "NAME", 14), unbounded);
  CHECK(lines[0] == "client.example.test   tripped   15:00:00Z");
  CHECK(lines[2] == "  Backup serves. Latched: Backup serves. Since 2026-11-22 12:00Z (3d).");
}

TEST_CASE(
    "issue 10: each state of the guide's form has a next step, and the latched none to wait") {
  const auto next = [](guard::State state) {
    return screen_of(guide_view(state, "x", 0), "NAME", 0).next;
  };
  CHECK(next(guard::State::not_deployed) == "sitelatch deploy NAME --plan");
  CHECK(next(guard::State::armed) == "nothing to do");
  CHECK(next(guard::State::tripped) ==
        "mend Primary and synchronise the sites, then: sitelatch switch-back NAME --reason "
        "\"...\"");
  CHECK(next(guard::State::unlatched_but_unhealthy) ==
        "latch it, then find out why: sitelatch reconcile NAME");
  for (int i = 0; i <= static_cast<int>(guard::State::unknown); ++i)
    CHECK(!next(static_cast<guard::State>(i)).empty());
  CHECK(!screen_of(guide_view(guard::State::tripped, "x", 0), "NAME", 14).awaited);
  auto fresh = guide_view(guard::State::tripped, "x", 0);
  fresh.snapshot.observed.healthy = true;
  CHECK(screen_of(fresh, "NAME", 14).awaited);
}

TEST_CASE("issue 10: a broken link is the next step, and all links are shown with -v alone") {
  auto view = guide_view(guard::State::armed, "armed", 0);
  view.form = guard::Form::hardened;
  view.assessment.links = {{guard::Link::Health::ok, "role", "", ""},
                           {guard::Link::Health::broken, "relay", "it is silent", "look at it"}};
  const auto screen = screen_of(view, check_of_screen, exit_link);
  CHECK(screen.name == "client.example.test");
  CHECK(screen.state == "armed (hardened)");
  CHECK(screen.next == "mend relay: look at it");
  CHECK(screen.notes == std::vector<std::string>{"1 link needs attention (-v)"});
  const auto brief = shown(screen), all = shown(screen, 80, Watched::Extent::all);
  CHECK(std::vector<std::string>{all.begin() + static_cast<std::ptrdiff_t>(brief.size()),
                                 all.end()} ==
        std::vector<std::string>{
            "  DNS      client.example.test. A -> 192.0.2.1 (primary) by 192.0.2.53",
            "  ok       role", "  BROKEN   relay: it is silent", "           mend: look at it"});
}

TEST_CASE("issue 10: config counts its good minutes, engine waits for a verdict") {
  guard::ConfigView config;
  config.now = past_noon(0);
  config.assessment.phase = guard::Phase::switching_back;
  config.assessment.sentence = "a switch back is under way";
  config.assessment.next = "sitelatch switch-back E goes on with it";
  config.assessment.good_minutes = 6;
  const auto screen = screen_of(config, "client.example.test", 22);
  CHECK(screen.state == "switching back (config)");
  CHECK(screen.serves == "Who serves is not known: no PRIMARY record was seen to ask for");
  REQUIRE(screen.awaited);
  CHECK(screen.awaited->what ==
        "9 of 15 good minutes, about as long from now if Primary stays healthy");
  CHECK(screen.next == "sitelatch switch-back E goes on with it");

  guard::EngineView engine;
  engine.now = past_noon(0);
  engine.assessment.phase = guard::Phase::serving;
  engine.assessment.sentence = "Primary serves, and its failover is the latch";
  engine.dns = {dns_answer(guard::Serving::primary)};
  CHECK(shown(screen_of(engine, "NAME", 0))[1] == "  Next: Nothing to do.");
  CHECK(shown(screen_of(engine, "NAME", 0))[2] ==
        "  Primary serves, and its failover is the latch.");
  CHECK(!screen_of(engine, "NAME", 0).awaited);
  CHECK(screen_of(engine, "NAME", 0).next == "nothing to do");
  engine.observed.probes_well = false;
  CHECK(screen_of(engine, "NAME", 0).awaited);
  CHECK(screen_of(engine, "NAME", 0).state == "serving (engine)");
}

TEST_CASE("issue 10: time alone is no news; what changed before our eyes has a time") {
  auto screen = screen_of(guide_view(guard::State::switching_back, "released", 0), "NAME", 22);
  Watched guard("NAME");
  CHECK(guard.saw(screen));
  screen.at = past_noon(5);
  CHECK(!guard.saw(screen));
  CHECK(join(guard.lines(80, Watched::Extent::brief, Watched::Colours::no), "\n")
            .find("Awaited for 5s: what follows a release.") != std::string::npos);
  screen.at = past_noon(10);
  screen.serves = "Backup serves";
  CHECK(guard.saw(screen));
  CHECK(join(guard.lines(80, Watched::Extent::brief, Watched::Colours::no), "\n")
            .find("Backup serves since 12:00:10Z as seen from here.") != std::string::npos);
  CHECK(guard.code() == 22);
}

TEST_CASE("issue 10: a look that fails leaves the last one there") {
  Watched guard("NAME");
  guard.saw(screen_of(guide_view(guard::State::armed, "armed", 0), "NAME", 0));
  CHECK(guard.missed("nobody answers", 5, past_noon(5)));
  CHECK(!guard.missed("nobody answers", 5, past_noon(10)));
  const auto lines = guard.lines(80, Watched::Extent::brief, Watched::Colours::no);
  CHECK(lines.front().starts_with("client.example.test   armed"));
  CHECK(lines.back() == "  Not reached since 12:00:05Z, retrying: Nobody answers.");
  CHECK(guard.code() == 5);
  CHECK(guard.saw(screen_of(guide_view(guard::State::armed, "armed", 15), "NAME", 0)));
  CHECK(guard.code() == 0);
}

TEST_CASE("issue 10: no line is wider than the terminal, whatever names and texts are like") {
  auto view = guide_view(guard::State::unlatched_but_unhealthy, "", 0);
  view.assessment.sentence = "\x1b[2J\xc2\x9b" + std::string(300, 'y') + " said \xc3\xa9t\xc3\xa9";
  view.assessment.links = {{guard::Link::Health::broken, "role", std::string(90, 'z'), "mend it"}};
  std::string name;
  for (int i = 0; i < 120; ++i) name += "\xc3\xa9";
  for (std::size_t width = 40; width <= 200; ++width) {
    const auto lines = shown(screen_of(view, name, 16), width, Watched::Extent::all);
    for (const auto& line : lines) {
      CHECK(valid_utf8(line));
      CHECK(utf8_length(line) <= width);
      CHECK(std::none_of(line.begin(), line.end(), [](char c) { return c == '\x1b'; }));
      CHECK(line.find("\xc2\x9b") == std::string::npos);
    }
    CHECK(lines.front().ends_with("12:00:00Z"));
    CHECK(join(lines, "\n").find("unlatched but unhealthy") != std::string::npos);
  }
}

TEST_CASE("issue 10: colours are beside the width, and only where they are wanted") {
  Watched guard("NAME");
  guard.saw(screen_of(guide_view(guard::State::tripped, "x", 0), "NAME", 14));
  const auto plain = guard.lines(60, Watched::Extent::brief, Watched::Colours::no).front();
  const auto painted = guard.lines(60, Watched::Extent::brief, Watched::Colours::yes).front();
  CHECK(utf8_length(plain) == 60);
  CHECK(painted == replace_all(plain, "tripped", "\x1b[31mtripped\x1b[0m"));
}

TEST_CASE("fact client-11: looks are no closer together than AWS lets itself be asked") {
  using std::chrono::seconds;
  CHECK(pause_between_looks({}, 1, {}) == seconds{5});
  CHECK(pause_between_looks({}, 4, {}) == seconds{20});
  CHECK(pause_between_looks(seconds{1}, 1, {}) == seconds{2});
  CHECK(pause_between_looks(seconds{1}, 6, {}) == seconds{12});
  CHECK(pause_between_looks(seconds{30}, 1, {}) == seconds{30});
  CHECK(pause_between_looks({}, 1, seconds{8}) == seconds{8});
}

}  // namespace
}  // namespace sitelatch::cli
