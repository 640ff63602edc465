// SPDX-License-Identifier: Apache-2.0
#include "services/iam/usage.h"

#include <vector>

#include "aws/wire/stored.h"
#include "ports/rows.h"

namespace sitelatch::iam {
namespace {
using aws::Value;
constexpr std::string_view table = "usage.iam";
constexpr Duration between_writes = std::chrono::minutes{1};

std::string root_or(std::string_view entity_id) {
  return entity_id.empty() ? "root" : std::string{entity_id};
}
// Rows: "key/AKIA..." and "entity/AIDA.../sns/Publish".
std::string row_of_key(std::string_view id) { return "key/" + std::string{id}; }
std::string row_of_entity(std::string_view id) { return "entity/" + root_or(id) + "/"; }

const std::map<std::string, Use, std::less<>>& none() {
  static const std::map<std::string, Use, std::less<>> empty;
  return empty;
}
}  // namespace

Usage::Usage(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, table, [this](std::string_view key, std::string_view row) {
    const auto v = aws::stored_value(row);
    const Use use{from_unix_ms(v["at"].integer()), v["service"].string(), v["region"].string(),
                  v["operation"].string()};
    const auto name = ports::text_of_key(key);
    rows_[name] = {use, use.at};
    take(name, use);
  });
}

// What the row says, in the maps that are asked.
void Usage::take(std::string_view key, const Use& use) {
  constexpr std::string_view entities = "entity/";
  if (!key.starts_with(entities)) return;
  const auto entity = key.substr(entities.size(), key.find('/', entities.size()) - entities.size());
  const auto newer = [&use](Use& kept) {
    if (kept.at <= use.at) kept = use;
  };
  newer(services_[std::string{entity}][use.service]);
  newer(operations_[std::string{entity} + "/" + use.service][use.operation]);
}

void Usage::keep(const std::string& key, const Use& use) {
  auto [found, fresh] = rows_.try_emplace(key);
  auto& row = found->second;
  row.use = use;
  take(key, use);
  if (!fresh && use.at - row.written < between_writes) return;
  row.written = use.at;
  journal_.put(table, key,
               aws::to_json(Value::structure({{"at", use.at},
                                              {"service", use.service},
                                              {"region", use.region},
                                              {"operation", use.operation}})));
}

void Usage::note(std::string_view access_key_id, std::string_view entity_id, const Use& use) {
  if (access_key_id.starts_with("AKIA")) keep(row_of_key(access_key_id), use);
  keep(row_of_entity(entity_id) + use.service + "/" + use.operation, use);
}

const Use* Usage::of_key(std::string_view access_key_id) const {
  const auto found = rows_.find(row_of_key(access_key_id));
  return found == rows_.end() ? nullptr : &found->second.use;
}

const Use* Usage::of_entity(std::string_view entity_id) const {
  const Use* last = nullptr;
  for (const auto& [service, use] : services_of(entity_id))
    if (!last || last->at < use.at) last = &use;
  return last;
}

const std::map<std::string, Use, std::less<>>& Usage::services_of(
    std::string_view entity_id) const {
  const auto found = services_.find(root_or(entity_id));
  return found == services_.end() ? none() : found->second;
}

const std::map<std::string, Use, std::less<>>& Usage::operations_of(
    std::string_view entity_id, std::string_view service) const {
  const auto found = operations_.find(root_or(entity_id) + "/" + std::string{service});
  return found == operations_.end() ? none() : found->second;
}

void Usage::forget_key(std::string_view access_key_id) {
  const auto key = row_of_key(access_key_id);
  rows_.erase(key);
  journal_.erase(table, key);
}

void Usage::forget_entity(std::string_view entity_id) {
  if (entity_id.empty()) return;  // root stays
  const auto prefix = row_of_entity(entity_id);
  for (auto at = rows_.lower_bound(prefix); at != rows_.end() && at->first.starts_with(prefix);) {
    journal_.erase(table, at->first);
    at = rows_.erase(at);
  }
  for (const auto& [service, use] : services_of(entity_id))
    operations_.erase(std::string{entity_id} + "/" + service);
  services_.erase(std::string{entity_id});
}

}  // namespace sitelatch::iam
