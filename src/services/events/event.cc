// SPDX-License-Identifier: Apache-2.0
#include "services/events/event.h"

#include "base/text.h"

namespace sitelatch::events {
namespace {
using aws::Value;

void add_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

}  // namespace

std::string minified(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) continue;
    out += c;
    if (quoted && c == '\\' && i + 1 < json.size())
      out += json[++i];
    else if (c == '"')
      quoted = !quoted;
  }
  return out;
}

Event make_event(const EventParts& parts, Instant ingested) {
  std::string json = R"({"version":"0")";
  add_member(json, "id", parts.id);
  add_member(json, "detail-type", parts.detail_type);
  add_member(json, "source", parts.source);
  add_member(json, "account", parts.account);
  add_member(json, "time", iso8601_seconds(parts.time));
  add_member(json, "region", parts.region);
  json += ",\"resources\":[";
  for (std::size_t i = 0; i < parts.resources.size(); ++i) {
    if (i > 0) json += ',';
    append_json_string(json, parts.resources[i]);
  }
  json += "],\"detail\":" + minified(parts.detail);
  if (!parts.replay_name.empty()) add_member(json, "replay-name", parts.replay_name);
  return event_of(std::move(json += '}'), ingested);
}

Event event_of(std::string json, Instant ingested) {
  Event out;
  out.value = aws::from_json(json).value_or(Value::structure());
  out.json = std::move(json);
  out.ingested = ingested;
  return out;
}

}  // namespace sitelatch::events
