// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/record.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace sitelatch::guard {
namespace {
constexpr std::size_t longest_tag = 256;  // SNS, every service of the plan

bool plain_in_tags(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ' ' ||
         c == '_' || c == '.' || c == ':' || c == '/' || c == '+' || c == '-' || c == '@';
}

// "3 at=1 seen=2": words, some of them named.
Texts named_words(std::string_view text) {
  Texts words;
  for (const auto word : split(text, ' ')) {
    const auto equals = word.find('=');
    if (equals != word.npos)
      words[std::string{word.substr(0, equals)}] = std::string{word.substr(equals + 1)};
  }
  return words;
}

const std::string* find(const Texts& texts, std::string_view name) {
  const auto found = texts.find(std::string{name});
  return found == texts.end() ? nullptr : &found->second;
}

// Times beyond year 2200 or before 1970 are garbage, and would overflow nanoseconds.
std::optional<Instant> instant(const std::string* text) {
  const auto ms = text ? parse_int(*text) : std::nullopt;
  if (!ms || *ms < 0 || *ms > 7'258'118'400'000) return std::nullopt;
  return from_unix_ms(*ms);
}

std::string ms_of(Instant t) { return std::to_string(unix_ms(t)); }

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string release_text(const Release& release) {
  std::string text = std::to_string(release.number);
  if (release.at) text += " at=" + ms_of(*release.at);
  if (release.alarm_seen) text += " seen=" + ms_of(*release.alarm_seen);
  return text + " window=" +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(release.window).count());
}

