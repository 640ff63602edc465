// SPDX-License-Identifier: Apache-2.0
#include "services/route53/checkers.h"

#include <fmt/format.h>

#include <algorithm>

namespace sitelatch::route53 {

const std::vector<std::string_view>& checker_regions() {
  static const std::vector<std::string_view> all{
      "us-east-1",      "us-west-1",      "us-west-2",      "eu-west-1",
      "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1"};
  return all;
}

std::string_view region_of(CheckerPlace place) { return checker_regions().at(place.region); }

std::string name_of(CheckerPlace place) {
  return fmt::format("{}/{}", region_of(place), place.which);
}

std::vector<CheckerPlace> checkers_in(const std::vector<std::string>& regions,
                                      std::size_t checkers) {
  const auto& all = checker_regions();
  std::vector<std::uint8_t> wanted;
  const auto want = [&](std::string_view region) {
    const auto at = std::find(all.begin(), all.end(), region);
    if (at == all.end()) return;
    const auto index = static_cast<std::uint8_t>(at - all.begin());
    if (std::find(wanted.begin(), wanted.end(), index) == wanted.end()) wanted.push_back(index);
  };
  for (const auto& region : regions) want(region);
  if (wanted.empty())
    for (const auto& region : all) want(region);
  std::vector<CheckerPlace> out;
  for (const std::uint8_t which : {std::uint8_t{1}, std::uint8_t{2}})
    for (const auto region : wanted)
      if (out.size() < checkers) out.push_back({region, which});
  return out;
}

std::string address_of_checker(std::size_t number) { return fmt::format("127.0.0.{}", number + 1); }

}  // namespace sitelatch::route53
