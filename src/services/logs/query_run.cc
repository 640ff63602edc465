// SPDX-License-Identifier: Apache-2.0
#include "services/logs/query_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "aws/service/paging.h"
#include "base/text.h"

namespace sitelatch::logs {
namespace {

using aws::Value;
using Command = QueryCommand::Kind;

constexpr std::size_t slice_events = 2'000, slice_bytes = 2u << 20;
constexpr std::uint64_t slice_work = 5'000'000;
constexpr std::uint64_t most_query_work = 5'000'000'000;  // seconds of a processor, not minutes
constexpr std::size_t most_bytes = 128u << 20;
constexpr double most_scanned_records = 20e6;

bool blocks(const QueryCommand& command) {
  return command.kind == Command::stats || command.kind == Command::sort ||
         command.kind == Command::dedup || command.kind == Command::limit;
}

// "[*] * ended": the texts between the stars, in their order; the last star takes the rest.
bool by_glob(const QueryCommand& command, const std::string& text, QueryRow& row) {
  const auto& glob = command.glob;
  auto at = text.find(glob.front());
  if (at == std::string::npos) return false;
  at += glob.front().size();
  std::vector<std::string> found;
  for (std::size_t i = 1; i < glob.size(); ++i) {
    const bool last = i + 1 == glob.size();
    const auto end = last && glob[i].empty() ? text.size() : text.find(glob[i], at);
    if (end == std::string::npos) return false;
    found.push_back(text.substr(at, end - at));
    at = end + glob[i].size();
  }
  for (std::size_t i = 0; i < found.size(); ++i)
    row.set(command.names[i], Cell::of(std::move(found[i])));
  return true;
}

void parse_into(const QueryCommand& command, QueryRow& row, const QueryContext& context) {
  const auto source = evaluate(command.source, row, context);
  if (!source.present()) return;
  const auto text = source.text();
  if (!command.regex) {
    by_glob(command, text, row);
    return;
  }
  const auto groups = command.regex->match(text, context.work);
  if (!groups) return;
  for (std::size_t i = 0; i < command.names.size() && i + 1 < groups->size(); ++i)
    if (!command.names[i].empty() && (*groups)[i + 1])
      row.set(command.names[i], Cell::of(std::string{*(*groups)[i + 1]}));
}

}  // namespace

std::string event_pointer(const Group& group, const std::string& stream, Position position) {
  return aws::page_token("ptr", position.key() + '/' + group.name + ':' + stream);
}

std::optional<EventPlace> place_of(std::string_view pointer) {
  const auto text = aws::page_position("ptr", pointer);
  if (!text) return std::nullopt;
  const auto slash = text->find('/'), colon = text->find(':');
  if (slash == std::string::npos || colon == std::string::npos || colon < slash)
    return std::nullopt;
  const auto position = Position::from_key(std::string_view{*text}.substr(0, slash));
  if (!position) return std::nullopt;
  return EventPlace{text->substr(slash + 1, colon - slash - 1), text->substr(colon + 1), *position};
}

QueryRun::QueryRun(Question question) : question_(std::move(question)) {
  work_.most = most_query_work;
  next_ = {question_.from_ms, 0};
  const auto& commands = question_.query.commands;
  while (blocking_ < commands.size() && !blocks(commands[blocking_])) ++blocking_;
  keeps_ = question_.most_rows;
  if (blocking_ == commands.size()) return;
  const auto& first = commands[blocking_];
  if (first.kind == Command::stats) stats_.emplace(first);
  if (first.kind == Command::limit) keeps_ = std::min(keeps_, first.most);
  if (first.kind == Command::dedup) keeps_ = 0;
  if (first.kind != Command::sort) return;
  sort_ = &first;
  const auto after = blocking_ + 1;
  if (after == commands.size()) return;
  keeps_ = commands[after].kind == Command::limit ? std::min(keeps_, commands[after].most) : 0;
}

QueryRun::State QueryRun::step(const LogStore& store) {
  std::size_t events = 0, bytes = 0;
  const auto work_before = work_.spent;
  // One line may be as long as a slice, and a pattern as slow as they come.
  work_.most = std::min(most_query_work, work_before + 10 * slice_work);
  bool too_large = false;
  const Position end{question_.to_ms + 1, 0};
  while (group_ < question_.groups.size()) {
    const auto* group = store.find(question_.region, question_.groups[group_]);
    bool interrupted = false;
    const auto see = [&](Event&& event) {
      next_ = event.position.next();
      ++events;
      bytes += event.message.size();
      statistics_.scanned += 1;
      statistics_.bytes += static_cast<double>(event.message.size());
      QueryRow::Origin origin{fmt::format("{}:{}", question_.account, group->name),
                              event_pointer(*group, event.stream, event.position),
                              group->name.starts_with("/aws/lambda/")};
      too_large = !take(QueryRow{std::move(event), std::move(origin)});
      interrupted = events >= slice_events || bytes >= slice_bytes ||
                    work_.spent - work_before >= slice_work || work_.exhausted();
      return !too_large && !interrupted;
    };
    if (group)
      store.read_timeline(
          *group, next_, end, [](const Stream&) { return true; }, see);
    if (too_large) return State::too_large;
    if (work_.exhausted() || statistics_.scanned >= most_scanned_records) return State::too_long;
    if (interrupted) return State::running;
    if (group) statistics_.groups += 1;
    ++group_;
    next_ = {question_.from_ms, 0};
  }
  finish();
  return work_.exhausted() ? State::too_long : State::complete;
}

// Through commands [first, last), none of which blocks. False: filtered out.
bool QueryRun::stream(QueryRow& row, std::size_t first, std::size_t last) {
  const auto with = context();
  for (auto i = first; i < last; ++i) {
    const auto& command = question_.query.commands[i];
    switch (command.kind) {
      case Command::filter:
        if (!evaluate(command.condition, row, with).truth()) return false;
        break;
      case Command::parse:
        parse_into(command, row, with);
        break;
      case Command::fields:
      case Command::display:
        for (const auto& column : command.columns)
          if (column.expression.kind != QueryExpression::Kind::field ||
              column.name != column.expression.name)
            row.set(column.name, evaluate(column.expression, row, with));
        break;
      default:
        break;
    }
  }
  return true;
}

bool QueryRun::take(QueryRow row) {
  if (!stream(row, 0, blocking_)) return true;
  statistics_.matched += 1;
  if (stats_) {
    stats_->add(row, context());
    return stats_->bytes() <= most_bytes;
  }
  bytes_ += row.settle();
  kept_.push_back(std::move(row));
  if (keeps_ > 0 && kept_.size() >= 2 * keeps_ + slice_events) keep_the_best();
  return bytes_ <= most_bytes;
}

void QueryRun::keep_the_best() {
  order(kept_, sort_);
  kept_.resize(std::min(kept_.size(), keeps_));
  bytes_ = 0;
  for (auto& row : kept_) bytes_ += row.settle();
}

// Without a command for it: the latest first.
void QueryRun::order(std::vector<QueryRow>& rows, const QueryCommand* sort) const {
  if (!sort) {
    std::stable_sort(rows.begin(), rows.end(), [](const QueryRow& a, const QueryRow& b) {
      return a.position() > b.position();
    });
    return;
  }
  // Keys once, not at every comparison. Numbers before texts: an order, whatever is in them.
  struct Keyed {
    std::vector<Cell> keys;
    std::size_t at;
  };
  std::vector<Keyed> keyed;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Keyed one{{}, i};
    for (const auto& key : sort->keys) one.keys.push_back(rows[i].field(key.field));
    keyed.push_back(std::move(one));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [sort](const Keyed& a, const Keyed& b) {
    for (std::size_t i = 0; i < sort->keys.size(); ++i) {
      const auto &x = a.keys[i], &y = b.keys[i];
      if (x.present() != y.present()) return x.present();  // what is absent stands last
      const bool numbers = x.number().has_value(), also = y.number().has_value();
      const int order = numbers != also ? (numbers ? -1 : 1) : compare(x, y);
      if (order != 0) return (order < 0) != sort->keys[i].descending;
    }
    return false;
  });
  std::vector<QueryRow> sorted;
  sorted.reserve(rows.size());
  for (const auto& one : keyed) sorted.push_back(std::move(rows[one.at]));
  rows = std::move(sorted);
}

