// SPDX-License-Identifier: Apache-2.0
#include "services/logs/query_row.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::logs {
namespace {

using aws::Value;
using Fields = std::vector<std::pair<std::string, Cell>>;

constexpr std::size_t most_discovered = 200;  // of a message, as on AWS
constexpr int deepest_document = 32;
constexpr std::size_t row_overhead = 200;

// "a.b.0.c": names may hold dots themselves, so each member is tried.
const Value* found_in(const Value& value, std::string_view name, int depth) {
  if (depth > deepest_document) return nullptr;
  if (value.is_list()) {
    const auto dot = name.find('.');
    const auto index = parse_int(name.substr(0, dot));
    if (!index || *index < 0 || static_cast<std::size_t>(*index) >= value.items().size())
      return nullptr;
    const auto& item = value.items()[static_cast<std::size_t>(*index)];
    return dot == std::string_view::npos ? &item : found_in(item, name.substr(dot + 1), depth + 1);
  }
  if (!value.is_struct()) return nullptr;
  for (const auto& member : value.members()) {
    if (member.name == name) return &member.value;
    if (name.size() > member.name.size() && name[member.name.size()] == '.' &&
        name.substr(0, member.name.size()) == member.name)
      if (const auto* inner =
              found_in(member.value, name.substr(member.name.size() + 1), depth + 1))
        return inner;
  }
  return nullptr;
}

void flatten(const Value& value, const std::string& name, int depth, Fields& out) {
  if (out.size() >= most_discovered || depth > deepest_document) return;
  const auto inner = [&name](const std::string& part) {
    return name.empty() ? part : name + '.' + part;
  };
  if (value.is_struct()) {
    for (const auto& member : value.members())
      flatten(member.value, inner(member.name), depth + 1, out);
  } else if (value.is_list()) {
    std::size_t index = 0;
    for (const auto& item : value.items())
      flatten(item, inner(std::to_string(index++)), depth + 1, out);
  } else if (!name.empty()) {
    out.emplace_back(name, Cell::of(value));
  }
}

// "REPORT RequestId: x\tDuration: 1.5 ms\tMax Memory Used: 30 MB": the number behind a label.
std::optional<double> labelled(std::string_view line, std::string_view label) {
  auto at = line.find(label);
  // "Duration" is the end of "Billed Duration", too.
  while (at != std::string_view::npos && at > 0 && line[at - 1] != '\t')
    at = line.find(label, at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  auto rest = line.substr(at + label.size());
  rest = rest.substr(0, rest.find_first_of(" \t\n"));
  return parse_double(rest);
}

}  // namespace

const Value& QueryRow::document() const {
  if (!read_) {
    read_ = true;
    const auto text = trim(event_->message);
    if (!text.empty() && (text.front() == '{' || text.front() == '['))
      if (auto parsed = aws::from_json(text)) document_ = std::move(*parsed);
  }
  return document_;
}

Fields QueryRow::lambda_fields() const {
  Fields out;
  const std::string_view line = event_->message;
  for (const std::string_view type : {"START", "END", "REPORT"}) {
    if (!line.starts_with(type) || line.substr(type.size(), 12) != " RequestId: ") continue;
    out.emplace_back("@type", Cell::of(std::string{type}));
    const auto id = line.substr(type.size() + 12);
    out.emplace_back("@requestId", Cell::of(std::string{id.substr(0, id.find_first_of(" \t\n"))}));
    if (type != "REPORT") return out;
    constexpr double megabyte = 1e6;
    const auto add = [&](const char* name, std::string_view label, double unit) {
      if (const auto number = labelled(line, label))
        out.emplace_back(name, Cell::of(*number * unit));
    };
    add("@duration", "Duration: ", 1);
    add("@billedDuration", "Billed Duration: ", 1);
    add("@memorySize", "Memory Size: ", megabyte);
    add("@maxMemoryUsed", "Max Memory Used: ", megabyte);
    add("@initDuration", "Init Duration: ", 1);
  }
  return out;
}

Cell QueryRow::field(std::string_view name) const {
  for (const auto& [made, value] : made_)
    if (made == name) return value;
  if (!event_) return {};
  if (!name.empty() && name.front() == '@') {
    if (name == "@message") return Cell::of(event_->message);
    if (name == "@timestamp") return Cell::time(static_cast<double>(timestamp_ms()));
    if (name == "@ingestionTime") return Cell::time(static_cast<double>(event_->ingestion_ms));
    if (name == "@logStream") return Cell::of(event_->stream);
    if (name == "@log") return Cell::of(origin_.log);
    if (name == "@ptr") return Cell::of(origin_.pointer);
    if (origin_.lambda)
      for (auto& [found, value] : lambda_fields())
        if (found == name) return value;
  }
  const auto* found = found_in(document(), name, 0);
  return found ? Cell::of(*found) : Cell{};
}

void QueryRow::set(const std::string& name, Cell value) {
  const auto found = std::find_if(made_.begin(), made_.end(),
                                  [&name](const auto& one) { return one.first == name; });
  if (found == made_.end())
    made_.emplace_back(name, std::move(value));
  else
    found->second = std::move(value);
}

Fields QueryRow::all() const {
  Fields out;
  if (!event_) return made_;
  for (const auto* name :
       {"@ptr", "@timestamp", "@ingestionTime", "@log", "@logStream", "@message"})
    out.emplace_back(name, field(name));
  if (origin_.lambda)
    for (auto& each : lambda_fields()) out.push_back(std::move(each));
  flatten(document(), "", 0, out);
  return out;
}

std::size_t QueryRow::settle() {
  read_ = false;
  document_ = Value{};
  std::size_t bytes = row_overhead + origin_.log.size() + origin_.pointer.size();
  if (event_) bytes += event_->message.size() + event_->stream.size();
  for (const auto& [name, value] : made_)
    bytes += sizeof(std::pair<std::string, Cell>) + name.size() + value.text_value.size();
  return bytes;
}

}  // namespace sitelatch::logs
