// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_config.h"
#include "cli/guard_engine.h"
#include "cli/guard_ids.h"
#include "cli/guard_metrics.h"
#include "cli/guard_report.h"
#include "cli/guard_safety.h"
#include "cli/guard_table.h"
#include "cli/guard_watch.h"
#include "cli/replace_file.h"
#include "cli/screen_text.h"
#include "cli/terminal.h"
#include "guard/apply/audit_log.h"
#include "guard/apply/find_form.h"
#include "guard/apply/hardened_observe.h"

namespace sitelatch::cli {
namespace {

// To stdout, or to the file. Metrics that are not there are worse than none that say so: a file
// that cannot be written is what the command ends with.
int give_metrics(const StatusOptions& options, StatusMetrics& metrics, int status) {
  const auto text = metrics.text(net::SystemWallClock{}.now(), status);
  if (options.output_file.empty()) {
    fmt::print("{}", text);
    return status;
  }
  const auto written = replace_file(options.output_file, text);
  return written ? status : fail(options.common, written.error().text, exit_failed);
}

// What watches over guards must not take "none" for "all is well": the account, the region or the
// rights may be the wrong ones.
int no_guards(const StatusOptions& options) {
  const std::string sentence =
      "No guard was found in this account: nothing keeps a failed Primary out of DNS. If there "
      "should be one, look whether these are the right credentials. To begin: sitelatch doctor";
  switch (options.common.output) {
    case Output::json:
      fmt::print("{}\n", aws::to_json(aws::Value::structure({{"guards", aws::Value::list()},
                                                             {"sentence", sentence},
                                                             {"exit_code", exit_no_guards}})));
      break;
    case Output::text:
      fmt::print("{}\n", sentence);
      break;
    case Output::prometheus: {
      say(sentence);
      StatusMetrics none;
      return give_metrics(options, none, exit_no_guards);
    }
  }
  return exit_no_guards;
}

// GetHealthCheckStatus is allowed four times at once, and then once a second (fact client-11): for
// more guards than that the metric alone speaks of Primary's health.
constexpr std::size_t most_with_probes = 3;

// One guard in its form. While nothing follows what a form has made, the guide's guard of the same
// check, where there is one, is what latches: both are shown.
struct Looked {
  std::optional<guard::ConfigView> config;
  std::optional<guard::View> guide;
  std::optional<guard::EngineView> engine;

  int code() const {
    if (engine) return status_code(*engine);
    if (!config) return status_code(*guide);
    return guide ? status_code(*guide) : status_code(*config);
  }
  // Of what latches: of the guide's guard where both are shown.
  std::optional<guard::SafetyGround> ground() const {
    if (engine) return guard::safety_ground(*engine);
    return guide ? guard::safety_ground(*guide) : guard::safety_ground(*config);
  }
  const std::string& id() const {
    return engine ? engine->endpoint : guide ? guide->id() : config->id();
  }
  aws::Value value(const std::optional<guard::Safety>& safety) const {
    auto out = all_of_it();
    if (safety) out.set("safety", cli::to_value(*safety));
    return out;
  }
  // Of what latches; what else is there is a note.
  Screen screen(const std::string& asked) const {
    if (engine) return screen_of(*engine, asked, code());
    if (!guide) return screen_of(*config, asked, code());
    auto out = screen_of(*guide, asked, code());
    if (config)
      out.notes.push_back("Beside it the form config is " +
                          std::string{guard::to_string(config->assessment.phase)} + ": " +
                          config->assessment.next);
    return out;
  }
  // What else has a guard of its own there (-v): nothing follows it yet.
  std::optional<Screen> second_screen(const std::string& asked) const {
    if (!config || !guide) return std::nullopt;
    return screen_of(*config, asked, status_code(*config));
  }
  // Noted on the check; of the guide's forms in the audit log, which is read for it. Empty: nobody
  // knows.
  std::string last_drill(client::Aws& aws) const {
    if (!guide) {
      const auto note = read_drill_note(engine ? engine->last_drill : config->last_drill());
      return note ? drill_words(note->passed, note->at, engine ? engine->now : config->now) : "";
    }
    constexpr auto back = std::chrono::hours{24 * 30};
    const auto& group = guide->plan.audit_group;
    const auto entries =
        guard::AuditLog(aws, group.region, group.name, guide->id(), "").read(guide->now - back);
    if (!entries) return "";
    for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry)
      if (entry->action == "drill" && (entry->stage == "done" || entry->stage == "failed"))
        return drill_words(entry->stage == "done", entry->at, guide->now);
    return "none in 30d";
  }
  void add_to(StatusMetrics& metrics, const std::optional<guard::Safety>& safety) const {
    if (engine) metrics.add(*engine, status_code(*engine), safety);
    if (config) metrics.add(*config, status_code(*config), guide ? std::nullopt : safety);
    if (guide) metrics.add(*guide, status_code(*guide), safety);
  }