std::optional<Release> read_release(std::string_view text) {
  const auto number = whole(text.substr(0, text.find(' ')));
  if (!number) return std::nullopt;
  const auto words = named_words(text);
  Release release;
  release.number = *number;
  release.at = instant(find(words, "at"));
  release.alarm_seen = instant(find(words, "seen"));
  const auto* window = find(words, "window");
  const auto seconds = window ? parse_int(*window) : std::nullopt;
  if (seconds && *seconds >= 0 && *seconds <= 86'400)
    release.window = std::chrono::seconds{*seconds};
  return release;
}

std::string maintenance_text(const Maintenance& m) {
  return "since=" + ms_of(m.since) + " until=" + ms_of(m.until) +
         " keep=" + std::string{to_string(m.keep)};
}

std::optional<Maintenance> read_maintenance(std::string_view text, const std::string* reason) {
  const auto words = named_words(text);
  const auto since = instant(find(words, "since"));
  const auto until = instant(find(words, "until"));
  const auto* kept = find(words, "keep");
  const auto side = kept ? keep(*kept) : std::nullopt;
  if (!since || !until || !side) return std::nullopt;
  return Maintenance{*since, *until, *side, reason ? from_tag_text(*reason) : std::string{}};
}

constexpr std::array<std::string_view, 6> writers = {"alarm", "reconcile", "relatch",
                                                     "trip",  "found",     "relay"};

std::string note_text(const LatchNote& note) {
  std::string text = "release=" + std::to_string(note.release) + " at=" + ms_of(note.at) +
                     " by=" + std::string{to_string(note.by)} +
                     " planned=" + (note.planned ? "yes" : "no");
  if (note.path_before.empty()) return text;
  const auto path = " path=" + replace_all(tag_text(note.path_before), " ", "=20");
  // Too long for a tag: the audit log alone has it.
  return text.size() + path.size() <= longest_tag ? text + path : text;
}

std::optional<LatchNote> read_note(std::string_view text) {
  const auto words = named_words(text);
  const auto* release = find(words, "release");
  const auto number = release ? whole(*release) : std::nullopt;
  if (!number) return std::nullopt;
  LatchNote note;
  note.release = *number;
  note.at = instant(find(words, "at")).value_or(Instant{});
  const auto* by = find(words, "by");
  for (std::size_t i = 0; by && i < writers.size(); ++i)
    if (writers[i] == *by) note.by = static_cast<LatchedBy>(i);
  const auto* planned = find(words, "planned");
  note.planned = planned && *planned == "yes";
  if (const auto* path = find(words, "path")) note.path_before = from_tag_text(*path);
  return note;
}

// "0" in the first place: no end of a maintenance was told (the self-test writes it, too).
std::string told_text(const Record& record) {
  auto text = record.notified_maintenance_end ? ms_of(*record.notified_maintenance_end) : "0";
  if (const auto& told = record.reminded)
    text += " reminded=" + std::to_string(told->hours) +
            "h release=" + std::to_string(told->release) + " since=" + ms_of(told->since);
  return text;
}

// "48h". Beyond a century it is garbage.
std::optional<int> hours_in(const std::string* word) {
  if (!word || !word->ends_with('h')) return std::nullopt;
  const auto hours = parse_int(word->substr(0, word->size() - 1));
  if (!hours || *hours < 0 || *hours > 876'000) return std::nullopt;
  return static_cast<int>(*hours);
}

void read_told(std::string_view text, Record& record) {
  const auto end = std::string{text.substr(0, text.find(' '))};
  record.notified_maintenance_end = instant(&end);
  if (end.size() == text.size()) return;
  const auto words = named_words(text);
  const auto hours = hours_in(find(words, "reminded"));
  const auto* release = find(words, "release");
  const auto number = release ? whole(*release) : std::nullopt;
  const auto since = instant(find(words, "since"));
  if (hours && number && since) record.reminded = Reminded{*number, *since, *hours};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

std::string_view to_string(Keep side) { return side == Keep::primary ? "primary" : "backup"; }

std::optional<Keep> keep(std::string_view text) {
  if (text == "primary") return Keep::primary;
  if (text == "backup") return Keep::backup;
  return std::nullopt;
}

std::string_view to_string(LatchedBy by) { return writers[static_cast<std::size_t>(by)]; }

Texts record_environment(const Record& record) {
  Texts texts;
  if (record.original_path) texts[std::string{env::original_path}] = *record.original_path;
  if (record.latch) texts[std::string{env::latch}] = std::string{to_string(*record.latch)};
  texts[std::string{env::release}] = release_text(record.release);
  return texts;
}

Texts record_tags(const Record& record) {
  Texts tags;
  // A path cut short would be restored wrong: then only the environment has it.
  if (record.original_path &&
      from_tag_text(tag_text(*record.original_path)) == *record.original_path)
    tags[std::string{tag::original_path}] = tag_text(*record.original_path);
  if (record.latch) tags[std::string{tag::latch}] = std::string{to_string(*record.latch)};
  tags[std::string{tag::release}] = release_text(record.release);
  if (record.maintenance) {
    tags[std::string{tag::maintenance}] = maintenance_text(*record.maintenance);
    tags[std::string{tag::maintenance_reason}] = tag_text(record.maintenance->reason);
  }
  if (record.latch_note) tags[std::string{tag::latched}] = note_text(*record.latch_note);
  if (record.notified_maintenance_end || record.reminded)
    tags[std::string{tag::notified}] = told_text(record);
  return tags;
}

const std::vector<std::string_view>& record_tag_keys() {
  static const std::vector<std::string_view> keys = {
      tag::original_path,      tag::latch,   tag::release, tag::maintenance,
      tag::maintenance_reason, tag::latched, tag::notified};
  return keys;
}

const std::vector<std::string_view>& function_tag_keys() {
  static const std::vector<std::string_view> keys = {tag::latched, tag::notified};
  return keys;
}

Record read_record(const Texts& environment, const Texts& tags) {
  Record record;
  if (const auto* path = find(tags, tag::original_path))
    record.original_path = from_tag_text(*path);
  if (const auto* path = find(environment, env::original_path)) record.original_path = *path;
  for (const auto* kind : {find(tags, tag::latch), find(environment, env::latch)})
    if (kind && !record.latch) record.latch = latch_kind(*kind);

  std::optional<Release> release;
  for (const auto* text : {find(tags, tag::release), find(environment, env::release)})
    if (text && !release) release = read_release(*text);
  if (release) record.release = *release;

  if (const auto* text = find(tags, tag::maintenance))
    record.maintenance = read_maintenance(*text, find(tags, tag::maintenance_reason));
  if (const auto* text = find(tags, tag::latched)) record.latch_note = read_note(*text);
  if (const auto* text = find(tags, tag::notified)) read_told(*text, record);
  return record;
}

std::string tag_text(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const std::string part = plain_in_tags(c)
                                 ? std::string(1, c)
                                 : std::string{'=', digits[byte >> 4], digits[byte & 15]};
    if (out.size() + part.size() > longest_tag) break;
    out += part;
  }
  return out;
}

std::string from_tag_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '=' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace sitelatch::guard
