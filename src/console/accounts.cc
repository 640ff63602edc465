// SPDX-License-Identifier: Apache-2.0
#include "console/accounts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sentences.h"
#include "base/text.h"

namespace sitelatch::console {

using aws::Value;

std::optional<GuardKey> guard_key(const std::string& subject) {
  const auto parts = split(subject, ':');
  if (parts.size() != 3 || parts[0] != "guard") return std::nullopt;
  const auto account = parse_int(parts[1]);
  if (!account || *account < 0 || *account > 1000 || !guard::valid_health_check_id(parts[2]))
    return std::nullopt;
  return GuardKey{static_cast<std::size_t>(*account), std::string{parts[2]}};
}

Accounts::Accounts(std::vector<Account> accounts, std::function<aws::Value()> engine)
    : accounts_(std::move(accounts)), engine_(std::move(engine)) {
  readers_.reserve(accounts_.size());
  for (auto& account : accounts_)
    readers_.emplace_back(account.context, account.pace, account.weighing);
}

bool Accounts::knows(const std::string& subject) const {
  if (subject == "fleet") return true;
  if (subject == "engine") return engine_ != nullptr;
  const auto key = guard_key(subject);
  return key && key->account < accounts_.size();
}

std::chrono::milliseconds Accounts::pace(const std::string& subject) const {
  if (const auto key = guard_key(subject); key && key->account < accounts_.size())
    return accounts_[key->account].pace.guard;
  if (subject == "engine") return pace_of_engine.guard;
  auto out = pace_of_engine.fleet;
  for (const auto& account : accounts_) out = std::max(out, account.pace.fleet);
  return out;
}

Value Accounts::look(const std::string& subject) {
  if (subject == "fleet") return fleet();
  if (subject == "engine" && engine_) return engine_();
  return guard(subject);
}

Value Accounts::fleet() {
  std::vector<FleetRow> rows;
  auto problems = Value::list();
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    auto& account = accounts_[i];
    const auto in_account = account.label.empty() ? "" : account.label + ": ";
    auto ids = readers_[i].guards();
    if (!ids) {
      problems.push(in_account + as_sentence(ids.error().text));
      continue;
    }
    for (const auto& id : account.more_guards())
      if (std::find(ids->begin(), ids->end(), id) == ids->end()) ids->push_back(id);
    guard::AllRecords records(account.context.aws);
    for (const auto& id : *ids) {
      FleetRow row;
      row.key = fmt::format("guard:{}:{}", i, id);
      row.account = account.label;
      row.id = id;
      auto view = readers_[i].glance(id, records);
      if (view)
        row.guard = std::move(*view);
      else
        row.problem = as_sentence(view.error().text);
      rows.push_back(std::move(row));
    }
  }
  sort_by_trouble(rows);
  auto list = Value::list();
  for (const auto& row : rows) list.push(to_value(row));
  return Value::structure({{"kind", "fleet"},
                           {"rows", list},
                           {"problems", problems},
                           {"engine", engine_ != nullptr},
                           {"everyMs", pace("fleet").count()}});
}

Value Accounts::guard(const std::string& subject) {
  const auto key = guard_key(subject);
  auto out = Value::structure({{"kind", "guard"},
                               {"key", subject},
                               {"account", accounts_[key->account].label},
                               {"engine", engine_ != nullptr},
                               {"everyMs", pace(subject).count()}});
  const auto view = readers_[key->account].look(key->id);
  if (!view) {
    out.set("problem", as_sentence(view.error().text));
    return out;
  }
  out.set("guard", to_value(*view));
  const std::lock_guard lock(mutex_);
  seen_.insert_or_assign(subject, *view);
  return out;
}

std::optional<GuardView> Accounts::seen(const std::string& subject) const {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(subject);
  return found == seen_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace sitelatch::console