 private:
  aws::Value all_of_it() const {
    if (engine) return cli::to_value(*engine);
    if (!config) return cli::to_value(*guide);
    auto out = cli::to_value(*config);
    if (guide) out.set("guide", cli::to_value(*guide));
    out.set("exit_code", code());
    return out;
  }
};

Result<Looked, guard::Error> look_at(GuardContext& context, const std::string& id_or_name,
                                     const guard::ViewOptions& how) {
  auto id = check_id(context, id_or_name);
  if (!id) return failure(id.error());
  const auto form = form_of(context, *id);
  if (!form) return failure(form.error());
  Looked out;
  if (*form == guard::Form::engine) {
    auto view = guard::look_at_engine(context.context(), *id, how.all_records);
    if (!view) return failure(view.error());
    out.engine = std::move(*view);
    return out;
  }
  if (*form == guard::Form::config) {
    guard::ConfigLook look;
    look.probes = how.probes;
    look.all_records = how.all_records;
    auto view = guard::look_at_config(context.context(), *id, look);
    if (!view) return failure(view.error());
    out.config = std::move(*view);
    if (!out.config->observed.records || out.config->observed.records->on_hold > 0) return out;
  }
  auto view = guard::view(context.aws(), context.clock(), *id, how);
  if (!view) return failure(view.error());
  if (*form == guard::Form::hardened || guard::has_sentinel(view->snapshot))
    if (const auto added = guard::add_hardened(context.context(), *view); !added)
      return failure(added.error());
  if (!out.config || guard::has_guide_guard(*view)) out.guide = std::move(*view);
  return out;
}

// One connection an account, however many of its guards are looked at.
class Accounts {
 public:
  struct One {
    One(const StatusTarget& target)
        : context(target.common, target.dns_server), records(context.aws()) {}
    GuardContext context;
    guard::AllRecords records;
  };
  One& of(const StatusTarget& target) {
    const auto& common = target.common;
    auto& one = open_[{common.profile, common.region, common.endpoint_url, target.dns_server}];
    if (!one) one = std::make_unique<One>(target);
    return *one;
  }
  template <class Visit>
  void each(const Visit& visit) {
    for (auto& [key, one] : open_) visit(*one);
  }

 private:
  std::map<std::array<std::string, 4>, std::unique_ptr<One>> open_;
};

// What is in the accounts of the file's guards and not in the file would else be overlooked by who
// believes that --all are all.
aws::Value tell_unnamed(const StatusOptions& options, Accounts& accounts,
                        const std::set<std::string>& seen) {
  auto out = aws::Value::list();
  std::vector<std::string> unnamed;
  accounts.each([&](Accounts::One& one) {
    const auto found = guard::every_guard(one.context.aws());
    if (!found) return;  // may not be listed by who may look at each
    for (const auto& id : *found)
      if (seen.count(id) == 0 && std::find(unnamed.begin(), unnamed.end(), id) == unnamed.end())
        unnamed.push_back(id);
  });
  for (const auto& id : unnamed) out.push(id);
  if (!unnamed.empty())
    say(fmt::format("Not looked at: {} of the same account that {} not named in {}: {}.",
                    counted(static_cast<std::int64_t>(unnamed.size()), "guard", "guards"),
                    unnamed.size() == 1 ? "is" : "are", options.named_by, join(unnamed, ", ")));
  return out;
}

std::size_t width_of_stdout() {
  const auto room = room_of(STDOUT_FILENO);
  return room ? room->columns : unbounded;
}

Watched::Colours colours_of_stdout() {
  return colours_wanted() ? Watched::Colours::yes : Watched::Colours::no;
}

void print_lines(const std::vector<std::string>& lines) {
  for (const auto& line : lines) fmt::print("{}\n", line);
}

void print_screen(const std::string& asked, Screen screen, bool verbose) {
  Watched guard(asked);
  guard.saw(std::move(screen));
  print_lines(guard.lines(width_of_stdout(),
                          verbose ? Watched::Extent::all : Watched::Extent::brief,
                          colours_of_stdout()));
}

// Each guard in turn, or a table of them.
class StatusText {
 public:
  StatusText(const StatusOptions& options, bool table) : options_(options), table_(table) {}
  // Reckoning it takes a while, and only all of it shows it.
  bool wants_safety(const StatusTarget& target) const {
    return options_.verbose || !target.assumed.empty();
  }

  void add(const std::string& asked, const Looked& looked, client::Aws& aws,
           const std::optional<guard::Safety>& safety) {
    if (table_) {
      rows_.push_back({looked.screen(asked), asked, "", looked.last_drill(aws), looked.code()});
      return;
    }
    if (begun_) fmt::print("\n");
    begun_ = true;
    print_screen(asked, looked.screen(asked), options_.verbose);
    if (auto second = options_.verbose ? looked.second_screen(asked) : std::nullopt)
      print_screen(asked, std::move(*second), true);
    if (safety) print_brief(*safety);
  }
  void add_unreadable(const std::string& asked, const std::string& why, int code) {
    say(as_sentence(why));
    if (table_) rows_.push_back({std::nullopt, asked, why, "", code});
  }
  void finish() {
    if (table_) print_lines(table_of(std::move(rows_), width_of_stdout(), colours_of_stdout()));
  }

