// SPDX-License-Identifier: Apache-2.0
#include "console/sightings.h"

namespace sitelatch::console {
namespace {

constexpr std::size_t most_moments = 24;

}  // namespace

void Sightings::add(Instant at, std::string kind, std::string words) {
  moments_.push_back({at, std::move(kind), std::move(words), Precision::seen});
  if (moments_.size() > most_moments) moments_.erase(moments_.begin());
}

void Sightings::note_answer(std::optional<bool>& before, const std::optional<Said>& now, Instant at,
                            const std::string& role) {
  if (!now || !now->well) return;
  if (before && *before && !*now->well) add(at, "failed", role + " does not answer from here");
  if (before && !*before && *now->well) add(at, "answers", role + " answers again");
  before = now->well;
}

void Sightings::note(const GuardView& view) {
  using guard::Serving;
  const auto serving = who_serves(view.servers);
  if (serving == Serving::primary || serving == Serving::backup) {
    if (serving_ && *serving_ != serving)
      add(view.at, serving == Serving::backup ? "dns-backup" : "dns-primary",
          serving == Serving::backup ? "All name servers say Backup"
                                     : "All name servers say Primary");
    serving_ = serving;
  }
  note_answer(primary_answers_, view.primary.from_here, view.at, "Primary");
  note_answer(backup_answers_, view.backup.from_here, view.at, "Backup");
}

}  // namespace sitelatch::console
