// SPDX-License-Identifier: Apache-2.0
#include "net/dns/counts.h"

namespace sitelatch::net {

std::uint64_t DnsCounts::queries() const {
  DnsFigures figures;
  add_to(figures);
  std::uint64_t sum = 0;
  for (std::size_t transport = 0; transport < DnsFigures::transports; ++transport) {
    sum += figures.unanswered[transport];
    for (const auto number : figures.answers[transport]) sum += number;
  }
  return sum;
}

void DnsCounts::add_to(DnsFigures& figures) const {
  const auto number = [](const Number& one) { return one.load(std::memory_order_relaxed); };
  for (std::size_t transport = 0; transport < DnsFigures::transports; ++transport) {
    figures.unanswered[transport] += number(unanswered_[transport]);
    for (std::size_t rcode = 0; rcode < DnsFigures::rcodes; ++rcode)
      figures.answers[transport][rcode] += number(answers_[transport][rcode]);
  }
  for (std::size_t i = 0; i < by_turn_.size(); ++i) figures.by_turn[i] += number(by_turn_[i]);
  figures.turn_seconds += static_cast<double>(number(turn_ns_)) / 1e9;
}

}  // namespace sitelatch::net
