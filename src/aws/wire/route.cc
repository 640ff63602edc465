// SPDX-License-Identifier: Apache-2.0
// Which operation of a rest service a method and path name.
#include <algorithm>

#include "aws/wire/model.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

// The segments of the path; one trailing slash does not count ("/rrset/" is "/rrset").
std::vector<std::string_view> segments_of(std::string_view path) {
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  if (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return split(path, '/');
}

bool take(const PathSegment& segment, std::string_view text, Labels& labels) {
  if (!segment.label && text == segment.text) return true;
  if (!segment.label && text.find('%') == std::string_view::npos) return false;
  auto decoded = percent_decode(text);
  if (!decoded) return false;
  if (!segment.label) return *decoded == segment.text;
  if (decoded->empty()) return false;
  labels.emplace_back(segment.text, std::move(*decoded));
  return true;
}

// The number of literal segments that matched, or -1.
int match(const Operation& operation, const std::vector<std::string_view>& segments,
          Labels& labels) {
  const auto& path = operation.path;
  const auto end = path.size() > 1 && path.back().text.empty() ? path.size() - 1 : path.size();
  std::size_t at = 0;
  int literals = 0;
  for (std::size_t i = 0; i < end; ++i) {
    if (at >= segments.size()) return -1;
    if (path[i].greedy) {
      const auto rest = end - i - 1;
      if (segments.size() < at + rest + 1) return -1;
      const auto last = segments[segments.size() - rest - 1];
      const std::string_view text{
          segments[at].data(),
          static_cast<std::size_t>(last.data() + last.size() - segments[at].data())};
      if (!take(path[i], text, labels)) return -1;
      at = segments.size() - rest;
      continue;
    }
    if (!take(path[i], segments[at], labels)) return -1;
    literals += path[i].label ? 0 : 1;
    ++at;
  }
  return at == segments.size() ? literals : -1;
}

bool has_constants(const Operation& operation, std::string_view query) {
  const auto pairs = split(query, '&');
  return std::all_of(
      operation.constant_query.begin(), operation.constant_query.end(), [&](const auto& constant) {
        const auto whole = constant.first + "=" + constant.second;
        return std::any_of(pairs.begin(), pairs.end(), [&](std::string_view pair) {
          return pair == whole || (constant.second.empty() && pair == constant.first);
        });
      });
}

}  // namespace

const Operation* ServiceModel::route(std::string_view method, std::string_view path,
                                     std::string_view query, Labels* labels) const {
  const auto segments = segments_of(path);
  const Operation* best = nullptr;
  int best_literals = -1;
  for (const auto& candidate : operations) {
    if (candidate.method != method) continue;
    Labels found;
    auto literals = match(candidate, segments, found);
    if (literals < 0 || !has_constants(candidate, query)) continue;
    literals = literals * 2 + static_cast<int>(candidate.constant_query.size());
    if (literals <= best_literals) continue;
    best = &candidate;
    best_literals = literals;
    if (labels) *labels = std::move(found);
  }
  return best;
}

}  // namespace sitelatch::aws
