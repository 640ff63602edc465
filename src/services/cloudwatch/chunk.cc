// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/chunk.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace sitelatch::cloudwatch {
namespace {

constexpr unsigned char all_equal = 1, values_follow = 2, values_unknown = 4;

void write_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void write_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(bits >> (8 * i) & 0xff);
}

// Reads what the two above write; goes bad, and stays bad, at the first missing byte.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty() || bad_; }
  bool bad() const { return bad_; }
  unsigned char byte() {
    if (bytes_.empty()) {
      bad_ = true;
      return 0;
    }
    const auto out = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return out;
  }
  std::uint64_t varint() {
    std::uint64_t out = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      const auto next = byte();
      out |= std::uint64_t{next & 0x7fu} << shift;
      if (!(next & 0x80)) return out;
    }
    bad_ = true;
    return 0;
  }
  double real() {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits |= std::uint64_t{byte()} << (8 * i);
    return std::bit_cast<double>(bits);
  }

 private:
  std::string_view bytes_;
  bool bad_ = false;
};

void write_aggregate(std::string& out, const Aggregate& aggregate) {
  const bool equal = aggregate.exact && aggregate.values.empty() &&
                     aggregate.sum == aggregate.minimum * aggregate.count;
  unsigned char flags = 0;
  if (equal) flags |= all_equal;
  if (!aggregate.values.empty()) flags |= values_follow;
  if (!aggregate.exact) flags |= values_unknown;
  out += static_cast<char>(flags);
  write_double(out, aggregate.count);
  if (!equal) {
    write_double(out, aggregate.sum);
    write_double(out, aggregate.maximum);
  }
  write_double(out, aggregate.minimum);
  if (aggregate.values.empty()) return;
  write_varint(out, aggregate.values.size());
  for (const auto& item : aggregate.values) {
    write_double(out, item.value);
    write_double(out, item.count);
  }
}

Aggregate read_aggregate(Reader& in) {
  Aggregate out;
  const auto flags = in.byte();
  out.count = in.real();
  if (!(flags & all_equal)) {
    out.sum = in.real();
    out.maximum = in.real();
  }
  out.minimum = in.real();
  if (flags & all_equal) {
    out.sum = out.minimum * out.count;
    out.maximum = out.minimum;
  }
  out.exact = !(flags & values_unknown);
  if (flags & values_follow)
    for (auto left = in.varint(); left > 0 && !in.bad(); --left) {
      const double value = in.real();
      out.values.push_back({value, in.real()});
    }
  return out;
}

// What samples can come to; statistics rest on it. (Sums and counts may have grown beyond a
// double.)
bool possible(const Aggregate& a) {
  const auto descends = [](const Weighted& one, const Weighted& next) {
    return one.value > next.value;
  };
  return a.count >= 0 && !std::isnan(a.sum) && std::isfinite(a.minimum) &&
         std::isfinite(a.maximum) && a.minimum <= a.maximum && (a.exact || a.values.empty()) &&
         a.values.size() <= Aggregate::most_values &&
         std::adjacent_find(a.values.begin(), a.values.end(), descends) == a.values.end() &&
         std::all_of(a.values.begin(), a.values.end(), [&](const Weighted& item) {
           return item.count >= 0 && item.value >= a.minimum && item.value <= a.maximum;
         });
}

}  // namespace

Chunk::Track& Chunk::track(Unit unit) {
  for (auto& track : tracks_)
    if (track.unit == unit) return track;
  tracks_.push_back({unit, {}});
  return tracks_.back();
}

// Joins runs[at] with the runs beside it where they continue each other with the same aggregate.
void Chunk::join_neighbours(std::vector<Run>& runs, std::size_t at) {
  const auto join_next = [&runs](std::size_t i) {
    if (i + 1 >= runs.size() || runs[i].end() != runs[i + 1].first ||
        !(runs[i].aggregate == runs[i + 1].aggregate))
      return;
    runs[i].length = static_cast<std::uint16_t>(runs[i].length + runs[i + 1].length);
    runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  };
  join_next(at);
  if (at > 0) join_next(at - 1);
}

void Chunk::add(std::uint16_t slot, Unit unit, const Aggregate& aggregate) {
  ENSURE(slot < slots);
  if (aggregate.empty()) return;
  auto& runs = track(unit).runs;
  auto next =
      std::find_if(runs.begin(), runs.end(), [slot](const Run& run) { return run.end() > slot; });
  auto at = static_cast<std::size_t>(next - runs.begin());
  if (next == runs.end() || next->first > slot) {
    runs.insert(next, Run{slot, 1, aggregate});
    join_neighbours(runs, at);
    return;
  }
  // Cuts the slot out of its run, and adds to that slot alone.
  Run before = *next, after = *next;
  before.length = static_cast<std::uint16_t>(slot - before.first);
  after.length = static_cast<std::uint16_t>(after.end() - slot - 1);
  after.first = static_cast<std::uint16_t>(slot + 1);
  next->first = slot;
  next->length = 1;
  next->aggregate.add(aggregate);
  if (after.length > 0) runs.insert(runs.begin() + static_cast<std::ptrdiff_t>(at) + 1, after);
  if (before.length > 0) {
    runs.insert(runs.begin() + static_cast<std::ptrdiff_t>(at), before);
    ++at;
  }
  join_neighbours(runs, at);
}

void Chunk::visit(std::uint16_t from, std::uint16_t to, const Visitor& visit) const {
  for (const auto& track : tracks_)
    for (const auto& run : track.runs) {
      const auto end = std::min(run.end(), to);
      for (auto slot = std::max(run.first, from); slot < end; ++slot)
        visit(slot, track.unit, run.aggregate);
    }
}

std::size_t Chunk::runs() const {
  std::size_t out = 0;
  for (const auto& track : tracks_) out += track.runs.size();
  return out;
}

std::string Chunk::encode() const {
  std::string out;
  for (const auto& track : tracks_) {
    out += static_cast<char>(track.unit);
    write_varint(out, track.runs.size());
    for (const auto& run : track.runs) {
      write_varint(out, run.first);
      write_varint(out, run.length);
      write_aggregate(out, run.aggregate);
    }
  }
  return out;
}

std::optional<Chunk> Chunk::decode(std::string_view bytes) {
  Chunk out;
  Reader in{bytes};
  while (!in.done()) {
    Track track;
    track.unit = static_cast<Unit>(in.byte());
    if (static_cast<unsigned>(track.unit) > 26) return std::nullopt;
    for (auto left = in.varint(); left > 0 && !in.bad(); --left) {
      Run run;
      const auto first = in.varint(), length = in.varint();
      if (first >= slots || length == 0 || first + length > slots) return std::nullopt;
      run.first = static_cast<std::uint16_t>(first);
      run.length = static_cast<std::uint16_t>(length);
      run.aggregate = read_aggregate(in);
      if (!possible(run.aggregate)) return std::nullopt;
      track.runs.push_back(std::move(run));
    }
    out.tracks_.push_back(std::move(track));
  }
  if (in.bad()) return std::nullopt;
  return out;
}

}  // namespace sitelatch::cloudwatch