void QueryRun::finish() {
  const auto& commands = question_.query.commands;
  auto rows = stats_ ? stats_->rows(context()) : std::move(kept_);
  auto at = blocking_;
  if (stats_)
    ++at;
  else if (at == commands.size() || commands[at].kind != Command::sort)
    order(rows, nullptr);
  for (; at < commands.size(); ++at) apply(commands[at], rows);
  if (rows.size() > question_.most_rows) rows.resize(question_.most_rows);
  show(rows);
}

void QueryRun::apply(const QueryCommand& command, std::vector<QueryRow>& rows) {
  switch (command.kind) {
    case Command::sort:
      return order(rows, &command);
    case Command::limit:
      if (rows.size() > command.most) rows.resize(command.most);
      return;
    case Command::dedup: {
      std::set<std::string> seen;
      std::erase_if(rows, [&](const QueryRow& row) {
        std::string key;
        for (const auto& name : command.names) {
          const auto value = row.field(name);
          if (!value.present()) return true;  // without the field there is nothing to compare
          key += value.text() + '\0';
        }
        return !seen.insert(std::move(key)).second;
      });
      return;
    }
    case Command::stats: {
      QueryStats again{command};
      for (const auto& row : rows) again.add(row, context());
      rows = again.rows(context());
      return;
    }
    default: {
      const auto index = static_cast<std::size_t>(&command - question_.query.commands.data());
      std::erase_if(rows, [&](QueryRow& row) { return !stream(row, index, index + 1); });
    }
  }
}

// What is shown: the columns of the last display; else those of all fields; of stats, those that it
// gave. Events have their pointer besides.
void QueryRun::show(const std::vector<QueryRow>& rows) {
  std::vector<std::string> columns;
  const auto add = [&columns](const std::string& name) {
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
  };
  bool displayed = false;
  for (const auto& command : question_.query.commands) {
    if (command.kind == Command::stats || command.kind == Command::display) columns.clear();
    if (command.kind == Command::stats) displayed = false;
    if (command.kind == Command::display) displayed = true;
    if (command.kind == Command::stats)
      for (const auto& column : command.by) add(column.name);
    if (command.kind == Command::stats || command.kind == Command::display ||
        (command.kind == Command::fields && !displayed))
      for (const auto& column : command.columns) add(column.name);
  }
  if (columns.empty()) columns = {"@timestamp", "@message"};
  for (const auto& row : rows) {
    Value line = Value::list();
    const auto cell = [&](const std::string& name) {
      const auto value = row.field(name);
      if (value.present()) line.push(Value::structure({{"field", name}, {"value", value.text()}}));
    };
    for (const auto& column : columns) cell(column);
    if (row.of_event() && std::find(columns.begin(), columns.end(), "@ptr") == columns.end())
      cell("@ptr");
    results_.push(std::move(line));
  }
}

}  // namespace sitelatch::logs
