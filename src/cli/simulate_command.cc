// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "cli/guard_config.h"
#include "cli/guard_ids.h"
#include "cli/guard_report.h"
#include "cli/terminal.h"
#include "guard/apply/observe.h"
#include "simulation/report.h"

namespace sitelatch::cli {
namespace {

using namespace simulation;  // NOLINT(google-build-using-namespace): the folder of this command

constexpr Ms usual_outages[] = {20 * second,  30 * second, 60 * second, 90 * second,
                                120 * second, 3 * minute,  5 * minute};
constexpr std::uint64_t runs_of_one = 1'000, runs_of_many = 400;
constexpr std::size_t seeds_told = 10, seeds_kept = 1'000;  // to people, to programs

// On a terminal, once a quarter of a second; gone at the end.
class Progress {
 public:
  explicit Progress(std::uint64_t all) : all_(all), shown_(can_draw(STDERR_FILENO)) {}
  ~Progress() {
    if (said_) fmt::print(stderr, "\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void step() {
    if (++done_ % 64 != 0 || !shown_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds{250}) return;
    last_ = now;
    said_ = true;
    fmt::print(stderr, "\r{} of {} runs", done_, all_);
    std::fflush(stderr);
  }

 private:
  std::uint64_t all_, done_ = 0;
  bool shown_, said_ = false;
  std::chrono::steady_clock::time_point last_{};
};

int wrong(const std::string& sentence) {
  say("sitelatch: " + sentence);
  return exit_usage;
}

Settings settings_for(const SimulateOptions& options, Case which) {
  Settings settings(which);
  for (const auto& one : options.assumed) settings.set(one.name, one.range);
  return settings;
}

Plan plan_for(const SimulateOptions& options, Form form, Ms length, Ailment ailment) {
  auto tuning = usual_tuning(form);
  tuning.interval_s = options.interval_s.value_or(tuning.interval_s);
  tuning.threshold = options.threshold.value_or(tuning.threshold);
  auto plan = outage(form, tuning, length, ailment);
  plan.function = options.function.value_or(plan.function);
  plan.alarm = options.alarm.value_or(plan.alarm);
  plan.relay = !options.without_relay;
  return plan;
}

// One form under one case: a row an outage.
Rows rows_of(const SimulateOptions& options, Form form, Case which, const Profile& outages,
             std::uint64_t runs, Progress& progress) {
  Rows rows;
  const auto settings = settings_for(options, which);
  for (const auto& one : outages) {
    const auto plan = plan_for(options, form, one.length, one.ailment);
    Row row{form, plan.tuning, which, one.length, one.ailment, options.seed, {}};
    row.tally = carry_out({plan, runs, options.seed}, settings, [&] { progress.step(); });
    rows.push_back(std::move(row));
  }
  return rows;
}

int print_rows(const SimulateOptions& options, const Rows& rows) {
  switch (options.as) {
    case Shown::text:
      fmt::print("{}", table_of(rows));
      break;
    case Shown::json:
      fmt::print("{}", json_of(rows));
      break;
    case Shown::svg:
      fmt::print("{}", svg_of(rows));
      break;
    case Shown::markdown:
      fmt::print("{}", markdown_of(rows));
      break;
  }
  return exit_done;
}

int tabulate(const SimulateOptions& options) {
  Profile outages;
  for (const auto length : options.outages) outages.push_back({length, 1, options.ailment});
  if (outages.empty())
    for (const auto length : usual_outages) outages.push_back({length, 1, options.ailment});
  const auto cells = options.forms.size() * options.cases.size() * outages.size();
  const auto runs = options.runs.value_or(cells > 12 ? runs_of_many : runs_of_one);
  Rows rows;
  {
    Progress progress(cells * runs);
    for (const auto form : options.forms)
      for (const auto which : options.cases)
        for (auto& row : rows_of(options, form, which, outages, runs, progress))
          rows.push_back(std::move(row));
  }
  return print_rows(options, rows);
}

int year(const SimulateOptions& options) {
  const auto profile = read_profile(options.profile_file);
  if (!profile) return wrong(profile.error().text + ".");
  if (options.as == Shown::svg || options.as == Shown::markdown)
    return wrong("a profile is told as text or json.");
  const auto runs = options.runs.value_or(runs_of_one);
  std::vector<Year> years;
  {
    Progress progress(options.forms.size() * options.cases.size() * profile->size() * runs);
    for (const auto form : options.forms)
      for (const auto which : options.cases)
        years.push_back(year_of(*profile, rows_of(options, form, which, *profile, runs, progress)));
  }
  fmt::print("{}", options.as == Shown::json ? json_of(years) : table_of(years));
  return exit_done;
}

// --- one run

std::string story_json(const Story& story) {
  std::string out = "[";
  for (const auto& line : story.lines()) {
    out += fmt::format("{}{{\"at_s\":{}.{:03},\"leak\":{},\"what\":", out.size() > 1 ? ",\n " : "",
                       line.at / 1000, line.at % 1000, line.breach);
    append_json_string(out, line.text);
    out += "}";
  }
  return out + "]\n";
}

Plan schedule_for(const SimulateOptions& options, Form form, std::uint64_t seed) {
  auto tuning = usual_tuning(form);
  tuning.interval_s = options.interval_s.value_or(tuning.interval_s);
  tuning.threshold = options.threshold.value_or(tuning.threshold);
  auto plan = random_schedule(form, tuning, seed);
  leave_out(plan, options.left_out);
  plan.function = options.function.value_or(plan.function);
  plan.alarm = options.alarm.value_or(plan.alarm);
  plan.relay = !options.without_relay;
  return plan;
}

// Under all cases each seed has its own, so that one run is told by its seed alone.
Case case_of(const SimulateOptions& options, std::uint64_t seed) {
  return options.cases[seed % options.cases.size()];
}

std::string told(const Outcome& outcome) {
  if (!outcome.failed_over) return "No failover.";
  const auto after = fmt::format("{}.{} s", outcome.unsafe / 1000, outcome.unsafe % 1000 / 100);
  if (!outcome.leaked) return "Failed over, and no edge named Primary without a switch back.";
  return outcome.latched
             ? "A leak: Primary was named for " + after + " although nobody had switched back."
             : "A leak that nothing ended: never latched. Primary was named for " + after +
                   " until the run's end.";
}

int tell_one(const SimulateOptions& options) {
  if (options.forms.size() != 1 || options.outages.size() > 1 || options.schedules > 1 ||
      options.cases.size() == 2)
    return wrong("a story is told of one run: one --form, one --outage, one --case.");
  if (options.as == Shown::svg || options.as == Shown::markdown)
    return wrong("a story is told as text or json.");
  const auto form = options.forms.front();
  const auto length = options.outages.empty() ? minute : options.outages.front();
  const bool schedule = options.schedules == 1;
  const auto which = schedule                   ? case_of(options, options.seed)
                     : options.cases.size() > 1 ? Case::base
                                                : options.cases.front();
  const auto plan = schedule ? schedule_for(options, form, options.seed)
                             : plan_for(options, form, length, options.ailment);
  Story story;
  const auto settings = settings_for(options, which);
  const auto outcome = Simulator(settings).run(plan, options.seed, &story);
  if (options.as == Shown::json) {
    fmt::print("{}", story_json(story));
    return exit_done;
  }
  fmt::print("{} {}/{}, {}, {}, seed {}\n\n{}\n{}\n", to_string(form), plan.tuning.interval_s,
             plan.tuning.threshold, to_string(which),
             schedule ? "a random schedule"
                      : fmt::format("Primary ails ({}) for {} s", to_string(options.ailment),
                                    length / second),
             options.seed, text_of(story), told(outcome));
  return exit_done;
}

// --- random schedules

struct Schedules {
  std::uint64_t done = 0, failovers = 0, leaks = 0, missed = 0, latches = 0;
  Ms unsafe = 0, lasted = 0;
  std::vector<std::uint64_t> seeds;  // of the first leaks
  std::array<std::uint64_t, trouble_count> with{};
};

std::string list_of_seeds(const std::vector<std::uint64_t>& seeds) {
  std::vector<std::string> words;
  for (const auto seed : seeds) words.push_back(std::to_string(seed));
  return join(words, ", ");
}

std::string list_of_troubles(const Schedules& sum) {
  std::vector<std::string> words;
  for (const auto trouble : all_troubles())
    words.push_back(
        fmt::format("\"{}\":{}", to_string(trouble), sum.with[static_cast<std::size_t>(trouble)]));
  return join(words, ",");
}

// In how many of a hundred each was; what was in none is not told.
std::string shares_of_troubles(const Schedules& sum) {
  std::vector<std::string> words;
  for (const auto trouble : all_troubles())
    if (const auto with = sum.with[static_cast<std::size_t>(trouble)]; with > 0)
      words.push_back(fmt::format("{} {:.0f} %", to_string(trouble),
                                  100 * static_cast<double>(with) / static_cast<double>(sum.done)));
  return join(words, ", ");
}

void print_schedules(const SimulateOptions& options, Form form, const Schedules& sum) {
  const auto last = options.seed + sum.done - 1;
  if (options.as == Shown::json) {
    fmt::print(
        "{{\"form\":\"{}\",\"schedules\":{},\"first_seed\":{},\"last_seed\":{},\"failovers\":{},"
        "\"latches\":{},\"leaks\":{},\"unsafe_s\":{}.{:03},\"missed\":{},\"virtual_s\":{},"
        "\"leak_seeds\":[{}],\"with\":{{{}}}}}",
        to_string(form), sum.done, options.seed, last, sum.failovers, sum.latches, sum.leaks,
        sum.unsafe / 1000, sum.unsafe % 1000, sum.missed, sum.lasted / 1000,
        list_of_seeds(sum.seeds), list_of_troubles(sum));
    return;
  }
  fmt::print(
      "{}: {} schedules (seeds {} to {}), {} hours of virtual time: {} failed over, {} leaked, {} "
      "unsafe seconds.\n",
      to_string(form), sum.done, options.seed, last, sum.lasted / hour, sum.failovers, sum.leaks,
      sum.unsafe / 1000);
  fmt::print("In them: {}.\n", shares_of_troubles(sum));
  auto first = sum.seeds;
  if (first.size() > seeds_told) first.resize(seeds_told);
  if (!first.empty())
    fmt::print(
        "The first leaks: seeds {}. One told: the same options, --form {}, --schedules 1 --seed {} "
        "--story\n",
        list_of_seeds(first), to_string(form), first.front());
}

Schedules try_schedules(const SimulateOptions& options, Form form, Progress& progress) {
  std::vector<std::unique_ptr<Simulator>> simulators;
  for (const auto which : options.cases)
    simulators.push_back(std::make_unique<Simulator>(settings_for(options, which)));
  Schedules sum;
  for (std::uint64_t i = 0; i < options.schedules; ++i) {
    const auto seed = options.seed + i;
    const auto plan = schedule_for(options, form, seed);
    const auto outcome = simulators[seed % simulators.size()]->run(plan, seed);
    ++sum.done;
    const auto troubles = troubles_of(plan);
    for (std::size_t t = 0; t < trouble_count; ++t) sum.with[t] += troubles.test(t);
    sum.failovers += outcome.failed_over;
    sum.leaks += outcome.leaked;
    sum.missed += outcome.missed;
    sum.latches += static_cast<std::uint64_t>(outcome.latches);
    sum.unsafe += outcome.unsafe;
    sum.lasted += outcome.lasted;
    if (outcome.leaked && sum.seeds.size() < seeds_kept) sum.seeds.push_back(seed);
    progress.step();
  }
  return sum;
}

int schedules(const SimulateOptions& options) {
  if (options.as == Shown::svg || options.as == Shown::markdown)
    return wrong("schedules are told as text or json.");
  const bool json = options.as == Shown::json;
  const auto began = std::chrono::steady_clock::now();
  bool leaked = false;
  if (json) fmt::print("[");
  for (std::size_t i = 0; i < options.forms.size(); ++i) {
    Schedules sum;
    {
      Progress progress(options.schedules);
      sum = try_schedules(options, options.forms[i], progress);
    }
    if (json && i > 0) fmt::print(",\n ");
    print_schedules(options, options.forms[i], sum);
    leaked = leaked || sum.leaks > 0;
  }
  if (json) fmt::print("]\n");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  // How fast is no part of the answer: the same seed gives the same stdout.
  say(fmt::format("{:.0f} schedules a second; it goes on with --seed {}.",
                  static_cast<double>(options.schedules * options.forms.size()) / took.count(),
                  options.seed + options.schedules));
  return leaked ? exit_failed : exit_done;
}

// --- of a health check that there is

std::optional<int> read_check(SimulateOptions& options) {
  if (const auto status = make_id(options.common, options.health_check_id)) return status;
  GuardContext desk(options.common);
  // What cannot be seen of it cannot be seen below either, where it is said.
  const auto form = form_of(desk, options.health_check_id);
  guard::Query look;
  look.health_check_id = options.health_check_id;
  look.records = look.deliveries = look.probes = false;
  look.despite_silence = true;
  const auto seen =
      guard::observe(desk.aws(), look, Instant{desk.clock().now().time_since_epoch()});
  if (!seen) {
    const auto error = guard::error_of(seen.error(), "read the health check");
    say("sitelatch: " + error.text);
    return exit_status_of(error.kind);
  }
  if (!seen->observed.check) {
    say(fmt::format("sitelatch: health check {} {}.", options.health_check_id,
                    seen->observed.check_unseen.empty()
                        ? "is not there"
                        : "cannot be seen: " + seen->observed.check_unseen));
    return seen->observed.check_unseen.empty() ? exit_failed : exit_no_answer;
  }
  const auto& check = *seen->observed.check;
  if (!guard::has_checkers(check)) {
    say(fmt::format(
        "sitelatch: health check {} is of type {}: it follows other checks or a metric. "
        "Name the check of Primary's endpoint.",
        check.id, check.type));
    return exit_failed;
  }
  if (!options.interval_s)
    options.interval_s = static_cast<int>(seen->check_config["RequestInterval"].integer_or(30));
  if (!options.threshold)
    options.threshold = static_cast<int>(seen->check_config["FailureThreshold"].integer_or(3));
  const auto deployed = form ? *form : Form::guide;
  if (options.forms.empty()) options.forms = {deployed};
  if (!options.function && seen->observed.function)
    options.function = seen->settings.function == guard::FunctionKind::native ? Function::native
                                                                              : Function::python;
  say(fmt::format("Health check {}: every {} s, FailureThreshold {}, {}.", check.id,
                  *options.interval_s, *options.threshold,
                  deployed != Form::guide
                      ? fmt::format("its guard is of the form {}", guard::to_string(deployed))
                  : !seen->observed.function
                      ? "no guard of its own; simulated as if the guide's were "
                        "deployed"
                  : options.function == Function::native ? "the guard's native function"
                                                         : "the guide's Python"));
  return std::nullopt;
}

}  // namespace

Result<simulation::Profile> read_profile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return problem(file + " cannot be read");
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (in.bad()) return problem(file + " cannot be read");
  auto profile = parse_profile(text);
  if (!profile) return problem(file + ", " + profile.error().text);
  return profile;
}

int simulate(const SimulateOptions& given) {
  if (given.list_assumptions) {
    fmt::print("{}", given.as == Shown::json       ? json_of_assumptions()
                     : given.as == Shown::markdown ? markdown_of_assumptions()
                                                   : table_of_assumptions());
    return exit_done;
  }
  auto options = given;
  if (!options.health_check_id.empty())
    if (const auto status = read_check(options)) return *status;
  if (options.forms.empty() && options.story) options.forms = {Form::guide};
  if (options.forms.empty()) options.forms.assign(all_forms.begin(), all_forms.end());
  if (options.cases.empty()) options.cases.assign(all_cases.begin(), all_cases.end());
  if (options.story) return tell_one(options);
  if (options.schedules > 0) return schedules(options);
  return options.profile_file.empty() ? tabulate(options) : year(options);
}

}  // namespace sitelatch::cli
