// SPDX-License-Identifier: Apache-2.0
#include "services/route53/latch.h"

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "base/text.h"

namespace sitelatch::route53 {

Status status_of(const LatchState& state, Status own) {
  return state.latch ? Status::unhealthy : own;
}

bool latch_if_due(LatchState& state, const Situation& now, std::string cause) {
  if (state.latch || !now.armed || now.own == Status::healthy) return false;
  state.latch = Latch{now.now, std::move(cause), ""};
  return true;
}

bool trip(LatchState& state, const Situation& now, std::string words) {
  if (!state.latch) {
    state.latch = Latch{now.now, std::move(words), ""};
    return true;
  }
  const auto& last = state.latch->tripped.empty() ? state.latch->cause : state.latch->tripped;
  if (last == words) return false;
  state.latch->tripped = std::move(words);
  return true;
}

ReleaseVerdict release(LatchState& state, const Situation& now, const ReleaseAsked& asked) {
  if (!state.latch) {
    const auto& last = state.last_release;
    const bool this_one = last && last->version == asked.version && last->reason == asked.reason &&
                          last->who == asked.who;
    return this_one ? ReleaseVerdict::done_before : ReleaseVerdict::not_latched;
  }
  if (asked.version != now.version) return ReleaseVerdict::other_version;
  if (now.disabled) return ReleaseVerdict::disabled;
  if (now.own == Status::unhealthy) return ReleaseVerdict::unhealthy;
  state.latch.reset();
  state.last_release = Release{asked.version, asked.reason, asked.who, now.now};
  return ReleaseVerdict::released;
}

std::optional<ReleaseAsked> release_asked(std::string_view text) {
  text = trim(text);
  const auto end = text.find(' ');
  if (end == std::string_view::npos) return std::nullopt;
  const auto version = parse_int(text.substr(0, end));
  const auto reason = trim(text.substr(end));
  if (!version || *version < 1 || reason.empty()) return std::nullopt;
  return ReleaseAsked{*version, std::string{reason}, ""};
}

std::string to_row(const Latch& latch) {
  return aws::to_json(aws::Value::structure(
      {{"since", unix_ms(latch.since)}, {"cause", latch.cause}, {"tripped", latch.tripped}}));
}

std::string to_row(const Release& release) {
  return aws::to_json(aws::Value::structure({{"version", release.version},
                                             {"reason", release.reason},
                                             {"who", release.who},
                                             {"at", unix_ms(release.at)}}));
}

Latch latch_from_row(std::string_view row) {
  const auto value = aws::stored_value(row);
  return {from_unix_ms(value["since"].integer()), value["cause"].string(),
          value["tripped"].string()};
}

Release release_from_row(std::string_view row) {
  const auto value = aws::stored_value(row);
  return {value["version"].integer(), value["reason"].string(), value["who"].string(),
          from_unix_ms(value["at"].integer())};
}

}  // namespace sitelatch::route53