 private:
  const StatusOptions& options_;
  bool table_, begun_ = false;
  std::vector<TableRow> rows_;
};

}  // namespace

int status(const StatusOptions& options) {
  const bool as_metrics = options.common.output == Output::prometheus;
  if (!options.output_file.empty() && !as_metrics)
    return fail(options.common, "--output-file goes with --output prometheus", exit_usage);
  Accounts accounts;
  auto wanted = options.targets;
  const bool one = wanted.size() == 1 && !options.every_guard && options.named_by.empty();
  if (options.every_guard) {
    StatusTarget more{{}, {}, options.common, options.dns_server, options.assumed};
    const auto found = guard::every_guard(accounts.of(more).context.aws());
    if (!found) return fail(options.common, found.error().text, exit_status_of(found.error().kind));
    for (const auto& id : *found) {
      const auto is_it = [&](const StatusTarget& target) { return target.id_or_name == id; };
      if (std::any_of(wanted.begin(), wanted.end(), is_it)) continue;
      more.id_or_name = id;
      wanted.push_back(more);
    }
  }
  if (wanted.empty()) return no_guards(options);
  const auto how_of = [&](Accounts::One& account) {
    auto how = account.context.context().everything();
    how.all_records = &account.records;
    how.probes = wanted.size() <= most_with_probes;
    return how;
  };
  if (options.watch) {
    std::vector<WatchTarget> watched;
    for (const auto& target : wanted)
      watched.push_back({&accounts.of(target).context, target.id_or_name, target.shown()});
    return watch(options, watched, how_of(accounts.of(wanted.front())),
                 [&](const WatchTarget& target, const std::string& id,
                     const guard::ViewOptions& now) -> Result<Screen, guard::Error> {
                   auto mine = target.context->context().everything();
                   mine.all_records = now.all_records;
                   mine.probes = now.probes;
                   const auto looked = look_at(*target.context, id, mine);
                   if (!looked) return failure(looked.error());
                   return looked->screen(target.shown);
                 });
  }
  const auto reckon = reckoning();
  int worst = exit_done;
  auto all = aws::Value::list();
  std::set<std::string> seen;
  StatusMetrics metrics;
  const bool as_text = options.common.output == Output::text;
  const bool table = options.all || wanted.size() > 1;
  StatusText text(options, as_text && !options.verbose && table);
  for (const auto& target : wanted) {
    auto& account = accounts.of(target);
    const auto looked = look_at(account.context, target.id_or_name, how_of(account));
    if (!looked) {
      const auto code = exit_status_of(looked.error().kind);
      if (one && !as_metrics) return fail(options.common, looked.error().text, code);
      if (as_text)
        text.add_unreadable(target.shown(), looked.error().text, code);
      else
        say((target.guard.empty() ? "" : "Guard " + target.guard + ": ") +
            as_sentence(looked.error().text));
      metrics.add_unreadable(target.id_or_name);
      auto unreadable = aws::Value::structure({{"health_check_id", target.id_or_name},
                                               {"error", looked.error().text},
                                               {"exit_code", code}});
      if (!target.guard.empty()) unreadable.set("guard", target.guard);
      all.push(std::move(unreadable));
      worst = guard::graver(worst, code);
      continue;
    }
    seen.insert(looked->id());
    worst = guard::graver(worst, looked->code());
    std::optional<guard::Safety> safety;
    if (!as_text || text.wants_safety(target))
      safety = safety_of(looked->ground(),
                         safety_wish(account.context, target.common, looked->id(), target.assumed,
                                     guard::SafetyWish::Weigh::best),
                         reckon);
    if (as_metrics) {
      looked->add_to(metrics, safety);
    } else if (options.common.output == Output::json) {
      auto value = looked->value(safety);
      if (!target.guard.empty()) value.set("guard", target.guard);
      all.push(std::move(value));
      if (one) fmt::print("{}\n", aws::to_json(all.items().back()));
    } else {
      text.add(target.shown(), *looked, account.context.aws(), safety);
    }
  }
  auto unnamed =
      options.named_by.empty() ? aws::Value::list() : tell_unnamed(options, accounts, seen);
  if (as_metrics) return give_metrics(options, metrics, worst);
  text.finish();
  if (options.common.output == Output::json && !one) {
    auto out = aws::Value::structure({{"guards", all}, {"exit_code", worst}});
    if (!options.named_by.empty()) out.set("not_in_file", std::move(unnamed));
    fmt::print("{}\n", aws::to_json(out));
  }
  return worst;
}

}  // namespace sitelatch::cli
