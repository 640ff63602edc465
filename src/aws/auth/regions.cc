// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/regions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/nearest.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {

bool among_words(std::string_view text, std::string_view word) {
  const auto words = replace_all(std::string{text}, ",", " ");
  for (const auto part : split(words, ' '))
    if (part == word) return true;
  return false;
}

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}
bool letters(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

// As every region so far is called: the partition's beginning, a direction, a number.
bool called_like_one(std::string_view region) {
  static constexpr std::array<std::string_view, 16> beginnings = {
      "us", "eu", "ap",     "sa",     "ca",      "me",      "af",      "il",
      "mx", "cn", "us-gov", "us-iso", "us-isob", "eu-isoe", "us-isof", "eusc-de"};
  const auto last = region.rfind('-');
  if (last == std::string_view::npos || !digits(region.substr(last + 1))) return false;
  const auto rest = region.substr(0, last);
  const auto middle = rest.rfind('-');
  return middle != std::string_view::npos && letters(rest.substr(middle + 1)) &&
         std::find(beginnings.begin(), beginnings.end(), rest.substr(0, middle)) !=
             beginnings.end();
}

}  // namespace

const std::vector<std::string>& known_regions() {
  static const std::vector<std::string> all = {
      "us-east-1",      "us-east-2",      "us-west-1",      "us-west-2",      "ca-central-1",
      "ca-west-1",      "mx-central-1",   "sa-east-1",      "eu-west-1",      "eu-west-2",
      "eu-west-3",      "eu-central-1",   "eu-central-2",   "eu-north-1",     "eu-south-1",
      "eu-south-2",     "il-central-1",   "me-central-1",   "me-south-1",     "af-south-1",
      "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2",
      "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
      "ap-south-1",     "ap-south-2",     "ap-east-1",      "ap-east-2",      "cn-north-1",
      "cn-northwest-1", "us-gov-east-1",  "us-gov-west-1",  "us-iso-east-1",  "us-iso-west-1",
      "us-isob-east-1", "us-isob-west-1", "eu-isoe-west-1", "us-isof-east-1", "us-isof-south-1",
      "eusc-de-east-1"};
  return all;
}

std::optional<std::string> region_problem(std::string_view region, std::string_view newer) {
  const auto& known = known_regions();
  if (std::find(known.begin(), known.end(), region) != known.end()) return std::nullopt;
  if (!region.empty() && among_words(newer, region)) return std::nullopt;
  auto out = called_like_one(region)
                 ? fmt::format("this program knows no region \"{}\".", region)
                 : fmt::format("\"{}\" is not called as regions of AWS are.", region);
  if (const auto meant = nearest(region, known)) out += fmt::format(" Did you mean {}?", *meant);
  return out +
         fmt::format(" If AWS has opened it since this version: SITELATCH_NEW_REGIONS={}", region);
}

}  // namespace sitelatch::aws
